/*
 * How rules know an operation: without the version its cloud puts into the name.
 *
 *   CreateFunction20150331          CreateFunction      (Lambda)
 *   UpdateFunctionCode20150331v2    UpdateFunctionCode
 *   CreateDistribution2020_05_31    CreateDistribution  (CloudFront)
 */
#ifndef MAPPING_OPERATION_H
#define MAPPING_OPERATION_H

#include "record/record.h"

/* The part of name that carries no version. Never empty unless name is. */
struct bytes operation_strip(struct bytes name);

/*
 * Takes the parts between dots that are versions ("v1", "v2beta1", "beta") out of name,
 * in lower case and in place; returns the size left:
 *
 *   v1.compute.firewalls.insert       compute.firewalls.insert
 *   google.iam.admin.v1.createrole    google.iam.admin.createrole
 *
 * The last part is the method and stays, whatever it looks like.
 */
size_t operation_drop_versions(uint8_t *name, size_t size);

/* ASCII letters in lower case, in place. */
void operation_fold(uint8_t *data, size_t size);

/*
 * name as it is looked up among the operations of shape, in place: in lower case where
 * case does not matter, and without versions where it has them.
 */
void operation_spell(const struct record_shape *shape, char *name);

/* True when some operation would match both globs. */
bool operation_globs_overlap(struct bytes left, struct bytes right);

#endif
