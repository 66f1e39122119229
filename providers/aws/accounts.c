#include "aws/accounts.h"

#include "aws/ec2.h"
#include "aws/endpoint.h"
#include "aws/organizations.h"
#include "aws/partition.h"
#include "aws/sts.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/object.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ARN_LIMIT = 4096 };

/* An entry while it is expanded. */
struct expansion {
    const json_t *entry;
    const struct runtime *runtime;
    const struct partition *partition;
    json_t *listed; /* an object whose keys are regions; NULL: each account is asked */
    json_t *sources;
};

static bool is_all(const json_t *regions)
{
    const char *first = json_string_value(json_array_get(regions, 0));
    return first != NULL && strcmp(first, "all") == 0;
}

/* Does text match one of the globs that are named so? */
static bool matches(const json_t *entry, const char *name, const char *text)
{
    const json_t *globs = json_object_get(entry, name);
    bool found = false;
    for (size_t i = 0; i < json_array_size(globs); i++) {
        const char *glob = json_string_value(json_array_get(globs, i));
        found =
            found || (glob != NULL && text_matches_glob(bytes_of(text), bytes_of(glob)));
    }
    return found;
}

/* The ARN of pattern's role with {account} filled in. */
static json_t *fill_in(const char *pattern, const char *account)
{
    static const char word[] = "{account}";
    struct buf arn;
    buf_init(&arn, ARN_LIMIT);
    const char *at = NULL;
    while ((at = strstr(pattern, word)) != NULL) {
        buf_add(&arn, pattern, (size_t)(at - pattern));
        buf_add_text(&arn, account);
        pattern = at + sizeof(word) - 1;
    }
    buf_add_text(&arn, pattern);
    json_t *text = json_string(buf_text(&arn));
    buf_clear(&arn);
    return text;
}

/* Sets role_arn to the roles for account; those of no account are all that NULL has. */
static void set_roles(json_t *settings, const char *account, const char *region)
{
    const json_t *patterns = json_object_get(settings, "role_arn");
    const char *role = object_text(settings, "role");
    json_t *arns = json_array();
    bool has_dropped = role != NULL && account == NULL;
    for (size_t i = 0; i < json_array_size(patterns); i++) {
        const char *pattern = json_string_value(json_array_get(patterns, i));
        bool is_of_account = strstr(pattern, "{account}") != NULL;
        if (!is_of_account || account != NULL) {
            json_array_append_new(arns, fill_in(pattern, account == NULL ? "" : account));
        }
        has_dropped = has_dropped || (is_of_account && account == NULL);
    }
    if (role != NULL && account != NULL) {
        role += role[0] == '/' ? 1 : 0;
        json_array_append_new(arns,
                              json_sprintf("arn:%s:iam::%s:role/%s",
                                           partition_of(region)->name, account, role));
    }
    if (has_dropped) {
        json_object_del(settings, "external_id"); /* it is the last role's */
    }
    json_object_set_new(settings, "role_arn", arns);
}

/* The same in every region, or there would be one identity a region. */
static void set_sts(json_t *settings, const char *region)
{
    const char *home = object_text(settings, "sts_region");
    home = home == NULL ? partition_of(region)->global_region : home;
    char *configured = object_text(settings, "sts_endpoint") != NULL
                           ? NULL
                           : endpoint_configured("sts", home, settings);
    if (configured != NULL) {
        json_object_set_new(settings, "sts_endpoint", json_string(configured));
        json_object_set_new(settings, "sts_region", json_string(home));
    }
    free(configured);
}

json_t *accounts_settings(const json_t *settings, const char *account, const char *region)
{
    json_t *own = json_copy((json_t *)settings);
    set_roles(own, account, region);
    set_sts(own, region);
    return own;
}

static const struct partition *partition_for(const json_t *entry)
{
    const char *named = object_text(entry, "partition");
    const json_t *regions = json_object_get(entry, "regions");
    const char *region = object_text(entry, "region");
    if (region == NULL && !is_all(regions)) {
        region = json_string_value(json_array_get(regions, 0));
    }
    const struct partition *found = named == NULL ? NULL : partition_find(named);
    return found != NULL ? found : partition_of(region == NULL ? "" : region);
}

/* The accounts that may be meant: their names by id. */
static bool find_accounts(const struct expansion *expansion, json_t **accounts,
                          struct error *err)
{
    const json_t *entry = expansion->entry;
    if (json_is_true(json_object_get(entry, "organization"))) {
        const char *region = expansion->partition->organizations_region;
        json_t *base = accounts_settings(entry, NULL, region);
        bool ok = organizations_accounts(base, expansion->runtime, region, accounts, err);
        json_decref(base);
        return ok;
    }
    *accounts = json_object();
    const json_t *listed = json_object_get(entry, "accounts");
    for (size_t i = 0; i < json_array_size(listed); i++) {
        json_object_set_new(*accounts, json_string_value(json_array_get(listed, i)),
                            json_string(""));
    }
    const char *single = object_text(entry, "account");
    if (single != NULL) {
        json_object_set_new(*accounts, single, json_string(""));
    }
    return true;
}

