/*
 * `run`: polls, maps, delivers, and remembers.
 */
#include "base/log.h"
#include "bridge/crew.h"
#include "commands/options.h"
#include "commands/summary.h"
#include "net/http.h"
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Usage: auditbridge run [--once] [--max-runtime DURATION] [--config FILE]\n"
    "\n"
    "Reads each source from where it last stopped, labels the events, delivers\n"
    "them to the source's sinks and only then moves on.\n"
    "\n"
    "  --config FILE           configuration (default: auditbridge.yaml)\n"
    "  --once                  stop when nothing that was due at the start is left\n"
    "  --max-runtime DURATION  stop claiming work after DURATION (90s, 15m, 1h)\n"
    "  --mappings DIR          the shipped packs, when not beside the program\n"
    "  --summary               print the summary even when stderr is no terminal\n"
    "  --debug                 log more\n"
    "\n"
    "Exit status: 0 nothing failed; 1 a source or sink failed (nothing was lost:\n"
    "run again); 2 wrong usage, configuration or mapping pack.\n";

struct options {
    const char *config;
    const char *mappings;
    int64_t max_runtime_ms;
    bool is_once;
    bool has_summary;
};

/* Reads the options; returns a status to end with, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *options)
{
    bool is_debug = false;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &options->config}, 'c'},
        {"once", OPTION_FLAG, {.flag = &options->is_once}, 0},
        {"max-runtime", OPTION_DURATION, {.ms = &options->max_runtime_ms}, 0},
        {"mappings", OPTION_TEXT, {.text = &options->mappings}, 0},
        {"summary", OPTION_FLAG, {.flag = &options->has_summary}, 0},
        {"debug", OPTION_FLAG, {.flag = &is_debug}, 0},
        {.kind = OPTION_END},
    };
    struct arguments left = {argc, argv};
    int status = options_read(&command_run, rows, &left);
    if (status < 0 && left.count > 0) {
        return command_usage(&command_run, "%s: no such argument", left.items[0]);
    }
    if (is_debug) {
        log_set_level(LOG_DEBUG);
    }
    return status;
}

static int run_fleet(const struct program *program, const struct options *options,
                     const struct command_setup *setup)
{
    int status = EXIT_FAILED;
    struct error err = {0};
    struct runtime runtime = {0};
    struct fleet fleet = {0};
    if (!http_global_init(&err)) {
        goto out;
    }
    runtime_init(&runtime);
    const struct fleet_plan plan = {&setup->config, setup->mappings, program->providers,
                                    &runtime};
    if (!fleet_open(&fleet, &plan, &err)) {
        status = err.kind == ERROR_CONFIG ? EXIT_WRONG : EXIT_FAILED;
        goto out;
    }
    log_write_take(LOG_INFO, LOG_RUN_START, NULL,
                   json_pack("{s:s,s:I}", "version", BRIDGE_VERSION, "sources",
                             (json_int_t)fleet.source_count));
    const struct crew_plan crew = {.worker_count = setup->config.worker_count,
                                   .is_once = options->is_once,
                                   .max_runtime_ms = options->max_runtime_ms};
    status = crew_run(&fleet, &crew) ? EXIT_GOOD : EXIT_FAILED;
    summary_log(&fleet);
    if (options->has_summary || isatty(STDERR_FILENO)) {
        summary_print(&fleet, stderr);
    }

out:
    if (err.kind != ERROR_NONE) {
        log_write_take(
            LOG_ERROR, LOG_RUN_FAILED, NULL,
            json_pack("{s:s,s:s}", "kind", error_kind_name(err.kind), "error", err.text));
    }
    fleet_close(&fleet);
    runtime_clear(&runtime);
    http_global_cleanup();
    return status;
}

static int run(const struct program *program, int argc, char **argv)
{
    struct options options = {.config = "auditbridge.yaml"};
    int status = read_options(argc, argv, &options);
    if (status >= 0) {
        return status;
    }

    struct command_setup setup;
    status = command_setup_load(program, options.config, options.mappings, &setup);
    if (status == EXIT_GOOD) {
        status = run_fleet(program, &options, &setup);
    }
    command_setup_clear(&setup);
    return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "poll the sources and deliver their events",
    .help = help,
    .run = run,
};
