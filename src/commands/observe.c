#include "commands/observe.h"

#include "base/log.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "commands/command.h"
#include "metrics/metrics.h"
#include "metrics/push.h"
#include "metrics/server.h"
#include "metrics/textfile.h"

enum { TEXT_MAX = 64 << 20 };

static const struct metrics_labels none = {{0}};

static int64_t monotonic_ms(const struct observe *observe)
{
    return observe->runtime->monotonic_ms(observe->runtime->context);
}

static double wall_s(const struct observe *observe)
{
    return (double)observe->runtime->now_ms(observe->runtime->context) / MS_PER_SECOND;
}

bool observe_begin(struct observe *observe, const struct config *config,
                   const struct runtime *runtime, bool is_once, struct error *err)
{
    if (config->metrics == NULL) {
        return true;
    }
    const json_t *most = json_object_get(config->metrics, "max_sources");
    observe->settings = json_incref(config->metrics); /* it may outlive config */
    observe->runtime = runtime;
    observe->is_once = is_once;
    observe->collect.max_sources = (size_t)json_integer_value(most);
    observe->began_ms = monotonic_ms(observe);
    health_init(&observe->health, observe->began_ms);

    metrics_enable();
    metrics_set(METRIC_BUILD_INFO, (struct metrics_labels){{BRIDGE_VERSION}}, 1);
    metrics_set(METRIC_RUN_START, none, wall_s(observe));
    metrics_set(METRIC_PROCESS_START, none, wall_s(observe));
    if (is_once) {
        return true;
    }
    const char *listen = object_text(config->metrics, "listen");
    const struct server_plan plan = {listen, &observe->health, runtime};
    if (!server_start(&plan, &observe->server, err)) {
        return false;
    }
    log_write_take(LOG_INFO, LOG_METRICS_LISTENING, NULL,
                   json_pack("{s:s}", "address", listen));
    return true;
}

static void look(struct observe *observe)
{
    collect_now(&observe->collect);
    observe->collected_ms = monotonic_ms(observe);
    if (!observe->is_once && observe->collect.success_ms != 0) {
        metrics_set(METRIC_RUN_LAST_SUCCESS, none,
                    (double)observe->collect.success_ms / MS_PER_SECOND);
    }
}

void observe_fleet(struct observe *observe, const struct fleet *fleet)
{
    if (observe->settings != NULL) {
        observe->collect.fleet = fleet;
        collect_begin(&observe->collect);
        look(observe);
        health_run(&observe->health, monotonic_ms(observe));
    }
}

void observe_watch(struct observe *observe)
{
    if (observe->settings == NULL) {
        return;
    }
    if (monotonic_ms(observe) - observe->collected_ms >= OBSERVE_EVERY_MS) {
        look(observe);
    }
    const struct health_beat beat = {
        .now_ms = monotonic_ms(observe),
        .turn_ms = observe->collect.turn_ms,
        .is_leased = !observe->collect.fleet->has_lost_leases,
    };
    health_beat(&observe->health, &beat);
}

static void tell_failed(const struct error *err)
{
    log_write_take(
        LOG_WARN, LOG_METRICS_FAILED, NULL,
        json_pack("{s:s,s:s}", "kind", error_kind_name(err->kind), "error", err->text));
}

/* When a run last succeeded is not forgotten because this one did not. */
static void keep_success(const struct observe *observe, const char *textfile, int status)
{
    double success_s = 0;
    bool has_succeeded = observe->collect.success_ms != 0;
    if (status == EXIT_GOOD) {
        metrics_set(METRIC_RUN_LAST_SUCCESS, none, wall_s(observe));
    } else if (textfile != NULL && (observe->is_once || !has_succeeded) &&
               textfile_find(textfile, metric_table[METRIC_RUN_LAST_SUCCESS].name,
                             &success_s)) {
        metrics_set(METRIC_RUN_LAST_SUCCESS, none, success_s);
    }
}

static void hand_out(const struct observe *observe, const char *textfile, int status)
{
    struct error err = {0};
    struct buf text;
    buf_init(&text, TEXT_MAX);
    metrics_write(false, &text);
    if (textfile != NULL && !textfile_write(textfile, buf_bytes(&text), &err)) {
        tell_failed(&err);
    }
    if (object_text(observe->settings, "pushgateway") != NULL &&
        !push_send(observe->settings, observe->runtime, status == EXIT_GOOD,
                   buf_bytes(&text), &err)) {
        tell_failed(&err);
    }
    buf_clear(&text);
}

void observe_end(struct observe *observe, int status)
{
    if (observe->settings == NULL) {
        return;
    }
    const char *textfile = object_text(observe->settings, "textfile");
    server_stop(observe->server);
    if (observe->collect.fleet != NULL) {
        look(observe);
    }
    metrics_set(METRIC_RUN_END, none, wall_s(observe));
    metrics_set(METRIC_RUN_DURATION, none,
                (double)(monotonic_ms(observe) - observe->began_ms) / MS_PER_SECOND);
    metrics_set(METRIC_RUN_EXIT_CODE, none, status);
    keep_success(observe, textfile, status);
    hand_out(observe, textfile, status);
    health_clear(&observe->health);
    metrics_clear();
    json_decref(observe->settings);
    *observe = (struct observe){0};
}
