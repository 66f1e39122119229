#include "base/timestamp.h"

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct calendar {
    int64_t year;
    int month, day, hour, minute, second, ms;
};

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, struct calendar *out)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;

    out->day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    out->month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    out->year = year_of_era + era * 400 + (out->month <= 2);
}

static struct calendar calendar_of(int64_t ms)
{
    struct calendar out = {0};
    int64_t days = ms / MS_PER_DAY;
    int64_t rest = ms % MS_PER_DAY;
    if (rest < 0) {
        rest += MS_PER_DAY;
        days -= 1;
    }
    date_of(days, &out);
    out.hour = (int)(rest / MS_PER_HOUR);
    out.minute = (int)(rest % MS_PER_HOUR / MS_PER_MINUTE);
    out.second = (int)(rest % MS_PER_MINUTE / MS_PER_SECOND);
    out.ms = (int)(rest % MS_PER_SECOND);
    return out;
}

static bool ms_of(const struct calendar *in, int64_t *ms)
{
    static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (in->year < 1970 || in->year > 9999 || in->month < 1 || in->month > 12 ||
        in->hour > 23 || in->minute > 59 || in->second > 60) {
        return false;
    }
    bool is_leap = in->year % 4 == 0 && (in->year % 100 != 0 || in->year % 400 == 0);
    int days = month_days[in->month - 1] + (in->month == 2 && is_leap ? 1 : 0);
    if (in->day < 1 || in->day > days) {
        return false;
    }
    int second = in->second == 60 ? 59 : in->second; /* a leap second folds back */
    *ms = days_of(in->year, in->month, in->day) * MS_PER_DAY +
          (int64_t)in->hour * MS_PER_HOUR + (int64_t)in->minute * MS_PER_MINUTE +
          (int64_t)second * MS_PER_SECOND + in->ms;
    return true;
}

/* Reads exactly count digits at the front of text and steps over them. */
static bool take_number(struct bytes *text, size_t count, int *number)
{
    if (text->size < count) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            return false;
        }
        value = value * 10 + (text->data[i] - '0');
    }
    text->data += count;
    text->size -= count;
    *number = value;
    return true;
}

static bool take_byte(struct bytes *text, const char *any_of)
{
    if (text->size == 0 || text->data[0] == '\0' ||
        strchr(any_of, text->data[0]) == NULL) {
        return false;
    }
    text->data++;
    text->size--;
    return true;
}

static bool take_fraction(struct bytes *text, int *ms)
{
    int scale = 100;
    size_t digits = 0;
    while (text->size > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        *ms += (text->data[0] - '0') * scale;
        scale /= 10;
        digits++;
        text->data++;
        text->size--;
    }
    return digits > 0;
}

static bool take_offset(struct bytes *text, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (take_byte(text, "Zz")) {
        return true;
    }
    bool is_west = text->size > 0 && text->data[0] == '-';
    int hour = 0;
    int minute = 0;
    if (!take_byte(text, "+-") || !take_number(text, 2, &hour) || !take_byte(text, ":") ||
        !take_number(text, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    *offset_ms = (int64_t)hour * MS_PER_HOUR + (int64_t)minute * MS_PER_MINUTE;
    if (is_west) {
        *offset_ms = -*offset_ms;
    }
    return true;
}

bool timestamp_parse(struct bytes text, int64_t *ms)
{
    struct calendar in = {0};
    int year = 0;
    if (!take_number(&text, 4, &year) || !take_byte(&text, "-") ||
        !take_number(&text, 2, &in.month) || !take_byte(&text, "-") ||
        !take_number(&text, 2, &in.day) || !take_byte(&text, "Tt ") ||
        !take_number(&text, 2, &in.hour) || !take_byte(&text, ":") ||
        !take_number(&text, 2, &in.minute) || !take_byte(&text, ":") ||
        !take_number(&text, 2, &in.second)) {
        return false;
    }
    in.year = year;
    if (take_byte(&text, ".") && !take_fraction(&text, &in.ms)) {
        return false;
    }

    int64_t offset_ms = 0;
    int64_t local_ms = 0;
    if (!take_offset(&text, &offset_ms) || text.size != 0 || !ms_of(&in, &local_ms)) {
        return false;
    }
    *ms = local_ms - offset_ms;
    return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
bool timestamp_parse_http(struct bytes text, int64_t *ms)
{
    struct calendar in = {0};
    int year = 0;
    if (text.size != 29 || text.data[3] != ',') {
        return false;
    }
    text.data += 5;
    text.size -= 5;
    if (!take_number(&text, 2, &in.day) || !take_byte(&text, " ")) {
        return false;
    }
    for (int i = 0; i < 12; i++) {
        if (memcmp(text.data, months[i], 3) == 0) {
            in.month = i + 1;
        }
    }
    text.data += 3;
    text.size -= 3;
    if (!take_byte(&text, " ") || !take_number(&text, 4, &year) ||
        !take_byte(&text, " ") || !take_number(&text, 2, &in.hour) ||
        !take_byte(&text, ":") || !take_number(&text, 2, &in.minute) ||
        !take_byte(&text, ":") || !take_number(&text, 2, &in.second) ||
        !bytes_equal(text, bytes_of(" GMT"))) {
        return false;
    }
    in.year = year;
    return ms_of(&in, ms);
}

/*
 * Writes number as count digits; returns what follows. printf would take 20 times as
 * long, and every event holds several times.
 */
static char *put_number(char *out, int64_t number, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        out[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return out + count;
}

static char *put_byte(char *out, char byte)
{
    *out = byte;
    return out + 1;
}

static char *put_clock(char *out, const struct calendar *at)
{
    out = put_byte(put_number(out, at->hour, 2), ':');
    out = put_byte(put_number(out, at->minute, 2), ':');
    return put_number(out, at->second, 2);
}

void timestamp_format(int64_t ms, char out[TIMESTAMP_TEXT_SIZE])
{
    struct calendar at = calendar_of(ms);
    out = put_byte(put_number(out, at.year, 4), '-');
    out = put_byte(put_number(out, at.month, 2), '-');
    out = put_byte(put_number(out, at.day, 2), 'T');
    out = put_byte(put_clock(out, &at), '.');
    put_byte(put_byte(put_number(out, at.ms, 3), 'Z'), '\0');
}

void timestamp_format_clf(int64_t ms, char out[TIMESTAMP_TEXT_SIZE])
{
    struct calendar at = calendar_of(ms);
    out = put_byte(put_number(put_byte(out, '['), at.day, 2), '/');
    memcpy(out, months[at.month - 1], 3);
    out = put_byte(put_number(put_byte(out + 3, '/'), at.year, 4), ':');
    out = put_clock(out, &at);
    memcpy(out, " +0000]", sizeof(" +0000]"));
}

void timestamp_format_compact(int64_t ms, char out[TIMESTAMP_TEXT_SIZE])
{
    struct calendar at = calendar_of(ms);
    out = put_number(out, at.year, 4);
    out = put_number(out, at.month, 2);
    out = put_byte(put_number(out, at.day, 2), 'T');
    out = put_number(out, at.hour, 2);
    out = put_number(out, at.minute, 2);
    put_byte(put_byte(put_number(out, at.second, 2), 'Z'), '\0');
}
