/* gcp/adc.h and its parts over a runtime without sockets: many threads, odd answers. */
#include "base/timestamp.h"
#include "gcp/adc.h"
#include "gcp/adc_fault.h"
#include "gcp/adc_host.h"
#include "net/http.h"
#include "net/token.h"
#include "net/token_cache.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 32, NOW_MS = 1 << 20 };

/* A token service that many threads may ask at once. */
struct service {
    struct runtime runtime;
    atomic_int asked;
    int status;
    char host[64];
};

/* Lets every other thread come and wait. */
static void stand_back(void)
{
    for (int i = 0; i < 10 * THREADS; i++) {
        sched_yield();
    }
}

static bool answer(void *context, const struct http_request *request,
                   struct http_response *response, struct error *err)
{
    (void)err;
    struct service *service = context;
    int number = ++service->asked;
    if (number == 1) {
        snprintf(service->host, sizeof(service->host), "%s",
                 request->credential_hosts[0]);
    }
    stand_back();
    http_response_clear(response);
    buf_init(&response->body, request->limit);
    response->status = service->status;
    if (service->status == 200) {
        buf_addf(&response->body, "{\"access_token\":\"token-%d\",\"expires_in\":3600}",
                 number);
    } else {
        buf_addf(&response->body, "{\"error\":\"invalid_grant\"}");
    }
    return true;
}

static int64_t now_ms(void *context)
{
    (void)context;
    return NOW_MS;
}

static bool no_wait(void *context, int64_t ms, struct error *err)
{
    (void)context;
    (void)ms;
    (void)err;
    return true;
}

static void no_chance(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 7, size);
}

static void start_service(struct service *service, int status)
{
    token_cache_clear();
    *service = (struct service){.status = status};
    service->runtime =
        (struct runtime){service, answer, now_ms, now_ms, no_wait, no_chance};
}

