/* bridge/queue.h */
#include "bridge/queue.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SOURCES = 200, THREADS = 8, ROUNDS = 20 };

static struct source sources[SOURCES];

static int reset(void **state)
{
    (void)state;
    memset(sources, 0, sizeof(sources));
    return 0;
}

static bool is_told(const struct queue *queue)
{
    struct pollfd fd = {.fd = queue_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void the_longest_waiting_of_the_due_comes_first(void **state)
{
    (void)state;
    struct queue *queue = queue_new(SOURCES, 1);
    assert_int_equal(queue_due_ms(queue), INT64_MAX);
    for (size_t i = 0; i < SOURCES; i++) {
        sources[i].due_ms = (int64_t)(i * 7919 % SOURCES); /* a shuffle: 7919 is prime */
        queue_rest(queue, &sources[i]);
    }
    assert_null(queue_due(queue, -1));
    for (int64_t due = 0; due < SOURCES; due++) {
        assert_int_equal(queue_due_ms(queue), due);
        assert_null(queue_due(queue, due - 1));
        const struct source *source = queue_due(queue, due);
        assert_non_null(source);
        assert_int_equal(source->due_ms, due);
    }
    assert_null(queue_due(queue, INT64_MAX));
    queue_free(queue);
}

static void workers_get_what_is_ready_in_order_and_tell_when_it_ends(void **state)
{
    (void)state;
    struct source *ready[] = {&sources[0], &sources[1], &sources[2]};
    struct queue *queue = queue_new(SOURCES, 1);
    assert_int_equal(queue_room(queue), 2);
    queue_ready(queue, ready, 3);
    assert_true(queue_is_wanted(queue));
    assert_int_equal(queue_room(queue), 0);
    assert_false(is_told(queue));
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(queue_next(queue), ready[i]);
        assert_null(queue_take_ended(queue));
        queue_ended(queue, ready[i]);
        assert_ptr_equal(queue_take_ended(queue), ready[i]);
    }
    assert_true(is_told(queue));
    queue_clear_fd(queue);
    assert_false(is_told(queue));
    assert_int_equal(queue_held(queue), 0);
    queue_free(queue);
}

static void a_closed_queue_gives_no_turn_and_returns_what_was_ready(void **state)
{
    (void)state;
    struct source *ready[] = {&sources[0], &sources[1]};
    struct queue *queue = queue_new(SOURCES, 1);
    queue_ready(queue, ready, 2);
    assert_ptr_equal(queue_next(queue), ready[0]);
    queue_close(queue);
    assert_null(queue_next(queue));
    assert_ptr_equal(queue_take_ended(queue), ready[1]);
    assert_null(queue_take_ended(queue));
    queue_ended(queue, ready[0]);
    assert_ptr_equal(queue_take_ended(queue), ready[0]);
    queue_free(queue);
}

static atomic_int overlaps;
static atomic_int busy[SOURCES];

static void *work(void *context)
{
    struct queue *queue = context;
    struct source *source = NULL;
    while ((source = queue_next(queue)) != NULL) {
        size_t number = (size_t)(source - sources);
        overlaps += atomic_fetch_add(&busy[number], 1) != 0;
        source->counts.requests++; /* not atomic: it is ours */
        source->due_ms++;
        atomic_fetch_sub(&busy[number], 1);
        queue_ended(queue, source);
    }
    return NULL;
}

/* Gives every source ROUNDS turns. */
static void keep(struct queue *queue)
{
    size_t open = SOURCES;
    while (open > 0) {
        struct source *source = NULL;
        while ((source = queue_take_ended(queue)) != NULL) {
            if (source->counts.requests < ROUNDS) {
                queue_rest(queue, source);
            } else {
                open--;
            }
        }
        size_t room = queue_room(queue);
        for (; room > 0 && (source = queue_due(queue, INT64_MAX)) != NULL; room--) {
            queue_ready(queue, &source, 1);
        }
        struct pollfd fd = {.fd = queue_fd(queue), .events = POLLIN};
        if (open > 0 && queue_held(queue) > 0) {
            poll(&fd, 1, -1);
        }
        queue_clear_fd(queue);
    }
}

static void a_source_is_with_one_thread_at_a_time(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct queue *queue = queue_new(SOURCES, THREADS);
    for (size_t i = 0; i < SOURCES; i++) {
        queue_rest(queue, &sources[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, queue), 0);
    }
    keep(queue);
    queue_close(queue);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(overlaps, 0);
    for (size_t i = 0; i < SOURCES; i++) {
        assert_int_equal(sources[i].counts.requests, ROUNDS);
    }
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_longest_waiting_of_the_due_comes_first, reset),
        cmocka_unit_test_setup(workers_get_what_is_ready_in_order_and_tell_when_it_ends,
                               reset),
        cmocka_unit_test_setup(a_closed_queue_gives_no_turn_and_returns_what_was_ready,
                               reset),
        cmocka_unit_test_setup(a_source_is_with_one_thread_at_a_time, reset),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
