/*
 * curl.h - one HTTP POST by the program curl, as a process of its own.
 *
 * The program is told everything through its standard input: neither the
 * body nor the key stands on a command line or in a file.  What it says goes
 * into a file that the caller holds locked (flock); the lock is the
 * process's too, so that whoever gets it knows that the process has ended.
 */
#ifndef PITH_TOOLS_CURL_H
#define PITH_TOOLS_CURL_H

#include <stdbool.h>
#include <sys/types.h>

#include "pith.h"

struct curl_request {
    const char *url;
    const char *key; /* for "Authorization: Bearer"; NULL: none */
    unsigned seconds; /* after which it gives up */
    struct pith_text body; /* JSON */
};

/* Starts it with its output at the end of the file `out`.  0: it could not be
 * started (errno says why). */
pid_t curl_start(const struct curl_request *request, int out);

struct curl_reply {
    bool is_whole;         /* curl came to its end */
    int code;              /* of HTTP; 0: there was no reply */
    struct pith_text body; /* or what curl complains about, with code 0 */
};

/* What such a file says. */
struct curl_reply curl_read(struct pith_text output);

#endif
