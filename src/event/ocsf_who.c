#include "event/ocsf.h"

/* Who did it, from where, to whom and to what. */

/* The names of a person's members. */
struct person_names {
    struct member uid;
    struct member name;
    struct member email;
};

static const struct person_names actor_names = {MEMBER("actor.user", "uid"),
                                                MEMBER("actor.user", "name"),
                                                MEMBER("actor.user", "email_addr")};
static const struct person_names user_names = {
    MEMBER("user", "uid"), MEMBER("user", "name"), MEMBER("user", "email_addr")};

/* The field's first value. Where there are more, moj holds all. */
static void place_first(struct ocsf *ocsf, const struct member *name, size_t place)
{
    if (place < FIELD_MOJ_ACTOR_CREDENTIAL_ID) {
        ocsf_place(ocsf, name, place);
    } else if (ocsf_has(ocsf, place)) {
        ecs_add_value(&ocsf->ecs, name, ecs_field(&ocsf->ecs, place));
    }
}

/* False when there is nothing to show. */
static bool write_person(struct ocsf *ocsf, const struct person_names *names,
                         const struct ocsf_person *person)
{
    bool has_id = ocsf_has(ocsf, person->id);
    bool has_name = ocsf_has(ocsf, person->name);
    bool has_email = ocsf_has(ocsf, person->email);
    if (has_id) {
        place_first(ocsf, &names->uid, person->id);
    }
    if (has_name) {
        place_first(ocsf, &names->name, person->name);
    } else if (has_email && !has_id) { /* one of uid and name must be there */
        ecs_add_value(&ocsf->ecs, &names->name, ecs_field(&ocsf->ecs, person->email));
    }
    if (has_email) {
        place_first(ocsf, &names->email, person->email);
    }
    return has_id || has_name || has_email;
}

static bool is_call(const struct ocsf *ocsf)
{
    return ocsf->choice.class == &ocsf_class_api;
}

static void add_unknown(struct ocsf *ocsf, const struct member *name)
{
    writer_name(&ocsf->ecs.writer, name);
    writer_safe(&ocsf->ecs.writer, "Unknown");
}

static void write_actor(struct ocsf *ocsf)
{
    bool is_named = ocsf_has(ocsf, FIELD_MOJ_ACTOR_INVOKED_BY) ||
                    ocsf_has(ocsf, FIELD_MOJ_ACTOR_SESSION_ISSUER);
    place_first(ocsf, NAME("actor", "invoked_by"), FIELD_MOJ_ACTOR_INVOKED_BY);
    if (write_person(ocsf, &actor_names, &ocsf_actor)) {
        ocsf_place(ocsf, NAME("actor.user", "domain"), FIELD_USER_DOMAIN);
        place_first(ocsf, NAME("actor.user", "credential_uid"),
                    FIELD_MOJ_ACTOR_CREDENTIAL_ID);
        if (ocsf_has(ocsf, FIELD_MOJ_ACTOR_TYPE)) {
            ocsf_add_number(&ocsf->ecs.writer, NAME("actor.user", "type_id"), OCSF_OTHER);
            place_first(ocsf, NAME("actor.user", "type"), FIELD_MOJ_ACTOR_TYPE);
        }
    } else if (!is_named && is_call(ocsf)) {
        add_unknown(ocsf, NAME("actor.user", "name"));
    }
    place_first(ocsf, NAME("actor.session", "issuer"), FIELD_MOJ_ACTOR_SESSION_ISSUER);
    ocsf_place(ocsf, NAME("actor.session", "is_mfa"), FIELD_MOJ_ACTOR_MFA);
}

static bool is_port(const struct value *value)
{
    uint32_t port = 0;
    for (size_t i = 0; i < value->size; i++) {
        uint32_t digit = (uint32_t)value->data[i] - '0';
        if (digit > 9 || i == sizeof("65535") - 1) {
            return false;
        }
        port = port * 10 + digit;
    }
    return value->size > 0 && (value->data[0] != '0' || value->size == 1) &&
           port <= UINT16_MAX;
}

static void write_endpoint(struct ocsf *ocsf)
{
    const struct value *ip =
        ocsf_has(ocsf, FIELD_SOURCE_IP) ? ecs_field(&ocsf->ecs, FIELD_SOURCE_IP) : NULL;
    bool has_address = ocsf_has(ocsf, FIELD_SOURCE_ADDRESS);
    if (ip != NULL && ecs_is_address(ip)) {
        ocsf_place(ocsf, NAME("src_endpoint", "ip"), FIELD_SOURCE_IP);
        const struct value *address = ecs_field(&ocsf->ecs, FIELD_SOURCE_ADDRESS);
        if (has_address && bytes_equal((struct bytes){address->data, address->size},
                                       (struct bytes){ip->data, ip->size})) {
            ocsf->placed |= UINT64_C(1) << FIELD_SOURCE_ADDRESS;
        }
    } else if (has_address) {
        ocsf_place(ocsf, NAME("src_endpoint", "name"), FIELD_SOURCE_ADDRESS);
    } else if (is_call(ocsf)) {
        add_unknown(ocsf, NAME("src_endpoint", "name"));
    } else {
        return;
    }
    if (ocsf_has(ocsf, FIELD_SOURCE_PORT) &&
        is_port(ecs_field(&ocsf->ecs, FIELD_SOURCE_PORT))) {
        ocsf_place(ocsf, NAME("src_endpoint", "port"), FIELD_SOURCE_PORT);
    }
}

