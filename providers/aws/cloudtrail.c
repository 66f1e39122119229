#include "aws/cloudtrail.h"

#include "aws/client.h"
#include "aws/walk.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "record/answer.h"

#include <stdlib.h>

enum { ACCOUNT_SIZE = 12, REQUEST_MAX = 1 << 17 };

const struct record_shape record_shape_cloudtrail = {
    .name = "aws-cloudtrail",
    .cloud = "aws",
    .module = "aws",
    .dataset = "aws.cloudtrail",
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
    {.name = "region",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "a-z0-9-",
     .help = "The region whose events are read, such as eu-west-2; IAM, STS and sign-in "
             "events are in us-east-1."},
    {.name = "account",
     .type = SETTING_TEXT,
     .is_required = true,
     .pattern = "0-9",
     .help = "The 12-digit id of the account that the credentials belong to; it names "
             "the source and is part of event ids."},
    {.name = "endpoint",
     .type = SETTING_URL,
     .help = "Another address of CloudTrail, such as a VPC endpoint's."},
    {.name = "ca_file",
     .type = SETTING_PATH,
     .help = "A PEM file of the authorities to trust instead of the system's."},
    {.name = "requests_per_second",
     .type = SETTING_INTEGER,
     .min = 1,
     .max = 1000,
     .help = "requests a second, when not the 1.8 of the 2 that AWS allows each account "
             "and region, for all its readers together"},
    IDENTITY_SETTINGS,
    {.type = SETTING_END},
};

struct session {
    struct client client;
    struct walk walk;
};

static const char *text_of(const json_t *settings, const char *name)
{
    return json_string_value(json_object_get(settings, name));
}

static bool check_account(const json_t *settings, struct error *err)
{
    const char *account = text_of(settings, "account");
    if (account == NULL || strlen(account) != ACCOUNT_SIZE ||
        strspn(account, "0123456789") != ACCOUNT_SIZE) {
        return error_set(err, ERROR_CONFIG,
                         "account: must be the account's id of %d digits, in quotes",
                         ACCOUNT_SIZE);
    }
    return true;
}

static bool cloudtrail_expand(const json_t *settings, const struct runtime *runtime,
                              json_t **sources, struct error *err)
{
    (void)runtime;
    if (!check_account(settings, err)) {
        return false;
    }
    json_t *source = json_deep_copy(settings);
    json_object_set_new(source, "name", json_string(""));
    *sources = json_array();
    json_array_append_new(*sources, source);
    return true;
}

static void cloudtrail_close(struct session *session)
{
    if (session != NULL) {
        client_clear(&session->client);
        walk_clear(&session->walk);
        free(session);
    }
}

static bool cloudtrail_open(const json_t *settings, const struct runtime *runtime,
                            struct session **session, struct error *err)
{
    const char *region = text_of(settings, "region");
    if (region == NULL) {
        return error_set(err, ERROR_CONFIG, "region: must be set");
    }
    if (!check_account(settings, err)) {
        return false;
    }
    struct session *made = mem_new(1, sizeof(*made));
    made->client.runtime = runtime;
    made->client.service = "cloudtrail";
    made->client.region = mem_dup(region);
    if (!client_open(&made->client, settings, text_of(settings, "endpoint"), err)) {
        cloudtrail_close(made);
        return false;
    }
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

const struct provider provider_aws_cloudtrail = {
    .name = "aws-cloudtrail",
    .help = "AWS CloudTrail management events of one account and region, by "
            "LookupEvents.",
    .shape = &record_shape_cloudtrail,
    .slicing = &slicing,
    /* AWS allows two a second, shared with consoles and every other tool. */
    .quota = {.key = "aws-lookup:{account}:{region}", .per_second = 1.8, .burst = 1},
    .settings = settings_table,
    .expand = cloudtrail_expand,
    .open = cloudtrail_open,
    .poll = cloudtrail_poll,
    .close = cloudtrail_close,
};
