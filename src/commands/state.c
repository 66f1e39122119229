/*
 * `state`: where each source stands, to be looked at, carried elsewhere or put back.
 */
#include "commands/state.h"

#include "base/timestamp.h"
#include "commands/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: auditbridge state show [SOURCE...]\n"
    "       auditbridge state export [SOURCE...]\n"
    "       auditbridge state import FILE\n"
    "       auditbridge state reset SOURCE --to TIME [--skip] [--yes]\n"
    "       auditbridge state retire SOURCE\n"
    "\n"
    "show    where a source stands: its marks, open slice, owner, ids, ledger and gaps\n"
    "export  the same as one JSON document on stdout, without events or secrets\n"
    "import  puts sources where an exported document says, never past that and never\n"
    "        further than the store is already; from the last sealed hour on the log is\n"
    "        read again: repeats with the same ids, none lost\n"
    "reset   goes back to TIME: what is newer is read and sent again. With --skip it\n"
    "        goes forward: what lies between is never read, and a gap is written down\n"
    "retire  leaves out of reports a source that is no longer configured; its ledger\n"
    "        stays, and it goes on from its place if it is configured again\n"
    "\n"
    "  --config FILE  configuration (default: auditbridge.yaml)\n"
    "  --to TIME      2026-11-24T09:00:00Z, or a day\n"
    "  --skip         give up what was not read before TIME\n"
    "  --yes          answer the question that --skip asks\n"
    "  --format json  of export: the only one there is\n"
    "\n"
    "What moves a source is refused while a live process is reading it.\n"
    "\n"
    "Exit status: 0 done; 1 the store or a source refused; 2 wrong usage, configuration\n"
    "or document.\n";

static void print_time(const char *label, int64_t ms)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_format(ms, text);
    printf("  %-13s %s\n", label, text);
}

static void print_cursor(const struct roster_row *row)
{
    char label[48];
    char from[TIMESTAMP_TEXT_SIZE];
    char to[TIMESTAMP_TEXT_SIZE];
    const struct cursor *cursor = &row->stored->cursor;
    const struct slicing *slicing = roster_slicing(row);
    size_t passes = slicing == NULL ? SLICE_PASSES : slicing->passes;
    bool has_times = slicing != NULL || cursor->start_ms > 0;
    if (has_times) {
        print_time("reads from", cursor->start_ms);
    }
    for (size_t i = 0; has_times && i < passes; i++) {
        snprintf(label, sizeof(label), "pass %zu up to", i + 1);
        print_time(label, cursor->mark_ms[i]);
    }
    if (cursor->is_open) {
        timestamp_format(cursor->slice.a_ms, from);
        timestamp_format(cursor->slice.b_ms, to);
        printf("  %-13s %s to %s\n", "open slice", from, to);
    }
    if (cursor->place != NULL) {
        char *place = json_dumps(cursor->place, JSON_COMPACT | JSON_ENCODE_ANY);
        printf("  %-13s ", "place");
        table_put(place, stdout);
        printf("\n");
        free(place);
    }
}

static void print_evidence(const struct roster_row *row,
                           const struct store_evidence *evidence)
{
    char from[TIMESTAMP_TEXT_SIZE];
    char to[TIMESTAMP_TEXT_SIZE];
    int64_t delivered = 0;
    for (size_t i = 0; i < evidence->hour_count; i++) {
        delivered += evidence->hours[i].delivered;
    }
    printf("  %-13s %" PRId64 "\n", "ids", row->stored->id_count);
    printf("  %-13s %" PRId64 " events in %zu %s\n", "ledger", delivered,
           evidence->hour_count, evidence->hour_count == 1 ? "hour" : "hours");
    printf("  %-13s %" PRId64 "\n", "dead letters", row->stored->letter_count);
    for (size_t i = 0; i < evidence->gap_count; i++) {
        timestamp_format(evidence->gaps[i].from_ms, from);
        timestamp_format(evidence->gaps[i].to_ms, to);
        printf("  %-13s %s to %s: ", "gap", from, to);
        table_put(evidence->gaps[i].reason, stdout);
        printf("\n");
    }
}

static bool show_row(const struct hands *hands, const struct roster_row *row,
                     struct error *err)
{
    struct store_evidence evidence = {0};
    table_put(row->name, stdout);
    printf(" (%s): %s\n", row->entry == NULL ? "?" : row->entry->provider->name,
           roster_is_hidden(row) ? "retired" : roster_state_names[row->state]);
    if (row->stored == NULL || row->stored->is_new) {
        printf("  nothing was read yet\n");
        return true;
    }
    if (row->stored->is_held) {
        printf("  %-13s process %" PRId64 " on ", "owner", row->stored->holder_pid);
        table_put(row->stored->holder_host, stdout);
        printf("\n");
    }
    print_cursor(row);
    if (row->stored->due_ms > 0) {
        print_time("due", row->stored->due_ms);
    }
    bool ok = hands->type->inspect->evidence(hands->store, row->name, &evidence, err);
    if (ok) {
        print_evidence(row, &evidence);
    }
    store_evidence_clear(&evidence);
    return ok;
}

