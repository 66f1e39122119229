#include "commands/options.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "config/amount.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_FIRST = 256, CODE_HELP = CODE_FIRST + OPTIONS_MAX, CHOICES_SIZE = 256 };

/* The rows as getopt_long wants them. */
struct getopt_table {
    struct option options[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 3];
};

/* Appends "c" or "c:" to the letters. */
static void add_letter(struct getopt_table *table, char letter, bool has_value)
{
    size_t used = strlen(table->letters);
    table->letters[used] = letter;
    table->letters[used + 1] = letter != '\0' && has_value ? ':' : '\0';
}

static void fill_table(struct getopt_table *table, const struct option_row *rows)
{
    size_t i = 0;
    while (rows[i].kind != OPTION_END) {
        bool has_value = rows[i].kind != OPTION_FLAG;
        table->options[i] = (struct option){
            .name = rows[i].name, .has_arg = has_value, .val = CODE_FIRST + (int)i};
        add_letter(table, rows[i].letter, has_value);
        i++;
    }
    table->options[i] = (struct option){.name = "help", .val = CODE_HELP};
    add_letter(table, 'h', false);
}

static bool read_time(const char *text, int64_t *ms)
{
    if (timestamp_parse(bytes_of(text), ms)) {
        return true;
    }
    char *midnight = mem_format("%sT00:00:00Z", text);
    bool ok = timestamp_parse(bytes_of(midnight), ms);
    free(midnight);
    return ok;
}

static int take_choice(const struct command *command, const struct option_row *row)
{
    const char *const *names = row->to.choice.names;
    struct buf known;
    buf_init(&known, CHOICES_SIZE);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], optarg) == 0) {
            *row->to.choice.place = i;
            buf_clear(&known);
            return -1;
        }
        buf_addf(&known, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    int status = command_usage(command, "--%s %s: known are %s", row->name, optarg,
                               buf_text(&known));
    buf_clear(&known);
    return status;
}

/* Puts one value where it belongs; returns a status to end with, or -1 to go on. */
static int take(const struct command *command, const struct option_row *row)
{
    switch (row->kind) {
    case OPTION_FLAG:
        *row->to.flag = true;
        return -1;
    case OPTION_TEXT:
        *row->to.text = optarg;
        return -1;
    case OPTION_CHOICE:
        return take_choice(command, row);
    case OPTION_LIST:
        if (row->to.list->count == OPTIONS_LIST_MAX) {
            return command_usage(command, "--%s: at most %d", row->name,
                                 OPTIONS_LIST_MAX);
        }
        row->to.list->items[row->to.list->count++] = optarg;
        return -1;
    case OPTION_DURATION:
        return amount_parse(AMOUNT_DURATION, optarg, row->to.ms)
                   ? -1
                   : command_usage(command, "--%s %s: write %s", row->name, optarg,
                                   amount_form(AMOUNT_DURATION));
    case OPTION_TIME:
        return read_time(optarg, row->to.ms)
                   ? -1
                   : command_usage(command,
                                   "--%s %s: write a time such as 2026-11-24T09:00:00Z, "
                                   "or a day",
                                   row->name, optarg);
    case OPTION_END:
        break;
    }
    return command_usage(command, "wrong option");
}

static const struct option_row *find_row(const struct option_row *rows, int code)
{
    const struct option_row *row = rows;
    while (row->kind != OPTION_END && row->letter != code &&
           code != CODE_FIRST + (int)(row - rows)) {
        row++;
    }
    return row;
}

int options_read(const struct command *command, const struct option_row *rows,
                 struct arguments *arguments)
{
    struct getopt_table table = {0};
    int status = -1;
    int code = 0;
    fill_table(&table, rows);
    while (status < 0 && (code = getopt_long(arguments->count, arguments->items,
                                             table.letters, table.options, NULL)) != -1) {
        if (code == 'h' || code == CODE_HELP) {
            fputs(command->help, stdout);
            return EXIT_GOOD;
        }
        status = take(command, find_row(rows, code));
    }
    arguments->count -= optind;
    arguments->items += optind;
    return status;
}
