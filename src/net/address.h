/*
 * An address and port to listen on, as an operator writes them: "127.0.0.1:9464",
 * "0.0.0.0:9464", "[::]:9464". Numbers only: a name could mean more than was thought.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False when text is no address with a port from 1 to 65535. */
bool address_parse(const char *text, struct sockaddr_storage *address);

#endif
