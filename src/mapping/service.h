/*
 * The services and operations that rules name, each with the rules that name it: what a
 * record is looked up in.
 */
#ifndef MAPPING_SERVICE_H
#define MAPPING_SERVICE_H

#include "mapping/compiled.h"

/* Fills the services of mapping from its rules, which are in order. */
void service_add_all(struct mapping *mapping, struct arena *arena,
                     struct problems *problems);

/* Adds a problem with rule for an operation of a service; operation may be NULL. */
void service_fault(struct problems *problems, const struct pack_rule *rule,
                   const char *what, const char *service, const char *operation);

#endif
