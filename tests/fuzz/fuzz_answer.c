/*
 * An answer that jansson can read gives as many records as its array has elements;
 * any other gives records that lie inside the page, or ERROR_DATA and no record.
 */
#include "provider.h"
#include "record/answer.h"
#include "record/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_shape shape = {
    .wrappers = {{.array_key = "value"},
                 {.array_key = "Events",
                  .string_key = "CloudTrailEvent",
                  .context_key = "Resources"}},
    .time_path = "t",
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_inside(struct bytes bytes, const struct buf *buf)
{
    return buf->data != NULL && bytes.data >= buf->data &&
           bytes.data + bytes.size <= buf->data + buf->size;
}

static void check_records(const struct page *page)
{
    for (size_t i = 0; i < page->record_count; i++) {
        const struct record *record = &page->records[i];
        check(is_inside(record->bytes, &page->body) ||
              is_inside(record->bytes, &page->decoded));
        check(record->context.size == 0 || is_inside(record->context, &page->body));
    }
}

/* How many records jansson counts; SIZE_MAX when it cannot. */
static size_t count_records(const uint8_t *data, size_t size)
{
    json_t *root = json_loadb((const char *)data, size,
                              JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    json_t *value = json_object_get(root, "value");
    json_t *events = json_object_get(root, "Events");
    bool has_array = json_is_array(value) || json_is_array(events);
    size_t count =
        has_array ? json_array_size(value) + json_array_size(events) : SIZE_MAX;
    json_decref(root);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page page = {0};
    struct error err = {0};
    struct answer_text text = {.key = "next"};
    buf_init(&page.body, SIZE_MAX / 2);
    buf_add(&page.body, data, size);
    buf_add(&page.body, "\"]}1,:[{\"]}1,:[{", BUF_PADDING);
    page.body.size = size;

    bool ok = answer_split(&shape, &text, 1, &page, &err);

    check(ok || (err.kind == ERROR_DATA && page.record_count == 0 && text.text == NULL));
    check_records(&page);
    bool has_nul = size > 0 && memchr(data, '\0', size) != NULL;
    size_t count = has_nul ? SIZE_MAX : count_records(data, size);
    /* Too deep is broken here, and no cloud writes its own keys with escapes. */
    bool is_deep = size >= (size_t)2 * SCAN_DEPTH_MAX;
    bool has_escape = size > 0 && memchr(data, '\\', size) != NULL;
    check(count == SIZE_MAX || is_deep || has_escape ||
          (ok && page.record_count == count));
    free(text.text);
    page_clear(&page);
    return 0;
}
