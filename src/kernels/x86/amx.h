/*
 * amx.h - the set-up of AMX's tile registers, the same for every precision.
 */
#ifndef PITH_KERNELS_X86_AMX_H
#define PITH_KERNELS_X86_AMX_H

/* See struct pith_precision, begin and end. */
void pith_amx_begin(void);
void pith_amx_end(void);

#endif
