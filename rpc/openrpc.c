/* rpc/openrpc.c -- the OpenRPC document, embedded as it stands. */
#include "rpc/openrpc.h"

/* The assembler finds the file on the include path, as the compiler does. */
__asm__(".section .rodata\n"
        ".local openrpc_first, openrpc_last\n"
        "openrpc_first:\n"
        ".incbin \"rpc/openrpc.json\"\n"
        "openrpc_last:\n"
        ".byte 0\n"
        ".previous\n");

extern const uint8_t openrpc_first[];
extern const uint8_t openrpc_last[];

struct span openrpc_text(void)
{
    return span_of(openrpc_first, (size_t)(openrpc_last - openrpc_first));
}
