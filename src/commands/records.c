#include "commands/records.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void tell_unreadable(struct records *records, const char *file,
                            const struct split_item *item)
{
    records->unreadable++;
    if (records->unreadable <= RECORDS_REASONS_SHOWN) {
        fprintf(stderr, "%s: byte %" PRIu64 ": %" PRIu64 " bytes are no record: %s\n",
                file, item->offset, item->size, item->reason);
    }
}

static bool read_stream(struct records *records, struct splitter *splitter,
                        const char *file)
{
    struct split_item item = {0};
    const struct values *values = NULL;
    struct error err = {0};
    enum split_status status = SPLIT_END;
    while ((status = splitter_next(splitter, &item, &values, &err)) == SPLIT_RECORD ||
           status == SPLIT_UNREADABLE) {
        if (status == SPLIT_UNREADABLE) {
            tell_unreadable(records, file, &item);
            continue;
        }
        records->read++;
        if (!records->take(records->context, &item.record, values)) {
            return false;
        }
    }
    if (status == SPLIT_FAILED) {
        records->has_failed = true;
        fprintf(stderr, "%s: %s\n", file, err.text);
    }
    return true;
}

static bool read_file(struct records *records, struct splitter *splitter,
                      const char *file)
{
    bool is_stdin = strcmp(file, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "%s: cannot open: %s\n", file, strerror(errno));
        records->has_failed = true;
        return true;
    }
    struct inflate *stream = inflate_new(fd, UINT64_MAX);
    splitter_start(splitter, stream);
    bool ok = read_stream(records, splitter, is_stdin ? "stdin" : file);
    inflate_free(stream);
    if (!is_stdin) {
        close(fd);
    }
    return ok;
}

bool records_read(struct records *records, char *const *files, size_t file_count)
{
    static char dash[] = "-";
    static char *const standard_input[] = {dash};
    if (file_count == 0) {
        files = standard_input;
        file_count = 1;
    }
    struct splitter *splitter =
        splitter_new(mapping_shape(records->mapping), mapping_paths(records->mapping));
    bool ok = true;
    for (size_t i = 0; ok && i < file_count; i++) {
        ok = read_file(records, splitter, files[i]);
    }
    splitter_free(splitter);
    if (records->unreadable > RECORDS_REASONS_SHOWN) {
        fprintf(stderr, "and %" PRIu64 " more that are no record\n",
                records->unreadable - RECORDS_REASONS_SHOWN);
    }
    return ok;
}
