#include "config/settings.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings_value.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_SHOWN_MAX = 40, KNOWN_LINE_MAX = 1024 };

static const struct setting *find_setting(const struct setting *settings,
                                          const char *name)
{
    for (; settings->type != SETTING_END; settings++) {
        if (strcmp(settings->name, name) == 0) {
            return settings;
        }
    }
    return NULL;
}

static size_t count_known(const struct setting *settings, const char *const *known)
{
    size_t count = 0;
    for (; settings->type != SETTING_END; settings++) {
        count++;
    }
    for (; known != NULL && *known != NULL; known++) {
        count++;
    }
    return count;
}

static const char **list_known(const struct setting *settings, const char *const *known)
{
    const char **names = mem_new(count_known(settings, known), sizeof(*names));
    size_t count = 0;
    for (; known != NULL && *known != NULL; known++) {
        names[count++] = *known;
    }
    for (; settings->type != SETTING_END; settings++) {
        names[count++] = settings->name;
    }
    return names;
}

/* "{token:hunter2}" is one key to YAML: a key may hold a secret, a name cannot. */
static bool is_name(const char *key)
{
    size_t size = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_-");
    return size > 0 && size <= KEY_SHOWN_MAX && key[size] == '\0';
}

static void refuse_unknown_key(const struct settings_value *reading, const json_t *object,
                               const char *key, const struct setting *settings,
                               const char *const *known)
{
    const char **names = list_known(settings, known);
    size_t count = count_known(settings, known);
    struct buf why;
    buf_init(&why, KNOWN_LINE_MAX);

    buf_addf(&why, "%s: ", reading->what);
    if (is_name(key)) {
        buf_addf(&why, "unknown key \"%s\"; ", key);
    } else if (strchr(key, ':') != NULL) {
        buf_add_text(&why, "unknown key; a \":\" must be followed by a space; ");
    } else {
        buf_add_text(&why, "unknown key; ");
    }
    const char *nearest = is_name(key) ? text_nearest(key, names, count) : NULL;
    if (nearest != NULL) {
        buf_addf(&why, "did you mean \"%s\"?", nearest);
    } else {
        buf_add_text(&why, "known here: ");
        for (size_t i = 0; i < count; i++) {
            buf_addf(&why, "%s%s", i == 0 ? "" : ", ", names[i]);
        }
    }
    struct yaml_place place = yaml_key_place(reading->yaml, object, key);
    problems_add(reading->problems, reading->yaml->file, place.line, place.column, "%s",
                 buf_text(&why));
    buf_clear(&why);
    free(names);
}

static bool is_listed(const char *const *known, const char *name)
{
    for (; known != NULL && *known != NULL; known++) {
        if (strcmp(*known, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A fallback is read as if it stood in the file; a wrong one is a mistake in our table.
 */
static json_t *read_fallback(const struct settings_value *reading)
{
    const struct setting *setting = reading->setting;
    struct yaml yaml;
    struct problems problems = {0};
    bool is_yaml = setting->type == SETTING_LIST || setting->type == SETTING_MAP;
    const char *text = is_yaml ? setting->fallback : "";
    yaml_parse(text, strlen(text), reading->yaml->file, &yaml, &problems);

    json_t *written = is_yaml ? json_incref(yaml.root) : json_string(setting->fallback);
    struct settings_value again = {&yaml, reading->what, setting, reading->problems};
    json_t *value = settings_value_read(&again, written);
    json_decref(written);
    yaml_clear(&yaml);
    problems_clear(&problems);
    return value;
}

/* Puts what setting came to in typed; nothing when it was refused. */
static void keep(json_t *typed, const struct setting *setting, json_t *value)
{
    if (value != NULL) {
        json_object_set_new(typed, setting->name, value);
    }
}

/* Fills in what object does not say, and asks for what it must. */
static void read_absent(struct settings_value *reading, const json_t *object,
                        const struct setting *settings, json_t *typed)
{
    for (; settings->type != SETTING_END; settings++) {
        reading->setting = settings;
        if (json_object_get(object, settings->name) != NULL) {
            continue;
        }
        if (settings->fallback != NULL) {
            keep(typed, settings, read_fallback(reading));
        } else if (settings->is_required) {
            yaml_problem(reading->yaml, object, reading->problems,
                         "%s: \"%s\" is missing%s%s", reading->what, settings->name,
                         settings->help == NULL ? "" : ": ",
                         settings->help == NULL ? "" : settings->help);
        }
    }
}

json_t *settings_read(const struct settings_reader *reader, const json_t *object,
                      const struct setting *settings, const char *const *known)
{
    json_t *typed = json_object();
    struct settings_value reading = {reader->yaml, reader->what, NULL, reader->problems};
    if (json_is_null(object)) {
        return typed; /* its problem was told */
    }
    if (object != NULL && !json_is_object(object)) {
        yaml_problem(reader->yaml, object, reader->problems,
                     "%s: must be a mapping of settings", reader->what);
        return typed;
    }

    read_absent(&reading, object, settings, typed);
    void *iter = json_object_iter((json_t *)object);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)object, iter)) {
        const char *key = json_object_iter_key(iter);
        reading.setting = find_setting(settings, key);
        if (reading.setting != NULL) {
            keep(typed, reading.setting,
                 settings_value_read(&reading, json_object_iter_value(iter)));
        } else if (!is_listed(known, key)) {
            refuse_unknown_key(&reading, object, key, settings, known);
        }
    }
    return typed;
}
