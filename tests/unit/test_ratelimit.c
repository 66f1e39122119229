/* net/ratelimit.h */
#include "net/ratelimit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char key[] = "aws-lookup:111122223333:eu-west-2";

/* Takes one request, however long it has to wait. */
static int64_t take(struct ratelimit *ratelimit, double per_second, double burst,
                    int64_t now_ms)
{
    const struct ratelimit_budget budget = {per_second, burst, INT64_MAX};
    return ratelimit_take(ratelimit, key, &budget, now_ms);
}

static void requests_are_spaced_at_the_rate(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    assert_int_equal(take(ratelimit, 2, 1, 1000), 0);
    assert_int_equal(take(ratelimit, 2, 1, 1000), 500);
    assert_int_equal(take(ratelimit, 2, 1, 1000), 1000);
    assert_int_equal(take(ratelimit, 2, 1, 3000), 0);
    ratelimit_free(ratelimit);
}

static void burst_goes_at_once_and_is_earned_back(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(ratelimit, 1, 3, 0), 0);
    }
    assert_int_equal(take(ratelimit, 1, 3, 0), 1000);
    assert_int_equal(take(ratelimit, 1, 3, 3000), 0);
    ratelimit_free(ratelimit);
}

static void other_keys_and_no_limit_do_not_wait(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    const struct ratelimit_budget one = {1, 1, INT64_MAX};
    const struct ratelimit_budget unlimited = {0};
    ratelimit_take(ratelimit, key, &one, 0);
    assert_int_equal(ratelimit_take(ratelimit, "another", &one, 0), 0);
    assert_int_equal(ratelimit_take(ratelimit, "free", &unlimited, 0), 0);
    assert_int_equal(ratelimit_take(ratelimit, "free", &unlimited, 0), 0);
    ratelimit_free(ratelimit);
}

static void who_will_not_wait_takes_nothing(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    const struct ratelimit_budget hasty = {2, 1, 400};
    assert_int_equal(ratelimit_delay_ms(ratelimit, key, 0), 0);
    assert_int_equal(ratelimit_take(ratelimit, key, &hasty, 0), 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ratelimit_take(ratelimit, key, &hasty, 0), 500);
        assert_int_equal(ratelimit_delay_ms(ratelimit, key, 0), 500);
    }
    assert_int_equal(ratelimit_take(ratelimit, key, &hasty, 100), 400);
    assert_int_equal(ratelimit_delay_ms(ratelimit, key, 500), 500);
    ratelimit_free(ratelimit);
}

static void never_more_than_the_rate_over_any_second(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    double last = -1e9;
    for (int64_t now = 0; now < 60000;) {
        double at = (double)(now + take(ratelimit, 1.8, 1, now));
        assert_true(at - last >= 1000 / 1.8 - 1);
        last = at;
        now = (int64_t)at + now % 7;
    }
    ratelimit_free(ratelimit);
}

static void throttle_halves_the_rate_which_recovers_in_a_minute(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    take(ratelimit, 2, 1, 0);
    ratelimit_throttled(ratelimit, key, 1000);
    take(ratelimit, 2, 1, 1000);
    assert_int_equal(take(ratelimit, 2, 1, 1000), 1000);
    take(ratelimit, 2, 1, 61000);
    assert_int_equal(take(ratelimit, 2, 1, 61000), 500);
    for (int i = 0; i < 100; i++) {
        ratelimit_throttled(ratelimit, key, 70000 + 1000LL * i);
    }
    take(ratelimit, 2, 1, 169000);
    assert_int_equal(take(ratelimit, 2, 1, 169000), 8000);
    ratelimit_free(ratelimit);
}

static void one_throttling_told_to_many_threads_halves_once(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    for (int i = 0; i < 32; i++) {
        ratelimit_throttled(ratelimit, key, 1000 + i);
    }
    take(ratelimit, 2, 1, 1031);
    assert_in_range(take(ratelimit, 2, 1, 1031), 990, 1000);
    ratelimit_free(ratelimit);
}

static void use_is_the_share_of_the_last_minute(void **state)
{
    (void)state;
    struct ratelimit *ratelimit = ratelimit_new();
    assert_true(ratelimit_used(ratelimit, key, 0) == 0);
    for (int i = 0; i < 30; i++) {
        take(ratelimit, 1, 1, i * 1000LL);
    }
    assert_true(ratelimit_used(ratelimit, key, 30000) == 0.5);
    assert_true(ratelimit_used(ratelimit, key, 90000) == 0.25);
    assert_true(ratelimit_used(ratelimit, key, 300000) == 0);
    ratelimit_free(ratelimit);
}

static void *take_many(void *ratelimit)
{
    for (int i = 0; i < 1000; i++) {
        take(ratelimit, 1000, 1, 0);
    }
    return NULL;
}

static void threads_share_one_budget(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    struct ratelimit *ratelimit = ratelimit_new();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, ratelimit), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(take(ratelimit, 1000, 1, 0), THREADS * 1000);
    ratelimit_free(ratelimit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_spaced_at_the_rate),
        cmocka_unit_test(burst_goes_at_once_and_is_earned_back),
        cmocka_unit_test(other_keys_and_no_limit_do_not_wait),
        cmocka_unit_test(who_will_not_wait_takes_nothing),
        cmocka_unit_test(never_more_than_the_rate_over_any_second),
        cmocka_unit_test(throttle_halves_the_rate_which_recovers_in_a_minute),
        cmocka_unit_test(one_throttling_told_to_many_threads_halves_once),
        cmocka_unit_test(use_is_the_share_of_the_last_minute),
        cmocka_unit_test(threads_share_one_budget),
    };
    return cmocka_run_group_tests_name("ratelimit", tests, NULL, NULL);
}
