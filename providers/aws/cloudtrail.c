#include "aws/cloudtrail.h"

#include "aws/accounts.h"
#include "aws/client.h"
#include "aws/partition.h"
#include "aws/walk.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/timestamp.h"
#include "record/answer.h"

#include <stdlib.h>

enum { REQUEST_MAX = 1 << 17 };

const struct record_shape record_shape_cloudtrail = {
    .name = "aws-cloudtrail",
    .cloud = "aws",
    .module = "aws",
    .dataset = "aws.cloudtrail",
    .vendor = "AWS",
    .product = "CloudTrail",
    .wrappers = {{.array_key = "Records"},
                 {.array_key = "Events",
                  .string_key = "CloudTrailEvent",
                  .context_key = "Resources"}},
    .id_prefix = "aws",
    .id_parts = {{RECORD_ID_OR_ACCOUNT, "recipientAccountId"},
                 {RECORD_ID_PATH, "eventID"}},
    .time_path = "eventTime",
    .service_path = "eventSource",
    .operation_path = "eventName",
    .account_path = "recipientAccountId",
    .region_path = "awsRegion",
    .actor_paths = {"userIdentity.arn", "userIdentity.accessKeyId"},
    .strip_versions = true,
};

/*
 * CloudTrail promises no delay; over 2,900 real events the median was 3.4 minutes
 * and the longest 9.9. The last pass looks again after an hour.
 */
static const struct slicing slicing = {
    .passes = 4,
    .age_ms = {MS_PER_MINUTE, 5LL * MS_PER_MINUTE, 10LL * MS_PER_MINUTE, MS_PER_HOUR},
    .span_ms = MS_PER_HOUR,
    .grain_ms = MS_PER_SECOND,
    .retention_ms = 90LL * MS_PER_DAY,
};

static const struct setting settings_table[] = {
    {.name = "account",
     .type = SETTING_TEXT,
     .pattern = "0-9",
     .help = "The 12-digit id of the one account that is read; it is part of event ids."},
    {.name = "accounts",
     .type = SETTING_LIST,
     .pattern = "0-9",
     .help = "The 12-digit ids of several accounts, each read by its role."},
    {.name = "organization",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help = "Reads every account that AWS Organizations lists, asked each hour."},
    {.name = "include_accounts",
     .type = SETTING_LIST,
     .help = "Globs of ids or names: of accounts and organization, only these are read."},
    {.name = "exclude_accounts",
     .type = SETTING_LIST,
     .help = "Globs of ids or names that are not read."},
    {.name = "role",
     .type = SETTING_TEXT,
     .pattern = "a-zA-Z0-9_+=,.@/-",
     .help = "The name, with its path, of the role to assume in each account."},
    {.name = "region",
     .type = SETTING_TEXT,
     .pattern = "a-z0-9-",
     .help = "The one region whose events are read, such as eu-west-2."},
    {.name = "regions",
     .type = SETTING_LIST,
     .pattern = "a-z0-9-",
     .help = "Several regions, or [all] for those that each account has enabled; the "
             "region of IAM, STS and sign-in events is always among them."},
    {.name = "exclude_regions",
     .type = SETTING_LIST,
     .help = "Globs of regions that are not read."},
    {.name = "partition",
     .type = SETTING_CHOICE,
     .choices = partition_names,
     .help = "The AWS partition whose regions [all] means; when not said that of the "
             "regions that are named, else aws."},
    {.name = "read_only",
     .type = SETTING_BOOL,
     .fallback = "true",
     .help = "false leaves out events that only read, but for those that give somebody a "
             "role or a session."},
    {.name = "endpoint",
     .type = SETTING_URL,
     .help = "Another address of CloudTrail, such as a VPC endpoint's."},
    {.name = "endpoints",
     .type = SETTING_MAP,
     .help = "Other addresses by service: cloudtrail, sts, ec2, organizations."},
    {.name = "fips",
     .type = SETTING_BOOL,
     .fallback = "false",
     .help =
         "Asks the FIPS 140 endpoints, which only American and Canadian regions have."},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "A PEM file of the authorities to trust instead of the system's."},
    {.name = "requests_per_second",
     .type = SETTING_DECIMAL,
     .max = 1000,
     .help = "requests a second, when not the 1.8 of the 2 that AWS allows each account "
             "and region, for all its readers together"},
    IDENTITY_SETTINGS,
    {.type = SETTING_END},
};

struct session {
    struct client client;
    struct walk walk;
    json_t *self;
};

static void cloudtrail_close(struct session *session)
{
    if (session != NULL) {
        client_clear(&session->client);
        walk_clear(&session->walk);
        json_decref(session->self);
        free(session);
    }
}

