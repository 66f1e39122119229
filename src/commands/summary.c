#include "commands/summary.h"

#include "base/mem.h"
#include "base/text.h"
#include "commands/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 40, OPERATION_WIDTH = 70, FAILURE_WIDTH = 400 };

const char *summary_end(enum source_end end)
{
    static const char *const names[] = {
        [SOURCE_IDLE] = "not run",      [SOURCE_DONE] = "done",
        [SOURCE_PAUSED] = "more to do", [SOURCE_HELD] = "held by another run",
        [SOURCE_FAILED] = "failed",
    };
    return names[end];
}

/* All sources together. */
struct totals {
    struct source_counts counts;
    size_t ended[SOURCE_FAILED + 1];
    size_t lacking; /* entries without sources that they should have */
};

static struct totals sum_up(const struct fleet *fleet)
{
    struct totals totals = {0};
    for (size_t i = 0; i < fleet->source_count; i++) {
        source_counts_add(&totals.counts, &fleet->sources[i]->counts);
        totals.ended[fleet->sources[i]->end]++;
    }
    for (size_t i = 0; i < fleet->left_count; i++) {
        source_counts_add(&totals.counts, &fleet->left[i].counts);
    }
    for (size_t i = 0; fleet->lacks != NULL && i < fleet->plan.config->source_count;
         i++) {
        totals.lacking += fleet->lacks[i];
    }
    return totals;
}

/* How much somebody should look at it. */
static int badness(const struct source *source)
{
    static const int by_end[] = {
        [SOURCE_DONE] = 0,   [SOURCE_HELD] = 1,   [SOURCE_IDLE] = 2,
        [SOURCE_PAUSED] = 3, [SOURCE_FAILED] = 5,
    };
    int refused = source->counts.refused > 0 || source->counts.missed > 0 ? 4 : 0;
    return by_end[source->end] > refused ? by_end[source->end] : refused;
}

/* The worst first; then what delivered most; then by name. */
static int compare_sources(const void *left, const void *right)
{
    const struct source *a = *(const struct source *const *)left;
    const struct source *b = *(const struct source *const *)right;
    int order = badness(b) - badness(a);
    if (order == 0) {
        order = (a->counts.delivered < b->counts.delivered) -
                (a->counts.delivered > b->counts.delivered);
    }
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* The fleet's sources in the order in which they are shown. The caller frees. */
static const struct source **order_sources(const struct fleet *fleet)
{
    const struct source **sources =
        mem_new(fleet->source_count + 1, sizeof(const struct source *));
    for (size_t i = 0; i < fleet->source_count; i++) {
        sources[i] = fleet->sources[i];
    }
    if (fleet->source_count > SUMMARY_SOURCES) {
        qsort(sources, fleet->source_count, sizeof(const struct source *),
              compare_sources);
    }
    return sources;
}

/* text, or as much of it as width allows, with dots. The caller frees. */
static char *cut(const char *text, size_t width)
{
    char *copy = strlen(text) <= width ? mem_dup(text)
                                       : mem_format("%.*s...", (int)width - 3, text);
    text_make_printable(copy);
    return copy;
}

static void add_row(struct table *table, const char *name, const char *result,
                    const struct source_counts *counts)
{
    char *shown = cut(name, NAME_WIDTH);
    table_add(table, shown);
    table_add(table, result);
    table_add_number(table, (int64_t)counts->requests);
    table_add_number(table, (int64_t)counts->read);
    table_add_number(table, (int64_t)counts->known);
    table_add_number(table, (int64_t)counts->delivered);
    table_add_number(table, (int64_t)counts->refused);
    free(shown);
}

static void print_sources(const struct summary *summary, const struct source **sources,
                          const struct totals *totals, FILE *out)
{
    const char *const headings[] = {
        "source", "result", "requests",
        "read",   "known",  summary->unmapped == NULL ? "delivered" : "new",
        "refused"};
    struct table table = {.aligns = "llrrrrr"};
    size_t count = summary->fleet->source_count;
    size_t shown = count > SUMMARY_SOURCES ? SUMMARY_WORST : count;
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        table_add(&table, headings[i]);
    }
    for (size_t i = 0; i < shown; i++) {
        add_row(&table, sources[i]->name, summary_end(sources[i]->end),
                &sources[i]->counts);
    }
    if (shown < count) {
        char *name = mem_format("all %zu sources", count);
        add_row(&table, name, "", &totals->counts);
        free(name);
    }
    fputs("\n", out);
    table_print(&table, out);
    table_clear(&table);
}

/* Sources that failed in the same words. */
struct failure {
    const struct source *first;
    size_t count;
};

/* Adds source to those of its words; false: there is no room for more words. */
static bool add_failure(struct failure *failures, const struct source *source)
{
    size_t i = 0;
    while (i < SUMMARY_FAILURES && failures[i].count > 0 &&
           strcmp(failures[i].first->error.text, source->error.text) != 0) {
        i++;
    }
    if (i == SUMMARY_FAILURES) {
        return false;
    }
    failures[i].first = failures[i].count == 0 ? source : failures[i].first;
    failures[i].count++;
    return true;
}

