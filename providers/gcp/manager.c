#include "gcp/manager.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4 << 20 };

static const char denied[] = "this identity may not ask that of Resource Manager";

bool manager_open(struct manager *manager, const json_t *settings,
                  const struct runtime *runtime, struct error *err)
{
    *manager = (struct manager){.policies = json_object(), .parents = json_object()};
    return google_open(&manager->google, "cloudresourcemanager", settings, runtime, err);
}

void manager_clear(struct manager *manager)
{
    google_clear(&manager->google);
    json_decref(manager->policies);
    json_decref(manager->parents);
    *manager = (struct manager){0};
}

bool manager_knows(const char *name)
{
    static const char *const kinds[] = {"projects/", "folders/", "organizations/"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t size = strlen(kinds[i]);
        if (strncmp(name, kinds[i], size) == 0) {
            return strchr(name + size, '/') == NULL;
        }
    }
    return false;
}

/* body_take: NULL for a GET. The answer is the caller's. */
static bool ask(struct manager *manager, const char *path, json_t *body_take,
                json_t **answer, struct error *err)
{
    char *body = body_take == NULL ? NULL : json_dumps(body_take, JSON_COMPACT);
    struct http_response response = {0};
    const struct google_call call = {.path = path,
                                     .body = bytes_of(body == NULL ? "" : body),
                                     .denied = denied,
                                     .limit = ANSWER_MAX};
    bool ok = google_send(&manager->google, &call, &response, err);
    if (ok) {
        *answer =
            json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
        ok = json_is_object(*answer) ||
             error_set(err, ERROR_DATA, "Resource Manager's answer is no object");
    }
    http_response_clear(&response);
    json_decref(body_take);
    free(body);
    return ok;
}

bool manager_test(struct manager *manager, const char *name, json_t *permissions,
                  json_t **granted, struct error *err)
{
    json_t *answer = NULL;
    char *path = mem_format("/v3/%s:testIamPermissions", name);
    bool ok =
        ask(manager, path, json_pack("{s:O}", "permissions", permissions), &answer, err);
    if (ok) {
        json_t *list = json_object_get(answer, "permissions");
        *granted = json_is_array(list) ? json_incref(list) : json_array();
    }
    json_decref(answer);
    free(path);
    return ok;
}

const json_t *manager_audits(struct manager *manager, const char *name)
{
    if (json_object_get(manager->policies, name) == NULL) {
        json_t *answer = NULL;
        char *path = mem_format("/v3/%s:getIamPolicy", name);
        bool ok = ask(manager, path,
                      json_pack("{s:{s:i}}", "options", "requestedPolicyVersion", 3),
                      &answer, NULL);
        json_t *configs = json_object_get(answer, "auditConfigs");
        json_object_set_new(manager->policies, name,
                            !ok                      ? json_null()
                            : json_is_array(configs) ? json_incref(configs)
                                                     : json_array());
        json_decref(answer);
        free(path);
    }
    const json_t *kept = json_object_get(manager->policies, name);
    return json_is_array(kept) ? kept : NULL;
}

const char *manager_parent(struct manager *manager, const char *name)
{
    if (strncmp(name, "organizations/", strlen("organizations/")) == 0) {
        return "";
    }
    if (json_object_get(manager->parents, name) == NULL) {
        json_t *answer = NULL;
        char *path = mem_format("/v3/%s", name);
        bool ok = ask(manager, path, NULL, &answer, NULL);
        const char *parent = json_string_value(json_object_get(answer, "parent"));
        parent = parent != NULL && manager_knows(parent) ? parent : "";
        json_object_set_new(manager->parents, name,
                            ok ? json_string(parent) : json_null());
        json_decref(answer);
        free(path);
    }
    return json_string_value(json_object_get(manager->parents, name));
}
