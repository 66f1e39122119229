#include "mapping/compiled.h"

#include "base/mem.h"
#include "mapping/files.h"

#include <stdlib.h>

struct pack_file {
    struct pack pack;
    uint8_t digest[DIGEST_SIZE]; /* of the whole file */
};

struct loader {
    const struct record_shape *const *shapes;
    const struct record_shape *only; /* NULL: all of them */
    struct mapping_set *set;
    struct problems *problems;
    struct pack_file *files;
    size_t file_count;
};

/* Of packs that are not wanted nothing is kept. */
static bool is_wanted(const struct loader *loader, const struct yaml *yaml)
{
    const char *records = json_string_value(json_object_get(yaml->root, "records"));
    return loader->only == NULL || records == NULL ||
           strcmp(records, loader->only->name) == 0;
}

static void load_file(struct loader *loader, const char *file)
{
    struct buf text = {0};
    struct yaml yaml = {0};
    if (!files_read(file, &text, loader->problems)) {
        buf_clear(&text);
        return;
    }
    if (files_are_others(buf_bytes(&text), loader->only)) {
        buf_clear(&text); /* its YAML would be most of the work */
        return;
    }
    loader->files =
        mem_resize(loader->files, loader->file_count + 1, sizeof(*loader->files));
    struct pack_file *loaded = &loader->files[loader->file_count++];
    *loaded = (struct pack_file){0};
    digest_sha256(buf_bytes(&text), loaded->digest);

    bool ok = yaml_parse(buf_text(&text), text.size, file, &yaml, loader->problems);
    if (ok && !is_wanted(loader, &yaml)) {
        loader->file_count--;
    } else if (ok) {
        pack_read(&yaml, loader->shapes, &loader->set->arena, &loaded->pack,
                  loader->problems);
    }
    yaml_clear(&yaml);
    buf_clear(&text);
}

static void load_directory(struct loader *loader, const char *directory)
{
    struct files files;
    files_list(directory, &files, loader->problems);
    for (size_t i = 0; i < files.count; i++) {
        load_file(loader, files.names[i]);
    }
    files_clear(&files);
}

/* The first file with the name of the pack in file; file when there is no other. */
static size_t first_file(const struct loader *loader, size_t file)
{
    const char *name = loader->files[file].pack.name;
    for (size_t i = 0; name != NULL && i < file; i++) {
        const char *other = loader->files[i].pack.name;
        if (other != NULL && strcmp(name, other) == 0) {
            return i;
        }
    }
    return file;
}

static void check_versions(const struct loader *loader)
{
    for (size_t i = 1; i < loader->file_count; i++) {
        pack_check_version(&loader->files[i].pack,
                           &loader->files[first_file(loader, i)].pack, loader->problems);
    }
}

/* Says which packs a mapping was made of, and from what bytes. */
static void sign_mapping(struct loader *loader, struct mapping *mapping)
{
    struct buf versions;
    struct buf digests;
    buf_init(&versions, SIZE_MAX / 2);
    buf_init(&digests, SIZE_MAX / 2);
    for (size_t i = 0; i < loader->file_count; i++) {
        const struct pack_file *file = &loader->files[i];
        if (file->pack.shape != mapping->shape) {
            continue;
        }
        buf_add(&digests, file->digest, sizeof(file->digest));
        if (first_file(loader, i) == i) { /* a pack of several files is named once */
            buf_addf(&versions, "%s%s %s", versions.size == 0 ? "" : ", ",
                     file->pack.name == NULL ? "?" : file->pack.name,
                     file->pack.version == NULL ? "?" : file->pack.version);
        }
    }
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(buf_bytes(&digests), digest);
    digest_hex((struct bytes){digest, sizeof(digest)}, mapping->hash);
    mapping->versions = arena_text(&loader->set->arena, buf_text(&versions));
    buf_clear(&versions);
    buf_clear(&digests);
}

static void compile_shape(struct loader *loader, const struct record_shape *shape)
{
    struct mapping_set *set = loader->set;
    if (mapping_find(set, shape) != NULL) {
        return; /* two providers may deliver the same records */
    }
    struct mapping *mapping = &set->mappings[set->count++];
    mapping->shape = shape;
    const struct pack **packs =
        mem_new(loader->file_count + 1, sizeof(const struct pack *));
    size_t count = 0;
    for (size_t i = 0; i < loader->file_count; i++) {
        if (loader->files[i].pack.shape == shape) {
            packs[count++] = &loader->files[i].pack;
        }
    }
    mapping_compile(mapping, packs, count, &set->arena, loader->problems);
    free(packs);
    sign_mapping(loader, mapping);
}

bool mapping_load(const char *const *directories,
                  const struct record_shape *const *shapes, struct mapping_set **set,
                  struct problems *problems)
{
    return mapping_load_only(directories, shapes, NULL, set, problems);
}

bool mapping_load_only(const char *const *directories,
                       const struct record_shape *const *shapes,
                       const struct record_shape *only, struct mapping_set **set,
                       struct problems *problems)
{
    size_t before = problems->count;
    size_t shape_count = 0;
    while (shapes[shape_count] != NULL) {
        shape_count++;
    }
    struct loader loader = {
        .shapes = shapes,
        .only = only,
        .set = mem_new(1, sizeof(**set)),
        .problems = problems,
    };
    loader.set->mappings = mem_new(shape_count + 1, sizeof(*loader.set->mappings));

    for (size_t i = 0; directories[i] != NULL; i++) {
        load_directory(&loader, directories[i]);
    }
    check_versions(&loader);
    for (size_t i = 0; i < shape_count; i++) {
        if (only == NULL || strcmp(only->name, shapes[i]->name) == 0) {
            compile_shape(&loader, shapes[i]);
        }
    }
    free(loader.files);

    if (problems->count > before) {
        mapping_set_free(loader.set);
        return false;
    }
    *set = loader.set;
    return true;
}

void mapping_set_free(struct mapping_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        paths_free(set->mappings[i].paths);
        paths_free(set->mappings[i].changes.paths);
        plan_free(set->mappings[i].plans);
    }
    free(set->mappings);
    arena_clear(&set->arena);
    free(set);
}

const struct mapping *mapping_find(const struct mapping_set *set,
                                   const struct record_shape *shape)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->mappings[i].shape->name, shape->name) == 0) {
            return &set->mappings[i];
        }
    }
    return NULL;
}

const struct paths *mapping_paths(const struct mapping *mapping)
{
    return mapping->paths;
}

const struct record_shape *mapping_shape(const struct mapping *mapping)
{
    return mapping->shape;
}

const char *mapping_versions(const struct mapping *mapping)
{
    return mapping->versions;
}

const char *mapping_hash(const struct mapping *mapping)
{
    return mapping->hash;
}
