/*
 * Produces events to a Kafka topic: the key is event.id, the value the event.
 *
 * An event counts once every in-sync replica has it (acks=all), by the delivery report of
 * its own. What a broker refuses, it refuses for all events that went to it together, so
 * each of them is then sent alone; one that is too long goes once more without
 * event.original. Whatever is undecided at the deadline is taken out of the producer
 * before send returns.
 *
 * settings  {"brokers": ["kafka-1.example.org:9093"], "topic": "audit", ...}
 */
#include "base/mem.h"
#include "event/shorten.h"
#include "sinks/hold.h"
#include "sinks/kafka_client.h"
#include "sinks/kafka_settings.h"
#include "sinks/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    json_t *settings;
    enum event_format format;
    struct hold *hold;
    struct kafka_client *client;
};

/* The undecided events of one batch, on their way. */
struct pass {
    struct sink *sink;
    const struct runtime *runtime;
    const struct batch *batch;
    struct outcome *outcomes;
    struct kafka_message *messages;
    size_t *picked; /* places of the messages in the batch */
    size_t count;
    size_t refused;
    char words[KAFKA_WORDS_SIZE]; /* what the connections met last */
};

static struct hold_moment moment_of(const struct pass *pass)
{
    return (struct hold_moment){
        .now_ms = pass->runtime->monotonic_ms(pass->runtime->context),
        .wall_ms = pass->runtime->now_ms(pass->runtime->context),
        .credentials = kafka_client_stamp(pass->sink->settings),
    };
}

static void kafka_close(struct sink *sink)
{
    if (sink != NULL) {
        kafka_client_free(sink->client);
        hold_free(sink->hold);
        json_decref(sink->settings);
        free(sink);
    }
}

static bool kafka_open(const json_t *settings, enum event_format format,
                       const struct runtime *runtime, struct sink **sink,
                       struct error *err)
{
    (void)runtime;
    struct kafka_client *client = NULL;
    if (!kafka_client_new(settings, &client, err)) {
        return false;
    }
    struct sink *opened = mem_new(1, sizeof(*opened));
    opened->settings = json_deep_copy(settings);
    opened->format = format;
    opened->hold = hold_new();
    opened->client = client;
    *sink = opened;
    return true;
}

/* Notes what stands between the sink and all events; false. */
static bool note_failure(const struct pass *pass, const struct error *err)
{
    struct hold_moment moment = moment_of(pass);
    if (err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE) {
        hold_down(pass->sink->hold, &moment, err);
    } else if (err->kind != ERROR_STOPPED) {
        hold_set(pass->sink->hold, &moment, err);
    }
    return false;
}

static bool produce(struct pass *pass, struct kafka_message *messages, size_t count,
                    struct error *err)
{
    struct kafka_shipment shipment = {messages, count, pass->batch->deadline_ms, ""};
    if (!kafka_client_produce(pass->sink->client, pass->runtime, &shipment, err)) {
        return note_failure(pass, err);
    }
    memcpy(pass->words, shipment.words, sizeof(pass->words));
    return true;
}

static bool is_of_event(enum kafka_verdict verdict)
{
    return verdict == KAFKA_TOO_BIG || verdict == KAFKA_REFUSED;
}

/* What is neither delivered nor the event's own fault. */
static bool fail(const struct pass *pass, const struct kafka_message *message,
                 struct error *err)
{
    bool is_denied = message->verdict == KAFKA_DENIED;
    if (!pass->runtime->wait(pass->runtime->context, 0, err)) {
        return false;
    }
    error_set(err, is_denied ? ERROR_CONFIG : ERROR_UNREACHABLE, "%s%s%s",
              message->reason, pass->words[0] == '\0' ? "" : ": ", pass->words);
    return note_failure(pass, err);
}

static void refuse(struct pass *pass, size_t place, const char *reason)
{
    struct outcome *outcome = &pass->outcomes[pass->picked[place]];
    outcome->kind = OUTCOME_REFUSED;
    snprintf(outcome->reason, sizeof(outcome->reason), "%s", reason);
    pass->refused++;
}

/* Sends an event that is too long by itself without its event.original. */
static bool send_short(struct pass *pass, size_t place, struct error *err)
{
    struct buf text;
    struct kafka_message message = pass->messages[place];
    buf_init(&text, SIZE_MAX / 2);
    bool is_shorter = event_shorten(pass->sink->format, message.text, &text);
    message.text = buf_bytes(&text);
    bool ok = !is_shorter || produce(pass, &message, 1, err);
    buf_clear(&text);
    message.text = (struct bytes){0};
    if (!ok) {
        return false;
    }
    if (!is_shorter || is_of_event(message.verdict)) {
        refuse(pass, place, message.reason);
        return true;
    }
    if (message.verdict != KAFKA_PERSISTED) {
        return fail(pass, &message, err);
    }
    pass->outcomes[pass->picked[place]].kind = OUTCOME_ACCEPTED;
    pass->outcomes[pass->picked[place]].is_shortened = true;
    return true;
}

