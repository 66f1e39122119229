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

/*
 * True, with a problem added, when text declares a tag. libyaml compares each such line
 * with all before it, so that a file of nothing else would take minutes; what comes of
 * them would be refused in any case.
 */
bool yaml_syntax_has_tag_line(struct bytes text, const char *file,
                              struct problems *problems);

#endif
