/* Any bytes as AWS config and credentials files: profiles, or an error that shows none.
 */
#include "aws/profile_plan.h"
#include "aws/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static int give(const char *variable, const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("profiles", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    setenv(variable, path, 1);
    return fd;
}

static void plan(const struct profile_files *files, const char *name)
{
    struct profile_plan made;
    struct error err = {0};
    const struct profile_wanted wanted = {.name = name, .must_exist = true};
    if (!profile_plan_make(files, &wanted, &made, &err)) {
        check(err.kind == ERROR_CONFIG && err.text[0] != '\0');
        return;
    }
    check(made.role_count <= PROFILE_ROLES_MAX);
    check(made.role_count == 0 || made.kind != PROFILE_NOTHING);
    if (made.kind == PROFILE_PROCESS) {
        json_decref(program_split(made.process));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct profile_files files = {0};
    struct error err = {0};
    int config = give("AWS_CONFIG_FILE", data, size / 2);
    int credentials =
        give("AWS_SHARED_CREDENTIALS_FILE", data + size / 2, size - size / 2);
    if (profile_files_load(&files, &err)) {
        for (size_t i = 0; i < files.count && i < 16; i++) {
            plan(&files, files.values[i].profile);
        }
    } else {
        check(err.kind == ERROR_CONFIG);
    }
    profile_files_clear(&files);
    close(config);
    close(credentials);
    return 0;
}
