#include "config_fakes.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000 };

/* The engine's own lists are left out of this program: these take their place. */
static const struct setting solid_settings[] = {
    {.name = "path", .type = SETTING_PATH, .is_required = true, .help = "the file"},
    {.name = "max_size",
     .type = SETTING_SIZE,
     .fallback = "100MiB",
     .min = 1 << 10,
     .max = 1 << 30},
    {.name = "token", .type = SETTING_SECRET},
    {.name = "url", .type = SETTING_URL},
    {.type = SETTING_END},
};

static const struct sink_type solid = {
    .name = "solid",
    .help = "acknowledges",
    .is_acknowledged = true,
    .settings = solid_settings,
};

static const struct sink_type loose = {
    .name = "loose",
    .help = "does not acknowledge",
};

const struct sink_type *const sink_types[] = {&loose, &solid, NULL};

const struct sink_type *sink_type_find(const char *name)
{
    for (size_t i = 0; sink_types[i] != NULL; i++) {
        if (strcmp(sink_types[i]->name, name) == 0) {
            return sink_types[i];
        }
    }
    return NULL;
}

static const char *const modes[] = {"fast", "thorough", NULL};

static const struct setting trail_settings[] = {
    {.name = "region",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-z0-9-",
     .help = "the region whose log it is"},
    {.name = "mode", .type = SETTING_CHOICE, .fallback = "fast", .choices = modes},
    {.name = "limit", .type = SETTING_INTEGER, .fallback = "50", .min = 1, .max = 50},
    {.name = "services", .type = SETTING_LIST, .fallback = "[iam, ec2]"},
    {.name = "retention", .type = SETTING_DURATION},
    {.type = SETTING_END},
};

static const struct slicing trail_slicing = {
    .passes = 1,
    .age_ms = {60000},
    .span_ms = 3600000,
    .grain_ms = 1000,
    .retention_ms = INT64_C(90) * DAY_MS,
};

static const struct provider trail = {
    .name = "trail",
    .help = "a log in slices",
    .slicing = &trail_slicing,
    .settings = trail_settings,
};

static const struct setting pump_settings[] = {
    {.name = "path", .type = SETTING_PATH, .is_required = true, .help = "what to read"},
    {.type = SETTING_END},
};

static const struct provider pump = {
    .name = "pump",
    .help = "a log without slices",
    .settings = pump_settings,
};

const struct provider *const fake_providers[] = {&pump, &trail, NULL};
