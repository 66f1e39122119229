/*
 * What libyaml could not read, said so that an operator can mend it.
 */
#ifndef CONFIG_YAML_SYNTAX_H
#define CONFIG_YAML_SYNTAX_H

#include "base/bytes.h"
#include "base/problems.h"

#include <yaml.h>

/* Adds the problem that stopped parser, which was reading text. */
void yaml_syntax_problem(const yaml_parser_t *parser, struct bytes text, const char *file,
                         struct problems *problems);

#endif
