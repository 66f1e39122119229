/* sinks/kafka_settings.c: what cannot stand in a Kafka sink, and is said before a run. */
#include "sinks/kafka_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct row {
    const char *name;
    const char *settings;
    const char *key; /* NULL: nothing is wrong */
} rows[] = {
    {"TLS to any broker is well",
     "{'brokers':['k.example.org:9093'],"
     "'security_protocol':'ssl'}",
     NULL},
    {"events never leave the machine in the clear",
     "{'brokers':['localhost:9092','k.example.org:9092'],'security_protocol':'plaintext'"
     "}",
     "security_protocol"},
    {"a name that begins like localhost is another machine",
     "{'brokers':['localhost.example.org:9092'],'security_protocol':'plaintext'}",
     "security_protocol"},
    {"this machine may be spoken to in the clear",
     "{'brokers':['127.0.0.1:9092'],'security_protocol':'plaintext'}", NULL},
    {"an authority needs TLS",
     "{'brokers':['localhost'],'security_protocol':'plaintext','ca_file':'/a'}",
     "ca_file"},
    {"a key needs its certificate",
     "{'brokers':['k:9093'],'security_protocol':'ssl','client_key':'/a'}", "client_key"},
    {"a certificate needs its key",
     "{'brokers':['k:9093'],'security_protocol':'ssl','client_cert':'/a'}",
     "client_cert"},
    {"sasl needs a password",
     "{'brokers':['k:9093'],'security_protocol':'sasl_ssl','username':'u',"
     "'sasl_mechanism':'PLAIN'}",
     "security_protocol"},
    {"two passwords exclude each other",
     "{'brokers':['k:9093'],'security_protocol':'sasl_ssl','username':'u',"
     "'sasl_mechanism':'PLAIN','password':'p','password_file':'/p'}",
     "password_file"},
    {"a user name needs sasl",
     "{'brokers':['k:9093'],'security_protocol':'ssl','username':'u'}", "username"},
    {"acks stay what the promise rests on",
     "{'brokers':['k:9093'],'security_protocol':'ssl','librdkafka':{'acks':'1'}}",
     "librdkafka"},
    {"certificates are always verified",
     "{'brokers':['k:9093'],'security_protocol':'ssl',"
     "'librdkafka':{'enable.ssl.certificate.verification':'false'}}",
     "librdkafka"},
    {"a secret does not stand where it would be printed",
     "{'brokers':['k:9093'],'security_protocol':'ssl',"
     "'librdkafka':{'ssl.key.password':'x'}}",
     "librdkafka"},
    {"other properties may be set",
     "{'brokers':['k:9093'],'security_protocol':'ssl','librdkafka':{'linger.ms':'20'}}",
     NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_fault(void **state)
{
    const struct row *row = *state;
    const char *key = NULL;
    char text[512];
    snprintf(text, sizeof(text), "%s", row->settings);
    for (char *at = strchr(text, '\''); at != NULL; at = strchr(at, '\'')) {
        *at = '"';
    }
    json_t *settings = json_loads(text, 0, NULL);
    assert_non_null(settings);
    const char *fault = kafka_settings_fault(settings, &key);
    assert_int_equal(fault == NULL, row->key == NULL);
    if (fault != NULL && row->key != NULL) {
        assert_string_equal(key, row->key);
    }
    json_decref(settings);
}

int main(void)
{
    struct CMUnitTest tests[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_fault, .initial_state = &rows[i]};
    }
    return cmocka_run_group_tests_name("kafka_settings_fault", tests, NULL, NULL);
}
