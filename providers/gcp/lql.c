#include "gcp/lql.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_READ = 1 << 20 };

/* Logging takes timestamps up to a day ahead of its clock. */
static const int64_t ahead_ms = MS_PER_DAY;

const char *const lql_logs[] = {"activity", "system_event", "policy", "data_access",
                                NULL};

/* A list of the settings, or what holds when it is not set. */
struct list {
    const json_t *given; /* NULL: usual */
    const char *const *usual;
};

static struct list list_of(const json_t *settings, const char *key)
{
    static const char *const services[] = {"iamcredentials.googleapis.com",
                                           "sts.googleapis.com", NULL};
    /* Nodes and controllers renew leases every few seconds: half of a cluster's log. */
    static const char *const exclusions[] = {
        "protoPayload.methodName:\"io.k8s.coordination.\"", NULL};
    static const char *const nothing[] = {NULL};
    const json_t *given = json_object_get(settings, key);
    const char *first = json_string_value(json_array_get(given, 0));
    const char *const *usual = lql_logs;
    if (strcmp(key, "exclusions") == 0 && first != NULL && strcmp(first, "none") == 0 &&
        json_array_size(given) == 1) {
        return (struct list){NULL, nothing};
    }
    if (strcmp(key, "data_access_services") == 0) {
        usual = services;
    } else if (strcmp(key, "exclusions") == 0) {
        usual = exclusions;
    }
    return (struct list){given, usual};
}

/* The text at place; NULL behind the last. */
static const char *list_at(const struct list *list, size_t place)
{
    return list->given == NULL ? list->usual[place]
                               : json_string_value(json_array_get(list->given, place));
}

static bool is_listed(const struct list *list, const char *text)
{
    size_t i = 0;
    const char *item = NULL;
    while ((item = list_at(list, i)) != NULL && strcmp(item, text) != 0) {
        i++;
    }
    return item != NULL;
}

bool lql_reads(const json_t *settings, const char *log)
{
    const struct list logs = list_of(settings, "logs");
    return is_listed(&logs, log);
}

bool lql_reads_service(const json_t *settings, const char *service)
{
    const struct list services = list_of(settings, "data_access_services");
    return is_listed(&services, "*") || is_listed(&services, service);
}

static void add_log(struct buf *out, const json_t *settings, const char *log)
{
    const struct list services = list_of(settings, "data_access_services");
    const char *joint = out->size > 1 ? " OR " : "";
    bool is_limited = strcmp(log, "data_access") == 0 && !is_listed(&services, "*");
    if (!is_limited) {
        buf_addf(out, "%slog_id(\"cloudaudit.googleapis.com/%s\")", joint, log);
        return;
    }
    buf_addf(out,
             "%s(log_id(\"cloudaudit.googleapis.com/%s\") AND protoPayload.serviceName=(",
             joint, log);
    for (size_t i = 0; list_at(&services, i) != NULL; i++) {
        buf_addf(out, "%s\"%s\"", i == 0 ? "" : " OR ", list_at(&services, i));
    }
    buf_add_text(out, "))");
}

static void add_sink(struct buf *out, const json_t *settings)
{
    const struct list exclusions = list_of(settings, "exclusions");
    buf_add_byte(out, '(');
    for (size_t i = 0; lql_logs[i] != NULL; i++) {
        if (lql_reads(settings, lql_logs[i])) {
            add_log(out, settings, lql_logs[i]);
        }
    }
    buf_add_byte(out, ')');
    for (size_t i = 0; list_at(&exclusions, i) != NULL; i++) {
        buf_addf(out, " AND NOT (%s)", list_at(&exclusions, i));
    }
}

static char *take_text(struct buf *out)
{
    char *text = mem_dup(buf_text(out));
    buf_clear(out);
    return text;
}

char *lql_sink(const json_t *settings)
{
    struct buf out;
    buf_init(&out, SIZE_MAX_READ);
    add_sink(&out, settings);
    return take_text(&out);
}

