/*
 * Open Cybersecurity Schema Framework: one object a line, of the release that the format
 * names (docs/event.md). What an event's class has no place for stands in unmapped, under
 * the name that it has in ecs; the whole of moj does.
 */
#ifndef EVENT_OCSF_H
#define EVENT_OCSF_H

#include "event/ecs.h"
#include "event/own.h"

/* What OCSF calls a kind of event. */
struct ocsf_class {
    int uid; /* its thousands are the category */
    const char *name;
    bool is_local_in_1_1; /* 1.1 says not from where: no src_endpoint, no http_request */
};

/* The fields that say who somebody is. */
struct ocsf_person {
    uint8_t id;
    uint8_t name;
    uint8_t email; /* FIELD_COUNT: there is none */
};

extern const struct ocsf_person ocsf_actor;
extern const struct ocsf_person ocsf_target;
extern const struct ocsf_person ocsf_member;

extern const struct ocsf_class ocsf_class_account;
extern const struct ocsf_class ocsf_class_authentication;
extern const struct ocsf_class ocsf_class_session;
extern const struct ocsf_class ocsf_class_entity;
extern const struct ocsf_class ocsf_class_access;
extern const struct ocsf_class ocsf_class_group;
extern const struct ocsf_class ocsf_class_api;
extern const struct ocsf_class ocsf_class_lifecycle;

/* An event's class, and which fields fill what only this class has. */
struct ocsf_choice {
    const struct ocsf_class *class;
    int activity;
    const char *activity_name;      /* NULL: the operation's own */
    const struct ocsf_person *user; /* NULL: none */
    size_t privileges;              /* FIELD_COUNT: none */
    bool has_group;                 /* group.* is the subject */
    struct {
        size_t id;
        size_t name;
        size_t type;
        const char *word; /* the type, where no field says it */
    } entity;
};

enum { OCSF_OTHER = 99 }; /* an activity that the class does not list */

/* One event being written. */
struct ocsf {
    struct ecs ecs;
    enum event_format format;
    struct ocsf_choice choice;
    uint64_t placed; /* bits of the fields before moj's that were written */
};

/* Appends the event of ocsf, of which format and what ecs_write needs are set, to out. */
bool ocsf_write(struct ocsf *ocsf, struct buf *out);

/* Fills ocsf->choice by the principles of the event and what its record shows. */
void ocsf_choose(struct ocsf *ocsf);
/* Writes actor, src_endpoint and http_request. */
void ocsf_write_origin(struct ocsf *ocsf);
/* Writes whom and what the event is about, where the class has a place for it. */
void ocsf_write_subject(struct ocsf *ocsf);

/* True when the field has a value that may be shown. */
bool ocsf_has(const struct ocsf *ocsf, size_t place);
/* How many it has. */
size_t ocsf_count(const struct ocsf *ocsf, size_t place);
/* The field as a member called name, which unmapped then need not hold. */
void ocsf_place(struct ocsf *ocsf, const struct member *name, size_t place);

void ocsf_add_number(struct writer *writer, const struct member *name, int64_t number);
/* The release that format names: "1.3.0". */
const char *ocsf_version(enum event_format format);

/* Begins an event of the bridge's own, up to the inside of unmapped, own's nest. */
void ocsf_write_own(struct own *own);

#endif
