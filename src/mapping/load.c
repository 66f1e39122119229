#include "mapping/compiled.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_SIZE_MAX = (4 << 20) + 1 }; /* yaml_parse refuses more than 4 MiB */

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

static bool is_ending(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t wanted = strlen(ending);
    return size > wanted && strcmp(name + size - wanted, ending) == 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void read_names(struct loader *loader, const char *directory, DIR *stream,
                       char ***names, size_t *count)
{
    const struct dirent *entry = NULL;
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue; /* Kubernetes mounts hold "..data" beside the files */
        }
        if (is_ending(entry->d_name, ".yaml")) {
            *names = mem_resize(*names, *count + 1, sizeof(char *));
            (*names)[(*count)++] = mem_format("%s/%s", directory, entry->d_name);
        } else if (is_ending(entry->d_name, ".yml")) {
            char *file = mem_format("%s/%s", directory, entry->d_name);
            problems_add(loader->problems, file, 0, 0,
                         "is not read: rename it to end in .yaml");
            free(file);
        }
    }
    if (*count > 0) {
        qsort(*names, *count, sizeof(char *), compare_names);
    }
}

static bool read_text(const char *file, struct buf *text, struct problems *problems)
{
    FILE *stream = fopen(file, "rbe");
    if (stream == NULL) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    buf_init(text, FILE_SIZE_MAX);
    char block[16 << 10];
    size_t got = 0;
    while ((got = fread(block, 1, sizeof(block), stream)) > 0) {
        size_t room = FILE_SIZE_MAX - text->size;
        buf_add(text, block, got < room ? got : room);
    }
    bool ok = ferror(stream) == 0;
    if (!ok) {
        problems_add(problems, file, 0, 0, "cannot be read: %s", strerror(errno));
    }
    fclose(stream);
    return ok;
}

/* Of packs that are not wanted nothing is kept, and only their syntax is checked. */
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
    if (!read_text(file, &text, loader->problems)) {
        buf_clear(&text);
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
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        problems_add(loader->problems, directory, 0, 0,
                     "cannot be read as a directory of packs: %s", strerror(errno));
        return;
    }
    char **names = NULL;
    size_t count = 0;
    read_names(loader, directory, stream, &names, &count);
    closedir(stream);
    for (size_t i = 0; i < count; i++) {
        load_file(loader, names[i]);
        free(names[i]);
    }
    free(names);
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

/* A pack may be several files; they say the same version, or one was forgotten. */
static void check_version(const struct loader *loader, const struct pack *pack,
                          const struct pack *other)
{
    if (pack->version == NULL || other->version == NULL ||
        strcmp(pack->version, other->version) == 0) {
        return;
    }
    problems_add(loader->problems, pack->file, pack->place.line, pack->place.column,
                 "pack \"%s\" has version %s here and %s at %s:%d; files of one pack say "
                 "the same version",
                 pack->name, pack->version, other->version, other->file,
                 other->place.line);
}

static void check_versions(const struct loader *loader)
{
    for (size_t i = 1; i < loader->file_count; i++) {
        check_version(loader, &loader->files[i].pack,
                      &loader->files[first_file(loader, i)].pack);
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
        paths_free(set->mappings[i].all_paths);
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
