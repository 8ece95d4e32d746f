/*
 * address.h - where the server listens.
 */
#ifndef PITH_HTTP_ADDRESS_H
#define PITH_HTTP_ADDRESS_H

#include <stdbool.h>

/* A socket that listens at "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or
 * "8080", which is the same; port 0 is one that is free.
 *   name         ADDR:PORT as it became
 *   is_loopback  only programs of this machine reach it
 * Returns an exit code, having printed what is wrong. */
struct listener {
    int socket;
    char name[80];
    bool is_loopback, is_ipv6;
};

int http_listen(const char *address, struct listener *listener);

/* Whether a Host header names this machine by number or as localhost, and so
 * not by a name that somebody else's name server has given it. */
bool http_host_is_plain(const char *host);

#endif
