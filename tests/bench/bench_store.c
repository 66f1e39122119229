/* Rows a second into the SQLite store: durable commits of 1,000 events, and lookups. */
#include "base/mem.h"
#include "sqlite_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 1000, COMMITS = 200, HELD = 10000 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool run(struct store *store, struct claim *claim, struct error *err)
{
    struct store_delivered *events = mem_new(BATCH, sizeof(*events));
    struct cursor cursor = {.start_ms = 1};
    struct store_commit commit = {.cursor = &cursor,
                                  .delivered = events,
                                  .delivered_count = BATCH,
                                  .keeps_ids = true};
    double commit_s = 0;
    double known_s = 0;
    double count_s = 0;
    size_t count = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < COMMITS; i++) {
        for (uint32_t k = 0; k < BATCH; k++) {
            events[k] = suite_event(i * BATCH + k);
        }
        commit.forget_ms = suite_event((i < HELD / BATCH ? 0 : i * BATCH - HELD)).time_ms;
        double start_s = seconds();
        ok = store_sqlite.known(store, claim, events, BATCH, err);
        double looked_s = seconds();
        ok = ok && store_sqlite.id_count(store, claim, &count, err);
        double counted_s = seconds();
        ok = ok && store_sqlite.commit(store, claim, &commit, err);
        known_s += looked_s - start_s;
        count_s += counted_s - looked_s;
        commit_s += seconds() - counted_s;
    }
    printf("%d commits of %d events, %zu ids held: %.2f ms a commit, %.0f rows/s; "
           "%.2f ms to look up %d, %.0f ids/s; %.2f ms to count\n",
           COMMITS, BATCH, count, 1e3 * commit_s / COMMITS, COMMITS * BATCH / commit_s,
           1e3 * known_s / COMMITS, BATCH, COMMITS * BATCH / known_s,
           1e3 * count_s / COMMITS);
    free(events);
    return ok;
}

int main(void)
{
    struct store *store = NULL;
    struct claim claim = {0};
    struct error err = {0};
    json_t *settings = file_start() ? file_settings() : NULL;
    bool ok = file_open(settings, &store, &err) &&
              file_claim(store, "bench", &claim, &err) && run(store, &claim, &err);
    if (!ok) {
        fprintf(stderr, "bench_store: %s\n", err.text);
    }
    claim_clear(&claim);
    store_sqlite.close(store);
    json_decref(settings);
    file_end();
    return ok ? 0 : 1;
}
