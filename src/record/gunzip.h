/*
 * Gzip members, inflated piece by piece by the library that the build found: the
 * build has either gunzip_isal.c or gunzip_zlib.c. Private to record/.
 */
#ifndef RECORD_GUNZIP_H
#define RECORD_GUNZIP_H

#include "base/bytes.h"

struct gunzip;

struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

enum gunzip_status {
    GUNZIP_MORE,
    GUNZIP_MEMBER_END, /* checksum and size were right; the next call begins anew */
    GUNZIP_BAD,
};

/*
 * Inflates the front of *in to out, which has room for size bytes, and takes away
 * from *in what it read. *got is how many bytes it wrote.
 */
enum gunzip_status gunzip_run(struct gunzip *gunzip, struct bytes *in, uint8_t *out,
                              size_t size, size_t *got);

#endif