static bool cloudtrail_open(const json_t *settings, const struct runtime *runtime,
                            struct session **session, struct error *err)
{
    const char *region = object_text(settings, "region");
    const char *account = object_text(settings, "account");
    if (region == NULL || account == NULL) {
        return error_set(err, ERROR_CONFIG, "account and region: must be set");
    }
    struct session *made = mem_new(1, sizeof(*made));
    made->client.runtime = runtime;
    made->client.service = "cloudtrail";
    made->client.region = mem_dup(region);
    made->walk.has_parts = json_is_false(json_object_get(settings, "read_only"));
    json_t *own = accounts_settings(settings, account, region);
    char *configured = endpoint_configured("cloudtrail", region, own);
    bool ok = client_open(&made->client, own, configured, err);
    free(configured);
    json_decref(own);
    if (!ok) {
        cloudtrail_close(made);
        return error_context(err, "account %s", account);
    }
    made->self = identity_names(made->client.identity);
    *session = made;
    return true;
}

/* Sends what the walk asks next. */
static bool ask(struct session *session, struct http_response *response,
                struct fault *fault, struct error *err)
{
    struct buf body;
    buf_init(&body, REQUEST_MAX);
    walk_write(&session->walk, &body);
    const struct client_call call = {
        .target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
        .action = "cloudtrail:LookupEvents",
        .body = buf_bytes(&body),
        .limit = PAGE_BODY_MAX,
    };
    bool ok = client_send(&session->client, &call, response, fault, err);
    buf_clear(&body);
    return ok;
}

/* May the request that failed be asked in another way, from place? */
static bool change(struct walk *walk, const json_t *place, const struct fault *fault,
                   struct error *err)
{
    if (err->kind == ERROR_TOO_BIG) {
        return walk_shrink(walk, place);
    }
    if (strcmp(fault->code, "InvalidNextTokenException") == 0) {
        return walk_restart(walk, place);
    }
    if (strcmp(fault->code, "InvalidTimeRangeException") == 0) {
        char start[TIMESTAMP_TEXT_SIZE];
        char end[TIMESTAMP_TEXT_SIZE];
        timestamp_format(walk->start_s * MS_PER_SECOND, start);
        timestamp_format(walk->end_s * MS_PER_SECOND, end);
        error_set(err, ERROR_CONFIG,
                  "InvalidTimeRangeException: %s to %s is not within the last 90 days; "
                  "check lookback and this machine's clock",
                  start, end);
    }
    return false;
}

/* An event without a time takes its newer neighbour's: its id is kept long enough. */
static void fill_times(struct page *page, int64_t newest_ms)
{
    for (size_t i = 0; i < page->record_count; i++) {
        if (page->record_ms[i] == INT64_MIN) {
            page->record_ms[i] = i == 0 ? newest_ms : page->record_ms[i - 1];
        }
    }
}

static bool take(struct session *session, struct http_response *response,
                 struct page *page, struct error *err)
{
    struct answer_text token = {.key = "NextToken"};
    page->body = response->body; /* now the page's */
    response->body = (struct buf){0};
    if (!answer_split(&record_shape_cloudtrail, &token, 1, page, err)) {
        return false;
    }
    if (token.text != NULL && token.text[0] == '\0') {
        free(token.text); /* as good as none */
        token.text = NULL;
    }
    fill_times(page, session->walk.end_s * MS_PER_SECOND);
    walk_advance_take(&session->walk, page, token.text);
    return true;
}

static bool cloudtrail_poll(struct session *session, const struct slice *slice,
                            const json_t *place, struct page *page, struct error *err)
{
    struct error failure = {0};
    struct fault fault;
    struct http_response response = {0};
    walk_resume(&session->walk, slice, place);

    bool ok = ask(session, &response, &fault, &failure);
    while (!ok && change(&session->walk, place, &fault, &failure)) {
        http_response_clear(&response);
        ok = ask(session, &response, &fault, &failure);
    }
    page->date_ms = response.date_ms;
    ok = ok && take(session, &response, page, &failure);
    http_response_clear(&response);
    if (!ok) {
        error_context(&failure, "cloudtrail %s", session->client.region);
        if (err != NULL) {
            *err = failure;
        }
    }
    return ok;
}

static const json_t *cloudtrail_self(const struct session *session)
{
    return session->self;
}

const struct provider provider_aws_cloudtrail = {
    .name = "aws-cloudtrail",
    .help = "AWS CloudTrail management events of accounts and regions, by LookupEvents.",
    .shape = &record_shape_cloudtrail,
    .slicing = &slicing,
    /* AWS allows two a second, shared with consoles and every other tool. */
    .quota = {.key = "aws-lookup:{account}:{region}", .per_second = 1.8, .burst = 1},
    .settings = settings_table,
    .check = accounts_check,
    .expand = accounts_expand,
    .open = cloudtrail_open,
    .poll = cloudtrail_poll,
    .self = cloudtrail_self,
    .close = cloudtrail_close,
};
