#include "sinks/kafka_settings.h"

#include "base/timestamp.h"

#include <string.h>

static const char *const protocols[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl",
                                        NULL};
static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", NULL};
static const char *const compressions[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};

const struct setting kafka_settings[] = {
    {.name = "brokers",
     .type = SETTING_LIST,
     .is_required = true,
     .pattern = "a-zA-Z0-9.:-",
     .help = "brokers to ask for the others, as host:port"},
    {.name = "topic",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-zA-Z0-9._-",
     .help = "the topic; it must exist"},
    {.name = "security_protocol",
     .type = SETTING_CHOICE,
     .fallback = "ssl",
     .choices = protocols,
     .help = "how to speak to brokers; without TLS only to this machine"},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "PEM file of the authorities to trust instead of the system's"},
    {.name = "client_cert",
     .type = SETTING_PATH,
     .help = "PEM file of the certificate to show to brokers"},
    {.name = "client_key", .type = SETTING_PATH, .help = "PEM file of its key"},
    {.name = "sasl_mechanism",
     .type = SETTING_CHOICE,
     .choices = mechanisms,
     .help = "how to show user name and password"},
    {.name = "username", .type = SETTING_TEXT, .help = "for SASL"},
    {.name = "password", .type = SETTING_SECRET, .help = "for SASL"},
    {.name = "password_file",
     .type = SETTING_PATH,
     .help = "a file with the password, read again when it changes"},
    {.name = "compression",
     .type = SETTING_CHOICE,
     .fallback = "gzip",
     .choices = compressions,
     .help = "how events are compressed on their way and on the broker's disk"},
    {.name = "client_id",
     .type = SETTING_TEXT,
     .fallback = "auditbridge",
     .pattern = "a-zA-Z0-9._-",
     .help = "what brokers call this client in logs and quotas"},
    {.name = "max_message_size",
     .type = SETTING_SIZE,
     .fallback = "1000KiB",
     .min = 1 << 10,
     .max = 64 << 20,
     .help = "the longest message; no more than the topic's max.message.bytes"},
    {.name = "timeout",
     .type = SETTING_DURATION,
     .fallback = "30s",
     .min = MS_PER_SECOND,
     .max = INT64_C(2) * MS_PER_MINUTE,
     .help = "how long a message may take until every replica has it"},
    {.name = "librdkafka",
     .type = SETTING_MAP,
     .help = "more properties of librdkafka, but none that the promise rests on"},
    {.type = SETTING_END},
};

/* Delivery rests on these, or another key of the sink sets them. */
static const char *const denied[] = {
    "acks",
    "bootstrap.servers",
    "builtin.features",
    "client.id",
    "compression.codec",
    "compression.type",
    "debug",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "dr_cb",
    "dr_msg_cb",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.ssl.certificate.verification",
    "log.queue",
    "log_level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.copy.max.bytes",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.broker.list",
    "plugin.library.paths",
    "produce.offset.report",
    "queuing.strategy",
    "request.required.acks",
    "retries",
    "security.protocol",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.location",
    "test.mock.num.brokers",
    "transactional.id",
};

/* Secrets have settings of their own, which are never printed. */
static bool is_secret(const char *name)
{
    return strncmp(name, "sasl.", strlen("sasl.")) == 0 ||
           strstr(name, "password") != NULL || strstr(name, "secret") != NULL ||
           strstr(name, ".pem") != NULL;
}

static bool is_denied(const char *name)
{
    for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
        if (strcmp(denied[i], name) == 0) {
            return true;
        }
    }
    return is_secret(name);
}

static bool has(const json_t *settings, const char *key)
{
    return json_object_get(settings, key) != NULL;
}

static const char *text_of(const json_t *settings, const char *key)
{
    return json_string_value(json_object_get(settings, key));
}

static bool is_loopback(const char *broker)
{
    return strncmp(broker, "127.", 4) == 0 || strcmp(broker, "localhost") == 0 ||
           strncmp(broker, "localhost:", strlen("localhost:")) == 0;
}

static const char *transport_fault(const json_t *settings, const char **key)
{
    const char *protocol = text_of(settings, "security_protocol");
    bool is_plain = strstr(protocol, "ssl") == NULL;
    const json_t *brokers = json_object_get(settings, "brokers");
    *key = "security_protocol";
    for (size_t i = 0; is_plain && i < json_array_size(brokers); i++) {
        if (!is_loopback(json_string_value(json_array_get(brokers, i)))) {
            return "would send events in the clear; use ssl or sasl_ssl";
        }
    }
    static const char *const tls_only[] = {"ca_file", "client_cert", "client_key"};
    for (size_t i = 0; is_plain && i < sizeof(tls_only) / sizeof(tls_only[0]); i++) {
        *key = tls_only[i];
        if (has(settings, *key)) {
            return "needs \"security_protocol: ssl\" or sasl_ssl";
        }
    }
    *key = has(settings, "client_key") ? "client_key" : "client_cert";
    if (has(settings, "client_key") != has(settings, "client_cert")) {
        return "needs the other of \"client_cert\" and \"client_key\" too";
    }
    return NULL;
}

static const char *sasl_fault(const json_t *settings, const char **key)
{
    bool is_sasl = strncmp(text_of(settings, "security_protocol"), "sasl", 4) == 0;
    bool has_password = has(settings, "password") || has(settings, "password_file");
    *key = "password_file";
    if (has(settings, "password") && has(settings, "password_file")) {
        return "cannot stand beside \"password\"; keep one of them";
    }
    *key = "security_protocol";
    if (is_sasl &&
        !(has(settings, "sasl_mechanism") && has(settings, "username") && has_password)) {
        return "with sasl needs \"sasl_mechanism\", \"username\" and \"password\" or "
               "\"password_file\" too";
    }
    static const char *const sasl_only[] = {"sasl_mechanism", "username", "password",
                                            "password_file"};
    for (size_t i = 0; !is_sasl && i < sizeof(sasl_only) / sizeof(sasl_only[0]); i++) {
        *key = sasl_only[i];
        if (has(settings, *key)) {
            return "needs \"security_protocol: sasl_ssl\" too";
        }
    }
    return NULL;
}

const char *kafka_settings_fault(const json_t *settings, const char **key)
{
    const char *fault = transport_fault(settings, key);
    fault = fault == NULL ? sasl_fault(settings, key) : fault;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(settings, "librdkafka"), name, value)
    {
        if (fault == NULL && is_denied(name)) {
            *key = "librdkafka";
            fault = "holds a property that the sink decides about, or a secret; see "
                    "docs/sinks.md";
        }
    }
    return fault;
}
