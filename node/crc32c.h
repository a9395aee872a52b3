/* node/crc32c.h -- CRC-32C (Castagnoli, RFC 3720), the checksum of journal and safety file.
 *
 * It finds the accidents of disks (flipped bits, torn sectors); it proves nothing against an
 * attacker, which is what the journal's SHA-256 chain is for.
 */
#ifndef NODE_CRC32C_H
#define NODE_CRC32C_H

#include "crypto/base.h"

/* Goes on from a former result; the first call passes 0. crc32c(0, "123456789") is 0xe3069283. */
uint32_t crc32c(uint32_t crc, struct span bytes);

#endif
