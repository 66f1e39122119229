/*
 * CPU of one answer of LookupEvents, all in: signed, sent over a kept TLS connection,
 * read, mapped and written as events; and then dropped as known, as in a quiet turn.
 *
 *   bench_page ENDPOINT CA_FILE START_S PAGES      tests/bench/page starts it
 *
 * Reads the first page of the hour after START_S, PAGES times, and prints how many
 * records and bytes it had and the CPU time of one. read_page is what callgrind counts.
 */
#include "aws/cloudtrail.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "bridge/page.h"
#include "mapping/mapping.h"
#include "net/http.h"
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SHAPES_MAX = 16 };

struct bench {
    const struct provider *provider;
    struct runtime runtime;
    struct session *session;
    struct config_source config;
    struct source source;
    struct page_reader reader;
    size_t records;
    size_t bytes;
};

static void fail(const struct error *err)
{
    fprintf(stderr, "bench_page: %s\n", err->text);
    exit(2);
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The first page of an hour, from the cloud to events. */
__attribute__((noinline)) static void read_page(struct bench *bench, int64_t start_ms)
{
    struct error err = {0};
    struct page page = {0};
    struct batch batch;
    const struct slice slice = {start_ms, start_ms + MS_PER_HOUR,
                                start_ms + 2 * MS_PER_HOUR};
    batch_init(&batch, bench->source.name);
    if (!bench->provider->poll(bench->session, &slice, NULL, &page, &err) ||
        !page_map(&bench->reader, &bench->source, &page, &batch, &err)) {
        fail(&err);
    }
    bench->records = page.record_count;
    bench->bytes = page.body.size;
    page_clear(&page);
    batch_clear(&batch);
}

/* CPU of one page; the first, which opens the connection, is left out. */
static double measure(struct bench *bench, int64_t start_ms, long pages)
{
    read_page(bench, start_ms);
    double start_us = cpu_us();
    for (long i = 0; i < pages; i++) {
        read_page(bench, start_ms);
    }
    return (cpu_us() - start_us) / (double)pages;
}

static void start(struct bench *bench, const struct mapping_set *mappings, char **argv)
{
    struct error err = {0};
    bench->config.provider = bench->provider;
    bench->source = (struct source){
        .config = &bench->config,
        .name = mem_dup("bench"),
        .settings = json_pack("{s:s, s:s, s:s, s:s}", "account", "111122223333", "region",
                              "us-east-1", "endpoint", argv[1], "ca_file", argv[2]),
        .shape = bench->provider->shape,
        .formats = {[FORMAT_ECS] = true},
    };
    bench->source.origin = (struct event_origin){
        .mapping = mapping_find(mappings, bench->provider->shape),
        .source = bench->source.name,
        .provider = bench->provider->name,
        .account = "111122223333",
    };
    if (!http_global_init(&err)) {
        fail(&err);
    }
    runtime_init(&bench->runtime);
    if (!event_origin_init(&bench->source.origin, NULL, NULL, &err) ||
        !bench->provider->open(bench->source.settings, &bench->runtime, &bench->session,
                               &err)) {
        fail(&err);
    }
}

int main(int argc, char **argv)
{
    mem_tune();
    struct mapping_set *mappings = NULL;
    struct problems problems = {0};
    const char *const packs[] = {"mappings", NULL};
    struct bench bench = {.provider = &provider_aws_cloudtrail};
    const struct record_shape *shapes[SHAPES_MAX + 1] = {NULL};
    for (size_t i = 0, count = 0; providers[i] != NULL && count < SHAPES_MAX; i++) {
        if (providers[i]->shape != NULL) {
            shapes[count++] = providers[i]->shape;
        }
    }
    if (argc != 5 || !mapping_load(packs, shapes, &mappings, &problems)) {
        fprintf(stderr,
                "usage: bench_page ENDPOINT CA_FILE START_S PAGES, from the root\n");
        return 2;
    }
    json_set_alloc_funcs(mem_alloc, free);
    start(&bench, mappings, argv);
    double each_us = measure(&bench, MS_PER_SECOND * strtoll(argv[3], NULL, 10),
                             strtol(argv[4], NULL, 10));
    printf("%zu records %zu bytes %.0f us\n", bench.records, bench.bytes, each_us);

    bench.provider->close(bench.session);
    page_reader_clear(&bench.reader);
    event_origin_clear(&bench.source.origin);
    json_decref(bench.source.settings);
    free(bench.source.name);
    runtime_clear(&bench.runtime);
    mapping_set_free(mappings);
    http_global_cleanup();
    return 0;
}
