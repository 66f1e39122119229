#include "sqlite_file.h"
#include "store/inspect.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 20 };

static const struct store_inspect *inspect;

/* A store with one source that has delivered EVENTS events and refused three. */
struct fixture {
    json_t *settings;
    struct store *store;
    struct claim claim;
    int64_t now_ms;
};

static void commit(struct fixture *fixture)
{
    struct error err = {0};
    struct store_delivered events[EVENTS];
    struct store_letter letters[3];
    static const char *const ids[] = {"aws:1:a", "aws:1:b", "aws:1:c"};
    struct cursor cursor = {.start_ms = fixture->now_ms};
    for (size_t i = 0; i < EVENTS; i++) {
        events[i] = suite_event((uint32_t)i * 1000); /* an hour apart */
    }
    for (size_t i = 0; i < 3; i++) {
        letters[i] = (struct store_letter){.event_id = ids[i],
                                           .sink = i == 2 ? "other" : "platform",
                                           .reason = "HTTP 400",
                                           .event = bytes_of("{\"n\":1}")};
        cursor.mark_ms[i] = fixture->now_ms;
    }
    const struct store_commit settled = {.cursor = &cursor,
                                         .delivered = events,
                                         .delivered_count = EVENTS,
                                         .letters = letters,
                                         .letter_count = 3,
                                         .now_ms = fixture->now_ms,
                                         .forget_ms = INT64_MIN,
                                         .keeps_ids = true};
    assert_true(store_sqlite.commit(fixture->store, &fixture->claim, &settled, &err));
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_new(1, sizeof(*fixture));
    struct error err = {0};
    file_reset_clock(NULL);
    fixture->settings = file_closed_store();
    fixture->now_ms = file_clock.now_ms;
    assert_true(file_open(fixture->settings, &fixture->store, &err));
    assert_true(
        suite_claim(&store_sqlite, fixture->store, "prod", &fixture->claim, &err));
    commit(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    claim_clear(&fixture->claim);
    store_sqlite.close(fixture->store);
    json_decref(fixture->settings);
    free(fixture);
    return 0;
}

static int64_t count(const struct fixture *fixture, const char *sql)
{
    return file_number(file_path(fixture->settings), sql);
}

static void a_reader_sees_what_a_writer_beside_it_committed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct store *reader = NULL;
    struct store_sources sources = {0};
    const struct store_wanted wanted = {.since_ms = 0, .has_ids = true};

    assert_true(inspect->open(fixture->settings, &file_runtime, &reader, &err));
    assert_true(inspect->sources(reader, &wanted, &sources, &err));
    assert_int_equal(sources.count, 1);
    assert_string_equal(sources.items[0].name, "prod");
    assert_true(sources.items[0].is_held);
    assert_int_equal(sources.items[0].id_count, EVENTS);
    assert_int_equal(sources.items[0].delivered_lately, EVENTS);
    assert_int_equal(sources.items[0].letter_count, 3);
    assert_int_equal(count(fixture, "SELECT count(*) FROM owner"), 1);
    store_sources_clear(&sources);
    store_sqlite.close(reader);
}

static void a_reader_makes_no_store_and_writes_to_none(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct store *reader = NULL;
    json_t *absent = file_settings();
    int64_t id = 1;

    assert_true(inspect->open(absent, &file_runtime, &reader, &err));
    assert_null(reader);
    json_decref(absent);
    assert_true(inspect->open(fixture->settings, &file_runtime, &reader, &err));
    assert_false(inspect->letters_taken(reader, &id, 1, &err));
    assert_int_equal(err.kind, ERROR_STATE);
    store_sqlite.close(reader);
}

static void an_owner_that_was_silent_too_long_holds_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct store_sources sources = {0};
    const struct store_wanted wanted = {.name = "prod"};

    file_clock.now_ms += STORE_LEASE_MS;
    assert_true(inspect->sources(fixture->store, &wanted, &sources, &err));
    assert_false(sources.items[0].is_held);
    assert_null(sources.items[0].holder_host);
    store_sources_clear(&sources);
}

