#include "config/principle.h"
#include "event/ocsf.h"

/*
 * One event has one class. The principle that says most about it decides, if the record
 * shows whom and what that class must name; else the next; else it is an API call.
 */

const struct ocsf_class ocsf_class_account = {3001, "Account Change", false};
const struct ocsf_class ocsf_class_authentication = {3002, "Authentication", false};
const struct ocsf_class ocsf_class_session = {3003, "Authorize Session", true};
const struct ocsf_class ocsf_class_entity = {3004, "Entity Management", true};
const struct ocsf_class ocsf_class_access = {3005, "User Access Management", true};
const struct ocsf_class ocsf_class_group = {3006, "Group Management", true};
const struct ocsf_class ocsf_class_lifecycle = {6002, "Application Lifecycle", true};
const struct ocsf_class ocsf_class_api = {6003, "API Activity", false};

const struct ocsf_person ocsf_actor = {FIELD_USER_ID, FIELD_USER_NAME, FIELD_USER_EMAIL};
const struct ocsf_person ocsf_target = {FIELD_USER_TARGET_ID, FIELD_USER_TARGET_NAME,
                                        FIELD_USER_TARGET_EMAIL};
const struct ocsf_person ocsf_member = {FIELD_MOJ_MEMBER_ID, FIELD_MOJ_MEMBER_NAME,
                                        FIELD_COUNT};

/* What an event is about; of several, the last one here. */
enum subject {
    SUBJECT_CALL,
    SUBJECT_AUTHENTICATION,
    SUBJECT_LOGOFF,
    SUBJECT_LOGON,
    SUBJECT_ELEVATION,
    SUBJECT_ROLE,
    SUBJECT_MEMBERSHIP,
};

/* In the order of the guidance, as principles is; those behind are calls. */
static const enum subject subjects[PRINCIPLE_COUNT] = {
    /* 1a */ SUBJECT_LOGON,
    /* 1b */ SUBJECT_AUTHENTICATION,
    /* 1c */ SUBJECT_AUTHENTICATION,
    /* 1d */ SUBJECT_LOGON,
    /* 1e */ SUBJECT_AUTHENTICATION,
    /* 1f */ SUBJECT_LOGOFF,
    /* 2a */ SUBJECT_ROLE,
    /* 2b */ SUBJECT_MEMBERSHIP,
    /* 2c */ SUBJECT_ELEVATION,
};

/* An activity of a class; without a name the operation's own says more. */
struct activity {
    int id;
    const char *name;
};

static const struct activity other = {OCSF_OTHER, NULL};

/* What the record's own list says: CHANGE_NONE when its changes are not all of a kind. */
static enum change listed_change(const struct changes *changes)
{
    static const char *const words[] = {"ADD", "REMOVE"};
    struct changes_walk walk;
    struct change_item item;
    size_t count = 0;
    size_t of_kind[] = {0, 0};
    if (changes->list.size == 0) {
        return CHANGE_NONE;
    }
    changes_start(&walk, changes);
    for (; changes_next(&walk, &item); count++) {
        for (size_t i = 0; item.change != NULL && i < 2; i++) {
            struct bytes word = {item.change->data, item.change->size};
            of_kind[i] += bytes_equal(word, bytes_of(words[i]));
        }
    }
    changes_end(&walk);
    if (count == 0 || (of_kind[0] != count && of_kind[1] != count)) {
        return CHANGE_NONE;
    }
    return of_kind[0] == count ? CHANGE_ADD : CHANGE_REMOVE;
}

static enum change change_of(const struct match *match)
{
    size_t i = 0;
    while (i < match->rule_count && match->rules[i]->change == CHANGE_NONE) {
        i++;
    }
    return i < match->rule_count ? match->rules[i]->change : CHANGE_NONE;
}

/* made, removed, or other: by what the rule says was done. */
static struct activity activity_of(const struct ocsf *ocsf, struct activity made,
                                   struct activity removed)
{
    enum change change = change_of(ocsf->ecs.match);
    if (change == CHANGE_MODIFY) { /* the record may know more than its operation */
        enum change listed = listed_change(&ocsf->ecs.match->changes);
        change = listed == CHANGE_NONE ? change : listed;
    }
    switch (change) {
    case CHANGE_CREATE:
    case CHANGE_ADD:
        return made;
    case CHANGE_DELETE:
    case CHANGE_REMOVE:
        return removed;
    default:
        return other;
    }
}

static struct ocsf_choice choice_of(const struct ocsf_class *class,
                                    struct activity activity)
{
    return (struct ocsf_choice){
        .class = class,
        .activity = activity.id,
        .activity_name = activity.name,
        .privileges = FIELD_COUNT,
        .entity = {FIELD_COUNT, FIELD_COUNT, FIELD_COUNT, NULL},
    };
}

