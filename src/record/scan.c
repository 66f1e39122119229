#include "record/scan.h"

#include "record/broken.h"
#include "record/skip.h"
#include "record/walk.h"

enum scan_status scan_value(const struct paths *paths, struct bytes input,
                            struct values *values, size_t *used)
{
    if (input.size == 0) {
        return SCAN_SHORT;
    }
    if (values != NULL) {
        return walk_document(paths, input, values, NULL, used);
    }
    struct reader reader = {.end = input.data + input.size};
    const uint8_t *at = token_space(&reader, input.data);
    at = skip_value(&reader, at, 0);
    if (at == NULL) {
        return reader.bad < reader.end ? SCAN_BAD : SCAN_SHORT;
    }
    *used = (size_t)(at - input.data);
    return SCAN_DONE;
}

enum scan_status scan_skip_broken(struct bytes input, size_t *used)
{
    struct reader reader = {.end = input.data + input.size};
    const uint8_t *start =
        input.size == 0 ? input.data : token_space(&reader, input.data);
    if (start >= reader.end) {
        return SCAN_SHORT;
    }
    if (*start != '{' && *start != '[') {
        return SCAN_BAD;
    }
    struct broken broken = {0};
    struct bytes rest = {start, (size_t)(reader.end - start)};
    bool is_found = broken_follow(&broken, rest, used);
    *used += (size_t)(start - input.data);
    return is_found ? SCAN_DONE : SCAN_SHORT;
}
