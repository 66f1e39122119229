/*
 * Stands for gcp/adc.c: "token-1", and after each refusal the next number.
 */
#ifndef GCP_DOUBLE_H
#define GCP_DOUBLE_H

#include "gcp/adc.h"

void gcp_double_reset(void);
/* NULL: none. Kept, not copied. */
void gcp_double_quota_project(const char *project);

#endif
