#include "gcp_world.h"

#include "base/mem.h"
#include "gcp/sets.h"
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Cloud Logging, which refuses a request that names one of what is denied. */
static struct cloud {
    json_t *denied;
    int status;
    int asked;
} cloud;

int gcp_world_asked(void)
{
    return cloud.asked;
}

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    json_t *body =
        json_loadb((const char *)request->body.data, request->body.size, 0, NULL);
    bool is_bad = false;
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach(json_object_get(body, "resourceNames"), i, name)
    {
        is_bad = is_bad || json_object_get(cloud.denied, json_string_value(name)) != NULL;
    }
    json_decref(body);
    cloud.asked++;
    http_response_clear(response);
    buf_init(&response->body, request->limit);
    response->status = is_bad ? cloud.status : 200;
    buf_add_text(&response->body,
                 is_bad ? "{\"error\":{\"status\":\"PERMISSION_DENIED\"}}" : "{}");
    return true;
}

static int64_t now_ms(void *context)
{
    (void)context;
    return INT64_C(1767225600000);
}

static void no_chance(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 7, size);
}

static const struct runtime runtime = {
    .http = answer, .now_ms = now_ms, .monotonic_ms = now_ms, .random = no_chance};

/* status: of a refusal. Names of the cloud end with NULL. */
void gcp_world_deny(int status, const char *const *names)
{
    json_decref(cloud.denied);
    cloud = (struct cloud){.denied = json_object(), .status = status};
    for (; *names != NULL; names++) {
        json_object_set_new(cloud.denied, *names, json_true());
    }
}

int gcp_world_forget(void **state)
{
    (void)state;
    json_decref(cloud.denied);
    cloud = (struct cloud){0};
    return 0;
}

json_t *gcp_world_projects(int first, int count)
{
    json_t *ids = json_array();
    for (int i = first; i < first + count; i++) {
        char *id = mem_format("case-%d", i);
        json_array_append_new(ids, json_string(id));
        free(id);
    }
    return ids;
}

/* What a list of projects comes to, given what was known. Takes ids and known. */
json_t *gcp_world_expand_take(json_t *ids, json_t *known)
{
    json_t *settings = json_pack("{s:o, s:o}", "projects", ids, "known", known);
    json_t *sources = NULL;
    struct error err = {0};
    assert_true(sets_expand(settings, &runtime, &sources, &err));
    json_decref(settings);
    return sources;
}

const char *gcp_world_name(const json_t *sources, size_t place)
{
    return json_string_value(json_object_get(json_array_get(sources, place), "name"));
}

size_t gcp_world_size(const json_t *sources, size_t place)
{
    return json_array_size(json_object_get(json_array_get(sources, place), "resources"));
}

/* As the store keeps sources. */
json_t *gcp_world_known(const json_t *sources)
{
    json_t *known = json_array();
    size_t i = 0;
    json_t *source = NULL;
    json_array_foreach((json_t *)sources, i, source)
    {
        json_array_append_new(known, json_pack("{s:O, s:O}", "name",
                                               json_object_get(source, "name"), "found",
                                               source));
    }
    return known;
}
