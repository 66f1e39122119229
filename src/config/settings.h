/*
 * Checks an object of scalars against a table of settings and turns it into
 * typed values.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/yaml.h"
#include "provider.h"

/*
 * Reads the members of object that settings names (fallbacks included) into a
 * new object of typed values: text, path, secret, url and choice as strings; bool
 * as a boolean; integer, size and duration as integers; list as an array; map as
 * an object. known are further keys that the caller reads itself; ends with NULL; may be
 * NULL. Unknown keys are problems that name the nearest known one. what is the
 * thing described, for errors: "sink platform". The result is the caller's.
 */
json_t *settings_read(const struct yaml *yaml, const json_t *object, const char *what,
                      const struct setting *settings, const char *const *known,
                      struct problems *problems);

#endif
