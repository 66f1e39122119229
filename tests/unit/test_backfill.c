/* bridge/backfill.h: a stretch is read once, whole, and never past its end. */
#include "bridge/backfill.h"

#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SLICES_MAX = 5000 };

static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {MS_PER_MINUTE, (int64_t)5 * MS_PER_MINUTE, (int64_t)10 * MS_PER_MINUTE,
               MS_PER_HOUR},
    .span_ms = MS_PER_HOUR,
    .grain_ms = 1000,
    .retention_ms = (int64_t)90 * MS_PER_DAY,
};
static const int64_t now_ms = INT64_C(1795564800000);

/* What was read, when every slice is read in pages pages. */
struct reading {
    int64_t from_ms; /* the start of the first slice */
    int64_t to_ms;   /* the end of the last one */
    size_t slices;
    size_t gaps;
};

static struct reading read_all(const struct backfill *backfill, size_t pages)
{
    const struct slice_moment moment = {.now_ms = now_ms, .is_dated = true};
    struct reading reading = {0};
    struct cursor cursor = {0};
    slice_start(&cursor, &slicing, now_ms, now_ms - backfill->from_ms);
    for (;;) {
        struct slice_plan plan = backfill_plan(backfill, &cursor, &slicing, &moment);
        reading.gaps += plan.gap_count;
        if (!plan.is_due) {
            return reading;
        }
        if (reading.slices == 0) {
            reading.from_ms = cursor.slice.a_ms;
        } else {
            assert_int_equal(cursor.slice.a_ms, reading.to_ms); /* no hole, no overlap */
        }
        assert_true(cursor.slice.b_ms > cursor.slice.a_ms);
        assert_true(cursor.slice.b_ms - cursor.slice.a_ms <= slicing.span_ms);
        reading.to_ms = cursor.slice.b_ms;
        reading.slices++;
        assert_true(reading.slices < SLICES_MAX);
        slice_finish(&cursor, &slicing, pages);
    }
}

static struct row {
    const char *name;
    int64_t from_ms; /* before now */
    int64_t to_ms;
    int64_t first_ms; /* where reading begins and ends, before now */
    int64_t last_ms;
    size_t gaps;
} rows[] = {
    {"an old stretch", (int64_t)48 * MS_PER_HOUR, (int64_t)24 * MS_PER_HOUR,
     (int64_t)48 * MS_PER_HOUR, (int64_t)24 * MS_PER_HOUR, 0},
    {"one up to now ends before events are old enough to be shown",
     (int64_t)3 * MS_PER_HOUR, 0, (int64_t)3 * MS_PER_HOUR, MS_PER_MINUTE, 0},
    {"one between two seconds takes in both", (int64_t)2 * MS_PER_HOUR + 400,
     (int64_t)2 * MS_PER_HOUR - 9600, (int64_t)2 * MS_PER_HOUR + 1000,
     (int64_t)2 * MS_PER_HOUR - 10000, 0},
    {"what is older than the cloud keeps is a gap", (int64_t)95 * MS_PER_DAY,
     (int64_t)89 * MS_PER_DAY, (int64_t)90 * MS_PER_DAY - (int64_t)2 * MS_PER_HOUR,
     (int64_t)89 * MS_PER_DAY, 1},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_stretch(void **state)
{
    const struct row *row = *state;
    const struct backfill backfill = {now_ms - row->from_ms, now_ms - row->to_ms};
    for (size_t pages = 1; pages <= SLICE_PAGES_MANY; pages += 13) {
        const struct reading reading = read_all(&backfill, pages);
        assert_int_equal(now_ms - reading.from_ms, row->first_ms);
        assert_int_equal(now_ms - reading.to_ms, row->last_ms);
        assert_int_equal(reading.gaps, row->gaps);
    }
}

static void test_wholly_forgotten(void **state)
{
    (void)state;
    const struct backfill backfill = {now_ms - (int64_t)99 * MS_PER_DAY,
                                      now_ms - (int64_t)95 * MS_PER_DAY};
    const struct reading reading = read_all(&backfill, 1);
    assert_int_equal(reading.slices, 0);
    assert_int_equal(reading.gaps, 1);
}

static void test_key(void **state)
{
    (void)state;
    const struct backfill backfill = {now_ms, now_ms + 1};
    char *key = backfill_key(&backfill, "prod-eu");
    assert_string_equal(key, "prod-eu~2026-11-25T00:00:00Z~2026-11-25T00:00:00.001Z");
    free(key);
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 2] = {
        cmocka_unit_test(test_wholly_forgotten),
        cmocka_unit_test(test_key),
    };
    for (size_t i = 0; i < ROWS; i++) {
        tests[i + 2] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_stretch, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("backfill", tests, NULL, NULL);
}