/* Sends one event alone, so that what is said of it is said of no other. */
static bool send_alone(struct pass *pass, size_t place, struct error *err)
{
    struct kafka_message *message = &pass->messages[place];
    if (!produce(pass, message, 1, err)) {
        return false;
    }
    switch (message->verdict) {
    case KAFKA_PERSISTED:
        pass->outcomes[pass->picked[place]].kind = OUTCOME_ACCEPTED;
        return true;
    case KAFKA_TOO_BIG:
        return send_short(pass, place, err);
    case KAFKA_REFUSED:
        refuse(pass, place, message->reason);
        return true;
    default:
        return fail(pass, message, err);
    }
}

/* Takes what was said of each; the first that failed for the sink's sake, or NULL. */
static const struct kafka_message *take_reports(struct pass *pass)
{
    const struct kafka_message *failed = NULL;
    for (size_t i = 0; i < pass->count; i++) {
        const struct kafka_message *message = &pass->messages[i];
        if (message->verdict == KAFKA_PERSISTED) {
            pass->outcomes[pass->picked[i]].kind = OUTCOME_ACCEPTED;
            hold_up(pass->sink->hold);
        } else if (!is_of_event(message->verdict) &&
                   (failed == NULL || message->verdict == KAFKA_DENIED)) {
            failed = message;
        }
    }
    return failed;
}

/* Poison is counted; too much of it is a broken sink, and nothing is set aside. */
static bool judge_refusals(struct pass *pass, struct error *err)
{
    struct hold_moment moment = moment_of(pass);
    struct error broken = {0};
    if (pass->refused == 0 ||
        hold_count(pass->sink->hold, &moment, pass->refused, pass->count, &broken)) {
        return true;
    }
    for (size_t i = 0; i < pass->count; i++) {
        struct outcome *outcome = &pass->outcomes[pass->picked[i]];
        bool is_refused = outcome->kind == OUTCOME_REFUSED;
        outcome->kind = is_refused ? OUTCOME_RETRY : outcome->kind;
    }
    *err = broken;
    return note_failure(pass, err);
}

static bool send_all(struct pass *pass, struct error *err)
{
    if (!produce(pass, pass->messages, pass->count, err)) {
        return false;
    }
    const struct kafka_message *failed = take_reports(pass);
    if (failed != NULL) {
        return fail(pass, failed, err);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < pass->count; i++) {
        ok = !is_of_event(pass->messages[i].verdict) || send_alone(pass, i, err);
    }
    return judge_refusals(pass, err) && ok;
}

static void pick(struct pass *pass)
{
    const struct batch *batch = pass->batch;
    pass->messages = mem_new(batch->count + 1, sizeof(*pass->messages));
    pass->picked = mem_new(batch->count + 1, sizeof(*pass->picked));
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];
        if (pass->outcomes[i].kind == OUTCOME_RETRY) {
            pass->picked[pass->count] = i;
            pass->messages[pass->count++] = (struct kafka_message){
                .id = batch_id(batch, event),
                .text = batch_text(batch, event, pass->sink->format),
            };
        }
    }
}

static bool kafka_send(struct sink *sink, const struct runtime *runtime,
                       const struct batch *batch, struct outcome *outcomes,
                       struct error *err)
{
    struct error why = {0};
    struct pass pass = {
        .sink = sink, .runtime = runtime, .batch = batch, .outcomes = outcomes};
    struct hold_moment moment = moment_of(&pass);
    if (hold_ask(sink->hold, &moment, err) == HOLD_WAIT) {
        return false;
    }
    pick(&pass);
    bool ok = pass.count == 0 || send_all(&pass, &why);
    if (ok) {
        hold_clear(sink->hold);
    } else if (err != NULL) {
        *err = why;
    }
    free(pass.messages);
    free(pass.picked);
    return ok;
}

const struct sink_type sink_kafka = {
    .name = "kafka",
    .help = "produces events to a Kafka topic; each counts once all replicas have it",
    .is_acknowledged = true,
    .settings = kafka_settings,
    .fault = kafka_settings_fault,
    .open = kafka_open,
    .send = kafka_send,
    .close = kafka_close,
};
