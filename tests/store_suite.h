/*
 * What every store promises (store/store.h), whatever it is made of. A store's own
 * test gives the type and settings that open an empty one.
 */
#ifndef STORE_SUITE_H
#define STORE_SUITE_H

#include "store/store.h"

/* A clock that stands still until a test moves it. */
struct suite_clock {
    int64_t now_ms;
};

struct runtime suite_runtime(struct suite_clock *clock);

/* Settings of a store that holds nothing yet; the caller owns them. */
int store_suite_run(const struct store_type *type, json_t *(*empty_settings)(void));

/* Claims or gives back one source; what became of it is in err. */
bool suite_claim(const struct store_type *type, struct store *store, const char *source,
                 struct claim *claim, struct error *err);
bool suite_release(const struct store_type *type, struct store *store,
                   struct claim *claim, struct error *err);

/* An event, the same for the same number; its hour is number / 1000. */
struct store_delivered suite_event(uint32_t number);

#endif
