/* metrics/server.h over real sockets; run under ThreadSanitizer too. */
#include "metrics/server.h"

#include "base/mem.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWER_MAX = 64 << 10, THREADS = 4, ROUNDS = 50 };

static struct health health;
static struct runtime runtime;
static struct server *server;
static uint16_t port;

static int connect_to(uint16_t to)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(to),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* One that was free a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&address, size);
    getsockname(fd, (struct sockaddr *)&address, &size);
    close(fd);
    return ntohs(address.sin_port);
}

static int start(void **state)
{
    (void)state;
    char listen_on[32];
    struct error err = {0};
    port = free_port();
    snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%u", (unsigned)port);
    runtime_init(&runtime);
    health_init(&health, runtime.monotonic_ms(runtime.context));
    metrics_enable();
    metrics_add(METRIC_BATCHES, (struct metrics_labels){{"replay"}}, 1);
    const struct server_plan plan = {listen_on, &health, &runtime};
    bool ok = server_start(&plan, &server, &err);
    if (!ok && strstr(err.text, "built without") != NULL) {
        printf("SKIP: %s\n", err.text);
        exit(77);
    }
    return ok ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    server_stop(server);
    health_clear(&health);
    metrics_clear();
    runtime_clear(&runtime);
    return 0;
}

/* Sends text, and returns all that comes back. The caller frees. */
static char *ask(const char *text)
{
    char *answer = mem_new(ANSWER_MAX, 1);
    size_t size = 0;
    ssize_t got = 0;
    int fd = connect_to(port);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    while ((got = recv(fd, answer + size, ANSWER_MAX - 1 - size, 0)) > 0) {
        size += (size_t)got;
    }
    close(fd);
    return answer;
}

static void assert_answer(const char *line, const char *status, const char *part)
{
    char *request =
        mem_format("%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", line);
    char *answer = ask(request);
    assert_memory_equal(answer, status, strlen(status));
    assert_non_null(strstr(answer, part));
    free(request);
    free(answer);
}

static void it_serves_metrics_as_prometheus_wants_them(void **state)
{
    (void)state;
    assert_answer("GET /metrics", "HTTP/1.1 200",
                  "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    assert_answer("GET /metrics?a=b", "HTTP/1.1 200",
                  "auditbridge_batches_total{provider=\"replay\"} 1\n");
    assert_answer("GET /metrics", "HTTP/1.1 200", "\nprocess_resident_memory_bytes ");
    assert_answer("GET /metrics", "HTTP/1.1 200", "\nprocess_open_fds ");
}

static void head_has_no_body(void **state)
{
    (void)state;
    char *answer = ask("HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_memory_equal(answer, "HTTP/1.1 200", 12);
    assert_null(strstr(answer, "auditbridge_"));
    free(answer);
}

static void other_methods_bodies_and_paths_are_refused(void **state)
{
    (void)state;
    assert_answer("POST /metrics", "HTTP/1.1 405", "Allow: GET, HEAD\r\n");
    assert_answer("DELETE /healthz", "HTTP/1.1 405", "GET and HEAD only");
    assert_answer("GET /metrics HTTP/1.1\r\nContent-Length: 5\r\nX: y", "HTTP/1.1 4",
                  "\r\n\r\n");
    assert_answer("GET /", "HTTP/1.1 404", "/healthz");
    assert_answer("GET /metrics/", "HTTP/1.1 404", "");
    assert_answer("GET /../etc/passwd", "HTTP/1.1 404", "");
}

static void a_body_is_not_read(void **state)
{
    (void)state;
    char *answer = ask("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n");
    assert_memory_equal(answer, "HTTP/1.1 413", 12);
    assert_null(strstr(answer, "auditbridge_"));
    free(answer);
}

static void what_is_no_http_is_survived(void **state)
{
    (void)state;
    char *big = mem_new(64 << 10, 1);
    memset(big, 'a', (64 << 10) - 1);
    free(ask("\x16\x03\x01\r\n\r\n"));
    int fd = connect_to(port);
    ssize_t sent = send(fd, big, strlen(big), MSG_NOSIGNAL);
    (void)sent; /* it may be cut off before all is sent */
    close(fd);
    free(big);
    assert_answer("GET /healthz", "HTTP/1.1 200", "ok\n");
}

static void readiness_follows_the_run(void **state)
{
    (void)state;
    int64_t now_ms = runtime.monotonic_ms(runtime.context);
    struct health_beat beat = {.now_ms = now_ms, .is_leased = true};
    assert_answer("GET /readyz", "HTTP/1.1 503", "starting");
    assert_answer("GET /healthz", "HTTP/1.1 200", "ok\n");
    health_run(&health, now_ms);
    assert_answer("GET /readyz", "HTTP/1.1 200", "ok\n");
    beat.now_ms = now_ms - HEALTH_BEAT_MS - 1000;
    health_beat(&health, &beat);
    assert_answer("GET /healthz", "HTTP/1.1 503", "has not moved for 12");
    assert_answer("GET /readyz", "HTTP/1.1 503", "has not moved for 12");
    beat.now_ms = now_ms;
    health_beat(&health, &beat);
    assert_answer("GET /healthz", "HTTP/1.1 200", "ok\n");
}

static void an_address_in_use_is_told(void **state)
{
    (void)state;
    char listen_on[32];
    struct server *other = NULL;
    struct error err = {0};
    snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%u", (unsigned)port);
    const struct server_plan plan = {listen_on, &health, &runtime};
    assert_false(server_start(&plan, &other, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "Address already in use"));
}

static void *count_along(void *context)
{
    (void)context;
    for (size_t i = 0; i < ROUNDS; i++) {
        metrics_add(METRIC_BATCHES, (struct metrics_labels){{"replay"}}, 1);
        free(ask("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    }
    return NULL;
}

static void it_serves_while_others_count(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_answer("GET /metrics", "HTTP/1.1 200",
                  "auditbridge_batches_total{provider=\"replay\"} 201\n");
}

/* Comes last: a stop is for ever. */
static void a_run_that_stops_is_no_longer_ready(void **state)
{
    (void)state;
    runtime_stop();
    assert_answer("GET /readyz", "HTTP/1.1 503", "stopping\n");
    assert_answer("GET /healthz", "HTTP/1.1 200", "ok\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_serves_metrics_as_prometheus_wants_them),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(other_methods_bodies_and_paths_are_refused),
        cmocka_unit_test(a_body_is_not_read),
        cmocka_unit_test(what_is_no_http_is_survived),
        cmocka_unit_test(readiness_follows_the_run),
        cmocka_unit_test(an_address_in_use_is_told),
        cmocka_unit_test(it_serves_while_others_count),
        cmocka_unit_test(a_run_that_stops_is_no_longer_ready),
    };
    return cmocka_run_group_tests_name("metrics_server", tests, start, stop);
}