/* Of several, nothing says which id is whose, nor who of them got what: not one then. */
static bool is_one(const struct ocsf *ocsf, size_t id, size_t name)
{
    size_t ids = ocsf_count(ocsf, id);
    size_t names = ocsf_count(ocsf, name);
    return ids <= 1 && names <= 1 && ids + names > 0;
}

static const struct ocsf_person *person_of(const struct ocsf *ocsf,
                                           const struct ocsf_person *person)
{
    bool is_shown =
        is_one(ocsf, person->id, person->name) || ocsf_has(ocsf, person->email);
    return is_shown ? person : NULL;
}

static const struct ocsf_person *whom(const struct ocsf *ocsf)
{
    bool has_member =
        ocsf_has(ocsf, FIELD_MOJ_MEMBER_ID) || ocsf_has(ocsf, FIELD_MOJ_MEMBER_NAME);
    return person_of(ocsf, has_member ? &ocsf_member : &ocsf_target);
}

/* The field that names the role or policy; FIELD_COUNT when none does. */
static size_t role_of(const struct ocsf *ocsf)
{
    static const size_t places[] = {FIELD_MOJ_ROLE_NAME, FIELD_MOJ_ROLE_ID,
                                    FIELD_MOJ_DETAIL_POLICY};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (ocsf_has(ocsf, places[i])) {
            return places[i];
        }
    }
    return FIELD_COUNT;
}

static bool has_group(const struct ocsf *ocsf)
{
    return ocsf_has(ocsf, FIELD_GROUP_ID) || ocsf_has(ocsf, FIELD_GROUP_NAME);
}

/* 2b: somebody joins or leaves a group; a group or somebody gets or loses a role. */
static bool choose_membership(struct ocsf *ocsf)
{
    const struct ocsf_person *user = whom(ocsf);
    size_t role = role_of(ocsf);
    bool is_group = has_group(ocsf);
    struct activity grant = activity_of(ocsf, (struct activity){1, "Assign Privileges"},
                                        (struct activity){2, "Revoke Privileges"});
    if (is_group && user != NULL) {
        ocsf->choice = choice_of(&ocsf_class_group,
                                 activity_of(ocsf, (struct activity){3, "Add User"},
                                             (struct activity){4, "Remove User"}));
    } else if (is_group && role != FIELD_COUNT) {
        ocsf->choice = choice_of(&ocsf_class_group, grant);
        ocsf->choice.privileges = role;
    } else if (user != NULL && role != FIELD_COUNT) {
        ocsf->choice = choice_of(&ocsf_class_access, grant);
        ocsf->choice.privileges = role;
    } else {
        return false;
    }
    ocsf->choice.user = user;
    ocsf->choice.has_group = is_group;
    return true;
}

static struct activity entity_activity(const struct ocsf *ocsf)
{
    if (change_of(ocsf->ecs.match) == CHANGE_MODIFY) {
        return (struct activity){3, "Update"};
    }
    return activity_of(ocsf, (struct activity){1, "Create"},
                       (struct activity){4, "Delete"});
}

static void choose_entity(struct ocsf *ocsf, size_t id, size_t name, const char *word)
{
    ocsf->choice = choice_of(&ocsf_class_entity, entity_activity(ocsf));
    ocsf->choice.entity.id = id;
    ocsf->choice.entity.name = name;
    ocsf->choice.entity.word = word;
}

/* Before 1.8 a group's event names a user or a privilege as well. */
static void choose_group(struct ocsf *ocsf)
{
    const struct ocsf_person *user = whom(ocsf);
    size_t role = role_of(ocsf);
    if (user == NULL && role == FIELD_COUNT && ocsf->format < FORMAT_OCSF_1_8) {
        choose_entity(ocsf, FIELD_GROUP_ID, FIELD_GROUP_NAME, "Group");
        return;
    }
    ocsf->choice =
        choice_of(&ocsf_class_group, activity_of(ocsf, (struct activity){6, "Create"},
                                                 (struct activity){5, "Delete"}));
    ocsf->choice.has_group = true;
    ocsf->choice.user = user;
    ocsf->choice.privileges = role;
}

