/*
 * Stores events in a bucket of S3, or of a store that speaks its API: a batch is an
 * object, and the same batch is the same object.
 *
 *   PUT /audit/source=prod/dt=2026-11-25/hour=09/8d0c....ndjson.gz
 *   If-None-Match: *
 *   x-amz-checksum-sha256: ...
 *
 * The name is made of the ids in the batch, and the bridge keeps a batch before it is
 * sent (sink_type.is_object): after a crash the same object is sent again and answered
 * 412, which counts as delivered. So no event is in two objects.
 * Source: S3 User Guide, "Conditional writes"; API reference, PutObject.
 *
 * An object is taken as a whole: what is refused holds the sink, and the next batch that
 * comes after a while asks again.
 *
 * settings  {"bucket": "moj-audit", "region": "eu-west-2", "prefix": "audit", ...}
 */
#include "aws/client.h"
#include "aws/partition.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "net/gzip.h"
#include "sinks/hold.h"
#include "sinks/sink.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 64 << 10,
    CHECKSUM_SIZE = 45, /* SHA-256 in base64, with its NUL */
    NAME_BYTES = 16,
    CONFLICT = 409,
    EXISTS = 412,
};

static const char *const compressions[] = {"gzip", "none", NULL};
static const char *const encryptions[] = {"AES256", "aws:kms", "aws:kms:dsse", NULL};

static const struct setting s3_settings[] = {
    {.name = "bucket",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-z0-9.-",
     .help = "the bucket"},
    {.name = "region",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-z0-9-",
     .help = "the bucket's region, such as eu-west-2"},
    {.name = "prefix",
     .type = SETTING_TEXT,
     .fallback = "auditbridge",
     .pattern = "a-zA-Z0-9._/-",
     .help = "what the names of objects begin with"},
    {.name = "compression",
     .type = SETTING_CHOICE,
     .fallback = "gzip",
     .choices = compressions,
     .help = "how objects are compressed; gzip: their names end in .gz"},
    {.name = "encryption",
     .type = SETTING_CHOICE,
     .choices = encryptions,
     .help = "server-side encryption, when not the bucket's own"},
    {.name = "kms_key_id",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9:/_-",
     .help = "the key of aws:kms, when not the account's default"},
    {.name = "endpoint",
     .type = SETTING_URL,
     .help = "another store that speaks S3, or a VPC endpoint"},
    {.name = "path_style",
     .type = SETTING_BOOL,
     .help = "true: the bucket stands in the path and not in the host's name; so it is "
             "with an endpoint, and with a dot in the bucket's name"},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "PEM file of the authorities to trust instead of the system's"},
    IDENTITY_SETTINGS,
    {.type = SETTING_END},
};

struct sink {
    json_t *settings;
    enum event_format format;
    struct hold *hold;
    bool is_path_style;
    bool is_gzip;
    char *endpoint; /* where the bucket is; NULL: where S3 of the region is */
};

static const char *s3_fault(const json_t *settings, const char **key)
{
    const char *bucket = object_text(settings, "bucket");
    const char *prefix = object_text(settings, "prefix");
    const char *encryption = object_text(settings, "encryption");
    *key = "bucket";
    if (strlen(bucket) < 3 || strlen(bucket) > 63 || strstr(bucket, "..") != NULL) {
        return "is no bucket's name: 3 to 63 lower-case letters, digits, '.' and '-'";
    }
    *key = "prefix";
    if (prefix[0] == '/' || strstr(prefix, "//") != NULL ||
        strstr(prefix, "..") != NULL) {
        return "must not begin with '/' nor hold \"//\" or \"..\"";
    }
    *key = "kms_key_id";
    bool is_kms = encryption != NULL && strncmp(encryption, "aws:kms", 7) == 0;
    if (object_text(settings, "kms_key_id") != NULL && !is_kms) {
        return "needs \"encryption: aws:kms\" too";
    }
    return NULL;
}

/* "https://bucket.s3.eu-west-2.amazonaws.com", unless the bucket stands in the path. */
static char *bucket_endpoint(const struct sink *sink)
{
    const char *configured = object_text(sink->settings, "endpoint");
    const char *bucket = object_text(sink->settings, "bucket");
    const char *region = object_text(sink->settings, "region");
    if (configured == NULL && sink->is_path_style) {
        return NULL;
    }
    if (configured == NULL) {
        return mem_format("https://%s.s3.%s.%s", bucket, region,
                          partition_of(region)->suffix);
    }
    if (sink->is_path_style) {
        return mem_dup(configured);
    }
    const char *host = strstr(configured, "://") + strlen("://");
    return mem_format("%.*s%s.%s", (int)(host - configured), configured, bucket, host);
}

