/*
 * Files that hold keys and tokens: read whole, wiped when cleared.
 *
 * Errors: ERROR_CONFIG with the system's reason; the caller adds the path.
 */
#ifndef BASE_KEY_FILE_H
#define BASE_KEY_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Adds all of path to file, whose limit is the longest that it may be. */
bool key_file_read(const char *path, struct buf *file, struct error *err);
/* Wipes and releases. */
void key_file_clear(struct buf *file);

#endif
