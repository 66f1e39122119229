/*
 * A Kafka cluster of one broker as a process of its own, by librdkafka's mock cluster.
 * Prints its address; then obeys lines on its standard input:
 *
 *   down | up            the broker refuses connections, or takes them again
 *   fail CODE TIMES      answers so many Produce requests with an error of the protocol
 *   slow MS              each answer takes so long
 *   read                 prints the key of every message of the topic, then "."
 *
 * Everything but read is answered "ok". It ends with its standard input.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCE = 0, LINE_SIZE = 128, WHY_SIZE = 256, POLL_MS = 10000 };

static const char topic[] = "audit";

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[WHY_SIZE];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "kafka_broker: %s\n", why);
        exit(2);
    }
}

static rd_kafka_t *reader_new(rd_kafka_mock_cluster_t *cluster)
{
    char why[WHY_SIZE];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster));
    set(conf, "group.id", "reader");
    set(conf, "enable.partition.eof", "true");
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    rd_kafka_topic_partition_list_t *parts = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(parts, topic, 0)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, parts);
    rd_kafka_topic_partition_list_destroy(parts);
    return reader;
}

static void read_all(rd_kafka_mock_cluster_t *cluster)
{
    rd_kafka_t *reader = reader_new(cluster);
    bool is_over = false;
    while (!is_over) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, POLL_MS);
        is_over = message == NULL || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            printf("%.*s\n", (int)message->key_len, (const char *)message->key);
        }
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
    }
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    puts(".");
}

static void fail(rd_kafka_mock_cluster_t *cluster, const char *arguments)
{
    char *end = NULL;
    long code = strtol(arguments, &end, 10);
    long times = strtol(end, NULL, 10);
    for (long i = 0; i < times; i++) {
        rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, (rd_kafka_resp_err_t)code);
    }
}

static void obey(rd_kafka_mock_cluster_t *cluster, const char *line)
{
    if (strcmp(line, "read\n") == 0) {
        read_all(cluster);
        return;
    }
    if (strcmp(line, "down\n") == 0) {
        rd_kafka_mock_broker_set_down(cluster, 1);
    } else if (strcmp(line, "up\n") == 0) {
        rd_kafka_mock_broker_set_up(cluster, 1);
    } else if (strncmp(line, "fail ", strlen("fail ")) == 0) {
        fail(cluster, line + strlen("fail "));
    } else if (strncmp(line, "slow ", strlen("slow ")) == 0) {
        rd_kafka_mock_broker_set_rtt(cluster, 1,
                                     (int)strtol(line + strlen("slow "), NULL, 10));
    } else {
        fprintf(stderr, "kafka_broker: what is %s", line);
        exit(2);
    }
    puts("ok");
}

int main(void)
{
    char line[LINE_SIZE];
    char why[WHY_SIZE];
    rd_kafka_t *host =
        rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
    rd_kafka_mock_topic_create(cluster, topic, 1, 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts(rd_kafka_mock_cluster_bootstraps(cluster));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(cluster, line);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return 0;
}
