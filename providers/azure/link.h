/*
 * A nextLink is followed as it came, but never to another place: with it goes a token
 * that opens the whole tenant.
 */
#ifndef AZURE_LINK_H
#define AZURE_LINK_H

#include "base/error.h"

/*
 * link as it can be sent: raw ';', '|' and quotes stay, for they are part of the token
 * that Azure made; a space, a control character or a byte past ASCII is
 * percent-encoded, or libcurl would refuse it. The caller frees.
 *
 * NULL with ERROR_DATA when link does not lead to base's scheme, host and port.
 */
char *link_follow(const char *base, const char *link, struct error *err);

#endif
