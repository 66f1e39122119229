#include "bridge/leash.h"

static bool send_request(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    struct leash *leash = context;
    if (atomic_load(&leash->is_called)) {
        return error_set(err, ERROR_STOPPED, "it was called back");
    }
    return leash->real.http(leash->real.context, request, response, err);
}

static int64_t now_ms(void *context)
{
    const struct leash *leash = context;
    return leash->real.now_ms(leash->real.context);
}

static int64_t monotonic_ms(void *context)
{
    const struct leash *leash = context;
    return leash->real.monotonic_ms(leash->real.context);
}

static bool wait_for(void *context, int64_t ms, struct error *err)
{
    struct leash *leash = context;
    return leash->real.wait(leash->real.context, ms, err);
}

static void make_random(void *context, uint8_t *out, size_t size)
{
    struct leash *leash = context;
    leash->real.random(leash->real.context, out, size);
}

void leash_init(struct leash *leash)
{
    runtime_init(&leash->real);
    atomic_store(&leash->is_called, false);
    leash->runtime = (struct runtime){.context = leash,
                                      .http = send_request,
                                      .now_ms = now_ms,
                                      .monotonic_ms = monotonic_ms,
                                      .wait = wait_for,
                                      .random = make_random};
}

void leash_clear(struct leash *leash)
{
    runtime_clear(&leash->real);
}

void leash_call_back(struct leash *leash)
{
    atomic_store(&leash->is_called, true);
}
