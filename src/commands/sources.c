/*
 * `sources`: how far each source has come, and how near its events are to being lost.
 */
#include "commands/options.h"
#include "commands/roster.h"
#include "commands/table.h"

#include "base/timestamp.h"
#include "config/amount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: auditbridge sources [--config FILE] [--format text|json] [--filter]\n"
    "\n"
    "Shows every source of the configuration and of the store: how far it was read,\n"
    "how long until its cloud forgets what was not, and what went wrong. Asks no\n"
    "cloud, takes no lease, and works beside a running `run`.\n"
    "\n"
    "  --config FILE    configuration (default: auditbridge.yaml)\n"
    "  --format FORMAT  text (default) or json\n"
    "  --filter         shows what each entry asks its cloud for instead, as a log sink\n"
    "                   of that cloud takes it (gcp-audit)\n"
    "\n"
    "States: new (nothing was read yet), running (is being read now), idle (waits for\n"
    "its turn), silent (is read, and had no event for a day), gone (in the store, no\n"
    "longer configured: see `state retire`).\n"
    "\n"
    "Exit status: 0 no source is near its end; 1 one has used 80 % of the time that its\n"
    "cloud keeps the log, or the store could not be read; 2 wrong usage or "
    "configuration.\n";

static const char *const levels[] = {"good", "warning", "error"};

static void add_age(struct table *table, bool is_known, int64_t ms)
{
    char text[TABLE_AGE_SIZE];
    table_age(ms, text);
    table_add(table, is_known ? text : NULL);
}

static void add_line(struct table *table, const struct roster_row *row)
{
    const struct store_source *stored = row->stored;
    table_add(table, row->name);
    table_add(table, row->entry == NULL ? NULL : row->entry->provider->name);
    table_add(table, roster_state_names[row->state]);
    if (row->has_marks) {
        table_add_time(table, row->head_ms);
        table_add_time(table, row->sealed_ms);
    } else {
        table_add(table, NULL);
        table_add(table, NULL);
    }
    add_age(table, row->has_marks, row->lag_ms);
    add_age(table, row->has_marks, row->left_ms);
    table_add_number(table, stored == NULL ? 0 : stored->delivered_lately);
    table_add_number(table, stored == NULL ? 0 : stored->letter_count);
    table_add_number(table, stored == NULL ? 0 : stored->gap_count);
}

static void print_level(const struct roster_row *row)
{
    char left[TABLE_AGE_SIZE];
    char lag[TABLE_AGE_SIZE];
    if (row->level == ROSTER_GOOD) {
        return;
    }
    table_age(row->lag_ms, lag);
    table_age(row->left_ms, left);
    if (row->left_ms <= 0) {
        printf("%s: %s: unread for %s: the cloud has begun to forget what was not read\n",
               levels[row->level], row->name, lag);
    } else {
        printf("%s: %s: unread for %s: in %s the cloud begins to forget\n",
               levels[row->level], row->name, lag, left);
    }
}

/* How late an event may reach the log of entry and still be read; 0: it reads by when
 * events happened. */
static int64_t promised_ms(const struct config_source *entry)
{
    const struct slicing *slicing = config_slicing(entry);
    return slicing == NULL ? 0 : config_late_ms(entry->settings, slicing);
}

static void print_promises(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *entry = &config->sources[i];
        if (promised_ms(entry) > 0) {
            char *late = amount_format(AMOUNT_DURATION, promised_ms(entry));
            printf("%s: what reaches the log more than %s after it happened is outside "
                   "the promise; set \"late\" to be promised more\n",
                   entry->name, late);
            free(late);
        }
    }
}

static void print_text(const struct roster *roster)
{
    static const char *const headings[] = {
        "source", "provider", "state", "read up to", "sealed up to",
        "lag",    "keeps",    "24 h",  "dead",       "gaps"};
    struct table table = {.aligns = "lllllrrrrr"};
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        table_add(&table, headings[i]);
    }
    for (size_t i = 0; i < roster->count; i++) {
        if (!roster_is_hidden(&roster->rows[i])) {
            add_line(&table, &roster->rows[i]);
        }
    }
    table_print(&table, stdout);
    table_clear(&table);
    for (size_t i = 0; i < roster->count; i++) {
        print_level(&roster->rows[i]);
    }
}

