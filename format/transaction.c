/* What can be said of a transaction without the ledger's state: names and levels of operations, its
 * id, its signatures, who must authorise it, and the checks of admission that need no state. */
#include "format/transaction.h"

#include <stdio.h>

_Static_assert(TX_OPERATIONS_MAX < 128, "128 and above in `at` name asserts");
_Static_assert(TX_ASSERTS_MAX <= 128, "an assert's index fits the upper half of `at`");
_Static_assert(sizeof(struct id) == 16, "ids are copied as they are");
_Static_assert(sizeof(struct digest) == 32, "digests are copied as they are");
_Static_assert(sizeof(struct public_key) + 1 == SIGNER_BYTES, "key 32 | weight u8");
_Static_assert(sizeof(struct public_key) + sizeof(struct signature) == TX_SIGNATURE_BYTES,
               "key 32 | signature 64");
_Static_assert(TX_HEAD_BYTES == 127, "the offset table in transaction.h");
/* The shortest operation is kv.delete of a one-byte key: 2 + 16 + 2 + 1 + 8; the shortest known to
 * the format, account.close, is 18: the body's least size leaves room for it. */
_Static_assert(TX_BODY_BYTES_MIN == TX_HEAD_BYTES + 1 + 1 + 18, "the shortest body");

const char *operation_name(uint16_t code)
{
    switch (code) {
#define X(name, number, text) \
    case number: return text;
        OPERATION_LIST(X)
#undef X
    default: return "unknown";
    }
}

bool operation_find(const char *name, uint16_t *code)
{
    static const struct {
        const char *name;
        uint16_t code;
    } operations[] = {
#define X(name, number, text) { text, number },
        OPERATION_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) != 0) continue;
        *code = operations[i].code;
        return true;
    }
    return false;
}

enum level operation_level(enum operation_code code)
{
    switch (code) {
    case OP_ACCOUNT_SET_SIGNERS:
    case OP_BALANCE_SET_FLOOR:
    case OP_GOV_PROPOSE:
    case OP_GOV_BALLOT: return LEVEL_HIGH;
    case OP_KV_PUT:
    case OP_KV_DELETE: return LEVEL_LOW;
    case OP_ACCOUNT_CREATE:
    case OP_ACCOUNT_FREEZE:
    case OP_ASSET_CREATE:
    case OP_ASSET_MINT:
    case OP_ASSET_BURN:
    case OP_TRANSFER:
    case OP_HOLD_CREATE:
    case OP_HOLD_POST:
    case OP_HOLD_VOID:
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: return LEVEL_MEDIUM;
    }
    return LEVEL_HIGH; /* Not reached with a decoded transaction; the strictest is the safe answer.
                        */
}

struct digest transaction_id(struct span body)
{
    return digest_of(TAG_TRANSACTION, body);
}

struct id hold_id_of(const struct digest *txid, uint8_t operation)
{
    struct id id;
    struct span parts[2] = { digest_span(txid), { &operation, 1 } };
    struct digest digest = digest_of_parts(TAG_HOLD, parts, 2);
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

/* chain id 32 | txid 32 */
enum { TX_STATEMENT_BYTES = 64 };

static void statement_of(const struct digest *chain_id, const struct digest *txid,
                         uint8_t statement[TX_STATEMENT_BYTES])
{
    memcpy(statement, chain_id->bytes, sizeof chain_id->bytes);
    memcpy(statement + sizeof chain_id->bytes, txid->bytes, sizeof txid->bytes);
}

void transaction_sign(const struct secret_key *secret, const struct digest *chain_id,
                      const struct digest *txid, struct tx_signature *signature)
{
    uint8_t statement[TX_STATEMENT_BYTES];
    statement_of(chain_id, txid, statement);
    key_public(secret, &signature->key);
    key_sign(secret, TAG_TRANSACTION_SIGNATURE, span_of(statement, sizeof statement),
             &signature->signature);
}

static enum status check_signatures(const struct transaction *tx, struct verify_cache *cache,
                                    struct refusal *refusal)
{
    uint8_t statement[TX_STATEMENT_BYTES];
    statement_of(&tx->chain_id, &tx->txid, statement);
    for (unsigned i = 0; i < tx->signature_count; i++) {
        const struct tx_signature *by = &tx->signatures[i];
        if (verify_cached(cache, &by->key, TAG_TRANSACTION_SIGNATURE,
                          span_of(statement, sizeof statement), &by->signature))
            continue;
        if (refusal) {
            *refusal = (struct refusal){ .code = REFUSAL_tx_bad_signature, .key = by->key };
            (void)snprintf(refusal->detail, sizeof refusal->detail, "%s",
                           key_valid(&by->key) ? "does not verify" : "not a valid public key");
        }
        return STATUS_BAD_SIGNATURE;
    }
    return STATUS_OK;
}

enum status transaction_check(struct span bytes, const struct digest *chain_id,
                              const struct params *params, struct verify_cache *cache,
                              struct transaction *tx, struct refusal *refusal)
{
    uint64_t limit = params->values[PARAM_tx_bytes_max];
    if (bytes.size > limit) {
        if (refusal)
            *refusal = (struct refusal){ .code = REFUSAL_tx_too_large,
                                         .value = bytes.size,
                                         .limit = limit };
        return STATUS_TOO_LARGE;
    }
    enum status status = transaction_decode(bytes, tx, refusal);
    if (status != STATUS_OK) return status;
    if (!digest_equal(&tx->chain_id, chain_id)) {
        if (refusal)
            *refusal = (struct refusal){ .code = REFUSAL_tx_wrong_chain,
                                         .expected = *chain_id,
                                         .got = tx->chain_id };
        return STATUS_MISMATCH;
    }
    status = check_signatures(tx, cache, refusal);
    if (status == STATUS_OK && refusal) *refusal = (struct refusal){ .code = REFUSAL_none };
    return status;
}

/* Keeps actors ascending by account, each once, with its highest level. */
static size_t actors_add(struct actor *actors, size_t count, const struct id *account,
                         enum level level)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int compared = id_compare(&actors[middle].account, account);
        if (compared == 0) {
            if (level > actors[middle].level) actors[middle].level = level;
            return count;
        }
        if (compared < 0)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(&actors[low + 1], &actors[low], (count - low) * sizeof actors[0]);
    actors[low] = (struct actor){ .account = *account, .level = level };
    return count + 1;
}

size_t transaction_actors(const struct transaction *tx, struct actor *actors)
{
    size_t count = actors_add(actors, 0, &tx->source, LEVEL_LOW);
    for (unsigned i = 0; i < tx->operation_count; i++) {
        const struct operation *operation = &tx->operations[i];
        count = actors_add(actors, count, &operation->actor, operation_level(operation->code));
    }
    ASSERT(count <= TX_OPERATIONS_MAX + 1);
    return count;
}
