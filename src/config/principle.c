#include "config/principle.h"

#include <string.h>

const struct principle principles[] = {
    {"1a", "login attempts"},
    {"1b", "multi-factor authentication"},
    {"1c", "authentication failures and lockouts"},
    {"1d", "session creation"},
    {"1e", "session anomalies"},
    {"1f", "session end"},
    {"2a", "group or role created, modified or deleted"},
    {"2b", "group or role membership changed"},
    {"2c", "group or role elevation"},
    {"3a", "power on or off"},
    {"3b", "created, deleted or suspended"},
    {"3c", "software update"},
    {"3e", "IP address allocation"},
    {"3f", "firewall or routing rule change"},
    {"3g", "network change"},
    {"4a", "DNS queries"},
    {"4b", "DNS answers"},
    {"4c", "DNS registration changes"},
    {"5a", "inbound connections"},
    {"5b", "unsuccessful outbound connections"},
    {"6", "contextual security events"},
    {"7a", "log transmission"},
};

_Static_assert(sizeof(principles) / sizeof(principles[0]) == PRINCIPLE_COUNT,
               "PRINCIPLE_COUNT is the length of the list");

const struct principle *principle_find(const char *ref)
{
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        if (strcmp(principles[i].ref, ref) == 0) {
            return &principles[i];
        }
    }
    return NULL;
}

uint32_t principle_bit(const struct principle *principle)
{
    return (uint32_t)1 << (principle - principles);
}

uint32_t principle_group(char number)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < PRINCIPLE_COUNT; i++) {
        bits |= principles[i].ref[0] == number ? principle_bit(&principles[i]) : 0;
    }
    return bits;
}
