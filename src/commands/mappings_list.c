/*
 * `mappings list`: the rules, as a table or as JSON.
 */
#include "commands/mappings.h"

#include "base/mem.h"
#include "commands/table.h"
#include "config/principle.h"
#include "mapping/compiled.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char help[] =
    "Usage: auditbridge mappings list [OPTION...]\n"
    "\n"
    "Lists the rules of the packs: what each answers, for which operations, and where "
    "it\n"
    "stands. Rules that another replaces are left out.\n"
    "\n"
    "  --provider NAME  rules for its records alone: aws-cloudtrail\n"
    "  --principle REF  rules that answer it: 2b\n"
    "  --service NAME   rules for it: ec2.amazonaws.com, Microsoft.Compute\n"
    "  --packs DIR      further mapping packs; may be repeated\n"
    "  --mappings DIR   the shipped packs, when not beside the program\n"
    "  --output json    each rule as a JSON object, in a list, with all its operations\n"
    "\n"
    "Exit status: 0 the rules were listed, even if there are none; 2 wrong usage or "
    "pack.\n";

/* What was asked for. */
struct request {
    struct mappings_choice choice;
    const char *principle;
    const char *service;
};

/* True when operation is one of service: "Microsoft.Compute/disks/write" is. */
static bool is_below(const char *operation, const char *service)
{
    size_t size = strlen(service);
    return strncasecmp(operation, service, size) == 0 &&
           (operation[size] == '/' || operation[size] == '.');
}

static bool is_of_service(const struct pack_rule *rule, const char *service)
{
    for (size_t i = 0; i < rule->services.count; i++) {
        if (strcasecmp(rule->services.items[i], service) == 0) {
            return true;
        }
    }
    bool is_named = rule->services.count > 0 && rule->services.items[0][0] != '\0';
    for (size_t i = 0; !is_named && i < rule->operations.count; i++) {
        if (is_below(rule->operations.items[i], service)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct request *request, const struct pack_rule *rule)
{
    uint32_t bit = request->principle == NULL
                       ? 0
                       : principle_bit(principle_find(request->principle));
    return (rule->rule.principles & bit) == bit &&
           (request->service == NULL || is_of_service(rule, request->service));
}

/* "CreateUser and 3 more" */
static void add_names(struct table *table, const struct texts *names)
{
    if (names->count < 2) {
        table_add(table, names->count == 0 || names->items[0][0] == '\0'
                             ? NULL
                             : names->items[0]);
        return;
    }
    char *text = mem_format("%s and %zu more", names->items[0], names->count - 1);
    table_add(table, text);
    free(text);
}

static void add_row(struct table *table, const struct pack_rule *rule)
{
    struct buf letters;
    buf_init(&letters, SIZE_MAX / 2);
    mappings_add_letters(&letters, rule->rule.principles);
    table_add(table, letters.size == 0 ? NULL : buf_text(&letters));
    add_names(table, &rule->services);
    add_names(table, &rule->operations);
    table_add(table, rule->when.count == 0 ? NULL : "yes");
    table_add(table, rule->rule.action);
    table_add(table, rule->rule.id);
    char *place = mem_format("%s:%d", rule->rule.file, rule->place.line);
    table_add(table, place);
    free(place);
    buf_clear(&letters);
}

static json_t *texts_json(const struct texts *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++) {
        json_array_append_new(list, json_string(texts->items[i]));
    }
    return list;
}

/* Conditions in words: `errorCode does not exist`. */
static json_t *conditions_json(const struct conditions *when)
{
    json_t *list = json_array();
    for (size_t i = 0; i < when->count; i++) {
        struct buf text;
        buf_init(&text, SIZE_MAX / 2);
        buf_addf(&text, "%s ", when->items[i].path);
        condition_describe(&when->items[i], &text);
        json_array_append_new(list, json_string(buf_text(&text)));
        buf_clear(&text);
    }
    return list;
}

static void add_object(json_t *list, const struct record_shape *shape,
                       const struct pack_rule *rule)
{
    json_array_append_new(
        list,
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s?, s:s, s:s?, s:s, s:i}", "id",
                  rule->rule.id, "pack", rule->rule.pack, "records", shape->name,
                  "principles", mappings_letters_json(rule->rule.principles), "services",
                  texts_json(&rule->services), "operations",
                  texts_json(&rule->operations), "when", conditions_json(&rule->when),
                  "action", rule->rule.action, "change", change_names[rule->rule.change],
                  "why", rule->why, "file", rule->rule.file, "line", rule->place.line));
}

/* Those of mapping that are wanted, into list when there is one, else into table. */
static void add_wanted(const struct request *request, const struct mapping *mapping,
                       struct table *table, json_t *list)
{
    for (size_t i = 0; i < mapping->rule_count; i++) {
        const struct pack_rule *rule = mapping->rules[i];
        if (!is_wanted(request, rule)) {
            continue;
        }
        if (list != NULL) {
            add_object(list, mapping->shape, rule);
        } else {
            add_row(table, rule);
        }
    }
}

static void list_rules(const struct request *request, const struct mappings *mappings)
{
    static const char *const headings[] = {"principles", "service", "operations", "when",
                                           "action",     "rule",    "place"};
    struct table table = {.aligns = "lllllll"};
    json_t *list = request->choice.output == NULL ? NULL : json_array();
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        table_add(&table, headings[i]);
    }
    for (size_t i = 0; i < mappings->set->count; i++) {
        add_wanted(request, &mappings->set->mappings[i], &table, list);
    }
    if (list != NULL) {
        json_dumpf(list, stdout, JSON_COMPACT);
        printf("\n");
    } else {
        table_print(&table, stdout);
    }
    json_decref(list);
    table_clear(&table);
}

static int check_request(const struct request *request, int left)
{
    const char *output = request->choice.output;
    if (left > 0) {
        return command_usage(&mappings_list, "only options are taken");
    }
    if (request->principle != NULL && principle_find(request->principle) == NULL) {
        return command_usage(&mappings_list,
                             "--principle %s: there is no such principle; they go from "
                             "1a to 7a",
                             request->principle);
    }
    if (output != NULL && strcmp(output, "json") != 0) {
        return command_usage(&mappings_list, "--output %s: there is only json", output);
    }
    return EXIT_GOOD;
}

static int run_list(const struct program *program, int argc, char **argv)
{
    struct request request = {0};
    const struct option_row rows[] = {
        {"provider", OPTION_TEXT, {.text = &request.choice.provider}, 'p'},
        {"principle", OPTION_TEXT, {.text = &request.principle}, 0},
        {"service", OPTION_TEXT, {.text = &request.service}, 0},
        {"packs", OPTION_LIST, {.list = &request.choice.packs}, 0},
        {"mappings", OPTION_TEXT, {.text = &request.choice.shipped}, 0},
        {"output", OPTION_TEXT, {.text = &request.choice.output}, 'o'},
        {.kind = OPTION_END},
    };
    struct arguments arguments = {argc, argv};
    int status = options_read(&mappings_list, rows, &arguments);
    if (status >= 0) {
        return status;
    }
    struct mappings mappings = {0};
    status = check_request(&request, arguments.count);
    if (status == EXIT_GOOD) {
        status = mappings_open(&mappings_list, program, &request.choice, &mappings);
    }
    if (status == EXIT_GOOD) {
        list_rules(&request, &mappings);
    }
    mappings_clear(&mappings);
    return status;
}

const struct command mappings_list = {
    .name = "mappings list",
    .summary = "the rules of the packs",
    .help = help,
    .run = run_list,
};