/* 2a: a group, a role, a policy, an account, or whatever the record names. */
static bool choose_role(struct ocsf *ocsf)
{
    if (has_group(ocsf)) {
        choose_group(ocsf);
    } else if (is_one(ocsf, FIELD_MOJ_ROLE_ID, FIELD_MOJ_ROLE_NAME)) {
        choose_entity(ocsf, FIELD_MOJ_ROLE_ID, FIELD_MOJ_ROLE_NAME, "Role");
    } else if (is_one(ocsf, FIELD_COUNT, FIELD_MOJ_DETAIL_POLICY)) {
        choose_entity(ocsf, FIELD_COUNT, FIELD_MOJ_DETAIL_POLICY, "Policy");
    } else if (person_of(ocsf, &ocsf_target) != NULL) {
        ocsf->choice = choice_of(&ocsf_class_account,
                                 activity_of(ocsf, (struct activity){1, "Create"},
                                             (struct activity){6, "Delete"}));
        ocsf->choice.user = &ocsf_target;
    } else if (is_one(ocsf, FIELD_MOJ_TARGET_ID, FIELD_MOJ_TARGET_NAME)) {
        choose_entity(ocsf, FIELD_MOJ_TARGET_ID, FIELD_MOJ_TARGET_NAME, NULL);
        ocsf->choice.entity.type = FIELD_MOJ_TARGET_TYPE;
    } else {
        return false;
    }
    return true;
}

static bool choose_authentication(struct ocsf *ocsf, struct activity activity)
{
    const struct ocsf_person *target = person_of(ocsf, &ocsf_target);
    const struct ocsf_person *user =
        target != NULL ? target : person_of(ocsf, &ocsf_actor);
    /* Entra's sign-ins name no service, but the application signed in to. */
    bool has_service =
        ocsf->ecs.match->service.size > 0 || ocsf_has(ocsf, FIELD_MOJ_TARGET_NAME);
    if (user == NULL || !has_service) {
        return false;
    }
    ocsf->choice = choice_of(&ocsf_class_authentication, activity);
    ocsf->choice.user = user;
    return true;
}

/* 2c: a session gets a role or a group; where none is named, it is another identity's. */
static bool choose_elevation(struct ocsf *ocsf)
{
    static const struct activity account_switch = {7, "Account Switch"};
    const struct ocsf_person *user = person_of(ocsf, &ocsf_actor);
    size_t role = role_of(ocsf);
    bool is_role = role != FIELD_COUNT;
    if (user == NULL || (!is_role && !has_group(ocsf))) {
        return choose_authentication(
            ocsf, ocsf->format >= FORMAT_OCSF_1_8 ? account_switch : other);
    }
    ocsf->choice =
        choice_of(&ocsf_class_session, is_role ? (struct activity){1, "Assign Privileges"}
                                               : (struct activity){2, "Assign Groups"});
    ocsf->choice.user = user;
    ocsf->choice.privileges = role;
    ocsf->choice.has_group = !is_role;
    return true;
}

static void choose_call(struct ocsf *ocsf)
{
    /* Whatever is neither made nor removed by it is updated. */
    static const struct activity activities[CHANGE_COUNT] = {
        [CHANGE_NONE] = {OCSF_OTHER, NULL}, [CHANGE_CREATE] = {1, "Create"},
        [CHANGE_DELETE] = {4, "Delete"},    [CHANGE_MODIFY] = {3, "Update"},
        [CHANGE_ADD] = {3, "Update"},       [CHANGE_REMOVE] = {3, "Update"},
        [CHANGE_START] = {3, "Update"},     [CHANGE_STOP] = {3, "Update"},
        [CHANGE_RESTART] = {3, "Update"}};
    struct activity activity = activities[change_of(ocsf->ecs.match)];
    const struct value *read = ecs_field(&ocsf->ecs, FIELD_MOJ_READ_ONLY);
    if (activity.id == OCSF_OTHER && read != NULL && read->size > 0 &&
        (read->data[0] == 't' || read->data[0] == 'Y')) {
        activity = (struct activity){2, "Read"};
    }
    ocsf->choice = choice_of(&ocsf_class_api, activity);
}

static bool choose(struct ocsf *ocsf, enum subject subject)
{
    switch (subject) {
    case SUBJECT_MEMBERSHIP:
        return choose_membership(ocsf);
    case SUBJECT_ROLE:
        return choose_role(ocsf);
    case SUBJECT_ELEVATION:
        return choose_elevation(ocsf);
    case SUBJECT_LOGON:
        return choose_authentication(ocsf, (struct activity){1, "Logon"});
    case SUBJECT_LOGOFF:
        return choose_authentication(ocsf, (struct activity){2, "Logoff"});
    case SUBJECT_AUTHENTICATION:
        return choose_authentication(ocsf, other);
    case SUBJECT_CALL:
        break;
    }
    return false;
}

void ocsf_choose(struct ocsf *ocsf)
{
    unsigned about = 0;
    for (uint32_t left = ocsf->ecs.match->principles; left != 0; left &= left - 1) {
        about |= 1U << subjects[__builtin_ctz(left)];
    }
    for (int subject = SUBJECT_MEMBERSHIP; subject > SUBJECT_CALL; subject--) {
        if ((about >> subject & 1) != 0 && choose(ocsf, (enum subject)subject)) {
            return;
        }
    }
    choose_call(ocsf);
}
