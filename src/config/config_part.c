#include "config/config_part.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHAT_SIZE = 1024 };

static size_t count_settings(const struct setting *settings)
{
    size_t count = 0;
    while (settings != NULL && settings[count].type != SETTING_END) {
        count++;
    }
    return count;
}

struct setting *config_part_join(const struct setting *common, const struct setting *own)
{
    size_t common_count = count_settings(common);
    size_t own_count = count_settings(own);
    struct setting *joined = mem_new(common_count + own_count + 1, sizeof(*joined));
    if (common_count > 0) {
        memcpy(joined, common, common_count * sizeof(*joined));
    }
    if (own_count > 0) {
        memcpy(joined + common_count, own, own_count * sizeof(*joined));
    }
    return joined;
}

json_t *config_part_of(const json_t *typed, const struct setting *settings)
{
    json_t *part = json_object();
    for (size_t i = 0; i < count_settings(settings); i++) {
        json_t *value = json_object_get(typed, settings[i].name);
        if (value != NULL) {
            json_object_set(part, settings[i].name, value);
        }
    }
    return part;
}

bool config_part_is_name(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return size > 0 && size <= CONFIG_NAME_MAX && text[size] == '\0';
}

const char **config_part_keys(const json_t *object)
{
    const char **keys = mem_new(json_object_size(object) + 1, sizeof(*keys));
    size_t count = 0;
    void *iter = json_object_iter((json_t *)object);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)object, iter)) {
        keys[count++] = json_object_iter_key(iter);
    }
    return keys;
}

void config_part_problem(const struct config_loader *loader,
                         const struct config_entry *entry, const char *fmt, ...)
{
    char what[WHAT_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    problems_add(loader->problems, loader->yaml->file, entry->place.line,
                 entry->place.column, "%s: %s", entry->what, what);
}

void config_part_unknown(const struct config_loader *loader,
                         const struct config_entry *entry, const json_t *value,
                         const char *kind, const char *const *names)
{
    const char *written = json_string_value(value);
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    const char *nearest = written == NULL ? NULL : text_nearest(written, names, count);
    struct buf why;
    buf_init(&why, WHAT_SIZE);
    if (nearest != NULL) {
        buf_addf(&why, "did you mean \"%s\"?", nearest);
    } else {
        buf_add_text(&why, count == 0 ? "there is none" : "known: ");
        for (size_t i = 0; i < count; i++) {
            buf_addf(&why, "%s%s", i == 0 ? "" : ", ", names[i]);
        }
    }
    yaml_problem(loader->yaml, value, loader->problems, "%s: unknown %s; %s", entry->what,
                 kind, buf_text(&why));
    buf_clear(&why);
}
