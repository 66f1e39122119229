/*
 * Records from files or standard input, one after the other, each read, mapped
 * and handed on: what `map` and `explain` share.
 */
#ifndef COMMANDS_RECORDS_H
#define COMMANDS_RECORDS_H

#include "commands/command.h"
#include "record/split.h"

#include <stdint.h>

enum { RECORDS_REASONS_SHOWN = 20 };

struct records {
    const struct mapping *mapping;
    void *context;
    /* One record. False ends the reading: the output is gone. */
    bool (*take)(void *context, const struct record *record, const struct values *values);
    uint64_t read;
    uint64_t unreadable;
    bool has_failed; /* a file could not be read to its end */
};

/*
 * Reads every file (none: standard input; "-": standard input). What is no record is
 * counted, and named on stderr with file, offset and size. False when take ended it.
 */
bool records_read(struct records *records, char *const *files, size_t file_count);

#endif
