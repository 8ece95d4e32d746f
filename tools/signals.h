/*
 * signals.h - what the program does on SIGINT, SIGTERM and SIGHUP.
 */
#ifndef PITH_TOOLS_SIGNALS_H
#define PITH_TOOLS_SIGNALS_H

/* They end the program, as ever, but unfinished files go first.  One that is
 * ignored, as SIGHUP is under nohup, stays so.  A handler may call this, too:
 * from the next signal on. */
void tool_signals_end_program(void);

/* They call this instead; for work that saves itself.  SIGINT and SIGTERM are
 * listened to even where a shell has the program ignore them. */
void tool_signals_call(void (*handler)(int number));

#endif
