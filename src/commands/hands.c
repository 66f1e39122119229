#include "commands/hands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t hands_now_ms(const struct hands *hands)
{
    return hands->runtime.now_ms(hands->runtime.context);
}

int hands_failed(const struct hands *hands, const struct error *err)
{
    fprintf(stderr, "auditbridge %s: %s\n", hands->command->name, err->text);
    return err->kind == ERROR_CONFIG ? EXIT_WRONG : EXIT_FAILED;
}

static bool open_store(struct hands *hands, enum hands_access access, struct error *err)
{
    const struct store_type *type = hands->type;
    const json_t *settings = hands->config.state;
    if (access == HANDS_MAKE) {
        return type->open(settings, &hands->runtime, &hands->store, err);
    }
    if (!type->inspect->open(settings, &hands->runtime, &hands->store, err)) {
        return false;
    }
    if (access == HANDS_LOOK || hands->store == NULL) {
        return true;
    }
    type->close(hands->store);
    hands->store = NULL;
    return type->open(settings, &hands->runtime, &hands->store, err);
}

int hands_open(struct hands *hands, const char *file, enum hands_access access)
{
    struct problems problems = {0};
    struct error err = {0};
    int status = EXIT_GOOD;
    hands->type = &store_sqlite;
    runtime_init(&hands->runtime);
    if (!config_load(file, hands->program->providers, &hands->config, &problems)) {
        status = command_problems(&problems);
    } else if (!open_store(hands, access, &err)) {
        status = hands_failed(hands, &err);
    }
    problems_clear(&problems);
    return status;
}

void hands_close(struct hands *hands)
{
    if (hands->store != NULL) {
        hands->type->close(hands->store);
    }
    hands->store = NULL;
    runtime_clear(&hands->runtime);
    config_clear(&hands->config);
}

bool hands_claim(const struct hands *hands, const char *source, struct claim *claim,
                 struct error *err)
{
    struct error why = {0};
    const struct store_wish wish = {.source = source, .claim = claim, .error = &why};
    if (!hands->type->claim(hands->store, &wish, 1, err)) {
        return false;
    }
    return why.kind == ERROR_NONE || error_set(err, why.kind, "%s", why.text);
}

bool hands_release(const struct hands *hands, struct claim *claim, struct error *err)
{
    struct store_return returned = {.claim = claim};
    bool ok = hands->type->release(hands->store, &returned, 1, err) &&
              (!returned.is_lost ||
               error_set(err, ERROR_LOST, "source %s: another process holds it now",
                         claim->source));
    claim_clear(claim);
    return ok;
}

bool hands_agreed(const struct hands *hands, bool is_said, const char *what)
{
    char answer[8] = "";
    if (is_said) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "auditbridge %s: %s: add --yes when that is meant\n",
                hands->command->name, what);
        return false;
    }
    fprintf(stderr, "%s. Go on? [y/N] ", what);
    bool is_yes = fgets(answer, sizeof(answer), stdin) != NULL &&
                  (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
    if (!is_yes) {
        fprintf(stderr, "nothing was changed\n");
    }
    return is_yes;
}
