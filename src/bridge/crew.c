#include "bridge/crew.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/queue.h"
#include "bridge/teller.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum {
    CROWDED_MS = 50, /* a request budget used up for longer gets no thread */
    GONE_MS =
        60 * 1000, /* then a source that is gone is looked at again: it may be back */
};

/* A worker's thread. */
struct hand {
    pthread_t thread;
    struct worker worker;
    struct runtime runtime;
};

struct crew {
    struct fleet *fleet;
    struct queue *queue;
    struct teller *teller;
    struct hand *hands;
    size_t hand_count;
    size_t source_count; /* of the fleet's, those that are in the queue */
    const struct crew_plan *plan;
    bool is_once;
    int64_t stop_ms;    /* monotonic; INT64_MAX: never */
    int64_t renewed_ms; /* when the leases were last renewed, monotonic */
    struct source *backs[STORE_CLAIMS_MAX]; /* to be given back, with their returns */
    struct store_return returns[STORE_CLAIMS_MAX];
    size_t back_count;
};

static int64_t now_of(const struct crew *crew)
{
    return worker_monotonic_ms(&crew->fleet->worker);
}

static void *take_turns(void *context)
{
    struct hand *hand = context;
    struct source *source = NULL;
    while ((source = queue_next(hand->worker.queue)) != NULL) {
        worker_run(&hand->worker, source);
        queue_ended(hand->worker.queue, source);
    }
    return NULL;
}

