#include "gcp/entries.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/lql.h"
#include "gcp/shape.h"
#include "record/answer.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SIZE_MAX = 1000, /* the most entries.list takes */
    PAGE_SIZE_MIN = 8,    /* of entries of 512 KiB each, and escapes */
    PAGE_SIZE_STEP = 5,   /* how much smaller pages become when one was too big */
    FILTER_DIGITS = 16,
    BODY_SMALL = 1 << 16,
};

/* Tokens die after 24 hours; an hour is left for clocks and for waiting. */
static const int64_t token_age_ms = 23LL * MS_PER_HOUR;

static const char denied[] =
    "this identity may not read the logs of every project, folder or organisation of "
    "this set; grant it roles/logging.viewer there, and roles/logging.privateLogViewer "
    "where data_access is read, or take the log out of \"logs\"";

/* One request of the walk. */
struct ask {
    char *filter;
    char digest[DIGEST_HEX_SIZE];
    const char *token; /* NULL: the slice's start */
    int64_t since_ms;
    int size;
};

void entries_clear(struct entries *entries)
{
    google_clear(&entries->google);
    *entries = (struct entries){0};
}

/* The request without its token: the caller's. */
static json_t *write_request(const struct entries *entries, const struct ask *ask)
{
    return json_pack("{s:O, s:s, s:s, s:i}", "resourceNames", entries->resources,
                     "filter", ask->filter, "orderBy", "timestamp asc", "pageSize",
                     ask->size);
}

static void digest_request(const struct entries *entries, struct ask *ask)
{
    uint8_t digest[DIGEST_SIZE];
    json_t *request = write_request(entries, ask);
    char *text = json_dumps(request, JSON_COMPACT);
    digest_sha256(bytes_of(text), digest);
    digest_hex((struct bytes){digest, FILTER_DIGITS / 2}, ask->digest);
    free(text);
    json_decref(request);
}

static int64_t now_ms(const struct entries *entries)
{
    const struct runtime *runtime = entries->google.runtime;
    return runtime->now_ms(runtime->context);
}

/* Aims at the slice's start, in pages of size. */
static void aim(const struct entries *entries, struct ask *ask, int size)
{
    ask->token = NULL;
    ask->since_ms = now_ms(entries);
    ask->size = size;
    digest_request(entries, ask);
}

/* Goes on behind place where its token is still good, else from the slice's start. */
static void resume(const struct entries *entries, const json_t *place, struct ask *ask)
{
    const char *token = json_string_value(json_object_get(place, "token"));
    const char *digest = json_string_value(json_object_get(place, "filter"));
    json_int_t size = json_integer_value(json_object_get(place, "size"));
    json_int_t since = json_integer_value(json_object_get(place, "since"));
    int usual = entries->page_size == 0 ? PAGE_SIZE_MAX : entries->page_size;
    bool is_size = size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX;
    aim(entries, ask, is_size ? (int)size : usual);
    int64_t age_ms = now_ms(entries) - since;
    if (token != NULL && digest != NULL && strcmp(digest, ask->digest) == 0 &&
        age_ms >= -token_age_ms && age_ms < token_age_ms) {
        ask->token = token;
        ask->since_ms = since;
    }
}

static bool send(struct entries *entries, const struct ask *ask,
                 struct http_response *response, struct error *err)
{
    json_t *request = write_request(entries, ask);
    if (ask->token != NULL) {
        json_object_set_new(request, "pageToken", json_string(ask->token));
    }
    char *body = json_dumps(request, JSON_COMPACT);
    const struct google_call call = {
        .path = "/v2/entries:list",
        .body = bytes_of(body),
        .denied = denied,
        .limit = PAGE_BODY_MAX,
    };
    bool ok = google_send(&entries->google, &call, response, err);
    free(body);
    json_decref(request);
    return ok;
}

/* May the request that failed be asked in another way? */
static bool change(struct entries *entries, struct ask *ask,
                   const struct http_response *response, const struct error *err)
{
    if (err->kind == ERROR_TOO_BIG && response->status != 504 &&
        ask->size > PAGE_SIZE_MIN) {
        int smaller = ask->size / PAGE_SIZE_STEP;
        entries->page_size = smaller < PAGE_SIZE_MIN ? PAGE_SIZE_MIN : smaller;
        aim(entries, ask, entries->page_size);
        return true;
    }
    if (ask->token != NULL && response->status == 400) {
        aim(entries, ask, ask->size); /* the token is over, or not for this request */
        return true;
    }
    return false;
}

/* {} and {"nextPageToken":"..."} hold no entries; anything else without them is none. */
static bool is_empty_answer(const struct page *page, char **token)
{
    if (page->body.size > BODY_SMALL) {
        return false;
    }
    json_t *body = json_loadb((const char *)page->body.data, page->body.size, 0, NULL);
    const json_t *next = json_object_get(body, "nextPageToken");
    bool is_empty =
        json_is_object(body) && json_object_size(body) == (json_is_string(next) ? 1 : 0);
    if (is_empty && next != NULL) {
        *token = mem_dup(json_string_value(next));
    }
    json_decref(body);
    return is_empty;
}

static bool take(const struct ask *ask, struct page *page, struct error *err)
{
    struct error failure = {0};
    struct answer_text next = {.key = "nextPageToken"};
    if (!answer_split(&record_shape_gcp_audit, &next, 1, page, &failure) &&
        !is_empty_answer(page, &next.text)) {
        *err = failure;
        return false;
    }
    page->done = next.text == NULL || next.text[0] == '\0';
    page->place = page->done ? json_object()
                             : json_pack("{s:s, s:I, s:s, s:i}", "token", next.text,
                                         "since", (json_int_t)ask->since_ms, "filter",
                                         ask->digest, "size", ask->size);
    bool is_circle = !page->done && ask->token != NULL && page->record_count > 0 &&
                     strcmp(next.text, ask->token) == 0;
    free(next.text);
    return !is_circle || error_set(err, ERROR_TOO_BIG,
                                   "a page gave its own token again: the service goes "
                                   "round in circles; asking for less at a time");
}

bool entries_poll(struct entries *entries, const struct slice *slice, const json_t *place,
                  struct page *page, struct error *err)
{
    struct error failure = {0};
    struct http_response response = {0};
    struct ask ask = {.filter = lql_slice(entries->settings, slice, entries->late_ms)};
    resume(entries, place, &ask);

    bool ok = send(entries, &ask, &response, &failure);
    while (!ok && change(entries, &ask, &response, &failure)) {
        http_response_clear(&response);
        failure = (struct error){0};
        ok = send(entries, &ask, &response, &failure);
    }
    page->date_ms = response.date_ms;
    page->allowed_per_second = entries->google.allowed_per_second;
    if (ok) {
        page->body = response.body; /* now the page's */
        response.body = (struct buf){0};
        ok = take(&ask, page, &failure);
    }
    http_response_clear(&response);
    free(ask.filter);
    if (!ok && err != NULL) {
        *err = failure;
    }
    return ok;
}
