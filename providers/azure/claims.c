#include "azure/claims.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *const claims_choices[] = {"minimal", "all", "none", NULL};

/* Personal, or of use only to whoever checks the token; who and which app stay. */
static const char *const personal[] = {
    "acrs",
    "aio",
    "altsecid",
    "deviceid",
    "email",
    "family_name",
    "given_name",
    "groups",
    "in_corp",
    "onprem_sid",
    "puid",
    "pwd_exp",
    "pwd_url",
    "rh",
    "sid",
    "tenant_region_scope",
    "unique_name",
    "uti",
    "wids",
    "xms_cc",
    "xms_ftd",
    "xms_idrel",
    "xms_st",
    "xms_tcdt",
    "\"http://schemas.microsoft.com/2012/01/devicecontext/claims/identifier\"",
    "\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname\"",
    "\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier\"",
    "\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname\"",
};

static void add_personal(json_t *paths, const char *parent)
{
    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
        char *path = mem_format("%s.%s", parent, personal[i]);
        json_array_append_new(paths, json_string(path));
        free(path);
    }
}

json_t *claims_redact(const char *choice)
{
    json_t *paths = json_array();
    if (strcmp(choice, "none") == 0) {
        json_array_append_new(paths, json_string("claims"));
        json_array_append_new(paths, json_string("identity.claims"));
    } else if (strcmp(choice, "minimal") == 0) {
        add_personal(paths, "claims");
        add_personal(paths, "identity.claims");
    }
    return paths;
}
