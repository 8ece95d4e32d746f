/*
 * files.h - the files of a command line: no output may be an input, or
 * another output.
 *
 * tool_options_parse() checks every command line, by the kinds of its options
 * and operands.  A command that makes file names out of others adds them by
 * its list_files (options.h).
 */
#ifndef PITH_TOOLS_FILES_H
#define PITH_TOOLS_FILES_H

#include "options.h"

struct file_list;

/* option: the name that messages have it by; NULL: an operand.  path: borrowed;
 * NULL: there is none; "-": a standard stream. */
void tool_files_input(struct file_list *list, const char *option,
                      const char *path);
void tool_files_output(struct file_list *list, const char *option,
                       const char *path);

/* The same for the path and another string in one. */
void tool_files_input_with(struct file_list *list, const char *option,
                           const char *path, const char *ending);
void tool_files_output_with(struct file_list *list, const char *option,
                            const char *path, const char *ending);

/* The model of that name; NULL: the one that is found without a name. */
void tool_files_model(struct file_list *list, const char *option,
                      const char *wanted);

/* What is read from a folder of Punkt's parameters. */
void tool_files_punkt(struct file_list *list, const char *folder);

/* Refuses an output that is also something else, with a message. */
int tool_files_check(const struct command *command,
                     const struct operands *operands, const void *arguments);

#endif
