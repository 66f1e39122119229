/*
 * What is configured beside what the store holds: every source of either, and how each
 * fares.
 */
#ifndef COMMANDS_ROSTER_H
#define COMMANDS_ROSTER_H

#include "commands/hands.h"

enum roster_state {
    ROSTER_NEW,     /* configured, and nothing was read yet */
    ROSTER_RUNNING, /* a live process is reading it now */
    ROSTER_IDLE,    /* waits for its next turn */
    ROSTER_SILENT,  /* is read, and the cloud has shown nothing for a day */
    ROSTER_GONE,    /* in the store, and no longer configured */
};

extern const char *const roster_state_names[];

/* How near events are to being lost: what is unread as a share of what is kept. */
enum roster_level { ROSTER_GOOD, ROSTER_WARN /* half */, ROSTER_ERROR /* 80 % */ };

struct roster_row {
    char *name;
    const struct config_source *entry; /* NULL: gone */
    const struct store_source *stored; /* NULL: the store has no row */
    enum roster_state state;
    bool has_marks; /* it reads by time, and has begun: the next four say something */
    int64_t head_ms;
    int64_t sealed_ms;
    int64_t lag_ms;
    int64_t left_ms; /* until the cloud forgets what is not yet read */
    enum roster_level level;
};

struct roster {
    struct roster_row *rows; /* by name */
    size_t count;
    struct store_sources stored;
    int64_t now_ms;
};

/*
 * Asks no cloud: where only a cloud knows what an entry stands for, every stored source
 * of the entry's name counts as configured. The caller clears, whatever comes back.
 */
bool roster_load(const struct hands *hands, bool has_ids, struct roster *roster,
                 struct error *err);
void roster_clear(struct roster *roster);
/* The row called name, or NULL. */
const struct roster_row *roster_find(const struct roster *roster, const char *name);
/* A retired source that nobody configured again: left out of reports. */
bool roster_is_hidden(const struct roster_row *row);
/* The provider's slicing, or NULL. */
const struct slicing *roster_slicing(const struct roster_row *row);

#endif
