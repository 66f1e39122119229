#include "commands/mappings_figures.h"

#include "commands/table.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 10, PERCENT_SIZE = 48 };

static const char *const verdict_names[VERDICT_COUNT] = {
    [VERDICT_MAPPED] = "mapped",
    [VERDICT_CONDITIONAL] = "on a condition",
    [VERDICT_NONE] = "no principle",
    [VERDICT_UNDECIDED] = "undecided",
};
static const enum verdict_kind columns[] = {VERDICT_MAPPED, VERDICT_CONDITIONAL,
                                            VERDICT_NONE, VERDICT_UNDECIDED};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Rounded down, so that only all of them are 100.0. */
static void format_percent(const size_t counts[VERDICT_COUNT], char out[PERCENT_SIZE])
{
    size_t permille = coverage_permille(counts);
    snprintf(out, PERCENT_SIZE, "%zu.%zu", permille / 10, permille % 10);
}

/* A table and an empty line; nothing when there is only the heading. */
static void print_table(struct table *table)
{
    if (table->count > strlen(table->aligns)) {
        table_print(table, stdout);
        printf("\n");
    }
    table_clear(table);
}

static void print_services(const struct mappings_figures *figures)
{
    const struct coverage *coverage = figures->coverage;
    struct table table = {.aligns = "lrrrrrr"};
    table_add(&table, "service");
    table_add(&table, "writes");
    for (size_t i = 0; i < COLUMNS; i++) {
        table_add(&table, verdict_names[columns[i]]);
    }
    table_add(&table, "%");
    for (size_t i = 0; i < coverage->service_count; i++) {
        const struct coverage_service *service = &coverage->services[i];
        char percent[PERCENT_SIZE];
        if (!figures->is_verbose && service->counts[VERDICT_UNDECIDED] == 0) {
            continue;
        }
        table_add(&table, service->service->name);
        table_add_number(&table, (int64_t)service->count);
        for (size_t j = 0; j < COLUMNS; j++) {
            table_add_number(&table, (int64_t)service->counts[columns[j]]);
        }
        format_percent(service->counts, percent);
        table_add(&table, percent);
    }
    print_table(&table);
}

static void print_letters(const struct coverage *coverage)
{
    struct table table = {.aligns = "llrr"};
    table_add(&table, "principle");
    table_add(&table, "");
    table_add(&table, verdict_names[VERDICT_MAPPED]);
    table_add(&table, verdict_names[VERDICT_CONDITIONAL]);
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        const struct coverage_letter *letter = &coverage->letters[i];
        if (letter->mapped + letter->conditional > 0) {
            table_add(&table, principles[i].ref);
            table_add(&table, principles[i].title);
            table_add_number(&table, (int64_t)letter->mapped);
            table_add_number(&table, (int64_t)letter->conditional);
        }
    }
    print_table(&table);
}

static void print_classes(const struct coverage *coverage)
{
    struct table table = {.aligns = "lr"};
    table_add(&table, "no principle, class");
    table_add(&table, "writes");
    for (size_t i = 0; i < DECISION_COUNT; i++) {
        if (coverage->classes[i] > 0) {
            table_add(&table, decision_names[i]);
            table_add_number(&table, (int64_t)coverage->classes[i]);
        }
    }
    print_table(&table);
}

static void print_undecided(const struct coverage *coverage)
{
    size_t undecided = coverage->counts[VERDICT_UNDECIDED];
    size_t shown = 0;
    if (undecided == 0) {
        return;
    }
    printf("undecided%s:\n",
           undecided > NAMES_SHOWN ? ", the first of them (--undecided lists all)" : "");
    for (size_t i = 0; i < coverage->count && shown < NAMES_SHOWN; i++) {
        const struct coverage_item *item = &coverage->items[i];
        if (item->verdict.kind == VERDICT_UNDECIDED) {
            printf("  ");
            table_put(item->operation->service->name, stdout);
            printf("  ");
            table_put(item->operation->name, stdout);
            printf("\n");
            shown++;
        }
    }
}

