/*
 * curl.h - one HTTP POST by the program curl, as its own process.
 *
 * The body goes through a file, which curl reads as it starts; everything
 * else, the key too, through curl's standard input: it is on no command
 * line and in no file.  What curl says goes into a file that the caller holds
 * locked (flock); the lock is the process's too, so that whoever gets it
 * knows that the process has ended.
 */
#ifndef PITH_TOOLS_CURL_H
#define PITH_TOOLS_CURL_H

#include <stdbool.h>
#include <sys/types.h>

#include "pith.h"

struct curl_request {
    const char *url;
    const char *key;       /* for "Authorization: Bearer"; NULL: none */
    unsigned seconds;      /* after which it gives up */
    struct pith_text body; /* JSON */
    const char *body_path; /* made for it, readable by the user alone; the
                              caller removes it at the end */
};

/* Starts it with its output at the end of the file `out`.  0: it could not be
 * started (errno says why). */
pid_t curl_start(const struct curl_request *request, int out);

struct curl_reply {
    int code;              /* of HTTP; 0: there was no reply, or part of one */
    struct pith_text body; /* or what curl complains about, with code 0 */
    double retry_after;    /* seconds; -1: the server does not say */
    char redirect[256];    /* where the server says to ask; "": nowhere */
};

/* What such a file says.  status: of the process, as from waitpid; 0 when it
 * is not known.  The body is borrowed. */
struct curl_reply curl_read(struct pith_text output, int status);

/* Whether the process, by its status, failed for a reason that stays: no curl,
 * a bad URL, a certificate. */
bool curl_is_hopeless(int status);

#endif
