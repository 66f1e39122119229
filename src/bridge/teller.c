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
    enum source_end end;
    struct cloud_clock clock;
    char *denied; /* owned; NULL: it is not */
};

struct teller {
    const struct fleet *fleet;
    pthread_mutex_t mutex; /* of seen */
    struct seen *seen;
    pthread_t thread;
    bool has_thread;
    int end_fd; /* readable when the thread is to end */
};

/* What was seen up to now; its texts are copies. */
static struct telling_source *copy_seen(struct teller *teller)
{
    const struct fleet *fleet = teller->fleet;
    struct telling_source *sources = mem_new(fleet->source_count, sizeof(*sources));
    pthread_mutex_lock(&teller->mutex);
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct seen *seen = &teller->seen[i];
        sources[i] = (struct telling_source){
            .source = &fleet->sources[i],
            .end = seen->end,
            .denied = seen->denied == NULL ? NULL : mem_dup(seen->denied),
            .now_ms = clock_now(&seen->clock, fleet->worker.runtime),
        };
    }
    pthread_mutex_unlock(&teller->mutex);
    return sources;
}

static bool tell(struct teller *teller, const struct runtime *runtime,
                 int64_t deadline_ms)
{
    const struct fleet *fleet = teller->fleet;
    struct error err = {0};
    struct telling_source *sources = copy_seen(teller);
    const struct notices_round round = {
        .store_type = fleet->worker.store_type,
        .store = fleet->worker.store,
        .runtime = runtime,
        .sources = sources,
        .source_count = fleet->source_count,
        .deadline_ms = deadline_ms,
    };
    bool ok = notices_tell(&round, &err);
    if (!ok && err.kind != ERROR_STOPPED) {
        log_write_take(
            LOG_ERROR, LOG_NOTICE_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    for (size_t i = 0; i < fleet->source_count; i++) {
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

struct teller *teller_new(const struct fleet *fleet)
{
    struct teller *teller = mem_new(1, sizeof(*teller));
    teller->fleet = fleet;
    teller->seen = mem_new(fleet->source_count, sizeof(*teller->seen));
    teller->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&teller->mutex, NULL);
    teller->has_thread =
        teller->end_fd >= 0 &&
        pthread_create(&teller->thread, NULL, tell_now_and_then, teller) == 0;
    return teller;
}

void teller_saw(struct teller *teller, const struct source *source)
{
    struct seen *seen = &teller->seen[source - teller->fleet->sources];
    pthread_mutex_lock(&teller->mutex);
    free(seen->denied);
    *seen = (struct seen){
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
    end_thread(teller);
    bool ok = tell(teller, teller->fleet->worker.runtime, deadline_ms);
    for (size_t i = 0; i < teller->fleet->source_count; i++) {
        free(teller->seen[i].denied);
    }
    free(teller->seen);
    pthread_mutex_destroy(&teller->mutex);
    free(teller);
    return ok;
}
