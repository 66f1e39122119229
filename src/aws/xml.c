#include "aws/xml.h"

#include "base/buf.h"
#include "base/mem.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 16,
    ELEMENTS_MAX = 20000,
    NAME_SIZE = 128,
    TEXT_MAX = 1 << 20, /* of one element */
    BYTES_MAX = 16 << 20,
};

struct level {
    char name[NAME_SIZE];
    json_t *children; /* NULL until one comes */
    struct buf text;
};

struct reader {
    XML_Parser parser;
    struct level levels[DEPTH_MAX + 1]; /* the first is above the root */
    size_t depth;
    size_t elements;
    const char *problem; /* why it was refused; NULL: expat says */
};

static void refuse(struct reader *reader, const char *problem)
{
    reader->problem = problem;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void start_doctype(void *context, const XML_Char *name, const XML_Char *system,
                          const XML_Char *public, int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    refuse(context, "it has a document type");
}

/* The name without the name space's prefix. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void start_element(void *context, const XML_Char *name,
                          const XML_Char **attributes)
{
    (void)attributes;
    struct reader *reader = context;
    const char *local = local_name(name);
    if (reader->depth == DEPTH_MAX || ++reader->elements > ELEMENTS_MAX ||
        strlen(local) >= NAME_SIZE) {
        refuse(reader, "it is nested too deep or has too many elements");
        return;
    }
    struct level *level = &reader->levels[++reader->depth];
    memcpy(level->name, local, strlen(local) + 1);
    level->children = NULL;
    buf_init(&level->text, TEXT_MAX);
}

static void add_text(void *context, const XML_Char *text, int size)
{
    struct reader *reader = context;
    if (reader->problem == NULL &&
        !buf_add(&reader->levels[reader->depth].text, text, (size_t)size)) {
        refuse(reader, "a text in it is too long");
    }
}

static bool is_list_name(const char *name)
{
    return strcmp(name, "item") == 0 || strcmp(name, "member") == 0;
}

static void add_child_take(struct level *parent, const char *name, json_t *value)
{
    if (parent->children == NULL) {
        parent->children = is_list_name(name) ? json_array() : json_object();
    }
    if (json_is_array(parent->children)) {
        json_array_append_new(parent->children, value);
        return;
    }
    json_t *known = json_object_get(parent->children, name);
    if (known == NULL) {
        json_object_set_new(parent->children, name, value);
        return;
    }
    if (!json_is_array(known)) {
        json_t *list = json_pack("[O]", known);
        json_object_set_new(parent->children, name, list);
        known = list;
    }
    json_array_append_new(known, value);
}

static void clear_level(struct level *level)
{
    json_decref(level->children);
    level->children = NULL;
    buf_clear(&level->text);
}

static void end_element(void *context, const XML_Char *name)
{
    (void)name;
    struct reader *reader = context;
    if (reader->problem != NULL) {
        return; /* expat still ends an empty element at which it was stopped */
    }
    struct level *level = &reader->levels[reader->depth];
    json_t *value = level->children != NULL ? json_incref(level->children)
                                            : json_string(buf_text(&level->text));
    reader->depth--;
    if (value == NULL) {
        refuse(reader, "a text in it is not UTF-8");
    } else {
        add_child_take(&reader->levels[reader->depth], level->name, value);
    }
    clear_level(level);
}

bool xml_read(struct bytes text, json_t **value, struct error *err)
{
    *value = NULL;
    if (text.size > BYTES_MAX) {
        return error_set(err, ERROR_DATA, "an answer in XML of more than %d bytes",
                         BYTES_MAX);
    }
    struct reader *reader = mem_new(1, sizeof(*reader));
    reader->parser = XML_ParserCreate(NULL);
    if (reader->parser == NULL) {
        abort(); /* no memory: as everywhere, the next run repeats the work */
    }
    XML_SetUserData(reader->parser, reader);
    XML_SetStartDoctypeDeclHandler(reader->parser, start_doctype);
    XML_SetElementHandler(reader->parser, start_element, end_element);
    XML_SetCharacterDataHandler(reader->parser, add_text);

    bool ok = XML_Parse(reader->parser, (const char *)text.data, (int)text.size,
                        XML_TRUE) == XML_STATUS_OK;
    if (ok) {
        *value = json_incref(reader->levels[0].children);
    } else {
        error_set(err, ERROR_DATA, "an answer is not the XML that AWS sends: %s",
                  reader->problem != NULL
                      ? reader->problem
                      : XML_ErrorString(XML_GetErrorCode(reader->parser)));
    }
    for (size_t i = 0; i <= reader->depth; i++) {
        clear_level(&reader->levels[i]);
    }
    XML_ParserFree(reader->parser);
    free(reader);
    return ok;
}

const char *xml_text(const json_t *value, const char *name)
{
    const char *found = NULL;
    if (json_is_array(value)) {
        for (size_t i = 0; found == NULL && i < json_array_size(value); i++) {
            found = xml_text(json_array_get(value, i), name);
        }
        return found;
    }
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    for (; found == NULL && iter != NULL; iter = json_object_iter_next(object, iter)) {
        const json_t *member = json_object_iter_value(iter);
        if (json_is_string(member)) {
            bool is_it = strcmp(json_object_iter_key(iter), name) == 0;
            found = is_it ? json_string_value(member) : NULL;
        } else {
            found = xml_text(member, name);
        }
    }
    return found;
}
