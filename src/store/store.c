#include "store/store.h"

#include <stdlib.h>

void claim_clear(struct claim *claim)
{
    free(claim->source);
    json_decref(claim->cursor.place);
    *claim = (struct claim){0};
}
