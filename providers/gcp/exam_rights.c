#include "gcp/exam_parts.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/lql.h"
#include "gcp/probe.h"

#include <stdlib.h>
#include <string.h>

enum { PROBES_MAX = 20 }; /* each is of the quota that reading has, 60 a minute */

/* A right, and what lacking it means. */
static const struct right {
    const char *permission;
    const char *role;
    const char *logs[2]; /* what a probe asks for; the first that is read */
} rights[] = {
    {"logging.logEntries.list", "roles/logging.viewer", {"activity", "system_event"}},
    {"logging.privateLogEntries.list",
     "roles/logging.privateLogViewer",
     {"data_access", NULL}},
};
enum { RIGHTS = sizeof(rights) / sizeof(rights[0]) };

/* What came of all names so far. */
struct tally {
    size_t missing[RIGHTS];
    size_t readable;
    size_t unknown;
    size_t probes;
};

/* Is the right needed for what is read? */
static bool is_needed(const json_t *settings, const struct right *right)
{
    bool is_private = strcmp(right->logs[0], "data_access") == 0;
    return !is_private || lql_reads(settings, "data_access");
}

static void tell_missing(struct exam *exam, struct tally *tally, size_t which,
                         const char *name)
{
    const struct right *right = &rights[which];
    if (tally->missing[which]++ >= EXAM_NAMES_MAX) {
        return;
    }
    char *command =
        manager_knows(name) ? exam_command(name, "add-iam-policy-binding") : NULL;
    char *text =
        command != NULL
            ? mem_format("%s: %s is missing: %s --member='%s' --role=%s", name,
                         right->permission, command, exam->member, right->role)
            : mem_format("%s may not be read, or does not exist: grant %s %s", name,
                         exam->member,
                         strstr(name, "/views/") != NULL
                             ? "roles/logging.viewAccessor on the view's project, with a "
                               "condition that names the view"
                             : "roles/logging.viewer and roles/logging.privateLogViewer "
                               "on the billing account");
    exam_tell_take(exam, "denied", text);
    free(command);
}

static bool is_granted(const json_t *granted, const char *permission)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach((json_t *)granted, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), permission) == 0) {
            return true;
        }
    }
    return false;
}

/* By Resource Manager. False: it did not say. */
static bool test(struct exam *exam, struct tally *tally, const char *name)
{
    json_t *granted = NULL;
    struct error err = {0};
    json_t *permissions = json_array();
    for (size_t i = 0; i < RIGHTS; i++) {
        json_array_append_new(permissions, json_string(rights[i].permission));
    }
    bool ok = manager_test(&exam->manager, name, permissions, &granted, &err);
    json_decref(permissions);
    if (!ok) {
        if (err.kind != ERROR_DENIED) { /* such as an API that is not enabled */
            exam_tell_take(exam, "warning",
                           mem_format("Resource Manager was not asked for rights and "
                                      "auditing: %s",
                                      err.text));
            exam->is_closed = true;
        }
        return false;
    }
    bool is_whole = true;
    for (size_t i = 0; i < RIGHTS; i++) {
        if (is_needed(exam->entries->settings, &rights[i]) &&
            !is_granted(granted, rights[i].permission)) {
            tell_missing(exam, tally, i, name);
            is_whole = false;
        }
    }
    tally->readable += is_whole;
    json_decref(granted);
    return true;
}

/* The last minute of the right's own logs; NULL: none of them is read. */
static char *write_filter(const struct exam *exam, const struct right *right)
{
    const struct entries *entries = exam->entries;
    const struct runtime *runtime = entries->google.runtime;
    int64_t now_ms = runtime->now_ms(runtime->context);
    const struct slice minute = {.a_ms = now_ms - MS_PER_MINUTE, .b_ms = now_ms};
    for (size_t i = 0; i < 2 && right->logs[i] != NULL; i++) {
        if (lql_reads(entries->settings, right->logs[i])) {
            json_t *settings = json_copy((json_t *)entries->settings);
            json_object_set_new(settings, "logs", json_pack("[s]", right->logs[i]));
            char *filter = lql_slice(settings, &minute, 0);
            json_decref(settings);
            return filter;
        }
    }
    return NULL;
}

/* By reading a little. */
static void read_one(struct exam *exam, struct tally *tally, const char *name)
{
    json_t *names = json_pack("[s]", name);
    bool is_whole = true;
    for (size_t i = 0; i < RIGHTS && is_whole; i++) {
        char *filter = write_filter(exam, &rights[i]);
        if (filter == NULL) {
            continue;
        }
        struct error err = {0};
        enum probe_answer answer = probe_ask(&exam->entries->google, names, filter, &err);
        if (answer == PROBE_DENIED) {
            tell_missing(exam, tally, i, name);
        } else if (answer == PROBE_FAILED) {
            exam_tell_take(exam, "denied", mem_format("%s: %s", name, err.text));
        }
        is_whole = answer == PROBE_FOUND || answer == PROBE_NOTHING;
        free(filter);
    }
    tally->probes++;
    tally->readable += is_whole;
    json_decref(names);
}

void exam_rights(struct exam *exam)
{
    struct tally tally = {0};
    size_t count = json_array_size(exam->entries->resources);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(exam->entries->resources, i));
        if (manager_knows(name) && !exam->is_closed && test(exam, &tally, name)) {
            continue;
        }
        if (tally.probes < PROBES_MAX) {
            read_one(exam, &tally, name);
        } else {
            tally.unknown++;
        }
    }
    for (size_t i = 0; i < RIGHTS; i++) {
        exam_tell_rest(exam, "denied", tally.missing[i], rights[i].permission);
    }
    if (tally.unknown > 0) {
        exam_tell_take(
            exam, "warning",
            mem_format("%zu more were not asked one by one, to leave quota for "
                       "reading; roles/browser lets Resource Manager be asked "
                       "instead",
                       tally.unknown));
    }
    if (tally.readable > 0) {
        exam_tell_take(exam, "ok",
                       mem_format("%zu of %zu may be read%s", tally.readable, count,
                                  lql_reads(exam->entries->settings, "data_access")
                                      ? ", data_access too"
                                      : ""));
    }
}
