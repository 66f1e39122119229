#include "gcp/adc_executable.h"

#include "base/key_file.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "gcp/adc_find.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define ALLOW "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"

enum {
    OUTPUT_MAX = 1 << 16,
    ARGUMENTS_MAX = 64,
    TIMEOUT_MS = 30 * MS_PER_SECOND, /* Google's; a file may say 5 to 120 s */
    TIMEOUT_LEAST_MS = 5 * MS_PER_SECOND,
    TIMEOUT_MOST_MS = 120 * MS_PER_SECOND,
};

/* A program's arguments; env(1) in front gives it the variables that Google promises. */
struct command {
    char *words[ARGUMENTS_MAX + 1];
    size_t count;
};

static bool add_word(struct command *command, char *word_take)
{
    if (command->count == ARGUMENTS_MAX) {
        free(word_take);
        return false;
    }
    command->words[command->count++] = word_take;
    return true;
}

static bool add_variable(struct command *command, const char *name, const char *value)
{
    return value == NULL ||
           add_word(command, mem_format("GOOGLE_EXTERNAL_ACCOUNT_%s=%s", name, value));
}

/* Words are parted by spaces; "a b" is one. */
static bool add_words(struct command *command, const char *text)
{
    bool ok = true;
    while (ok && *(text += strspn(text, " ")) != '\0') {
        bool is_quoted = *text == '"';
        text += is_quoted ? 1 : 0;
        size_t size = strcspn(text, is_quoted ? "\"" : " ");
        ok = add_word(command, mem_dup_bytes(text, size));
        text += size + (is_quoted && text[size] == '"' ? 1 : 0);
    }
    return ok;
}

static void clear_command(struct command *command)
{
    for (size_t i = 0; i < command->count; i++) {
        free(command->words[i]);
    }
}

/* bridge@p.iam.. of ".../serviceAccounts/bridge@p.iam..:generateAccessToken" */
static char *email_of(const struct adc_source *source)
{
    const char *url = adc_source_text(source, "service_account_impersonation_url");
    const char *start = url == NULL ? NULL : strrchr(url, '/');
    return start == NULL ? NULL : mem_dup_bytes(start + 1, strcspn(start + 1, ":"));
}

static bool write_command(const struct adc_source *source, const json_t *executable,
                          struct command *command, struct error *err)
{
    const char *text = json_string_value(json_object_get(executable, "command"));
    char *email = email_of(source);
    bool ok =
        text != NULL && add_word(command, mem_dup("env")) &&
        add_variable(command, "AUDIENCE", adc_source_text(source, "audience")) &&
        add_variable(command, "TOKEN_TYPE",
                     adc_source_text(source, "subject_token_type")) &&
        add_variable(command, "INTERACTIVE", "0") &&
        add_variable(command, "IMPERSONATED_EMAIL", email) &&
        add_variable(command, "OUTPUT_FILE",
                     json_string_value(json_object_get(executable, "output_file"))) &&
        add_words(command, text);
    free(email);
    return ok || error_set(err, ERROR_CONFIG,
                           "credential_source.executable.command is missing or has more "
                           "than %d words",
                           ARGUMENTS_MAX);
}

static int timeout_of(const json_t *executable)
{
    json_int_t told = json_integer_value(json_object_get(executable, "timeout_millis"));
    return told < TIMEOUT_LEAST_MS || told > TIMEOUT_MOST_MS ? TIMEOUT_MS : (int)told;
}

static const char *token_name(const json_t *answer)
{
    const char *type = json_string_value(json_object_get(answer, "token_type"));
    bool is_saml =
        type != NULL && strcmp(type, "urn:ietf:params:oauth:token-type:saml2") == 0;
    return is_saml ? "saml_response" : "id_token";
}

/* Takes the token out of what the program said. now_s: 0 when its end may be missing. */
static bool read_answer(const struct buf *text, int64_t now_s, struct secret *subject,
                        struct error *err)
{
    json_t *answer = json_loadb((const char *)text->data, text->size, 0, NULL);
    const json_t *value = json_object_get(answer, token_name(answer));
    const char *token = json_string_value(value);
    json_int_t end_s = json_integer_value(json_object_get(answer, "expiration_time"));
    bool ok = false;
    if (json_integer_value(json_object_get(answer, "version")) != 1) {
        error_set(err, ERROR_CONFIG, "it printed no answer of version 1 in JSON");
    } else if (!json_is_true(json_object_get(answer, "success"))) {
        error_set(err, ERROR_DENIED, "it said that it failed; run it by hand to see why");
    } else if (token == NULL || token[0] == '\0') {
        error_set(err, ERROR_CONFIG, "its answer holds no %s", token_name(answer));
    } else if (end_s != 0 && end_s <= now_s) {
        error_set(err, ERROR_DENIED, "its token has expired");
    } else {
        secret_set(subject, token);
        ok = true;
    }
    if (token != NULL) {
        OPENSSL_cleanse((void *)token, json_string_length(value));
    }
    json_decref(answer);
    return ok;
}

/* A program may leave its last answer in a file, and is not run while that is good. */
static bool read_file(const json_t *executable, int64_t now_s, struct secret *subject)
{
    const char *path = json_string_value(json_object_get(executable, "output_file"));
    struct buf text;
    buf_init(&text, OUTPUT_MAX);
    bool ok = path != NULL && key_file_read(path, &text, NULL) &&
              read_answer(&text, now_s, subject, NULL);
    key_file_clear(&text);
    return ok;
}

bool adc_executable_subject(const struct adc_source *source,
                            const struct runtime *runtime, struct secret *subject,
                            struct error *err)
{
    const json_t *origin = json_object_get(source->file, "credential_source");
    const json_t *executable = json_object_get(origin, "executable");
    const char *allow = adc_find_variable(ALLOW);
    int64_t now_s = runtime->now_ms(runtime->context) / MS_PER_SECOND;
    struct command command = {0};
    struct buf out;
    if (allow == NULL || strcmp(allow, "1") != 0) {
        return error_set(
            err, ERROR_CONFIG,
            "the credential file wants to run a program; if it may, set " ALLOW "=1");
    }
    if (read_file(executable, now_s, subject)) {
        return true;
    }
    buf_init(&out, OUTPUT_MAX);
    bool ok = write_command(source, executable, &command, err) &&
              process_run((const char *const *)command.words, timeout_of(executable),
                          &out, err) &&
              read_answer(&out, now_s, subject, err);
    key_file_clear(&out);
    clear_command(&command);
    return ok || error_context(err, "credential_source.executable");
}