static bool is_chosen(const json_t *entry, const char *id, const char *name)
{
    bool is_included = json_object_get(entry, "include_accounts") == NULL ||
                       matches(entry, "include_accounts", id) ||
                       matches(entry, "include_accounts", name);
    return is_included && !matches(entry, "exclude_accounts", id) &&
           !matches(entry, "exclude_accounts", name);
}

static void add_source(const struct expansion *expansion, const char *account,
                       const char *region, const char *name)
{
    json_t *source = json_copy((json_t *)expansion->entry);
    json_object_set_new(source, "account", json_string(account));
    json_object_set_new(source, "region", json_string(region));
    json_object_set_new(source, "name", json_string(name));
    json_array_append_new(expansion->sources, source);
}

/* The account's sources; regions may be NULL where none could be found out. */
static void add_account(const struct expansion *expansion, const char *account,
                        const json_t *regions)
{
    const char *region = NULL;
    const json_t *ignored = NULL;
    json_object_foreach((json_t *)regions, region, ignored)
    {
        if (!matches(expansion->entry, "exclude_regions", region)) {
            char *name = mem_format("%s-%s", account, region);
            add_source(expansion, account, region, name);
            free(name);
        }
    }
}

/* Tells the bridge that nothing was found out about account, and why. */
static void add_failure(const struct expansion *expansion, const char *account,
                        const struct error *failure)
{
    json_array_append_new(expansion->sources,
                          json_pack("{s:s, s:s, s:s}", "account", account, "failed",
                                    failure->text, "kind",
                                    error_kind_name(failure->kind)));
}

/* False only when there is no going on. */
static bool expand_account(const struct expansion *expansion, const char *account,
                           struct error *err)
{
    const char *global = expansion->partition->global_region;
    if (expansion->listed != NULL) {
        add_account(expansion, account, expansion->listed);
        return true;
    }
    struct error failure = {0};
    json_t *regions = NULL;
    json_t *own = accounts_settings(expansion->entry, account, global);
    bool ok = ec2_regions(own, expansion->runtime, global, &regions, &failure);
    json_decref(own);
    if (ok) {
        json_object_set_new(regions, global, json_true());
        add_account(expansion, account, regions);
        json_decref(regions);
        return true;
    }
    if (failure.kind == ERROR_STOPPED) {
        *err = failure;
        return false;
    }
    add_failure(expansion, account, &failure);
    return true;
}

static bool expand_accounts(const struct expansion *expansion, struct error *err)
{
    json_t *accounts = NULL;
    if (!find_accounts(expansion, &accounts, err)) {
        return false;
    }
    bool ok = true;
    const char *id = NULL;
    json_t *name = NULL;
    json_object_foreach(accounts, id, name)
    {
        if (ok && is_chosen(expansion->entry, id, json_string_value(name))) {
            ok = expand_account(expansion, id, err);
        }
    }
    size_t count = json_object_size(accounts);
    json_decref(accounts);
    if (ok && json_array_size(expansion->sources) == 0) {
        ok = error_set(err, ERROR_CONFIG,
                       "nothing is left of %zu account%s; see include_accounts, "
                       "exclude_accounts and exclude_regions",
                       count, count == 1 ? "" : "s");
    }
    return ok;
}

/* Regions as the entry lists them, and the global one; NULL: all. */
static json_t *list_regions(const struct expansion *expansion)
{
    const json_t *regions = json_object_get(expansion->entry, "regions");
    if (is_all(regions)) {
        return NULL;
    }
    json_t *listed = json_object();
    for (size_t i = 0; i < json_array_size(regions); i++) {
        json_object_set_new(listed, json_string_value(json_array_get(regions, i)),
                            json_true());
    }
    const char *single = object_text(expansion->entry, "region");
    json_object_set_new(listed,
                        single == NULL ? expansion->partition->global_region : single,
                        json_true());
    return listed;
}

static void warn_of_exclusion(const struct expansion *expansion)
{
    const char *global = expansion->partition->global_region;
    if (matches(expansion->entry, "exclude_regions", global)) {
        log_write_take(LOG_WARN, LOG_CONFIG_WARNING, NULL,
                       json_pack("{s:s, s:s}", "reason",
                                 "exclude_regions leaves out the region that alone shows "
                                 "IAM, STS and sign-in events",
                                 "region", global));
    }
}

bool accounts_expand(const json_t *settings, const struct runtime *runtime,
                     json_t **sources, struct error *err)
{
    if (!accounts_check(settings, err)) {
        return false;
    }
    struct expansion expansion = {.entry = settings,
                                  .runtime = runtime,
                                  .partition = partition_for(settings),
                                  .sources = json_array()};
    bool ok = true;
    if (object_text(settings, "account") != NULL &&
        object_text(settings, "region") != NULL) {
        add_source(&expansion, object_text(settings, "account"),
                   object_text(settings, "region"), "");
    } else {
        expansion.listed = list_regions(&expansion);
        warn_of_exclusion(&expansion);
        ok = expand_accounts(&expansion, err);
        json_decref(expansion.listed);
    }
    if (!ok) {
        json_decref(expansion.sources);
        return false;
    }
    *sources = expansion.sources;
    return true;
}
