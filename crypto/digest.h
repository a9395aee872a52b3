/* crypto/digest.h -- SHA-256 with domain tags.
 *
 * H(tag, x) = SHA-256(tag || 0x00 || x), tag in ASCII. Every kind of thing that is hashed or signed
 * has its own tag, so that no hash of one kind can be read as another; all tags stand in the list
 * below. `printf 'witan/header/v1\0' | cat - header.bin | sha256sum` prints a block hash.
 *
 * OpenSSL computes it (with the CPU's instructions); contexts are kept for each thread and reused.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "crypto/base.h"

struct digest {
    uint8_t bytes[32];
};

/* X(name, tag) */
#define TAG_LIST(X) \
    X(GENESIS, "witan/genesis/v1") \
    X(TRANSACTION, "witan/transaction/v1") \
    X(SIGNED_TRANSACTION, "witan/signed-transaction/v1") \
    X(TRANSACTION_SIGNATURE, "witan/transaction-signature/v1") \
    X(BATCH, "witan/batch/v1") \
    X(ENTRY, "witan/entry/v1") \
    X(EFFECTS, "witan/effects/v1") \
    X(HEADER, "witan/header/v1") \
    X(SEAL, "witan/seal/v1") \
    X(VALIDATORS, "witan/validators/v1") \
    X(MEMBERS, "witan/members/v1") \
    X(PARAMS, "witan/params/v1") \
    X(STATE_PATH, "witan/state/path/v1") \
    X(STATE_VALUE, "witan/state/value/v1") \
    X(STATE_LEAF, "witan/state/leaf/v1") \
    X(STATE_NODE, "witan/state/node/v1") \
    X(KV_VALUE, "witan/kv-value/v1") \
    X(MOVEMENT, "witan/movement/v1") \
    X(ASSET, "witan/asset/v1") \
    X(HOLD, "witan/hold/v1") \
    X(EXPIRY, "witan/expiry/v1") \
    X(ENACTMENT, "witan/enactment/v1") \
    X(POSSESSION, "witan/possession/v1") \
    X(READY, "witan/ready/v1") \
    X(MEMO, "witan/memo/v1") \
    X(AUDIT_REPORT, "witan/audit-report/v1") \
    X(ENGINE, "witan/engine/v1") \
    X(PROPOSAL, "witan/proposal/v1") \
    X(ROOT, "witan/root/v1") \
    X(LEADER, "witan/leader/v1") \
    X(RAFT_MEMBERS, "witan/raft-members/v1") \
    X(HELLO, "witan/hello/v1") \
    X(NAME, "witan/name/v1")

enum tag {
#define X(name, text) TAG_##name,
    TAG_LIST(X)
#undef X
        TAG_COUNT
};

/* The tag as text, without the zero byte. */
const char *tag_text(enum tag tag);

/* H(tag, bytes). */
struct digest digest_of(enum tag tag, struct span bytes);

/* H(tag, parts[0] || parts[1] || ...). */
struct digest digest_of_parts(enum tag tag, const struct span *parts, size_t count);

/* SHA-256 of the parts, without a tag: Merkle trees, leader order, journal chain. */
struct digest digest_plain(const struct span *parts, size_t count);

bool digest_equal(const struct digest *a, const struct digest *b);
int digest_compare(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *digest);

static inline struct span digest_span(const struct digest *digest)
{
    return (struct span){ digest->bytes, sizeof digest->bytes };
}

#endif
