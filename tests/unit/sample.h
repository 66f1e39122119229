/*
 * A record picked apart by hand, as a mapping with one rule would: for tests that
 * want an event and no pack. Defines the few names of mapping.h that events read.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "event/event.h"

struct mapping {
    struct record_shape shape;
    const char *versions;
};

struct sample {
    struct mapping mapping;
    struct event_origin origin;
    struct paths *paths;
    struct values values;
    struct rule rule;
    struct match match;
    struct record record;
    struct event event;
    struct buf bytes;
    struct buf id;
    uint8_t id16[ID16_SIZE];
    struct buf out;
};

extern const struct mapping sample_mapping;

/* mapping, redact (JSON text or NULL) and the rest as in event_origin_init. */
void sample_init(struct sample *sample, const struct mapping *mapping,
                 const char *redact);
void sample_clear(struct sample *sample);
/* Picks record apart and identifies it. False when it is no JSON. */
bool sample_read(struct sample *sample, struct bytes record);
/* Writes the event of what was read last into sample->out. */
bool sample_write(struct sample *sample, enum event_format format);
/* The same in the default format, parsed; NULL, and why on stderr, when it is no JSON. */
json_t *sample_event(struct sample *sample);
/* The member of event at a dotted name, or NULL. */
const json_t *sample_member(const json_t *event, const char *name);

#endif