static void s3_close(struct sink *sink)
{
    if (sink != NULL) {
        hold_free(sink->hold);
        json_decref(sink->settings);
        free(sink->endpoint);
        free(sink);
    }
}

static bool s3_open(const json_t *settings, enum event_format format,
                    const struct runtime *runtime, struct sink **sink, struct error *err)
{
    (void)runtime;
    struct identity *identity = NULL;
    if (!identity_find(settings, object_text(settings, "region"), &identity, err)) {
        return false;
    }
    struct sink *opened = mem_new(1, sizeof(*opened));
    const json_t *said = json_object_get(settings, "path_style");
    bool is_usual = object_text(settings, "endpoint") != NULL ||
                    strchr(object_text(settings, "bucket"), '.') != NULL;
    opened->settings = json_deep_copy(settings);
    opened->format = format;
    opened->hold = hold_new();
    opened->is_path_style = said == NULL ? is_usual : json_is_true(said);
    opened->is_gzip = strcmp(object_text(settings, "compression"), "gzip") == 0;
    opened->endpoint = bucket_endpoint(opened);
    *sink = opened;
    return true;
}

/* The undecided events as one object, and what it is called. */
struct object {
    struct buf body;
    char *key;
    char sha256[DIGEST_HEX_SIZE];
    char checksum[CHECKSUM_SIZE]; /* the same in base64 */
    size_t count;
};

/* Adds the undecided events to plain; hashes their ids into name. */
static const struct batch_event *gather(const struct sink *sink,
                                        const struct batch *batch,
                                        const struct outcome *outcomes, struct buf *plain,
                                        uint8_t name[DIGEST_SIZE])
{
    const struct batch_event *first = NULL;
    struct buf ids;
    buf_init(&ids, SIZE_MAX / 2);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];
        if (outcomes[i].kind == OUTCOME_RETRY) {
            const char *id = batch_id(batch, event);
            first = first == NULL ? event : first;
            buf_add(&ids, id, strlen(id) + 1);
            buf_add_bytes(plain, batch_text(batch, event, sink->format));
            buf_add_byte(plain, '\n');
        }
    }
    digest_sha256(buf_bytes(&ids), name);
    buf_clear(&ids);
    return first;
}

/* "audit/source%3Dprod/dt%3D2026-11-25/hour%3D09/8d0c....ndjson.gz", as in a URL. */
static char *key_of(const struct sink *sink, const struct batch *batch, int64_t time_ms,
                    const uint8_t name[DIGEST_SIZE])
{
    char hex[2 * NAME_BYTES + 1];
    char time[TIMESTAMP_TEXT_SIZE];
    const char *prefix = object_text(sink->settings, "prefix");
    const char *bucket = object_text(sink->settings, "bucket");
    size_t prefix_size = strlen(prefix);
    bool has_slash = prefix_size == 0 || prefix[prefix_size - 1] == '/';
    digest_hex((struct bytes){name, NAME_BYTES}, hex);
    timestamp_format(time_ms, time);
    /* A source's name holds [a-z0-9-], and '~' where it is a backfill's. */
    return mem_format("%s%s%s%ssource%%3D%s/dt%%3D%.10s/hour%%3D%.2s/%s.ndjson%s",
                      sink->is_path_style ? bucket : "", sink->is_path_style ? "/" : "",
                      prefix, has_slash ? "" : "/", batch->source, time,
                      time + strlen("2026-11-25T"), hex, sink->is_gzip ? ".gz" : "");
}

/* object arrives zeroed; count is 0 when nothing is undecided. The caller clears. */
static void make_object(const struct sink *sink, const struct batch *batch,
                        const struct outcome *outcomes, struct object *object)
{
    uint8_t name[DIGEST_SIZE];
    uint8_t digest[DIGEST_SIZE];
    struct buf plain;
    buf_init(&plain, SIZE_MAX / 2);
    buf_init(&object->body, SIZE_MAX / 2);
    const struct batch_event *first = gather(sink, batch, outcomes, &plain, name);
    if (first != NULL) {
        object->key = key_of(sink, batch, first->time_ms, name);
        if (sink->is_gzip) {
            gzip_pack(buf_bytes(&plain), &object->body);
        } else {
            struct buf empty = object->body;
            object->body = plain;
            plain = empty;
        }
        digest_sha256(buf_bytes(&object->body), digest);
        digest_hex((struct bytes){digest, sizeof(digest)}, object->sha256);
        EVP_EncodeBlock((uint8_t *)object->checksum, digest, sizeof(digest));
    }
    buf_clear(&plain);
}

