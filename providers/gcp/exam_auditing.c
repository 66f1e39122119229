#include "gcp/exam_parts.h"

#include "base/mem.h"
#include "gcp/lql.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 12 }; /* an organisation has at most ten levels of folders */

/*
 * What has to be on for 2c. That of iamcredentials cannot be turned on by itself: it goes
 * with IAM's (Google's page "Service Account Credentials audit logging", its notes).
 */
static const struct need {
    const char *read;     /* the service in entries */
    const char *switched; /* the service in auditConfigs */
    const char *shows;
} needs[] = {
    {"iamcredentials.googleapis.com", "iam.googleapis.com",
     "tokens made for service accounts"},
    {"sts.googleapis.com", "sts.googleapis.com", "workloads of other clouds signing in"},
};
enum { NEEDS = sizeof(needs) / sizeof(needs[0]) };

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* Do configs turn ADMIN_READ on for service? *is_short: with members left out. */
static bool is_on(const json_t *configs, const char *service, bool *is_short)
{
    bool found = false;
    size_t i = 0;
    json_t *config = NULL;
    json_array_foreach((json_t *)configs, i, config)
    {
        const char *of = text_of(config, "service");
        if (strcmp(of, service) != 0 && strcmp(of, "allServices") != 0) {
            continue;
        }
        size_t j = 0;
        json_t *log = NULL;
        json_array_foreach(json_object_get(config, "auditLogConfigs"), j, log)
        {
            bool fits = strcmp(text_of(log, "logType"), "ADMIN_READ") == 0;
            found = found || fits;
            *is_short =
                *is_short ||
                (fits && json_array_size(json_object_get(log, "exemptedMembers")) > 0);
        }
    }
    return found;
}

/* What was found on the way up from one name. */
struct climb {
    bool is_on;
    bool is_short;
    const char *blind; /* the first whose policy or parent may not be read; or NULL */
};

/* What is on above holds below. */
static struct climb look_up(struct exam *exam, const char *name, const struct need *need)
{
    struct climb climb = {0};
    const char *at = name;
    for (int depth = 0; depth < DEPTH_MAX && at != NULL && at[0] != '\0'; depth++) {
        const json_t *configs = manager_audits(&exam->manager, at);
        climb.is_on = is_on(configs, need->switched, &climb.is_short) || climb.is_on;
        const char *parent = manager_parent(&exam->manager, at);
        bool is_blind = configs == NULL || parent == NULL;
        climb.blind = climb.blind == NULL && is_blind ? at : climb.blind;
        at = parent;
    }
    return climb;
}

/* The command that turns need on for name, and leaves the rest as it is. */
static char *write_command(const char *name, const struct need *need)
{
    char *get = exam_command(name, "get-iam-policy");
    char *set = exam_command(name, "set-iam-policy");
    char *text =
        mem_format("%s --format=json | jq '.auditConfigs += [{\"service\":\"%s\","
                   "\"auditLogConfigs\":[{\"logType\":\"ADMIN_READ\"},{\"logType\":"
                   "\"DATA_READ\"}]}]'"
                   " > policy.json && %s policy.json",
                   get, need->switched, set);
    free(get);
    free(set);
    return text;
}

/* Names with the same to say, until it is said. */
struct group {
    size_t off;
    size_t blind;
    size_t on;
    size_t exempting;
};

static void take_name(struct exam *exam, const struct need *need, const char *name,
                      struct group *group)
{
    struct climb climb = look_up(exam, name, need);
    if (climb.is_on) {
        group->on++;
        group->exempting += climb.is_short;
    } else if (climb.blind != NULL) {
        if (group->blind++ == 0) {
            exam_tell_take(
                exam, "warning",
                mem_format("2c: whether %s (%s) are audited at %s cannot be said, for "
                           "the policy of %s may not be read; grant "
                           "roles/iam.securityReviewer to find out",
                           need->shows, need->read, name, climb.blind));
        }
    } else if (group->off++ < EXAM_NAMES_MAX) {
        char *command = write_command(name, need);
        exam_tell_take(exam, "warning",
                       mem_format("2c is not visible at %s: Data Access auditing is off "
                                  "for %s (%s); turn it on there or above: %s",
                                  name, need->read, need->shows, command));
        free(command);
    }
}

static void ask_of_all(struct exam *exam, const struct need *need)
{
    struct group group = {0};
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach((json_t *)exam->entries->resources, i, item)
    {
        const char *name = json_string_value(item);
        if (manager_knows(name)) {
            take_name(exam, need, name, &group);
        }
    }
    exam_tell_rest(exam, "warning", group.off, "where 2c is not visible");
    if (group.blind > 1) {
        exam_tell_take(exam, "warning",
                       mem_format("2c: nor can it be said of %zu more", group.blind - 1));
    }
    if (group.exempting > 0) {
        exam_tell_take(exam, "warning",
                       mem_format("2c: members are exempted from auditing of %s at %zu "
                                  "of them: what they do is not seen "
                                  "(exemptedMembers in auditConfigs)",
                                  need->read, group.exempting));
    }
    if (group.on > 0) {
        exam_tell_take(exam, "ok",
                       mem_format("2c: %s are audited at %zu (%s)", need->shows, group.on,
                                  need->read));
    }
}

void exam_auditing(struct exam *exam)
{
    const json_t *settings = exam->entries->settings;
    if (!lql_reads(settings, "data_access")) {
        exam_tell_take(exam, "warning",
                       mem_dup("2c is not visible: \"logs\" leaves data_access out"));
        return;
    }
    for (size_t i = 0; i < NEEDS && !exam->is_closed; i++) {
        if (lql_reads_service(settings, needs[i].read)) {
            ask_of_all(exam, &needs[i]);
        } else {
            exam_tell_take(
                exam, "warning",
                mem_format("2c is not visible: \"data_access_services\" leaves "
                           "%s out (%s)",
                           needs[i].read, needs[i].shows));
        }
    }
}
