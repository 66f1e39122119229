#include "sample.h"

#include "base/mem.h"
#include "config/principle.h"

#include <stdio.h>
#include <stdlib.h>

const char *const change_names[CHANGE_COUNT] = {
    "none", "create", "modify", "delete", "add", "remove", "start", "stop", "restart"};

const char *const privileged_names[PRIVILEGED_COUNT] = {"", "true", "false", "unknown"};

/* What the sample's rule says. */
enum privileged mapping_privileged(const struct mapping *mapping,
                                   const struct match *match)
{
    (void)mapping;
    return match->rule_count == 0 ? PRIVILEGED_NONE : match->rules[0]->privileged;
}

const struct record_shape *mapping_shape(const struct mapping *mapping)
{
    return &mapping->shape;
}

const char *mapping_versions(const struct mapping *mapping)
{
    return mapping->versions;
}

const char *mapping_hash(const struct mapping *mapping)
{
    (void)mapping;
    return "00ff";
}

/* Which field the sample mapping fills from where. */
static const struct {
    size_t place;
    const char *path;
} sample_fields[] = {
    {FIELD_EVENT_REASON, "reason"},
    {FIELD_CLOUD_INSTANCE_ID, "instance"},
    {FIELD_ERROR_CODE, "errorCode"},
    {FIELD_GROUP_NAME, "group"},
    {FIELD_SOURCE_ADDRESS, "sourceIPAddress"},
    {FIELD_SOURCE_IP, "sourceIPAddress"},
    {FIELD_SOURCE_PORT, "port"},
    {FIELD_USER_ID, "user.id"},
    {FIELD_USER_NAME, "user.name"},
    {FIELD_USER_ROLES, "roles[*]"},
    {FIELD_USER_TARGET_NAME, "target"},
    {FIELD_USER_AGENT_ORIGINAL, "userAgent"},
    {FIELD_MOJ_ACTOR_MFA, "mfa"},
    {FIELD_MOJ_DETAIL_ADDRESS, "addresses[*]"},
    {FIELD_MOJ_MEMBER_NAME, "members[*].name"},
    {FIELD_MOJ_ROLE_NAME, "body!.role"},
    {FIELD_MOJ_TARGET_NAME, "target"},
};
enum { SAMPLE_FIELDS = sizeof(sample_fields) / sizeof(sample_fields[0]) };

const struct mapping sample_mapping = {
    .shape = {.cloud = "aws",
              .module = "aws",
              .dataset = "aws.cloudtrail",
              .id_prefix = "aws",
              .id_parts = {{RECORD_ID_OR_ACCOUNT, "recipientAccountId"},
                           {RECORD_ID_PATH, "eventID"}},
              .time_path = "eventTime",
              .service_path = "eventSource",
              .operation_path = "eventName",
              .account_path = "recipientAccountId",
              .region_path = "awsRegion"},
    .versions = "test 1",
};

static const struct value *pick(const struct sample *sample, const char *path)
{
    for (size_t slot = 0; path != NULL && slot < paths_count(sample->paths); slot++) {
        const struct value *value = values_at(&sample->values, slot);
        if (strcmp(paths_text(sample->paths, slot), path) == 0) {
            return value->type == VALUE_NONE ? NULL : value;
        }
    }
    return NULL;
}

static struct bytes text_of(const struct value *value)
{
    bool is_text = value != NULL && value->type == VALUE_STRING;
    return is_text ? (struct bytes){value->data, value->size} : (struct bytes){0};
}

