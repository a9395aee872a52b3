#include "crypto/signer.h"

#include <sodium.h>
#include <stdlib.h>

/* Slots of one kind are ordered by epoch, then by view or height. */
struct place {
    uint64_t epoch;
    uint64_t slot;
};

struct promise {
    struct place place;
    struct statement statement;
};

/* What was promised for one kind: the latest slots, ascending. Once the list is full it stays full,
 * and what was forgotten lies below its first. */
struct promises {
    struct promise list[SIGNER_MEMORY];
    uint32_t count;
    bool has_highest;
    struct place highest; /* of all slots announced and of all floors */
};

struct signer {
    struct secret_key *secret; /* guarded, locked, read-only pages */
    struct public_key public_key;
    bool has_domain;
    struct domain domain; /* of the latest epoch signed in */
    struct promises kinds[SIGNER_KINDS];
};

static int place_compare(const struct place *a, const struct place *b)
{
    if (a->epoch != b->epoch) return a->epoch < b->epoch ? -1 : 1;
    return (a->slot > b->slot) - (a->slot < b->slot);
}

struct signer *signer_new(const struct secret_key *secret)
{
    struct signer *signer = calloc(1, sizeof *signer);
    if (!signer) return NULL;
    signer->secret = sodium_malloc(sizeof *signer->secret);
    if (!signer->secret) {
        free(signer);
        return NULL;
    }
    *signer->secret = *secret;
    key_public(secret, &signer->public_key);
    int failed = sodium_mprotect_readonly(signer->secret);
    ASSERT(failed == 0);
    return signer;
}

void signer_free(struct signer *signer)
{
    if (!signer) return;
    sodium_free(signer->secret); /* wipes it */
    free(signer);
}

const struct public_key *signer_public_key(const struct signer *signer)
{
    return &signer->public_key;
}

static void promises_raise(struct promises *promises, const struct place *place)
{
    if (promises->has_highest && place_compare(place, &promises->highest) <= 0) return;
    promises->has_highest = true;
    promises->highest = *place;
}

void signer_floor(struct signer *signer, uint8_t kind, uint64_t epoch, uint64_t slot)
{
    ASSERT(kind < SIGNER_KINDS);
    promises_raise(&signer->kinds[kind], &(struct place){ epoch, slot });
}

bool signer_highest(const struct signer *signer, uint8_t kind, uint64_t *epoch, uint64_t *slot)
{
    ASSERT(kind < SIGNER_KINDS);
    const struct promises *promises = &signer->kinds[kind];
    *epoch = promises->highest.epoch;
    *slot = promises->highest.slot;
    return promises->has_highest;
}

/* The first position whose place is not below the given one. Promises come in rising order, so the
 * search from the end is short. */
static uint32_t promises_find(const struct promises *promises, const struct place *place)
{
    uint32_t position = promises->count;
    while (position > 0 && place_compare(&promises->list[position - 1].place, place) >= 0)
        position--;
    return position;
}

static const struct promise *promises_get(const struct promises *promises,
                                          const struct place *place)
{
    uint32_t position = promises_find(promises, place);
    if (position == promises->count) return NULL;
    const struct promise *promise = &promises->list[position];
    return place_compare(&promise->place, place) == 0 ? promise : NULL;
}

static void promises_forget_oldest(struct promises *promises)
{
    promises->count--;
    memmove(&promises->list[0], &promises->list[1], promises->count * sizeof promises->list[0]);
}

static enum status promises_add(struct promises *promises, const struct promise *promise)
{
    const struct promise *known = promises_get(promises, &promise->place);
    if (known)
        return statement_equal(&known->statement, &promise->statement) ? STATUS_OK
                                                                       : STATUS_CONFLICT;
    if (promises->count == SIGNER_MEMORY) {
        if (promises_find(promises, &promise->place) == 0) return STATUS_STALE;
        promises_forget_oldest(promises);
    }
    uint32_t position = promises_find(promises, &promise->place);
    memmove(&promises->list[position + 1], &promises->list[position],
            (promises->count - position) * sizeof promises->list[0]);
    promises->list[position] = *promise;
    promises->count++;
    promises_raise(promises, &promise->place);
    return STATUS_OK;
}

/* May this be signed? Only what was announced, and only as it was announced. */
static enum status promises_check(const struct promises *promises, const struct promise *promise)
{
    const struct promise *known = promises_get(promises, &promise->place);
    if (known && statement_equal(&known->statement, &promise->statement)) return STATUS_OK;
    if (promises->has_highest && place_compare(&promise->place, &promises->highest) <= 0)
        return STATUS_CONFLICT;
    return STATUS_REFUSED;
}

