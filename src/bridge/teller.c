#include "bridge/teller.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/notices.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A source at the end of its last turn. */
struct seen {
    const struct source *source;
    bool is_news; /* it had a turn since the last telling: it is alive */
    enum source_end end;
    struct cloud_clock clock;
    char *denied; /* owned; NULL: it is not */
};

struct teller {
    const struct worker *shared;
    pthread_mutex_t mutex; /* of seen */
    struct seen *seen;     /* by place */
    size_t seen_count;
    pthread_t thread;
    bool has_thread;
    int end_fd; /* readable when the thread is to end */
};

/* What was seen since the last time; the texts are copies. */
static struct telling_source *take_seen(struct teller *teller, size_t *count)
{
    pthread_mutex_lock(&teller->mutex);
    *count = teller->seen_count;
    struct telling_source *sources = mem_new(*count, sizeof(*sources));
    for (size_t i = 0; i < *count; i++) {
        struct seen *seen = &teller->seen[i];
        sources[i] = (struct telling_source){
            .source = seen->source,
            .end = seen->is_news ? seen->end : SOURCE_IDLE,
            .denied = seen->denied == NULL ? NULL : mem_dup(seen->denied),
            .now_ms = clock_now(&seen->clock, teller->shared->runtime),
        };
        seen->is_news = false;
    }
    pthread_mutex_unlock(&teller->mutex);
    return sources;
}

static bool tell(struct teller *teller, const struct runtime *runtime,
                 int64_t deadline_ms)
{
    struct error err = {0};
    size_t count = 0;
    struct telling_source *sources = take_seen(teller, &count);
    const struct notices_round round = {
        .store_type = teller->shared->store_type,
        .store = teller->shared->store,
        .runtime = runtime,
        .sources = sources,
        .source_count = count,
        .deadline_ms = deadline_ms,
    };
    bool ok = notices_tell(&round, &err);
    if (!ok && err.kind != ERROR_STOPPED) {
        log_write_take(
            LOG_ERROR, LOG_NOTICE_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    for (size_t i = 0; i < count; i++) {
        free((char *)sources[i].denied);
    }
    free(sources);
    return ok || err.kind == ERROR_STOPPED;
}

static bool is_ended(const struct teller *teller)
{
    uint64_t count = 0;
    return read(teller->end_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void *tell_now_and_then(void *context)
{
    struct teller *teller = context;
    struct runtime runtime;
    sigset_t all;
    sigfillset(&all); /* signals are for the thread that keeps the queue */
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    runtime_init(&runtime);
    while (runtime_wait_for(teller->end_fd, NOTICES_EVERY_MS) && !is_ended(teller)) {
        tell(teller, &runtime, 0);
    }
    runtime_clear(&runtime);
    return NULL;
}

struct teller *teller_new(const struct worker *shared)
{
    struct teller *teller = mem_new(1, sizeof(*teller));
    teller->shared = shared;
    teller->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&teller->mutex, NULL);
    teller->has_thread =
        teller->end_fd >= 0 &&
        pthread_create(&teller->thread, NULL, tell_now_and_then, teller) == 0;
    return teller;
}

void teller_add(struct teller *teller, const struct source *source)
{
    if (teller == NULL) {
        return;
    }
    pthread_mutex_lock(&teller->mutex);
    size_t count = teller->seen_count;
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        size_t room = count == 0 ? 1 : 2 * count;
        teller->seen = mem_resize(teller->seen, room, sizeof(*teller->seen));
    }
    teller->seen[count] = (struct seen){.source = source};
    teller->seen_count++;
    pthread_mutex_unlock(&teller->mutex);
}

void teller_saw(struct teller *teller, const struct source *source)
{
    if (teller == NULL) {
        return;
    }
    pthread_mutex_lock(&teller->mutex);
    struct seen *seen = &teller->seen[source->place];
    free(seen->denied);
    *seen = (struct seen){
        .source = source,
        .is_news = true,
        .end = source->end,
        .clock = source->clock,
        .denied = source->is_denied ? mem_dup(source->error.text) : NULL,
    };
    pthread_mutex_unlock(&teller->mutex);
}

static void end_thread(struct teller *teller)
{
    const uint64_t one = 1;
    if (teller->has_thread) {
        ssize_t written = write(teller->end_fd, &one, sizeof(one));
        (void)written; /* the first write to an eventfd always fits */
        pthread_join(teller->thread, NULL);
    }
    if (teller->end_fd >= 0) {
        close(teller->end_fd);
    }
}

bool teller_end(struct teller *teller, int64_t deadline_ms)
{
    if (teller == NULL) {
        return true;
    }
    end_thread(teller);
    bool ok = tell(teller, teller->shared->runtime, deadline_ms);
    for (size_t i = 0; i < teller->seen_count; i++) {
        free(teller->seen[i].denied);
    }
    free(teller->seen);
    pthread_mutex_destroy(&teller->mutex);
    free(teller);
    return ok;
}
