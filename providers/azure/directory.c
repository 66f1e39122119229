#include "azure/directory.h"

#include "azure/grant.h"
#include "azure/pages.h"
#include "azure/shapes.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

/* Entra promises nothing of how late an event may show; it is looked for like ARM's. */
static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {3LL * MS_PER_MINUTE, 10LL * MS_PER_MINUTE, 30LL * MS_PER_MINUTE,
               2LL * MS_PER_HOUR},
    .span_ms = 24LL * MS_PER_HOUR,
    .grain_ms = MS_PER_SECOND,
    .retention_ms = 30LL * MS_PER_DAY,
};

static const struct setting settings_table[] = {
    API_SETTINGS,
    {.name = "retention",
     .type = SETTING_DURATION,
     .min = MS_PER_DAY,
     .max = 30LL * MS_PER_DAY,
     .help = "how long the tenant keeps its log, when not 30d: 7d without a licence"},
    {.type = SETTING_END},
};

static const struct pages_log audit_log = {
    .shape = &record_shape_entra_audit,
    .link_key = "@odata.nextLink",
    .path = "/v1.0/auditLogs/directoryAudits",
    /* Graph's times are not quoted. */
    .filter = "$filter=activityDateTime%20ge%20{}%20and%20activityDateTime%20le%20{}"
              "&$orderby=activityDateTime&$top=999",
};

static const struct pages_log signin_log = {
    .shape = &record_shape_entra_signin,
    .link_key = "@odata.nextLink",
    .path = "/v1.0/auditLogs/signIns",
    .filter = "$filter=createdDateTime%20ge%20{}%20and%20createdDateTime%20le%20{}"
              "&$orderby=createdDateTime&$top=999",
};

struct session {
    struct pages pages;
    char *denied;
};

static bool directory_expand(const json_t *settings, const struct runtime *runtime,
                             json_t **sources, struct error *err)
{
    (void)runtime;
    const char *tenant = api_tenant(settings);
    if (tenant == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "tenant_id: must be set, here or in AZURE_TENANT_ID; it is part "
                         "of event ids");
    }
    json_t *source = json_deep_copy(settings);
    json_object_set_new(source, "name", json_string(""));
    json_object_set_new(source, "account", json_string(tenant));
    *sources = json_array();
    json_array_append_new(*sources, source);
    return true;
}

static void directory_close(struct session *session)
{
    if (session != NULL) {
        pages_clear(&session->pages);
        free(session->denied);
        free(session);
    }
}

static bool open_log(const struct pages_log *log, const json_t *settings,
                     const struct runtime *runtime, struct session **session,
                     struct error *err)
{
    struct session *made = mem_new(1, sizeof(*made));
    made->pages.log = *log;
    if (!api_open(&made->pages.api, API_GRAPH, settings, runtime, err)) {
        directory_close(made);
        return false;
    }
    char *command = grant_graph(made->pages.api.identity, made->pages.api.audience);
    made->denied = mem_format("it needs AuditLog.Read.All and Directory.Read.All of "
                              "Microsoft Graph: %s",
                              command);
    made->pages.log.denied = made->denied;
    free(command);
    *session = made;
    return true;
}

static bool audit_open(const json_t *settings, const struct runtime *runtime,
                       struct session **session, struct error *err)
{
    return open_log(&audit_log, settings, runtime, session, err);
}

static bool signin_open(const json_t *settings, const struct runtime *runtime,
                        struct session **session, struct error *err)
{
    return open_log(&signin_log, settings, runtime, session, err);
}

static bool directory_poll(struct session *session, const struct slice *slice,
                           const json_t *place, struct page *page, struct error *err)
{
    return pages_poll(&session->pages, slice, place, page, err) ||
           error_context(err, "graph %s", session->pages.log.path);
}

/*
 * Five requests in ten seconds for each application and tenant, over all of these logs:
 * with a burst of one, no ten seconds ever see a sixth.
 */
#define GRAPH_QUOTA                                                                      \
    {                                                                                    \
        .key = "graph-reports:{account}:{client_id}", .per_second = 0.45, .burst = 1     \
    }

const struct provider provider_entra_audit = {
    .name = "entra-audit",
    .help = "Microsoft Entra audit log of a tenant, by Microsoft Graph.",
    .shape = &record_shape_entra_audit,
    .slicing = &slicing,
    .quota = GRAPH_QUOTA,
    .settings = settings_table,
    .identity = identity_settings,
    .expand = directory_expand,
    .open = audit_open,
    .poll = directory_poll,
    .close = directory_close,
};

const struct provider provider_entra_signin = {
    .name = "entra-signin",
    .help = "Microsoft Entra sign-in log of a tenant (interactive), by Microsoft Graph.",
    .shape = &record_shape_entra_signin,
    .slicing = &slicing,
    .quota = GRAPH_QUOTA,
    .settings = settings_table,
    .identity = identity_settings,
    .expand = directory_expand,
    .open = signin_open,
    .poll = directory_poll,
    .close = directory_close,
};
