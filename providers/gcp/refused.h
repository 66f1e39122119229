/*
 * Which names of a set are denied to us or absent: one of them is enough for entries.list
 * to refuse the whole request, and it does not say which. Found by halves, with probes of
 * one minute; about 14 of them find one name of 100.
 */
#ifndef GCP_REFUSED_H
#define GCP_REFUSED_H

#include "gcp/google.h"

#include <jansson.h>

enum { REFUSED_PROBES_MAX = 60 }; /* what a minute's quota allows */

struct refused {
    struct google *google;
    char *filter;
    int probes;     /* so far, for however many sets */
    bool is_silent; /* something else went wrong: nothing can be said any more */
};

/* settings of the source: what its filter asks for. Borrows google. The caller clears. */
void refused_init(struct refused *refused, struct google *google, const json_t *settings);
void refused_clear(struct refused *refused);

/*
 * An array of those of names that are refused, the caller's; empty when none is, and when
 * that could not be found out. Past REFUSED_PROBES_MAX, names that stand beside refused
 * ones count as refused until the next time.
 */
json_t *refused_find(struct refused *refused, const json_t *names);

#endif
