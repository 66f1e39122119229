/*
 * The XML in which AWS's older services answer (STS, EC2, S3), as JSON values.
 *
 *   <R><Result><Id>1</Id></Result><set><item><n>a</n></item></set></R>
 *   {"R": {"Result": {"Id": "1"}, "set": [{"n": "a"}]}}
 *
 * An element with children is an object, one that holds only "item" or "member" an
 * array (so is a name that comes again beside itself); another is its text. Attributes
 * and name spaces are passed over. A document type is refused, as are more than 16
 * levels and 20,000 elements: what entities could do is not wanted here.
 *
 * Errors: ERROR_DATA.
 */
#ifndef AWS_XML_H
#define AWS_XML_H

#include "base/bytes.h"
#include "base/error.h"

#include <jansson.h>

/* The document as an object with one member, the root. The caller owns *value. */
bool xml_read(struct bytes text, json_t **value, struct error *err);

/* The first text at or below value, in the document's order, under that name; or NULL. */
const char *xml_text(const json_t *value, const char *name);

#endif
