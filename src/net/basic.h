/*
 * HTTP's Basic authentication (RFC 7617).
 */
#ifndef NET_BASIC_H
#define NET_BASIC_H

/* "user:password" in base64; what goes behind "Basic ". The caller wipes and frees. */
char *basic_encode(const char *user, const char *password);

#endif
