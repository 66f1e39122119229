/*
 * What reading a sink and reading a source have in common: the files on hand, one
 * table made of the common keys and a type's own, and names that are known twice.
 *
 * Values that were written are never quoted in a problem: a secret may stand in a
 * wrong place. Names are quoted once they are known to be names.
 */
#ifndef CONFIG_CONFIG_PART_H
#define CONFIG_CONFIG_PART_H

#include "config/config.h"
#include "config/yaml.h"

enum { CONFIG_NAME_MAX = 63 };

/* The keys of `state` and `metrics`, and those of every sink and source; they end with
 * SETTING_END. */
extern const struct setting config_state_keys[];
extern const struct setting config_metrics_keys[];
extern const struct setting config_sink_keys[];
extern const struct setting config_source_keys[];

/* Reading under way. */
struct config_loader {
    const struct provider *const *providers;
    struct config *config;
    const struct yaml *yaml; /* the file being read */
    const char *file;        /* its name, as long as config lives */
    struct problems *problems;
};

/* An entry of the file's `sinks` or `sources`. */
struct config_entry {
    const char *name;
    const json_t *object;
    struct yaml_place place; /* of its name */
    char *what;              /* "source prod-eu" */
};

/* common followed by own (may be NULL), with an end. The caller frees. */
struct setting *config_part_join(const struct setting *common, const struct setting *own);
/* The keys of type alone, with those that it shares. The caller frees. */
struct setting *config_sink_own(const struct sink_type *type);
/* The members of typed that settings (may be NULL) names, as a new object. */
json_t *config_part_of(const json_t *typed, const struct setting *settings);
/* True for [a-z0-9-]{1,63}. */
bool config_part_is_name(const char *text);

/*
 * The keys of object, with NULL behind them: what is "known" in an entry whose type is
 * not. The caller frees the list.
 */
const char **config_part_keys(const json_t *object);

/* Adds a problem at the entry's name. */
void config_part_problem(const struct config_loader *loader,
                         const struct config_entry *entry, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds "unknown KIND; did you mean ...?" or "known: ..." at value. names ends with NULL.
 */
void config_part_unknown(const struct config_loader *loader,
                         const struct config_entry *entry, const json_t *value,
                         const char *kind, const char *const *names);

/* Reads one entry and appends it to the loader's config. */
void config_sink_read(const struct config_loader *loader,
                      const struct config_entry *entry);
void config_source_read(const struct config_loader *loader,
                        const struct config_entry *entry);
/* Reads the file's `metrics`, if it is there. */
void config_metrics_read(const struct config_loader *loader);
/* How often a source that routes to such sinks is looked at when it does not say: rarely
 * where each batch becomes an object. 0: as any. */
int64_t config_sink_every_ms(const struct config *config,
                             const struct config_source *source);
/* Where name stands in the config's sinks; sink_count when it does not. */
size_t config_sink_index(const struct config *config, const char *name);

#endif
