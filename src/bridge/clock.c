#include "bridge/clock.h"

void clock_told(struct cloud_clock *clock, const struct runtime *runtime, int64_t date_ms)
{
    if (date_ms == 0) {
        clock->is_silent = true;
        return;
    }
    clock->is_known = true;
    clock->offset_ms = date_ms - runtime->monotonic_ms(runtime->context);
}

int64_t clock_at(const struct cloud_clock *clock, const struct runtime *runtime,
                 int64_t monotonic_ms)
{
    if (clock->is_known) {
        return clock->offset_ms + monotonic_ms;
    }
    return runtime->now_ms(runtime->context) + monotonic_ms -
           runtime->monotonic_ms(runtime->context);
}

int64_t clock_now(const struct cloud_clock *clock, const struct runtime *runtime)
{
    return clock_at(clock, runtime, runtime->monotonic_ms(runtime->context));
}