void ocsf_write_origin(struct ocsf *ocsf)
{
    write_actor(ocsf);
    if (ocsf->format == FORMAT_OCSF_1_1 && ocsf->choice.class->is_local_in_1_1) {
        return;
    }
    write_endpoint(ocsf);
    ocsf_place(ocsf, NAME("http_request", "user_agent"), FIELD_USER_AGENT_ORIGINAL);
    ocsf_place(ocsf, NAME("http_request", "uid"), FIELD_HTTP_REQUEST_ID);
}

/* Each value of the field as a resource with one member. */
static void add_resources(struct ocsf *ocsf, const struct member *name, size_t place)
{
    struct ecs *ecs = &ocsf->ecs;
    const struct value *value = ocsf_has(ocsf, place) ? ecs_field(ecs, place) : NULL;
    for (size_t i = 0; value != NULL && i < ECS_VALUES_MAX; i++) {
        struct writer_nest nest = writer_nest_open(&ecs->writer);
        ecs_add_value(ecs, name, value);
        writer_nest_close(&ecs->writer, &nest);
        value = ecs_next(ecs, place, value);
    }
}

/* Of several, nothing says whose an id, a name or a type is: each stands alone. */
static void write_resources(struct ocsf *ocsf)
{
    struct writer *writer = &ocsf->ecs.writer;
    size_t ids = ocsf_count(ocsf, FIELD_MOJ_TARGET_ID);
    size_t names = ocsf_count(ocsf, FIELD_MOJ_TARGET_NAME);
    if (ids == 0 && names == 0) {
        return;
    }
    writer_name(writer, NAME("", "resources"));
    writer_array_open(writer);
    if (ids <= 1 && names <= 1) {
        struct writer_nest nest = writer_nest_open(writer);
        place_first(ocsf, NAME("", "uid"), FIELD_MOJ_TARGET_ID);
        place_first(ocsf, NAME("", "name"), FIELD_MOJ_TARGET_NAME);
        if (ocsf_count(ocsf, FIELD_MOJ_TARGET_TYPE) == 1) {
            place_first(ocsf, NAME("", "type"), FIELD_MOJ_TARGET_TYPE);
        }
        writer_nest_close(writer, &nest);
    } else {
        add_resources(ocsf, NAME("", "uid"), FIELD_MOJ_TARGET_ID);
        add_resources(ocsf, NAME("", "name"), FIELD_MOJ_TARGET_NAME);
    }
    writer_array_close(writer);
}

static void write_entity(struct ocsf *ocsf)
{
    const struct ocsf_choice *choice = &ocsf->choice;
    place_first(ocsf, NAME("entity", "uid"), choice->entity.id);
    place_first(ocsf, NAME("entity", "name"), choice->entity.name);
    if (choice->entity.word != NULL) {
        ecs_add_text(&ocsf->ecs, NAME("entity", "type"), choice->entity.word);
    } else {
        place_first(ocsf, NAME("entity", "type"), choice->entity.type);
    }
}

void ocsf_write_subject(struct ocsf *ocsf)
{
    const struct ocsf_choice *choice = &ocsf->choice;
    if (choice->user != NULL) {
        write_person(ocsf, &user_names, choice->user);
    }
    if (choice->has_group) {
        ocsf_place(ocsf, NAME("group", "uid"), FIELD_GROUP_ID);
        ocsf_place(ocsf, NAME("group", "name"), FIELD_GROUP_NAME);
    }
    if (choice->privileges != FIELD_COUNT) {
        ocsf_place(ocsf, NAME("", "privileges"), choice->privileges);
    }
    if (choice->class == &ocsf_class_entity) {
        write_entity(ocsf);
    } else if (choice->class == &ocsf_class_authentication) {
        struct bytes service = ocsf->ecs.match->service;
        ecs_add_inside(&ocsf->ecs, NAME("service", "name"), service);
        if (service.size == 0) {
            place_first(ocsf, NAME("service", "name"), FIELD_MOJ_TARGET_NAME);
        }
        ocsf_place(ocsf, NAME("", "is_mfa"), FIELD_MOJ_ACTOR_MFA);
    } else if (is_call(ocsf)) {
        write_resources(ocsf);
    }
}
