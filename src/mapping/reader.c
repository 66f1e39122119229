#include "mapping/reader.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_SIZE = 1024, KEYS_MAX = 16 };

static void add_fault(const struct reader *reader, struct yaml_place place,
                      const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void add_fault(const struct reader *reader, struct yaml_place place,
                      const char *fmt, va_list args)
{
    char what[FAULT_SIZE];
    vsnprintf(what, sizeof(what), fmt, args);
    problems_add(reader->problems, reader->yaml->file, place.line, place.column, "%s",
                 what);
}

void reader_fault(const struct reader *reader, const json_t *value, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_fault(reader, yaml_place(reader->yaml, value), fmt, args);
    va_end(args);
}

void reader_fault_key(const struct reader *reader, const json_t *object, const char *key,
                      const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_fault(reader, yaml_key_place(reader->yaml, object, key), fmt, args);
    va_end(args);
}

static void refuse_key(const struct reader *reader, const json_t *object, const char *key,
                       const struct reader_key *keys)
{
    const char *names[KEYS_MAX];
    size_t count = 0;
    while (keys[count].name != NULL) {
        names[count] = keys[count].name;
        count++;
    }
    const char *nearest = text_nearest(key, names, count);
    if (nearest != NULL) {
        reader_fault_key(reader, object, key, "unknown key \"%s\"; did you mean \"%s\"?",
                         key, nearest);
    } else {
        reader_fault_key(reader, object, key, "unknown key \"%s\"; remove it", key);
    }
}

static bool is_known(const struct reader_key *keys, const char *name)
{
    for (; keys->name != NULL; keys++) {
        if (strcmp(keys->name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool reader_keys(const struct reader *reader, const json_t *object, const char *what,
                 const struct reader_key *keys)
{
    if (!json_is_object(object)) {
        reader_fault(reader, object, "this %s must be a mapping; write \"%s: ...\"", what,
                     keys[0].name);
        return false;
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value)
    {
        if (!is_known(keys, name)) {
            refuse_key(reader, object, name, keys);
        }
    }
    for (const struct reader_key *key = keys; key->name != NULL; key++) {
        if (key->is_required && json_object_get(object, key->name) == NULL) {
            reader_fault(reader, object, "this %s has no \"%s\"; add it", what,
                         key->name);
        }
    }
    return true;
}

const char *reader_text(const struct reader *reader, const json_t *value,
                        const char *what)
{
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        reader_fault(reader, value, "%s must be a text that is not empty", what);
        return NULL;
    }
    return arena_text(reader->arena, json_string_value(value));
}

const char *reader_name(const struct reader *reader, const json_t *value,
                        const char *what)
{
    const char *name = reader_text(reader, value, what);
    if (name != NULL &&
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.")] != '\0') {
        reader_fault(reader, value,
                     "%s \"%s\" may hold only lower-case letters, digits, '-' and '.'",
                     what, name);
        return NULL;
    }
    return name;
}

struct texts reader_list(const struct reader *reader, const json_t *value,
                         const char *what)
{
    if (value == NULL) {
        return (struct texts){0};
    }
    if (!json_is_array(value) || json_array_size(value) == 0) {
        reader_fault(reader, value, "%s must be a list with at least one text: [...]",
                     what);
        return (struct texts){0};
    }
    size_t count = 0;
    const char **items =
        arena_alloc(reader->arena, json_array_size(value) + 1, sizeof(*items));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = reader_text(reader, json_array_get(value, i), what);
        if (text != NULL) {
            items[count++] = text;
        }
    }
    return (struct texts){items, count};
}

struct texts reader_texts(const struct reader *reader, const json_t *value,
                          const char *what)
{
    if (json_is_array(value)) {
        return reader_list(reader, value, what);
    }
    const char *text = reader_text(reader, value, what);
    if (text == NULL) {
        return (struct texts){0};
    }
    const char **items = arena_alloc(reader->arena, 2, sizeof(*items));
    items[0] = text;
    return (struct texts){items, 1};
}

size_t reader_choice(const struct reader *reader, const json_t *value, const char *what,
                     const char *const *names, size_t count)
{
    const char *text = reader_text(reader, value, what);
    if (text == NULL) {
        return count;
    }
    char all[FAULT_SIZE / 2] = "";
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
        int added = snprintf(all + size, sizeof(all) - size, "%s%s", i == 0 ? "" : ", ",
                             names[i]);
        size = added < 0 || size + (size_t)added >= sizeof(all) ? sizeof(all) - 1
                                                                : size + (size_t)added;
    }
    reader_fault(reader, value, "%s \"%s\" is not known; write one of %s", what, text,
                 all);
    return count;
}

bool reader_path(const struct reader *reader, const char *text, struct error *err)
{
    size_t slot = 0;
    return paths_add(reader->paths, text, &slot, err);
}
