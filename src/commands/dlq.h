/*
 * The parts of `dlq` that take letters in hand.
 */
#ifndef COMMANDS_DLQ_H
#define COMMANDS_DLQ_H

#include "commands/options.h"
#include "commands/roster.h"
#include "sinks/send.h"

enum { DLQ_IDS_MAX = 256 };

struct dlq_request {
    struct hands *hands;
    struct arguments arguments;
    int64_t ids[DLQ_IDS_MAX];
    size_t id_count;
    const char *config;
    const char *mappings;
    const char *format;
    const char *sink;
    const char *source;
    int64_t older_ms; /* -1: of any age */
    bool is_all;
    bool is_agreed;
};

/* The sinks of the configuration, each opened when it is first wanted. */
struct dlq_sinks {
    struct hands *hands;
    struct open_sink *open; /* one for each of config.sinks */
    bool *is_broken;        /* it said no: it is not asked again */
    bool *is_told;          /* of a replay, once a command */
    struct mapping_set *mappings;
    struct roster roster;
};

/* EXIT_GOOD; or the status to end with, all said. The caller closes, either way. */
int dlq_sinks_init(struct dlq_sinks *sinks, const struct dlq_request *request);
void dlq_sinks_close(struct dlq_sinks *sinks);
/* The sink of that name, open; NULL, with err set, when there is none or it is broken. */
struct open_sink *dlq_sinks_find(struct dlq_sinks *sinks, const char *name,
                                 struct error *err);
/* Gives the sink up for the rest of the command. */
void dlq_sinks_break(struct dlq_sinks *sinks, const char *name);

/* Tells the letter's sink who does what with it: bridge.access, of a replay once. */
bool dlq_tell_access(struct dlq_sinks *sinks, const struct store_dead *letter,
                     const char *action, struct error *err);

/* The filter of one turn: an id, or what the options say. */
struct store_letter_filter dlq_filter(const struct dlq_request *request, size_t turn);
/* How many turns: one an id, or one. */
size_t dlq_turns(const struct dlq_request *request);

int dlq_replay(struct dlq_request *request);

#endif
