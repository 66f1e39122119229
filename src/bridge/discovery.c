#include "bridge/discovery.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/object.h"
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE_MAX = 63 };

/* An entry while its sources are worked out; objects by the sources' suffixes. */
struct merge {
    const struct discovery *discovery;
    const struct config_source *entry;
    int64_t now_ms;
    json_t *known;    /* as the store has it: an array */
    json_t *by_name;  /* the same rows as an object */
    json_t *rows;     /* as it will have it: an object */
    json_t *failures; /* accounts that could not be asked */
    bool is_lacking;
};

static char *full_name(const struct config_source *entry, const char *suffix)
{
    return suffix[0] == '\0' ? mem_dup(entry->name)
                             : mem_format("%s-%s", entry->name, suffix);
}

/* Says one thing of a source, by its full name. */
static void tell(const struct merge *merge, enum log_level level, enum log_event event,
                 const char *suffix)
{
    char *name = full_name(merge->entry, suffix);
    log_write_take(level, event, name, NULL);
    free(name);
}

static void index_known(struct merge *merge)
{
    for (size_t i = 0; i < json_array_size(merge->known); i++) {
        json_t *row = json_array_get(merge->known, i);
        json_object_set(merge->by_name, object_text(row, "name"), row);
    }
}

/* What a source has that its entry does not say. */
static json_t *found_of(const struct config_source *entry, const json_t *settings)
{
    json_t *found = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)settings, key, value)
    {
        if (strcmp(key, "name") != 0 &&
            !json_equal(value, json_object_get(entry->settings, key))) {
            json_object_set(found, key, value);
        }
    }
    return found;
}

static void take_failure(struct merge *merge, const json_t *failure)
{
    json_object_set_new(merge->failures, object_text(failure, "account"), json_false());
    log_write_take(LOG_ERROR, LOG_DISCOVERY_ACCOUNT, merge->entry->name,
                   json_pack("{s:O, s:O, s:O}", "account",
                             json_object_get(failure, "account"), "kind",
                             json_object_get(failure, "kind"), "error",
                             json_object_get(failure, "failed")));
}

/* What the discovered row of a source keeps of where that one begins. */
static const char *const start_keys[] = {"start_ms", "since_ms"};
enum { START_KEYS = sizeof(start_keys) / sizeof(start_keys[0]) };

/* False: row, which may be NULL, keeps nothing of that. */
static bool keep_start(const json_t *row, json_t *found)
{
    bool has_one = false;
    for (size_t i = 0; i < START_KEYS; i++) {
        json_t *kept = json_object_get(json_object_get(row, "found"), start_keys[i]);
        if (kept != NULL) {
            json_object_set(found, start_keys[i], kept);
            has_one = true;
        }
    }
    return has_one;
}

/*
 * Of what was a part of the source called after: everything before its last mark was
 * read there. The stored mark is never ahead of that, so nothing is left out. Where
 * nothing was read, lookback counts from now, however long it takes to answer.
 */
static bool find_start(const struct merge *merge, const char *after, json_t *found,
                       struct error *err)
{
    const struct discovery *discovery = merge->discovery;
    const struct ledger_type *ledger = discovery->store_type->ledger;
    const struct slicing *slicing = config_slicing(merge->entry);
    char *name = full_name(merge->entry, after);
    struct store_standing standing = {.source = name};
    bool ok = slicing == NULL || ledger->standing == NULL ||
              ledger->standing(discovery->store, &standing, 1, err);
    if (ok && standing.is_started) {
        json_object_set_new(found, "start_ms",
                            json_integer(standing.mark_ms[slicing->passes - 1]));
    } else if (ok && !keep_start(json_object_get(merge->by_name, after), found)) {
        json_object_set_new(found, "since_ms",
                            json_integer(merge->now_ms - merge->entry->lookback_ms));
    }
    free(name);
    return ok;
}

/* A source that is a part of another begins where that one stands, and keeps to it. */
static bool take_start(const struct merge *merge, const json_t *before, json_t *found,
                       struct error *err)
{
    json_t *after = json_incref(json_object_get(found, "after"));
    json_object_del(found, "after");
    bool ok = keep_start(before, found) || before != NULL || after == NULL ||
              find_start(merge, json_string_value(after), found, err);
    json_decref(after);
    return ok;
}

static bool take_source(struct merge *merge, const json_t *settings, struct error *err)
{
    const char *suffix = object_text(settings, "name");
    suffix = suffix == NULL ? "" : suffix;
    if (strlen(merge->entry->name) + 1 + strlen(suffix) > NAME_SIZE_MAX &&
        suffix[0] != '\0') {
        return error_set(err, ERROR_CONFIG,
                         "with -%s its name is longer than %d characters; give the "
                         "source a shorter one",
                         suffix, NAME_SIZE_MAX);
    }
    const json_t *before = json_object_get(merge->by_name, suffix);
    if (json_array_size(merge->known) > 0 &&
        (before == NULL || json_object_get(before, "gone") != NULL)) {
        tell(merge, LOG_INFO, LOG_SOURCE_NEW, suffix);
    }
    json_t *found = found_of(merge->entry, settings);
    bool ok = take_start(merge, before, found, err);
    json_object_set_new(merge->rows, suffix,
                        json_pack("{s:s, s:o}", "name", suffix, "found", found));
    return ok;
}

/* A source that was known and was not found: gone, unless its account did not answer. */
static void take_missing(struct merge *merge, const json_t *row)
{
    const char *suffix = object_text(row, "name");
    const char *account = object_text(json_object_get(row, "found"), "account");
    bool is_silent = account != NULL && json_object_get(merge->failures, account) != NULL;
    json_t *kept = json_deep_copy(row);
    if (!is_silent && json_object_get(row, "gone") == NULL) {
        tell(merge, LOG_WARN, LOG_SOURCE_GONE, suffix);
        json_object_set_new(kept, "gone", json_integer(merge->now_ms));
    }
    if (is_silent && json_object_get(row, "gone") == NULL) {
        json_object_set_new(merge->failures, account, json_true());
    }
    json_object_set_new(merge->rows, suffix, kept);
}

