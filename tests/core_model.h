/*
 * core_model.h - a model file as the core takes it: as bytes.
 */
#ifndef PITH_TESTS_CORE_MODEL_H
#define PITH_TESTS_CORE_MODEL_H

#include <stdio.h>
#include <stdlib.h>

#include "pith.h"

/* Free text->bytes; bytes NULL: it cannot be read. */
static struct pith_text read_model(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = 0;
    char *bytes = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 &&
        (size = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size);
    if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    if (file != NULL)
        fclose(file);
    return (struct pith_text){bytes, (size_t)size};
}

#endif
