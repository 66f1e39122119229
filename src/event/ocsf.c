#include "event/ocsf.h"

/* What every class has a place for, and what becomes of the rest. */

enum { SEVERITY_INFORMATIONAL = 1, SEVERITY_MEDIUM = 3 };

_Static_assert(FIELD_MOJ_ACTOR_CREDENTIAL_ID <= 64, "a bit of placed for each field");

void ocsf_add_number(struct writer *writer, const struct member *name, int64_t number)
{
    writer_name(writer, name);
    writer_number(writer, number);
}

const char *ocsf_version(enum event_format format)
{
    return event_ocsf_versions[format - FORMAT_OCSF_1_1];
}

static void add_safe(struct writer *writer, const struct member *name, const char *text)
{
    writer_name(writer, name);
    writer_safe(writer, text);
}

static bool is_placed(const struct ocsf *ocsf, size_t place)
{
    return (ocsf->placed >> place & 1) != 0;
}

bool ocsf_has(const struct ocsf *ocsf, size_t place)
{
    return place < FIELD_COUNT && ocsf->ecs.match->fields[place] != NULL &&
           ecs_field(&ocsf->ecs, place) != NULL;
}

size_t ocsf_count(const struct ocsf *ocsf, size_t place)
{
    size_t count = 0;
    const struct value *value =
        ocsf_has(ocsf, place) ? ecs_field(&ocsf->ecs, place) : NULL;
    for (; value != NULL; value = ecs_next(&ocsf->ecs, place, value)) {
        count++;
    }
    return count;
}

void ocsf_place(struct ocsf *ocsf, const struct member *name, size_t place)
{
    if (ocsf_has(ocsf, place)) {
        ecs_add_field(&ocsf->ecs, name, place);
        if (place < FIELD_MOJ_ACTOR_CREDENTIAL_ID) {
            ocsf->placed |= UINT64_C(1) << place;
        }
    }
}

static void write_class(struct writer *writer, const struct ocsf_class *class,
                        int activity)
{
    enum { CATEGORY = 1000, TYPES = 100 };
    ocsf_add_number(writer, NAME("", "class_uid"), class->uid);
    add_safe(writer, NAME("", "class_name"), class->name);
    ocsf_add_number(writer, NAME("", "category_uid"), class->uid / CATEGORY);
    ocsf_add_number(writer, NAME("", "type_uid"), class->uid * TYPES + activity);
    ocsf_add_number(writer, NAME("", "activity_id"), activity);
}

static void write_status(struct ocsf *ocsf)
{
    static const int ids[] = {
        [OUTCOME_UNKNOWN] = 0, [OUTCOME_SUCCESS] = 1, [OUTCOME_FAILURE] = 2};
    struct writer *writer = &ocsf->ecs.writer;
    bool has_message = ocsf_has(ocsf, FIELD_ERROR_MESSAGE);
    ocsf_add_number(writer, NAME("", "severity_id"), SEVERITY_INFORMATIONAL);
    ocsf_add_number(writer, NAME("", "status_id"), ids[ocsf->ecs.match->outcome]);
    ocsf_place(ocsf, NAME("", "status_code"), FIELD_ERROR_CODE);
    ocsf_place(ocsf, NAME("", "status_detail"),
               has_message ? FIELD_ERROR_MESSAGE : FIELD_EVENT_REASON);
}

/* cloud is required once its profile is named. */
static void add_profile(struct writer *writer)
{
    writer_name(writer, NAME("metadata", "profiles"));
    writer_array_open(writer);
    writer_safe(writer, "cloud");
    writer_array_close(writer);
}

static void write_metadata(struct ocsf *ocsf)
{
    struct ecs *ecs = &ocsf->ecs;
    struct writer *writer = &ecs->writer;
    const struct record_shape *shape = mapping_shape(ecs->origin->mapping);
    add_safe(writer, NAME("metadata", "version"), ocsf_version(ocsf->format));
    add_profile(writer);
    writer_name(writer, NAME("metadata", "uid"));
    writer_text(writer, buf_bytes(ecs->event->id));
    ecs_add_text(ecs, NAME("metadata", "log_name"), shape->dataset);
    ecs_add_value(ecs, NAME("metadata", "original_time"), ecs->match->time);
    if (ecs->event->observed_ms != 0) {
        ocsf_add_number(writer, NAME("metadata", "logged_time"), ecs->event->observed_ms);
    }
    const struct value *correlation = ecs_field(ecs, FIELD_MOJ_CORRELATION_ID);
    if (correlation != NULL) {
        ecs_add_value(ecs, NAME("metadata", "correlation_uid"), correlation);
    }
    ecs_add_text(ecs, NAME("metadata.product", "name"), shape->product);
    ecs_add_text(ecs, NAME("metadata.product", "vendor_name"), shape->vendor);
}

static void write_cloud(struct ocsf *ocsf)
{
    struct ecs *ecs = &ocsf->ecs;
    ecs_add_text(ecs, NAME("cloud", "provider"),
                 mapping_shape(ecs->origin->mapping)->cloud);
    ecs_add_value(ecs, NAME("cloud", "region"), ecs->match->region);
    ocsf_place(ocsf, NAME("cloud", "zone"), FIELD_CLOUD_AVAILABILITY_ZONE);
    ocsf_place(ocsf, NAME("cloud", "project_uid"), FIELD_CLOUD_PROJECT_ID);
    ecs_add_account(ecs, NAME("cloud.account", "uid"));
    ocsf_place(ocsf, NAME("cloud.account", "name"), FIELD_CLOUD_ACCOUNT_NAME);
    ocsf_place(ocsf, NAME("cloud.org", "uid"), FIELD_ORGANIZATION_ID);
}

