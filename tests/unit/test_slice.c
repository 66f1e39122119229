/* bridge/slice.h, branch by branch. Times are minutes, to be read at a glance. */
#include "base/timestamp.h"
#include "bridge/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTES(n) (INT64_C(60000) * (n))

enum { MANY = SLICE_QUIET_IDS + 1, NOW = 1000000 };

static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {MINUTES(1), MINUTES(5), MINUTES(10), MINUTES(60)},
    .span_ms = MINUTES(60),
    .grain_ms = MS_PER_SECOND,
    .retention_ms = MINUTES(129600),
};

static struct plan_row {
    const char *name;
    int marks[4]; /* minutes before now */
    size_t id_count;
    double budget_used;
    bool is_due;
    int a; /* minutes before now */
    int b;
} rows[] = {
    {"behind: a whole span from the last mark",
     {500, 600, 700, 800},
     MANY,
     0,
     1,
     800,
     740},
    {"behind is one span past the last age", {121, 121, 121, 121}, MANY, 0, 1, 121, 61},
    {"quiet: one request for all passes", {2, 6, 11, 61}, 500, 0, 1, 61, 1},
    {"quiet: not before every", {1, 5, 10, 60}, 0, 0, 0, 0, 0},
    {"busy: the youngest pass", {4, 6, 11, 61}, MANY, 0, 1, 4, 1},
    {"busy: the pass most overdue", {3, 6, 21, 61}, MANY, 0, 1, 21, 10},
    {"busy: the last pass, at most a span", {2, 6, 11, 140}, MANY, 0, 1, 140, 80},
    {"busy: nobody is overdue", {1, 5, 10, 65}, MANY, 0, 0, 0, 0},
    {"busy: passes between are left out", {3, 20, 21, 61}, MANY, 0.6, 1, 3, 1},
    {"busy: half of the budget is not more", {3, 20, 21, 61}, MANY, 0.5, 1, 20, 5},
    {"busy: the last pass is never left out", {2, 20, 21, 90}, MANY, 1, 1, 90, 60},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct slice_moment moment_now = {
    .now_ms = MINUTES(NOW), .is_dated = true, .every_ms = MINUTES(1)};

static struct cursor cursor_of(const int marks[4])
{
    struct cursor cursor = {.start_ms = MINUTES(1), .span_ms = MINUTES(60)};
    for (size_t i = 0; i < 4; i++) {
        cursor.mark_ms[i] = MINUTES(NOW - marks[i]);
    }
    return cursor;
}

static void test_plan(void **state)
{
    const struct plan_row *row = *state;
    struct cursor cursor = cursor_of(row->marks);
    struct slice_moment moment = moment_now;
    moment.id_count = row->id_count;
    moment.budget_used = row->budget_used;
    struct slice_plan plan = slice_plan(&cursor, &slicing, &moment);

    assert_int_equal(plan.is_due, row->is_due);
    assert_int_equal(cursor.is_open, row->is_due);
    assert_int_equal(plan.gap_count, 0);
    if (row->is_due) {
        assert_int_equal(cursor.slice.a_ms, MINUTES(NOW - row->a));
        assert_int_equal(cursor.slice.b_ms, MINUTES(NOW - row->b));
        assert_int_equal(cursor.slice.began_ms, MINUTES(NOW));
        assert_null(cursor.place);
    } else {
        assert_true(plan.due_ms > MINUTES(NOW));
        assert_true(plan.due_ms <= MINUTES(NOW + 1));
    }
}

static void an_open_slice_is_read_on(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){2, 6, 11, 61});
    cursor.is_open = true;
    cursor.slice = (struct slice){MINUTES(NOW - 30), MINUTES(NOW - 20), MINUTES(NOW - 9)};
    struct slice before = cursor.slice;
    assert_true(slice_plan(&cursor, &slicing, &moment_now).is_due);
    assert_memory_equal(&cursor.slice, &before, sizeof(before));
}

