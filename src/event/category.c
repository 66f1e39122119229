#include "event/category.h"

#include "config/principle.h"

const char *const category_names[CATEGORY_COUNT] = {
    "authentication", "configuration", "host", "iam", "network", "package", "session"};
const char *const category_type_names[TYPE_COUNT] = {
    "admin", "change", "connection", "creation",     "deletion", "denied",
    "end",   "group",  "info",       "installation", "protocol", "start"};

/* What of a rule's change becomes part of the types. */
enum use {
    USE_NONE,
    USE_RESOURCE, /* a thing that is made, changed or removed */
    USE_CHANGE,   /* whatever was done, something was changed */
    USE_POWER,
    USE_PACKAGE,
    USE_CONTEXT, /* as a resource, or only information */
};

struct row {
    unsigned categories;
    unsigned types;
    enum use use;
};

/* In the order of the guidance, as principles is. */
static const struct row rows[PRINCIPLE_COUNT] = {
    /* 1a */ {CATEGORY_AUTHENTICATION, TYPE_START, USE_NONE},
    /* 1b */ {CATEGORY_AUTHENTICATION, TYPE_INFO, USE_NONE},
    /* 1c */ {CATEGORY_AUTHENTICATION, TYPE_INFO, USE_NONE},
    /* 1d */ {CATEGORY_AUTHENTICATION | CATEGORY_SESSION, TYPE_START, USE_NONE},
    /* 1e */ {CATEGORY_SESSION, TYPE_INFO, USE_NONE},
    /* 1f */ {CATEGORY_SESSION, TYPE_END, USE_NONE},
    /* 2a */ {CATEGORY_IAM, 0, USE_RESOURCE},
    /* 2b */ {CATEGORY_IAM, 0, USE_CHANGE},
    /* 2c */ {CATEGORY_AUTHENTICATION | CATEGORY_SESSION, TYPE_START, USE_NONE},
    /* 3a */ {CATEGORY_HOST, 0, USE_POWER},
    /* 3b */ {CATEGORY_CONFIGURATION, 0, USE_RESOURCE},
    /* 3c */ {CATEGORY_PACKAGE, 0, USE_PACKAGE},
    /* 3e */ {CATEGORY_CONFIGURATION | CATEGORY_NETWORK, 0, USE_RESOURCE},
    /* 3f */ {CATEGORY_CONFIGURATION | CATEGORY_NETWORK, 0, USE_RESOURCE},
    /* 3g */ {CATEGORY_CONFIGURATION | CATEGORY_NETWORK, 0, USE_RESOURCE},
    /* 4a */ {CATEGORY_NETWORK, TYPE_PROTOCOL | TYPE_INFO, USE_NONE},
    /* 4b */ {CATEGORY_NETWORK, TYPE_PROTOCOL | TYPE_INFO, USE_NONE},
    /* 4c */ {CATEGORY_CONFIGURATION | CATEGORY_NETWORK, 0, USE_RESOURCE},
    /* 5a */ {CATEGORY_NETWORK, TYPE_CONNECTION, USE_NONE},
    /* 5b */ {CATEGORY_NETWORK, TYPE_CONNECTION | TYPE_DENIED, USE_NONE},
    /* 6 */ {CATEGORY_CONFIGURATION, 0, USE_CONTEXT},
    /* 7a */ {CATEGORY_CONFIGURATION, 0, USE_CONTEXT},
};

static unsigned resource_types(enum change change)
{
    switch (change) {
    case CHANGE_CREATE:
        return TYPE_CREATION;
    case CHANGE_DELETE:
        return TYPE_DELETION;
    default:
        return TYPE_CHANGE;
    }
}

static unsigned power_types(enum change change)
{
    switch (change) {
    case CHANGE_START:
    case CHANGE_CREATE:
        return TYPE_START;
    case CHANGE_STOP:
    case CHANGE_DELETE:
        return TYPE_END;
    case CHANGE_RESTART:
        return TYPE_START | TYPE_END;
    default:
        return TYPE_CHANGE;
    }
}

static unsigned package_types(enum change change)
{
    switch (change) {
    case CHANGE_CREATE:
    case CHANGE_ADD:
        return TYPE_INSTALLATION;
    case CHANGE_DELETE:
    case CHANGE_REMOVE:
        return TYPE_DELETION;
    default:
        return TYPE_CHANGE;
    }
}

static unsigned types_of(enum use use, enum change change)
{
    switch (use) {
    case USE_RESOURCE:
        return resource_types(change);
    case USE_CHANGE:
        return TYPE_CHANGE;
    case USE_POWER:
        return power_types(change);
    case USE_PACKAGE:
        return package_types(change);
    case USE_CONTEXT:
        return change == CHANGE_NONE ? TYPE_INFO : resource_types(change);
    case USE_NONE:
        break;
    }
    return 0;
}

/* A rule without principles lends its change to those that leave theirs open. */
static enum change lent_change(const struct match *match)
{
    for (size_t i = 0; i < match->rule_count; i++) {
        if (match->rules[i]->principles == 0 && match->rules[i]->change != CHANGE_NONE) {
            return match->rules[i]->change;
        }
    }
    return CHANGE_NONE;
}

struct category category_of(const struct match *match)
{
    struct category all = {0};
    enum change lent = lent_change(match);
    for (size_t i = 0; i < match->rule_count; i++) {
        const struct rule *rule = match->rules[i];
        enum change change = rule->change == CHANGE_NONE ? lent : rule->change;
        for (uint32_t left = rule->principles; left != 0; left &= left - 1) {
            const struct row *row = &rows[__builtin_ctz(left)];
            all.categories |= row->categories;
            all.types |= row->types | types_of(row->use, change);
        }
    }

    /* A group is spoken of where the record names one; roles and policies are admin. */
    bool has_group =
        match->fields[FIELD_GROUP_ID] != NULL || match->fields[FIELD_GROUP_NAME] != NULL;
    if ((all.categories & CATEGORY_IAM) != 0) {
        all.types |= has_group ? TYPE_GROUP : TYPE_ADMIN;
    }
    bool is_resource = (all.categories & CATEGORY_CONFIGURATION) != 0;
    if (is_resource && match->fields[FIELD_CLOUD_INSTANCE_ID] != NULL) {
        all.categories |= CATEGORY_HOST;
    }
    return all;
}
