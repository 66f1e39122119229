#include "gcp/audit.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "config/config.h"
#include "gcp/entries.h"
#include "gcp/exam.h"
#include "gcp/lql.h"
#include "gcp/sets.h"
#include "gcp/shape.h"

#include <stdlib.h>

/*
 * Slices are of receiveTimestamp, when Logging took an entry in: what shows later than
 * that by more than minutes has not been seen. The bucket _Default keeps 30 days, and of
 * the audit logs policy and data_access lie there; _Required keeps 400.
 */
static const struct slicing slicing = {
    .passes = 3,
    .age_ms = {MS_PER_MINUTE, 5LL * MS_PER_MINUTE, 15LL * MS_PER_MINUTE},
    .span_ms = MS_PER_HOUR,
    .grain_ms = 1,
    .retention_ms = 30LL * MS_PER_DAY,
    .late_ms = MS_PER_DAY,
};

static const int64_t required_ms = 400LL * MS_PER_DAY;

static const struct setting settings_table[] = {
    {.name = "projects",
     .type = SETTING_LIST,
     .pattern = "a-z0-9.:-",
     .help =
         "The ids of the projects to read. When nothing is named here or below, every "
         "project that this identity can see."},
    {.name = "folders",
     .type = SETTING_LIST,
     .pattern = "0-9",
     .help =
         "The numbers of folders whose own log is read; not that of what is in them."},
    {.name = "organizations",
     .type = SETTING_LIST,
     .pattern = "0-9",
     .help = "The numbers of organisations whose own log is read: group membership is "
             "nowhere else."},
    {.name = "billing_accounts",
     .type = SETTING_LIST,
     .pattern = "A-F0-9-",
     .help = "Billing accounts whose own log is read."},
    {.name = "views",
     .type = SETTING_LIST,
     .pattern = "a-zA-Z0-9/_.:-",
     .help = "Views of log buckets, such as a central one: "
             "projects/P/locations/L/buckets/B/views/V."},
    {.name = "descendants_of",
     .type = SETTING_LIST,
     .pattern = "a-z0-9/",
     .help =
         "organizations/123 or folders/456: it and every folder and project below, at "
         "any depth, asked each hour."},
    {.name = "include",
     .type = SETTING_LIST,
     .help = "Of the discovered projects, only those whose id or name fits one of these "
             "patterns."},
    {.name = "exclude",
     .type = SETTING_LIST,
     .help = "Of the discovered projects, not those whose id or name fits one of these "
             "patterns."},
    {.name = "logs",
     .type = SETTING_LIST,
     .pattern = "a-z_",
     .help = "Which audit logs; all four when not said: activity, system_event, policy, "
             "data_access."},
    {.name = "data_access_services",
     .type = SETTING_LIST,
     .pattern = "a-z0-9.*-",
     .help = "Of data_access, which can be huge, only these services; when not said "
             "iamcredentials and sts.googleapis.com, which show impersonation; [\"*\"] "
             "for all."},
    {.name = "exclusions",
     .type = SETTING_LIST,
     .help = "Expressions of the Logging query language; entries that fit one are not "
             "read. When not said, the leases that Kubernetes renews all the time; "
             "[none] for "
             "none."},
    {.name = "late",
     .type = SETTING_DURATION,
     .max = 30LL * MS_PER_DAY,
     .help = "How long after it happened an entry may reach Cloud Logging and still be "
             "found; 24h, for organisations 72h, when not set."},
    {.name = "retention",
     .type = SETTING_DURATION,
     .max = 3650LL * MS_PER_DAY,
     .help = "How long the log buckets that are read keep their entries. When not said, "
             "400d where only activity and system_event of projects, folders and "
             "organisations are read, else 30d."},
    {.name = "endpoints",
     .type = SETTING_MAP,
     .help = "Other addresses by service: logging, cloudresourcemanager."},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "A PEM file of the authorities to trust instead of the system's."},
    {.name = "requests_per_second",
     .type = SETTING_DECIMAL,
     .max = 1000,
     .help = "Requests a second, when not four fifths of the quota: 60 a minute until "
             "Google says otherwise."},
    {.type = SETTING_END},
};

/* The shortest of what is read, for a gap in one log is a gap. */
static int64_t audit_retention_ms(const json_t *settings)
{
    const json_t *told = json_object_get(settings, "retention");
    if (told != NULL) {
        return json_integer_value(told);
    }
    bool has_views = json_array_size(json_object_get(settings, "views")) > 0;
    bool is_short = lql_reads(settings, "policy") || lql_reads(settings, "data_access");
    return has_views || is_short ? slicing.retention_ms : required_ms;
}

struct session {
    struct entries entries;
    json_t *self; /* once a token was given */
};

static void audit_close(struct session *session)
{
    if (session != NULL) {
        entries_clear(&session->entries);
        json_decref(session->self);
        free(session);
    }
}

static bool audit_open(const json_t *settings, const struct runtime *runtime,
                       struct session **session, struct error *err)
{
    const json_t *resources = json_object_get(settings, "resources");
    if (json_array_size(resources) == 0) {
        return error_set(err, ERROR_CONFIG,
                         "there is no project, folder or organisation to read");
    }
    struct session *made = mem_new(1, sizeof(*made));
    made->entries.settings = settings;
    made->entries.resources = resources;
    made->entries.late_ms = config_late_ms(settings, &slicing);
    if (!google_open(&made->entries.google, "logging", settings, runtime, err)) {
        audit_close(made);
        return false;
    }
    *session = made;
    return true;
}

enum { NAMED_MAX = 3, NAMES_SIZE_MAX = 1024 };

/* Says of which names err is. Always false. */
static bool name_set(const json_t *resources, struct error *err)
{
    struct buf names;
    size_t count = json_array_size(resources);
    buf_init(&names, NAMES_SIZE_MAX);
    for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
        buf_addf(&names, "%s%s", i == 0 ? "" : ", ",
                 json_string_value(json_array_get(resources, i)));
    }
    if (count > NAMED_MAX) {
        buf_addf(&names, " and %zu more", count - NAMED_MAX);
    }
    error_context(err, "cloud logging: %s", buf_text(&names));
    buf_clear(&names);
    return false;
}

static bool audit_poll(struct session *session, const struct slice *slice,
                       const json_t *place, struct page *page, struct error *err)
{
    const json_t *resources = session->entries.resources;
    if (!entries_poll(&session->entries, slice, place, page, err)) {
        return name_set(resources, err);
    }
    if (session->self == NULL) {
        session->self =
            adc_self(session->entries.google.adc, session->entries.google.runtime);
    }
    return true;
}

static const json_t *audit_self(const struct session *session)
{
    return session->self;
}

static json_t *audit_examine(struct session *session)
{
    return exam_run(&session->entries);
}

const struct provider provider_gcp_audit = {
    .name = "gcp-audit",
    .help = "Google Cloud Audit Logs of projects, folders and organisations, by Cloud "
            "Logging.",
    .shape = &record_shape_gcp_audit,
    .slicing = &slicing,
    /* 60 a minute for each project that pays, shared with every other reader. */
    .quota = {.key = "gcp-reads:{quota_project}:{credentials_file}:"
                     "{impersonate_service_account}",
              .per_second = 0.8,
              .burst = 10},
    .settings = settings_table,
    .identity = adc_settings,
    .takes_known = true,
    .retention_ms = audit_retention_ms,
    .check = sets_check,
    .expand = sets_expand,
    .filter = lql_sink,
    .open = audit_open,
    .poll = audit_poll,
    .self = audit_self,
    .examine = audit_examine,
    .close = audit_close,
};
