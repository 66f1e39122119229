/*
 * CPU of one new TLS connection with a whole system's authorities:
 *
 *   tests/unit/http_server.py build/bench/tests/bench_tls BUNDLE [COUNT]
 *
 * Fails above 1.5 ms. BUNDLE is joined with the test server's authority.
 */
#include "base/mem.h"
#include "net/http.h"
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COUNT = 300, LIMIT = 1 << 16 };

static const double budget_ms = 1.5;

static double cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void append(const char *from, FILE *out)
{
    char block[4096];
    FILE *in = fopen(from, "rb");
    if (in == NULL) {
        perror(from);
        exit(2);
    }
    size_t size = 0;
    while ((size = fread(block, 1, sizeof(block), in)) > 0) {
        fwrite(block, 1, size, out);
    }
    fclose(in);
}

static void connect_once(const struct runtime *runtime, const char *url,
                         const char *ca_file)
{
    struct http_response response = {0};
    struct error err = {0};
    const struct http_request request = {
        .method = "GET", .url = url, .limit = LIMIT, .ca_file = ca_file};
    if (!runtime->http(runtime->context, &request, &response, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(2);
    }
    http_response_clear(&response);
}

/* The CPU of each of count connections; is_new: each by a handle of its own. */
static double measure(const char *url, const char *ca_file, int count, bool is_new)
{
    struct runtime runtime;
    double start_ms = cpu_ms();
    runtime_init(&runtime);
    for (int i = 0; i < count; i++) {
        connect_once(&runtime, url, ca_file);
        if (is_new) { /* forgets the TLS session too */
            runtime_clear(&runtime);
            runtime_init(&runtime);
        }
    }
    runtime_clear(&runtime);
    return (cpu_ms() - start_ms) / count;
}

int main(int argc, char **argv)
{
    const char *ca = getenv("HTTP_CA");
    if (argc < 2 || ca == NULL) {
        fprintf(stderr, "usage: http_server.py bench_tls BUNDLE [COUNT]\n");
        return 2;
    }
    char *joined = mem_format("%s.joined", ca);
    FILE *out = fopen(joined, "wb");
    if (out == NULL) {
        perror(joined);
        return 2;
    }
    append(argv[1], out);
    append(ca, out);
    fclose(out);

    int count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : COUNT;
    char *url = mem_format("https://127.0.0.1:%s/close", getenv("HTTP_TLS"));
    http_global_init(NULL);
    double first_ms = measure(url, joined, 1, true);
    double full_ms = measure(url, joined, count, true);
    double resumed_ms = measure(url, joined, count, false);
    printf("CPU: first connection %.1f ms; full handshake, new handle %.2f ms; "
           "resumed, same handle %.2f ms\n",
           first_ms, full_ms, resumed_ms);
    http_global_cleanup();
    free(url);
    free(joined);
    return full_ms <= budget_ms ? 0 : 1;
}
