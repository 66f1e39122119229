/*
 * What `check --live` asks of Google beyond one page of a set's log:
 *
 * - who we are to Google, and by which credential;
 * - whether each name's log may be read, and its data_access where that is asked for: by
 *   Resource Manager, and where that may not be asked by reading;
 * - whether Data Access auditing is on for impersonation (2c), here or above;
 * - whether Workspace shares group membership with the organisation's log (2b).
 *
 * What cannot be found out is said, and is no failure.
 */
#ifndef GCP_EXAM_H
#define GCP_EXAM_H

#include "gcp/entries.h"

/* As struct provider's examine. */
json_t *exam_run(struct entries *entries);

#endif
