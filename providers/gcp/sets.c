#include "gcp/sets.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/google.h"
#include "gcp/lql.h"
#include "gcp/projects.h"
#include "gcp/refused.h"

#include <stdlib.h>
#include <string.h>

/* What is at work while one entry is expanded. */
struct expansion {
    const json_t *settings;
    struct google google;
    json_t *names;   /* an object: every name that is wanted, in order */
    json_t *sources; /* the answer */
    long last;       /* the highest number of a set so far */
};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static const int64_t late_workspace_ms = 3LL * MS_PER_DAY;

/* Workspace's entries come up to days late, and into organisations only. */
static bool is_organization(const char *name)
{
    return starts_with(name, "organizations/") && strchr(name + 14, '/') == NULL;
}

static bool has_digits_behind(const char *text, const char *start)
{
    const char *number = text + strlen(start);
    return starts_with(text, start) && number[0] != '\0' &&
           strspn(number, "0123456789") == strlen(number);
}

static bool is_parent(const char *text)
{
    return has_digits_behind(text, "organizations/") ||
           has_digits_behind(text, "folders/");
}

/* PARENT/ID/locations/LOCATION/buckets/BUCKET/views/VIEW */
static bool is_view(const char *text)
{
    static const char *const fixed[] = {NULL,      NULL, "locations", NULL,
                                        "buckets", NULL, "views",     NULL};
    size_t part = 0;
    const char *at = text;
    while (part < sizeof(fixed) / sizeof(fixed[0])) {
        size_t size = strcspn(at, "/");
        bool fits = fixed[part] == NULL ? size > 0
                                        : size == strlen(fixed[part]) &&
                                              strncmp(at, fixed[part], size) == 0;
        if (!fits) {
            return false;
        }
        part++;
        at += size;
        if (*at == '\0') {
            break;
        }
        at++;
    }
    return part == sizeof(fixed) / sizeof(fixed[0]) && *at == '\0';
}

static bool check_list(const json_t *settings, const char *key,
                       bool (*is_good)(const char *text), const char *form,
                       struct error *err)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(settings, key), i, item)
    {
        if (!is_good(json_string_value(item))) {
            return error_set(err, ERROR_CONFIG, "%s: \"%s\" is not like %s", key,
                             json_string_value(item), form);
        }
    }
    return true;
}

bool sets_check(const json_t *settings, struct error *err)
{
    return check_list(settings, "descendants_of", is_parent,
                      "organizations/123 or folders/456", err) &&
           check_list(settings, "views", is_view,
                      "projects/P/locations/L/buckets/B/views/V", err) &&
           lql_check(settings, err);
}

/* Adds prefix and each text of a list to the names. */
static size_t add_listed(struct expansion *expansion, const char *key, const char *prefix)
{
    const json_t *list = json_object_get(expansion->settings, key);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        char *name = mem_format("%s%s", prefix, json_string_value(item));
        json_object_set_new(expansion->names, name, json_true());
        free(name);
    }
    return json_array_size(list);
}

static bool find_descendants(struct expansion *expansion, struct error *err)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(expansion->settings, "descendants_of"), i, item)
    {
        if (!projects_find(&expansion->google, expansion->settings,
                           json_string_value(item), expansion->names, err)) {
            return false;
        }
    }
    return true;
}

/* Fills in every name that the entry stands for. */
static bool find_names(struct expansion *expansion, const struct runtime *runtime,
                       struct error *err)
{
    size_t listed = add_listed(expansion, "projects", "projects/");
    listed += add_listed(expansion, "folders", "folders/");
    listed += add_listed(expansion, "organizations", "organizations/");
    listed += add_listed(expansion, "billing_accounts", "billingAccounts/");
    listed += add_listed(expansion, "views", "");
    const json_t *tops = json_object_get(expansion->settings, "descendants_of");
    if (listed > 0 && json_array_size(tops) == 0) {
        return true;
    }
    if (!google_open(&expansion->google, "cloudresourcemanager", expansion->settings,
                     runtime, err)) {
        return false;
    }
    bool ok = json_array_size(tops) > 0
                  ? find_descendants(expansion, err)
                  : projects_find(&expansion->google, expansion->settings, NULL,
                                  expansion->names, err);
    return ok && (json_object_size(expansion->names) > 0 ||
                  error_set(err, ERROR_DENIED,
                            "this identity sees no project that \"include\" and "
                            "\"exclude\" leave; grant it roles/browser on some, or name "
                            "them in \"projects\""));
}

