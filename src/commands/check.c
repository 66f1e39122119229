/*
 * `check`: is what the operator wrote right? Reads no cloud, opens no sink; with --live
 * it does both.
 */
#include "commands/live.h"
#include "commands/options.h"

#include <stdio.h>

static const char help[] =
    "Usage: auditbridge check [--live [--send]] [--config FILE] [--mappings DIR]\n"
    "\n"
    "Checks the configuration and the mapping packs, and prints everything that is\n"
    "wrong with its place and what to do. Opens nothing and sends nothing.\n"
    "\n"
    "  --live          ask each source for a page of its last minute: identity,\n"
    "                  permission, clock and TLS; and open each sink. Stores nothing\n"
    "  --send          with --live: send each sink one bridge.heartbeat\n"
    "  --config FILE   configuration (default: auditbridge.yaml)\n"
    "  --mappings DIR  the shipped packs, when not beside the program\n"
    "\n"
    "Exit status: 0 all is right; 1 a source or sink does not work (--live); 2\n"
    "something is to be corrected.\n";

static void print_config(const struct config *config, const struct mapping_set *mappings,
                         const char *file)
{
    printf("%s is right: %zu %s, %zu %s\n", file, config->source_count,
           config->source_count == 1 ? "source" : "sources", config->sink_count,
           config->sink_count == 1 ? "sink" : "sinks");
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];
        printf("  source %s: %s", source->name, source->provider->name);
        if (source->provider->shape != NULL) {
            printf(", packs %s",
                   mapping_versions(mapping_find(mappings, source->provider->shape)));
        }
        for (size_t j = 0; j < source->route_count; j++) {
            const struct config_route *route = &source->routes[j];
            printf("%s %s%s", j == 0 ? " ->" : ",", config->sinks[route->sink].name,
                   route->is_required ? "" : " (optional)");
        }
        printf("\n");
    }
}

static int check(const struct program *program, int argc, char **argv)
{
    const char *file = "auditbridge.yaml";
    const char *shipped = NULL;
    bool is_live = false;
    bool sends = false;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &file}, 'c'},
        {"live", OPTION_FLAG, {.flag = &is_live}, 0},
        {"send", OPTION_FLAG, {.flag = &sends}, 0},
        {"mappings", OPTION_TEXT, {.text = &shipped}, 0},
        {.kind = OPTION_END},
    };
    struct arguments left = {argc, argv};
    int status = options_read(&command_check, rows, &left);
    if (status >= 0) {
        return status;
    }
    if (left.count > 0) {
        return command_usage(&command_check, "%s: no such argument", left.items[0]);
    }

    if (sends && !is_live) {
        return command_usage(&command_check, "--send needs --live");
    }

    struct command_setup setup;
    status = command_setup_load(program, file, shipped, &setup);
    if (status == EXIT_GOOD) {
        print_config(&setup.config, setup.mappings, file);
        status = is_live ? live_check(&setup, sends) : EXIT_GOOD;
    }
    command_setup_clear(&setup);
    return status;
}

const struct command command_check = {
    .name = "check",
    .summary = "check the configuration and the mapping packs",
    .help = help,
    .run = check,
};
