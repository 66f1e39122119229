/* What net/http.h refuses to send, and where: unit/http_server.py starts this program. */
#include "http_setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void url_that_is_not_allowed_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://127.evil.example/",
        "http://example.com/",
        "file:///etc/passwd",
        "https://user@127.0.0.1/",
        "https://u:p@127.0.0.1",
        "ftp://127.0.0.1/",
        "not a url",
        "",
    };
    struct setup setup;
    setup_open(&setup);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        snprintf(setup.url, sizeof(setup.url), "%s", urls[i]);
        const struct http_request request = setup_get(&setup);
        setup.err = (struct error){0};
        assert_false(setup_send(&setup, &request));
        assert_int_equal(setup.err.kind, ERROR_CONFIG);
    }
    setup_url(&setup, "http://localhost", "HTTP_PLAIN", "/echo/plain");
    const struct http_request request = setup_get(&setup);
    assert_true(setup_send(&setup, &request));
    setup_close(&setup);
}

static void header_injection_is_refused(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/injected");
    const struct http_header header = {"X-Bad", "a\r\nX-Injected: b"};
    struct http_request request = setup_get(&setup);
    request.headers = &header;
    request.header_count = 1;
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    struct http_extra extra = {0};
    assert_false(http_extra_add(&extra, "X-Bad", "a\nb", NULL));
    assert_true(setup_fetch(&setup, "/asked/echo/injected"));
    setup_body_is(&setup, "0");
    setup_close(&setup);
}

static void plain_http_goes_through_no_proxy(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "http://localhost", "HTTP_PLAIN", "/echo/proxied");
    struct http_request request = setup_get(&setup);
    request.proxy = "http://proxy.example:3128";
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    setup_close(&setup);
}

static void a_client_certificate_that_is_none_is_not_tried_twice(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/certificate");
    struct http_request request = setup_get(&setup);
    request.cert_file = "/dev/null";
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    assert_int_equal(setup.clock.waits, 0);
    setup_close(&setup);
}

/* A caller whose credential is "old" until it is told to refresh. */
struct caller {
    int calls;
    int refreshes;
};

static bool authorize(void *context, const struct http_request *request, bool refresh,
                      struct http_extra *extra, struct error *err)
{
    (void)request;
    struct caller *caller = context;
    caller->calls++;
    caller->refreshes += refresh ? 1 : 0;
    return http_extra_add(extra, "Authorization", caller->refreshes > 0 ? "new" : "old",
                          err);
}

static enum http_class classify(void *context, const struct http_response *response)
{
    (void)context;
    return response->status == 401 ? HTTP_REFRESH : HTTP_ANSWERED;
}

static struct http_request with_caller(const struct setup *setup, struct caller *caller)
{
    struct http_request request = setup_get(setup);
    request.authorize = authorize;
    request.classify = classify;
    request.context = caller;
    return request;
}

static void expired_credential_is_renewed_once(void **state)
{
    (void)state;
    struct setup setup;
    struct caller caller = {0};
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/expired/1");
    struct http_request request = with_caller(&setup, &caller);
    assert_true(setup_send(&setup, &request));
    assert_int_equal(setup.response.status, 200);
    assert_int_equal(caller.refreshes, 1);
    assert_non_null(
        strstr(buf_text(&setup.response.body), "[\"authorization\", \"new\"]"));

    caller = (struct caller){0};
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/refused/1");
    assert_true(setup_send(&setup, &request));
    assert_int_equal(setup.response.status, 401);
    assert_int_equal(caller.calls, 2);
    assert_int_equal(setup.clock.waits, 0);
    setup_close(&setup);
}

static void credential_goes_nowhere_else(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"cloudtrail.eu-west-2.amazonaws.com", NULL};
    struct setup setup;
    struct caller caller = {0};
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/secret");
    struct http_request request = with_caller(&setup, &caller);
    request.credential_hosts = elsewhere;
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);

    snprintf(setup.url, sizeof(setup.url), "http://169.254.169.254/latest");
    request.credential_hosts = NULL;
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    assert_int_equal(caller.calls, 0);
    setup_close(&setup);
}

int main(void)
{
    if (!setup_is_served()) {
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_that_is_not_allowed_is_refused),
        cmocka_unit_test(header_injection_is_refused),
        cmocka_unit_test(plain_http_goes_through_no_proxy),
        cmocka_unit_test(a_client_certificate_that_is_none_is_not_tried_twice),
        cmocka_unit_test(expired_credential_is_renewed_once),
        cmocka_unit_test(credential_goes_nowhere_else),
    };
    return cmocka_run_group_tests_name("http refused", tests, setup_start, setup_end);
}