/* Takes names, of which either all or none are organisations. */
static void add_source_take(struct expansion *expansion, const char *suffix,
                            json_t *names)
{
    json_t *source = json_copy((json_t *)expansion->settings);
    json_object_del(source, "known");
    json_object_set_new(source, "name", json_string(suffix));
    const char *first = json_string_value(json_array_get(names, 0));
    if (json_object_get(source, "late") == NULL && is_organization(first)) {
        json_object_set_new(source, "late", json_integer(late_workspace_ms));
    }
    json_object_set_new(source, "resources", names);
    json_array_append_new(expansion->sources, source);
}

/* Keeps a set of before, without the names that are gone, and takes its others off. */
static void keep_set(struct expansion *expansion, const json_t *row)
{
    const json_t *found = json_object_get(row, "found");
    const char *suffix = json_string_value(json_object_get(row, "name"));
    json_t *kept = json_array();
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach(json_object_get(found, "resources"), i, name)
    {
        if (json_object_del(expansion->names, json_string_value(name)) == 0) {
            json_array_append(kept, name);
        }
    }
    if (json_array_size(kept) > 0) {
        add_source_take(expansion, suffix, kept);
    } else {
        json_decref(kept);
    }
}

static void keep_sets(struct expansion *expansion)
{
    static const char prefix[] = "set";
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(expansion->settings, "known"), i, row)
    {
        const char *suffix = json_string_value(json_object_get(row, "name"));
        long number =
            starts_with(suffix, prefix) ? strtol(suffix + strlen(prefix), NULL, 10) : 1;
        expansion->last = number > expansion->last ? number : expansion->last;
        if (json_object_get(row, "gone") == NULL) {
            keep_set(expansion, row);
        }
    }
}

/* The first set of all has the entry's own name; a number is never given twice. */
static void add_set_take(struct expansion *expansion, json_t *names)
{
    char *suffix =
        expansion->last == 0 ? mem_dup("") : mem_format("set%ld", expansion->last + 1);
    expansion->last++;
    add_source_take(expansion, suffix, names);
    free(suffix);
}

/* Puts the names that are left into new sets, organisations into sets of their own. */
static void add_sets(struct expansion *expansion, bool organizations)
{
    json_t *names = json_array();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(expansion->names, name, value)
    {
        if (is_organization(name) != organizations) {
            continue;
        }
        json_array_append_new(names, json_string(name));
        if (json_array_size(names) == SETS_NAMES_MAX) {
            add_set_take(expansion, names);
            names = json_array();
        }
    }
    if (json_array_size(names) > 0) {
        add_set_take(expansion, names);
    } else {
        json_decref(names);
    }
}

/* Puts the names that are refused into a set of their own, when others are not. */
static void split_set(struct expansion *expansion, struct refused *refused,
                      json_t *source)
{
    json_t *names = json_object_get(source, "resources");
    size_t count = json_array_size(names);
    json_t *bad = count > 1 ? refused_find(refused, names) : json_array();
    size_t bad_count = json_array_size(bad);
    if (bad_count == 0 || bad_count == count) {
        json_decref(bad);
        return;
    }
    json_t *good = json_array();
    for (size_t i = 0, next = 0; i < count; i++) {
        json_t *name = json_array_get(names, i);
        if (next < bad_count && json_equal(name, json_array_get(bad, next))) {
            next++;
        } else {
            json_array_append(good, name);
        }
    }
    json_object_set_new(source, "resources", good);
    add_set_take(expansion, bad);
    json_t *made =
        json_array_get(expansion->sources, json_array_size(expansion->sources) - 1);
    json_object_set(made, "after", json_object_get(source, "name"));
}

/* One name that is refused must not keep the others of its set from being read. */
static void split_sets(struct expansion *expansion, const struct runtime *runtime)
{
    struct google google;
    struct refused refused = {0};
    size_t count = json_array_size(expansion->sources);
    if (google_open(&google, "logging", expansion->settings, runtime, NULL)) {
        refused_init(&refused, &google, expansion->settings);
        for (size_t i = 0; i < count && !refused.is_silent; i++) {
            split_set(expansion, &refused, json_array_get(expansion->sources, i));
        }
    }
    refused_clear(&refused);
    google_clear(&google);
}

bool sets_expand(const json_t *settings, const struct runtime *runtime, json_t **sources,
                 struct error *err)
{
    struct expansion expansion = {
        .settings = settings, .names = json_object(), .sources = json_array()};
    bool ok = find_names(&expansion, runtime, err);
    if (ok) {
        keep_sets(&expansion);
        add_sets(&expansion, false);
        add_sets(&expansion, true);
        if (json_object_get(settings, "known") != NULL) { /* else only names are wanted */
            split_sets(&expansion, runtime);
        }
        *sources = expansion.sources;
    } else {
        json_decref(expansion.sources);
    }
    google_clear(&expansion.google);
    json_decref(expansion.names);
    return ok;
}
