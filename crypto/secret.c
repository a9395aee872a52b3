#include "crypto/secret.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

static_assert(sizeof((struct secret_box *)0)->salt == crypto_pwhash_SALTBYTES, "argon2id's salt");
static_assert(sizeof((struct secret_box *)0)->nonce == crypto_secretbox_NONCEBYTES, "its nonce");
static_assert(SECRET_BOX_MAX == SECRET_SIZE_MAX + crypto_secretbox_MACBYTES, "secret and its tag");

/* What a damaged or hostile document may ask of us: at most 1 GiB and some seconds. */
enum { OPS_MAX = 16, MEM_KIB_MIN = 8, MEM_KIB_MAX = 1 << 20 };

static bool parameters_allowed(uint32_t ops, uint32_t mem_kib)
{
    return ops >= 1 && ops <= OPS_MAX && mem_kib >= MEM_KIB_MIN && mem_kib <= MEM_KIB_MAX;
}

static enum status key_derive(const struct secret_box *box, struct span passphrase,
                              uint8_t key[crypto_secretbox_KEYBYTES])
{
    if (!parameters_allowed(box->ops, box->mem_kib)) return STATUS_INVALID;
    const char *text = passphrase.size > 0 ? (const char *)passphrase.data : "";
    errno = 0;
    int failed = crypto_pwhash(key, crypto_secretbox_KEYBYTES, text, passphrase.size, box->salt,
                               box->ops, (size_t)box->mem_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    if (failed == 0) return STATUS_OK;
    return errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_CRYPTO;
}

enum status secret_seal(struct secret_box *box, struct span secret, struct span passphrase,
                        uint32_t ops, uint32_t mem_kib)
{
    if (secret.size > SECRET_SIZE_MAX) return STATUS_TOO_LARGE;
    memset(box, 0, sizeof *box);
    box->ops = ops;
    box->mem_kib = mem_kib;
    randombytes_buf(box->salt, sizeof box->salt);
    randombytes_buf(box->nonce, sizeof box->nonce);

    uint8_t key[crypto_secretbox_KEYBYTES];
    enum status status = key_derive(box, passphrase, key);
    if (status == STATUS_OK) {
        int failed = crypto_secretbox_easy(box->box, secret.data, secret.size, box->nonce, key);
        ASSERT(failed == 0);
        box->box_size = secret.size + crypto_secretbox_MACBYTES;
    }
    sodium_memzero(key, sizeof key);
    return status;
}

enum status secret_open(const struct secret_box *box, struct span passphrase,
                        uint8_t secret[SECRET_SIZE_MAX], size_t *size)
{
    *size = 0;
    if (box->box_size < crypto_secretbox_MACBYTES || box->box_size > SECRET_BOX_MAX)
        return STATUS_REFUSED;
    uint8_t key[crypto_secretbox_KEYBYTES];
    enum status status = key_derive(box, passphrase, key);
    if (status == STATUS_OK &&
        crypto_secretbox_open_easy(secret, box->box, box->box_size, box->nonce, key) != 0)
        status = STATUS_REFUSED;
    sodium_memzero(key, sizeof key);
    if (status == STATUS_OK) *size = box->box_size - crypto_secretbox_MACBYTES;
    return status;
}
