#include "config/config_same.h"

#include <string.h>

static bool is_same_text(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/* NULL is the same as NULL alone. */
static bool is_same_json(const json_t *left, const json_t *right)
{
    return left == right || json_equal(left, right);
}

bool config_same_is_log(const struct config_source *left,
                        const struct config_source *right)
{
    return left->provider == right->provider &&
           is_same_json(left->settings, right->settings);
}

static bool are_same_routes(const struct config_side *left,
                            const struct config_side *right)
{
    bool is_same = left->source->route_count == right->source->route_count;
    for (size_t i = 0; is_same && i < left->source->route_count; i++) {
        const struct config_route *a = &left->source->routes[i];
        const struct config_route *b = &right->source->routes[i];
        is_same = a->is_required == b->is_required && a->principles == b->principles &&
                  strcmp(left->config->sinks[a->sink].name,
                         right->config->sinks[b->sink].name) == 0;
    }
    return is_same;
}

bool config_same_is_source(const struct config_side *left,
                           const struct config_side *right)
{
    const struct config_source *a = left->source;
    const struct config_source *b = right->source;
    return config_same_is_log(a, b) && are_same_routes(left, right) &&
           a->every_ms == b->every_ms && a->lookback_ms == b->lookback_ms &&
           is_same_text(a->environment, b->environment) &&
           is_same_json(a->tenant, b->tenant) && is_same_json(a->redact, b->redact);
}

bool config_same_is_sink(const struct config_sink *left, const struct config_sink *right)
{
    return left->type == right->type && left->format == right->format &&
           left->max_age_ms == right->max_age_ms && left->sends_old == right->sends_old &&
           is_same_text(left->environment, right->environment) &&
           is_same_json(left->settings, right->settings);
}
