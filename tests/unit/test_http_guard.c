/* net/http_guard.h: which URLs, which credentials, which headers. */
#include "net/http_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct row {
    const char *host;
    enum http_peer peer;
} rows[] = {
    {"127.0.0.1", HTTP_PEER_LOOPBACK},
    {"127.255.255.254", HTTP_PEER_LOOPBACK},
    {"[::1]", HTTP_PEER_LOOPBACK},
    {"::1", HTTP_PEER_LOOPBACK},
    {"[0:0:0:0:0:0:0:1]", HTTP_PEER_LOOPBACK},
    {"localhost", HTTP_PEER_LOOPBACK},
    {"LocalHost", HTTP_PEER_LOOPBACK},
    {"169.254.169.254", HTTP_PEER_METADATA},
    {"169.254.170.2", HTTP_PEER_METADATA},
    {"169.254.170.23", HTTP_PEER_METADATA},
    {"[fd00:ec2::23]", HTTP_PEER_METADATA},
    {"[fd00:ec2::254]", HTTP_PEER_METADATA},
    {"[FD00:0EC2:0:0:0:0:0:0254]", HTTP_PEER_METADATA},
    {"127.evil.example", HTTP_PEER_PUBLIC},
    {"127.0.0.1.evil.example", HTTP_PEER_PUBLIC},
    {"128.0.0.1", HTTP_PEER_PUBLIC},
    {"0.0.0.0", HTTP_PEER_PUBLIC},
    {"0177.0.0.1", HTTP_PEER_PUBLIC},
    {"2130706433", HTTP_PEER_PUBLIC},
    {"[::1%lo]", HTTP_PEER_PUBLIC},
    {"[::ffff:127.0.0.1]", HTTP_PEER_PUBLIC},
    {"evil.example::1", HTTP_PEER_PUBLIC},
    {"localhost.evil.example", HTTP_PEER_PUBLIC},
    {"localhost.", HTTP_PEER_PUBLIC},
    {"169.254.169.253", HTTP_PEER_LINK_LOCAL},
    {"169.254.170.230", HTTP_PEER_LINK_LOCAL},
    {"169.254.evil.example", HTTP_PEER_PUBLIC},
    {"169.253.255.255", HTTP_PEER_PUBLIC},
    {"169.255.0.0", HTTP_PEER_PUBLIC},
    {"[fd00:ec2::25]", HTTP_PEER_PUBLIC},
    {"metadata.google.internal", HTTP_PEER_PUBLIC},
    {"", HTTP_PEER_PUBLIC},
    {"[]", HTTP_PEER_PUBLIC},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_peer(void **state)
{
    const struct row *row = *state;
    assert_int_equal(http_guard_peer(row->host), row->peer);
    assert_true(http_guard_scheme("https", row->host, false, NULL));
    assert_int_equal(http_guard_scheme("http", row->host, false, NULL),
                     row->peer == HTTP_PEER_LOOPBACK || row->peer == HTTP_PEER_METADATA);
    assert_int_equal(http_guard_scheme("http", row->host, true, NULL),
                     row->peer != HTTP_PEER_PUBLIC);
    assert_false(http_guard_scheme("file", row->host, true, NULL));
    assert_true(http_guard_credential("https", row->host, false, NULL));
    assert_int_equal(http_guard_credential("http", row->host, false, NULL),
                     row->peer == HTTP_PEER_LOOPBACK);
    assert_int_equal(http_guard_credential("http", row->host, true, NULL),
                     row->peer != HTTP_PEER_PUBLIC);
}

static void credential_goes_only_to_its_hosts(void **state)
{
    (void)state;
    static const char *const hosts[] = {"a.example", "b.example:8443", NULL};
    assert_true(http_guard_listed("a.example", "443", hosts));
    assert_true(http_guard_listed("A.Example", "443", hosts));
    assert_true(http_guard_listed("b.example", "8443", hosts));
    assert_false(http_guard_listed("a.example", "8443", hosts));
    assert_false(http_guard_listed("b.example", "443", hosts));
    assert_false(http_guard_listed("a.example.evil.example", "443", hosts));
    assert_false(http_guard_listed("x.a.example", "443", hosts));
}

static void header_with_a_line_break_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(http_guard_header("X-Ok", "plain \t caf\xc3\xa9", &err));
    assert_true(http_guard_header("X-Empty", "", &err));
    assert_false(http_guard_header("X-Bad", "a\r\nHost: evil.example", &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_false(http_guard_header("X-Bad", "a\nb", &err));
    assert_false(http_guard_header("X-Bad", "a\rb", &err));
    assert_false(http_guard_header("X-Bad", "a\x7f", &err));
    assert_false(http_guard_header("X Bad", "a", &err));
    assert_false(http_guard_header("X-Bad:", "a", &err));
    assert_false(http_guard_header("", "a", &err));
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].host, .test_func = test_peer, .initial_state = &rows[i]};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(credential_goes_only_to_its_hosts);
    tests[ROWS + 1] =
        (struct CMUnitTest)cmocka_unit_test(header_with_a_line_break_is_refused);
    return cmocka_run_group_tests_name("http_guard", tests, NULL, NULL);
}
