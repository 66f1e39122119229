/* metrics/metrics.h and its text format; run under ThreadSanitizer too. */
#include "metrics/metrics.h"

#include "metrics/expiry.h"
#include "metrics/exposition.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 5000, TEXT_MAX = 1 << 20 };

static int set_up(void **state)
{
    (void)state;
    metrics_enable();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    metrics_clear();
    return 0;
}

/* What is exported now. The caller clears. */
static struct buf exported(bool is_live)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    assert_true(metrics_write(is_live, &text));
    buf_text(&text);
    return text;
}

static bool has(bool is_live, const char *line)
{
    struct buf text = exported(is_live);
    bool found = strstr(buf_text(&text), line) != NULL;
    buf_clear(&text);
    return found;
}

static void a_series_is_its_labels(void **state)
{
    (void)state;
    struct metrics_labels replay = {{"replay"}};
    metrics_add(METRIC_GAPS, replay, 1);
    metrics_add(METRIC_GAPS, replay, 2);
    metrics_add(METRIC_GAPS, (struct metrics_labels){{"gcp-audit"}}, 0);
    struct buf text = exported(true);
    assert_string_equal(
        buf_text(&text),
        "# HELP auditbridge_gaps_total Stretches of the log that can no longer be read.\n"
        "# TYPE auditbridge_gaps_total counter\n"
        "auditbridge_gaps_total{provider=\"replay\"} 3\n"
        "auditbridge_gaps_total{provider=\"gcp-audit\"} 0\n");
    buf_clear(&text);
    metrics_set(METRIC_OUTBOX_BYTES, (struct metrics_labels){{0}}, 1048576);
    assert_true(has(true, "\nauditbridge_outbox_bytes 1048576\n"));
}

static void label_values_cannot_leave_their_quotes(void **state)
{
    (void)state;
    const struct metrics_labels evil = {{"a\"} 1\nb \\ \x1b[31m"}};
    metrics_set(METRIC_CLOCK_SKEW, evil, 0.5);
    assert_true(has(true, "skew_seconds{provider=\"a\\\"} 1\\nb \\\\ ?[31m\"} 0.5\n"));
}

static void numbers_are_written_as_prometheus_reads_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *line;
    } rows[] = {{0, " 0\n"},           {1764000000.123, " 1764000000.123\n"},
                {-2.5, " -2.5\n"},     {9007199254740, " 9007199254740\n"},
                {NAN, " NaN\n"},       {INFINITY, " +Inf\n"},
                {-INFINITY, " -Inf\n"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        metrics_set(METRIC_OUTBOX_BYTES, (struct metrics_labels){{0}}, rows[i].value);
        assert_true(has(true, rows[i].line));
    }
}

static void buckets_hold_all_that_is_below_their_bound(void **state)
{
    (void)state;
    struct metrics_labels soc = {{"soc"}};
    metrics_observe(METRIC_SINK_DURATION, soc, 0.005);
    metrics_observe(METRIC_SINK_DURATION, soc, 0.3);
    metrics_observe(METRIC_SINK_DURATION, soc, 99);
    assert_true(has(true, "duration_seconds_bucket{sink=\"soc\",le=\"0.005\"} 1\n"));
    assert_true(has(true, "duration_seconds_bucket{sink=\"soc\",le=\"0.25\"} 1\n"));
    assert_true(has(true, "duration_seconds_bucket{sink=\"soc\",le=\"0.5\"} 2\n"));
    assert_true(has(true, "duration_seconds_bucket{sink=\"soc\",le=\"30\"} 2\n"));
    assert_true(has(true, "duration_seconds_bucket{sink=\"soc\",le=\"+Inf\"} 3\n"));
    assert_true(has(true, "duration_seconds_sum{sink=\"soc\"} 99.305\n"));
    assert_true(has(true, "duration_seconds_count{sink=\"soc\"} 3\n"));
}

static void a_tally_counts_like_its_values(void **state)
{
    (void)state;
    struct metrics_tally tally = {0};
    metrics_tally_add(METRIC_EVENT_DELAY, &tally, 61);
    metrics_tally_add(METRIC_EVENT_DELAY, &tally, 100000);
    metrics_observe_tally(METRIC_EVENT_DELAY, (struct metrics_labels){{"replay"}},
                          &tally);
    assert_true(has(true, "delay_seconds_bucket{provider=\"replay\",le=\"60\"} 0\n"));
    assert_true(has(true, "delay_seconds_bucket{provider=\"replay\",le=\"120\"} 1\n"));
    assert_true(has(true, "delay_seconds_count{provider=\"replay\"} 2\n"));
}

