/*
 * Sends events to a syslog receiver over TLS.
 *
 * Syslog acknowledges nothing (RFC 5425 6.3). So each batch has a connection of its own,
 * ended by a barrier: close_notify is sent, and the batch counts once the receiver has
 * answered with its own, which it does when it has read everything. What it then still
 * keeps in memory can be lost with it: the sink is unverified.
 *
 * settings  {"address": "logs.example.org:6514", "ca_file": "ca.pem", ...}
 */
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "event/shorten.h"
#include "net/tls_link.h"
#include "sinks/credential.h"
#include "sinks/hold.h"
#include "sinks/sink.h"
#include "sinks/syslog_message.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOST_SIZE = 256,
    FINGERPRINT_SIZE = 64,
    PORT_MAX = 65535,
    WRITE_SIZE = 64 << 10,
    FRAMES_MAX = 80 << 20, /* one message of the longest kind, and what waits */
};

static const char *const messages[] = {"json", "cef", NULL};

static const struct setting syslog_settings[] = {
    {.name = "address",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-zA-Z0-9.:[]_-",
     .help = "the receiver, as host:port; the port is 6514 when none is said"},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "PEM file of the authorities to trust instead of the system's"},
    {.name = "client_cert",
     .type = SETTING_PATH,
     .help = "PEM file of the certificate to show to the receiver"},
    {.name = "client_key",
     .type = SETTING_PATH,
     .help = "PEM file of its key, when it is not in client_cert"},
    {.name = "fingerprint",
     .type = SETTING_TEXT,
     .pattern = "a-fA-F0-9",
     .help = "SHA-256 of the receiver's certificate, believed in place of its name"},
    {.name = "accept_fin",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "a connection that ends without close_notify counts too"},
    {.name = "message",
     .type = SETTING_CHOICE,
     .fallback = "json",
     .choices = messages,
     .help = "json: the event; cef: ArcSight's Common Event Format, without the record"},
    {.name = "facility",
     .type = SETTING_INTEGER,
     .fallback = "13",
     .min = 0,
     .max = 23,
     .help = "the facility of every message; 13 is log audit"},
    {.name = "enterprise_number",
     .type = SETTING_INTEGER,
     .fallback = "32473",
     .min = 1,
     .max = UINT32_MAX,
     .help = "of the structured data; 32473 is the number for documentation"},
    {.name = "max_message_length",
     .type = SETTING_SIZE,
     .fallback = "64KiB",
     .min = 1 << 10,
     .max = 64 << 20,
     .help = "the longest message that the receiver takes whole"},
    {.name = "timeout",
     .type = SETTING_DURATION,
     .fallback = "30s",
     .min = MS_PER_SECOND,
     .max = INT64_C(2) * MS_PER_MINUTE,
     .help = "how long a batch may take until the receiver has answered"},
    {.type = SETTING_END},
};

struct sink {
    json_t *settings;
    enum event_format format;
    char host[HOST_SIZE]; /* ours */
    struct syslog_style style;
    struct hold *hold;
    int64_t timeout_ms;
    pthread_mutex_t mutex;
    struct tls_peer *peer; /* under mutex, as peer_stamp is: of which files it was made */
    uint64_t peer_stamp;
};

/* Splits "host:port", "[v6]:port" or a host alone. False: it is none of them. */
static bool split_address(const char *address, char *host, const char **port)
{
    const char *colon = strrchr(address, ':');
    const char *bracket = strrchr(address, ']');
    bool has_port = colon != NULL && (bracket == NULL || colon > bracket);
    size_t size = has_port ? (size_t)(colon - address) : strlen(address);
    *port = has_port ? colon + 1 : "6514";
    if (address[0] == '[') {
        if (size < 3 || address[size - 1] != ']') {
            return false;
        }
        address++;
        size -= 2;
    } else if (memchr(address, ':', size) != NULL) {
        return false; /* a bare address of IPv6: which colon is the port's? */
    }
    char *end = NULL;
    long number = strtol(*port, &end, 10);
    if (size == 0 || size >= HOST_SIZE || *end != '\0' || number < 1 ||
        number > PORT_MAX) {
        return false;
    }
    memcpy(host, address, size);
    host[size] = '\0';
    return true;
}

