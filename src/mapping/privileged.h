/*
 * Which roles and groups make an administrator: the `privileged:` lists of packs
 * (docs/mappings.md), looked up for events of principle 2.
 *
 *   privileged:
 *     roles: [AdministratorAccess, '*Admin']
 *     groups: [Domain Admins]
 *
 * A name with neither '/' nor ':' is compared with what stands behind the last '/' too,
 * where ARNs and full ids have theirs. Case matters as it does for the shape's
 * operations.
 */
#ifndef MAPPING_PRIVILEGED_H
#define MAPPING_PRIVILEGED_H

#include "mapping/lookup.h"
#include "mapping/pack.h"

/* The names of one kind, of all packs of a shape. */
struct privileged_list {
    struct lookup names;
    struct privileged_glob *globs;
};

struct privileged_lists {
    struct privileged_list roles;
    struct privileged_list groups;
};

/* Adds what pack lists to lists; room is from arena. fold_case is the shape's. */
void privileged_add(struct privileged_lists *lists, const struct pack *pack,
                    bool fold_case, struct arena *arena);

/* Reads the `privileged:` mapping of a pack; NULL is none. */
struct pack_privileged privileged_read(const struct reader *reader, const json_t *object);

#endif
