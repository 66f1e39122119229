/*
 * What `mappings coverage` prints, once it is counted.
 */
#ifndef COMMANDS_MAPPINGS_FIGURES_H
#define COMMANDS_MAPPINGS_FIGURES_H

#include "mapping/coverage.h"

struct mappings_figures {
    const struct coverage *coverage;
    const char *provider;
    bool is_verbose; /* services with nothing undecided too */
};

void mappings_figures_print(const struct mappings_figures *figures);
/* One JSON object on one line. */
void mappings_figures_json(const struct mappings_figures *figures);

#endif
