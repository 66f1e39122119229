#include "bridge/queue.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t has_ready; /* or is_closed */
    int fd;
    bool is_told; /* fd is readable */
    bool is_closed;
    size_t worker_count;

    struct source **resting; /* a heap, soonest first; the keeper's alone */
    size_t resting_count;

    struct source **ready; /* a ring: first come, first served */
    size_t ready_first;
    size_t ready_count;
    size_t capacity;

    struct source **ended;
    size_t ended_count;
    size_t running_count;
};

struct queue *queue_new(size_t capacity, size_t worker_count)
{
    struct queue *queue = mem_new(1, sizeof(*queue));
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->has_ready, NULL);
    queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->fd < 0) {
        abort(); /* as when memory is short: the next run goes on */
    }
    queue->worker_count = worker_count;
    queue->capacity = capacity;
    queue->resting = mem_new(capacity, sizeof(*queue->resting));
    queue->ready = mem_new(capacity, sizeof(*queue->ready));
    queue->ended = mem_new(capacity, sizeof(*queue->ended));
    return queue;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    pthread_mutex_destroy(&queue->mutex);
    pthread_cond_destroy(&queue->has_ready);
    close(queue->fd);
    free(queue->resting);
    free(queue->ready);
    free(queue->ended);
    free(queue);
}

void queue_grow(struct queue *queue, size_t capacity)
{
    if (capacity <= queue->capacity) {
        return;
    }
    struct source **ready = mem_new(capacity, sizeof(struct source *));
    pthread_mutex_lock(&queue->mutex);
    for (size_t i = 0; i < queue->ready_count; i++) {
        ready[i] = queue->ready[(queue->ready_first + i) % queue->capacity];
    }
    free(queue->ready);
    queue->ready = ready;
    queue->ready_first = 0;
    queue->ended = mem_resize(queue->ended, capacity, sizeof(struct source *));
    queue->resting = mem_resize(queue->resting, capacity, sizeof(struct source *));
    queue->capacity = capacity;
    pthread_mutex_unlock(&queue->mutex);
}

static bool is_sooner(const struct source *left, const struct source *right)
{
    return left->due_ms != right->due_ms ? left->due_ms < right->due_ms : left < right;
}

void queue_rest(struct queue *queue, struct source *source)
{
    size_t at = queue->resting_count++;
    while (at > 0 && is_sooner(source, queue->resting[(at - 1) / 2])) {
        queue->resting[at] = queue->resting[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->resting[at] = source;
}

/* Takes the root of the heap. */
static struct source *pop(struct queue *queue)
{
    struct source *first = queue->resting[0];
    struct source *last = queue->resting[--queue->resting_count];
    size_t at = 0;
    for (size_t child = 1; child < queue->resting_count; child = 2 * at + 1) {
        bool has_right = child + 1 < queue->resting_count;
        if (has_right && is_sooner(queue->resting[child + 1], queue->resting[child])) {
            child++;
        }
        if (!is_sooner(queue->resting[child], last)) {
            break;
        }
        queue->resting[at] = queue->resting[child];
        at = child;
    }
    queue->resting[at] = last;
    return first;
}

int64_t queue_due_ms(const struct queue *queue)
{
    return queue->resting_count == 0 ? INT64_MAX : queue->resting[0]->due_ms;
}

struct source *queue_due(struct queue *queue, int64_t now_ms)
{
    bool has_due = queue->resting_count > 0 && queue->resting[0]->due_ms <= now_ms;
    return has_due ? pop(queue) : NULL;
}

void queue_ready(struct queue *queue, struct source *const *sources, size_t count)
{
    pthread_mutex_lock(&queue->mutex);
    for (size_t i = 0; i < count; i++) {
        size_t at = (queue->ready_first + queue->ready_count++) % queue->capacity;
        queue->ready[at] = sources[i];
    }
    pthread_cond_broadcast(&queue->has_ready);
    pthread_mutex_unlock(&queue->mutex);
}

/* Workers are about to run out of turns. The mutex is held. */
static bool is_low(const struct queue *queue)
{
    return queue->ready_count <= queue->worker_count / 4;
}

/* More than a few turns ahead of the workers, other processes can have the source. */
static size_t ahead_of(const struct queue *queue)
{
    return 2 * queue->worker_count;
}

size_t queue_room(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t held = queue->ready_count + queue->running_count;
    size_t most = ahead_of(queue);
    size_t room = !is_low(queue) || held >= most ? 0 : most - held;
    pthread_mutex_unlock(&queue->mutex);
    return room;
}

struct source *queue_take_ended(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct source *source =
        queue->ended_count == 0 ? NULL : queue->ended[--queue->ended_count];
    pthread_mutex_unlock(&queue->mutex);
    return source;
}

size_t queue_held(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t held = queue->ready_count + queue->running_count + queue->ended_count;
    pthread_mutex_unlock(&queue->mutex);
    return held;
}

/* Takes the first of the ready ones. The mutex is held. */
static struct source *take_ready(struct queue *queue)
{
    struct source *source = queue->ready[queue->ready_first];
    queue->ready_first = (queue->ready_first + 1) % queue->capacity;
    queue->ready_count--;
    return source;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    while (queue->ready_count > 0) {
        queue->ended[queue->ended_count++] = take_ready(queue);
    }
    pthread_cond_broadcast(&queue->has_ready);
    pthread_mutex_unlock(&queue->mutex);
}

int queue_fd(const struct queue *queue)
{
    return queue->fd;
}

/* Wakes the keeper. The mutex is held. */
static void tell(struct queue *queue)
{
    const uint64_t one = 1;
    if (!queue->is_told) {
        queue->is_told = write(queue->fd, &one, sizeof(one)) == (ssize_t)sizeof(one);
    }
}

void queue_clear_fd(struct queue *queue)
{
    uint64_t count = 0;
    pthread_mutex_lock(&queue->mutex);
    if (queue->is_told) {
        queue->is_told = read(queue->fd, &count, sizeof(count)) < 0;
    }
    pthread_mutex_unlock(&queue->mutex);
}

struct source *queue_next(struct queue *queue)
{
    struct source *source = NULL;
    pthread_mutex_lock(&queue->mutex);
    while (queue->ready_count == 0 && !queue->is_closed) {
        pthread_cond_wait(&queue->has_ready, &queue->mutex);
    }
    if (queue->ready_count > 0) {
        source = take_ready(queue);
        queue->running_count++;
        if (is_low(queue)) {
            tell(queue);
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return source;
}

void queue_ended(struct queue *queue, struct source *source)
{
    pthread_mutex_lock(&queue->mutex);
    queue->running_count--;
    queue->ended[queue->ended_count++] = source;
    if (is_low(queue) || queue->ended_count >= STORE_CLAIMS_MAX) {
        tell(queue);
    }
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_is_wanted(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool is_wanted = queue->ready_count > 0;
    pthread_mutex_unlock(&queue->mutex);
    return is_wanted;
}