static void what_the_cloud_no_longer_keeps_is_a_gap(void **state)
{
    (void)state;
    int days = 1440;
    struct cursor cursor =
        cursor_of((int[4]){95 * days, 96 * days, 97 * days, 98 * days});
    struct slice_plan plan = slice_plan(&cursor, &slicing, &moment_now);
    int64_t floor_ms = MINUTES(NOW - 90 * days + 60);
    assert_int_equal(plan.gap_count, 2);
    assert_int_equal(plan.gaps[0].from_ms, MINUTES(NOW - 95 * days));
    assert_int_equal(plan.gaps[0].to_ms, floor_ms);
    assert_int_equal(plan.gaps[1].from_ms, MINUTES(NOW - 98 * days));
    assert_int_equal(plan.gaps[1].to_ms, MINUTES(NOW - 95 * days));
    assert_int_equal(cursor.mark_ms[0], floor_ms);
    assert_int_equal(cursor.mark_ms[3], floor_ms);
    assert_int_equal(cursor.slice.a_ms, floor_ms);
}

static void a_clock_of_our_own_gives_nothing_up(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){2, 6, 11, 61});
    struct slice_moment moment = moment_now;
    moment.is_dated = false;
    moment.now_ms = MINUTES(NOW + 365 * 1440);
    struct slice_plan plan = slice_plan(&cursor, &slicing, &moment);
    assert_int_equal(plan.gap_count, 0);
    assert_true(plan.is_due); /* a short slice, to learn the time */
    assert_int_equal(cursor.mark_ms[3], MINUTES(NOW - 61));
    assert_false(slice_dated(&cursor, &slicing, MINUTES(NOW)));
    assert_false(cursor.is_open);
    assert_int_equal(cursor.mark_ms[3], MINUTES(NOW - 61));

    moment.now_ms = MINUTES(NOW + 90 * 1440); /* the probe lies in the past now */
    assert_true(slice_plan(&cursor, &slicing, &moment).is_due);
    (void)slice_dated(&cursor, &slicing, MINUTES(NOW + 90 * 1440));
    if (cursor.is_open) {
        slice_finish(&cursor, &slicing, 1);
    }
    assert_int_equal(cursor.mark_ms[0], MINUTES(NOW - 2));
}

static void a_clock_that_proves_to_be_behind_is_asked_for(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){2, 6, 11, 61});
    struct slice_moment moment = moment_now;
    moment.is_dated = false;
    moment.now_ms = MINUTES(NOW - 5 * 60);
    assert_true(slice_plan(&cursor, &slicing, &moment).is_due);
    assert_true(slice_dated(&cursor, &slicing, MINUTES(NOW)));
    slice_finish(&cursor, &slicing, 1);
    assert_int_equal(cursor.mark_ms[0], MINUTES(NOW - 2)); /* the probe moved nothing */

    moment.is_dated = true;
    moment.now_ms = MINUTES(NOW);
    assert_true(slice_plan(&cursor, &slicing, &moment).is_due);
}

static void a_clock_that_ran_ahead_lowers_began(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){500, 600, 700, 800});
    (void)slice_plan(&cursor, &slicing, &moment_now);
    assert_true(slice_dated(&cursor, &slicing, MINUTES(NOW - 100)));
    assert_int_equal(cursor.slice.began_ms, MINUTES(NOW - 100));
    assert_true(slice_dated(&cursor, &slicing, MINUTES(NOW)));
    assert_int_equal(cursor.slice.began_ms, MINUTES(NOW - 100));
}

static void a_source_started_by_a_wrong_clock_is_put_back(void **state)
{
    (void)state;
    struct cursor cursor = {0};
    struct slice_moment moment = moment_now;
    moment.is_dated = false;
    moment.now_ms = MINUTES(NOW + 1440);
    slice_start(&cursor, &slicing, moment.now_ms, MINUTES(100));
    assert_true(slice_plan(&cursor, &slicing, &moment).is_due);
    assert_false(slice_dated(&cursor, &slicing, MINUTES(NOW)));
    assert_int_equal(cursor.start_ms, MINUTES(NOW - 100));
    assert_int_equal(cursor.mark_ms[3], MINUTES(NOW - 100));
}

