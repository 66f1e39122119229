#include "gcp/projects.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BODY_MAX = 4 << 20, LIST_PAGES_MAX = 400, FOLDERS_MAX = 10000 };

static const char denied[] =
    "this identity may not list projects and folders; grant it roles/browser on the "
    "organisation or folder, or name them in \"projects\"";

/* What is at work while names are gathered. */
struct search {
    struct google *google;
    const json_t *settings;
    json_t *names;
    json_t *parents; /* an array: organisations and folders yet to be asked */
};

static bool fits_one(const json_t *patterns, const char *id, const char *name)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(patterns, i, item)
    {
        struct bytes pattern = bytes_of(json_string_value(item));
        if (text_matches_glob(bytes_of(id), pattern) ||
            text_matches_glob(bytes_of(name), pattern)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const json_t *settings, const char *id, const char *name)
{
    const json_t *include = json_object_get(settings, "include");
    return (json_array_size(include) == 0 || fits_one(include, id, name)) &&
           !fits_one(json_object_get(settings, "exclude"), id, name);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static bool is_active(const json_t *element)
{
    const char *state = text_of(element, "state");
    return state[0] == '\0' || strcmp(state, "ACTIVE") == 0;
}

/* "domain.example:project" is an id, too. */
static bool is_id(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:";
    return text[0] != '\0' && strspn(text, letters) == strlen(text);
}

static void take_project(struct search *search, const json_t *element)
{
    const char *id = text_of(element, "projectId");
    if (is_active(element) && is_id(id) &&
        is_wanted(search->settings, id, text_of(element, "displayName"))) {
        char *name = mem_format("projects/%s", id);
        json_object_set_new(search->names, name, json_true());
        free(name);
    }
}

static void take_folder(struct search *search, const json_t *element)
{
    static const char prefix[] = "folders/";
    const char *name = text_of(element, "name");
    const char *number = name + strlen(prefix);
    if (!is_active(element) || strncmp(name, prefix, strlen(prefix)) != 0 ||
        number[0] == '\0' || strspn(number, "0123456789") != strlen(number) ||
        json_object_get(search->names, name) != NULL) {
        return;
    }
    json_object_set_new(search->names, name, json_true());
    json_array_append_new(search->parents, json_string(name));
}

/* One kind of list, and what to do with an element of it. */
struct listing {
    const char *path; /* "/v3/projects:search?pageSize=500" */
    const char *key;  /* "projects" */
    void (*take)(struct search *search, const json_t *element);
};

/* text as a part of a query: the caller's. */
static char *escape(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789-._~";
    char *out = mem_alloc(3 * strlen(text) + 1);
    char *at = out;
    for (; *text != '\0'; text++) {
        if (strchr(safe, *text) != NULL) {
            *at++ = *text;
            continue;
        }
        *at++ = '%';
        *at++ = digits[(unsigned char)*text >> 4];
        *at++ = digits[(unsigned char)*text & 15];
    }
    *at = '\0';
    return out;
}

/* One page; *token becomes the next one's, or NULL. */
static bool read_page(struct search *search, const struct listing *listing, char **token,
                      struct error *err)
{
    char *escaped = escape(*token == NULL ? "" : *token);
    char *path =
        mem_format("%s%s%s", listing->path, *token == NULL ? "" : "&pageToken=", escaped);
    const struct google_call call = {
        .path = path, .denied = denied, .limit = LIST_BODY_MAX};
    struct http_response response = {0};
    json_t *body = NULL;
    bool ok = google_send(search->google, &call, &response, err);
    if (ok) {
        body = json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
        ok = json_is_object(body) ||
             error_set(err, ERROR_DATA, "Resource Manager's answer is no list");
    }
    free(*token);
    *token = NULL;
    size_t i = 0;
    json_t *element = NULL;
    json_array_foreach(json_object_get(body, listing->key), i, element)
    {
        listing->take(search, element);
    }
    const char *next = text_of(body, "nextPageToken");
    *token = ok && next[0] != '\0' ? mem_dup(next) : NULL;
    json_decref(body);
    http_response_clear(&response);
    free(path);
    free(escaped);
    return ok;
}

static bool read_list(struct search *search, const struct listing *listing,
                      struct error *err)
{
    char *token = NULL;
    int pages = 0;
    bool ok = true;
    do {
        ok = pages++ < LIST_PAGES_MAX
                 ? read_page(search, listing, &token, err)
                 : error_set(err, ERROR_DATA, "a list of more than %d pages",
                             (int)LIST_PAGES_MAX);
    } while (ok && token != NULL);
    free(token);
    return ok;
}

static bool read_parent(struct search *search, const char *parent, struct error *err)
{
    char *folders = mem_format("/v3/folders?parent=%s&pageSize=300", parent);
    char *projects = mem_format("/v3/projects?parent=%s&pageSize=300", parent);
    const struct listing listings[] = {{folders, "folders", take_folder},
                                       {projects, "projects", take_project}};
    bool ok =
        read_list(search, &listings[0], err) && read_list(search, &listings[1], err);
    free(folders);
    free(projects);
    return ok || error_context(err, "below %s", parent);
}

bool projects_find(struct google *google, const json_t *settings, const char *top,
                   json_t *names, struct error *err)
{
    static const struct listing all = {"/v3/projects:search?pageSize=500", "projects",
                                       take_project};
    struct search search = {
        .google = google, .settings = settings, .names = names, .parents = json_array()};
    bool ok = true;
    if (top == NULL) {
        ok = read_list(&search, &all, err) || error_context(err, "list of projects");
    } else {
        json_object_set_new(names, top, json_true());
        json_array_append_new(search.parents, json_string(top));
    }
    for (size_t i = 0; ok && i < json_array_size(search.parents); i++) {
        ok = i < FOLDERS_MAX
                 ? read_parent(&search,
                               json_string_value(json_array_get(search.parents, i)), err)
                 : error_set(err, ERROR_DATA, "more than %d folders", (int)FOLDERS_MAX);
    }
    json_decref(search.parents);
    return ok;
}
