/*
 * Names of Google Cloud that become sets, and a Cloud Logging that denies some of them.
 */
#ifndef GCP_WORLD_H
#define GCP_WORLD_H

#include <jansson.h>

/* Refuses every request that names one of names, which end with NULL. */
void gcp_world_deny(int status, const char *const *names);
/* How often it was asked since. */
int gcp_world_asked(void);
/* Denies nothing any more; a teardown of cmocka. */
int gcp_world_forget(void **state);

/* Ids: case-FIRST and so on. The caller's. */
json_t *gcp_world_projects(int first, int count);
/* What a list of projects comes to, given what was known. Takes ids and known. */
json_t *gcp_world_expand_take(json_t *ids, json_t *known);
/* Sources as the store keeps them. The caller's. */
json_t *gcp_world_known(const json_t *sources);
/* The suffix, and the number of names, of the source at place. */
const char *gcp_world_name(const json_t *sources, size_t place);
size_t gcp_world_size(const json_t *sources, size_t place);

#endif
