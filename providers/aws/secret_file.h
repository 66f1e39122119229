/*
 * A token that something else keeps fresh in a file, read anew each time.
 *
 * Errors: ERROR_CONFIG, naming the file.
 */
#ifndef AWS_SECRET_FILE_H
#define AWS_SECRET_FILE_H

#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

/*
 * Reads file, of limit bytes at most, into secret without the white space around it.
 * Empty, or with a control character inside, is refused. The caller clears.
 */
bool secret_file_read(const char *file, size_t limit, struct secret *secret,
                      struct error *err);

#endif
