#include "azure/cli.h"

#include "base/key_file.h"
#include "base/process.h"
#include "base/timestamp.h"

enum { TIMEOUT_MS = 10 * MS_PER_SECOND, OUTPUT_MAX = 1 << 16, ARGUMENTS = 10 };

static bool say_sign_in(struct error *err)
{
    if (err != NULL && err->kind == ERROR_CONFIG) {
        return error_context(err, "Azure CLI: install it and sign in with \"az login\"");
    }
    return error_context(err, "Azure CLI");
}

bool cli_token(const struct credential *credential, const struct runtime *runtime,
               const char *audience, struct token *token, struct error *err)
{
    bool has_tenant = credential->tenant != NULL;
    const char *const argv[ARGUMENTS] = {"az",
                                         "account",
                                         "get-access-token",
                                         "--output",
                                         "json",
                                         "--resource",
                                         audience,
                                         has_tenant ? "--tenant" : NULL,
                                         has_tenant ? credential->tenant : NULL,
                                         NULL};
    struct buf out;
    buf_init(&out, OUTPUT_MAX);

    bool ok = process_run(argv, TIMEOUT_MS, &out, err) || say_sign_in(err);
    ok = ok &&
         (token_read(buf_bytes(&out), runtime->now_ms(runtime->context), token, err) ||
          error_context(err, "Azure CLI"));
    key_file_clear(&out);
    return ok;
}
