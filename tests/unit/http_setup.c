#include "http_setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t clock_now(void *context)
{
    return ((struct clock *)context)->now_ms;
}

static bool clock_wait(void *context, int64_t ms, struct error *err)
{
    struct clock *clock = context;
    if (clock->is_stopped) {
        return error_set(err, ERROR_STOPPED, "stopped");
    }
    clock->now_ms += ms;
    clock->waited_ms += ms;
    clock->waits += ms > 0 ? 1 : 0;
    return true;
}

static void clock_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0, size);
    out[0] = 0x80; /* half of every ceiling */
}

void setup_open(struct setup *setup)
{
    *setup = (struct setup){.clock = {.now_ms = 1000}, .http = http_new()};
    setup->runtime = (struct runtime){.context = &setup->clock,
                                      .now_ms = clock_now,
                                      .monotonic_ms = clock_now,
                                      .wait = clock_wait,
                                      .random = clock_random};
}

void setup_close(struct setup *setup)
{
    http_response_clear(&setup->response);
    http_free(setup->http);
}

void setup_url(struct setup *setup, const char *start, const char *port, const char *path)
{
    snprintf(setup->url, sizeof(setup->url), "%s:%s%s", start, getenv(port), path);
}

struct http_request setup_get(const struct setup *setup)
{
    return (struct http_request){
        .method = "GET", .url = setup->url, .limit = LIMIT, .ca_file = getenv("HTTP_CA")};
}

bool setup_send(struct setup *setup, const struct http_request *request)
{
    return http_send(setup->http, &setup->runtime, request, &setup->response,
                     &setup->err);
}

bool setup_fetch(struct setup *setup, const char *path)
{
    setup_url(setup, "https://127.0.0.1", "HTTP_TLS", path);
    const struct http_request request = setup_get(setup);
    return setup_send(setup, &request);
}

void setup_body_is(struct setup *setup, const char *text)
{
    assert_string_equal(buf_text(&setup->response.body), text);
}

int setup_start(void **state)
{
    (void)state;
    setenv("SSLKEYLOGFILE", "/tmp/auditbridge-test-keys", 1);
    return http_global_init(NULL) && getenv("SSLKEYLOGFILE") == NULL ? 0 : -1;
}

int setup_end(void **state)
{
    (void)state;
    http_global_cleanup();
    return 0;
}

bool setup_is_served(void)
{
    if (getenv("HTTP_TLS") == NULL) {
        printf("SKIP: start it by http_server.py\n");
        return false;
    }
    return true;
}
