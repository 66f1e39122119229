/* azure/identity.h and its parts over a scripted runtime: many threads, odd answers. */
#include "azure/cloud.h"
#include "azure/identity.h"
#include "azure/managed.h"
#include "base/timestamp.h"
#include "net/form.h"
#include "net/http.h"
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

static const char audience[] = "https://management.azure.com";

/* A token service that many threads may ask at once. */
struct service {
    struct runtime runtime;
    atomic_int asked;
    atomic_int inside; /* requests at this moment */
    atomic_int most;   /* the most there were at once */
    atomic_llong now_ms;
    int status;
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
    int inside = ++service->inside;
    if (inside > service->most) {
        service->most = inside;
    }
    stand_back();
    http_response_clear(response);
    buf_init(&response->body, request->limit);
    response->status = service->status;
    buf_addf(&response->body, "{\"access_token\":\"token-%d\",\"expires_in\":3600}",
             number);
    service->inside--;
    return true;
}

static int64_t now_ms(void *context)
{
    struct service *service = context;
    return service->now_ms;
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

static void start_service(struct service *service)
{
    token_cache_clear();
    service->runtime =
        (struct runtime){service, answer, now_ms, now_ms, no_wait, no_chance};
    service->now_ms = NOW_MS;
    service->status = 200;
}

static struct identity *open_identity(void)
{
    json_t *settings =
        json_pack("{s:s, s:s, s:s, s:s}", "credential", "client-secret", "tenant_id", "t",
                  "client_id", "c", "client_secret", "s");
    struct identity *identity = NULL;
    assert_true(identity_new(settings, &identity, NULL));
    json_decref(settings);
    return identity;
}

/* What one thread does: asks once, and once more when its token was refused. */
struct worker {
    struct service *service;
    pthread_barrier_t *start;
    struct secret first;
    struct secret second;
    bool is_ok;
};

static void *work(void *context)
{
    struct worker *worker = context;
    const struct runtime *runtime = &worker->service->runtime;
    struct identity *identity = open_identity();
    struct error err = {0};
    pthread_barrier_wait(worker->start);
    worker->is_ok = identity_token(identity, runtime, audience, &worker->first, &err);
    pthread_barrier_wait(worker->start);
    worker->is_ok = worker->is_ok && identity_next_token(identity, runtime, audience,
                                                         &worker->second, &err);
    identity_free(identity);
    return NULL;
}

static void run_workers(struct service *service, struct worker workers[THREADS])
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

static void many_threads_make_one_request(void **state)
{
    (void)state;
    struct service service = {0};
    struct worker workers[THREADS];
    start_service(&service);

    run_workers(&service, workers);

    assert_int_equal(service.asked, 2); /* one at first, one for all refusals */
    assert_int_equal(service.most, 1);
    for (size_t i = 0; i < THREADS; i++) {
        assert_true(workers[i].is_ok);
        assert_string_equal(secret_reveal(&workers[i].first), "token-1");
        assert_string_equal(secret_reveal(&workers[i].second), "token-2");
        secret_clear(&workers[i].first);
        secret_clear(&workers[i].second);
    }
    token_cache_clear();
}

static void refusal_is_one_request_for_many_threads(void **state)
{
    (void)state;
    struct service service = {0};
    struct worker workers[THREADS];
    start_service(&service);
    service.status = 401; /* and no error of Entra's: something between */

    run_workers(&service, workers);

    assert_in_range(service.asked, 1, THREADS);
    assert_int_equal(service.most, 1);
    for (size_t i = 0; i < THREADS; i++) {
        assert_false(workers[i].is_ok);
        assert_false(secret_is_set(&workers[i].first));
    }
    token_cache_clear();
}

static void early_renewal_lets_the_others_go_on(void **state)
{
    (void)state;
    struct service service = {0};
    struct worker workers[THREADS];
    struct secret token = {0};
    start_service(&service);
    struct identity *identity = open_identity();
    assert_true(identity_token(identity, &service.runtime, audience, &token, NULL));
    service.now_ms += 3400LL * MS_PER_SECOND;

    run_workers(&service, workers);

    assert_int_equal(service.asked, 3);
    size_t new_count = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert_true(workers[i].is_ok);
        new_count += strcmp(secret_reveal(&workers[i].first), "token-2") == 0 ? 1 : 0;
        secret_clear(&workers[i].first);
        secret_clear(&workers[i].second);
    }
    assert_in_range(new_count, 1, THREADS);
    secret_clear(&token);
    identity_free(identity);
    token_cache_clear();
}

