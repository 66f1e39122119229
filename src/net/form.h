/*
 * Names and values as application/x-www-form-urlencoded, for bodies and queries:
 * "grant_type=client_credentials&scope=https%3A%2F%2F...". Client secrets hold "+/=~".
 */
#ifndef NET_FORM_H
#define NET_FORM_H

#include "base/buf.h"

/* value, every byte that is not unreserved (RFC 3986) as "%20". */
bool form_add_value(struct buf *form, const char *value);
/* Adds "&" unless form is empty or ends with "?", then name=value. */
bool form_add(struct buf *form, const char *name, const char *value);

#endif
