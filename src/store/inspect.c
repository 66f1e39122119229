#include "store/inspect.h"

#include <stdlib.h>

void store_sources_clear(struct store_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        json_decref(sources->items[i].cursor.place);
        free(sources->items[i].holder_host);
        free(sources->items[i].name);
    }
    free(sources->items);
    *sources = (struct store_sources){0};
}

void store_evidence_clear(struct store_evidence *evidence)
{
    for (size_t i = 0; i < evidence->gap_count; i++) {
        free((char *)evidence->gaps[i].reason);
    }
    free(evidence->gaps);
    free(evidence->hours);
    *evidence = (struct store_evidence){0};
}

void store_letters_clear(struct store_letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        free(letters->items[i].source);
        free(letters->items[i].event_id);
        free(letters->items[i].sink);
        free(letters->items[i].reason);
        free(letters->items[i].event);
    }
    free(letters->items);
    *letters = (struct store_letters){0};
}
