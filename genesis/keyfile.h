/* genesis/keyfile.h -- key files and validator.json, as documents.
 *
 * A key file holds one key of one of three kinds that are never mixed: seal (votes and seals),
 * node (TLS), account (transactions).
 *
 *     { "format": "witan-key/1", "kind": "seal", "name": "...", "id": "val1...",
 *       "public_key": "...",
 *       "secret": { "kdf": "argon2id13", "ops": 3, "mem_kib": 262144, "salt": "...",
 *                   "cipher": "xsalsa20poly1305", "nonce": "...", "box": "..." } }
 *
 * or, unencrypted, "secret": { "plain": "..." }. The secret is the 32-byte seed of the key.
 *
 * Here are only text and meaning; file modes, locking and atomic replacement are the host's.
 * `id` is the validator (seal, node) or account (account) the key was made for, or absent.
 */
#ifndef GENESIS_KEYFILE_H
#define GENESIS_KEYFILE_H

#include "crypto/secret.h"
#include "genesis/json.h"

enum key_kind { KEY_SEAL, KEY_NODE, KEY_ACCOUNT };

const char *key_kind_name(enum key_kind kind);

enum { KEY_NAME_MAX = 64, KEY_FILE_BYTES_MAX = 8192 };

struct key_file {
    enum key_kind kind;
    char name[KEY_NAME_MAX + 1];
    bool has_id;
    struct id id;
    struct public_key public_key;
    bool plain;               /* the secret stands there unencrypted */
    struct secret_key secret; /* only after key_file_open, or for plain files */
    struct secret_box box;
};

/* Strict; a plain secret that does not belong to public_key is STATUS_MISMATCH. */
enum status key_file_parse(struct span text, struct key_file *file, struct problem *problem);

/* Opens an encrypted secret. STATUS_REFUSED: wrong passphrase. */
enum status key_file_open(struct key_file *file, struct span passphrase, struct problem *problem);

/* A document for a secret key: sealed with the passphrase, or plain if passphrase.data is NULL.
 * Returned as text (pretty, ending in a newline) that the caller wipes and frees; NULL on failure.
 */
char *key_file_format(enum key_kind kind, const char *name, const struct id *id,
                      const struct secret_key *secret, struct span passphrase,
                      struct problem *problem);

/* What an operator hands in: public parts and proof of possession of the seal key. */
struct validator_document {
    char network[33];
    struct id id;
    struct id member;
    char endpoint[256];
    struct public_key seal_key;
    struct public_key node_key;
    struct signature possession;
};

/* The statement of witan/possession/v1: text8 network | validator 16 | member 16 | seal key 32 |
 * node key 32. */
void possession_sign(const struct secret_key *seal_key, const char *network,
                     const struct id *validator, const struct id *member,
                     const struct public_key *node_key, struct signature *possession);
bool possession_verify(const char *network, const struct id *validator, const struct id *member,
                       const struct public_key *seal_key, const struct public_key *node_key,
                       const struct signature *possession);

/* {"format":"witan-validator/1", ...}: parse checks keys and possession. */
enum status validator_document_parse(struct span text, struct validator_document *document,
                                     struct problem *problem);
json_t *validator_document_json(const struct validator_document *document);

#endif
