#include "config/config_files.h"

#include "base/mem.h"
#include "config/config_fill.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 4096 };

#define PART_ENDING ".yaml"

static void read_one(const char *file, struct config_files *files,
                     struct problems *problems)
{
    struct yaml yaml;
    bool ok = yaml_read(file, &yaml, problems);
    files->is_whole = files->is_whole && (ok || yaml.root != NULL);
    config_fill(&yaml, problems);
    files->yamls = mem_resize(files->yamls, files->count + 1, sizeof(*files->yamls));
    files->yamls[files->count++] = yaml;
}

/* Hidden names are left out: Kubernetes keeps earlier versions under "..data". */
static bool is_part(const char *name)
{
    size_t size = strlen(name);
    return name[0] != '.' && size > strlen(PART_ENDING) &&
           strcmp(name + size - strlen(PART_ENDING), PART_ENDING) == 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The names of the parts in folder, sorted; at most PARTS_MAX + 1. */
static char **list_parts(DIR *folder, size_t *count)
{
    char **names = NULL;
    const struct dirent *entry = readdir(folder);
    for (; entry != NULL && *count <= PARTS_MAX; entry = readdir(folder)) {
        if (is_part(entry->d_name)) {
            names = mem_resize(names, *count + 1, sizeof(*names));
            names[(*count)++] = mem_dup(entry->d_name);
        }
    }
    if (*count > 0) {
        qsort(names, *count, sizeof(*names), compare_names);
    }
    return names;
}

static void read_parts(const char *path, struct config_files *files,
                       struct problems *problems)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        if (errno != ENOENT) {
            problems_add(problems, path, 0, 0, "cannot be read: %s", strerror(errno));
            files->is_whole = false;
        }
        return;
    }
    size_t count = 0;
    char **names = list_parts(folder, &count);
    closedir(folder);
    if (count > PARTS_MAX) {
        problems_add(problems, path, 0, 0, "holds more than %d files; join some of them",
                     PARTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (i < PARTS_MAX) {
            char *file = mem_format("%s/%s", path, names[i]);
            read_one(file, files, problems);
            free(file);
        }
        free(names[i]);
    }
    free(names);
}

void config_files_read(const char *file, struct config_files *files,
                       struct problems *problems)
{
    *files = (struct config_files){.is_whole = true};
    read_one(file, files, problems);

    const char *slash = strrchr(file, '/');
    size_t folder_size = slash == NULL ? 0 : (size_t)(slash - file) + 1;
    char *path = mem_format("%.*ssources.d", (int)folder_size, file);
    read_parts(path, files, problems);
    free(path);
}

void config_files_clear(struct config_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_clear(&files->yamls[i]);
    }
    free(files->yamls);
    *files = (struct config_files){0};
}
