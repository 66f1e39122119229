/*
 * Whether an entry says the same in two configurations, secrets filled in; what a run
 * that reads its configuration again has to know.
 */
#ifndef CONFIG_CONFIG_SAME_H
#define CONFIG_CONFIG_SAME_H

#include "config/config.h"

/* An entry, and the configuration that it is of. */
struct config_side {
    const struct config *config;
    const struct config_source *source;
};

/* Whether both stand for the same sources of the same cloud, found with the same means.
 */
bool config_same_is_log(const struct config_source *left,
                        const struct config_source *right);
/* Whether they say the same of everything; where they stand in files does not count. */
bool config_same_is_source(const struct config_side *left,
                           const struct config_side *right);
bool config_same_is_sink(const struct config_sink *left, const struct config_sink *right);

#endif