static bool merge_answer(struct merge *merge, const json_t *answer, struct error *err)
{
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const json_t *element = json_array_get(answer, i);
        if (object_text(element, "failed") != NULL) {
            take_failure(merge, element);
        } else if (!take_source(merge, element, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < json_array_size(merge->known); i++) {
        const json_t *row = json_array_get(merge->known, i);
        if (json_object_get(merge->rows, object_text(row, "name")) == NULL) {
            take_missing(merge, row);
        }
    }
    const char *account = NULL;
    const json_t *has_sources = NULL;
    json_object_foreach(merge->failures, account, has_sources)
    {
        merge->is_lacking = merge->is_lacking || json_is_false(has_sources);
    }
    return true;
}

static int compare_names(const void *left, const void *right)
{
    const json_t *const *a = left;
    const json_t *const *b = right;
    return strcmp(object_text(*a, "name"), object_text(*b, "name"));
}

/* The rows in the order in which the store gives them. */
static json_t *sort_rows(const json_t *rows)
{
    size_t count = 0;
    json_t **items = mem_new(json_object_size(rows) + 1, sizeof(json_t *));
    const char *suffix = NULL;
    json_t *row = NULL;
    json_object_foreach((json_t *)rows, suffix, row)
    {
        items[count++] = row;
    }
    qsort(items, count, sizeof(json_t *), compare_names);
    json_t *sorted = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append(sorted, items[i]);
    }
    free(items);
    return sorted;
}

static void fill_result(const struct config_source *entry, const json_t *rows,
                        struct discovery_result *result)
{
    result->sources = mem_new(json_array_size(rows) + 1, sizeof(*result->sources));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        json_t *settings = json_copy(entry->settings);
        json_object_update(settings, json_object_get(row, "found"));
        result->sources[result->count++] = (struct discovery_source){
            .name = full_name(entry, object_text(row, "name")),
            .settings = settings,
            .is_gone = json_object_get(row, "gone") != NULL,
        };
    }
}

static size_t count_present(const json_t *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        count += json_object_get(json_array_get(rows, i), "gone") == NULL ? 1 : 0;
    }
    return count;
}

/* The provider could not say: what was known before goes on, if there is any. */
static bool fall_back(const struct merge *merge, const struct error *failure,
                      struct discovery_result *result, struct error *err)
{
    size_t present = count_present(merge->known);
    if (present == 0 || failure->kind == ERROR_STOPPED) {
        *err = *failure;
        return false;
    }
    log_write_take(LOG_WARN, LOG_DISCOVERY_FAILED, merge->entry->name,
                   json_pack("{s:s, s:s, s:I}", "kind", error_kind_name(failure->kind),
                             "error", failure->text, "sources", (json_int_t)present));
    fill_result(merge->entry, merge->known, result);
    return true;
}

static bool settle(const struct discovery *discovery, struct merge *merge,
                   const json_t *answer, struct discovery_result *result,
                   struct error *err)
{
    if (!merge_answer(merge, answer, err)) {
        return false;
    }
    json_t *sorted = sort_rows(merge->rows);
    bool ok = json_equal(sorted, merge->known) ||
              discovery->store_type->discover(discovery->store, merge->entry->name,
                                              sorted, err);
    if (ok) {
        fill_result(merge->entry, sorted, result);
        result->is_lacking = merge->is_lacking;
    }
    json_decref(sorted);
    return ok;
}

/* What expand is to know: the caller's. */
static json_t *settings_of(const struct config_source *entry, json_t *known)
{
    json_t *settings = json_copy(entry->settings);
    if (entry->provider->takes_known && known != NULL) {
        json_object_set(settings, "known", known);
    }
    return settings;
}

bool discovery_run(const struct discovery *discovery, const struct config_source *entry,
                   struct discovery_result *result, struct error *err)
{
    const struct runtime *runtime = discovery->runtime;
    struct merge merge = {.discovery = discovery,
                          .entry = entry,
                          .now_ms = runtime->now_ms(runtime->context),
                          .by_name = json_object(),
                          .rows = json_object(),
                          .failures = json_object()};
    struct error failure = {0};
    json_t *answer = NULL;
    bool ok = discovery->store_type->discovered(discovery->store, entry->name,
                                                &merge.known, err);
    index_known(&merge);
    json_t *settings = settings_of(entry, merge.known);
    if (ok && entry->provider->expand(settings, runtime, &answer, &failure)) {
        ok = settle(discovery, &merge, answer, result, err);
    } else if (ok) {
        ok = fall_back(&merge, &failure, result, err);
    }
    json_decref(settings);
    json_decref(answer);
    json_decref(merge.by_name);
    json_decref(merge.known);
    json_decref(merge.rows);
    json_decref(merge.failures);
    return ok || error_context(err, "source %s", entry->name);
}

bool discovery_recall(const struct discovery *discovery,
                      const struct config_source *entry, struct discovery_result *result)
{
    json_t *known = NULL;
    bool ok =
        discovery->store_type->discovered(discovery->store, entry->name, &known, NULL) &&
        count_present(known) > 0;
    if (ok) {
        fill_result(entry, known, result);
    }
    json_decref(known);
    return ok;
}

void discovery_result_clear(struct discovery_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        free(result->sources[i].name);
        json_decref(result->sources[i].settings);
    }
    free(result->sources);
    *result = (struct discovery_result){0};
}