static void print_notes(const struct coverage *coverage)
{
    if (coverage->left_out > 0) {
        printf("%zu services of the catalogue are named by no pack and were not counted; "
               "--scope FILE says which matter\n",
               coverage->left_out);
    }
    for (size_t i = 0; i < coverage->service_count; i++) {
        if (coverage->services[i].count == 0) {
            printf("in scope, and without a write in the catalogue: ");
            table_put(coverage->services[i].service->name, stdout);
            printf("\n");
        }
    }
}

void mappings_figures_print(const struct mappings_figures *figures)
{
    const struct coverage *coverage = figures->coverage;
    const size_t *counts = coverage->counts;
    char percent[PERCENT_SIZE];
    print_services(figures);
    print_letters(coverage);
    print_classes(coverage);
    format_percent(counts, percent);
    printf(
        "%s: %zu of %zu writes of %zu services decided (%s %%): %zu mapped, %zu mapped "
        "on a condition, %zu of no principle, %zu undecided\n",
        figures->provider, coverage->count - counts[VERDICT_UNDECIDED], coverage->count,
        coverage->service_count, percent, counts[VERDICT_MAPPED],
        counts[VERDICT_CONDITIONAL], counts[VERDICT_NONE], counts[VERDICT_UNDECIDED]);
    print_notes(coverage);
    print_undecided(coverage);
}

static json_t *counts_json(const size_t counts[VERDICT_COUNT], size_t all)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "writes", (json_int_t)all,
                     "mapped", (json_int_t)counts[VERDICT_MAPPED], "conditional",
                     (json_int_t)counts[VERDICT_CONDITIONAL], "no_principle",
                     (json_int_t)counts[VERDICT_NONE], "undecided",
                     (json_int_t)counts[VERDICT_UNDECIDED], "percent",
                     (double)coverage_permille(counts) / 10);
}

static json_t *services_json(const struct coverage *coverage)
{
    json_t *list = json_array();
    for (size_t i = 0; i < coverage->service_count; i++) {
        const struct coverage_service *service = &coverage->services[i];
        json_t *object = counts_json(service->counts, service->count);
        json_object_set_new(object, "service", json_string(service->service->name));
        if (service->service->priority > 0) {
            json_object_set_new(object, "priority",
                                json_integer(service->service->priority));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *letters_json(const struct coverage *coverage)
{
    json_t *object = json_object();
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        const struct coverage_letter *letter = &coverage->letters[i];
        json_object_set_new(object, principles[i].ref,
                            json_pack("{s:I, s:I}", "mapped", (json_int_t)letter->mapped,
                                      "conditional", (json_int_t)letter->conditional));
    }
    return object;
}

static json_t *classes_json(const struct coverage *coverage)
{
    json_t *object = json_object();
    for (size_t i = 0; i < DECISION_COUNT; i++) {
        json_object_set_new(object, decision_names[i],
                            json_integer((json_int_t)coverage->classes[i]));
    }
    return object;
}

static json_t *undecided_json(const struct coverage *coverage)
{
    json_t *list = json_array();
    for (size_t i = 0; i < coverage->count; i++) {
        const struct catalogue_operation *operation = coverage->items[i].operation;
        if (coverage->items[i].verdict.kind == VERDICT_UNDECIDED) {
            json_array_append_new(list, json_pack("{s:s, s:s}", "service",
                                                  operation->service->name, "operation",
                                                  operation->name));
        }
    }
    return list;
}

void mappings_figures_json(const struct mappings_figures *figures)
{
    const struct coverage *coverage = figures->coverage;
    json_t *object = json_pack(
        "{s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "provider", figures->provider, "total",
        counts_json(coverage->counts, coverage->count), "services_left_out",
        (json_int_t)coverage->left_out, "services", services_json(coverage), "principles",
        letters_json(coverage), "no_principle", classes_json(coverage), "undecided",
        undecided_json(coverage));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(object);
    printf("\n");
}
