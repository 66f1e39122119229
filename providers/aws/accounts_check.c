#include "aws/accounts.h"
#include "base/bytes.h"
#include "config/url.h"

#include <string.h>

enum { ACCOUNT_SIZE = 12 };

static size_t count_of(const json_t *settings, const char *name)
{
    return json_array_size(json_object_get(settings, name));
}

static bool has(const json_t *settings, const char *name)
{
    const json_t *value = json_object_get(settings, name);
    return value != NULL && !json_is_false(value);
}

static bool is_account(const char *text)
{
    return text != NULL && strlen(text) == ACCOUNT_SIZE &&
           strspn(text, "0123456789") == ACCOUNT_SIZE;
}

/* The places that say which accounts: one of them must. */
static bool check_accounts(const json_t *settings, struct error *err)
{
    const json_t *account = json_object_get(settings, "account");
    int said = has(settings, "account") + has(settings, "accounts") +
               has(settings, "organization");
    if (said != 1) {
        return error_set(err, ERROR_CONFIG,
                         "say one of account (an id), accounts (a list of them) and "
                         "organization: true");
    }
    bool is_good = account == NULL || is_account(json_string_value(account));
    const json_t *accounts = json_object_get(settings, "accounts");
    for (size_t i = 0; i < json_array_size(accounts); i++) {
        is_good = is_good && is_account(json_string_value(json_array_get(accounts, i)));
    }
    if (!is_good) {
        return error_set(err, ERROR_CONFIG,
                         "account%s: must be the account's id of %d digits, in quotes",
                         account == NULL ? "s" : "", ACCOUNT_SIZE);
    }
    if (account != NULL &&
        (has(settings, "include_accounts") || has(settings, "exclude_accounts"))) {
        return error_set(err, ERROR_CONFIG,
                         "include_accounts and exclude_accounts choose among accounts or "
                         "an organization; remove them");
    }
    return true;
}

static bool check_regions(const json_t *settings, struct error *err)
{
    const json_t *regions = json_object_get(settings, "regions");
    if (has(settings, "region") == (regions != NULL)) {
        return error_set(err, ERROR_CONFIG,
                         "say either region (one) or regions (a list, or [all])");
    }
    for (size_t i = 0; json_array_size(regions) > 1 && i < json_array_size(regions);
         i++) {
        const char *region = json_string_value(json_array_get(regions, i));
        if (region != NULL && strcmp(region, "all") == 0) {
            return error_set(err, ERROR_CONFIG,
                             "regions: [all] stands alone; remove it or the others");
        }
    }
    if (regions == NULL && has(settings, "exclude_regions")) {
        return error_set(err, ERROR_CONFIG,
                         "exclude_regions: there are no regions to exclude from; "
                         "remove it, or say regions: [all]");
    }
    return true;
}

/* One identity can read one account: others need a role each. */
static bool check_roles(const json_t *settings, struct error *err)
{
    const json_t *arns = json_object_get(settings, "role_arn");
    bool is_any = has(settings, "role");
    for (size_t i = 0; i < json_array_size(arns); i++) {
        const char *arn = json_string_value(json_array_get(arns, i));
        is_any = is_any || (arn != NULL && strstr(arn, "{account}") != NULL);
    }
    if (!is_any &&
        (has(settings, "organization") || count_of(settings, "accounts") > 1)) {
        return error_set(err, ERROR_CONFIG,
                         "role: must be the name of the role to assume in each account");
    }
    return true;
}

static bool check_endpoints(const json_t *settings, struct error *err)
{
    static const char *const services[] = {"cloudtrail", "sts", "ec2", "organizations"};
    const json_t *urls = json_object_get(settings, "endpoints");
    size_t known = 0;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        const char *url = json_string_value(json_object_get(urls, services[i]));
        const char *fault = url == NULL ? NULL : url_fault(url);
        known += url == NULL ? 0 : 1;
        if (fault != NULL) {
            return error_set(err, ERROR_CONFIG, "endpoints: %s %s", services[i], fault);
        }
    }
    if (known < json_object_size(urls)) {
        return error_set(err, ERROR_CONFIG,
                         "endpoints: may hold cloudtrail, sts, ec2 and organizations");
    }
    if ((has(settings, "endpoint") && json_object_get(urls, "cloudtrail") != NULL) ||
        (has(settings, "sts_endpoint") && json_object_get(urls, "sts") != NULL)) {
        return error_set(err, ERROR_CONFIG,
                         "endpoints: says again what %s says; keep one of them",
                         has(settings, "endpoint") ? "endpoint" : "sts_endpoint");
    }
    return true;
}

bool accounts_check(const json_t *settings, struct error *err)
{
    return check_accounts(settings, err) && check_regions(settings, err) &&
           check_roles(settings, err) && check_endpoints(settings, err);
}
