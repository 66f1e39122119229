#include "gcp/exam.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "gcp/exam_parts.h"
#include "gcp/lql.h"
#include "gcp/probe.h"

#include <stdlib.h>
#include <string.h>

static const char sharing[] =
    "an administrator of Workspace or Cloud Identity turns it on in admin.google.com: "
    "Account, Account settings, Legal and compliance, Sharing options";

void exam_tell_take(struct exam *exam, const char *kind, char *text)
{
    json_array_append_new(exam->findings,
                          json_pack("{s:s, s:s}", "kind", kind, "text", text));
    free(text);
}

void exam_tell_rest(struct exam *exam, const char *kind, size_t count, const char *what)
{
    if (count > EXAM_NAMES_MAX) {
        exam_tell_take(exam, kind,
                       mem_format("and %zu more %s", count - EXAM_NAMES_MAX, what));
    }
}

char *exam_command(const char *name, const char *verb)
{
    static const char folders[] = "folders/";
    const char *id = strchr(name, '/') + 1;
    int kind_size = (int)(id - name) - 1;
    return strncmp(name, folders, strlen(folders)) == 0
               ? mem_format("gcloud resource-manager folders %s %s", verb, id)
               : mem_format("gcloud %.*s %s %s", kind_size, name, verb, id);
}

/* Who we are: what the platform's administrators know us by. */
static void tell_identity(struct exam *exam)
{
    const struct google *google = &exam->entries->google;
    json_t *members = adc_members(google->adc, google->runtime);
    const char *first = json_string_value(json_array_get(members, 0));
    const char *base = json_string_value(json_array_get(members, 1));
    const char *payer = adc_quota_project(google->adc);
    exam->member = mem_dup(first == NULL ? "serviceAccount:ACCOUNT" : first);
    exam_tell_take(
        exam, "ok",
        mem_format("as %s%s%s, by %s (%s)%s%s",
                   first == NULL ? "an identity that does not say its name" : first,
                   base == NULL ? "" : ", impersonated by ", base == NULL ? "" : base,
                   adc_name(google->adc), adc_origin(google->adc),
                   payer == NULL ? "" : "; the quota is that of ",
                   payer == NULL ? "" : payer));
    json_decref(members);
}

static bool is_organization(const char *name)
{
    static const char prefix[] = "organizations/";
    return strncmp(name, prefix, strlen(prefix)) == 0 && manager_knows(name);
}

/* Thirty days of an organisation without one change in a group are no proof, but odd. */
static void ask_for_groups(struct exam *exam, const char *name)
{
    struct google *google = &exam->entries->google;
    int64_t now_ms = google->runtime->now_ms(google->runtime->context);
    char *filter = lql_groups(now_ms - 30LL * MS_PER_DAY, now_ms);
    json_t *names = json_pack("[s]", name);
    struct error err = {0};
    switch (probe_ask(google, names, filter, &err)) {
    case PROBE_FOUND:
        exam_tell_take(exam, "ok", mem_format("2b: %s shows group membership", name));
        break;
    case PROBE_NOTHING:
        exam_tell_take(
            exam, "warning",
            mem_format("2b: %s holds no entry of admin.googleapis.com or "
                       "cloudidentity.googleapis.com of the last 30 days: it "
                       "seems that Workspace does not share its data with "
                       "Google Cloud, and group membership is nowhere else; %s",
                       name, sharing));
        break;
    case PROBE_DENIED: /* exam_rights has said so */
        break;
    case PROBE_FAILED:
        exam_tell_take(exam, "warning",
                       mem_format("2b: whether %s shows group membership could not be "
                                  "found out: %s",
                                  name, err.text));
        break;
    }
    json_decref(names);
    free(filter);
}

/* Does the entry read an organisation at all, be it in another of its sets? */
static bool reads_organization(const json_t *settings)
{
    const json_t *tops = json_object_get(settings, "descendants_of");
    size_t i = 0;
    json_t *top = NULL;
    bool found = json_array_size(json_object_get(settings, "organizations")) > 0 ||
                 json_array_size(json_object_get(settings, "views")) > 0;
    json_array_foreach(tops, i, top)
    {
        found = found || is_organization(json_string_value(top));
    }
    return found;
}

static void exam_groups(struct exam *exam)
{
    const struct entries *entries = exam->entries;
    const char *set = json_string_value(json_object_get(entries->settings, "name"));
    bool is_first = set == NULL || set[0] == '\0';
    if (!lql_reads(entries->settings, "activity")) {
        return;
    }
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach((json_t *)entries->resources, i, name)
    {
        if (is_organization(json_string_value(name))) {
            ask_for_groups(exam, json_string_value(name));
        }
    }
    if (is_first && !reads_organization(entries->settings)) {
        exam_tell_take(exam, "warning",
                       mem_dup("2b: group membership is in an organisation's log alone, "
                               "and this source reads none; add \"organizations\" or "
                               "\"descendants_of\""));
    }
}

/* Without a token there is nothing to ask; the page that failed has said why. */
static bool has_token(const struct google *google)
{
    struct secret token = {0};
    bool ok = adc_token(google->adc, google->runtime, &token, NULL);
    secret_clear(&token);
    return ok;
}

json_t *exam_run(struct entries *entries)
{
    const struct google *google = &entries->google;
    struct exam exam = {.entries = entries, .findings = json_array()};
    struct error err = {0};
    if (!has_token(google)) {
        return exam.findings;
    }
    tell_identity(&exam);
    if (manager_open(&exam.manager, entries->settings, google->runtime, &err)) {
        exam_rights(&exam);
        exam_auditing(&exam);
        exam_groups(&exam);
    } else {
        exam_tell_take(&exam, "denied", mem_dup(err.text));
    }
    manager_clear(&exam.manager);
    free(exam.member);
    return exam.findings;
}
