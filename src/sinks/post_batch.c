#include "sinks/post_batch.h"

#include "base/mem.h"
#include "event/shorten.h"
#include "sinks/credential.h"
#include "sinks/post_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One pass over the undecided events of a batch. */
struct pass {
    const struct post_batch *work;
    struct outcome *outcomes;
    size_t *picked; /* places of the undecided events in the batch */
    size_t picked_count;
    size_t wanted;  /* events of the batch that the route wants */
    size_t refused; /* in this pass */
    size_t later;   /* put off by the platform, event by event */
    char why_later[sizeof(((struct outcome *)0)->reason)]; /* the first's, or "" */
    bool has_taken; /* it took an event, or a heartbeat */
    struct post_body body;
};

/* Consecutive picked events. */
struct range {
    size_t first;
    size_t count;
};

struct hold_moment post_batch_moment(const struct post_options *options,
                                     const struct runtime *runtime)
{
    return (struct hold_moment){
        .now_ms = runtime->monotonic_ms(runtime->context),
        .wall_ms = runtime->now_ms(runtime->context),
        .credentials = credential_stamp(options->credential_file) +
                       3 * credential_stamp(options->cert_file),
    };
}

static struct hold_moment moment_of(const struct pass *pass)
{
    return post_batch_moment(pass->work->options, pass->work->runtime);
}

/* Holds the sink for cause; false. */
static bool hold(const struct pass *pass, const struct error *cause)
{
    struct hold_moment moment = moment_of(pass);
    hold_set(pass->work->hold, &moment, cause);
    return false;
}

/* No answer: the sink is down, unless the request could not even be made. */
static bool note_failure(const struct pass *pass, const struct error *err)
{
    struct hold_moment moment = moment_of(pass);
    if (err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE) {
        hold_down(pass->work->hold, &moment, err);
    } else if (err->kind != ERROR_STOPPED) {
        hold_set(pass->work->hold, &moment, err);
    }
    return false;
}

/* Is it the events that are refused, and not everything? err: what was refused. */
static bool ask_heartbeat(struct pass *pass, struct error *err)
{
    if (pass->has_taken) {
        return true;
    }
    const struct post_batch *work = pass->work;
    struct error why = {0};
    switch (post_probe_send(work->options, work->runtime, work->batch->source,
                            work->batch->deadline_ms, &why)) {
    case POST_ACCEPTED:
        pass->has_taken = true;
        return true;
    case POST_FAILED:
        *err = why;
        return note_failure(pass, err);
    default:
        error_set(err, ERROR_DENIED, "it refuses a heartbeat too: %s", why.text);
        return hold(pass, err);
    }
}

static bool refuse(struct pass *pass, size_t place, struct error *err)
{
    struct outcome refused = {.kind = OUTCOME_REFUSED};
    snprintf(refused.reason, sizeof(refused.reason), "%.*s",
             (int)sizeof(refused.reason) - 1, err->text);
    if (!ask_heartbeat(pass, err)) {
        return false;
    }
    pass->outcomes[pass->picked[place]] = refused;
    pass->refused++;
    struct hold_moment moment = moment_of(pass);
    return !hold_is_broken(pass->work->hold, &moment, pass->refused, pass->wanted, err) ||
           hold(pass, err);
}

static struct post_event event_at(const struct pass *pass, size_t place)
{
    const struct post_batch *work = pass->work;
    const struct batch_event *event = &work->batch->events[pass->picked[place]];
    return (struct post_event){batch_text(work->batch, event, work->format),
                               batch_id(work->batch, event), event->time_ms,
                               work->runtime->now_ms(work->runtime->context)};
}

static void take(struct pass *pass, struct range range)
{
    for (size_t i = 0; i < range.count; i++) {
        pass->outcomes[pass->picked[range.first + i]].kind = OUTCOME_ACCEPTED;
    }
    pass->has_taken = true;
}

/* And not perhaps taken: that is no word on the event. */
static bool is_refused(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_REFUSED && !outcome->is_doubted;
}

static void take_one(struct pass *pass, size_t place, const struct outcome *said)
{
    switch (said->kind) {
    case OUTCOME_ACCEPTED:
    case OUTCOME_DUPLICATE:
        pass->outcomes[pass->picked[place]] = *said;
        pass->has_taken = true;
        break;
    case OUTCOME_REFUSED: /* for sure: once it is known that others were taken */
        if (said->is_doubted) {
            pass->outcomes[pass->picked[place]] = *said;
            pass->has_taken = true;
        }
        break;
    default:
        if (pass->later++ == 0) {
            memcpy(pass->why_later, said->reason, sizeof(pass->why_later));
        }
        break;
    }
}

/* What the platform said of each event of a range. */
static bool take_each(struct pass *pass, struct range range, struct error *err)
{
    bool ok = true;
    size_t refused = 0;
    struct outcome *said = mem_new(range.count, sizeof(*said));
    for (size_t i = 0; i < range.count; i++) {
        said[i] = pass->body.outcomes[i]; /* refuse may reuse the body */
        take_one(pass, range.first + i, &said[i]);
        refused += is_refused(&said[i]);
    }
    for (size_t i = 0; ok && refused > 0 && i < range.count; i++) {
        if (is_refused(&said[i])) {
            error_set(err, ERROR_DATA, "%s", said[i].reason);
            ok = refuse(pass, range.first + i, err);
        }
    }
    free(said);
    return ok;
}

