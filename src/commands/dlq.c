/*
 * `dlq`: the dead letters, events that a sink refused.
 */
#include "commands/dlq.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "commands/table.h"
#include "net/http.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: auditbridge dlq list   [--sink NAME] [--source NAME] [--format text|json]\n"
    "       auditbridge dlq show   ID...\n"
    "       auditbridge dlq replay ID... | --sink NAME | --source NAME | --all\n"
    "       auditbridge dlq purge  ID... | --sink NAME | --source NAME | --all |\n"
    "                              --older-than DURATION  [--yes]\n"
    "\n"
    "Dead letters are events that a required sink will never take as they are. They are\n"
    "kept for 7 days, 100,000 at most.\n"
    "\n"
    "list    what there is, and why; never what the events hold\n"
    "show    letters with their events; the sink is told (bridge.access)\n"
    "replay  sends letters to the sink that refused them, which is told first; those\n"
    "        that it takes now are removed\n"
    "purge   removes letters for good, and tells the platform of the loss\n"
    "\n"
    "  --config FILE    configuration (default: auditbridge.yaml)\n"
    "  --mappings DIR   the shipped packs, when not beside the program\n"
    "  --format FORMAT  of list: text (default) or json, an object a line\n"
    "  --yes            purge without a question\n"
    "\n"
    "Exit status: 0 done; 1 a sink refused or could not be told, the store could not be\n"
    "read, or there is no such letter; 2 wrong usage or configuration.\n";

size_t dlq_turns(const struct dlq_request *request)
{
    return request->id_count == 0 ? 1 : request->id_count;
}

struct store_letter_filter dlq_filter(const struct dlq_request *request, size_t turn)
{
    return (struct store_letter_filter){
        .id = request->id_count == 0 ? 0 : request->ids[turn],
        .before_ms = request->older_ms < 0
                         ? INT64_MAX
                         : hands_now_ms(request->hands) - request->older_ms,
        .sink = request->sink,
        .source = request->source,
    };
}

static void print_json(const struct store_dead *letter)
{
    char at[TIMESTAMP_TEXT_SIZE];
    timestamp_format(letter->at_ms, at);
    json_t *object = json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:s, s:I}", "id", (json_int_t)letter->id, "refused_at",
        at, "source", letter->source, "sink", letter->sink, "event_id", letter->event_id,
        "reason", letter->reason, "size", (json_int_t)letter->size);
    json_dumpf(object, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(object);
}

static void print_table(const struct store_letters *letters)
{
    static const char *const headings[] = {"id",   "refused at", "source", "sink",
                                           "size", "event",      "reason"};
    struct table table = {.aligns = "rlllrll"};
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        table_add(&table, headings[i]);
    }
    for (size_t i = 0; i < letters->count; i++) {
        const struct store_dead *letter = &letters->items[i];
        table_add_number(&table, letter->id);
        table_add_time(&table, letter->at_ms);
        table_add(&table, letter->source);
        table_add(&table, letter->sink);
        table_add_number(&table, letter->size);
        table_add(&table, letter->event_id);
        table_add(&table, letter->reason);
    }
    table_print(&table, stdout);
    table_clear(&table);
}

static int list(struct dlq_request *request)
{
    const struct hands *hands = request->hands;
    const struct store_letter_filter filter = dlq_filter(request, 0);
    struct store_letters letters = {0};
    struct error err = {0};
    bool ok = hands->type->inspect->letters(hands->store, &filter, &letters, &err);
    if (ok && strcmp(request->format, "text") == 0) {
        print_table(&letters);
    }
    for (size_t i = 0; ok && request->format[0] == 'j' && i < letters.count; i++) {
        print_json(&letters.items[i]);
    }
    store_letters_clear(&letters);
    return ok ? EXIT_GOOD : hands_failed(hands, &err);
}

static void print_letter(const struct store_dead *letter)
{
    char at[TIMESTAMP_TEXT_SIZE];
    const char *const lines[][2] = {{"source", letter->source},
                                    {"sink", letter->sink},
                                    {"event", letter->event_id},
                                    {"reason", letter->reason}};
    timestamp_format(letter->at_ms, at);
    printf("dead letter %" PRId64 "\n", letter->id);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        printf("  %-10s ", lines[i][0]);
        table_put(lines[i][1], stdout);
        printf("\n");
    }
    printf("  %-10s %s\n  %-10s %" PRId64 "\n\n", "refused at", at, "size", letter->size);
    table_put(letter->event, stdout);
    printf("\n\n");
}

/* The sink is told before the event is on the screen; that it cannot be is no secret. */
static bool show_one(struct dlq_sinks *sinks, struct store_letter_filter filter,
                     struct error *err)
{
    const struct hands *hands = sinks->hands;
    struct store_letters letters = {0};
    filter.has_event = true;
    bool ok = hands->type->inspect->letters(hands->store, &filter, &letters, err);
    if (ok && letters.count == 0) {
        ok = error_set(err, ERROR_STATE, "there is no dead letter %lld",
                       (long long)filter.id);
    } else if (ok) {
        ok = dlq_tell_access(sinks, &letters.items[0], "show", err) ||
             error_context(err, "the platform could not be told that this was shown");
        print_letter(&letters.items[0]);
    }
    store_letters_clear(&letters);
    return ok;
}

static int show(struct dlq_request *request)
{
    struct dlq_sinks sinks = {0};
    int status = dlq_sinks_init(&sinks, request);
    for (size_t i = 0; status != EXIT_WRONG && i < request->id_count; i++) {
        struct error err = {0};
        if (!show_one(&sinks, dlq_filter(request, i), &err)) {
            (void)hands_failed(request->hands, &err);
            status = EXIT_FAILED;
        }
    }
    dlq_sinks_close(&sinks);
    return status;
}

