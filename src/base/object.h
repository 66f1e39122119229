/*
 * What is asked of a JSON object again and again: settings, and small answers of a cloud.
 */
#ifndef BASE_OBJECT_H
#define BASE_OBJECT_H

#include <jansson.h>

/* The text at name, borrowed; NULL where there is none, or another kind of value. */
const char *object_text(const json_t *object, const char *name);

#endif