static struct adc *open_adc(void)
{
    json_t *settings = json_pack("{s:s}", "credentials_file", "gcp/user-login.json");
    struct adc *adc = NULL;
    struct error err = {0};
    if (!adc_new(settings, &adc, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(settings);
    return adc;
}

/* What one thread does: asks once, and once more when its token was refused. */
struct worker {
    struct service *service;
    pthread_barrier_t *start;
    struct secret first;
    struct secret second;
    struct error err;
    bool is_ok;
};

static void *work(void *context)
{
    struct worker *worker = context;
    const struct runtime *runtime = &worker->service->runtime;
    struct adc *adc = open_adc();
    pthread_barrier_wait(worker->start);
    worker->is_ok = adc_token(adc, runtime, &worker->first, &worker->err);
    pthread_barrier_wait(worker->start);
    worker->is_ok = worker->is_ok && adc_next_token(adc, runtime, &worker->first,
                                                    &worker->second, &worker->err);
    adc_free(adc);
    return NULL;
}

static void run_threads(struct service *service, struct worker workers[THREADS])
{
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.service = service, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
}

static void many_threads_make_one_request_and_one_after_a_refusal(void **state)
{
    (void)state;
    struct service service;
    struct worker workers[THREADS];
    start_service(&service, 200);
    run_threads(&service, workers);
    for (size_t i = 0; i < THREADS; i++) {
        assert_true(workers[i].is_ok);
        assert_string_equal(secret_reveal(&workers[i].first), "token-1");
        assert_string_equal(secret_reveal(&workers[i].second), "token-2");
        secret_clear(&workers[i].first);
        secret_clear(&workers[i].second);
    }
    assert_int_equal(service.asked, 2);
    assert_string_equal(service.host, "oauth2.googleapis.com");
    token_cache_clear();
}

static void refusal_is_one_request_for_many_threads(void **state)
{
    (void)state;
    struct service service;
    struct worker workers[THREADS];
    start_service(&service, 400);
    run_threads(&service, workers);
    for (size_t i = 0; i < THREADS; i++) {
        assert_false(workers[i].is_ok);
        assert_int_equal(workers[i].err.kind, ERROR_DENIED);
        assert_non_null(strstr(workers[i].err.text, "application-default login"));
    }
    assert_int_equal(service.asked, 1);
    token_cache_clear();
}

static void impersonated_time_is_read_as_an_end(void **state)
{
    (void)state;
    static const char text[] =
        "{\"accessToken\":\"a\",\"expireTime\":\"1970-01-01T01:00:00Z\"}";
    struct token token = {0};
    assert_true(token_read(bytes_of(text), 0, &token, NULL));
    assert_int_equal(token.life_ms, MS_PER_HOUR);
    token_clear(&token);
}

static struct host_row {
    const char *name;
    const char *url;
    bool may;
} hosts[] = {
    {"a host of the universe", "https://sts.googleapis.com/v1/token", true},
    {"one deeper in it", "https://sts.mtls.googleapis.com/v1/token", true},
    {"in any case", "https://STS.GoogleAPIs.com", true},
    {"one that is listed, with its port", "https://proxy.example:8443/token", true},
    {"one that is listed, on another port", "https://proxy.example/token", false},
    {"the universe itself", "https://googleapis.com/token", false},
    {"its name as the end of another", "https://evilgoogleapis.com/token", false},
    {"its name as the start of another", "https://sts.googleapis.com.evil.example",
     false},
    {"a user before a host", "https://sts.googleapis.com@evil.example/token", false},
    {"a fragment before a host", "https://evil.example#.googleapis.com", false},
    {"a backslash", "https://evil.example\\.googleapis.com/", false},
    {"plain http", "http://sts.googleapis.com/v1/token", false},
    {"no URL", "sts.googleapis.com", false},
    {"nothing", "", false},
};
enum { HOSTS = sizeof(hosts) / sizeof(hosts[0]) };

static void test_host(void **state)
{
    const struct host_row *row = *state;
    struct error err = {0};
    json_t *listed = json_pack("[s]", "proxy.example:8443");
    assert_int_equal(
        adc_host_check("token_url", row->url, "googleapis.com", listed, &err), row->may);
    assert_int_equal(err.kind, row->may ? ERROR_NONE : ERROR_CONFIG);
    json_decref(listed);
}

static struct local_row {
    const char *name;
    const char *url;
    bool is_local;
} locals[] = {
    {"Azure's metadata", "http://169.254.169.254/metadata?resource=x", true},
    {"AWS's in IPv6", "http://[fd00:ec2::254]/latest/api/token", true},
    {"this machine", "http://localhost:5000/token", true},
    {"this machine in IPv6", "http://[::1]:5000/token", true},
    {"a public host", "http://idp.example/token", false},
    {"a host that begins like one", "http://169.254.169.254.evil.example/", false},
    {"a user like one", "http://169.254.169.254@evil.example/", false},
};
enum { LOCALS = sizeof(locals) / sizeof(locals[0]) };

static void test_local(void **state)
{
    const struct local_row *row = *state;
    assert_int_equal(adc_host_is_local(row->url), row->is_local);
}

/* What no service of Google's should say, and something between may. */
static const char *const oddities[] = {
    "",
    "null",
    "[]",
    "{\"error\":7}",
    "{\"error\":{\"status\":7,\"details\":[7]}}",
    "{\"error\":\"planted secret\"}",
    "{\"error\":{\"status\":\"planted ya29.x\"}}",
};

static void odd_refusals_are_unreachable_and_show_nothing(void **state)
{
    (void)state;
    const struct adc_source source = {.kind = ADC_USER};
    for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
        struct http_response response = {.status = 400};
        struct error err = {0};
        buf_init(&response.body, 1024);
        buf_add_text(&response.body, oddities[i]);
        assert_false(adc_fault_is_passing(&response));
        assert_false(adc_fault_set(&source, &response, 0, &err));
        assert_int_equal(err.kind, ERROR_UNREACHABLE);
        assert_null(strstr(err.text, "planted"));
        http_response_clear(&response);
    }
}

int main(void)
{
    struct CMUnitTest rows[HOSTS + LOCALS] = {0};
    for (size_t i = 0; i < HOSTS; i++) {
        rows[i] = (struct CMUnitTest){
            .name = hosts[i].name, .test_func = test_host, .initial_state = &hosts[i]};
    }
    for (size_t i = 0; i < LOCALS; i++) {
        rows[HOSTS + i] = (struct CMUnitTest){
            .name = locals[i].name, .test_func = test_local, .initial_state = &locals[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_make_one_request_and_one_after_a_refusal),
        cmocka_unit_test(refusal_is_one_request_for_many_threads),
        cmocka_unit_test(impersonated_time_is_read_as_an_end),
        cmocka_unit_test(odd_refusals_are_unreachable_and_show_nothing),
    };
    return cmocka_run_group_tests_name("adc_host", rows, NULL, NULL) +
           cmocka_run_group_tests_name("adc", tests, NULL, NULL);
}
