#include "sinks/kafka_conf.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

enum { WHY_SIZE = 256, NUMBER_SIZE = 24 };

/* A property under way: it stops at the first that is not taken. */
struct filling {
    rd_kafka_conf_t *conf;
    struct error *err;
    bool ok;
};

static void set(struct filling *filling, const char *name, const char *value)
{
    char why[WHY_SIZE] = "";
    if (filling->ok && value != NULL &&
        rd_kafka_conf_set(filling->conf, name, value, why, sizeof(why)) !=
            RD_KAFKA_CONF_OK) {
        /* why may quote the value. */
        filling->ok = error_set(filling->err, ERROR_CONFIG,
                                "kafka: librdkafka does not take its property \"%s\": "
                                "no such name, or not such a value; correct it",
                                name);
    }
}

static void set_number(struct filling *filling, const char *name, json_int_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, number);
    set(filling, name, text);
}

static void set_brokers(struct filling *filling, const json_t *brokers)
{
    struct buf list;
    size_t i = 0;
    json_t *broker = NULL;
    buf_init(&list, SIZE_MAX / 2);
    json_array_foreach((json_t *)brokers, i, broker)
    {
        buf_addf(&list, "%s%s", i == 0 ? "" : ",", json_string_value(broker));
    }
    set(filling, "bootstrap.servers", buf_text(&list));
    buf_clear(&list);
}

/* What the promise rests on, and what this program decides. */
static void set_own(struct filling *filling, const json_t *settings)
{
    json_int_t timeout = json_integer_value(json_object_get(settings, "timeout"));
    set(filling, "acks", "all");
    set(filling, "enable.idempotence", "true");
    set(filling, "log.connection.close", "false");
    set_number(filling, "message.timeout.ms", timeout);
    set_number(filling, "message.max.bytes",
               json_integer_value(json_object_get(settings, "max_message_size")));
    set(filling, "linger.ms", "1");
}

static void set_texts(struct filling *filling, const json_t *settings)
{
    static const struct {
        const char *key;
        const char *property;
    } texts[] = {
        {"client_id", "client.id"},
        {"compression", "compression.codec"},
        {"security_protocol", "security.protocol"},
        {"ca_file", "ssl.ca.location"},
        {"client_cert", "ssl.certificate.location"},
        {"client_key", "ssl.key.location"},
        {"sasl_mechanism", "sasl.mechanism"},
        {"username", "sasl.username"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        set(filling, texts[i].property,
            json_string_value(json_object_get(settings, texts[i].key)));
    }
}

rd_kafka_conf_t *kafka_conf_new(const json_t *settings, const struct secret *password,
                                struct error *err)
{
    struct filling filling = {.conf = rd_kafka_conf_new(), .err = err, .ok = true};
    const char *name = NULL;
    json_t *value = NULL;
    set_own(&filling, settings);
    set_brokers(&filling, json_object_get(settings, "brokers"));
    set_texts(&filling, settings);
    set(&filling, "sasl.password",
        secret_is_set(password) ? secret_reveal(password) : NULL);
    json_object_foreach(json_object_get(settings, "librdkafka"), name, value)
    {
        set(&filling, name, json_string_value(value));
    }
    if (!filling.ok) {
        rd_kafka_conf_destroy(filling.conf);
        return NULL;
    }
    return filling.conf;
}
