#include "bridge/scout.h"

#include "base/mem.h"
#include "net/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct scout {
    const struct config *config;
    struct discovery discovery;
    struct scout_report *reports; /* the thread's, while it is out */
    size_t count;
    pthread_t thread;
    bool is_out;
    atomic_bool is_back;
    atomic_bool is_called; /* no further request */
    struct runtime real;
    struct runtime runtime; /* real, until it is called back */
};

static bool send_request(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    struct scout *scout = context;
    if (atomic_load(&scout->is_called)) {
        return error_set(err, ERROR_STOPPED, "discovery was stopped");
    }
    return scout->real.http(scout->real.context, request, response, err);
}

static int64_t now_ms(void *context)
{
    const struct scout *scout = context;
    return scout->real.now_ms(scout->real.context);
}

static int64_t monotonic_ms(void *context)
{
    const struct scout *scout = context;
    return scout->real.monotonic_ms(scout->real.context);
}

static bool wait_for(void *context, int64_t ms, struct error *err)
{
    struct scout *scout = context;
    return scout->real.wait(scout->real.context, ms, err);
}

static void make_random(void *context, uint8_t *out, size_t size)
{
    struct scout *scout = context;
    scout->real.random(scout->real.context, out, size);
}

struct scout *scout_new(const struct config *config, const struct store_type *store_type,
                        struct store *store)
{
    struct scout *scout = mem_new(1, sizeof(*scout));
    scout->config = config;
    scout->count = config->source_count;
    scout->reports = mem_new(scout->count + 1, sizeof(*scout->reports));
    scout->runtime = (struct runtime){.context = scout,
                                      .http = send_request,
                                      .now_ms = now_ms,
                                      .monotonic_ms = monotonic_ms,
                                      .wait = wait_for,
                                      .random = make_random};
    scout->discovery = (struct discovery){&scout->runtime, store_type, store};
    return scout;
}

static void forget(struct scout *scout)
{
    for (size_t i = 0; i < scout->count; i++) {
        discovery_result_clear(&scout->reports[i].result);
        scout->reports[i] = (struct scout_report){.entry = &scout->config->sources[i]};
    }
}

static void come_home(struct scout *scout)
{
    pthread_join(scout->thread, NULL);
    runtime_clear(&scout->real);
    scout->is_out = false;
}

void scout_free(struct scout *scout)
{
    if (scout == NULL) {
        return;
    }
    if (scout->is_out) {
        atomic_store(&scout->is_called, true);
        come_home(scout);
    }
    forget(scout);
    free(scout->reports);
    free(scout);
}

static void *look_around(void *context)
{
    struct scout *scout = context;
    for (size_t i = 0; i < scout->count; i++) {
        struct scout_report *report = &scout->reports[i];
        discovery_run(&scout->discovery, report->entry, &report->result, &report->error);
    }
    atomic_store(&scout->is_back, true);
    return NULL;
}

bool scout_send(struct scout *scout)
{
    if (scout->is_out) {
        return true;
    }
    forget(scout);
    atomic_store(&scout->is_back, false);
    runtime_init(&scout->real);
    scout->is_out = pthread_create(&scout->thread, NULL, look_around, scout) == 0;
    if (!scout->is_out) {
        runtime_clear(&scout->real);
    }
    return scout->is_out;
}

struct scout_report *scout_take(struct scout *scout)
{
    if (!scout->is_out || !atomic_load(&scout->is_back)) {
        return NULL;
    }
    come_home(scout);
    return scout->reports;
}
