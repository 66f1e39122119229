/*
 * Whose turn it is. A source is in one place at a time:
 *
 *   resting ── due ──▶ claimed by the keeper ──▶ ready ── a worker's turn ──▶ ended
 *      ▲                                                                        │
 *      └──────────────────── given back by the keeper ◀─────────────────────────┘
 *
 * Due sources go longest-waiting first. One thread keeps the queue: it alone talks to the
 * store about leases, in groups. The others are workers, which wait for ready sources.
 * Who holds a source may change it; nobody else may.
 */
#ifndef BRIDGE_QUEUE_H
#define BRIDGE_QUEUE_H

#include "bridge/source.h"

struct queue;

/* capacity: of sources, in all. worker_count: how many threads take turns. */
struct queue *queue_new(size_t capacity, size_t worker_count);
void queue_free(struct queue *queue);
/* Makes room for as many sources in all as capacity says; never less than before. */
void queue_grow(struct queue *queue, size_t capacity);

/* For the keeper. */

/* Lets source rest until its due_ms. */
void queue_rest(struct queue *queue, struct source *source);
/* Takes the source that has been due longest at now_ms, or NULL. */
struct source *queue_due(struct queue *queue, int64_t now_ms);
/* When the next source is due; INT64_MAX when none rests. */
int64_t queue_due_ms(const struct queue *queue);
/* Hands claimed sources to the workers. */
void queue_ready(struct queue *queue, struct source *const *sources, size_t count);
/* How many sources the workers could be given now; 0 while they have enough to do. */
size_t queue_room(struct queue *queue);
/* Takes a source whose turn is over, or NULL. */
struct source *queue_take_ended(struct queue *queue);
/* How many sources are with workers, or ready, or ended and not taken. */
size_t queue_held(struct queue *queue);
/*
 * No further turn begins: workers are told to go home, and sources that were ready have
 * ended. May be called again.
 */
void queue_close(struct queue *queue);
/* Readable when the keeper should look: sources have ended, or workers want more. */
int queue_fd(const struct queue *queue);
void queue_clear_fd(struct queue *queue);

/* For workers. */

/* Waits for a turn; NULL when there will be none. */
struct source *queue_next(struct queue *queue);
/* The turn is over. */
void queue_ended(struct queue *queue, struct source *source);
/* Other sources wait for a thread. */
bool queue_is_wanted(struct queue *queue);

#endif
