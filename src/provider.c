#include "provider.h"

#include "base/mem.h"

#include <stdlib.h>

void page_clear(struct page *page)
{
    buf_clear(&page->body);
    buf_clear(&page->decoded);
    free(page->records);
    free(page->record_ms);
    json_decref(page->place);
    *page = (struct page){0};
}

void page_add(struct page *page, const struct record *record, int64_t ms)
{
    size_t count = page->record_count;
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        size_t room = count == 0 ? 1 : 2 * count;
        page->records = mem_resize(page->records, room, sizeof(*page->records));
        page->record_ms = mem_resize(page->record_ms, room, sizeof(*page->record_ms));
    }
    page->records[count] = *record;
    page->record_ms[count] = ms;
    page->record_count++;
}
