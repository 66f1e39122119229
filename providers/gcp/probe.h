/*
 * The smallest question to entries.list: may these names be read, and is there anything?
 *
 *   {"resourceNames":["projects/p1"],"filter":"...","orderBy":"timestamp asc",
 *    "pageSize":1}
 */
#ifndef GCP_PROBE_H
#define GCP_PROBE_H

#include "gcp/google.h"

#include <jansson.h>

enum probe_answer {
    PROBE_NOTHING, /* they may be read, and hold nothing that fits */
    PROBE_FOUND,
    PROBE_DENIED, /* one of the names is denied to us, or does not exist */
    PROBE_FAILED, /* of anything else; nothing can be said about the names */
};

/* names: an array. err says why, of the last two. */
enum probe_answer probe_ask(struct google *google, const json_t *names,
                            const char *filter, struct error *err);

#endif
