#include "commands/command.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

int command_usage(const struct command *command, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "auditbridge %s: ", command->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nTry 'auditbridge %s --help'.\n", command->name);
    va_end(args);
    return EXIT_WRONG;
}

int command_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        fprintf(stderr, "%s\n", problems->texts[i]);
    }
    fprintf(stderr, "auditbridge: %zu %s to correct; nothing was read or sent\n",
            problems->count, problems->count == 1 ? "problem" : "problems");
    return EXIT_WRONG;
}

const struct record_shape **command_shapes(const struct program *program)
{
    size_t count = 0;
    while (program->providers[count] != NULL) {
        count++;
    }
    const struct record_shape **shapes = mem_new(count + 1, sizeof(*shapes));
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct record_shape *shape = program->providers[i]->shape;
        bool is_known = shape == NULL;
        for (size_t j = 0; j < used; j++) {
            is_known = is_known || shapes[j] == shape;
        }
        if (!is_known) {
            shapes[used++] = shape;
        }
    }
    return shapes;
}

const struct provider *command_provider(const struct program *program, const char *name)
{
    for (size_t i = 0; program->providers[i] != NULL; i++) {
        if (strcmp(program->providers[i]->name, name) == 0) {
            return program->providers[i];
        }
    }
    return NULL;
}

/* The folder of packs that belongs to this program: installed, or in its source tree. */
static char *find_shipped(void)
{
    static const char *const places[] = {"/../share/auditbridge/mappings",
                                         "/../../mappings"};
    char exe[PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[size < 0 ? 0 : size] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char *place = mem_format("%s%s", exe, places[i]);
        if (access(place, R_OK) == 0) {
            return place;
        }
        free(place);
    }
    return NULL;
}

char **command_directories(const char *shipped, char *const *directories,
                           struct problems *problems)
{
    size_t count = 0;
    while (directories != NULL && directories[count] != NULL) {
        count++;
    }
    char *found = shipped == NULL ? find_shipped() : mem_dup(shipped);
    if (found == NULL) {
        problems_add(problems, NULL, 0, 0,
                     "the shipped mapping packs are not beside the program; "
                     "name their folder with --mappings DIR");
        return NULL;
    }
    char **all = mem_new(count + 2, sizeof(*all));
    all[0] = found;
    for (size_t i = 0; i < count; i++) {
        all[i + 1] = mem_dup(directories[i]);
    }
    return all;
}

void command_directories_free(char **directories)
{
    for (size_t i = 0; directories != NULL && directories[i] != NULL; i++) {
        free(directories[i]);
    }
    free(directories);
}

bool command_mappings(const struct program *program, const char *shipped,
                      char *const *directories, struct mapping_set **set,
                      struct problems *problems)
{
    char **all = command_directories(shipped, directories, problems);
    if (all == NULL) {
        return false;
    }
    const struct record_shape **shapes = command_shapes(program);
    bool ok =
        mapping_load_only((const char *const *)all, shapes, program->only, set, problems);
    free(shapes);
    command_directories_free(all);
    return ok;
}

bool command_setup_read(const struct program *program, const char *file,
                        const char *shipped, struct command_setup *setup,
                        struct problems *problems)
{
    *setup = (struct command_setup){0};
    bool is_config = config_load(file, program->providers, &setup->config, problems);
    bool is_mapped = command_mappings(program, shipped, setup->config.mapping_directories,
                                      &setup->mappings, problems);
    return is_config && is_mapped;
}

int command_setup_load(const struct program *program, const char *file,
                       const char *shipped, struct command_setup *setup)
{
    struct problems problems = {0};
    int status = command_setup_read(program, file, shipped, setup, &problems)
                     ? EXIT_GOOD
                     : command_problems(&problems);
    problems_clear(&problems);
    return status;
}

void command_setup_clear(struct command_setup *setup)
{
    mapping_set_free(setup->mappings);
    config_clear(&setup->config);
    *setup = (struct command_setup){0};
}
