#include "gcp/adc_impersonate.h"

#include "base/mem.h"
#include "gcp/adc_ask.h"

#include <stdlib.h>
#include <string.h>

enum { LIFE_S = 3600 };

static json_t *split(const char *scope)
{
    json_t *list = json_array();
    for (size_t size = 0; *scope != '\0'; scope += size + (scope[size] == ' ')) {
        size = strcspn(scope, " ");
        json_array_append_new(list, json_stringn(scope, size));
    }
    return list;
}

static json_int_t life_of(const struct adc_source *source)
{
    const json_t *options =
        json_object_get(source->file, "service_account_impersonation");
    json_int_t life_s =
        json_integer_value(json_object_get(options, "token_lifetime_seconds"));
    return life_s > 0 ? life_s : LIFE_S;
}

static char *write_body(const struct adc_source *source, const char *scope)
{
    char *lifetime = mem_format("%llds", (long long)life_of(source));
    json_t *body = json_pack("{s:o, s:s}", "scope", split(scope), "lifetime", lifetime);
    json_t *delegates = json_object_get(source->file, "delegates");
    if (json_array_size(delegates) > 0) {
        json_object_set(body, "delegates", delegates);
    }
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    free(lifetime);
    return text;
}

bool adc_impersonate(const struct adc_impersonate_wish *wish, struct token *token,
                     struct error *err)
{
    const struct adc_source *source = wish->source;
    char *body = write_body(source, wish->scope);
    const struct adc_ask ask = {
        .source = source,
        .runtime = wish->runtime,
        .content_type = "application/json",
        .body = bytes_of(body),
        .scheme = "Bearer",
        .proof = wish->base,
        /* Google asks a user, who belongs to no project, whose quota it is. */
        .quota_project = adc_source_text(source->base, "quota_project_id"),
    };
    bool ok = adc_ask_token(&ask, token, err);
    free(body);
    return ok;
}
