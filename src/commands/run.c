/*
 * `run`: polls, maps, delivers, and remembers.
 */
#include "base/log.h"
#include "bridge/crew.h"
#include "commands/command.h"
#include "commands/summary.h"
#include "config/amount.h"
#include "net/http.h"
#include "runtime.h"

#include <getopt.h>
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

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"once", no_argument, NULL, '1'},
    {"max-runtime", required_argument, NULL, 't'},
    {"mappings", required_argument, NULL, 'm'},
    {"summary", no_argument, NULL, 's'},
    {"debug", no_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Takes one option; returns a status to end with, or -1 to go on. */
static int take_option(int option, struct options *options)
{
    switch (option) {
    case 'c':
        options->config = optarg;
        return -1;
    case '1':
        options->is_once = true;
        return -1;
    case 't':
        return amount_parse(AMOUNT_DURATION, optarg, &options->max_runtime_ms)
                   ? -1
                   : command_usage(&command_run,
                                   "--max-runtime %s: write a duration such as 90s, 15m "
                                   "or 1h",
                                   optarg);
    case 'm':
        options->mappings = optarg;
        return -1;
    case 's':
        options->has_summary = true;
        return -1;
    case 'd':
        log_set_level(LOG_DEBUG);
        return -1;
    case 'h':
        fputs(help, stdout);
        return EXIT_GOOD;
    default:
        return command_usage(&command_run, "wrong option");
    }
}

/* Reads the options; returns a status to end with, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *options)
{
    int status = -1;
    int option = 0;
    while (status < 0 &&
           (option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
        status = take_option(option, options);
    }
    if (status < 0 && optind < argc) {
        return command_usage(&command_run, "%s: no such argument", argv[optind]);
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
