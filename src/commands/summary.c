#include "commands/summary.h"

#include "base/log.h"
#include "base/timestamp.h"

#include <inttypes.h>

static const char *end_name(enum source_end end)
{
    static const char *const names[] = {
        [SOURCE_IDLE] = "not run",      [SOURCE_DONE] = "done",
        [SOURCE_PAUSED] = "more to do", [SOURCE_HELD] = "held by another run",
        [SOURCE_FAILED] = "failed",
    };
    return names[end];
}

void summary_log(const struct fleet *fleet)
{
    uint64_t delivered = 0;
    uint64_t failed = 0;
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = fleet->sources[i];
        const struct source_counts *counts = &source->counts;
        delivered += counts->delivered;
        failed += source->end == SOURCE_FAILED;
        log_write_take(
            LOG_INFO, LOG_SOURCE_DONE, source->name,
            json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "end",
                      end_name(source->end), "requests", (json_int_t)counts->requests,
                      "read", (json_int_t)counts->read, "known",
                      (json_int_t)counts->known, "mapped", (json_int_t)counts->mapped,
                      "delivered", (json_int_t)counts->delivered, "refused",
                      (json_int_t)counts->refused, "missed", (json_int_t)counts->missed,
                      "unwanted", (json_int_t)counts->unwanted, "unreadable",
                      (json_int_t)counts->unreadable));
    }
    log_write_take(LOG_INFO, LOG_RUN_DONE, NULL,
                   json_pack("{s:I,s:I,s:I}", "sources", (json_int_t)fleet->source_count,
                             "failed", (json_int_t)failed, "delivered",
                             (json_int_t)delivered));
}

static void print_sources(const struct fleet *fleet, FILE *out)
{
    fprintf(out, "\n%-24s %-20s %9s %9s %9s %9s %8s\n", "source", "result", "requests",
            "read", "delivered", "known", "refused");
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = fleet->sources[i];
        const struct source_counts *counts = &source->counts;
        fprintf(out,
                "%-24s %-20s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
                " %8" PRIu64 "\n",
                source->name, end_name(source->end), counts->requests, counts->read,
                counts->delivered, counts->known, counts->refused);
        if (source->end == SOURCE_FAILED) {
            fprintf(out, "  %s\n", source->error.text);
        }
    }
}

void summary_print(const struct fleet *fleet, FILE *out)
{
    print_sources(fleet, out);

    uint64_t totals[PRINCIPLE_COUNT] = {0};
    uint64_t delivered = 0;
    uint64_t mapped = 0;
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source_counts *counts = &fleet->sources[i]->counts;
        delivered += counts->delivered;
        mapped += counts->mapped;
        for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
            totals[bit] += counts->by_principle[bit];
        }
    }
    fprintf(out, "\n%-9s %9s\n", "principle", "events");
    for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
        if (totals[bit] > 0) {
            fprintf(out, "%-9s %9" PRIu64 "  %s\n", principles[bit].ref, totals[bit],
                    principles[bit].title);
        }
    }
    fprintf(out, "%-9s %9" PRIu64 "  delivered all the same (principle 7a)\n", "none",
            delivered > mapped ? delivered - mapped : 0);
}
