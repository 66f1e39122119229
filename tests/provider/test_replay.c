/* providers/replay: what a recorded file gives, page by page. */
#include "replay/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/auditbridge-replay-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, size_t filler)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    for (size_t i = 0; i < filler; i++) {
        fputc('x', file);
    }
    fclose(file);
}

static struct session *open_session(void)
{
    struct session *session = NULL;
    json_t *settings = json_pack("{s:s}", "path", path);
    assert_true(provider_replay.open(settings, NULL, &session, NULL));
    json_decref(settings);
    return session;
}

static void whole_lines_are_records_and_the_place_goes_on_behind_them(void **state)
{
    (void)state;
    write_file("{\"a\":1}\n\n{\"b\":2}\n{\"torn\":", 0);
    struct session *session = open_session();
    struct page page = {0};
    assert_true(provider_replay.poll(session, NULL, NULL, &page, NULL));
    assert_int_equal(page.record_count, 2);
    assert_true(bytes_equal(page.records[1].bytes, bytes_of("{\"b\":2}")));
    assert_false(page.done);
    json_t *place = json_incref(page.place);
    assert_int_equal(json_integer_value(json_object_get(place, "offset")), 17);
    page_clear(&page);

    /* The torn line is still being written: nothing more for now. */
    assert_true(provider_replay.poll(session, NULL, place, &page, NULL));
    assert_int_equal(page.record_count, 0);
    assert_true(page.done);
    assert_true(json_equal(page.place, place));
    page_clear(&page);

    write_file("{\"a\":1}\n\n{\"b\":2}\n{\"torn\":3}\n", 0);
    assert_true(provider_replay.poll(session, NULL, place, &page, NULL));
    assert_int_equal(page.record_count, 1);
    assert_true(bytes_equal(page.records[0].bytes, bytes_of("{\"torn\":3}")));
    page_clear(&page);
    json_decref(place);
    provider_replay.close(session);
}

static void a_line_longer_than_a_page_is_read_whole(void **state)
{
    (void)state;
    write_file("", 2 << 20);
    FILE *file = fopen(path, "ab");
    fputc('\n', file);
    fclose(file);
    struct session *session = open_session();
    struct page page = {0};
    assert_true(provider_replay.poll(session, NULL, NULL, &page, NULL));
    assert_int_equal(page.record_count, 1);
    assert_int_equal(page.records[0].bytes.size, 2 << 20);
    page_clear(&page);
    provider_replay.close(session);
}

static void a_line_past_the_limit_stops_the_source_and_says_where(void **state)
{
    (void)state;
    write_file("", RECORD_SIZE_MAX + 2);
    struct session *session = open_session();
    struct page page = {0};
    struct error err = {0};
    assert_false(provider_replay.poll(session, NULL, NULL, &page, &err));
    assert_int_equal(err.kind, ERROR_DATA);
    assert_non_null(strstr(err.text, "the line at byte 0 is longer than 4194304 bytes"));
    page_clear(&page);
    provider_replay.close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_lines_are_records_and_the_place_goes_on_behind_them),
        cmocka_unit_test(a_line_longer_than_a_page_is_read_whole),
        cmocka_unit_test(a_line_past_the_limit_stops_the_source_and_says_where),
    };
    return cmocka_run_group_tests_name("replay", tests, set_up, tear_down);
}
