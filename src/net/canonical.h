/*
 * The forms of a request's parts that Signature V4 hashes, so that both ends
 * hash the same bytes whatever a library did to spacing, order or escapes.
 */
#ifndef NET_CANONICAL_H
#define NET_CANONICAL_H

#include "base/buf.h"

/* Names with values, in the order in which they were added. */
struct canonical_list {
    struct canonical_pair *pairs;
    size_t count;
};

void canonical_list_clear(struct canonical_list *list);

/*
 * Adds a header: name in lower case; value without white space at its ends and with one
 * space for each run inside, line breaks included.
 */
void canonical_add_header(struct canonical_list *list, const char *name,
                          const char *value);
/* Adds a query parameter, percent-encoded from plain bytes. */
void canonical_add_parameter(struct canonical_list *list, struct bytes name,
                             struct bytes value);
/* Adds the parameters of a URL's query: decoded, then encoded again. May be "". */
void canonical_add_query(struct canonical_list *list, const char *query);

/* "a:1\nb:2,3\n" by name; values of one name are joined in the order they came. */
void canonical_write_headers(struct canonical_list *list, struct buf *out);
/* "a;b" */
void canonical_write_names(struct canonical_list *list, struct buf *out);
/* "a=1&b=" by encoded name, then by encoded value. */
void canonical_write_query(struct canonical_list *list, struct buf *out);

/* Escapes every byte that is not unreserved (RFC 3986), nor in keep. */
void canonical_encode(struct bytes bytes, const char *keep, struct buf *out);
/* The path without ".", ".." and empty segments, as every service but S3 has it. */
void canonical_normalise(const char *path, struct buf *out);

#endif