static void object_clear(struct object *object)
{
    buf_clear(&object->body);
    free(object->key);
}

/* What became of all events of an object. */
static enum outcome_kind judge(bool is_taken, int status, struct error *err)
{
    if (is_taken) {
        return OUTCOME_ACCEPTED;
    }
    switch (status) {
    case EXISTS:
        return OUTCOME_DUPLICATE;
    case CONFLICT: /* ConditionalRequestConflict: another write is under way */
        error_set(err, ERROR_BUSY, "HTTP 409: the object is being written");
        return OUTCOME_RETRY;
    case 301:
    case 307:
        error_set(err, ERROR_CONFIG,
                  "HTTP %d: the bucket is in another region; correct "
                  "\"region\"",
                  status);
        return OUTCOME_RETRY;
    default:
        return OUTCOME_RETRY; /* err says why */
    }
}

static enum outcome_kind put(const struct sink *sink, const struct runtime *runtime,
                             const struct batch *batch, const struct object *object,
                             struct error *err)
{
    const char *encryption = object_text(sink->settings, "encryption");
    const char *kms_key = object_text(sink->settings, "kms_key_id");
    struct http_header headers[CLIENT_HEADERS_MAX] = {
        {"Content-Type", "application/x-ndjson"},
        {"If-None-Match", "*"},
        {"x-amz-checksum-sha256", object->checksum},
    };
    size_t header_count = 3;
    if (encryption != NULL) {
        headers[header_count++] =
            (struct http_header){"x-amz-server-side-encryption", encryption};
    }
    if (kms_key != NULL) {
        headers[header_count++] =
            (struct http_header){"x-amz-server-side-encryption-aws-kms-key-id", kms_key};
    }
    const struct client_call call = {
        .action = "s3:PutObject",
        .remedy = "allow it on the bucket's objects, and kms:GenerateDataKey on its key",
        .body = buf_bytes(&object->body),
        .body_sha256 = object->sha256,
        .limit = ANSWER_MAX,
        .method = "PUT",
        .path = object->key,
        .headers = headers,
        .header_count = header_count,
        .deadline_ms = batch->deadline_ms,
        .is_object = true,
    };
    struct client client = {.runtime = runtime,
                            .service = "s3",
                            .region = mem_dup(object_text(sink->settings, "region"))};
    struct http_response response = {0};
    struct fault fault = {0};
    enum outcome_kind kind = OUTCOME_RETRY;
    if (client_open(&client, sink->settings, sink->endpoint, err)) {
        bool is_taken = client_send(&client, &call, &response, &fault, err);
        kind = judge(is_taken, response.status, err);
    }
    http_response_clear(&response);
    client_clear(&client);
    return kind;
}

static struct hold_moment moment_of(const struct runtime *runtime)
{
    return (struct hold_moment){
        .now_ms = runtime->monotonic_ms(runtime->context),
        .wall_ms = runtime->now_ms(runtime->context),
    };
}

static void note_failure(const struct sink *sink, const struct runtime *runtime,
                         const struct error *err)
{
    struct hold_moment moment = moment_of(runtime);
    if (err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE) {
        hold_down(sink->hold, &moment, err);
    } else if (err->kind != ERROR_STOPPED) {
        hold_set(sink->hold, &moment, err);
    }
}

static void settle(const struct batch *batch, enum outcome_kind kind,
                   struct outcome *outcomes)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (outcomes[i].kind == OUTCOME_RETRY) {
            outcomes[i].kind = kind;
        }
    }
}

static bool s3_send(struct sink *sink, const struct runtime *runtime,
                    const struct batch *batch, struct outcome *outcomes,
                    struct error *err)
{
    struct hold_moment moment = moment_of(runtime);
    if (hold_ask(sink->hold, &moment, err) == HOLD_WAIT) {
        return false;
    }
    struct object object = {0};
    struct error why = {0};
    make_object(sink, batch, outcomes, &object);
    enum outcome_kind kind =
        object.key == NULL ? OUTCOME_ACCEPTED : put(sink, runtime, batch, &object, &why);
    object_clear(&object);
    if (kind == OUTCOME_RETRY) {
        note_failure(sink, runtime, &why);
        if (err != NULL) {
            *err = why;
        }
        return false;
    }
    hold_clear(sink->hold);
    settle(batch, kind, outcomes);
    return true;
}

const struct sink_type sink_s3 = {
    .name = "s3",
    .help = "stores each batch as an object of a bucket; a repeat is told",
    .is_acknowledged = true,
    .is_object = true,
    .settings = s3_settings,
    .fault = s3_fault,
    .open = s3_open,
    .send = s3_send,
    .close = s3_close,
};