void sample_init(struct sample *sample, const struct mapping *mapping, const char *redact)
{
    *sample = (struct sample){.mapping = *mapping};
    const struct record_shape *shape = &sample->mapping.shape;
    const char *own[] = {shape->time_path, shape->service_path, shape->operation_path,
                         shape->account_path, shape->region_path};
    size_t slot = 0;
    sample->paths = paths_new();
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        paths_add(sample->paths, own[i], &slot, NULL);
    }
    for (size_t i = 0; i < RECORD_ID_PARTS && shape->id_parts[i].path != NULL; i++) {
        paths_add(sample->paths, shape->id_parts[i].path, &slot, NULL);
    }
    for (size_t i = 0; i < SAMPLE_FIELDS; i++) {
        paths_add(sample->paths, sample_fields[i].path, &slot, NULL);
    }
    paths_seal(sample->paths);
    values_init(&sample->values, sample->paths);

    buf_init(&sample->bytes, (size_t)RECORD_SIZE_MAX * 2);
    buf_init(&sample->id, 1 << 20);
    buf_init(&sample->out, (size_t)RECORD_SIZE_MAX * 8);
    sample->origin = (struct event_origin){
        .mapping = &sample->mapping, .source = "prod", .account = "000000000000"};
    json_t *tenant = json_pack("{s:s, s:s}", "owner", "team", "empty", "");
    json_t *paths = redact == NULL ? NULL : json_loads(redact, 0, NULL);
    event_origin_init(&sample->origin, tenant, paths, NULL);
    json_decref(tenant);
    json_decref(paths);
}

void sample_clear(struct sample *sample)
{
    event_origin_clear(&sample->origin);
    values_clear(&sample->values);
    paths_free(sample->paths);
    buf_clear(&sample->bytes);
    buf_clear(&sample->id);
    buf_clear(&sample->out);
}

bool sample_read(struct sample *sample, struct bytes record)
{
    const struct record_shape *shape = &sample->mapping.shape;
    size_t used = 0;
    sample->bytes.size = 0;
    buf_add_bytes(&sample->bytes, record);
    sample->record.bytes = buf_bytes(&sample->bytes);
    if (scan_value(sample->paths, sample->record.bytes, &sample->values, &used) !=
        SCAN_DONE) {
        return false;
    }
    sample->bytes.size = used; /* what follows is another record */
    sample->record.bytes = buf_bytes(&sample->bytes);

    sample->rule.id = "sample-rule";
    sample->match = (struct match){
        .rules = {&sample->rule},
        .rule_count = sample->rule.principles != 0,
        .principles = sample->rule.principles,
        .outcome = pick(sample, "errorCode") == NULL ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
        .service = text_of(pick(sample, shape->service_path)),
        .operation = text_of(pick(sample, shape->operation_path)),
        .time = pick(sample, shape->time_path),
        .account = pick(sample, shape->account_path),
        .region = pick(sample, shape->region_path),
    };
    for (size_t i = 0; i < RECORD_ID_PARTS; i++) {
        sample->match.id_parts[i] = pick(sample, shape->id_parts[i].path);
    }
    for (size_t i = 0; i < SAMPLE_FIELDS; i++) {
        size_t place = sample_fields[i].place;
        sample->match.fields[place] = pick(sample, sample_fields[i].path);
        sample->match.field_values[place] = &sample->values;
    }
    event_identify(&sample->origin, &sample->record, &sample->match, &sample->id,
                   sample->id16);
    sample->event.record = &sample->record;
    sample->event.match = &sample->match;
    sample->event.id = &sample->id;
    return true;
}

bool sample_write(struct sample *sample, enum event_format format)
{
    sample->out.size = 0;
    return event_write(format, &sample->origin, &sample->event, &sample->out);
}

json_t *sample_event(struct sample *sample)
{
    json_error_t error;
    if (!sample_write(sample, FORMAT_ECS)) {
        return NULL;
    }
    json_t *event = json_loadb((const char *)sample->out.data, sample->out.size,
                               JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (event == NULL) {
        fprintf(stderr, "%s at %d: %s\n", error.text, error.position,
                buf_text(&sample->out));
    }
    return event;
}

const json_t *sample_member(const json_t *event, const char *name)
{
    char *names = mem_dup(name);
    char *rest = names;
    for (char *part = strtok_r(names, ".", &rest); part != NULL;
         part = strtok_r(NULL, ".", &rest)) {
        event = json_object_get(event, part);
    }
    free(names);
    return event;
}