static void print_failure(const struct failure *failure, FILE *out)
{
    const struct source *source = failure->first;
    char *name = cut(source->name, NAME_WIDTH);
    char *text = cut(source->error.text, FAILURE_WIDTH);
    fputs(name, out);
    if (failure->count > 1) {
        fprintf(out, " and %zu more", failure->count - 1);
    }
    fprintf(out, ": %s: %s\n", error_kind_name(source->error.kind), text);
    free(text);
    free(name);
}

static void print_failures(const struct fleet *fleet, const struct source **sources,
                           FILE *out)
{
    struct failure failures[SUMMARY_FAILURES] = {0};
    size_t others = 0;
    for (size_t i = 0; i < fleet->source_count; i++) {
        if (sources[i]->end == SOURCE_FAILED) {
            others += add_failure(failures, sources[i]) ? 0 : 1;
        }
    }
    fputs(failures[0].count > 0 ? "\n" : "", out);
    for (size_t i = 0; i < SUMMARY_FAILURES && failures[i].count > 0; i++) {
        print_failure(&failures[i], out);
    }
    if (others > 0) {
        fprintf(out, "%zu more: look for source.failed in the log\n", others);
    }
}

static void print_principles(const struct totals *totals, FILE *out)
{
    const struct source_counts *counts = &totals->counts;
    struct table table = {.aligns = "lrl"};
    uint64_t all = counts->delivered + counts->refused + counts->unwanted;
    table_add(&table, "principle");
    table_add(&table, "events");
    table_add(&table, "about");
    for (size_t bit = 0; bit < PRINCIPLE_COUNT; bit++) {
        if (counts->by_principle[bit] > 0) {
            table_add(&table, principles[bit].ref);
            table_add_number(&table, (int64_t)counts->by_principle[bit]);
            table_add(&table, principles[bit].title);
        }
    }
    table_add(&table, "none");
    table_add_number(&table, (int64_t)(all - counts->mapped));
    table_add(&table, "no rule names them; delivered all the same (principle 7a)");
    fputs("\n", out);
    table_print(&table, out);
    table_clear(&table);
}

static void print_unmapped(const struct rehearsal_names *names, FILE *out)
{
    struct table table = {.aligns = "lr"};
    size_t shown = names->count > SUMMARY_UNMAPPED ? SUMMARY_UNMAPPED : names->count;
    if (names->count == 0) {
        return;
    }
    table_add(&table, "operations that no rule names");
    table_add(&table, "events");
    for (size_t i = 0; i < shown; i++) {
        char *name = cut(names->items[i].name, OPERATION_WIDTH);
        table_add(&table, name);
        table_add_number(&table, (int64_t)names->items[i].count);
        free(name);
    }
    fputs("\n", out);
    table_print(&table, out);
    table_clear(&table);
    if (names->count > shown) {
        fprintf(out, "and %zu more\n", names->count - shown);
    }
}

/* A line for what somebody may want to do something about. */
static void advise(struct table *table, uint64_t count, const char *what,
                   const char *remedy)
{
    if (count > 0) {
        table_add(table, what);
        table_add_number(table, (int64_t)count);
        table_add(table, remedy);
    }
}

static void print_advice(const struct totals *totals, FILE *out)
{
    const struct source_counts *counts = &totals->counts;
    struct table table = {.aligns = "lrl"};
    advise(&table, totals->ended[SOURCE_FAILED], "failed sources",
           "nothing was lost; 'auditbridge check --live' tries each");
    advise(&table, totals->lacking, "incomplete entries",
           "see discovery.failed and discovery.account in the log");
    advise(&table, totals->ended[SOURCE_PAUSED] + totals->ended[SOURCE_IDLE],
           "sources with more to read", "the next run goes on there");
    advise(&table, totals->ended[SOURCE_HELD], "sources of another run",
           "that one reads them; 'auditbridge sources' says who");
    advise(&table, counts->refused, "refused events",
           "kept for seven days; see 'auditbridge dlq list'");
    advise(&table, counts->missed, "missed by optional sinks",
           "see sink.refused in the log");
    advise(&table, counts->unwanted, "wanted by no sink",
           "see principles under the sources' sinks");
    advise(&table, counts->unreadable, "unreadable records",
           "the platform was told (bridge.unreadable)");
    fputs("\n", out);
    table_print(&table, out);
    table_clear(&table);
}

void summary_print(const struct summary *summary, FILE *out)
{
    const struct fleet *fleet = summary->fleet;
    const struct totals totals = sum_up(fleet);
    const struct source **sources = order_sources(fleet);
    char took[TABLE_AGE_SIZE];
    table_age(summary->took_ms, took);
    print_sources(summary, sources, &totals, out);
    print_failures(fleet, sources, out);
    print_principles(&totals, out);
    if (summary->unmapped != NULL) {
        print_unmapped(summary->unmapped, out);
    }
    print_advice(&totals, out);
    if (summary->unmapped != NULL) {
        fprintf(out,
                "dry run: %" PRIu64 " events would be delivered; nothing was sent, "
                "nothing was stored\n",
                totals.counts.delivered);
    } else {
        fprintf(out, "%s: %" PRIu64 " events delivered in %s\n",
                fleet_has_failed(fleet) ? "failed in part" : "good",
                totals.counts.delivered, took);
    }
    free(sources);
}
