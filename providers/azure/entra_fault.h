/*
 * Why Entra ID gave no token, in words that say what to do.
 *
 *   400 {"error":"invalid_client","error_description":"AADSTS7000222: The provided ...",
 *        "error_codes":[7000222],"trace_id":"...","correlation_id":"..."}
 */
#ifndef AZURE_ENTRA_FAULT_H
#define AZURE_ENTRA_FAULT_H

#include "azure/credential.h"
#include "net/http.h"

/* Will the same request do later? (busy in a 400) */
bool entra_fault_is_passing(const struct http_response *response);
/* Was an assertion not yet, or no longer, valid? */
bool entra_fault_is_clock(const struct http_response *response);
/*
 * Says what Entra refused, with its AADSTS code, the remedy and the ids that Microsoft's
 * support asks for. ERROR_DENIED; ERROR_UNREACHABLE when something else answered. False.
 */
bool entra_fault_set(const struct credential *credential,
                     const struct http_response *response, struct error *err);

#endif
