/*
 * Files that hold secrets: the token that something else keeps fresh, read anew each
 * time, and the AWS config and credentials files.
 *
 * Errors: ERROR_CONFIG, naming the file.
 */
#ifndef AWS_SECRET_FILE_H
#define AWS_SECRET_FILE_H

#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

/* Reads all of file, of limit bytes at most and without NUL, into secret. */
bool secret_file_load(const char *file, size_t limit, struct secret *secret,
                      struct error *err);
/*
 * Reads file, of limit bytes at most, into secret without the white space around it.
 * Empty, or with a control character inside, is refused. The caller clears.
 */
bool secret_file_read(const char *file, size_t limit, struct secret *secret,
                      struct error *err);

#endif
