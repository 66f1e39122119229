/*
 * The configuration file, checked whole before anything runs: every key known,
 * every value of its type, every reference found; all problems at once with
 * file:line:column and remedy.
 *
 *   state:    {path: state.db}
 *   workers:  auto                      # or how many threads, 1 to 256
 *   mappings: [packs]                   # directories of further packs
 *   sinks:
 *     platform: {type: file, path: events.ndjson, format: ecs, environment: production}
 *   sources:
 *     prod-eu:
 *       provider: aws-cloudtrail
 *       region: eu-west-2
 *       sinks: [platform]
 *       every: 60s
 *       lookback: 24h
 *       environment: production
 *       tenant: {business_unit: HQ, application: payroll, owner: team@example}
 *       redact: [requestParameters.password]
 *
 * Every .yaml in sources.d beside the file adds to sources and sinks, one file a tenant.
 * ${ENV} and ${file:/path} are filled in after parsing, once, into scalars.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/problems.h"
#include "config/yaml.h"
#include "provider.h"
#include "sinks/sink.h"

struct config_sink {
    char *name;
    const struct sink_type *type;
    enum event_format format;
    char *environment;  /* NULL when not said */
    int64_t max_age_ms; /* of events that it takes; 0: any */
    bool sends_old;     /* older ones are sent all the same, and counted */
    json_t *settings;   /* checked and typed: the sink type's own settings */
    int line;
    const char *file;
};

struct config_route {
    size_t sink;         /* index in config.sinks */
    bool is_required;    /* gates the marks */
    uint32_t principles; /* what it is sent, as bits; 0: every event */
};

struct config_source {
    char *name; /* [a-z0-9-]{1,63} */
    const struct provider *provider;
    json_t *settings; /* checked and typed: the provider's own settings */
    struct config_route *routes;
    size_t route_count;
    int64_t every_ms;
    int64_t lookback_ms;
    struct slicing slicing; /* its own: config_slicing */
    char *environment;      /* NULL when not said */
    json_t *tenant;         /* object of texts, or NULL */
    json_t *redact;         /* array of paths, or NULL */
    int line;
    const char *file;
};

enum { CONFIG_WORKERS_MAX = 256 };

struct config {
    char *file;
    json_t *state;                 /* checked: {"path": ...} */
    json_t *metrics;               /* checked; NULL: neither served nor written */
    struct yaml_place state_place; /* where they stand in file; 0: nowhere */
    struct yaml_place metrics_place;
    size_t worker_count; /* 0: auto */
    char *
        *mapping_directories; /* ends with NULL; operators' own, after the shipped ones */
    struct config_sink *sinks;
    size_t sink_count;
    struct config_source *sources;
    size_t source_count;
    json_t *files; /* private: names that line numbers refer to */
};

/* The source of that name, or NULL; and the sink. */
const struct config_source *config_find_source(const struct config *config,
                                               const char *name);
const struct config_sink *config_find_sink(const struct config *config, const char *name);

/*
 * How the source's log is read: as its provider says, but for how long the cloud keeps it
 * where the source has a retention of its own. NULL: without slices.
 */
const struct slicing *config_slicing(const struct config_source *source);

/* slicing's late_ms, or what settings (of an entry, or of one source of it) say instead.
 */
int64_t config_late_ms(const json_t *settings, const struct slicing *slicing);

/*
 * Reads and checks file. providers ends with NULL. False with every problem
 * added; config is then empty. The caller clears.
 */
bool config_load(const char *file, const struct provider *const *providers,
                 struct config *config, struct problems *problems);
void config_clear(struct config *config);

#endif