static struct promise promise_of(uint64_t epoch, const struct statement *statement)
{
    return (struct promise){ { epoch, statement->view }, *statement };
}

/* A seal is kept as a statement too; its slot is the height. */
static struct promise promise_of_seal(uint64_t epoch, uint64_t height,
                                      const struct digest *block_hash)
{
    struct statement statement = { .kind = SIGNER_KIND_SEAL, .view = height };
    statement.digest = *block_hash;
    return promise_of(epoch, &statement);
}

static bool kind_is_engine(uint8_t kind)
{
    return kind >= 1 && kind < SIGNER_KIND_SEAL;
}

bool signer_can_have_signed(const struct signer *signer, uint64_t epoch,
                            const struct statement *statement)
{
    if (!kind_is_engine(statement->kind)) return false;
    const struct promises *promises = &signer->kinds[statement->kind];
    struct place place = { epoch, statement->view };
    const struct promise *known = promises_get(promises, &place);
    if (known) return statement_equal(&known->statement, statement);
    return promises->has_highest && place_compare(&place, &promises->highest) <= 0;
}

enum status signer_restore(struct signer *signer, uint64_t epoch, const struct statement *statement)
{
    if (!kind_is_engine(statement->kind)) return STATUS_UNSUPPORTED;
    struct promise promise = promise_of(epoch, statement);
    return promises_add(&signer->kinds[statement->kind], &promise);
}

enum status signer_restore_seal(struct signer *signer, uint64_t epoch, uint64_t height,
                                const struct digest *block_hash)
{
    struct promise promise = promise_of_seal(epoch, height, block_hash);
    return promises_add(&signer->kinds[SIGNER_KIND_SEAL], &promise);
}

/* One key, one chain, and one committee and engine an epoch: a slot is unique only within them. */
static enum status signer_bind(struct signer *signer, const struct domain *domain)
{
    const struct domain *bound = &signer->domain;
    if (signer->has_domain && !digest_equal(&bound->chain_id, &domain->chain_id))
        return STATUS_MISMATCH;
    if (signer->has_domain && bound->epoch == domain->epoch &&
        (!digest_equal(&bound->validators_hash, &domain->validators_hash) ||
         bound->engine != domain->engine))
        return STATUS_MISMATCH;
    if (signer->has_domain && domain->epoch < bound->epoch) return STATUS_OK;
    signer->domain = *domain;
    signer->has_domain = true;
    return STATUS_OK;
}

enum status signer_sign(struct signer *signer, const struct domain *domain,
                        const struct statement *statement, struct signature *signature)
{
    if (!kind_is_engine(statement->kind)) return STATUS_UNSUPPORTED;
    struct promise promise = promise_of(domain->epoch, statement);
    enum status status = promises_check(&signer->kinds[statement->kind], &promise);
    if (status == STATUS_OK) status = signer_bind(signer, domain);
    if (status != STATUS_OK) return status;
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(domain, statement, bytes);
    key_sign(signer->secret, TAG_ENGINE, span_of(bytes, sizeof bytes), signature);
    return STATUS_OK;
}

void seal_statement_encode(const struct digest *chain_id, uint64_t epoch, uint64_t height,
                           const struct digest *block_hash, uint8_t bytes[SEAL_STATEMENT_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, SEAL_STATEMENT_BYTES);
    write_digest(&w, chain_id);
    write_u64(&w, epoch);
    write_u64(&w, height);
    write_digest(&w, block_hash);
    ASSERT(writer_span(&w).size == SEAL_STATEMENT_BYTES);
}

enum status signer_sign_seal(struct signer *signer, const struct digest *chain_id, uint64_t epoch,
                             uint64_t height, const struct digest *block_hash,
                             struct signature *signature)
{
    struct promise promise = promise_of_seal(epoch, height, block_hash);
    enum status status = promises_check(&signer->kinds[SIGNER_KIND_SEAL], &promise);
    if (status != STATUS_OK) return status;
    uint8_t bytes[SEAL_STATEMENT_BYTES];
    seal_statement_encode(chain_id, epoch, height, block_hash, bytes);
    key_sign(signer->secret, TAG_SEAL, span_of(bytes, sizeof bytes), signature);
    return STATUS_OK;
}
