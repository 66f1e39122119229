/*
 * The body of a request as one gzip member (RFC 1952), without time or name: the same
 * bytes give the same member. Uses ISA-L where the build found it, else zlib: the build
 * has either gzip_isal.c or gzip_zlib.c.
 */
#ifndef NET_GZIP_H
#define NET_GZIP_H

#include "base/buf.h"

/* Appends bytes, compressed, to out. False only when out's limit is reached. */
bool gzip_pack(struct bytes bytes, struct buf *out);

#endif
