#include "aws/organizations.h"

#include "aws/client.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, PAGES_MAX = 10000 };

/* State took the place of Status in September 2026; both are read. */
static bool is_closed(const json_t *account)
{
    static const char *const closed[] = {"SUSPENDED", "CLOSED", "PENDING_ACTIVATION"};
    const char *state = json_string_value(json_object_get(account, "State"));
    if (state == NULL) {
        state = json_string_value(json_object_get(account, "Status"));
    }
    bool found = false;
    for (size_t i = 0; state != NULL && i < sizeof(closed) / sizeof(closed[0]); i++) {
        found = found || strcmp(state, closed[i]) == 0;
    }
    return found;
}

/* Adds what an answer lists; *token becomes the next page's, or NULL. */
static bool take(const struct buf *body, json_t *accounts, char **token,
                 struct error *err)
{
    json_t *answer = json_loadb((const char *)body->data, body->size, 0, NULL);
    const json_t *listed = json_object_get(answer, "Accounts");
    bool ok = json_is_array(listed);
    for (size_t i = 0; i < json_array_size(listed); i++) {
        const json_t *account = json_array_get(listed, i);
        const char *id = json_string_value(json_object_get(account, "Id"));
        const char *name = json_string_value(json_object_get(account, "Name"));
        if (id != NULL && !is_closed(account)) {
            json_object_set_new(accounts, id, json_string(name == NULL ? "" : name));
        }
    }
    const char *next = json_string_value(json_object_get(answer, "NextToken"));
    free(*token);
    *token = next == NULL || next[0] == '\0' ? NULL : mem_dup(next);
    json_decref(answer);
    return ok || error_set(err, ERROR_DATA, "the answer of ListAccounts is none");
}

static bool ask(struct client *client, json_t *accounts, char **token, struct error *err)
{
    json_t *query = json_object();
    if (*token != NULL) {
        json_object_set_new(query, "NextToken", json_string(*token));
    }
    char *text = json_dumps(query, JSON_COMPACT);
    const struct client_call call = {
        .target = "AWSOrganizationsV20161128.ListAccounts",
        .action = "organizations:ListAccounts",
        .remedy =
            "allow it in its IAM policy, and use the management account or one that "
            "is a delegated administrator",
        .body = bytes_of(text),
        .limit = ANSWER_MAX,
    };
    struct http_response response = {0};
    struct fault fault;
    bool ok = client_send(client, &call, &response, &fault, err) &&
              take(&response.body, accounts, token, err);
    http_response_clear(&response);
    free(text);
    json_decref(query);
    return ok;
}

bool organizations_accounts(const json_t *settings, const struct runtime *runtime,
                            const char *region, json_t **accounts, struct error *err)
{
    struct client client = {
        .runtime = runtime, .service = "organizations", .region = mem_dup(region)};
    json_t *found = json_object();
    char *token = NULL;
    char *configured = endpoint_configured("organizations", region, settings);
    bool ok = client_open(&client, settings, configured, err);
    int pages = 0;
    do {
        ok = ok && ask(&client, found, &token, err);
    } while (ok && token != NULL && ++pages < PAGES_MAX);
    if (ok && token != NULL) {
        ok = error_set(err, ERROR_DATA, "ListAccounts has no end");
    }
    free(token);
    free(configured);
    client_clear(&client);
    if (!ok) {
        json_decref(found);
        return error_context(err, "organizations %s", region);
    }
    *accounts = found;
    return true;
}
