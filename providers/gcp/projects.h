/*
 * Which projects there are, as Resource Manager says: every one that this identity can
 * see, or those below an organisation or folder at any depth, with the folders between.
 *
 *   GET /v3/projects:search?pageSize=500&pageToken=...
 *   GET /v3/folders?parent=organizations/1&pageSize=300
 *   GET /v3/projects?parent=folders/2&pageSize=300
 *
 * Projects that are being deleted are left out.
 *
 * Errors: those of gcp/google.h; ERROR_DATA for an answer that is no list.
 */
#ifndef GCP_PROJECTS_H
#define GCP_PROJECTS_H

#include "gcp/google.h"

/*
 * Adds the names of what settings wants ("projects/p1", "folders/2") to names, an object
 * of which the keys count: every project when top is NULL, else what is below and top.
 */
bool projects_find(struct google *google, const json_t *settings, const char *top,
                   json_t *names, struct error *err);

#endif