static struct answer_row {
    const char *name;
    const char *text;
    int64_t life_ms; /* 0: refused */
    int64_t refresh_ms;
} answer_rows[] = {
    {"an hour", "{\"access_token\":\"t\",\"expires_in\":3600}", 3600000, 3300000},
    {"a day, renewed at half", "{\"access_token\":\"t\",\"expires_in\":86400}", 86400000,
     43200000},
    {"a minute, renewed at half", "{\"access_token\":\"t\",\"expires_in\":60}", 60000,
     30000},
    {"refresh_in", "{\"access_token\":\"t\",\"expires_in\":3600,\"refresh_in\":600}",
     3600000, 600000},
    {"a refresh_in past the end",
     "{\"access_token\":\"t\",\"expires_in\":3600,\"refresh_in\":9999}", 3600000,
     3300000},
    {"expires_in as a string", "{\"access_token\":\"t\",\"expires_in\":\"3600\"}",
     3600000, 3300000},
    {"expires_on as a string", "{\"access_token\":\"t\",\"expires_on\":\"4600\"}",
     3600000, 3300000},
    {"expires_on as a number", "{\"access_token\":\"t\",\"expires_on\":4600}", 3600000,
     3300000},
    {"the Azure CLI", "{\"accessToken\":\"t\",\"expires_on\":4600,\"expiresOn\":\"x\"}",
     3600000, 3300000},
    {"no life", "{\"access_token\":\"t\"}", 300000, 150000},
    {"a negative life", "{\"access_token\":\"t\",\"expires_in\":-5}", 300000, 150000},
    {"a life of ages", "{\"access_token\":\"t\",\"expires_in\":1e30}", 604800000,
     302400000},
    {"one that is over", "{\"access_token\":\"t\",\"expires_on\":10}", 1000, 500},
    {"no token", "{\"expires_in\":3600}", 0, 0},
    {"an empty token", "{\"access_token\":\"\",\"expires_in\":3600}", 0, 0},
    {"a number for a token", "{\"access_token\":5}", 0, 0},
    {"a line break in it", "{\"access_token\":\"a\\r\\nb\"}", 0, 0},
    {"a page", "<html></html>", 0, 0},
    {"nothing", "", 0, 0},
};
enum { ANSWER_ROWS = sizeof(answer_rows) / sizeof(answer_rows[0]) };

static void test_answer(void **state)
{
    const struct answer_row *row = *state;
    struct token token = {0};
    struct error err = {0};
    bool ok = token_read(bytes_of(row->text), 1000LL * MS_PER_SECOND, &token, &err);
    assert_int_equal(ok, row->life_ms != 0);
    if (ok) {
        assert_string_equal(secret_reveal(&token.text), "t");
        assert_int_equal(token.life_ms, row->life_ms);
        assert_int_equal(token.refresh_ms, row->refresh_ms);
    } else {
        assert_int_equal(err.kind, ERROR_DATA);
    }
    token_clear(&token);
}

