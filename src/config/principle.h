/*
 * The principles of the MOJ security log collection guidance
 * (security-guidance.service.justice.gov.uk/security-log-collection). The list
 * goes from 3c to 3e: there is no 3d.
 */
#ifndef CONFIG_PRINCIPLE_H
#define CONFIG_PRINCIPLE_H

#include <stddef.h>
#include <stdint.h>

enum { PRINCIPLE_COUNT = 22 };

struct principle {
    const char *ref;   /* "2c" */
    const char *title; /* "group or role elevation" */
};

/* All of them in the order of the guidance; PRINCIPLE_COUNT long. */
extern const struct principle principles[];

/* The principle that ref names, or NULL. */
const struct principle *principle_find(const char *ref);
/* Its bit in a set of principles: 1 << its place in the list. */
uint32_t principle_bit(const struct principle *principle);
/* The bits of all principles whose ref begins with number: '2'. */
uint32_t principle_group(char number);

#endif
