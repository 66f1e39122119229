/*
 * The envelope's fields that a mapping pack may fill: one fixed list, in the
 * order in which the default format writes them. Names are Elastic Common
 * Schema's, or stand under moj. (docs/event.md). What the bridge itself knows
 * (event.id, @timestamp, event.original, moj.principles, ...) is not here: a
 * pack cannot reach it.
 */
#ifndef EVENT_FIELDS_H
#define EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
    FIELD_TEXT,   /* the first value: a string, number or boolean, written as a string */
    FIELD_TEXTS,  /* every value, as an array of strings without repeats */
    FIELD_BOOL,   /* true, false, "true", "false", "Yes", "No"; else absent */
    FIELD_NUMBER, /* a whole number, or a string that is one */
    FIELD_IP,     /* a string that is an IPv4 or IPv6 address; else absent */
};

/* The name of a member, in the parts that a writer needs (event/writer.h). */
struct member {
    const char *object; /* dotted: "user.target"; "" at the top */
    const char *leaf;   /* "name" */
    uint8_t object_size;
    uint8_t leaf_size;
};

#define MEMBER(object, leaf)                                                             \
    {                                                                                    \
        object, leaf, sizeof(object) - 1, sizeof(leaf) - 1                               \
    }

struct field {
    const char *name; /* dotted: "user.target.name" */
    enum field_kind kind;
    struct member member;
};

/*
 * Fields of one object stand together: event. first, then cloud., moj. last; a
 * member that is a value stands before its sisters that are objects.
 */
