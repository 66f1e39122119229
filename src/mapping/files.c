#include "mapping/files.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_SIZE_MAX = (4 << 20) + 1 }; /* yaml_parse refuses more than 4 MiB */

static bool is_ending(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t wanted = strlen(ending);
    return size > wanted && strcmp(name + size - wanted, ending) == 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool files_list(const char *directory, struct files *files, struct problems *problems)
{
    *files = (struct files){0};
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        problems_add(problems, directory, 0, 0,
                     "cannot be read as a directory of packs: %s", strerror(errno));
        return false;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (is_ending(entry->d_name, ".yaml")) {
            files->names = mem_resize(files->names, files->count + 1, sizeof(char *));
            files->names[files->count++] = mem_format("%s/%s", directory, entry->d_name);
        } else if (is_ending(entry->d_name, ".yml")) {
            char *file = mem_format("%s/%s", directory, entry->d_name);
            problems_add(problems, file, 0, 0, "is not read: rename it to end in .yaml");
            free(file);
        }
    }
    closedir(stream);
    if (files->count > 0) {
        qsort(files->names, files->count, sizeof(char *), compare_names);
    }
    return true;
}

void files_clear(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->names[i]);
    }
    free(files->names);
    *files = (struct files){0};
}

bool files_read(const char *file, struct buf *text, struct problems *problems)
{
    buf_init(text, FILE_SIZE_MAX);
    FILE *stream = fopen(file, "rbe");
    if (stream == NULL) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    char block[16 << 10];
    size_t got = 0;
    while ((got = fread(block, 1, sizeof(block), stream)) > 0) {
        size_t room = FILE_SIZE_MAX - text->size;
        buf_add(text, block, got < room ? got : room);
    }
    bool ok = ferror(stream) == 0;
    if (!ok) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
    }
    fclose(stream);
    return ok;
}

/* The line of text that begins with start, from behind it; empty when there is none. */
static struct bytes find_line(struct bytes text, const char *start)
{
    size_t size = strlen(start);
    while (text.size > size) {
        if (memcmp(text.data, start, size) == 0) {
            return (struct bytes){text.data + size, text.size - size};
        }
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t line = end == NULL ? text.size : (size_t)(end - text.data) + 1;
        text = (struct bytes){text.data + line, text.size - line};
    }
    return (struct bytes){0};
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

struct bytes files_records(struct bytes text)
{
    struct bytes name = find_line(text, "records: ");
    size_t size = 0;
    while (size < name.size && is_name_byte(name.data[size])) {
        size++;
    }
    bool is_whole =
        size < name.size && (name.data[size] == '\n' || name.data[size] == '\r');
    return is_whole ? (struct bytes){name.data, size} : (struct bytes){0};
}

bool files_are_others(struct bytes text, const struct record_shape *only)
{
    struct bytes records = files_records(text);
    return only != NULL && records.size > 0 &&
           !bytes_equal(records, bytes_of(only->name));
}
