/*
 * CPU of sending events to each kind of sink, to a counterpart that discards them: what
 * stands between an event and the network, and the reading of the answer.
 *
 *   bench_sinks EVENTS ROUNDS       tests/bench/sinks starts it, and where a
 *                                   broker and a syslog receiver are: $BENCH_...
 *
 * EVENTS: a file with one event a line, as `map` writes them. Prints for each sink, and
 * for those that can once more with gzip: name, yes or no, CPU of one event in ns.
 */
#include "base/mem.h"
#include "net/http.h"
#include "sinks/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { LINE_MAX_BYTES = 1 << 20, ANSWER_MAX = 1 << 20, NS_PER_US = 1000, PASSES = 5 };

struct counterpart {
    struct buf answer; /* to every request */
    struct runtime runtime;
};

static void fail(const char *sink, const struct error *err)
{
    fprintf(stderr, "bench_sinks: %s: %s\n", sink, err->text);
    exit(2);
}

static bool discard(void *context, const struct http_request *request,
                    struct http_response *response, struct error *err)
{
    const struct counterpart *counterpart = context;
    struct http_extra extra = {0};
    if (request->authorize != NULL &&
        !request->authorize(request->context, request, false, &extra, err)) {
        return false;
    }
    http_extra_clear(&extra);
    response->status = 200;
    snprintf(response->content_type, sizeof(response->content_type), "application/json");
    buf_init(&response->body, ANSWER_MAX);
    return buf_add_bytes(&response->body, buf_bytes(&counterpart->answer));
}

static int64_t now_ms(void *context)
{
    (void)context;
    return (int64_t)time(NULL) * 1000;
}

static bool no_wait(void *context, int64_t ms, struct error *err)
{
    (void)context;
    (void)ms;
    (void)err;
    return true;
}

static void some_bytes(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0x5a, size);
}

/* Up to BATCH_EVENTS_MAX lines of path. */
static void fill(struct batch *batch, const char *path)
{
    FILE *stream = fopen(path, "re");
    char *line = mem_alloc(LINE_MAX_BYTES);
    batch_init(batch, "bench");
    while (stream != NULL && batch->count < BATCH_EVENTS_MAX &&
           fgets(line, LINE_MAX_BYTES, stream) != NULL) {
        struct batch_event *event = batch_add(batch);
        struct buf *body = &batch->bodies[FORMAT_ECS];
        event->time_ms = now_ms(NULL);
        event->id_at = batch->ids.size;
        buf_addf(&batch->ids, "aws:111122223333:0b6f5a55-3d6a-4d2f-9a3e-%012zu",
                 batch->count);
        buf_add_byte(&batch->ids, '\0');
        event->text[FORMAT_ECS].at = body->size;
        buf_add(body, line, strcspn(line, "\n"));
        event->text[FORMAT_ECS].size = body->size - event->text[FORMAT_ECS].at;
    }
    if (stream != NULL) {
        fclose(stream);
    }
    free(line);
}

