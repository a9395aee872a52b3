/* node/draft.c -- transactions built by this program itself. */
#include "node/draft.h"

#include <stdlib.h>
#include <time.h>

uint64_t draft_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct id draft_reference(uint64_t now_ms)
{
    struct id id;
    random_bytes(id.bytes, sizeof id.bytes);
    for (unsigned i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f)); /* Version 7. */
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f)); /* The variant of RFC 9562. */
    return id;
}

void draft_begin(struct transaction *tx, const struct digest *chain_id, const struct id *source,
                 uint64_t not_after_ms)
{
    memset(tx, 0, sizeof *tx);
    tx->chain_id = *chain_id;
    tx->source = *source;
    tx->client_ref = draft_reference(draft_now_ms());
    tx->not_after_ms = not_after_ms;
    tx->order = ORDER_NONE;
}

struct operation *draft_add(struct transaction *tx, enum operation_code code,
                            const struct id *actor)
{
    ASSERT(tx->operation_count < TX_OPERATIONS_MAX);
    struct operation *operation = &tx->operations[tx->operation_count++];
    memset(operation, 0, sizeof *operation);
    operation->code = code;
    operation->actor = *actor;
    return operation;
}

void draft_signer(const struct public_key *key, uint8_t signer[SIGNER_BYTES])
{
    memcpy(signer, key->bytes, sizeof key->bytes);
    signer[SIGNER_BYTES - 1] = 1;
}

void draft_add_account(struct transaction *tx, const struct id *actor, const struct id *id,
                       const uint8_t signer[SIGNER_BYTES])
{
    struct operation *operation = draft_add(tx, OP_ACCOUNT_CREATE, actor);
    operation->account_create.id = *id;
    operation->account_create.low = operation->account_create.medium =
        operation->account_create.high = 1;
    operation->account_create.signers =
        (struct signer_list){ .count = 1, .bytes = span_of(signer, SIGNER_BYTES) };
}

enum status draft_sign(const struct transaction *tx, const struct secret_key *secret,
                       struct span *bytes, struct digest *txid)
{
    struct writer body, whole;
    struct tx_signature signature;
    *bytes = span_of(NULL, 0);
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    enum status status = writer_status(&body);
    if (status == STATUS_OK) {
        *txid = transaction_id(writer_span(&body));
        transaction_sign(secret, &tx->chain_id, txid, &signature);
        transaction_write_signed(&whole, writer_span(&body), &signature, 1);
        status = writer_status(&whole);
    }
    if (status == STATUS_OK) {
        uint8_t *copy = malloc(writer_span(&whole).size);
        if (copy) {
            memcpy(copy, writer_span(&whole).data, writer_span(&whole).size);
            *bytes = span_of(copy, writer_span(&whole).size);
        } else {
            status = STATUS_NO_MEMORY;
        }
    }
    writer_free(&body);
    writer_free(&whole);
    return status;
}
