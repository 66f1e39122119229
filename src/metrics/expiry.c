#include "metrics/expiry.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "metrics/metrics.h"

#include <stdlib.h>

/* "client secret 0000-..." The caller frees. */
static char *name_of(const struct expiry_of *credential)
{
    return credential->id == NULL ? mem_dup(credential->kind)
                                  : mem_format("%s %s", credential->kind, credential->id);
}

void expiry_set(const struct expiry_of *credential, int64_t at_ms)
{
    char *name = name_of(credential);
    metrics_set(METRIC_CREDENTIAL_EXPIRY,
                (struct metrics_labels){{credential->cloud, name}},
                (double)at_ms / MS_PER_SECOND);
    free(name);
}

void expiry_forget(const struct expiry_of *credential)
{
    char *name = name_of(credential);
    metrics_forget(METRIC_CREDENTIAL_EXPIRY,
                   (struct metrics_labels){{credential->cloud, name}});
    free(name);
}
