#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535, PORT_DIGITS = 5 };

/* A port's number; 0 when it is none. */
static long port_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > PORT_DIGITS || text[digits] != '\0') {
        return 0;
    }
    long port = strtol(text, NULL, 10);
    return port <= PORT_MAX ? port : 0;
}

bool address_parse(const char *text, struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    const char *colon = strrchr(text, ':');
    bool is_six = text[0] == '[' && colon > text && colon[-1] == ']';
    const char *begin = text + is_six;
    size_t size = colon == NULL ? 0 : (size_t)(colon - begin) - is_six;
    long port = colon == NULL ? 0 : port_of(colon + 1);
    if (port == 0 || size == 0 || size >= sizeof(host)) {
        return false;
    }
    memcpy(host, begin, size);

    *address = (struct sockaddr_storage){0};
    if (is_six) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}
