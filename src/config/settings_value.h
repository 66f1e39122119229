/*
 * One setting's value: from what was written to what its type promises.
 */
#ifndef CONFIG_SETTINGS_VALUE_H
#define CONFIG_SETTINGS_VALUE_H

#include "config/settings.h"

struct settings_value {
    const struct yaml *yaml;
    const char *what; /* "source prod-eu" */
    const struct setting *setting;
    struct problems *problems;
};

/* The typed value, the caller's; NULL with a problem added when it is not of the type. */
json_t *settings_value_read(const struct settings_value *reading, const json_t *value);

#endif