#define FIELDS(X)                                                                        \
    X(EVENT_REASON, "event", "reason", TEXT)                                             \
    X(CLOUD_ACCOUNT_NAME, "cloud.account", "name", TEXT)                                 \
    X(CLOUD_AVAILABILITY_ZONE, "cloud", "availability_zone", TEXT)                       \
    X(CLOUD_INSTANCE_ID, "cloud.instance", "id", TEXT)                                   \
    X(CLOUD_INSTANCE_NAME, "cloud.instance", "name", TEXT)                               \
    X(CLOUD_MACHINE_TYPE, "cloud.machine", "type", TEXT)                                 \
    X(CLOUD_PROJECT_ID, "cloud.project", "id", TEXT)                                     \
    X(CONTAINER_ID, "container", "id", TEXT)                                             \
    X(CONTAINER_IMAGE_NAME, "container.image", "name", TEXT)                             \
    X(DNS_QUESTION_NAME, "dns.question", "name", TEXT)                                   \
    X(DNS_QUESTION_TYPE, "dns.question", "type", TEXT)                                   \
    X(ERROR_CODE, "error", "code", TEXT)                                                 \
    X(ERROR_MESSAGE, "error", "message", TEXT)                                           \
    X(GROUP_ID, "group", "id", TEXT)                                                     \
    X(GROUP_NAME, "group", "name", TEXT)                                                 \
    X(HTTP_REQUEST_ID, "http.request", "id", TEXT)                                       \
    X(NETWORK_DIRECTION, "network", "direction", TEXT)                                   \
    X(NETWORK_PROTOCOL, "network", "protocol", TEXT)                                     \
    X(NETWORK_TRANSPORT, "network", "transport", TEXT)                                   \
    X(ORGANIZATION_ID, "organization", "id", TEXT)                                       \
    X(PACKAGE_NAME, "package", "name", TEXT)                                             \
    X(PACKAGE_VERSION, "package", "version", TEXT)                                       \
    X(SOURCE_ADDRESS, "source", "address", TEXT)                                         \
    X(SOURCE_IP, "source", "ip", IP)                                                     \
    X(SOURCE_PORT, "source", "port", NUMBER)                                             \
    X(URL_DOMAIN, "url", "domain", TEXT)                                                 \
    X(USER_DOMAIN, "user", "domain", TEXT)                                               \
    X(USER_EMAIL, "user", "email", TEXT)                                                 \
    X(USER_ID, "user", "id", TEXT)                                                       \
    X(USER_NAME, "user", "name", TEXT)                                                   \
    X(USER_ROLES, "user", "roles", TEXTS)                                                \
    X(USER_EFFECTIVE_ID, "user.effective", "id", TEXT)                                   \
    X(USER_EFFECTIVE_NAME, "user.effective", "name", TEXT)                               \
    X(USER_TARGET_EMAIL, "user.target", "email", TEXT)                                   \
    X(USER_TARGET_ID, "user.target", "id", TEXT)                                         \
    X(USER_TARGET_NAME, "user.target", "name", TEXT)                                     \
    X(USER_TARGET_ROLES, "user.target", "roles", TEXTS)                                  \
    X(USER_AGENT_ORIGINAL, "user_agent", "original", TEXT)                               \
    X(MOJ_ACTOR_CREDENTIAL_ID, "moj.actor", "credential_id", TEXT)                       \
    X(MOJ_ACTOR_DELEGATION, "moj.actor", "delegation", TEXTS)                            \
    X(MOJ_ACTOR_INVOKED_BY, "moj.actor", "invoked_by", TEXT)                             \
    X(MOJ_ACTOR_MFA, "moj.actor", "mfa", BOOL)                                           \
    X(MOJ_ACTOR_SESSION_ISSUER, "moj.actor", "session_issuer", TEXT)                     \
    X(MOJ_ACTOR_SESSION_NAME, "moj.actor", "session_name", TEXT)                         \
    X(MOJ_ACTOR_TYPE, "moj.actor", "type", TEXT)                                         \
    X(MOJ_CORRELATION_ID, "moj.correlation", "id", TEXT)                                 \
    X(MOJ_CORRELATION_OPERATION_ID, "moj.correlation", "operation_id", TEXT)             \
    X(MOJ_CORRELATION_SHARED_ID, "moj.correlation", "shared_id", TEXT)                   \
    X(MOJ_DETAIL_ADDRESS, "moj.detail", "address", TEXTS)                                \
    X(MOJ_DETAIL_ALLOCATION_ID, "moj.detail", "allocation_id", TEXTS)                    \
    X(MOJ_DETAIL_IMAGE, "moj.detail", "image", TEXTS)                                    \
    X(MOJ_DETAIL_INTERFACE, "moj.detail", "interface", TEXTS)                            \
    X(MOJ_DETAIL_MAC, "moj.detail", "mac", TEXTS)                                        \
    X(MOJ_DETAIL_NETWORK, "moj.detail", "network", TEXTS)                                \
    X(MOJ_DETAIL_POLICY, "moj.detail", "policy", TEXTS)                                  \
    X(MOJ_DETAIL_RESTART, "moj.detail", "restart", BOOL)                                 \
    X(MOJ_DETAIL_SIZE, "moj.detail", "size", TEXTS)                                      \
    X(MOJ_DETAIL_SUBNET, "moj.detail", "subnet", TEXTS)                                  \
    X(MOJ_DETAIL_VERSION, "moj.detail", "version", TEXTS)                                \
    X(MOJ_EVENT_TYPE, "moj", "event_type", TEXT)                                         \
    X(MOJ_MEMBER_ID, "moj.member", "id", TEXTS)                                          \
    X(MOJ_MEMBER_NAME, "moj.member", "name", TEXTS)                                      \
    X(MOJ_MEMBER_TYPE, "moj.member", "type", TEXTS)                                      \
    X(MOJ_READ_ONLY, "moj", "read_only", BOOL)                                           \
    X(MOJ_ROLE_ID, "moj.role", "id", TEXTS)                                              \
    X(MOJ_ROLE_NAME, "moj.role", "name", TEXTS)                                          \
    X(MOJ_RULE_ACTION, "moj.rule", "action", TEXTS)                                      \
    X(MOJ_RULE_CIDR, "moj.rule", "cidr", TEXTS)                                          \
    X(MOJ_RULE_DIRECTION, "moj.rule", "direction", TEXTS)                                \
    X(MOJ_RULE_PORTS, "moj.rule", "ports", TEXTS)                                        \
    X(MOJ_RULE_PROTOCOL, "moj.rule", "protocol", TEXTS)                                  \
    X(MOJ_TARGET_ID, "moj.target", "id", TEXTS)                                          \
    X(MOJ_TARGET_NAME, "moj.target", "name", TEXTS)                                      \
    X(MOJ_TARGET_TYPE, "moj.target", "type", TEXTS)

/* A field's place in fields: FIELD_USER_TARGET_NAME. */
enum field_place {
#define FIELD_PLACE(place, object, leaf, kind) FIELD_##place,
    FIELDS(FIELD_PLACE)
#undef FIELD_PLACE
        FIELD_COUNT
};

/* FIELD_COUNT long. */
extern const struct field fields[];

/* The index in fields of the field called name; FIELD_COUNT when there is none. */
size_t field_find(const char *name);

#endif
