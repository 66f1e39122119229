/*
 * A secret that a sink sends: given in the configuration, or kept in a file that is read
 * again whenever it changes, so that a key is rotated without a restart. Shared by all
 * threads that use the sink.
 *
 * A file is at most 64 KiB of text; one trailing newline is cut.
 *
 * Errors: ERROR_CONFIG when the file cannot be read, is empty or too large.
 */
#ifndef SINKS_CREDENTIAL_H
#define SINKS_CREDENTIAL_H

#include "base/error.h"
#include "base/secret.h"

#include <stdint.h>

struct credential;

/* One of text and file, the other NULL; both NULL gives NULL. Copies them. */
struct credential *credential_new(const char *text, const char *file);
void credential_free(struct credential *credential);

/*
 * Copies the secret as it is now to secret. is_refused: the last one was; the file is
 * read again even when it looks the same.
 */
bool credential_get(struct credential *credential, bool is_refused, struct secret *secret,
                    struct error *err);
/* Whether it may change while the program runs. */
bool credential_is_file(const struct credential *credential);

/* A number that changes when file does; 0 when there is none, or file is NULL. */
uint64_t credential_stamp(const char *file);

#endif
