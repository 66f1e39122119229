/* runtime.h: the real one. */
#include "runtime.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void clocks_and_dice_work(void **state)
{
    (void)state;
    struct runtime runtime;
    uint8_t one[16] = {0};
    uint8_t other[16] = {0};
    runtime_init(&runtime);
    assert_true(runtime.now_ms(runtime.context) > 1767225600000);
    int64_t before = runtime.monotonic_ms(runtime.context);
    assert_true(runtime.wait(runtime.context, 2, NULL));
    assert_true(runtime.monotonic_ms(runtime.context) >= before + 2);
    runtime.random(runtime.context, one, sizeof(one));
    runtime.random(runtime.context, other, sizeof(other));
    assert_memory_not_equal(one, other, sizeof(one));
    runtime_clear(&runtime);
    runtime_clear(&runtime);
}

static void on_signal(int number)
{
    (void)number;
    runtime_stop();
}

static void *wait_an_hour(void *context)
{
    (void)context;
    struct runtime runtime;
    runtime_init(&runtime);
    struct error err = {0};
    bool waited = runtime.wait(runtime.context, 3600000, &err);
    runtime_clear(&runtime);
    return waited || err.kind != ERROR_STOPPED ? (void *)"waited" : NULL;
}

static void interruption_ends_waits_until_they_are_resumed(void **state)
{
    (void)state;
    struct runtime runtime;
    struct error err = {0};
    pthread_t thread;
    void *failed = NULL;
    runtime_init(&runtime);
    assert_int_equal(pthread_create(&thread, NULL, wait_an_hour, NULL), 0);
    runtime_interrupt();
    runtime_interrupt();
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_true(runtime_is_stopped());
    assert_false(runtime.wait(runtime.context, 0, &err));
    assert_int_equal(err.kind, ERROR_STOPPED);

    assert_true(runtime_resume());
    assert_false(runtime_is_stopped());
    assert_true(runtime.wait(runtime.context, 2, NULL));
    runtime_clear(&runtime);
}

static void stop_in_an_interruption_stays(void **state)
{
    (void)state;
    runtime_interrupt();
    assert_false(runtime_resume());
    assert_false(runtime_resume());
    assert_true(runtime_is_stopped());
    assert_null(wait_an_hour(NULL));
}

/* A stop is for ever: what comes behind is about nothing else. */
static void signal_ends_every_wait(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    assert_false(runtime_is_stopped());
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, wait_an_hour, NULL), 0);
    }
    raise(SIGTERM);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(runtime_is_stopped());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_and_dice_work),
        cmocka_unit_test(interruption_ends_waits_until_they_are_resumed),
        cmocka_unit_test(signal_ends_every_wait),
        cmocka_unit_test(stop_in_an_interruption_stays),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
