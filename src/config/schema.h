/*
 * A JSON Schema (2020-12) of the configuration, made from the tables that check
 * it, so that an editor completes and refuses what the program would.
 *
 * It allows "${...}" wherever a value may be filled in, and cannot say what only
 * the program knows: that a named sink exists, that environments agree.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "provider.h"
#include "sinks/sink.h"

/* Both lists end with NULL. The result is the caller's. */
json_t *config_schema(const struct provider *const *providers,
                      const struct sink_type *const *types);

#endif
