#include "aws/program.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "runtime.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 10 * MS_PER_SECOND, OUTPUT_MAX = 1 << 16 };

/* Adds the quoted part that at stands before; returns what follows, NULL: not closed. */
static const char *add_quoted(const char *at, struct buf *word)
{
    char quote = *at++;
    for (; *at != '\0' && *at != quote; at++) {
        bool is_escape = quote == '"' && *at == '\\' && (at[1] == '"' || at[1] == '\\');
        at += is_escape ? 1 : 0;
        buf_add_byte(word, (uint8_t)*at);
    }
    return *at == '\0' ? NULL : at + 1;
}

/* Adds one word; returns what follows, NULL: a quote is not closed. */
static const char *add_word(const char *at, struct buf *word)
{
    while (at != NULL && *at != '\0' && strchr(" \t\r\n", *at) == NULL) {
        if (*at == '\'' || *at == '"') {
            at = add_quoted(at, word);
            continue;
        }
        if (*at == '\\' && *++at == '\0') {
            return NULL;
        }
        buf_add_byte(word, (uint8_t)*at++);
    }
    return at;
}

json_t *program_split(const char *line)
{
    json_t *words = json_array();
    const char *at = line + strspn(line, " \t\r\n");
    while (at != NULL && *at != '\0') {
        struct buf word;
        buf_init(&word, strlen(line));
        at = add_word(at, &word);
        json_array_append_new(words, json_string(buf_text(&word)));
        buf_clear(&word);
        at = at == NULL ? NULL : at + strspn(at, " \t\r\n");
    }
    if (at == NULL || json_array_size(words) == 0) {
        json_decref(words);
        return NULL;
    }
    return words;
}

static bool read_output(struct bytes output, const struct runtime *runtime,
                        struct credentials *credentials, struct error *err)
{
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey",
                                                   "SessionToken", false};
    json_t *answer = json_loadb((const char *)output.data, output.size, 0, NULL);
    const json_t *version = json_object_get(answer, "Version");
    bool ok = false;
    if (json_is_object(answer) && json_integer_value(version) != 1) {
        error_set(err, ERROR_DATA, "its \"Version\" is not 1, the only one there is");
    } else {
        ok = credentials_read(answer, &names, runtime->now_ms(runtime->context),
                              credentials, err);
    }
    credentials_wipe_json(answer);
    return ok;
}

bool program_load(const json_t *argv, const struct runtime *runtime,
                  struct credentials *credentials, struct error *err)
{
    size_t count = json_array_size(argv);
    const char **texts = mem_new(count + 1, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = json_string_value(json_array_get(argv, i));
    }
    struct buf output;
    buf_init(&output, OUTPUT_MAX);
    bool ok = process_run(texts, TIMEOUT_MS, &output, err);
    if (ok) {
        ok = read_output(buf_bytes(&output), runtime, credentials, err) ||
             error_context(err, "what %s printed", texts[0]);
        credentials->from = mem_format("program %s", texts[0]);
    }
    if (!ok) {
        error_context(err, "credential_process");
    }
    if (output.size > 0) {
        OPENSSL_cleanse(output.data, output.size);
    }
    buf_clear(&output);
    free(texts);
    return ok;
}
