/*
 * Who we are to Entra ID: one credential, and access tokens of it, one for each audience.
 *
 * Tokens are cached process-wide by identity and audience: one thread fetches, the others
 * wait. They are fetched anew well before they expire, and once when the service refused
 * the last one.
 *
 * What is configured decides, and nothing else is tried when it fails: another credential
 * may be a broader identity than the one that was meant.
 *
 * Errors: ERROR_CONFIG (a part is missing or unreadable), ERROR_DENIED (Entra refused:
 * text says the AADSTS code and its remedy), those of net/http.h.
 */
#ifndef AZURE_IDENTITY_H
#define AZURE_IDENTITY_H

#include "base/error.h"
#include "base/secret.h"
#include "provider.h"

struct identity;

/*
 * The keys of a source that say who we are; ends with SETTING_END. The source's own
 * "ca_file" is used for Entra ID too.
 */
extern const struct setting identity_settings[];

/* Checks settings and reads key files; sends nothing. The caller frees. */
bool identity_new(const json_t *settings, struct identity **identity, struct error *err);
void identity_free(struct identity *identity);

/*
 * A token for audience ("https://management.azure.com"): what stands behind "Bearer ".
 * The caller clears.
 */
bool identity_token(struct identity *identity, const struct runtime *runtime,
                    const char *audience, struct secret *token, struct error *err);
/* Another one than this identity was given last: the service refused it (401). */
bool identity_next_token(struct identity *identity, const struct runtime *runtime,
                         const char *audience, struct secret *token, struct error *err);
/* For logs: "workload identity", "client secret". */
const char *identity_name(const struct identity *identity);
/* The client id, else the object id; NULL where settings say neither. Borrowed. */
const char *identity_id(const struct identity *identity);
/* Is it a managed identity, which has no app registration? */
bool identity_is_managed(const struct identity *identity);

#endif