static const char *syslog_fault(const json_t *settings, const char **key)
{
    char host[HOST_SIZE];
    const char *port = NULL;
    const char *fingerprint = object_text(settings, "fingerprint");
    if (!split_address(object_text(settings, "address"), host, &port)) {
        *key = "address";
        return "must be host:port, with an address of IPv6 in brackets";
    }
    if (fingerprint != NULL && strlen(fingerprint) != FINGERPRINT_SIZE) {
        *key = "fingerprint";
        return "must be the 64 hexadecimal digits of a SHA-256; see openssl x509 "
               "-fingerprint -sha256, without colons";
    }
    if (fingerprint != NULL && object_text(settings, "ca_file") != NULL) {
        *key = "fingerprint";
        return "cannot stand beside \"ca_file\": it is believed in place of it";
    }
    if (object_text(settings, "client_key") != NULL &&
        object_text(settings, "client_cert") == NULL) {
        *key = "client_key";
        return "needs \"client_cert\" too";
    }
    const char *format = object_text(settings, "format");
    if (strcmp(object_text(settings, "message"), "cef") == 0 && format != NULL &&
        strcmp(format, "ecs") != 0) {
        *key = "message";
        return "cef is made from format: ecs";
    }
    return NULL;
}

/* Changes when one of the files does. */
static uint64_t stamp_of(const struct sink *sink)
{
    return credential_stamp(object_text(sink->settings, "client_cert")) +
           3 * credential_stamp(object_text(sink->settings, "client_key")) +
           5 * credential_stamp(object_text(sink->settings, "ca_file"));
}

static struct hold_moment moment_of(const struct sink *sink,
                                    const struct runtime *runtime)
{
    return (struct hold_moment){
        .now_ms = runtime->monotonic_ms(runtime->context),
        .wall_ms = runtime->now_ms(runtime->context),
        .credentials = stamp_of(sink),
    };
}

static struct tls_peer *make_peer(const json_t *settings, struct error *err)
{
    char host[HOST_SIZE];
    struct tls_peer *peer = NULL;
    struct tls_peer_options options = {
        .host = host,
        .ca_file = object_text(settings, "ca_file"),
        .cert_file = object_text(settings, "client_cert"),
        .key_file = object_text(settings, "client_key"),
        .fingerprint = object_text(settings, "fingerprint"),
        .is_fin_enough = json_is_true(json_object_get(settings, "accept_fin")),
    };
    split_address(object_text(settings, "address"), host, &options.port);
    return tls_peer_new(&options, &peer, err) ? peer : NULL;
}

/* The peer as its files say now; the caller frees it. */
static struct tls_peer *take_peer(struct sink *sink, uint64_t stamp, struct error *err)
{
    pthread_mutex_lock(&sink->mutex);
    if (sink->peer == NULL || sink->peer_stamp != stamp) {
        tls_peer_free(sink->peer);
        sink->peer = make_peer(sink->settings, err);
        sink->peer_stamp = stamp;
    }
    struct tls_peer *peer = sink->peer == NULL ? NULL : tls_peer_share(sink->peer);
    pthread_mutex_unlock(&sink->mutex);
    return peer;
}

static void syslog_close(struct sink *sink)
{
    if (sink != NULL) {
        tls_peer_free(sink->peer);
        hold_free(sink->hold);
        json_decref(sink->settings);
        pthread_mutex_destroy(&sink->mutex);
        free(sink);
    }
}

/* This machine's name, as a header may hold it: printable ASCII without blanks. */
static void find_host(char host[HOST_SIZE])
{
    if (gethostname(host, HOST_SIZE - 1) != 0 || host[0] == '\0') {
        snprintf(host, HOST_SIZE, "-");
    }
    for (char *byte = host; *byte != '\0'; byte++) {
        if (*byte <= ' ' || *byte >= 0x7f) {
            *byte = '-';
        }
    }
}

static int64_t number_of(const json_t *settings, const char *name)
{
    return json_integer_value(json_object_get(settings, name));
}

static bool syslog_open(const json_t *settings, enum event_format format,
                        const struct runtime *runtime, struct sink **sink,
                        struct error *err)
{
    (void)runtime;
    bool is_cef = strcmp(object_text(settings, "message"), "cef") == 0;
    struct sink *opened = mem_new(1, sizeof(*opened));
    opened->settings = json_deep_copy(settings);
    opened->format = format;
    opened->timeout_ms = number_of(settings, "timeout");
    opened->hold = hold_new();
    pthread_mutex_init(&opened->mutex, NULL);
    find_host(opened->host);
    opened->style = (struct syslog_style){
        .host = opened->host,
        .facility = (int)number_of(settings, "facility"),
        .enterprise = number_of(settings, "enterprise_number"),
        .is_cef = is_cef,
        .size_max = (size_t)number_of(settings, "max_message_length"),
    };
    opened->peer = make_peer(settings, err);
    if (opened->peer == NULL) {
        syslog_close(opened);
        return false;
    }
    opened->peer_stamp = stamp_of(opened);
    *sink = opened;
    return true;
}