static int purge(struct dlq_request *request)
{
    const struct hands *hands = request->hands;
    struct error err = {0};
    size_t total = 0;
    if (!hands_agreed(hands, request->is_agreed,
                      "what is purged can never be sent to a platform")) {
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < dlq_turns(request); i++) {
        size_t count = 0;
        const struct store_letter_filter filter = dlq_filter(request, i);
        if (!hands->type->inspect->letters_purge(hands->store, &filter, &count, &err)) {
            return hands_failed(hands, &err);
        }
        total += count;
    }
    printf("%zu %s purged\n", total, total == 1 ? "dead letter" : "dead letters");
    return request->id_count > total ? EXIT_FAILED : EXIT_GOOD;
}

static const struct action {
    const char *name;
    int (*run)(struct dlq_request *request);
    enum hands_access access;
    bool has_ids;    /* takes ids */
    bool has_sinks;  /* opens sinks */
    bool has_choice; /* or a choice by options, one of which must be given */
} actions[] = {
    {"list", list, HANDS_LOOK, false, false, false},
    {"show", show, HANDS_LOOK, true, true, false},
    {"replay", dlq_replay, HANDS_CHANGE, true, true, true},
    {"purge", purge, HANDS_CHANGE, true, false, true},
};
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static int read_ids(struct dlq_request *request)
{
    for (int i = 1; i < request->arguments.count; i++) {
        const char *text = request->arguments.items[i];
        char *end = NULL;
        errno = 0;
        long long id = strtoll(text, &end, 10);
        if (errno != 0 || *end != '\0' || id <= 0) {
            return command_usage(&command_dlq,
                                 "%s: is not the id of a dead letter; `dlq list` shows "
                                 "them",
                                 text);
        }
        if (request->id_count == DLQ_IDS_MAX) {
            return command_usage(&command_dlq, "at most %d ids at a time", DLQ_IDS_MAX);
        }
        request->ids[request->id_count++] = id;
    }
    return EXIT_GOOD;
}

/* Which letters are meant must be said once, and not twice. */
static int check(const struct action *action, const struct dlq_request *request)
{
    bool is_chosen = request->is_all || request->sink != NULL ||
                     request->source != NULL || request->older_ms >= 0;
    if (!action->has_ids && request->id_count > 0) {
        return command_usage(&command_dlq, "%s takes no ids", action->name);
    }
    if (request->id_count > 0 && is_chosen) {
        return command_usage(&command_dlq, "name ids or choose by options, not both");
    }
    if (action->has_ids && request->id_count == 0 && !(action->has_choice && is_chosen)) {
        return command_usage(&command_dlq, "%s: say which: ids%s", action->name,
                             action->has_choice ? ", --sink, --source or --all" : "");
    }
    if (request->older_ms >= 0 && action->run != purge) {
        return command_usage(&command_dlq, "only purge takes --older-than");
    }
    if (strcmp(request->format, "text") != 0 && strcmp(request->format, "json") != 0) {
        return command_usage(&command_dlq, "--format %s: write text or json",
                             request->format);
    }
    return EXIT_GOOD;
}

static int act(const struct action *action, const struct program *program,
               struct dlq_request *request)
{
    struct hands hands = {.command = &command_dlq, .program = program};
    struct error err = {0};
    if (action->has_sinks && !http_global_init(&err)) {
        return hands_failed(&hands, &err);
    }
    request->hands = &hands;
    int status = hands_open(&hands, request->config, action->access);
    if (status == EXIT_GOOD && hands.store == NULL) {
        fprintf(stderr, "there is no store yet, and so no dead letter\n");
        status = request->id_count > 0 ? EXIT_FAILED : EXIT_GOOD;
    } else if (status == EXIT_GOOD) {
        status = action->run(request);
    }
    hands_close(&hands);
    request->hands = NULL;
    if (action->has_sinks) {
        http_global_cleanup();
    }
    return fflush(stdout) == 0 ? status : EXIT_FAILED;
}

static int dlq(const struct program *program, int argc, char **argv)
{
    struct dlq_request request = {
        .config = "auditbridge.yaml", .format = "text", .older_ms = -1};
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &request.config}, 'c'},
        {"mappings", OPTION_TEXT, {.text = &request.mappings}, 0},
        {"format", OPTION_TEXT, {.text = &request.format}, 'f'},
        {"sink", OPTION_TEXT, {.text = &request.sink}, 0},
        {"source", OPTION_TEXT, {.text = &request.source}, 0},
        {"older-than", OPTION_DURATION, {.ms = &request.older_ms}, 0},
        {"all", OPTION_FLAG, {.flag = &request.is_all}, 'a'},
        {"yes", OPTION_FLAG, {.flag = &request.is_agreed}, 'y'},
        {.kind = OPTION_END},
    };
    request.arguments = (struct arguments){argc, argv};
    int status = options_read(&command_dlq, rows, &request.arguments);
    if (status >= 0) {
        return status;
    }
    if (request.arguments.count == 0) {
        return command_usage(&command_dlq, "say what to do: list, show, replay or purge");
    }
    const struct action *action = find_action(request.arguments.items[0]);
    if (action == NULL) {
        return command_usage(&command_dlq, "%s: there is no such action",
                             request.arguments.items[0]);
    }
    status = read_ids(&request);
    if (status == EXIT_GOOD) {
        status = check(action, &request);
    }
    return status == EXIT_GOOD ? act(action, program, &request) : status;
}

const struct command command_dlq = {
    .name = "dlq",
    .summary = "list, show, send again or remove dead letters",
    .help = help,
    .run = dlq,
};
