#include "azure/activity.h"

#include "azure/activity_expand.h"
#include "azure/claims.h"
#include "azure/grant.h"
#include "azure/pages.h"
#include "azure/shapes.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

/*
 * Microsoft promises 3 to 20 minutes from an event to its place in the log; incidents
 * took longer. The last pass looks again after two hours.
 */
static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {3LL * MS_PER_MINUTE, 10LL * MS_PER_MINUTE, 25LL * MS_PER_MINUTE,
               2LL * MS_PER_HOUR},
    .span_ms = 6LL * MS_PER_HOUR,
    .grain_ms = MS_PER_SECOND,
    .retention_ms = 90LL * MS_PER_DAY,
};

static const struct setting settings_table[] = {
    {.name = "subscriptions",
     .type = SETTING_LIST,
     .pattern = "a-fA-F0-9-",
     .help = "The ids of the subscriptions to read; without it, every subscription that "
             "this identity can see."},
    {.name = "management_groups",
     .type = SETTING_LIST,
     .pattern = "a-zA-Z0-9_.()-",
     .help = "Management groups whose subscriptions, at any depth, are read."},
    {.name = "include",
     .type = SETTING_LIST,
     .help = "Of the discovered subscriptions, only those whose id or name fits one of "
             "these patterns."},
    {.name = "exclude",
     .type = SETTING_LIST,
     .help = "Of the discovered subscriptions, not those whose id or name fits one of "
             "these patterns."},
    {.name = "tenant_level",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "Whether to read the tenant-level log, too: elevateAccess is nowhere else. "
             "Needs Reader at /providers/Microsoft.Insights."},
    {.name = "claims",
     .type = SETTING_CHOICE,
     .fallback = "minimal",
     .choices = claims_choices,
     .help = "How much of the caller's token an event may carry: minimal (who, which "
             "application, from where), all, or none."},
    API_SETTINGS,
    {.type = SETTING_END},
};

struct session {
    struct pages pages;
    char *path;
    char *denied;
};

static void activity_close(struct session *session)
{
    if (session != NULL) {
        pages_clear(&session->pages);
        free(session->path);
        free(session->denied);
        free(session);
    }
}

/* Only who may do everything may grant anything above the subscriptions. */
static const char elevate[] =
    ", as a Global Administrator with elevated access (az rest --method POST --url "
    "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01)";

/* subscription: NULL for the tenant level. session's api is open. */
static void describe(struct session *session, const char *subscription)
{
    static const char values[] = "/providers/Microsoft.Insights/eventtypes/management/"
                                 "values";
    char *scope = subscription == NULL ? mem_dup("/providers/Microsoft.Insights")
                                       : mem_format("/subscriptions/%s", subscription);
    session->path = mem_format("%s%s", subscription == NULL ? "" : scope, values);
    char *command = grant_reader(session->pages.api.identity, scope);
    session->denied = mem_format("this identity may not read the log; grant it: %s%s",
                                 command, subscription == NULL ? elevate : "");
    free(command);
    free(scope);
    session->pages.log = (struct pages_log){
        .shape = &record_shape_azure_activity,
        .link_key = "nextLink",
        .path = session->path,
        /* $select would lose the caller. */
        .filter = "api-version=2015-04-01&$filter=eventTimestamp%20ge%20%27{}%27%20and"
                  "%20eventTimestamp%20le%20%27{}%27",
        .denied = session->denied,
    };
}

static bool activity_open(const json_t *settings, const struct runtime *runtime,
                          struct session **session, struct error *err)
{
    struct session *made = mem_new(1, sizeof(*made));
    if (!api_open(&made->pages.api, API_MANAGEMENT, settings, runtime, err)) {
        activity_close(made);
        return false;
    }
    describe(made, json_string_value(json_object_get(settings, "subscription")));
    *session = made;
    return true;
}

static bool activity_poll(struct session *session, const struct slice *slice,
                          const json_t *place, struct page *page, struct error *err)
{
    return pages_poll(&session->pages, slice, place, page, err) ||
           error_context(err, "activity log %s", session->path);
}

const struct provider provider_azure_activity = {
    .name = "azure-activity",
    .help = "Azure Activity Log of subscriptions and of the tenant level, by the REST "
            "API.",
    .shape = &record_shape_azure_activity,
    .slicing = &slicing,
    /* Each subscription and principal has a bucket of 250 reads; 25 a second come back.
     */
    .quota = {.key = "azure-reads:{account}:{client_id}", .per_second = 20, .burst = 100},
    .settings = settings_table,
    .identity = identity_settings,
    .expand = activity_expand,
    .open = activity_open,
    .poll = activity_poll,
    .close = activity_close,
};
