#include "aws/identity_what.h"

#include "aws/partition.h"
#include "aws/sts.h"
#include "base/object.h"

#include <string.h>

/* What an identity is made of: equal settings, equal key, whichever source they are of.
 */
json_t *identity_what(const json_t *settings, const char *region)
{
    static const char *const names[] = {
        "credentials",  "profile",    "credential_process",
        "session_name", "sts_region", "sts_endpoint",
        "ca_file",      "fips"};
    json_t *what = json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_deep_copy(json_object_get(settings, names[i]));
        if (value != NULL) {
            json_object_set_new(what, names[i], value);
        }
    }
    json_t *endpoint =
        json_deep_copy(json_object_get(json_object_get(settings, "endpoints"), "sts"));
    if (endpoint != NULL && json_object_get(what, "sts_endpoint") == NULL) {
        json_object_set_new(what, "sts_endpoint", json_incref(endpoint));
    }
    json_decref(endpoint);
    json_object_set_new(what, "partition", json_string(partition_of(region)->name));
    json_t *arns = json_object_get(settings, "role_arn");
    json_t *roles = json_array();
    for (size_t i = 0; i < json_array_size(arns); i++) {
        json_array_append_new(
            roles, json_pack("{s:o}", "arn", json_deep_copy(json_array_get(arns, i))));
    }
    const char *external_id = object_text(settings, "external_id");
    json_t *last = json_array_get(roles, json_array_size(roles) - 1);
    if (external_id != NULL && last != NULL) {
        json_object_set_new(last, "external_id", json_string(external_id));
    }
    json_object_set_new(what, "roles", roles);
    return what;
}

static bool check_roles(const json_t *roles, struct error *err)
{
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *fault = sts_arn_fault(object_text(json_array_get(roles, i), "arn"));
        if (fault != NULL) {
            return error_set(err, ERROR_CONFIG, "role_arn: %s", fault);
        }
    }
    return true;
}

/* A setting that nothing would look at was meant for something. */
bool identity_what_check(const json_t *what, const json_t *settings, struct error *err)
{
    const char *kind = object_text(what, "credentials");
    bool is_process = kind != NULL && strcmp(kind, "process") == 0;
    bool has_process = json_array_size(json_object_get(what, "credential_process")) > 0;
    const char *session = object_text(what, "session_name");
    const char *fault = session == NULL ? NULL : sts_session_fault(session);
    if (fault != NULL) {
        return error_set(err, ERROR_CONFIG, "session_name: %s", fault);
    }
    if (is_process != has_process) {
        return error_set(err, ERROR_CONFIG,
                         "\"credentials: process\" and credential_process go together; "
                         "%s",
                         is_process ? "name the program and its arguments"
                                    : "say both, or remove credential_process");
    }
    if (object_text(what, "profile") != NULL && kind != NULL &&
        strcmp(kind, "auto") != 0 && strcmp(kind, "profile") != 0) {
        return error_set(err, ERROR_CONFIG,
                         "profile: \"credentials: %s\" does not use one; remove either",
                         kind);
    }
    const json_t *roles = json_object_get(what, "roles");
    const char *external_id = object_text(settings, "external_id");
    if (external_id != NULL && json_array_size(roles) == 0) {
        return error_set(err, ERROR_CONFIG,
                         "external_id: there is no role_arn that could ask for it");
    }
    if (external_id != NULL && strlen(external_id) < 2) {
        return error_set(err, ERROR_CONFIG,
                         "external_id: must have 2 to 1224 characters");
    }
    return check_roles(roles, err);
}
