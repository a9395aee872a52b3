/* rpc/listen.h -- listening sockets: loopback TCP and the local socket. */
#ifndef RPC_LISTEN_H
#define RPC_LISTEN_H

#include "crypto/base.h"

/* A listening, non-blocking socket of "127.0.0.1:7780"; *port is the one in use (for port 0).
 * STATUS_MALFORMED, STATUS_INVALID (not loopback), STATUS_BUSY, STATUS_IO. */
enum status listen_tcp(const char *text, int *descriptor, uint16_t *port, struct problem *problem);

/* The local socket at path, with exactly this mode. A file left by a crash is replaced; one that
 * somebody serves is STATUS_BUSY. */
enum status listen_local(const char *path, uint32_t mode, int *descriptor, struct problem *problem);

#endif
