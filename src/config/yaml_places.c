#include "config/yaml_places.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 }; /* a power of two, as every room after it */

struct yaml_places {
    struct yaml_spot *spots; /* open addressing, at most half full */
    size_t room;
    size_t count;
};

/* Addresses differ in their middle bits; the multiplication carries those upwards. */
static size_t start_of(const void *address, size_t room)
{
    uint64_t mixed = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (room - 1);
}

static struct yaml_spot *spot_for(const struct yaml_places *places, const void *address)
{
    size_t at = start_of(address, places->room);
    while (places->spots[at].address != NULL && places->spots[at].address != address) {
        at = (at + 1) & (places->room - 1);
    }
    return &places->spots[at];
}

static void grow(struct yaml_places *places)
{
    struct yaml_places larger = {
        .spots = mem_new(2 * places->room, sizeof(*larger.spots)),
        .room = 2 * places->room,
        .count = places->count,
    };
    for (size_t i = 0; i < places->room; i++) {
        if (places->spots[i].address != NULL) {
            *spot_for(&larger, places->spots[i].address) = places->spots[i];
        }
    }
    free(places->spots);
    *places = larger;
}

struct yaml_places *yaml_places_new(void)
{
    struct yaml_places *places = mem_new(1, sizeof(*places));
    places->spots = mem_new(FIRST_ROOM, sizeof(*places->spots));
    places->room = FIRST_ROOM;
    return places;
}

void yaml_places_free(struct yaml_places *places)
{
    if (places != NULL) {
        free(places->spots);
        free(places);
    }
}

void yaml_places_add(struct yaml_places *places, const struct yaml_spot *spot)
{
    if (2 * (places->count + 1) > places->room) {
        grow(places);
    }
    struct yaml_spot *found = spot_for(places, spot->address);
    if (found->address == NULL) {
        places->count++;
    }
    *found = *spot;
}

struct yaml_spot yaml_places_get(const struct yaml_places *places, const void *address)
{
    if (places == NULL || address == NULL) {
        return (struct yaml_spot){0};
    }
    return *spot_for(places, address);
}
