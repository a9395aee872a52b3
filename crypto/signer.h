/* crypto/signer.h -- the one place that signs with a validator's seal key.
 *
 * A slot is (kind, epoch, view) for an engine's statements and (SEAL, epoch, height) for seals. The
 * signer gives one answer for each slot, ever: the same statement again gives the same bytes, a
 * different one is STATUS_CONFLICT, and so is any slot at or below the highest one used whose
 * statement it no longer remembers. It keeps the last SIGNER_MEMORY slots of each kind.
 *
 * A promise must be announced before it is signed: the replica calls signer_restore with each
 * statement that it writes to the journal and at each replay. What was never announced is
 * STATUS_REFUSED, so that a caller who forgot to persist a promise cannot make it.
 *
 * It lives in memory. What was promised before a restart comes back through signer_restore (the
 * journal's records) and signer_floor (the safety file), in any order: a slot at or below a floor
 * whose statement was not restored is refused.
 *
 * A signer serves one thread.
 */
#ifndef CRYPTO_SIGNER_H
#define CRYPTO_SIGNER_H

#include "crypto/certificate.h"

enum { SIGNER_MEMORY = 256, SIGNER_KINDS = 16, SIGNER_KIND_SEAL = 15 };

struct signer;

/* Copies the secret into locked, guarded memory; NULL if there is none. The caller wipes its own
 * copy. */
struct signer *signer_new(const struct secret_key *secret);

/* Wipes the secret and frees. */
void signer_free(struct signer *signer);

const struct public_key *signer_public_key(const struct signer *signer);

/* Nothing at or below this slot is signed unless restored. epoch first, then view or height. */
void signer_floor(struct signer *signer, uint8_t kind, uint64_t epoch, uint64_t slot);

/* This statement was promised. STATUS_CONFLICT if the slot holds another one; STATUS_STALE if the
 * slot is older than all that are remembered, so that nobody can tell: nothing is signed there any
 * more. STATUS_UNSUPPORTED if the kind is not an engine's (1 .. SIGNER_KIND_SEAL - 1). */
enum status signer_restore(struct signer *signer, uint64_t epoch,
                           const struct statement *statement);
enum status signer_restore_seal(struct signer *signer, uint64_t epoch, uint64_t height,
                                const struct digest *block_hash);

/* The highest (epoch, slot) of a kind that was announced or is a floor; false if none yet. */
bool signer_highest(const struct signer *signer, uint8_t kind, uint64_t *epoch, uint64_t *slot);

/* Can a good signature of this statement be ours? What was announced is, and what is no longer
 * remembered may be; a slot above all that were announced, or one that held another statement, says
 * that the key is used elsewhere too. */
bool signer_can_have_signed(const struct signer *signer, uint64_t epoch,
                            const struct statement *statement);

/* Signs an engine's statement that was announced. Besides the above, STATUS_MISMATCH if the domain
 * is of another chain than before, or of another committee or engine in the same epoch: slots are
 * unique only within these. The signature is unchanged unless the result is STATUS_OK. */
enum status signer_sign(struct signer *signer, const struct domain *domain,
                        const struct statement *statement, struct signature *signature);

/* Signs chain id 32 | epoch u64 | height u64 | block hash 32 under witan/seal/v1. */
enum { SEAL_STATEMENT_BYTES = 80 };
void seal_statement_encode(const struct digest *chain_id, uint64_t epoch, uint64_t height,
                           const struct digest *block_hash, uint8_t bytes[SEAL_STATEMENT_BYTES]);
enum status signer_sign_seal(struct signer *signer, const struct digest *chain_id, uint64_t epoch,
                             uint64_t height, const struct digest *block_hash,
                             struct signature *signature);

#endif
