/*
 * What Azure's records look like: as the REST API or Microsoft Graph answers them, and
 * as diagnostic settings export them. Both spellings come to the same event.
 */
#ifndef AZURE_SHAPES_H
#define AZURE_SHAPES_H

#include "record/record.h"

extern const struct record_shape record_shape_azure_activity;
extern const struct record_shape record_shape_entra_audit;
extern const struct record_shape record_shape_entra_signin;

#endif
