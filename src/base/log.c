#include "base/log.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timestamp.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const event_names[] = {
#define LOG_EVENT_TEXT(name, text) text,
    LOG_EVENTS(LOG_EVENT_TEXT)
#undef LOG_EVENT_TEXT
};

const char *const log_level_names[] = {"error", "warn", "info", "debug", NULL};
const char *const log_format_names[] = {"auto", "json", "human", NULL};

static enum log_level shown = LOG_INFO;

static enum log_format format = LOG_AUTO;

static bool is_over_line;

void log_set_over_line(bool is_there)
{
    is_over_line = is_there;
}

void log_set_level(enum log_level level)
{
    shown = level;
}

void log_set_format(enum log_format wanted)
{
    format = wanted;
}

static json_t *shown_text(const json_t *value)
{
    size_t size = json_string_length(value);
    char *copy = mem_dup_bytes(json_string_value(value),
                               size > LOG_VALUE_MAX ? LOG_VALUE_MAX : size);
    text_make_printable(copy); /* a sequence cut in the middle becomes '?' too */
    json_t *safe = json_string(copy);
    free(copy);
    return safe;
}

/*
 * A copy of value in which every text is safe to show and not too long. It is no deeper
 * than what the caller packed.
 */
static json_t *shown_value(json_t *value) /* NOLINT(misc-no-recursion) */
{
    if (json_is_string(value)) {
        return shown_text(value);
    }
    if (json_is_array(value)) {
        json_t *array = json_array();
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_array_append_new(array, shown_value(json_array_get(value, i)));
        }
        return array;
    }
    if (json_is_object(value)) {
        json_t *object = json_object();
        const char *key = NULL;
        json_t *member = NULL;
        json_object_foreach(value, key, member)
        {
            json_object_set_new(object, key, shown_value(member));
        }
        return object;
    }
    return json_incref(value);
}

bool log_has_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

/* https://no-color.org: any value but the empty one. */
static bool has_colours(void)
{
    const char *refused = getenv("NO_COLOR");
    return log_has_terminal() && (refused == NULL || refused[0] == '\0');
}

static char *human_line(const json_t *line, enum log_level level)
{
    static const char *const colours[] = {"\033[1;31m", "\033[33m", "", "\033[2m"};
    bool has_colour = colours[level][0] != '\0' && has_colours();
    char *text = mem_format(
        "%s %s%-5s%s %s", json_string_value(json_object_get(line, "time")),
        has_colour ? colours[level] : "", log_level_names[level],
        has_colour ? "\033[0m" : "", json_string_value(json_object_get(line, "event")));
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)line, key, value)
    {
        if (strcmp(key, "time") == 0 || strcmp(key, "level") == 0 ||
            strcmp(key, "event") == 0) {
            continue;
        }
        char *dumped = json_is_string(value) ? mem_dup(json_string_value(value))
                                             : json_dumps(value, JSON_ENCODE_ANY);
        char *longer = mem_format("%s  %s=%s", text, key, dumped);
        free(dumped);
        free(text);
        text = longer;
    }
    return text;
}

static void write_line(const char *text)
{
    char *line = mem_format("%s%s\n", text, is_over_line ? "\033[K" : "");
    size_t size = strlen(line);
    /* One write keeps lines of several threads whole; a full pipe loses a line, not the
     * run. */
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written;
    free(line);
}

void log_write_take(enum log_level level, enum log_event event, const char *source,
                    json_t *fields)
{
    if (level > shown) {
        json_decref(fields);
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char time_text[TIMESTAMP_TEXT_SIZE];
    timestamp_format((int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000,
                     time_text);

    json_t *line = json_pack("{s:s,s:s,s:s}", "time", time_text, "level",
                             log_level_names[level], "event", event_names[event]);
    if (source != NULL) {
        json_object_set_new(line, "source", json_string(source));
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(fields, key, value)
    {
        json_object_set_new(line, key, shown_value(value));
    }
    bool is_human = format == LOG_AUTO ? isatty(STDERR_FILENO) : format == LOG_HUMAN;
    char *text = is_human ? human_line(line, level) : json_dumps(line, JSON_COMPACT);
    write_line(text);
    free(text);
    json_decref(line);
    json_decref(fields);
}

enum { ONCE_MAX = 1024 }; /* what is remembered; past it things are said again */

/* True the first time that it is asked of text. */
static bool is_first(const char *text)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static json_t *said;
    pthread_mutex_lock(&mutex);
    said = said == NULL ? json_object() : said;
    bool is_new = json_object_get(said, text) == NULL;
    if (is_new && json_object_size(said) < ONCE_MAX) {
        json_object_set_new(said, text, json_true());
    }
    pthread_mutex_unlock(&mutex);
    return is_new;
}

void log_write_once_take(enum log_level level, enum log_event event, json_t *fields)
{
    char *values = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);
    char *text = mem_format("%s %s", event_names[event], values);
    if (is_first(text)) {
        log_write_take(level, event, NULL, json_incref(fields));
    }
    json_decref(fields);
    free(text);
    free(values);
}
