/*
 * The files a configuration is made of: the one that was named, then
 * sources.d/<any>.yaml beside it in name order; each read, and filled in.
 */
#ifndef CONFIG_CONFIG_FILES_H
#define CONFIG_CONFIG_FILES_H

#include "config/yaml.h"

#include <stddef.h>

struct config_files {
    struct yaml *yamls;
    size_t count;
    bool is_whole; /* every file could be read to its end */
};

/* Problems are added; the caller clears in any case. */
void config_files_read(const char *file, struct config_files *files,
                       struct problems *problems);
void config_files_clear(struct config_files *files);

#endif
