/*
 * The cloud's time, as its answers' Date headers told it and the monotonic clock
 * carries it on. Before the first answer it is this machine's time, which can
 * delay reading but never skip: slice_dated corrects a slice that began too early.
 */
#ifndef BRIDGE_CLOCK_H
#define BRIDGE_CLOCK_H

#include "runtime.h"

#include <stdbool.h>

struct cloud_clock {
    bool is_known;     /* an answer has told the time */
    bool is_silent;    /* one came without: this API tells none, ours has to do */
    int64_t offset_ms; /* cloud's time minus the monotonic clock */
};

/* An answer came and said date_ms (0: it did not say). */
void clock_told(struct cloud_clock *clock, const struct runtime *runtime,
                int64_t date_ms);
/* The cloud's time when the monotonic clock showed monotonic_ms. */
int64_t clock_at(const struct cloud_clock *clock, const struct runtime *runtime,
                 int64_t monotonic_ms);
int64_t clock_now(const struct cloud_clock *clock, const struct runtime *runtime);

#endif
