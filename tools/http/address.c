/*
 * address.c - see address.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common.h"

enum { MAX_NAME = 64 };

struct place { /* "[::1]:80" taken apart */
    char host[MAX_NAME], port[MAX_NAME];
};

static bool copy(char to[MAX_NAME], const char *from, size_t size)
{
    if (size == 0 || size >= MAX_NAME)
        return false;
    memcpy(to, from, size);
    to[size] = '\0';
    return true;
}

static bool is_port(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 5 && text[n] == '\0' && atoi(text) <= 65535;
}

/* An IPv6 address is in brackets, as its colons are not that of the port. */
static bool take_apart(const char *address, struct place *place)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL) /* the port alone */
        return copy(place->host, "127.0.0.1", 9) &&
               copy(place->port, address, strlen(address)) &&
               is_port(place->port);
    size_t size = (size_t)(colon - address);
    bool bracketed = size >= 2 && address[0] == '[' && colon[-1] == ']';
    if (bracketed)
        address++, size -= 2;
    else if (memchr(address, ':', size) != NULL)
        return false;
    if (!copy(place->host, address, size) ||
        !copy(place->port, colon + 1, strlen(colon + 1)))
        return false;
    if (strcmp(place->host, "localhost") == 0)
        strcpy(place->host, "127.0.0.1");
    return is_port(place->port);
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *six = (const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* The name with the port that the system chose where that was 0. */
static void describe(struct listener *listener)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[MAX_NAME], port[MAX_NAME];
    if (getsockname(listener->socket, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(listener->name, sizeof listener->name,
             listener->is_ipv6 ? "[%.60s]:%.8s" : "%.60s:%.8s", host, port);
}

static int open_socket(const struct addrinfo *found, struct listener *listener)
{
    int yes = 1;
    int made = socket(found->ai_family, SOCK_STREAM, 0);
    listener->socket = made;
    if (made < 0 || fcntl(made, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(made, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(made, found->ai_addr, found->ai_addrlen) != 0 ||
        listen(made, SOMAXCONN) != 0) {
        int code = tool_fail("--http %s: cannot listen there: %s",
                             listener->name, strerror(errno));
        if (made >= 0)
            close(made);
        return code;
    }
    return TOOL_OK;
}

int http_listen(const char *address, struct listener *listener)
{
    struct place place;
    struct addrinfo *found = NULL;
    struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    snprintf(listener->name, sizeof listener->name, "%.70s", address);
    if (!take_apart(address, &place) ||
        getaddrinfo(place.host, place.port, &wanted, &found) != 0) {
        tool_fail("--http %s: expected ADDRESS:PORT with the address as a "
                  "number, such as 127.0.0.1:8080 or [::1]:8080, or a port",
                  listener->name);
        return TOOL_USAGE;
    }
    listener->is_loopback = is_loopback(found->ai_addr);
    listener->is_ipv6 = found->ai_family == AF_INET6;
    int code = open_socket(found, listener);
    if (code == TOOL_OK)
        describe(listener);
    freeaddrinfo(found);
    return code;
}

bool http_host_is_plain(const char *host)
{
    struct place place;
    unsigned char number[16];
    const char *last = strrchr(host, ':');
    char with_port[2 * MAX_NAME];
    /* "[::1]" and "localhost" leave the port out. */
    bool has_port = last != NULL && is_port(last + 1) &&
                    (last == host || strchr(host, ':') == last || last[-1] == ']');
    if (strlen(host) > MAX_NAME)
        return false;
    snprintf(with_port, sizeof with_port, "%s%s", host, has_port ? "" : ":80");
    return take_apart(with_port, &place) &&
           (inet_pton(AF_INET, place.host, number) == 1 ||
            inet_pton(AF_INET6, place.host, number) == 1);
}