/* The last try for an event that is too long by itself. err: how that showed. */
static bool send_short(struct pass *pass, size_t place, struct error *err)
{
    const struct post_batch *work = pass->work;
    struct buf text;
    struct post_event event = event_at(pass, place);
    buf_init(&text, work->options->body_max);
    post_body_reset(&pass->body);
    bool fits = event_shorten(work->format, event.text, &text);
    event.text = buf_bytes(&text);
    fits = fits && post_body_add(&pass->body, &event);
    buf_clear(&text);
    if (!fits) {
        return refuse(pass, place, err);
    }
    switch (post_send(&pass->body, work->runtime, work->batch->deadline_ms, err)) {
    case POST_ACCEPTED:
        take(pass, (struct range){place, 1});
        pass->outcomes[pass->picked[place]].is_shortened = true;
        return true;
    case POST_MIXED: {
        bool ok = take_each(pass, (struct range){place, 1}, err);
        pass->outcomes[pass->picked[place]].is_shortened = true;
        return ok;
    }
    case POST_DENIED:
        return hold(pass, err);
    case POST_FAILED:
        return note_failure(pass, err);
    default:
        error_context(err, "without its record");
        return refuse(pass, place, err);
    }
}

static bool send_range(struct pass *pass, struct range range, struct error *err);

static bool send_halves(struct pass *pass, struct range range, struct error *err)
{
    size_t half = range.count / 2;
    return send_range(pass, (struct range){range.first, half}, err) &&
           send_range(pass, (struct range){range.first + half, range.count - half}, err);
}

static bool deal_with(struct pass *pass, struct range range, enum post_verdict verdict,
                      struct error *err)
{
    bool is_alone = range.count == 1;
    switch (verdict) {
    case POST_ACCEPTED:
        take(pass, range);
        return true;
    case POST_MIXED:
        return take_each(pass, range, err);
    case POST_DENIED:
        return hold(pass, err);
    case POST_FAILED:
        return note_failure(pass, err);
    case POST_TOO_BIG:
        return is_alone ? send_short(pass, range.first, err)
                        : send_halves(pass, range, err);
    case POST_DOUBTED:
        if (!ask_heartbeat(pass, err)) {
            return false;
        }
        break;
    case POST_REFUSED:
    case POST_AS_USUAL: /* no verdict: post_send never says so */
        break;
    }
    return is_alone ? refuse(pass, range.first, err) : send_halves(pass, range, err);
}

/* Sends one request of what fits. Recurs as deep as a batch can be halved: ten times. */
static bool send_range(struct pass *pass, struct range range, struct error *err)
{
    const struct post_batch *work = pass->work;
    post_body_reset(&pass->body);
    for (size_t i = 0; i < range.count; i++) {
        /* What send_all found to fit fits, and so does any part of it. */
        struct post_event event = event_at(pass, range.first + i);
        post_body_add(&pass->body, &event);
    }
    enum post_verdict verdict =
        post_send(&pass->body, work->runtime, work->batch->deadline_ms, err);
    return deal_with(pass, range, verdict, err);
}

/* How many events from first on fit in one body; 0 when the first does not. */
static size_t count_fitting(struct pass *pass, size_t first)
{
    post_body_reset(&pass->body);
    size_t count = 0;
    for (; first + count < pass->picked_count; count++) {
        struct post_event event = event_at(pass, first + count);
        if (!post_body_add(&pass->body, &event)) {
            break;
        }
    }
    return count;
}

static bool send_all(struct pass *pass, struct error *err)
{
    bool ok = true;
    size_t first = 0;
    while (ok && first < pass->picked_count) {
        struct range range = {first, count_fitting(pass, first)};
        if (range.count > 0) {
            ok = send_range(pass, range, err);
        } else {
            range.count = 1;
            error_set(err, ERROR_DATA, "%zu bytes are more than max_body_size",
                      event_at(pass, first).text.size);
            ok = send_short(pass, first, err);
        }
        first += range.count;
    }
    if (ok && pass->later > 0) {
        error_set(err, ERROR_BUSY, "it put off %zu events%s%s", pass->later,
                  pass->why_later[0] == '\0' ? "" : ": ", pass->why_later);
        return note_failure(pass, err);
    }
    return ok;
}

static void pick(struct pass *pass)
{
    const struct batch *batch = pass->work->batch;
    pass->picked = mem_new(batch->count + 1, sizeof(*pass->picked));
    for (size_t i = 0; i < batch->count; i++) {
        pass->wanted += pass->outcomes[i].kind != OUTCOME_UNWANTED;
        if (pass->outcomes[i].kind == OUTCOME_RETRY) {
            pass->picked[pass->picked_count++] = i;
        }
    }
}

/* What was refused in a pass that did not end well may have been the sink's fault. */
static void take_back(struct pass *pass)
{
    for (size_t i = 0; i < pass->picked_count; i++) {
        struct outcome *outcome = &pass->outcomes[pass->picked[i]];
        if (is_refused(outcome)) {
            *outcome = (struct outcome){0};
        }
    }
}

bool post_batch_send(const struct post_batch *work, struct outcome *outcomes,
                     struct error *err)
{
    struct error unseen = {0};
    err = err == NULL ? &unseen : err; /* its kind decides here */
    struct pass pass = {.work = work, .outcomes = outcomes};
    post_body_init(&pass.body, work->options);
    pick(&pass);
    bool ok = send_all(&pass, err);
    struct hold_moment moment = moment_of(&pass);
    if (ok && !hold_count(work->hold, &moment, pass.refused, pass.wanted, err)) {
        ok = hold(&pass, err);
    }
    if (ok) {
        *err = (struct error){0}; /* refusals that were dealt with */
        hold_up(work->hold);
    } else {
        take_back(&pass);
    }
    post_body_clear(&pass.body);
    free(pass.picked);
    return ok;
}
