/*
 * Two sink types and two providers that exist only in tests of the configuration.
 */
#ifndef CONFIG_FAKES_H
#define CONFIG_FAKES_H

#include "provider.h"
#include "sinks/sink.h"

/* "pump" needs a path; "trail" needs a region and keeps its log for 90 days. */
extern const struct provider *const fake_providers[];

#endif
