/*
 * signals.c - see signals.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "signals.h"

#include <signal.h>
#include <stdbool.h>

#include "pith_files.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

static void set(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_NUMBERS; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    sigaction(number, &action, NULL);
}

static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

/* Raised again, so that who waits for the program sees what ended it. */
static void end(int number)
{
    pith_writer_remove_all();
    set(number, SIG_DFL);
    raise(number);
}

void tool_signals_end_program(void)
{
    for (int i = 0; i < N_NUMBERS; i++)
        if (!is_ignored(numbers[i]))
            set(numbers[i], end);
}

void tool_signals_call(void (*handler)(int number))
{
    for (int i = 0; i < N_NUMBERS; i++)
        if (numbers[i] != SIGHUP || !is_ignored(SIGHUP))
            set(numbers[i], handler);
}
