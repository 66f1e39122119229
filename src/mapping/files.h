/*
 * The YAML files of a directory of packs, in name order. A name that begins with a dot
 * is passed over: Kubernetes mounts hold "..data" beside the files.
 */
#ifndef MAPPING_FILES_H
#define MAPPING_FILES_H

#include "base/buf.h"
#include "base/problems.h"
#include "record/record.h"

struct files {
    char **names; /* "DIRECTORY/NAME.yaml"; borrowed until files_clear */
    size_t count;
};

/* Lists directory; what cannot be read, or is misnamed, is a problem. */
bool files_list(const char *directory, struct files *files, struct problems *problems);
void files_clear(struct files *files);

/* Reads file into text, up to one byte more than YAML may have. Clear text either way. */
bool files_read(const char *file, struct buf *text, struct problems *problems);

/*
 * What the line "records: NAME" of a pack says, found without reading its YAML; empty
 * where it does not stand so.
 */
struct bytes files_records(struct bytes text);
/* True when that line names other records than those of only, which may be NULL: all. */
bool files_are_others(struct bytes text, const struct record_shape *only);

#endif
