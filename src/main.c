/*
 * auditbridge: arguments, signals, exit status.
 */
#include "base/mem.h"
#include "commands/command.h"
#include "registry.h"
#include "runtime.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &command_run,     &command_check, &command_map, &command_explain,
    &command_sources, &command_state, &command_dlq, &command_mappings_packs,
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
    fputs("auditbridge " BRIDGE_VERSION
          ": every cloud audit event to the security operations centre\n\n"
          "Usage: auditbridge COMMAND [OPTION...]\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n'auditbridge COMMAND --help' says more. Exit status: 0 nothing failed,\n"
          "1 a source or sink failed or the answer is no, 2 wrong usage, configuration\n"
          "or mapping pack.\n",
          out);
}

enum { EXIT_SIGNAL = 128 }; /* and the signal's number, as shells say it */

/* The first signal lets the batch in flight end; the second kills. */
static void stop(int number)
{
    static volatile sig_atomic_t is_stopping;
    if (is_stopping) {
        _exit(EXIT_SIGNAL + number);
    }
    is_stopping = 1;
    runtime_stop();
}

static void catch_signals(void)
{
    struct sigaction stopping = {.sa_handler = stop};
    /* The kernel spares the first process of a container what kills others. */
    if (getpid() != 1) {
        stopping.sa_flags = (int)SA_RESETHAND;
    }
    sigaction(SIGTERM, &stopping, NULL);
    sigaction(SIGINT, &stopping, NULL);
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignored, NULL);
    sigaction(SIGXFSZ, &ignored, NULL); /* a full quota is an error, not a death */
}

/* Events and credentials are in this memory: no core, no tracer, no open files. */
static void protect_process(void)
{
    const struct rlimit no_core = {0};
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    umask(077);
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(mem_alloc, free);
    protect_process();
    catch_signals();

    const char *name = argc < 2 ? "" : argv[1];
    if (strcmp(name, "--version") == 0) {
        puts("auditbridge " BRIDGE_VERSION);
        return EXIT_GOOD;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_GOOD;
    }
    const struct program program = {.providers = providers};
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i]->run(&program, argc - 1, argv + 1);
        }
    }
    if (name[0] != '\0') {
        fprintf(stderr, "auditbridge: %s: there is no such command\n\n", name);
    }
    print_help(stderr);
    return EXIT_WRONG;
}
