/*
 * port.h - all that is asked of a machine.
 */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>

void port_write(const char *bytes, size_t size);
_Noreturn void port_exit(int code);

int main(void);

#endif
