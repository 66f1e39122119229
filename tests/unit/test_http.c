/* net/http.h against unit/http_server.py, which starts this program. */
#include "base/mem.h"
#include "net/http.h"
#include "net/http_retry.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 1 << 16 };

/* A clock that only waits move, so that no test sleeps. */
struct clock {
    int64_t now_ms;
    int64_t waited_ms;
    int waits;
    bool is_stopped;
};

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

struct setup {
    struct clock clock;
    struct runtime runtime;
    struct http *http;
    struct http_response response;
    struct error err;
    char url[256];
};

static void open_setup(struct setup *setup)
{
    *setup = (struct setup){.clock = {.now_ms = 1000}, .http = http_new()};
    setup->runtime = (struct runtime){.context = &setup->clock,
                                      .now_ms = clock_now,
                                      .monotonic_ms = clock_now,
                                      .wait = clock_wait,
                                      .random = clock_random};
}

static void close_setup(struct setup *setup)
{
    http_response_clear(&setup->response);
    http_free(setup->http);
}

static void set_url(struct setup *setup, const char *start, const char *port,
                    const char *path)
{
    snprintf(setup->url, sizeof(setup->url), "%s:%s%s", start, getenv(port), path);
}

static struct http_request get(const struct setup *setup)
{
    return (struct http_request){
        .method = "GET", .url = setup->url, .limit = LIMIT, .ca_file = getenv("HTTP_CA")};
}

static bool send_request(struct setup *setup, const struct http_request *request)
{
    return http_send(setup->http, &setup->runtime, request, &setup->response,
                     &setup->err);
}

/* Gets path from the server with the right certificate. */
static bool fetch(struct setup *setup, const char *path)
{
    set_url(setup, "https://127.0.0.1", "HTTP_TLS", path);
    const struct http_request request = get(setup);
    return send_request(setup, &request);
}

static void body_is(struct setup *setup, const char *text)
{
    assert_string_equal(buf_text(&setup->response.body), text);
}

static void request_arrives_as_given(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    set_url(&setup, "https://localhost", "HTTP_TLS", "/echo/%2e%2e/a%2Fb/../c?b=2&a=1");
    const struct http_header headers[] = {{"X-One", "1"}, {"X-Empty", ""}};
    struct http_request request = get(&setup);
    request.method = "POST";
    request.headers = headers;
    request.header_count = 2;
    request.body = bytes_of("payload");
    assert_true(send_request(&setup, &request));
    assert_int_equal(setup.response.status, 200);
    assert_int_equal(setup.response.tries, 1);
    assert_int_equal(setup.response.date_ms, 1767225600000);
    assert_string_equal(setup.response.content_type, "application/json");
    assert_string_equal(setup.response.error_type, "Some:type");

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
    free(names);
    json_decref(echo);
    close_setup(&setup);
}

static void connection_is_kept(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_true(fetch(&setup, "/connections"));
    char *before = mem_dup(buf_text(&setup.response.body));
    assert_true(fetch(&setup, "/connections"));
    body_is(&setup, before);
    free(before);
    close_setup(&setup);
}

static void redirect_is_not_followed(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_true(fetch(&setup, "/redirect"));
    assert_int_equal(setup.response.status, 302);
    assert_true(fetch(&setup, "/asked/echo/redirected"));
    body_is(&setup, "0");
    close_setup(&setup);
}

static void answer_cut_short_is_asked_for_again(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_true(fetch(&setup, "/cut/1"));
    assert_int_equal(setup.response.tries, 2);
    assert_int_equal(setup.clock.waited_ms, 500);
    assert_true(fetch(&setup, "/drop/1"));
    assert_int_equal(setup.response.status, 200);
    close_setup(&setup);
}

static void retry_after_is_kept_in_both_forms(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_true(fetch(&setup, "/wait-seconds/1"));
    assert_int_equal(setup.clock.waited_ms, 3000);
    setup.clock.waited_ms = 0;
    assert_true(fetch(&setup, "/wait-date/1"));
    assert_int_equal(setup.clock.waited_ms, 7000); /* by the server's clock */
    close_setup(&setup);
}

static void long_wait_is_given_back(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_false(fetch(&setup, "/wait-hour/1"));
    assert_int_equal(setup.err.kind, ERROR_BUSY);
    assert_int_equal(setup.err.retry_after_ms, 3600000);
    assert_int_equal(setup.clock.waits, 0);
    close_setup(&setup);
}

