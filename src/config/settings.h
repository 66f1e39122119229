/*
 * Checks an object of scalars against a table of settings and turns it into
 * typed values.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/yaml.h"
#include "provider.h"

/* Where an object stands, what it describes, and who hears of its problems. */
struct settings_reader {
    const struct yaml *yaml;
    const char *what; /* for errors: "sink platform" */
    struct problems *problems;
};

/*
 * Reads the members of object that settings names (fallbacks included) into a
 * new object of typed values: text, path, secret, url and choice as strings; bool
 * as a boolean; integer, size and duration as integers; list as an array; map as
 * an object. known are further keys that the caller reads itself; ends with NULL; may be
 * NULL. Unknown keys are problems that name the nearest known one. No problem quotes a
 * value: a secret may stand in a wrong place. object may be NULL: nothing is said. A
 * JSON null was refused before and is passed over. The result is the caller's.
 */
json_t *settings_read(const struct settings_reader *reader, const json_t *object,
                      const struct setting *settings, const char *const *known);

#endif
