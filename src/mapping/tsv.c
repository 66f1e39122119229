#include "mapping/tsv.h"

/* Takes what stands before the first end off text, and end with it; false: none is. */
static bool take_until(struct bytes *text, uint8_t end, struct bytes *taken)
{
    const uint8_t *found = memchr(text->data, end, text->size);
    if (found == NULL) {
        return false;
    }
    *taken = (struct bytes){text->data, (size_t)(found - text->data)};
    text->data = found + 1;
    text->size -= taken->size + 1;
    return true;
}

static void split(struct tsv *tsv, struct bytes line)
{
    tsv->count = 0;
    while (tsv->count + 1 < TSV_COLUMNS_MAX &&
           take_until(&line, '\t', &tsv->cells[tsv->count])) {
        tsv->count++;
    }
    tsv->cells[tsv->count++] = line;
}

bool tsv_next(struct tsv *tsv)
{
    while (tsv->rest.size > 0) {
        struct bytes line = tsv->rest;
        if (!take_until(&tsv->rest, '\n', &line)) {
            tsv->rest.size = 0;
        }
        tsv->line++;
        if (line.size > 0 && line.data[line.size - 1] == '\r') {
            line.size--;
        }
        if (line.size > 0) {
            split(tsv, line);
            return true;
        }
    }
    tsv->count = 0;
    return false;
}

void tsv_start(struct tsv *tsv, const char *file, struct bytes text)
{
    *tsv = (struct tsv){.file = file, .rest = text};
    tsv_next(tsv);
}

size_t tsv_column(const struct tsv *tsv, const char *name)
{
    for (size_t i = 0; i < tsv->count; i++) {
        if (bytes_equal(tsv->cells[i], bytes_of(name))) {
            return i;
        }
    }
    return TSV_COLUMNS_MAX;
}

struct bytes tsv_cell(const struct tsv *tsv, size_t column)
{
    return column < tsv->count ? tsv->cells[column] : (struct bytes){0};
}