/* One batch on its way. */
struct pass {
    const struct sink *sink;
    const struct batch *batch;
    struct outcome *outcomes;
    struct tls_wait wait;
    struct buf frames; /* not written yet */
};

/* Appends the frame of an event, without its record where that is too long. */
static bool add_frame(struct pass *pass, size_t place)
{
    const struct sink *sink = pass->sink;
    const struct batch *batch = pass->batch;
    const struct batch_event *from = &batch->events[place];
    struct syslog_event event = {
        .text = batch_text(batch, from, sink->format),
        .id = batch_id(batch, from),
        .source = batch->source,
        .principles = from->principles,
        .time_ms = from->time_ms,
        .is_own = from->is_own,
    };
    if (syslog_message_add(&sink->style, &event, &pass->frames)) {
        return true;
    }
    struct buf text;
    buf_init(&text, sink->style.size_max);
    bool ok = event_shorten(sink->format, event.text, &text);
    event.text = buf_bytes(&text);
    ok = ok && syslog_message_add(&sink->style, &event, &pass->frames);
    pass->outcomes[place].is_shortened = ok;
    buf_clear(&text);
    return ok;
}

/* Writes all undecided events; refuses what is too long in any form. */
static bool write_events(struct pass *pass, struct tls_link *link, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < pass->batch->count; i++) {
        if (pass->outcomes[i].kind != OUTCOME_RETRY) {
            continue;
        }
        if (!add_frame(pass, i)) {
            pass->outcomes[i].kind = OUTCOME_REFUSED;
            snprintf(pass->outcomes[i].reason, sizeof(pass->outcomes[i].reason),
                     "longer than max_message_length, without its record too");
        } else if (pass->frames.size >= WRITE_SIZE) {
            ok = tls_link_write(link, &pass->wait, buf_bytes(&pass->frames), err);
            pass->frames.size = 0;
        }
    }
    return ok && tls_link_write(link, &pass->wait, buf_bytes(&pass->frames), err);
}

/* A connection for this batch alone; true once the receiver has read all of it. */
static bool deliver(struct pass *pass, struct tls_peer *peer, struct error *err)
{
    struct tls_link *link = NULL;
    buf_init(&pass->frames, FRAMES_MAX);
    bool ok = tls_link_open(peer, &pass->wait, &link, err) &&
              write_events(pass, link, err) && tls_link_finish(link, &pass->wait, err);
    tls_link_close(link);
    buf_clear(&pass->frames);
    return ok;
}

static struct tls_wait wait_of(const struct sink *sink, const struct runtime *runtime,
                               const struct batch *batch)
{
    int64_t own_ms = runtime->monotonic_ms(runtime->context) + sink->timeout_ms;
    bool is_sooner = batch->deadline_ms != 0 && batch->deadline_ms < own_ms;
    return (struct tls_wait){runtime, is_sooner ? batch->deadline_ms : own_ms};
}

static void note(struct sink *sink, const struct hold_moment *moment,
                 const struct error *err)
{
    if (err->kind == ERROR_NONE) {
        hold_clear(sink->hold);
    } else if (err->kind == ERROR_UNREACHABLE) {
        hold_down(sink->hold, moment, err);
    } else if (err->kind != ERROR_STOPPED) {
        hold_set(sink->hold, moment, err);
    }
}

static bool syslog_send(struct sink *sink, const struct runtime *runtime,
                        const struct batch *batch, struct outcome *outcomes,
                        struct error *err)
{
    struct error why = {0};
    struct hold_moment moment = moment_of(sink, runtime);
    if (hold_ask(sink->hold, &moment, err) == HOLD_WAIT) {
        return false;
    }
    struct pass pass = {sink, batch, outcomes, wait_of(sink, runtime, batch), {0}};
    struct tls_peer *peer = take_peer(sink, moment.credentials, &why);
    bool ok = peer != NULL && deliver(&pass, peer, &why);
    tls_peer_free(peer);
    moment = moment_of(sink, runtime);
    note(sink, &moment, &why);
    for (size_t i = 0; i < batch->count; i++) {
        if (outcomes[i].kind == OUTCOME_RETRY && ok) {
            outcomes[i].kind = OUTCOME_ACCEPTED;
        }
    }
    if (!ok && err != NULL) {
        *err = why;
    }
    return ok;
}

const struct sink_type sink_syslog = {
    .name = "syslog",
    .help = "sends events to a syslog receiver over TLS; it acknowledges none",
    .is_acknowledged = false,
    .settings = syslog_settings,
    .fault = syslog_fault,
    .open = syslog_open,
    .send = syslog_send,
    .close = syslog_close,
};
