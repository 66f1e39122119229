#include "bridge/scout.h"

#include "base/mem.h"
#include "bridge/leash.h"

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
    struct leash leash;
};

struct scout *scout_new(const struct config *config, const struct store_type *store_type,
                        struct store *store)
{
    struct scout *scout = mem_new(1, sizeof(*scout));
    scout->config = config;
    scout->count = config->source_count;
    scout->reports = mem_new(scout->count + 1, sizeof(*scout->reports));
    scout->discovery = (struct discovery){&scout->leash.runtime, store_type, store};
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
    leash_clear(&scout->leash);
    scout->is_out = false;
}

void scout_free(struct scout *scout)
{
    if (scout == NULL) {
        return;
    }
    if (scout->is_out) {
        leash_call_back(&scout->leash);
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
    leash_init(&scout->leash);
    scout->is_out = pthread_create(&scout->thread, NULL, look_around, scout) == 0;
    if (!scout->is_out) {
        leash_clear(&scout->leash);
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
