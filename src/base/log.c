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

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static enum log_level shown = LOG_INFO;

static bool is_over_line;

void log_set_over_line(bool is_there)
{
    is_over_line = is_there;
}

void log_set_level(enum log_level level)
{
    shown = level;
}

/* A copy of value that is safe to show and not too long. */
static json_t *shown_value(json_t *value)
{
    if (!json_is_string(value)) {
        return json_incref(value);
    }
    size_t size = json_string_length(value);
    char *copy = mem_dup_bytes(json_string_value(value),
                               size > LOG_VALUE_MAX ? LOG_VALUE_MAX : size);
    text_make_printable(copy); /* a sequence cut in the middle becomes '?' too */
    json_t *safe = json_string(copy);
    free(copy);
    return safe;
}

static char *human_line(const json_t *line)
{
    char *text = mem_format("%-5s %s", json_string_value(json_object_get(line, "level")),
                            json_string_value(json_object_get(line, "event")));
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
                             level_names[level], "event", event_names[event]);
    if (source != NULL) {
        json_object_set_new(line, "source", json_string(source));
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(fields, key, value)
    {
        json_object_set_new(line, key, shown_value(value));
    }
    char *text =
        isatty(STDERR_FILENO) ? human_line(line) : json_dumps(line, JSON_COMPACT);
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
