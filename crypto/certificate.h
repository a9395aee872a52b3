/* crypto/certificate.h -- what a member promises, and the proof that a quorum promised it.
 *
 * A statement is the only thing an engine ever signs: a kind, an index, a view, a kind-specific
 * number and a digest. It is signed together with its domain (chain, epoch, validator set, engine),
 * so that no signature can be carried from one chain, epoch or protocol into another. Every field
 * that a verifier trusts is inside the signed bytes.
 *
 *     witan/engine/v1 0x00 | chain id 32 | epoch u64 | validators hash 32 | engine u8 | kind u8 |
 *     index u64 | view u64 | aux u64 | digest 32                                      130 bytes
 *
 * A certificate is one statement with the signatures of a quorum. Signers are a bitmap, so a signer
 * cannot be counted twice: signature i belongs to the i-th set bit.
 *
 *     kind u8 | index u64 | view u64 | digest 32 | u16 n | bitmap ceil(n/8) | 64 x signers
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "crypto/committee.h"

enum { STATEMENT_BYTES = 130 };

struct statement {
    uint8_t kind; /* the engine's own numbers, from 1 */
    uint64_t index;
    uint64_t view;
    uint64_t aux; /* 0 unless the kind says otherwise */
    struct digest digest;
};

struct domain {
    struct digest chain_id;
    uint64_t epoch;
    struct digest validators_hash;
    uint8_t engine;
};

void statement_encode(const struct domain *domain, const struct statement *statement,
                      uint8_t bytes[STATEMENT_BYTES]);

bool statement_equal(const struct statement *a, const struct statement *b);

/* Plain wire form without the domain: kind | index | view | aux | digest, 57 bytes. */
enum { STATEMENT_WIRE_BYTES = 57 };
void statement_write(struct writer *w, const struct statement *statement);
void statement_read(struct reader *r, struct statement *statement);

/* Remembers signatures that were found valid, so that a vote that arrives alone and later inside a
 * certificate is verified once; a thread that asks for one which another thread is verifying waits
 * for it. Bounded (oldest forgotten first), thread-safe, keyed by a hash of key, signed bytes and
 * signature. At least 1 entry; NULL if the heap refuses. Lives in
 * verify_cache.c. */
struct verify_cache;
struct verify_cache *verify_cache_new(size_t entries);
void verify_cache_free(struct verify_cache *cache);

/* How many signatures were computed, and how many answered from the cache. */
struct verify_counts {
    uint64_t computed;
    uint64_t remembered;
};
struct verify_counts verify_cache_counts(const struct verify_cache *cache);

/* As key_verify; cache may be NULL. Only valid signatures are remembered. */
bool verify_cached(struct verify_cache *cache, const struct public_key *key, enum tag tag,
                   struct span statement, const struct signature *signature);

/* A statement's signature by one member. STATUS_NOT_MEMBER, STATUS_BAD_SIGNATURE. */
enum status statement_verify(const struct domain *domain, const struct committee *committee,
                             struct verify_cache *cache, uint16_t signer,
                             const struct statement *statement, const struct signature *signature);

struct signer_set {
    uint8_t bits[(COMMITTEE_MAX + 7) / 8];
};

bool signer_set_has(const struct signer_set *set, uint16_t index);
void signer_set_add(struct signer_set *set, uint16_t index);
uint16_t signer_set_count(const struct signer_set *set);

struct certificate {
    struct statement statement; /* aux is 0: certificates are over statements without aux */
    uint16_t count;             /* n of the committee */
    struct signer_set signers;
    struct signature signatures[COMMITTEE_MAX]; /* the first signer_set_count() are used */
};

enum { CERTIFICATE_BYTES_MAX = 49 + 2 + 32 + 64 * COMMITTEE_MAX };

void certificate_write(struct writer *w, const struct certificate *certificate);

/* Shape only: bits beyond n are zero, exact count of signatures. n = 0 is a shape too (nobody
 * signed), and no committee's. After an error the certificate has no signer. */
void certificate_read(struct reader *r, struct certificate *certificate);

/* Cheap first: n is the committee's (STATUS_MISMATCH), at least a quorum (STATUS_NO_QUORUM), then
 * every signature (STATUS_BAD_SIGNATURE). That a certificate of the root has no signers is an
 * engine's rule; it asks before it comes here. */
enum status certificate_check(const struct domain *domain, const struct committee *committee,
                              struct verify_cache *cache, const struct certificate *certificate);

/* A certificate whose signers may each have signed a different aux (timeout certificates):
 * the certificate above, then u64 aux for each signer in order of the bitmap. */
struct aux_certificate {
    struct certificate certificate;
    uint64_t aux[COMMITTEE_MAX];
};

void aux_certificate_write(struct writer *w, const struct aux_certificate *certificate);
void aux_certificate_read(struct reader *r, struct aux_certificate *certificate);
enum status aux_certificate_check(const struct domain *domain, const struct committee *committee,
                                  struct verify_cache *cache,
                                  const struct aux_certificate *certificate);

#endif
