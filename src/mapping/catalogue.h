/*
 * What can appear in one cloud's audit log: a list of operations that packs are held
 * against. It is a table of tab-separated values whose heading says whose it is:
 *
 *   eventSource         operation            kind    aws-cloudtrail
 *   provider_namespace  operation            kind    azure-activity
 *   service             activityDisplayName  kind    entra-audit
 *   serviceName         methodName           kind    gcp-audit
 *   service             operation            kind    any records
 *
 * Further columns are passed over. A row whose kind is not "read" is a write, and so is
 * every row of a table without that column. Operations are kept as rules know them
 * (mapping/operation.h): spellings that rules cannot tell apart are one operation.
 */
#ifndef MAPPING_CATALOGUE_H
#define MAPPING_CATALOGUE_H

#include "base/problems.h"
#include "mapping/lookup.h"
#include "record/record.h"

struct catalogue_operation {
    const char *name; /* as the file spells it first, without versions */
    const char *key;  /* as rules know it */
    struct catalogue_service *service;
    bool is_write;
    struct catalogue_operation *next; /* of the service, until it is sorted */
};

struct catalogue_service {
    const char *name;
    const char *key; /* as rules know it */
    int priority;    /* that a scope gave it; 0: none */
    struct lookup by_key;
    struct catalogue_operation **operations; /* by key; all of them */
    size_t count;
    struct catalogue_operation *first;
};

struct catalogue {
    struct arena arena;
    const struct record_shape *shape; /* whose operations these are */
    struct lookup by_service;
    struct lookup by_key; /* the first operation of that key in any service */
    struct catalogue_service **services; /* by name */
    size_t count;
};

/*
 * The records that the heading of text is for; NULL: any. False when it is no heading of
 * a catalogue, which catalogue_add then says.
 */
bool catalogue_records(struct bytes text, const char **records);

/*
 * Adds the operations in text, which is called file in problems; catalogue is all zero
 * but for its shape at first. Every wrong line is a problem; false when there was one.
 */
bool catalogue_add(struct catalogue *catalogue, const char *file, struct bytes text,
                   struct problems *problems);

/*
 * Gives services the priority that a table with the columns provider, service and
 * priority says: provider is the word that the name of the records begins with ("aws").
 * What it names and the catalogue lacks becomes a service without operations.
 */
bool catalogue_scope(struct catalogue *catalogue, const char *file, struct bytes text,
                     struct problems *problems);

/* Puts services and operations in order; after the last file. */
void catalogue_sort(struct catalogue *catalogue);
void catalogue_clear(struct catalogue *catalogue);

/* The service that rules know as key, or NULL. */
struct catalogue_service *catalogue_find(const struct catalogue *catalogue,
                                         struct bytes key);

#endif