static void set_time(json_t *object, const char *name, int64_t ms)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, text);
    json_object_set_new(object, name, json_string(text));
}

static json_t *row_json(const struct roster_row *row)
{
    const struct store_source *stored = row->stored;
    json_t *object =
        json_pack("{s:s, s:s, s:s}", "source", row->name, "state",
                  roster_state_names[row->state], "level", levels[row->level]);
    if (row->entry != NULL) {
        json_object_set_new(object, "provider", json_string(row->entry->provider->name));
        if (promised_ms(row->entry) > 0) {
            json_object_set_new(object, "late_s",
                                json_integer(promised_ms(row->entry) / MS_PER_SECOND));
        }
    }
    if (row->has_marks) {
        set_time(object, "read_up_to", row->head_ms);
        set_time(object, "sealed_up_to", row->sealed_ms);
        json_object_set_new(object, "lag_s", json_integer(row->lag_ms / MS_PER_SECOND));
        json_object_set_new(object, "forgotten_in_s",
                            json_integer(row->left_ms / MS_PER_SECOND));
    }
    json_object_set_new(object, "delivered_24h",
                        json_integer(stored == NULL ? 0 : stored->delivered_lately));
    json_object_set_new(object, "dead_letters",
                        json_integer(stored == NULL ? 0 : stored->letter_count));
    json_object_set_new(object, "gaps",
                        json_integer(stored == NULL ? 0 : stored->gap_count));
    return object;
}

/* One source a line, so that ten thousand need no memory of their own. */
static void print_json(const struct roster *roster)
{
    char now[TIMESTAMP_TEXT_SIZE];
    const char *comma = "";
    timestamp_format(roster->now_ms, now);
    printf("{\"at\":\"%s\",\"sources\":[", now);
    for (size_t i = 0; i < roster->count; i++) {
        if (roster_is_hidden(&roster->rows[i])) {
            continue;
        }
        json_t *object = row_json(&roster->rows[i]);
        printf("%s\n", comma);
        json_dumpf(object, stdout, JSON_COMPACT);
        json_decref(object);
        comma = ",";
    }
    printf("\n]}\n");
}

static int show(const struct hands *hands, bool is_json)
{
    struct roster roster = {0};
    struct error err = {0};
    int status = EXIT_GOOD;
    if (!roster_load(hands, false, &roster, &err)) {
        roster_clear(&roster);
        return hands_failed(hands, &err);
    }
    for (size_t i = 0; i < roster.count; i++) {
        status = roster.rows[i].level == ROSTER_ERROR ? EXIT_FAILED : status;
    }
    if (is_json) {
        print_json(&roster);
    } else {
        print_text(&roster);
        print_promises(&hands->config);
    }
    roster_clear(&roster);
    return fflush(stdout) == 0 ? status : EXIT_FAILED;
}

/* Asks neither cloud nor store. */
static int show_filters(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *entry = &config->sources[i];
        if (entry->provider->filter != NULL) {
            char *filter = entry->provider->filter(entry->settings);
            printf("%s\t%s\n", entry->name, filter);
            free(filter);
        }
    }
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_FAILED;
}

static int sources(const struct program *program, int argc, char **argv)
{
    const char *file = "auditbridge.yaml";
    const char *format = "text";
    bool wants_filters = false;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &file}, 'c'},
        {"format", OPTION_TEXT, {.text = &format}, 'f'},
        {"filter", OPTION_FLAG, {.flag = &wants_filters}, 0},
        {.kind = OPTION_END},
    };
    struct arguments left = {argc, argv};
    int status = options_read(&command_sources, rows, &left);
    if (status >= 0) {
        return status;
    }
    bool is_json = strcmp(format, "json") == 0;
    if (!is_json && strcmp(format, "text") != 0) {
        return command_usage(&command_sources, "--format %s: write text or json", format);
    }
    if (left.count > 0) {
        return command_usage(&command_sources, "%s: no such argument", left.items[0]);
    }

    struct hands hands = {.command = &command_sources, .program = program};
    status = hands_open(&hands, file, HANDS_LOOK);
    if (status == EXIT_GOOD) {
        status = wants_filters ? show_filters(&hands.config) : show(&hands, is_json);
    }
    hands_close(&hands);
    return status;
}

const struct command command_sources = {
    .name = "sources",
    .summary = "show how far each source has come",
    .help = help,
    .run = sources,
};
