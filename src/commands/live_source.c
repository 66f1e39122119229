#include "commands/live_source.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_OFF_MS = 60 * 1000 };

/* What the threads share. */
struct asking {
    struct live_source *sources;
    size_t count;
    size_t next;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
};

static int64_t monotonic_ms(const struct runtime *runtime)
{
    return runtime->monotonic_ms(runtime->context);
}

/* How far this machine's clock is from the cloud's. The caller frees. */
static char *compare_clocks(const struct runtime *runtime, int64_t date_ms)
{
    if (date_ms == 0) {
        return mem_dup("");
    }
    int64_t off_ms = date_ms - runtime->now_ms(runtime->context);
    int64_t size_ms = off_ms > 0 ? off_ms : -off_ms;
    if (size_ms > CLOCK_OFF_MS) {
        return mem_format("; this machine's clock is %" PRId64
                          " s %s the cloud's: set it right (NTP)",
                          size_ms / MS_PER_SECOND, off_ms > 0 ? "behind" : "ahead of");
    }
    return mem_format("; the clocks agree within %" PRId64 " s",
                      size_ms / MS_PER_SECOND + 1);
}

/* The last minute that the first pass would read. */
static struct slice recent(const struct runtime *runtime, const struct slicing *slicing)
{
    int64_t now_ms = runtime->now_ms(runtime->context);
    int64_t b_ms = now_ms - slicing->age_ms[0];
    b_ms -= b_ms % slicing->grain_ms;
    return (struct slice){.a_ms = b_ms - MS_PER_MINUTE, .b_ms = b_ms, .began_ms = now_ms};
}

static bool is_denied(const json_t *findings)
{
    size_t i = 0;
    json_t *finding = NULL;
    json_array_foreach((json_t *)findings, i, finding)
    {
        const char *kind = json_string_value(json_object_get(finding, "kind"));
        if (kind != NULL && strcmp(kind, "denied") == 0) {
            return true;
        }
    }
    return false;
}

/*
 * One page, and what the provider has to say beside it. A queue is left alone: what is
 * taken from it is hidden from the run.
 */
static bool poll_once(struct live_source *source, const struct runtime *runtime,
                      struct page *page, struct error *err)
{
    const struct provider *provider = source->entry->provider;
    const struct slicing *slicing = provider->slicing;
    struct session *session = NULL;
    if (!provider->open(source->settings, runtime, &session, err)) {
        return false;
    }
    const struct slice slice =
        slicing == NULL ? (struct slice){0} : recent(runtime, slicing);
    bool ok = provider->settle != NULL ||
              provider->poll(session, slicing == NULL ? NULL : &slice, NULL, page, err) ||
              err->kind == ERROR_TOO_BIG; /* it answered, with more than fits */
    source->findings = provider->examine == NULL ? NULL : provider->examine(session);
    provider->close(session);
    return ok;
}

/* Of what the provider can say no more about: it met no answer of its cloud. */
static const char *remedy_of(enum error_kind kind)
{
    switch (kind) {
    case ERROR_UNREACHABLE:
        return "; check network, proxy and trusted CA (ca_file), or try again later";
    case ERROR_BUSY:
        return "; others use up the same quota: try again";
    default:
        return "";
    }
}

static void ask(struct live_source *source, const struct runtime *runtime)
{
    struct error err = {0};
    struct page page = {0};
    int64_t began = monotonic_ms(runtime);
    source->is_good = poll_once(source, runtime, &page, &err);
    if (source->is_good) {
        char *clocks = compare_clocks(runtime, page.date_ms);
        source->answer = mem_format("%-11s answered in %" PRId64 " ms%s", "ok",
                                    monotonic_ms(runtime) - began, clocks);
        free(clocks);
    } else {
        source->answer = mem_format("%-11s %s%s", error_kind_name(err.kind), err.text,
                                    remedy_of(err.kind));
    }
    source->is_good = source->is_good && !is_denied(source->findings);
    page_clear(&page);
}

/* Takes the next source that nobody has taken, or NULL. */
static struct live_source *take(struct asking *asking)
{
    pthread_mutex_lock(&asking->mutex);
    struct live_source *source =
        asking->next < asking->count ? &asking->sources[asking->next++] : NULL;
    pthread_mutex_unlock(&asking->mutex);
    return source;
}

static void *ask_some(void *context)
{
    struct asking *asking = context;
    struct runtime runtime = {0};
    struct live_source *source = NULL;
    runtime_init(&runtime);
    while ((source = take(asking)) != NULL) {
        ask(source, &runtime);
        pthread_mutex_lock(&asking->mutex);
        source->is_done = true;
        pthread_cond_signal(&asking->answered);
        pthread_mutex_unlock(&asking->mutex);
    }
    runtime_clear(&runtime);
    return NULL;
}

void live_source_ask(struct live_source *sources, size_t count,
                     void (*tell)(const struct live_source *source, void *context),
                     void *context)
{
    struct asking asking = {.sources = sources,
                            .count = count,
                            .mutex = PTHREAD_MUTEX_INITIALIZER,
                            .answered = PTHREAD_COND_INITIALIZER};
    pthread_t threads[LIVE_SOURCE_THREADS];
    size_t started = 0;
    while (started < count && started < LIVE_SOURCE_THREADS &&
           pthread_create(&threads[started], NULL, ask_some, &asking) == 0) {
        started++;
    }
    if (started == 0) {
        ask_some(&asking);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&asking.mutex);
        while (!sources[i].is_done) {
            pthread_cond_wait(&asking.answered, &asking.mutex);
        }
        pthread_mutex_unlock(&asking.mutex);
        tell(&sources[i], context);
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_cond_destroy(&asking.answered);
    pthread_mutex_destroy(&asking.mutex);
}