/* OCSF asks for "Unknown" where a text is required and nobody says it. */
static void write_api(struct ocsf *ocsf)
{
    struct ecs *ecs = &ocsf->ecs;
    struct bytes operation = ecs->match->operation;
    ecs_add_inside(ecs, NAME("api", "operation"),
                   operation.size == 0 ? bytes_of("Unknown") : operation);
    ecs_add_inside(ecs, NAME("api.service", "name"), ecs->match->service);
}

static void write_record(struct ocsf *ocsf, const char *hex)
{
    enum { SHA_256 = 3 };
    struct writer *writer = &ocsf->ecs.writer;
    struct bytes record = ocsf->ecs.original;
    writer_name(writer, NAME("", "raw_data"));
    writer_text(writer, record);
    if (ocsf->format >= FORMAT_OCSF_1_8) {
        ocsf_add_number(writer, NAME("", "raw_data_size"), (int64_t)record.size);
        ocsf_add_number(writer, NAME("raw_data_hash", "algorithm_id"), SHA_256);
        add_safe(writer, NAME("raw_data_hash", "value"), hex);
    }
}

static void write_unmapped(struct ocsf *ocsf, const char *hex)
{
    struct ecs *ecs = &ocsf->ecs;
    writer_name(&ecs->writer, NAME("", "unmapped"));
    struct writer_nest nest = writer_nest_open(&ecs->writer);
    if (ocsf->format < FORMAT_OCSF_1_8) {
        add_safe(&ecs->writer, NAME("event", "hash"), hex);
    }
    for (size_t place = 0; place < FIELD_MOJ_ACTOR_CREDENTIAL_ID; place++) {
        if (ecs->match->fields[place] != NULL && !is_placed(ocsf, place)) {
            ecs_write_fields(ecs, place, place + 1);
        }
    }
    ecs_write_moj(ecs);
    writer_nest_close(&ecs->writer, &nest);
}

bool ocsf_write(struct ocsf *ocsf, struct buf *out)
{
    enum { ENVELOPE = 3072 };
    struct ecs *ecs = &ocsf->ecs;
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(ecs->original, digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, hex);
    ecs_find_moment(ecs);
    ocsf_choose(ocsf);

    writer_begin(&ecs->writer, out, ENVELOPE + 2 * ecs->original.size);
    write_class(&ecs->writer, ocsf->choice.class, ocsf->choice.activity);
    if (ocsf->choice.activity_name == NULL) {
        ecs_add_inside(ecs, NAME("", "activity_name"), ecs->match->operation);
    } else {
        add_safe(&ecs->writer, NAME("", "activity_name"), ocsf->choice.activity_name);
    }
    ocsf_add_number(&ecs->writer, NAME("", "time"), ecs->moment.ms);
    write_status(ocsf);
    write_metadata(ocsf);
    write_cloud(ocsf);
    write_api(ocsf);
    ocsf_write_origin(ocsf);
    ocsf_write_subject(ocsf);
    write_record(ocsf, hex);
    write_unmapped(ocsf, hex);
    return writer_end(&ecs->writer);
}

/* Our own name stands where a record's event has the cloud's product. */
static void write_product(struct own *own)
{
    own_add_text(own, NAME("metadata.product", "name"), "auditbridge");
    own_add_text(own, NAME("metadata.product", "vendor_name"), "auditbridge");
    own_add_text(own, NAME("metadata.product", "version"), BRIDGE_VERSION);
}

void ocsf_write_own(struct own *own)
{
    struct writer *writer = &own->writer;
    const struct event_origin *origin = own->origin;
    const struct record_shape *shape =
        origin->mapping == NULL ? NULL : mapping_shape(origin->mapping);
    write_class(writer, &ocsf_class_lifecycle, OCSF_OTHER);
    own_add_text(own, NAME("", "activity_name"), own->action);
    ocsf_add_number(writer, NAME("", "time"), own->time_ms);
    ocsf_add_number(writer, NAME("", "severity_id"),
                    own->is_problem ? SEVERITY_MEDIUM : SEVERITY_INFORMATIONAL);
    ocsf_add_number(writer, NAME("", "status_id"), own->is_problem ? 2 : 1);
    own_add_text(own, NAME("", "message"), own->message);
    add_safe(writer, NAME("metadata", "version"), ocsf_version(own->format));
    if (shape != NULL) {
        add_profile(writer);
    }
    writer_name(writer, NAME("metadata", "uid"));
    writer_text(writer, own->id);
    own_add_text(own, NAME("metadata", "log_name"), "auditbridge.bridge");
    write_product(own);
    if (shape != NULL) {
        own_add_text(own, NAME("cloud", "provider"), shape->cloud);
        own_add_text(own, NAME("cloud.account", "uid"), origin->account);
    }
    own_add_text(own, NAME("app", "name"), "auditbridge");
    own_add_text(own, NAME("app", "vendor_name"), "auditbridge");
    own_add_text(own, NAME("app", "version"), BRIDGE_VERSION);
    writer_name(writer, NAME("", "unmapped"));
    own->nest = writer_nest_open(writer);
}
