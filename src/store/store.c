#include "store/store.h"

#include <stdlib.h>

void claim_clear(struct claim *claim)
{
    free(claim->source);
    json_decref(claim->cursor.place);
    json_decref(claim->moved.place);
    *claim = (struct claim){0};
}