static void add_bounds(struct buf *out, const char *field, int64_t from_ms, int64_t to_ms)
{
    char from[TIMESTAMP_TEXT_SIZE];
    char to[TIMESTAMP_TEXT_SIZE];
    timestamp_format(from_ms, from);
    timestamp_format(to_ms, to);
    buf_addf(out, " AND %s>=\"%s\" AND %s<=\"%s\"", field, from, field, to);
}

char *lql_slice(const json_t *settings, const struct slice *slice, int64_t late_ms)
{
    struct buf out;
    buf_init(&out, SIZE_MAX_READ);
    add_sink(&out, settings);
    add_bounds(&out, "timestamp", slice->a_ms - late_ms, slice->b_ms + ahead_ms);
    add_bounds(&out, "receiveTimestamp", slice->a_ms, slice->b_ms);
    return take_text(&out);
}

char *lql_groups(int64_t from_ms, int64_t to_ms)
{
    struct buf out;
    buf_init(&out, SIZE_MAX_READ);
    buf_add_text(&out, "((log_id(\"cloudaudit.googleapis.com/activity\") AND "
                       "protoPayload.serviceName=(\"admin.googleapis.com\" OR "
                       "\"cloudidentity.googleapis.com\")))");
    add_bounds(&out, "timestamp", from_ms, to_ms);
    add_bounds(&out, "receiveTimestamp", from_ms, to_ms);
    return take_text(&out);
}

/* Past a quoted string that begins at at; NULL when it does not end. */
static const char *skip_string(const char *at)
{
    const char quote = *at++;
    while (*at != '\0' && *at != quote) {
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at == '\0' ? NULL : at + 1;
}

/* An exclusion must not end what stands around it, nor comment it out. */
static const char *find_fault(const char *text)
{
    int depth = 0;
    const char *at = text;
    if (text[strspn(text, " \t")] == '\0') {
        return "is empty";
    }
    while (at != NULL && *at != '\0') {
        if (*at == '"' || *at == '\'') {
            at = skip_string(at);
            continue;
        }
        depth += *at == '(' ? 1 : 0;
        depth -= *at == ')' ? 1 : 0;
        if (depth < 0 || (unsigned char)*at < ' ') {
            return depth < 0 ? "closes a bracket that it did not open"
                             : "holds a control character";
        }
        if (strncmp(at, "--", 2) == 0) {
            return "holds a comment (--)";
        }
        at++;
    }
    if (at == NULL) {
        return "has a quote that does not end";
    }
    return depth > 0 ? "has a bracket that does not end" : NULL;
}

static bool check_logs(const json_t *settings, struct error *err)
{
    static const struct list known = {NULL, lql_logs};
    const struct list logs = list_of(settings, "logs");
    const struct list services = list_of(settings, "data_access_services");
    for (size_t i = 0; list_at(&logs, i) != NULL; i++) {
        if (!is_listed(&known, list_at(&logs, i))) {
            return error_set(err, ERROR_CONFIG,
                             "logs: \"%s\" is none of activity, system_event, policy, "
                             "data_access",
                             list_at(&logs, i));
        }
    }
    if (list_at(&logs, 0) == NULL || list_at(&services, 0) == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "%s: is empty; name one, or leave the key out",
                         list_at(&logs, 0) == NULL ? "logs" : "data_access_services");
    }
    return true;
}

bool lql_check(const json_t *settings, struct error *err)
{
    const struct list exclusions = list_of(settings, "exclusions");
    if (!check_logs(settings, err)) {
        return false;
    }
    for (size_t i = 0; list_at(&exclusions, i) != NULL; i++) {
        const char *fault = find_fault(list_at(&exclusions, i));
        if (fault != NULL) {
            return error_set(err, ERROR_CONFIG,
                             "exclusions: the %zuth %s; write one expression of the "
                             "Logging query language",
                             i + 1, fault);
        }
    }
    const struct slice slice = {0};
    char *filter = lql_slice(settings, &slice, 0);
    size_t size = strlen(filter);
    free(filter);
    return size < LQL_SIZE_MAX ||
           error_set(err, ERROR_CONFIG,
                     "exclusions and data_access_services: they make a filter of %zu "
                     "characters, and Cloud Logging takes %d; shorten them",
                     size, (int)LQL_SIZE_MAX);
}