static void letters_are_chosen_by_everything_that_is_said(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct store_letter_filter filter;
        size_t count;
    } rows[] = {
        {{.before_ms = INT64_MAX}, 3},
        {{.before_ms = INT64_MAX, .sink = "platform"}, 2},
        {{.before_ms = INT64_MAX, .sink = "platform", .source = "nobody"}, 0},
        {{.before_ms = INT64_MAX, .id = 2}, 1},
        {{.before_ms = INT64_MAX, .after_id = 1}, 2},
        {{.before_ms = INT64_MAX, .count_max = 1}, 1},
        {{.before_ms = fixture->now_ms}, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error err = {0};
        struct store_letters letters = {0};
        assert_true(inspect->letters(fixture->store, &rows[i].filter, &letters, &err));
        assert_int_equal(letters.count, rows[i].count);
        assert_true(letters.count == 0 || letters.items[0].event == NULL);
        store_letters_clear(&letters);
    }
}

static void a_letter_goes_when_taken_and_is_a_loss_to_tell_when_purged(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    int64_t id = 1;
    size_t purged = 0;
    const struct store_letter_filter rest = {.before_ms = INT64_MAX};

    assert_true(inspect->letters_taken(fixture->store, &id, 1, &err));
    assert_int_equal(count(fixture, "SELECT count(*) FROM note"), 0);
    assert_true(inspect->letters_purge(fixture->store, &rest, &purged, &err));
    assert_int_equal(purged, 2);
    assert_int_equal(count(fixture, "SELECT count(*) FROM dead_letter"), 0);
    assert_int_equal(count(fixture,
                           "SELECT sum(json_extract(details, '$.count')) FROM note"
                           " WHERE kind = 'loss'"),
                     2);
}

static void what_is_read_again_is_forgotten_in_ids_and_ledger_alike(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct cursor cursor = fixture->claim.cursor;
    const struct store_placement placement = {.cursor = &cursor,
                                              .forget_ms = suite_event(5000).time_ms};

    cursor.mark_ms[0] = placement.forget_ms;
    assert_true(inspect->place(fixture->store, &fixture->claim, &placement, &err));
    assert_int_equal(count(fixture, "SELECT count(*) FROM ids"), 5);
    assert_int_equal(count(fixture, "SELECT sum(delivered) FROM ledger"), 5);
    commit(fixture); /* the claim still holds, and each event is counted once */
    assert_int_equal(count(fixture, "SELECT sum(delivered) FROM ledger"), EVENTS);
}

static void nothing_is_moved_without_the_lease(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const struct cursor cursor = {.start_ms = 0};
    const struct store_placement placement = {.cursor = &cursor, .forget_ms = 0};

    fixture->claim.fence--;
    assert_false(inspect->place(fixture->store, &fixture->claim, &placement, &err));
    assert_int_equal(err.kind, ERROR_LOST);
    assert_false(inspect->retire(fixture->store, &fixture->claim, &err));
    assert_int_equal(count(fixture, "SELECT count(*) FROM ids"), EVENTS);
}

static void evidence_is_read_back_as_it_was_and_added_where_there_is_none(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct store_evidence before = {0};
    struct store_evidence after = {0};
    const struct cursor cursor = fixture->claim.cursor;
    struct store_placement placement = {
        .cursor = &cursor, .forget_ms = suite_event(5000).time_ms, .evidence = &before};

    assert_true(inspect->evidence(fixture->store, "prod", &before, &err));
    assert_int_equal(before.hour_count, EVENTS);
    assert_true(inspect->place(fixture->store, &fixture->claim, &placement, &err));
    assert_true(inspect->evidence(fixture->store, "prod", &after, &err));
    assert_int_equal(after.hour_count, EVENTS);
    assert_memory_equal(before.hours, after.hours, EVENTS * sizeof(*before.hours));
    store_evidence_clear(&before);
    store_evidence_clear(&after);
}

int main(void)
{
    inspect = store_sqlite.inspect;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reader_sees_what_a_writer_beside_it_committed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_makes_no_store_and_writes_to_none,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_owner_that_was_silent_too_long_holds_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(letters_are_chosen_by_everything_that_is_said,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_letter_goes_when_taken_and_is_a_loss_to_tell_when_purged, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_read_again_is_forgotten_in_ids_and_ledger_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_moved_without_the_lease, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            evidence_is_read_back_as_it_was_and_added_where_there_is_none, set_up,
            tear_down),
    };
    if (!file_start()) {
        return 1;
    }
    int failed = cmocka_run_group_tests_name("sqlite_inspect", tests, NULL, NULL);
    file_end();
    return failed;
}
