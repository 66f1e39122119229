#include "config/amount.h"

#include "base/mem.h"
#include "base/timestamp.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* Largest first, so that the first exact one is the largest. */
static const struct unit {
    const char *name;
    int64_t worth;
} number_units[] = {{"", 1}, {NULL, 0}},
  size_units[] = {{"GiB", 1 << 30},
                  {"MiB", 1 << 20},
                  {"KiB", 1 << 10},
                  {"B", 1},
                  {NULL, 0}},
  duration_units[] = {{"d", MS_PER_DAY},
                      {"h", MS_PER_HOUR},
                      {"m", MS_PER_MINUTE},
                      {"s", MS_PER_SECOND},
                      {NULL, 0}};

static const struct unit *const units_of[] = {
    [AMOUNT_NUMBER] = number_units,
    [AMOUNT_SIZE] = size_units,
    [AMOUNT_DURATION] = duration_units,
};

static bool read_digits(const char **at, int64_t *number)
{
    const char *digit = *at;
    int64_t sum = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        int value = *digit - '0';
        if (sum > (INT64_MAX - value) / 10) {
            return false;
        }
        sum = sum * 10 + value;
    }
    bool has_digits = digit != *at;
    *at = digit;
    *number = sum;
    return has_digits;
}

static const struct unit *find_unit(enum amount_kind kind, const char *name)
{
    const struct unit *unit = units_of[kind];
    while (unit->name != NULL && strcmp(unit->name, name) != 0) {
        unit++;
    }
    return unit->name == NULL ? NULL : unit;
}

bool amount_parse(enum amount_kind kind, const char *text, int64_t *amount)
{
    bool is_negative = kind == AMOUNT_NUMBER && text[0] == '-';
    const char *at = text + (is_negative ? 1 : 0);
    int64_t number = 0;
    if (!read_digits(&at, &number)) {
        return false;
    }
    const struct unit *unit = find_unit(kind, at);
    if (unit == NULL || number > INT64_MAX / unit->worth) {
        return false;
    }
    *amount = (is_negative ? -number : number) * unit->worth;
    return true;
}

char *amount_format(enum amount_kind kind, int64_t amount)
{
    const struct unit *unit = units_of[kind];
    while (unit[1].name != NULL && (amount == 0 || amount % unit->worth != 0)) {
        unit++;
    }
    return mem_format("%" PRId64 "%s", amount / unit->worth, unit->name);
}

const char *amount_form(enum amount_kind kind)
{
    static const char *const forms[] = {
        [AMOUNT_NUMBER] = "a whole number",
        [AMOUNT_SIZE] = "a size such as 512KiB, 100MiB or 2GiB",
        [AMOUNT_DURATION] = "a duration such as 90s, 15m, 24h or 7d",
    };
    return forms[kind];
}
