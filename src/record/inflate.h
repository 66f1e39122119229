/*
 * Bytes of a plain or gzip stream (RFC 1952, several members), inflated as they
 * come. Plain input is recognised by its first two bytes and passed through.
 * Uses ISA-L where the build found it, else zlib; the output is the same.
 *
 * Errors: ERROR_DATA for a corrupt or truncated stream, ERROR_TOO_BIG past limit,
 * ERROR_STATE when the file cannot be read.
 */
#ifndef RECORD_INFLATE_H
#define RECORD_INFLATE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct inflate;

/*
 * Reads from the open descriptor fd, which the caller keeps. limit bounds the
 * inflated bytes in total, checked while inflating.
 */
struct inflate *inflate_new(int fd, uint64_t limit);
void inflate_free(struct inflate *inflate);

/* Fills out with up to size bytes; *got is 0 only at the end. */
bool inflate_read(struct inflate *inflate, uint8_t *out, size_t size, size_t *got,
                  struct error *err);

#endif