static struct key_row {
    const char *name; /* the challenge */
    const char *path; /* NULL: refused */
} key_rows[] = {
    {"Basic realm=/var/opt/azcmagent/tokens/a.key", "/var/opt/azcmagent/tokens/a.key"},
    {"basic realm=\"/var/opt/azcmagent/tokens/a.key\"",
     "/var/opt/azcmagent/tokens/a.key"},
    {"Basic realm=/var/opt/azcmagent/tokens/../../../../etc/shadow.key", NULL},
    {"Basic realm=/var/opt/azcmagent/tokens/a.pem", NULL},
    {"Basic realm=/var/opt/azcmagent/tokens/.key", NULL},
    {"Basic realm=/etc/a.key", NULL},
    {"Basic realm=", NULL},
    {"Bearer realm=/var/opt/azcmagent/tokens/a.key", NULL},
    {"", NULL},
};
enum { KEY_ROWS = sizeof(key_rows) / sizeof(key_rows[0]) };

static void test_key_path(void **state)
{
    const struct key_row *row = *state;
    char *path = managed_key_path(row->name);
    assert_int_equal(path != NULL, row->path != NULL);
    if (path != NULL) {
        assert_string_equal(path, row->path);
    }
    free(path);
}

static void form_escapes_what_a_secret_holds(void **state)
{
    (void)state;
    struct buf form;
    buf_init(&form, 256);
    assert_true(form_add(&form, "a", "x+/=~ &\xc3\xa9"));
    assert_true(form_add(&form, "b", ""));
    assert_string_equal(buf_text(&form), "a=x%2B%2F%3D~%20%26%C3%A9&b=");
    buf_clear(&form);
}

static struct cloud_row {
    const char *name;      /* setting; NULL: none */
    const char *authority; /* AZURE_AUTHORITY_HOST */
    const char *graph;
} cloud_rows[] = {
    {NULL, NULL, "https://graph.microsoft.com"},
    {"us-government", NULL, "https://graph.microsoft.us"},
    {"us-government-dod", NULL, "https://dod-graph.microsoft.us"},
    {"china", NULL, "https://microsoftgraph.chinacloudapi.cn"},
    {NULL, "https://login.microsoftonline.us/", "https://graph.microsoft.us"},
    {NULL, "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"},
    {NULL, "https://login.microsoftonline.us.evil.example/",
     "https://graph.microsoft.com"},
    {"public", "https://login.microsoftonline.us/", "https://graph.microsoft.com"},
};

static void cloud_is_the_one_named_or_that_of_the_authority(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cloud_rows) / sizeof(cloud_rows[0]); i++) {
        const struct cloud_row *row = &cloud_rows[i];
        json_t *settings = json_object();
        if (row->name != NULL) {
            json_object_set_new(settings, "cloud", json_string(row->name));
        }
        unsetenv("AZURE_AUTHORITY_HOST");
        if (row->authority != NULL) {
            setenv("AZURE_AUTHORITY_HOST", row->authority, 1);
        }
        assert_string_equal(cloud_find(settings)->graph, row->graph);
        json_decref(settings);
    }
    unsetenv("AZURE_AUTHORITY_HOST");
}

int main(void)
{
    struct CMUnitTest tests[ANSWER_ROWS + KEY_ROWS + 5] = {
        cmocka_unit_test(many_threads_make_one_request),
        cmocka_unit_test(refusal_is_one_request_for_many_threads),
        cmocka_unit_test(early_renewal_lets_the_others_go_on),
        cmocka_unit_test(form_escapes_what_a_secret_holds),
        cmocka_unit_test(cloud_is_the_one_named_or_that_of_the_authority),
    };
    for (size_t i = 0; i < ANSWER_ROWS; i++) {
        tests[5 + i] = (struct CMUnitTest){.name = answer_rows[i].name,
                                           .test_func = test_answer,
                                           .initial_state = &answer_rows[i]};
    }
    for (size_t i = 0; i < KEY_ROWS; i++) {
        tests[5 + ANSWER_ROWS + i] = (struct CMUnitTest){.name = key_rows[i].name,
                                                         .test_func = test_key_path,
                                                         .initial_state = &key_rows[i]};
    }
    return cmocka_run_group_tests_name("azure_identity", tests, NULL, NULL);
}
