/*
 * folder.h - files inside a folder.
 */
#ifndef PITH_CONVERT_FOLDER_H
#define PITH_CONVERT_FOLDER_H

#include "../text/json.h"

/* folder/name, or name where the folder is empty; free with free(). */
enum pith_status pith_folder_path(const char *folder, struct pith_text name,
                                  char **path, struct pith_error *error);

bool pith_folder_has(const char *folder, const char *name);

/* Parses folder/name. */
enum pith_status pith_folder_json(const char *folder, const char *name,
                                  struct pith_json_document **document,
                                  struct pith_error *error);

#endif
