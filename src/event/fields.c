#include "event/fields.h"

#include <string.h>

const struct field fields[] = {
    {"cloud.account.name", FIELD_TEXT},
    {"cloud.availability_zone", FIELD_TEXT},
    {"cloud.instance.id", FIELD_TEXT},
    {"cloud.instance.name", FIELD_TEXT},
    {"cloud.machine.type", FIELD_TEXT},
    {"cloud.project.id", FIELD_TEXT},
    {"container.id", FIELD_TEXT},
    {"container.image.name", FIELD_TEXT},
    {"dns.question.name", FIELD_TEXT},
    {"dns.question.type", FIELD_TEXT},
    {"error.code", FIELD_TEXT},
    {"error.message", FIELD_TEXT},
    {"event.reason", FIELD_TEXT},
    {"group.id", FIELD_TEXT},
    {"group.name", FIELD_TEXT},
    {"http.request.id", FIELD_TEXT},
    {"network.direction", FIELD_TEXT},
    {"network.protocol", FIELD_TEXT},
    {"network.transport", FIELD_TEXT},
    {"organization.id", FIELD_TEXT},
    {"package.name", FIELD_TEXT},
    {"package.version", FIELD_TEXT},
    {"source.address", FIELD_TEXT},
    {"source.ip", FIELD_IP},
    {"source.port", FIELD_NUMBER},
    {"url.domain", FIELD_TEXT},
    {"user.domain", FIELD_TEXT},
    {"user.email", FIELD_TEXT},
    {"user.id", FIELD_TEXT},
    {"user.name", FIELD_TEXT},
    {"user.roles", FIELD_TEXTS},
    {"user.effective.id", FIELD_TEXT},
    {"user.effective.name", FIELD_TEXT},
    {"user.target.email", FIELD_TEXT},
    {"user.target.id", FIELD_TEXT},
    {"user.target.name", FIELD_TEXT},
    {"user.target.roles", FIELD_TEXTS},
    {"user_agent.original", FIELD_TEXT},
    {"moj.actor.credential_id", FIELD_TEXT},
    {"moj.actor.delegation", FIELD_TEXTS},
    {"moj.actor.invoked_by", FIELD_TEXT},
    {"moj.actor.mfa", FIELD_BOOL},
    {"moj.actor.session_issuer", FIELD_TEXT},
    {"moj.actor.session_name", FIELD_TEXT},
    {"moj.actor.type", FIELD_TEXT},
    {"moj.correlation.id", FIELD_TEXT},
    {"moj.correlation.operation_id", FIELD_TEXT},
    {"moj.correlation.shared_id", FIELD_TEXT},
    {"moj.detail.address", FIELD_TEXTS},
    {"moj.detail.allocation_id", FIELD_TEXTS},
    {"moj.detail.image", FIELD_TEXTS},
    {"moj.detail.interface", FIELD_TEXTS},
    {"moj.detail.mac", FIELD_TEXTS},
    {"moj.detail.network", FIELD_TEXTS},
    {"moj.detail.policy", FIELD_TEXTS},
    {"moj.detail.restart", FIELD_BOOL},
    {"moj.detail.size", FIELD_TEXTS},
    {"moj.detail.subnet", FIELD_TEXTS},
    {"moj.detail.version", FIELD_TEXTS},
    {"moj.event_type", FIELD_TEXT},
    {"moj.member.id", FIELD_TEXTS},
    {"moj.member.name", FIELD_TEXTS},
    {"moj.member.type", FIELD_TEXTS},
    {"moj.read_only", FIELD_BOOL},
    {"moj.role.id", FIELD_TEXTS},
    {"moj.role.name", FIELD_TEXTS},
    {"moj.rule.action", FIELD_TEXTS},
    {"moj.rule.cidr", FIELD_TEXTS},
    {"moj.rule.direction", FIELD_TEXTS},
    {"moj.rule.ports", FIELD_TEXTS},
    {"moj.rule.protocol", FIELD_TEXTS},
    {"moj.target.id", FIELD_TEXTS},
    {"moj.target.name", FIELD_TEXTS},
    {"moj.target.type", FIELD_TEXTS},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) == FIELD_COUNT,
               "FIELD_COUNT is the length of the list");

size_t field_find(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return i;
        }
    }
    return FIELD_COUNT;
}
