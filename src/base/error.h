/*
 * error.h - status values with one line of detail.
 *
 * A function that can fail ends in `struct pith_error *error`, which may be
 * NULL.  pith_fail() fills it and returns the status, so that a failure is
 * one statement: return pith_fail(error, PITH_ERR_FORMAT, "...").
 */
#ifndef PITH_BASE_ERROR_H
#define PITH_BASE_ERROR_H

#include "exact.h"
#include "pith.h"

#if defined(__MINGW32__) && !defined(__clang__) /* "printf" is not C99's */
#define PITH_PRINTF(at, first) __attribute__((format(gnu_printf, at, first)))
#elif defined(__GNUC__)
#define PITH_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define PITH_PRINTF(at, first)
#endif

/* The detail says: which file, offset or option; what was found; what was
 * expected; what to do.  It is made valid UTF-8 whatever was formatted. */
enum pith_status pith_fail(struct pith_error *error, enum pith_status status,
                           const char *format, ...) PITH_PRINTF(3, 4);

enum pith_status pith_no_memory(struct pith_error *error, size_t n,
                                size_t size);

/* Refuses an argument that is NULL. */
#define PITH_REQUIRE(pointer, error)                                           \
    do {                                                                       \
        if ((pointer) == NULL)                                                 \
            return pith_fail(error, PITH_ERR_ARGUMENT,                         \
                             "%s is NULL; see \"NULL\" in pith.h", #pointer);  \
    } while (0)

/* The same for n elements, or a text: NULL is none of them. */
#define PITH_REQUIRE_ALL(pointer, n, error)                                    \
    do {                                                                       \
        if ((pointer) == NULL && (n) > 0)                                      \
            return pith_fail(error, PITH_ERR_ARGUMENT,                         \
                             "%s is NULL and has %zu elements", #pointer,      \
                             (size_t)(n));                                     \
    } while (0)

/* Hands a failure on to the caller. */
#define PITH_TRY(expression)                                                   \
    do {                                                                       \
        enum pith_status try_status_ = (expression);                           \
        if (try_status_ != PITH_OK)                                            \
            return try_status_;                                                \
    } while (0)

/* The same where something must be released first: needs a local `status`
 * and a label `done`. */
#define PITH_TRY_DONE(expression)                                              \
    do {                                                                       \
        status = (expression);                                                 \
        if (status != PITH_OK)                                                 \
            goto done;                                                         \
    } while (0)

#endif
