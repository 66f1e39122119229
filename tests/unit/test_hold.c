/* sinks/hold.h: one state for every thread; run under ThreadSanitizer too. */
#include "sinks/hold.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "sinks/credential.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 2000 };

static const struct error denied = {.kind = ERROR_DENIED, .text = "HTTP 401"};
static const struct error down = {.kind = ERROR_UNREACHABLE, .text = "no answer"};

static void one_thread_asks_and_the_others_wait_for_what_it_finds(void **state)
{
    (void)state;
    struct hold *hold = hold_new();
    struct hold_moment moment = {.now_ms = 0};
    hold_set(hold, &moment, &denied);
    moment.now_ms = HOLD_PROBE_MS;
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_PROBE);
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_WAIT);
    hold_clear(hold);
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_SEND);
    hold_free(hold);
}

static void waits_double_up_to_their_ceiling(void **state)
{
    (void)state;
    static const int64_t waits[] = {60000, 120000, 240000, 300000, 300000};
    struct hold *hold = hold_new();
    struct hold_moment moment = {.now_ms = 0};
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        hold_set(hold, &moment, &denied);
        moment.now_ms += waits[i] - 1;
        assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_WAIT);
        moment.now_ms += 1;
        assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_PROBE);
    }
    hold_free(hold);
}

static void a_credential_that_changed_is_tried_once_at_once(void **state)
{
    (void)state;
    struct hold *hold = hold_new();
    struct hold_moment moment = {.credentials = 1};
    hold_set(hold, &moment, &denied);
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_WAIT);
    moment.credentials = 2;
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_PROBE);
    assert_int_equal(hold_ask(hold, &moment, NULL), HOLD_WAIT);
    hold_free(hold);
}

static void what_holds_a_sink_stays_though_others_are_still_taken(void **state)
{
    (void)state;
    struct hold *hold = hold_new();
    struct hold_moment moment = {.now_ms = 0};
    hold_set(hold, &moment, &denied);
    hold_up(hold);                   /* a batch that was on its way */
    hold_down(hold, &moment, &down); /* another that was not answered */
    struct error err = {0};
    assert_int_equal(hold_ask(hold, &moment, &err), HOLD_WAIT);
    assert_int_equal(err.kind, ERROR_DENIED);
    hold_free(hold);
}

/* What the threads of one test share. */
struct crowd {
    struct hold *hold;
    struct credential *credential;
    atomic_int probes;
    atomic_int counted;
    atomic_int odd; /* secrets that were neither the old nor the new one */
};

static void *ask_often(void *context)
{
    struct crowd *crowd = context;
    const struct hold_moment moment = {.now_ms = HOLD_PROBE_MS};
    for (int i = 0; i < ROUNDS; i++) {
        if (hold_ask(crowd->hold, &moment, NULL) == HOLD_PROBE) {
            atomic_fetch_add(&crowd->probes, 1);
        }
    }
    return NULL;
}

static void *refuse_often(void *context)
{
    struct crowd *crowd = context;
    const struct hold_moment moment = {.now_ms = 0};
    for (int i = 0; i < ROUNDS; i++) {
        if (hold_count(crowd->hold, &moment, 1, 100, NULL)) {
            atomic_fetch_add(&crowd->counted, 1);
        }
    }
    return NULL;
}

static void *send_and_fail(void *context)
{
    struct crowd *crowd = context;
    struct hold_moment moment = {.now_ms = 0};
    for (int i = 0; i < ROUNDS; i++) {
        moment.now_ms += MS_PER_SECOND;
        struct error err = {0};
        if (hold_ask(crowd->hold, &moment, &err) == HOLD_WAIT) {
            atomic_fetch_add(&crowd->odd, err.kind == ERROR_NONE);
        } else if (i % 3 == 0) {
            hold_set(crowd->hold, &moment, &denied);
        } else if (i % 3 == 1) {
            hold_down(crowd->hold, &moment, &down);
        } else {
            hold_clear(crowd->hold);
        }
    }
    return NULL;
}

static void *read_often(void *context)
{
    struct crowd *crowd = context;
    struct secret secret = {0};
    for (int i = 0; i < ROUNDS / 10; i++) {
        bool got = credential_get(crowd->credential, i % 2 == 0, &secret, NULL);
        const char *text = secret_reveal(&secret);
        bool is_known = strcmp(text, "old") == 0 || strcmp(text, "rotated") == 0;
        atomic_fetch_add(&crowd->odd, !got || !is_known);
    }
    secret_clear(&secret);
    return NULL;
}

static void run_crowd(struct crowd *crowd, void *(*task)(void *))
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, task, crowd), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void of_many_threads_one_probes(void **state)
{
    (void)state;
    struct crowd crowd = {.hold = hold_new()};
    const struct hold_moment moment = {.now_ms = 0};
    hold_set(crowd.hold, &moment, &denied);
    run_crowd(&crowd, ask_often);
    assert_int_equal(crowd.probes, 1);
    hold_free(crowd.hold);
}

static void threads_together_refuse_no_more_than_one_may(void **state)
{
    (void)state;
    struct crowd crowd = {.hold = hold_new()};
    run_crowd(&crowd, refuse_often);
    assert_int_equal(crowd.counted, HOLD_REFUSALS - 1);
    hold_free(crowd.hold);
}

static void whoever_must_wait_is_told_why(void **state)
{
    (void)state;
    struct crowd crowd = {.hold = hold_new()};
    run_crowd(&crowd, send_and_fail);
    assert_int_equal(crowd.odd, 0);
    hold_free(crowd.hold);
}

static void write_file(const char *path, const char *text)
{
    char *beside = mem_format("%s.new", path);
    FILE *file = fopen(beside, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(beside, path), 0); /* as those who rotate keys do */
    free(beside);
}

static void *rotate(void *context)
{
    write_file(context, "rotated\n");
    return NULL;
}

static void a_key_file_is_rotated_under_many_readers(void **state)
{
    (void)state;
    char path[] = "/tmp/auditbridge-credential-XXXXXX";
    close(mkstemp(path));
    write_file(path, "old\n");
    struct crowd crowd = {.credential = credential_new(NULL, path)};
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, rotate, path), 0);
    run_crowd(&crowd, read_often);
    pthread_join(writer, NULL);

    struct secret secret = {0};
    assert_int_equal(crowd.odd, 0);
    assert_true(credential_get(crowd.credential, false, &secret, NULL));
    assert_string_equal(secret_reveal(&secret), "rotated");
    secret_clear(&secret);
    credential_free(crowd.credential);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_asks_and_the_others_wait_for_what_it_finds),
        cmocka_unit_test(waits_double_up_to_their_ceiling),
        cmocka_unit_test(a_credential_that_changed_is_tried_once_at_once),
        cmocka_unit_test(what_holds_a_sink_stays_though_others_are_still_taken),
        cmocka_unit_test(of_many_threads_one_probes),
        cmocka_unit_test(threads_together_refuse_no_more_than_one_may),
        cmocka_unit_test(whoever_must_wait_is_told_why),
        cmocka_unit_test(a_key_file_is_rotated_under_many_readers),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
