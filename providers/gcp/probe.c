#include "gcp/probe.h"

#include "base/timestamp.h"
#include "gcp/problem.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 1 << 21, /* an entry of 512 KiB, and what escapes make of it */
    PAGES_MAX = 20,       /* that are empty and say there is more */
    PATIENCE_MS = 20 * MS_PER_SECOND, /* reading must not wait for it */
};

static const char denied[] = "this identity may not read its log";

static bool ask_page(struct google *google, json_t *request, json_t **answer,
                     bool *is_denied, struct error *err)
{
    char *body = json_dumps(request, JSON_COMPACT);
    struct http_response response = {0};
    const struct google_call call = {.path = "/v2/entries:list",
                                     .body = bytes_of(body),
                                     .denied = denied,
                                     .limit = ANSWER_MAX,
                                     .patience_ms = PATIENCE_MS};
    bool ok = google_send(google, &call, &response, err);
    *is_denied = !ok && problem_is_of_names(&response);
    if (ok) {
        *answer =
            json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
        ok = json_is_object(*answer) ||
             error_set(err, ERROR_DATA, "Cloud Logging's answer is no list of entries");
    }
    http_response_clear(&response);
    free(body);
    return ok;
}

enum probe_answer probe_ask(struct google *google, const json_t *names,
                            const char *filter, struct error *err)
{
    json_t *request = json_pack("{s:O, s:s, s:s, s:i}", "resourceNames", names, "filter",
                                filter, "orderBy", "timestamp asc", "pageSize", 1);
    enum probe_answer result = PROBE_NOTHING;
    bool is_over = false;
    for (int page = 0; page < PAGES_MAX && !is_over; page++) {
        json_t *answer = NULL;
        bool is_denied = false;
        const char *token = NULL;
        if (!ask_page(google, request, &answer, &is_denied, err)) {
            result = is_denied ? PROBE_DENIED : PROBE_FAILED;
        } else if (json_array_size(json_object_get(answer, "entries")) > 0) {
            result = PROBE_FOUND;
        } else {
            token = json_string_value(json_object_get(answer, "nextPageToken"));
        }
        is_over = token == NULL || token[0] == '\0';
        if (!is_over) {
            json_object_set_new(request, "pageToken", json_string(token));
        }
        json_decref(answer);
    }
    json_decref(request);
    return result;
}
