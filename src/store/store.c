#include "store/store.h"

#include "store/ledger.h"

#include <stdlib.h>

void claim_clear(struct claim *claim)
{
    free(claim->source);
    json_decref(claim->cursor.place);
    json_decref(claim->moved.place);
    *claim = (struct claim){0};
}

void store_ledger_clear(struct store_ledger *ledger)
{
    for (size_t i = 0; i < ledger->refusal_count; i++) {
        free(ledger->refusals[i].sink);
    }
    free(ledger->refusals);
    free(ledger->hours);
    free(ledger->gaps);
    *ledger = (struct store_ledger){0};
}
