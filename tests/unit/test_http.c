/* net/http.h against unit/http_server.py, which starts this program. */
#include "base/mem.h"
#include "http_setup.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void request_arrives_as_given(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://localhost", "HTTP_TLS", "/echo/%2e%2e/a%2Fb/../c?b=2&a=1");
    const struct http_header headers[] = {{"X-One", "1"}, {"X-Empty", ""}};
    struct http_request request = setup_get(&setup);
    request.method = "POST";
    request.headers = headers;
    request.header_count = 2;
    request.body = bytes_of("payload");
    assert_true(setup_send(&setup, &request));
    assert_int_equal(setup.response.status, 200);
    assert_int_equal(setup.response.tries, 1);
    assert_int_equal(setup.response.date_ms, 1767225600000);
    assert_string_equal(setup.response.content_type, "application/json");
    assert_string_equal(setup.response.error_type, "Some:type");
    assert_string_equal(setup.response.challenge, "Bearer error=x");
    assert_int_equal(setup.response.reads_left, 7);

    json_t *echo = json_loads(buf_text(&setup.response.body), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(echo, "path")),
                        "/echo/%2e%2e/a%2Fb/../c?b=2&a=1");
    assert_string_equal(json_string_value(json_object_get(echo, "body")), "payload");
    char *names = json_dumps(json_object_get(echo, "headers"), JSON_COMPACT);
    assert_non_null(strstr(names, "[\"x-one\",\"1\"]"));
    assert_non_null(strstr(names, "[\"x-empty\",\"\"]"));
    assert_non_null(strstr(names, "[\"accept-encoding\",\"gzip\"]"));
    assert_null(strstr(names, "expect"));
    assert_null(strstr(names, "content-type"));
    assert_null(strstr(names, "authorization")); /* ~/.netrc has one for this host */
    free(names);
    json_decref(echo);
    setup_close(&setup);
}

static void connection_is_kept(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_true(setup_fetch(&setup, "/connections"));
    char *before = mem_dup(buf_text(&setup.response.body));
    assert_true(setup_fetch(&setup, "/connections"));
    setup_body_is(&setup, before);
    free(before);
    setup_close(&setup);
}

static void redirect_is_not_followed(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_true(setup_fetch(&setup, "/redirect"));
    assert_int_equal(setup.response.status, 302);
    assert_true(setup_fetch(&setup, "/asked/echo/redirected"));
    setup_body_is(&setup, "0");
    setup_close(&setup);
}

static void answer_cut_short_is_asked_for_again(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_true(setup_fetch(&setup, "/cut/1"));
    assert_int_equal(setup.response.tries, 2);
    assert_int_equal(setup.clock.waited_ms, 500);
    assert_true(setup_fetch(&setup, "/drop/1"));
    assert_int_equal(setup.response.status, 200);
    setup_close(&setup);
}

static void retry_after_is_kept_in_both_forms(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_true(setup_fetch(&setup, "/wait-seconds/1"));
    assert_int_equal(setup.clock.waited_ms, 3000);
    setup.clock.waited_ms = 0;
    assert_true(setup_fetch(&setup, "/wait-date/1"));
    assert_int_equal(setup.clock.waited_ms, 7000); /* by the server's clock */
    setup_close(&setup);
}

static void long_wait_is_given_back(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_false(setup_fetch(&setup, "/wait-hour/1"));
    assert_int_equal(setup.err.kind, ERROR_BUSY);
    assert_int_equal(setup.err.retry_after_ms, 3600000);
    assert_int_equal(setup.clock.waits, 0);
    setup_close(&setup);
}

static void deadline_is_not_passed(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/wait-seconds/2");
    struct http_request request = setup_get(&setup);
    request.deadline_ms = setup.clock.now_ms + 2900;
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_BUSY);
    assert_int_equal(setup.err.retry_after_ms, 3000);
    assert_int_equal(setup.clock.waits, 0);
    setup_close(&setup);
}

static void four_tries_are_all(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_false(setup_fetch(&setup, "/broken/1"));
    assert_int_equal(setup.err.kind, ERROR_UNREACHABLE);
    assert_int_equal(setup.clock.waits, 3);
    assert_int_equal(setup.clock.waited_ms, 500 + 1000 + 2000);
    assert_true(setup_fetch(&setup, "/asked/broken/1"));
    setup_body_is(&setup, "4");
    setup_close(&setup);
}

static void stop_ends_the_waiting(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup.clock.is_stopped = true;
    assert_false(setup_fetch(&setup, "/broken/2")); /* what is in flight may end */
    assert_int_equal(setup.err.kind, ERROR_STOPPED);
    setup_close(&setup);
}

static void decoded_size_is_bounded(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    assert_true(setup_fetch(&setup, "/gzip"));
    setup_body_is(&setup, "inflated");
    assert_false(setup_fetch(&setup, "/big"));
    assert_int_equal(setup.err.kind, ERROR_TOO_BIG);
    assert_false(setup_fetch(&setup, "/bomb"));
    assert_int_equal(setup.err.kind, ERROR_TOO_BIG);
    assert_true(setup_fetch(&setup, "/asked/bomb"));
    setup_body_is(&setup, "1");
    setup_close(&setup);
}

static void wrong_certificate_is_refused(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_WRONG", "/echo/wrong");
    struct http_request request = setup_get(&setup);
    assert_false(setup_send(&setup, &request)); /* another host's name */
    assert_int_equal(setup.err.kind, ERROR_UNREACHABLE);

    setup_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/untrusted");
    request = setup_get(&setup);
    assert_true(setup_send(&setup, &request));
    request.ca_file = NULL; /* the kept connection was verified by another CA */
    assert_false(setup_send(&setup, &request));
    request.ca_file = "/nonexistent.pem";
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    setup_close(&setup);
}

static void protocol_before_tls_1_2_is_refused(void **state)
{
    (void)state;
    struct setup setup;
    setup_open(&setup);
    setup_url(&setup, "https://127.0.0.1", "HTTP_OLD", "/echo/old");
    const struct http_request request = setup_get(&setup);
    assert_false(setup_send(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_UNREACHABLE);
    setup_close(&setup);
}

int main(void)
{
    if (!setup_is_served()) {
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_arrives_as_given),
        cmocka_unit_test(connection_is_kept),
        cmocka_unit_test(redirect_is_not_followed),
        cmocka_unit_test(answer_cut_short_is_asked_for_again),
        cmocka_unit_test(retry_after_is_kept_in_both_forms),
        cmocka_unit_test(long_wait_is_given_back),
        cmocka_unit_test(deadline_is_not_passed),
        cmocka_unit_test(four_tries_are_all),
        cmocka_unit_test(stop_ends_the_waiting),
        cmocka_unit_test(decoded_size_is_bounded),
        cmocka_unit_test(wrong_certificate_is_refused),
        cmocka_unit_test(protocol_before_tls_1_2_is_refused),
    };
    return cmocka_run_group_tests_name("http", tests, setup_start, setup_end);
}
