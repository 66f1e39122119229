/* sinks/http.c in many threads at once; run under ThreadSanitizer too. */
#include "platform.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EVENT_SIZE = 200 };

/* A platform for many threads: a good key is wanted from some time on. */
struct gate {
    atomic_int requests;
    atomic_int status;
};

static bool gate_answer(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    (void)err;
    struct gate *gate = context;
    struct http_extra extra = {0};
    assert_true(request->authorize(request->context, request, false, &extra, NULL));
    http_extra_clear(&extra);
    atomic_fetch_add(&gate->requests, 1);
    response->status = atomic_load(&gate->status);
    return true;
}

static int64_t gate_now(void *context)
{
    (void)context;
    return 0;
}

/* A thread that sends batches through the sink that all of them share. */
struct sender {
    pthread_t thread;
    struct sink *sink;
    struct runtime runtime;
    int delivered;
    int held;
};

enum { SENDERS = 8, BATCHES = 50 };

static void *send_batches(void *context)
{
    struct sender *sender = context;
    struct batch batch;
    platform_batch(&batch, 4, EVENT_SIZE);
    for (int i = 0; i < BATCHES; i++) {
        struct outcome outcomes[4] = {0};
        struct error err = {0};
        bool ok = sink_type_find("http")->send(sender->sink, &sender->runtime, &batch,
                                               outcomes, &err);
        sender->delivered += ok;
        sender->held += err.kind == ERROR_DENIED;
    }
    batch_clear(&batch);
    return NULL;
}

/* Sends from all threads; how many batches came through. */
static int send_together(struct sink *sink, struct gate *gate)
{
    struct sender senders[SENDERS];
    int delivered = 0;
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.sink = sink,
                                     .runtime = {.context = gate,
                                                 .http = gate_answer,
                                                 .now_ms = gate_now,
                                                 .monotonic_ms = gate_now}};
        assert_int_equal(
            pthread_create(&senders[i].thread, NULL, send_batches, &senders[i]), 0);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].delivered + senders[i].held, BATCHES);
        delivered += senders[i].delivered;
    }
    return delivered;
}

static void many_threads_do_not_hammer_a_sink_that_one_of_them_found_held(void **state)
{
    (void)state;
    struct gate gate = {.status = 202};
    struct platform platform;
    platform_open(&platform);
    struct sink *sink = platform_sink_take(&platform, json_pack("{s:s}", "api_key", "k"));
    assert_int_equal(send_together(sink, &gate), SENDERS * BATCHES);
    assert_int_equal(gate.requests, SENDERS * BATCHES);

    atomic_store(&gate.status, 401);
    atomic_store(&gate.requests, 0);
    assert_int_equal(send_together(sink, &gate), 0);
    assert_in_range(gate.requests, 1, SENDERS); /* those that were on their way */
    sink_type_find("http")->close(sink);
    platform_close(&platform);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_do_not_hammer_a_sink_that_one_of_them_found_held),
    };
    return cmocka_run_group_tests_name("sink_threads", tests, NULL, NULL);
}