/* What Elasticsearch says of a batch; the others look at less of it. */
static void write_answer(const struct batch *batch, struct buf *answer)
{
    buf_init(answer, ANSWER_MAX);
    buf_add_text(answer, "{\"errors\":false,\"items\":[");
    for (size_t i = 0; i < batch->count; i++) {
        buf_addf(answer, "%s{\"create\":{\"status\":201}}", i == 0 ? "" : ",");
    }
    buf_add_text(answer, "]}");
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void send_once(const struct sink_type *type, struct sink *sink,
                      const struct counterpart *counterpart, const struct batch *batch)
{
    struct error err = {0};
    struct outcome *outcomes = mem_new(batch->count, sizeof(*outcomes));
    if (!type->send(sink, &counterpart->runtime, batch, outcomes, &err)) {
        fail(type->name, &err);
    }
    free(outcomes);
}

/* CPU of one event in the best pass, in ns. settings is taken. */
static double measure_take(const char *name, json_t *settings,
                           const struct counterpart *counterpart,
                           const struct batch *batch, long rounds)
{
    const struct sink_type *type = sink_type_find(name);
    struct sink *sink = NULL;
    struct error err = {0};
    if (!type->open(settings, FORMAT_ECS, &counterpart->runtime, &sink, &err)) {
        fail(name, &err);
    }
    send_once(type, sink, counterpart, batch); /* warms up */
    double took_us = 0;
    for (int pass = 0; pass < PASSES; pass++) {
        double start_us = cpu_us();
        for (long i = 0; i < rounds; i++) {
            send_once(type, sink, counterpart, batch);
        }
        double pass_us = cpu_us() - start_us;
        took_us = pass == 0 || pass_us < took_us ? pass_us : took_us;
    }
    type->close(sink);
    json_decref(settings);
    return took_us * NS_PER_US / (double)rounds / (double)batch->count;
}

static json_t *settings_of(const char *name, bool is_gzip)
{
    if (strcmp(name, "file") == 0) {
        return json_pack("{s:s, s:i}", "path", "/dev/shm/auditbridge-bench.ndjson",
                         "rotate_size", 1 << 30);
    }
    if (strcmp(name, "s3") == 0) {
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "bucket", "bench", "region",
                         "eu-west-2", "prefix", "audit", "compression",
                         is_gzip ? "gzip" : "none", "credentials", "environment",
                         "session_name", "bench");
    }
    if (strcmp(name, "syslog") == 0) {
        return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i}", "address",
                         getenv("BENCH_SYSLOG"), "ca_file", getenv("BENCH_CA"), "message",
                         "json", "facility", 13, "enterprise_number", 32473,
                         "max_message_length", 64 << 10, "timeout", 30000);
    }
    if (strcmp(name, "kafka") == 0) {
        return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:i, s:i}", "brokers",
                         getenv("BENCH_KAFKA"), "topic", "audit", "security_protocol",
                         "plaintext", "compression", is_gzip ? "gzip" : "none",
                         "client_id", "bench", "max_message_size", 1000 << 10, "timeout",
                         30000);
    }
    return json_pack("{s:s, s:s, s:b, s:i, s:i, s:s, s:s, s:b}", "url",
                     "https://platform.test/", "token", "t", "gzip", is_gzip,
                     "max_body_size", 64 << 20, "timeout", 30000, "index", "audit-%Y.%m",
                     "sourcetype", "audit", "acknowledgement", 0);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"file", "http", "elasticsearch", "splunk-hec",
                                        "otlp", "s3",   "kafka",         "syslog"};
    struct batch batch;
    struct counterpart counterpart = {.runtime = {.context = &counterpart,
                                                  .http = discard,
                                                  .now_ms = now_ms,
                                                  .monotonic_ms = now_ms,
                                                  .wait = no_wait,
                                                  .random = some_bytes}};
    if (argc != 3) {
        fprintf(stderr, "usage: bench_sinks EVENTS ROUNDS\n");
        return 2;
    }
    mem_tune();
    json_set_alloc_funcs(mem_alloc, free);
    fill(&batch, argv[1]);
    write_answer(&batch, &counterpart.answer);
    long rounds = strtol(argv[2], NULL, 10);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], "kafka") == 0 && getenv("BENCH_KAFKA") == NULL) {
            continue; /* there is no broker */
        }
        bool has_gzip = strcmp(names[i], "file") != 0 && strcmp(names[i], "syslog") != 0;
        for (int is_gzip = 0; is_gzip <= has_gzip; is_gzip++) {
            double ns = measure_take(names[i], settings_of(names[i], is_gzip != 0),
                                     &counterpart, &batch, rounds);
            printf("%s %s %.0f\n", names[i], is_gzip ? "yes" : "no", ns);
        }
    }
    batch_clear(&batch);
    buf_clear(&counterpart.answer);
    return 0;
}
