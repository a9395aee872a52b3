/* crypto/secret.h -- a secret in a box that only a passphrase opens.
 *
 * argon2id13 turns passphrase and salt into a key, XSalsa20-Poly1305 (secretbox) seals the secret.
 * The parameters travel with the box, so that they can grow.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "crypto/base.h"

enum { SECRET_SIZE_MAX = 64, SECRET_BOX_MAX = SECRET_SIZE_MAX + 16 };
enum { SECRET_OPS_DEFAULT = 3, SECRET_MEM_KIB_DEFAULT = 262144 };

struct secret_box {
    uint32_t ops;
    uint32_t mem_kib;
    uint8_t salt[16];
    uint8_t nonce[24];
    uint8_t box[SECRET_BOX_MAX];
    size_t box_size;
};

/* Seals secret (at most SECRET_SIZE_MAX bytes) with fresh salt and nonce; ops and mem_kib are
 * argon2id's. STATUS_TOO_LARGE, STATUS_INVALID for parameters that secret_open would refuse,
 * STATUS_NO_MEMORY if the derivation cannot get its memory. */
enum status secret_seal(struct secret_box *box, struct span secret, struct span passphrase,
                        uint32_t ops, uint32_t mem_kib);

/* Opens it into secret[0..*size). STATUS_REFUSED for a wrong passphrase or a damaged box,
 * STATUS_INVALID for parameters out of range (ops 1..16, memory 8 KiB..1 GiB). */
enum status secret_open(const struct secret_box *box, struct span passphrase,
                        uint8_t secret[SECRET_SIZE_MAX], size_t *size);

#endif
