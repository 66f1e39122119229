#include "gcp/refused.h"

#include "base/timestamp.h"
#include "gcp/lql.h"
#include "gcp/probe.h"

#include <stdlib.h>

/* Names from first on, and whether some of them are known to be refused. */
struct stretch {
    size_t first;
    size_t count;
    bool is_bad;
};

/* One half for each time that a set can be halved, and room to spare. */
enum { STRETCHES_MAX = 64 };

void refused_init(struct refused *refused, struct google *google, const json_t *settings)
{
    const struct runtime *runtime = google->runtime;
    int64_t now_ms = runtime->now_ms(runtime->context);
    const struct slice minute = {.a_ms = now_ms - MS_PER_MINUTE, .b_ms = now_ms};
    *refused =
        (struct refused){.google = google, .filter = lql_slice(settings, &minute, 0)};
}

void refused_clear(struct refused *refused)
{
    free(refused->filter);
    *refused = (struct refused){0};
}

static void add_all(json_t *list, const json_t *names, struct stretch stretch)
{
    for (size_t i = stretch.first; i < stretch.first + stretch.count; i++) {
        json_array_append(list, json_array_get(names, i));
    }
}

/* Is one of the stretch refused? */
static bool is_bad(struct refused *refused, const json_t *names, struct stretch stretch)
{
    if (stretch.is_bad || refused->is_silent) {
        return stretch.is_bad;
    }
    if (refused->probes++ >= REFUSED_PROBES_MAX) {
        return true;
    }
    json_t *asked = json_array();
    add_all(asked, names, stretch);
    enum probe_answer answer = probe_ask(refused->google, asked, refused->filter, NULL);
    refused->is_silent = answer == PROBE_FAILED;
    json_decref(asked);
    return answer == PROBE_DENIED;
}

/* Halves a bad stretch: when all of the left is good, the right is bad without asking. */
static void halve(struct refused *refused, const json_t *names, struct stretch whole,
                  struct stretch halves[2])
{
    size_t half = whole.count / 2;
    halves[0] = (struct stretch){whole.first, half, false};
    halves[0].is_bad = is_bad(refused, names, halves[0]);
    halves[1] =
        (struct stretch){whole.first + half, whole.count - half, !halves[0].is_bad};
}

json_t *refused_find(struct refused *refused, const json_t *names)
{
    struct stretch open[STRETCHES_MAX] = {{0, json_array_size(names), false}};
    size_t open_count = 1;
    json_t *found = json_array();
    while (open_count > 0 && !refused->is_silent) {
        struct stretch stretch = open[--open_count];
        struct stretch halves[2];
        if (!is_bad(refused, names, stretch)) {
            continue;
        }
        if (stretch.count == 1 || refused->probes >= REFUSED_PROBES_MAX) {
            add_all(found, names, stretch);
            continue;
        }
        halve(refused, names, stretch, halves);
        open[open_count++] = halves[1]; /* behind: names are found in their order */
        if (halves[0].is_bad) {
            open[open_count++] = halves[0];
        }
    }
    if (refused->is_silent) {
        json_array_clear(found);
    }
    return found;
}
