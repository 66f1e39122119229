/*
 * Where things stood in a YAML file, by their address: a value's json_t, or a
 * key's text inside its object. What is not in it has line 0.
 */
#ifndef CONFIG_YAML_PLACES_H
#define CONFIG_YAML_PLACES_H

#include "config/yaml.h"

struct yaml_spot {
    const void *address; /* NULL: nothing here */
    struct yaml_place place;
    bool is_plain;
};

struct yaml_places *yaml_places_new(void);
void yaml_places_free(struct yaml_places *places);

void yaml_places_add(struct yaml_places *places, const struct yaml_spot *spot);
/* A spot with line 0 when address is not known. */
struct yaml_spot yaml_places_get(const struct yaml_places *places, const void *address);

#endif