static void what_is_replaced_is_gone(void **state)
{
    (void)state;
    const struct metrics_sample first[] = {{{{"replay", "a"}}, 1},
                                           {{{"replay", "b"}}, 2}};
    const struct metrics_sample second[] = {{{{"replay", "b"}}, 3}};
    metrics_replace(METRIC_SOURCE_LAG, first, 2);
    metrics_replace(METRIC_SOURCE_LAG, second, 1);
    assert_false(has(true, "source=\"a\""));
    assert_true(has(true, "source=\"b\"} 3\n"));
}

static void a_renewed_credential_no_longer_ends(void **state)
{
    (void)state;
    const struct expiry_of token = {"azure", "client secret", "1f"};
    const struct expiry_of other = {"aws", "profile prod", NULL};
    expiry_set(&token, 1764000000500);
    expiry_set(&other, 1764000000000);
    assert_true(has(true, "{cloud=\"azure\",identity=\"client secret 1f\"} "
                          "1764000000.5\n"));
    expiry_forget(&token);
    expiry_forget(&token);
    assert_false(has(true, "azure"));
    assert_true(has(true, "{cloud=\"aws\",identity=\"profile prod\"} 1764000000\n"));
}

static void what_is_true_of_the_process_alone_is_not_handed_on(void **state)
{
    (void)state;
    metrics_set(METRIC_PROCESS_FDS, (struct metrics_labels){{0}}, 7);
    assert_true(has(true, "process_open_fds 7\n"));
    assert_false(has(false, "process_open_fds"));
}

static void nothing_is_kept_unless_somebody_wants_it(void **state)
{
    (void)state;
    metrics_clear();
    metrics_add(METRIC_GAPS, (struct metrics_labels){{"replay"}}, 1);
    metrics_set(METRIC_OUTBOX_BYTES, (struct metrics_labels){{0}}, 1);
    metrics_observe(METRIC_STORE_COMMIT, (struct metrics_labels){{0}}, 1);
    metrics_enable();
    assert_false(has(true, "auditbridge"));
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    struct buf small;
    buf_init(&small, 64);
    metrics_add(METRIC_GAPS, (struct metrics_labels){{"replay"}}, 1);
    assert_false(metrics_write(true, &small));
    buf_clear(&small);
}

static void *count_along(void *context)
{
    const char *sink = context;
    for (size_t i = 0; i < ROUNDS; i++) {
        metrics_add(METRIC_BATCHES, (struct metrics_labels){{"replay"}}, 1);
        metrics_observe(METRIC_SINK_DURATION, (struct metrics_labels){{sink}}, 1);
        if (i % 500 == 0) {
            struct buf text = exported(true);
            buf_clear(&text);
        }
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    static char sinks[2][8] = {"soc", "siem"};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, sinks[i % 2]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(has(true, "batches_total{provider=\"replay\"} 40000\n"));
    assert_true(has(true, "duration_seconds_count{sink=\"siem\"} 20000\n"));
}

/* Names as promtool wants them, and buckets that rise. */
static void the_table_keeps_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_table[i];
        assert_non_null(row->name);
        assert_non_null(row->help);
        assert_null(strpbrk(row->help, "\n\\"));
        size_t size = strlen(row->name);
        bool is_total = size > 6 && strcmp(row->name + size - 6, "_total") == 0;
        assert_int_equal(is_total, row->type == METRIC_COUNTER);
        size_t bounds = metric_bucket_count(row);
        assert_int_equal(bounds > 0, row->type == METRIC_HISTOGRAM);
        for (size_t bound = 1; bound < bounds; bound++) {
            assert_true(row->buckets[bound] > row->buckets[bound - 1]);
        }
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(metric_table[other].name, row->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_series_is_its_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(label_values_cannot_leave_their_quotes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_written_as_prometheus_reads_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(buckets_hold_all_that_is_below_their_bound,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tally_counts_like_its_values, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_replaced_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_renewed_credential_no_longer_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_true_of_the_process_alone_is_not_handed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_kept_unless_somebody_wants_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_lose_no_count, set_up, tear_down),
        cmocka_unit_test(the_table_keeps_the_rules),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
