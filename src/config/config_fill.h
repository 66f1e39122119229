/*
 * Fills in what the file leaves to its surroundings: ${NAME} from the environment
 * and ${file:/path} from a file, also in the middle of a text, once: what was
 * filled in is not looked at again. "$$" is a dollar.
 *
 * An unset variable, and a file that cannot be read, is larger than 64 KiB or holds
 * a NUL, is a problem. One newline at the end of a file is cut. Keys are left alone.
 */
#ifndef CONFIG_CONFIG_FILL_H
#define CONFIG_CONFIG_FILL_H

#include "config/yaml.h"

/*
 * Fills in every scalar of yaml. False with problems added; what could not be filled in
 * is then a JSON null, so that later checks pass over it.
 */
bool config_fill(struct yaml *yaml, struct problems *problems);

#endif
