/*
 * folder.h - files inside a source that is a folder.  Each is noted as part
 * of the source, which must not be written over.
 */
#ifndef PITH_CONVERT_FOLDER_H
#define PITH_CONVERT_FOLDER_H

#include "../json/json.h"
#include "source.h"

/* To be called once before the others: makes room to look for files without
 * asking for memory, so that a file is never missed for lack of it. */
enum pith_status pith_folder_prepare(struct pith_source *source,
                                     struct pith_error *error);

/* name: at most 60 bytes. */
bool pith_folder_has(const struct pith_source *source, const char *name);

/* Maps the file; the source keeps it. */
enum pith_status pith_folder_open(struct pith_source *source,
                                  struct pith_text name,
                                  const struct pith_source_file **file,
                                  struct pith_error *error);

/* Parses the file. */
enum pith_status pith_folder_json(struct pith_source *source,
                                  const char *name,
                                  struct pith_json_document **document,
                                  struct pith_error *error);

#endif
