#include "azure/pages.h"

#include "azure/link.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "record/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RESTARTS_MAX = 2, URL_MAX = 4096 };

void pages_clear(struct pages *pages)
{
    api_clear(&pages->api);
    free(pages->link);
    *pages = (struct pages){0};
}

/* Goes back to the slice's start. */
static void aim(struct pages *pages)
{
    free(pages->link);
    pages->link = NULL;
    pages->page = 0;
    pages->seen_count = 0;
}

/* Goes on behind place where it can, else from the slice's start. */
static bool resume(struct pages *pages, const struct slice *slice, const json_t *place,
                   struct error *err)
{
    int64_t at = json_integer_value(json_object_get(place, "page"));
    bool is_same = pages->slice.a_ms == slice->a_ms && pages->slice.b_ms == slice->b_ms;
    if (is_same && pages->link != NULL && at == pages->page) {
        return true;
    }
    aim(pages);
    pages->slice = *slice;
    pages->restarts = is_same ? pages->restarts : 0;
    return at < PAGES_LATE ||
           error_set(err, ERROR_TOO_BIG,
                     "the walk broke off behind page %" PRId64
                     " and its nextLink is gone; asking for less at a time",
                     at);
}

/* Notes a link or a page. False when this walk has been there. */
static bool note(struct pages *pages, const uint8_t digest[DIGEST_SIZE])
{
    for (size_t i = 0; i < pages->seen_count; i++) {
        if (memcmp(pages->seen[i], digest, DIGEST_SIZE) == 0) {
            return false;
        }
    }
    if (pages->seen_count < sizeof(pages->seen) / sizeof(pages->seen[0])) {
        memcpy(pages->seen[pages->seen_count++], digest, DIGEST_SIZE);
    }
    return true;
}

static bool note_link(struct pages *pages, const char *link)
{
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(bytes_of(link), digest);
    return note(pages, digest);
}

/* A page is the records from its first byte to its last. */
static bool note_records(struct pages *pages, const struct page *page)
{
    if (page->record_count == 0) {
        return true;
    }
    const struct bytes *first = &page->records[0].bytes;
    const struct bytes *last = &page->records[page->record_count - 1].bytes;
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(
        (struct bytes){first->data, (size_t)(last->data + last->size - first->data)},
        digest);
    return note(pages, digest);
}

/* {base}{path}?{filter}, which bounds the log's time by the slice's ends. */
static char *first_url(const struct pages *pages)
{
    static const char bound[] = "{}";
    int64_t ends_ms[] = {pages->slice.a_ms, pages->slice.b_ms};
    struct buf url;
    buf_init(&url, URL_MAX);
    buf_addf(&url, "%s%s?", pages->api.base, pages->log.path);
    const char *at = pages->log.filter;
    for (size_t i = 0; i < sizeof(ends_ms) / sizeof(ends_ms[0]); i++) {
        const char *end = strstr(at, bound);
        char text[TIMESTAMP_TEXT_SIZE];
        timestamp_format(ends_ms[i], text);
        buf_add(&url, at, (size_t)(end - at));
        buf_add_text(&url, text);
        at = end + strlen(bound);
    }
    buf_add_text(&url, at);
    char *text = mem_dup(buf_text(&url));
    buf_clear(&url);
    return text;
}

static bool ask(struct pages *pages, struct http_response *response, struct error *err)
{
    char *url = pages->link == NULL ? first_url(pages) : mem_dup(pages->link);
    const struct api_call call = {
        .url = url,
        .denied = pages->log.denied,
        .limit = PAGE_BODY_MAX,
        .is_first = pages->link == NULL,
    };
    bool ok = api_get(&pages->api, &call, response, err);
    free(url);
    return ok;
}

/* A nextLink died ("Invalid Skip Token"): the slice may be read from its start again. */
static bool may_restart(struct pages *pages, const struct http_response *response,
                        struct error *err)
{
    bool has_died = response->status == 400 || response->status == 410;
    if (pages->link == NULL || !has_died) {
        return false;
    }
    if (pages->restarts >= RESTARTS_MAX) {
        return error_set(err, ERROR_TOO_BIG,
                         "nextLinks of this slice die on the way (HTTP %d); asking for "
                         "less at a time",
                         response->status);
    }
    pages->restarts++;
    aim(pages);
    return true;
}

/* Keeps where the next page is, unless this walk has been there. */
static bool go_on(struct pages *pages, const char *next, struct error *err)
{
    free(pages->link);
    pages->link = NULL;
    if (next == NULL || next[0] == '\0') {
        return true;
    }
    pages->link = link_follow(pages->api.base, next, err);
    if (pages->link == NULL) {
        return false;
    }
    if (!note_link(pages, pages->link)) {
        return error_set(err, ERROR_TOO_BIG,
                         "the same nextLink came twice: the service goes round in "
                         "circles; asking for less at a time");
    }
    return pages->page < PAGES_MAX ||
           error_set(err, ERROR_TOO_BIG, "more than %d pages; asking for less at a time",
                     (int)PAGES_MAX);
}

static bool take(struct pages *pages, struct page *page, struct error *err)
{
    struct answer_text next = {.key = pages->log.link_key};
    if (!answer_split(pages->log.shape, &next, 1, page, err)) {
        return false;
    }
    pages->page++;
    bool ok = note_records(pages, page) ||
              error_set(err, ERROR_TOO_BIG,
                        "the same page came twice: the service goes round in circles; "
                        "asking for less at a time");
    ok = ok && go_on(pages, next.text, err);
    free(next.text);
    if (!ok) {
        aim(pages);
        return false;
    }
    page->place = json_pack("{s:I}", "page", (json_int_t)pages->page);
    page->done = pages->link == NULL;
    return true;
}

bool pages_poll(struct pages *pages, const struct slice *slice, const json_t *place,
                struct page *page, struct error *err)
{
    struct error failure = {0}; /* of a try that another one made good */
    struct http_response response = {0};
    if (!resume(pages, slice, place, err)) {
        return false;
    }
    bool ok = ask(pages, &response, &failure);
    while (!ok && may_restart(pages, &response, &failure)) {
        http_response_clear(&response);
        ok = ask(pages, &response, &failure);
    }
    page->date_ms = response.date_ms;
    if (ok) {
        page->body = response.body; /* now the page's */
        response.body = (struct buf){0};
        ok = take(pages, page, &failure);
    } else {
        aim(pages);
    }
    http_response_clear(&response);
    if (!ok && err != NULL) {
        *err = failure;
    }
    return ok;
}
