/*
 * What `state export` wrote, read back: as careful as with any file from outside.
 */
#ifndef COMMANDS_STATE_DOCUMENT_H
#define COMMANDS_STATE_DOCUMENT_H

#include "store/inspect.h"

/* One source of a document. */
struct state_entry {
    const char *name;     /* the document's */
    struct cursor cursor; /* without slice; marks it does not have equal the lowest */
    size_t mark_count;
    struct store_evidence evidence; /* owned */
};

struct state_document {
    json_t *json;
    struct state_entry *entries;
    size_t count;
};

/* file "-": standard input. Errors: ERROR_CONFIG. The caller clears, either way. */
bool state_document_read(const char *file, struct state_document *document,
                         struct error *err);
void state_document_clear(struct state_document *document);

#endif
