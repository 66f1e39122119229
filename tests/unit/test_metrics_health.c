/* metrics/health.h: when a run lives, and when it is ready. */
#include "metrics/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int64_t start_ms = 1000;

static void it_lives_while_it_starts_and_is_not_ready(void **state)
{
    (void)state;
    struct health health;
    char reason[HEALTH_REASON];
    health_init(&health, start_ms);
    assert_true(health_is_alive(&health, start_ms + HEALTH_START_MS, reason));
    assert_false(health_is_ready(&health, start_ms + HEALTH_START_MS, reason));
    assert_non_null(strstr(reason, "starting"));
    assert_false(health_is_alive(&health, start_ms + HEALTH_START_MS + 1, reason));
    assert_string_equal(reason, "it has been starting for 1800 s\n");
    health_clear(&health);
}

static void it_is_ready_when_it_runs_and_holds_its_leases(void **state)
{
    (void)state;
    struct health health;
    struct health_beat beat = {.now_ms = start_ms, .is_leased = true};
    char reason[HEALTH_REASON];
    health_init(&health, start_ms);
    health_run(&health, start_ms);
    assert_true(health_is_ready(&health, start_ms, reason));
    assert_string_equal(reason, "ok\n");

    beat.is_leased = false;
    health_beat(&health, &beat);
    assert_true(health_is_alive(&health, start_ms, reason));
    assert_false(health_is_ready(&health, start_ms, reason));
    assert_non_null(strstr(reason, "leases"));

    beat.is_leased = true;
    health_beat(&health, &beat);
    assert_true(health_is_ready(&health, start_ms, reason));
    health_clear(&health);
}

static void it_does_not_live_when_its_keeper_is_silent(void **state)
{
    (void)state;
    struct health health;
    char reason[HEALTH_REASON];
    health_init(&health, start_ms);
    health_run(&health, start_ms);
    assert_true(health_is_alive(&health, start_ms + HEALTH_BEAT_MS, reason));
    assert_false(health_is_alive(&health, start_ms + HEALTH_BEAT_MS + 1, reason));
    assert_string_equal(reason, "the keeper of the sources has not moved for 120 s\n");
    assert_false(health_is_ready(&health, start_ms + HEALTH_BEAT_MS + 1, reason));
    health_clear(&health);
}

static void it_does_not_live_when_a_turn_never_ends(void **state)
{
    (void)state;
    struct health health;
    char reason[HEALTH_REASON];
    health_init(&health, start_ms);
    health_run(&health, start_ms);
    struct health_beat beat = {
        .now_ms = start_ms + HEALTH_TURN_MS, .turn_ms = start_ms, .is_leased = true};
    health_beat(&health, &beat);
    assert_true(health_is_alive(&health, beat.now_ms, reason));
    beat.now_ms += 1;
    health_beat(&health, &beat);
    assert_false(health_is_alive(&health, beat.now_ms, reason));
    assert_string_equal(reason, "a turn of a source has been under way for 900 s\n");
    health_clear(&health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_lives_while_it_starts_and_is_not_ready),
        cmocka_unit_test(it_is_ready_when_it_runs_and_holds_its_leases),
        cmocka_unit_test(it_does_not_live_when_its_keeper_is_silent),
        cmocka_unit_test(it_does_not_live_when_a_turn_never_ends),
    };
    return cmocka_run_group_tests_name("metrics_health", tests, NULL, NULL);
}