int state_show(struct state_request *request)
{
    struct error err = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < request->roster.count; i++) {
        const struct roster_row *row = &request->roster.rows[i];
        bool is_wanted = request->names.count == 0 && !roster_is_hidden(row);
        for (int j = 0; j < request->names.count; j++) {
            is_wanted = is_wanted || strcmp(request->names.items[j], row->name) == 0;
        }
        ok = !is_wanted || show_row(request->hands, row, &err);
    }
    return ok ? EXIT_GOOD : hands_failed(request->hands, &err);
}

/* What is behind `state`. */
static const struct action {
    const char *name;
    int (*run)(struct state_request *request);
    enum hands_access access;
    int names_min;
    int names_max;
    bool has_sources; /* its arguments are names of sources */
} actions[] = {
    {"show", state_show, HANDS_LOOK, 0, INT32_MAX, true},
    {"export", state_export, HANDS_LOOK, 0, INT32_MAX, true},
    {"import", state_import, HANDS_MAKE, 1, 1, false},
    {"reset", state_reset, HANDS_CHANGE, 1, 1, true},
    {"retire", state_retire, HANDS_CHANGE, 1, 1, true},
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

static int check_names(const struct action *action, const struct state_request *request)
{
    for (int i = 0; action->has_sources && i < request->names.count; i++) {
        if (roster_find(&request->roster, request->names.items[i]) == NULL) {
            return command_usage(&command_state,
                                 "%s: no such source; `auditbridge sources` lists them",
                                 request->names.items[i]);
        }
    }
    return EXIT_GOOD;
}

static int act(const struct action *action, const struct program *program,
               struct state_request *request)
{
    struct error err = {0};
    struct hands hands = {.command = &command_state, .program = program};
    request->hands = &hands;
    int status = hands_open(&hands, request->config, action->access);
    if (status == EXIT_GOOD && !roster_load(&hands, true, &request->roster, &err)) {
        status = hands_failed(&hands, &err);
    }
    if (status == EXIT_GOOD) {
        status = check_names(action, request);
    }
    if (status == EXIT_GOOD) {
        status = action->run(request);
    }
    roster_clear(&request->roster);
    hands_close(&hands);
    request->hands = NULL;
    return fflush(stdout) == 0 ? status : EXIT_FAILED;
}

static int state(const struct program *program, int argc, char **argv)
{
    struct state_request request = {
        .config = "auditbridge.yaml", .format = "json", .to_ms = INT64_MIN};
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, {.text = &request.config}, 'c'},
        {"format", OPTION_TEXT, {.text = &request.format}, 'f'},
        {"to", OPTION_TIME, {.ms = &request.to_ms}, 0},
        {"skip", OPTION_FLAG, {.flag = &request.is_skip}, 0},
        {"yes", OPTION_FLAG, {.flag = &request.is_agreed}, 'y'},
        {.kind = OPTION_END},
    };
    request.names = (struct arguments){argc, argv};
    int status = options_read(&command_state, rows, &request.names);
    if (status >= 0) {
        return status;
    }
    if (request.names.count == 0) {
        return command_usage(&command_state, "say what to do: show, export, import, "
                                             "reset or retire");
    }
    const struct action *action = find_action(request.names.items[0]);
    if (action == NULL) {
        return command_usage(&command_state, "%s: there is no such action",
                             request.names.items[0]);
    }
    request.names.count--;
    request.names.items++;
    if (request.names.count < action->names_min) {
        return command_usage(&command_state, "%s: name %s", action->name,
                             action->has_sources ? "a source" : "a file");
    }
    if (request.names.count > action->names_max) {
        return command_usage(&command_state, "%s: one at a time", action->name);
    }
    if (strcmp(request.format, "json") != 0) {
        return command_usage(&command_state, "--format %s: there is only json",
                             request.format);
    }
    bool is_reset = action->run == state_reset;
    if (is_reset != (request.to_ms != INT64_MIN) || (request.is_skip && !is_reset)) {
        return command_usage(&command_state, "reset needs --to TIME, and only reset "
                                             "takes --to and --skip");
    }
    return act(action, program, &request);
}

const struct command command_state = {
    .name = "state",
    .summary = "show, carry or put back where sources stand",
    .help = help,
    .run = state,
};