static void a_slice_narrows_to_one_grain_and_no_further(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){500, 600, 700, 800});
    (void)slice_plan(&cursor, &slicing, &moment_now);
    int count = 0;
    while (slice_narrow(&cursor, &slicing)) {
        assert_int_equal(cursor.slice.b_ms % slicing.grain_ms, 0);
        count++;
    }
    assert_int_equal(cursor.slice.b_ms - cursor.slice.a_ms, slicing.grain_ms);
    assert_int_equal(count, 11); /* 3600 s: 1800, 900, ... 3, 1 */
}

static void one_old_slice_moves_all_marks_and_a_young_one_its_own(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of((int[4]){2, 6, 11, 61});
    (void)slice_plan(&cursor, &slicing, &moment_now);
    slice_finish(&cursor, &slicing, 20);
    static const int ages[] = {1, 5, 10, 60};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(cursor.mark_ms[i], MINUTES(NOW - ages[i]));
    }

    struct slice_moment busy = moment_now;
    busy.id_count = MANY;
    cursor = cursor_of((int[4]){4, 6, 11, 61});
    (void)slice_plan(&cursor, &slicing, &busy);
    slice_finish(&cursor, &slicing, 20);
    assert_int_equal(cursor.mark_ms[0], MINUTES(NOW - 1));
    assert_int_equal(cursor.mark_ms[1], MINUTES(NOW - 6));
}

static void the_span_follows_the_number_of_pages(void **state)
{
    (void)state;
    static const struct {
        size_t pages;
        int64_t before_ms;
        int64_t after_ms;
    } spans[] = {
        {41, MINUTES(60), MINUTES(30)}, {40, MINUTES(30), MINUTES(30)},
        {10, MINUTES(30), MINUTES(30)}, {9, MINUTES(20), MINUTES(40)},
        {9, MINUTES(60), MINUTES(60)},  {41, 1000, 1000},
    };
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        struct cursor cursor = cursor_of((int[4]){500, 600, 700, 800});
        cursor.span_ms = spans[i].before_ms;
        (void)slice_plan(&cursor, &slicing, &moment_now);
        slice_finish(&cursor, &slicing, spans[i].pages);
        assert_int_equal(cursor.span_ms, spans[i].after_ms);
    }
}

static void no_clock_can_make_it_overflow_or_spin(void **state)
{
    (void)state;
    static const int64_t clocks[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct cursor cursor = {0};
        struct slice_moment moment = {clocks[i], true, INT64_MAX, MANY, 0};
        slice_start(&cursor, &slicing, clocks[i], INT64_MAX);
        assert_true(cursor.start_ms >= 0);
        struct slice_plan plan = slice_plan(&cursor, &slicing, &moment);
        assert_true(plan.is_due || plan.due_ms > 0);
        (void)slice_dated(&cursor, &slicing, clocks[i]);

        cursor = cursor_of((int[4]){2, 6, 11, 61});
        plan = slice_plan(&cursor, &slicing, &moment);
        assert_true(plan.is_due || plan.due_ms > clocks[i] || clocks[i] > 0);
    }
}

int main(void)
{
    struct CMUnitTest plans[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        plans[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_plan, .initial_state = &rows[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_slice_is_read_on),
        cmocka_unit_test(what_the_cloud_no_longer_keeps_is_a_gap),
        cmocka_unit_test(a_clock_of_our_own_gives_nothing_up),
        cmocka_unit_test(a_clock_that_proves_to_be_behind_is_asked_for),
        cmocka_unit_test(a_clock_that_ran_ahead_lowers_began),
        cmocka_unit_test(a_source_started_by_a_wrong_clock_is_put_back),
        cmocka_unit_test(a_slice_narrows_to_one_grain_and_no_further),
        cmocka_unit_test(one_old_slice_moves_all_marks_and_a_young_one_its_own),
        cmocka_unit_test(the_span_follows_the_number_of_pages),
        cmocka_unit_test(no_clock_can_make_it_overflow_or_spin),
    };
    return cmocka_run_group_tests_name("slice_plan", plans, NULL, NULL) +
           cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