static void deadline_is_not_passed(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/wait-seconds/2");
    struct http_request request = get(&setup);
    request.deadline_ms = setup.clock.now_ms + 2900;
    assert_false(send_request(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_BUSY);
    assert_int_equal(setup.err.retry_after_ms, 3000);
    assert_int_equal(setup.clock.waits, 0);
    close_setup(&setup);
}

static void four_tries_are_all(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_false(fetch(&setup, "/broken/1"));
    assert_int_equal(setup.err.kind, ERROR_UNREACHABLE);
    assert_int_equal(setup.clock.waits, 3);
    assert_int_equal(setup.clock.waited_ms, 500 + 1000 + 2000);
    assert_true(fetch(&setup, "/asked/broken/1"));
    body_is(&setup, "4");
    close_setup(&setup);
}

static void stop_ends_the_waiting(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    setup.clock.is_stopped = true;
    assert_false(fetch(&setup, "/broken/2")); /* what is in flight may end */
    assert_int_equal(setup.err.kind, ERROR_STOPPED);
    close_setup(&setup);
}

static void decoded_size_is_bounded(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    assert_true(fetch(&setup, "/gzip"));
    body_is(&setup, "inflated");
    assert_false(fetch(&setup, "/big"));
    assert_int_equal(setup.err.kind, ERROR_TOO_BIG);
    assert_false(fetch(&setup, "/bomb"));
    assert_int_equal(setup.err.kind, ERROR_TOO_BIG);
    assert_true(fetch(&setup, "/asked/bomb"));
    body_is(&setup, "1");
    close_setup(&setup);
}

static void wrong_certificate_is_refused(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    set_url(&setup, "https://127.0.0.1", "HTTP_WRONG", "/echo/wrong");
    struct http_request request = get(&setup);
    assert_false(send_request(&setup, &request)); /* another host's name */
    assert_int_equal(setup.err.kind, ERROR_UNREACHABLE);

    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/untrusted");
    request = get(&setup);
    assert_true(send_request(&setup, &request));
    request.ca_file = NULL; /* the kept connection was verified by another CA */
    assert_false(send_request(&setup, &request));
    request.ca_file = "/nonexistent.pem";
    assert_false(send_request(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    close_setup(&setup);
}

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
    open_setup(&setup);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        snprintf(setup.url, sizeof(setup.url), "%s", urls[i]);
        const struct http_request request = get(&setup);
        setup.err = (struct error){0};
        assert_false(send_request(&setup, &request));
        assert_int_equal(setup.err.kind, ERROR_CONFIG);
    }
    set_url(&setup, "http://localhost", "HTTP_PLAIN", "/echo/plain");
    const struct http_request request = get(&setup);
    assert_true(send_request(&setup, &request));
    close_setup(&setup);
}

static void header_injection_is_refused(void **state)
{
    (void)state;
    struct setup setup;
    open_setup(&setup);
    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/injected");
    const struct http_header header = {"X-Bad", "a\r\nX-Injected: b"};
    struct http_request request = get(&setup);
    request.headers = &header;
    request.header_count = 1;
    assert_false(send_request(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    struct http_extra extra = {0};
    assert_false(http_extra_add(&extra, "X-Bad", "a\nb", NULL));
    assert_true(fetch(&setup, "/asked/echo/injected"));
    body_is(&setup, "0");
    close_setup(&setup);
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
    struct http_request request = get(setup);
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
    open_setup(&setup);
    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/expired/1");
    struct http_request request = with_caller(&setup, &caller);
    assert_true(send_request(&setup, &request));
    assert_int_equal(setup.response.status, 200);
    assert_int_equal(caller.refreshes, 1);
    assert_non_null(
        strstr(buf_text(&setup.response.body), "[\"authorization\", \"new\"]"));

    caller = (struct caller){0};
    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/refused/1");
    assert_true(send_request(&setup, &request));
    assert_int_equal(setup.response.status, 401);
    assert_int_equal(caller.calls, 2);
    assert_int_equal(setup.clock.waits, 0);
    close_setup(&setup);
}

static void credential_goes_nowhere_else(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"cloudtrail.eu-west-2.amazonaws.com", NULL};
    struct setup setup;
    struct caller caller = {0};
    open_setup(&setup);
    set_url(&setup, "https://127.0.0.1", "HTTP_TLS", "/echo/secret");
    struct http_request request = with_caller(&setup, &caller);
    request.credential_hosts = elsewhere;
    assert_false(send_request(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);

    snprintf(setup.url, sizeof(setup.url), "http://169.254.169.254/latest");
    request.credential_hosts = NULL;
    assert_false(send_request(&setup, &request));
    assert_int_equal(setup.err.kind, ERROR_CONFIG);
    assert_int_equal(caller.calls, 0);
    close_setup(&setup);
}

static int start(void **state)
{
    (void)state;
    setenv("SSLKEYLOGFILE", "/tmp/auditbridge-test-keys", 1);
    return http_global_init(NULL) && getenv("SSLKEYLOGFILE") == NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    http_global_cleanup();
    return 0;
}

int main(void)
{
    if (getenv("HTTP_TLS") == NULL) {
        printf("SKIP: start it by http_server.py\n");
        return 77;
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
        cmocka_unit_test(url_that_is_not_allowed_is_refused),
        cmocka_unit_test(header_injection_is_refused),
        cmocka_unit_test(expired_credential_is_renewed_once),
        cmocka_unit_test(credential_goes_nowhere_else),
    };
    return cmocka_run_group_tests_name("http", tests, start, end);
}