/* Signals are for the thread that keeps the queue: workers' system calls go through. */
static void start_hands(struct crew *crew, size_t wanted)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    crew->hands = mem_new(wanted, sizeof(*crew->hands));
    for (size_t i = 0; i < wanted; i++) {
        struct hand *hand = &crew->hands[i];
        runtime_init(&hand->runtime);
        hand->worker = crew->fleet->worker;
        hand->worker.queue = crew->queue;
        hand->worker.runtime = &hand->runtime;
        if (pthread_create(&hand->thread, NULL, take_turns, hand) != 0) {
            runtime_clear(&hand->runtime);
            break;
        }
        crew->hand_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void join_hands(struct crew *crew)
{
    for (size_t i = 0; i < crew->hand_count; i++) {
        struct hand *hand = &crew->hands[i];
        pthread_join(hand->thread, NULL);
        page_reader_clear(&hand->worker.reader);
        runtime_clear(&hand->runtime);
    }
    free(crew->hands);
}

/* Keeps the leases alive, long before they run out. */
static void beat(struct crew *crew)
{
    const struct worker *shared = &crew->fleet->worker;
    struct error err = {0};
    int64_t now = now_of(crew);
    if (now - crew->renewed_ms < STORE_HEARTBEAT_MS) {
        return;
    }
    crew->renewed_ms = now;
    crew->fleet->has_lost_leases = !shared->store_type->renew(shared->store, &err);
    if (crew->fleet->has_lost_leases) {
        log_write_take(LOG_WARN, LOG_LEASE_LOST, NULL,
                       json_pack("{s:s}", "error", err.text));
    }
}

/* Of `run --once`: what has had its turn to the end does not get another. */
static bool is_finished(const struct crew *crew, const struct source *source)
{
    return crew->is_once && source->end != SOURCE_IDLE && source->end != SOURCE_PAUSED;
}

static void put_to_rest(struct crew *crew, struct source *source)
{
    meter_turn_ended(source, crew->fleet->worker.runtime);
    teller_saw(crew->teller, source);
    if (!is_finished(crew, source)) {
        queue_rest(crew->queue, source);
    }
}

static void refuse(struct crew *crew, struct source *source)
{
    worker_refused(&crew->fleet->worker, source);
}

/* Gives back what has been taken from the queue, in one transaction. */
static void give_back(struct crew *crew)
{
    const struct worker *shared = &crew->fleet->worker;
    struct error err = {0};
    bool ok =
        crew->back_count == 0 ||
        shared->store_type->release(shared->store, crew->returns, crew->back_count, &err);
    for (size_t i = 0; i < crew->back_count; i++) {
        struct source *source = crew->backs[i];
        if (!ok) {
            source->error = err;
            refuse(crew, source);
        } else if (crew->returns[i].is_lost) {
            log_write_take(LOG_WARN, LOG_LEASE_LOST, source->name, NULL);
        }
    }
    crew->back_count = 0;
}

/* A refusal that is new may be of a part of the source, which discovery can set apart. */
static void note_denial(struct crew *crew, struct source *source)
{
    if (source->is_denied && !source->was_denied &&
        source->config->provider->takes_known) {
        fleet_doubt(crew->fleet);
    }
    source->was_denied = source->is_denied;
}

/* Takes the sources whose turns are over: they rest, and are given back in groups. */
static void take_back(struct crew *crew)
{
    const struct runtime *runtime = crew->fleet->worker.runtime;
    struct source *source = NULL;
    while ((source = queue_take_ended(crew->queue)) != NULL) {
        if (source->claim.source != NULL) { /* else it was lost */
            crew->backs[crew->back_count] = source;
            crew->returns[crew->back_count] =
                (struct store_return){.claim = &source->claim,
                                      .due_ms = runtime->now_ms(runtime->context) +
                                                source->due_ms - now_of(crew)};
            crew->back_count++;
        }
        note_denial(crew, source);
        put_to_rest(crew, source);
        if (crew->back_count == STORE_CLAIMS_MAX) {
            give_back(crew);
        }
    }
}

/* Takes up to count due sources whose request budget would let them begin. */
static size_t take_due(struct crew *crew, struct source **due, size_t count)
{
    struct ratelimit *ratelimit = crew->fleet->worker.ratelimit;
    int64_t now = now_of(crew);
    size_t taken = 0;
    struct source *source = NULL;
    while (taken < count && (source = queue_due(crew->queue, now)) != NULL) {
        if (source->is_gone) {
            source->due_ms = now + GONE_MS;
            queue_rest(crew->queue, source);
            continue;
        }
        int64_t delay = ratelimit_delay_ms(ratelimit, source->quota_key, now);
        if (delay > CROWDED_MS) {
            source->due_ms = now + delay;
            queue_rest(crew->queue, source);
            continue;
        }
        due[taken++] = source;
    }
    return taken;
}

/* Claims due sources in one transaction and hands them out. False: none is due. */
static bool hand_out(struct crew *crew, size_t room)
{
    const struct worker *shared = &crew->fleet->worker;
    struct source *due[STORE_CLAIMS_MAX];
    struct store_wish wishes[STORE_CLAIMS_MAX];
    size_t ready = 0;
    struct error err = {0};
    size_t count = take_due(crew, due, room < STORE_CLAIMS_MAX ? room : STORE_CLAIMS_MAX);
    if (count == 0) {
        return false;
    }

    for (size_t i = 0; i < count; i++) {
        claim_clear(&due[i]->claim);
        wishes[i] = (struct store_wish){due[i]->key, &due[i]->claim, &due[i]->error};
    }
    bool ok = shared->store_type->claim(shared->store, wishes, count, &err);
    for (size_t i = 0; i < count; i++) {
        if (!ok) {
            due[i]->error = err;
        }
        if (due[i]->error.kind == ERROR_NONE) {
            due[ready++] = due[i];
            continue;
        }
        refuse(crew, due[i]);
        put_to_rest(crew, due[i]);
    }
    queue_ready(crew->queue, due, ready);
    return true;
}

static int64_t sooner_of(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* Waits until something is to be done; false when a stop came. */
static bool wait_for_work(struct crew *crew)
{
    int64_t until = sooner_of(crew->stop_ms, crew->renewed_ms + STORE_HEARTBEAT_MS);
    if (crew->plan->watch != NULL) {
        crew->plan->watch(crew->plan->watch_context);
        until = sooner_of(until, now_of(crew) + CREW_WATCH_MS);
    }
    if (queue_room(crew->queue) > 0) {
        until = sooner_of(until, queue_due_ms(crew->queue));
    }
    bool goes_on = runtime_wait_for(queue_fd(crew->queue), until - now_of(crew));
    queue_clear_fd(crew->queue);
    return goes_on;
}

/* Lets the sources rest that the fleet has since the last time. */
static void take_on(struct crew *crew)
{
    struct fleet *fleet = crew->fleet;
    queue_grow(crew->queue, fleet->source_count);
    while (crew->source_count < fleet->source_count) {
        struct source *source = fleet->sources[crew->source_count++];
        int64_t now = now_of(crew);
        source->due_ms = source->due_ms < now ? now : source->due_ms;
        teller_add(crew->teller, source);
        queue_rest(crew->queue, source);
    }
}

/* Everything the keeper has to do now; false when there will be no more turns. */
static bool tend(struct crew *crew)
{
    size_t room = 0;
    take_back(crew);
    if (runtime_is_stopped() || now_of(crew) >= crew->stop_ms) {
        return false;
    }
    beat(crew);
    if (!crew->is_once) {
        fleet_rediscover(crew->fleet);
        take_on(crew);
    }
    while ((room = queue_room(crew->queue)) > 0) {
        give_back(crew);
        if (!hand_out(crew, room)) {
            break;
        }
    }
    return !crew->is_once || queue_held(crew->queue) > 0 ||
           queue_due_ms(crew->queue) != INT64_MAX;
}

/* Lets the turns under way end: requests in flight have some time, waits have none. */
static void wind_up(struct crew *crew)
{
    int64_t end = now_of(crew) + CREW_GRACE_MS;
    queue_close(crew->queue);
    take_back(crew);
    while (queue_held(crew->queue) > 0 && now_of(crew) < end &&
           runtime_wait_for(queue_fd(crew->queue), end - now_of(crew))) {
        queue_clear_fd(crew->queue);
        take_back(crew);
    }
    if (queue_held(crew->queue) > 0) {
        runtime_interrupt();
    }
    join_hands(crew);
    take_back(crew);
    give_back(crew);
}

static size_t hands_wanted(const struct fleet *fleet, const struct crew_plan *plan)
{
    size_t wanted = plan->worker_count == 0 ? CREW_AUTO_MAX : plan->worker_count;
    if (fleet_is_lacking(fleet)) {
        return wanted; /* for sources that are still to be found */
    }
    return wanted < fleet->source_count ? wanted : fleet->source_count;
}

bool crew_run(struct fleet *fleet, const struct crew_plan *plan)
{
    struct worker *shared = &fleet->worker;
    size_t wanted = hands_wanted(fleet, plan);
    struct crew crew = {.fleet = fleet,
                        .queue = queue_new(fleet->source_count, wanted),
                        .plan = plan,
                        .teller = plan->is_silent ? NULL : teller_new(shared),
                        .is_once = plan->is_once};
    shared->is_once = plan->is_once;
    shared->start_ms = now_of(&crew);
    shared->stop_ms =
        plan->max_runtime_ms == 0 ? 0 : shared->start_ms + plan->max_runtime_ms;
    crew.stop_ms = shared->stop_ms == 0 ? INT64_MAX : shared->stop_ms;
    crew.renewed_ms = shared->start_ms;
    take_on(&crew);

    start_hands(&crew, wanted);
    if (crew.hand_count == 0) {
        log_write_take(LOG_ERROR, LOG_RUN_FAILED, NULL,
                       json_pack("{s:s}", "error", "no thread could be started"));
    }
    while (crew.hand_count > 0 && tend(&crew) && wait_for_work(&crew)) {
    }
    wind_up(&crew);
    bool is_told = teller_end(
        crew.teller,
        shared->stop_ms == 0 ? 0 : shared->stop_ms + (int64_t)2 * CREW_GRACE_MS);
    queue_free(crew.queue);
    return crew.hand_count > 0 && is_told && !fleet_has_failed(fleet);
}
