#include "azure/activity_expand.h"

#include "azure/api.h"
#include "azure/claims.h"
#include "azure/grant.h"
#include "azure/link.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BODY_MAX = 4 << 20, LIST_PAGES_MAX = 200 };

/* What is at work while one entry is expanded. */
struct expansion {
    const json_t *settings;
    struct api api;
    json_t *sources;
    json_t *known; /* ids that have a source */
};

/* What may be granted instead of naming subscriptions. The caller's. */
static char *say_reader(const struct expansion *expansion, const char *what,
                        const char *scope)
{
    char *command = grant_reader(expansion->api.identity, scope);
    char *text = mem_format("%s: %s", what, command);
    free(command);
    return text;
}

static bool fits_one(const json_t *patterns, const char *id, const char *name)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(patterns, i, item)
    {
        struct bytes pattern = bytes_of(json_string_value(item));
        if (text_matches_glob(bytes_of(id), pattern) ||
            text_matches_glob(bytes_of(name), pattern)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const json_t *settings, const char *id, const char *name)
{
    const json_t *include = json_object_get(settings, "include");
    return (json_array_size(include) == 0 || fits_one(include, id, name)) &&
           !fits_one(json_object_get(settings, "exclude"), id, name);
}

/* Subscription ids are written in either case. */
static char *lower_case(const char *text)
{
    char *lower = mem_dup(text);
    for (char *at = lower; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    return lower;
}

static bool is_id(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789abcdefABCDEF-") == strlen(text);
}

static void add_source(struct expansion *expansion, const char *name,
                       const char *subscription, const char *account)
{
    const char *claims =
        json_string_value(json_object_get(expansion->settings, "claims"));
    json_t *source = json_deep_copy(expansion->settings);
    json_object_set_new(source, "name", json_string(name));
    json_object_set_new(source, "redact",
                        claims_redact(claims == NULL ? "minimal" : claims));
    if (account != NULL) {
        json_object_set_new(source, "account", json_string(account));
    }
    if (subscription != NULL) {
        json_object_set_new(source, "subscription", json_string(subscription));
    }
    json_array_append_new(expansion->sources, source);
}

static void add_subscription(struct expansion *expansion, const char *text)
{
    char *id = lower_case(text);
    if (is_id(id) && json_object_get(expansion->known, id) == NULL) {
        json_object_set_new(expansion->known, id, json_true());
        add_source(expansion, id, id, id);
    }
    free(id);
}

/* What one element of a list says. */
typedef void take_element(struct expansion *expansion, const json_t *element);

static void take_subscription(struct expansion *expansion, const json_t *element)
{
    const char *id = json_string_value(json_object_get(element, "subscriptionId"));
    const char *name = json_string_value(json_object_get(element, "displayName"));
    if (id != NULL && is_wanted(expansion->settings, id, name == NULL ? "" : name)) {
        add_subscription(expansion, id);
    }
}

static void take_descendant(struct expansion *expansion, const json_t *element)
{
    const char *type = json_string_value(json_object_get(element, "type"));
    const char *id = json_string_value(json_object_get(element, "name"));
    const json_t *properties = json_object_get(element, "properties");
    const char *name = json_string_value(json_object_get(properties, "displayName"));
    bool is_subscription =
        type != NULL && id != NULL && strstr(type, "/subscriptions") != NULL;
    if (is_subscription && is_wanted(expansion->settings, id, name == NULL ? "" : name)) {
        add_subscription(expansion, id);
    }
}

/* One page of a list; *url becomes the next one's, or NULL. */
static bool read_list_page(struct expansion *expansion, const char *denied, char **url,
                           take_element *take, struct error *err)
{
    struct http_response response = {0};
    const struct api_call call = {
        .url = *url, .denied = denied, .limit = LIST_BODY_MAX, .is_first = true};
    json_t *body = NULL;
    bool ok = api_get(&expansion->api, &call, &response, err);
    if (ok) {
        body = json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
        ok = json_is_array(json_object_get(body, "value")) ||
             error_set(err, ERROR_DATA, "the answer is no list");
    }
    free(*url);
    *url = NULL;
    size_t i = 0;
    json_t *element = NULL;
    json_array_foreach(json_object_get(body, "value"), i, element)
    {
        take(expansion, element);
    }
    const char *next = json_string_value(json_object_get(body, "nextLink"));
    if (ok && next != NULL && next[0] != '\0') {
        *url = link_follow(expansion->api.base, next, err);
        ok = *url != NULL;
    }
    json_decref(body);
    http_response_clear(&response);
    return ok;
}

/* Takes url. */
static bool read_list_take(struct expansion *expansion, const char *denied, char *url,
                           take_element *take, struct error *err)
{
    int pages = 0;
    bool ok = true;
    while (ok && url != NULL) {
        ok = pages++ < LIST_PAGES_MAX
                 ? read_list_page(expansion, denied, &url, take, err)
                 : error_set(err, ERROR_DATA, "a list of more than %d pages",
                             (int)LIST_PAGES_MAX);
    }
    free(url);
    return ok;
}

static bool read_group(struct expansion *expansion, const char *name, struct error *err)
{
    char *scope = mem_format("/providers/Microsoft.Management/managementGroups/%s", name);
    char *denied = say_reader(
        expansion, "this identity may not list the management group; grant it", scope);
    char *url =
        mem_format("%s%s/descendants?api-version=2020-05-01", expansion->api.base, scope);
    bool ok = read_list_take(expansion, denied, url, take_descendant, err);
    free(denied);
    free(scope);
    return ok || error_context(err, "management group %s", name);
}

static bool read_groups(struct expansion *expansion, const json_t *groups,
                        struct error *err)
{
    size_t i = 0;
    json_t *group = NULL;
    json_array_foreach(groups, i, group)
    {
        if (!read_group(expansion, json_string_value(group), err)) {
            return false;
        }
    }
    return true;
}

/* Does the operator want the tenant level alone? Only those words say so. */
static bool wants_none(const struct expansion *expansion)
{
    return json_array_size(expansion->sources) > 0 &&
           fits_one(json_object_get(expansion->settings, "exclude"), "", "");
}

static bool discover(struct expansion *expansion, struct error *err)
{
    char *url =
        mem_format("%s/subscriptions?api-version=2022-12-01", expansion->api.base);
    char *denied = say_reader(expansion,
                              "this identity sees no subscription that is wanted by "
                              "\"include\" and \"exclude\"; grant it those",
                              "/subscriptions/SUBSCRIPTION");
    bool ok = read_list_take(expansion, denied, url, take_subscription, err);
    ok = ok && (json_object_size(expansion->known) > 0 || wants_none(expansion) ||
                error_set(err, ERROR_DENIED, "%s", denied));
    free(denied);
    return ok || error_context(err, "list of subscriptions");
}

static bool fill(struct expansion *expansion, const struct runtime *runtime,
                 struct error *err)
{
    const json_t *settings = expansion->settings;
    const json_t *listed = json_object_get(settings, "subscriptions");
    const json_t *groups = json_object_get(settings, "management_groups");
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(listed, i, item)
    {
        add_subscription(expansion, json_string_value(item));
    }
    bool is_listed = json_array_size(listed) > 0;
    if (is_listed && json_array_size(groups) == 0) {
        return true;
    }
    if (!api_open(&expansion->api, API_MANAGEMENT, settings, runtime, err)) {
        return false;
    }
    return json_array_size(groups) > 0 ? read_groups(expansion, groups, err)
                                       : discover(expansion, err);
}

bool activity_expand(const json_t *settings, const struct runtime *runtime,
                     json_t **sources, struct error *err)
{
    struct expansion expansion = {
        .settings = settings, .sources = json_array(), .known = json_object()};
    if (json_is_true(json_object_get(settings, "tenant_level"))) {
        add_source(&expansion, "tenant", NULL, api_tenant(settings));
    }
    bool ok = fill(&expansion, runtime, err);
    api_clear(&expansion.api);
    json_decref(expansion.known);
    if (!ok) {
        json_decref(expansion.sources);
        return false;
    }
    *sources = expansion.sources;
    return true;
}
