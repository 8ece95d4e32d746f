/*
 * option_size.h - how large the member of an option is.
 */
#ifndef PITH_PROMPT_OPTION_SIZE_H
#define PITH_PROMPT_OPTION_SIZE_H

#include "../base/error.h"

/* Bytes of an option's member; of a list, its pointer and its size. */
size_t pith_option_size(const struct pith_option *option);

#endif
