/*
 * What Azure Resource Manager and Microsoft Graph say when they refuse:
 *
 *   {"error":{"code":"AuthorizationFailed","message":"..."}}
 *   {"code":"...","message":"..."}                  (the Activity Log's own form)
 */
#ifndef AZURE_FAULT_H
#define AZURE_FAULT_H

#include "net/http.h"

enum { FAULT_CODE_SIZE = 64 };

/* Copies the code, or "" where there is none or it is no name. */
void fault_code(const struct http_response *response, char code[FAULT_CODE_SIZE]);
/* What to do about it, where the code alone says so; else NULL. */
const char *fault_remedy(const char *code);

#endif
