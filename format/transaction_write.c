/* From a struct transaction to bytes. What is written is read back by the decoder before it counts,
 * so that the static rules stand in one place and nothing leaves that a peer would refuse. */
#include "format/transaction.h"

#include <stdlib.h>

static void fail(struct writer *w, enum status status)
{
    if (w->status == STATUS_OK) w->status = status;
}

static void write_signer_list(struct writer *w, const struct signer_list *list)
{
    if (list->bytes.size != (size_t)list->count * SIGNER_BYTES) fail(w, STATUS_INVALID);
    write_u8(w, list->count);
    write_bytes(w, list->bytes);
}

static void write_account_create(struct writer *w, const struct operation *operation)
{
    write_id(w, &operation->account_create.id);
    write_u16(w, operation->account_create.low);
    write_u16(w, operation->account_create.medium);
    write_u16(w, operation->account_create.high);
    write_digest(w, &operation->account_create.metadata);
    write_signer_list(w, &operation->account_create.signers);
}

static void write_account_set_signers(struct writer *w, const struct operation *operation)
{
    write_u16(w, operation->account_set_signers.low);
    write_u16(w, operation->account_set_signers.medium);
    write_u16(w, operation->account_set_signers.high);
    write_signer_list(w, &operation->account_set_signers.signers);
}

static void write_asset_create(struct writer *w, const struct operation *operation)
{
    write_bytes(w, span_of(operation->asset_create.code, sizeof operation->asset_create.code));
    write_u8(w, operation->asset_create.scale);
    write_u8(w, operation->asset_create.flags);
    write_u64(w, operation->asset_create.max_supply);
    write_digest(w, &operation->asset_create.metadata);
}

static void write_hold_create(struct writer *w, const struct operation *operation)
{
    write_id(w, &operation->hold_create.payee);
    write_id(w, &operation->hold_create.asset);
    write_u64(w, operation->hold_create.amount);
    write_u64(w, operation->hold_create.expires_ms);
    write_id(w, &operation->hold_create.arbiter);
    write_id(w, &operation->hold_create.group);
}

static void write_gov_propose(struct writer *w, const struct operation *operation)
{
    write_digest(w, &operation->gov_propose.rationale);
    write_u64(w, operation->gov_propose.expects_params_version);
    write_u64(w, operation->gov_propose.deadline_ms);
    write_u64(w, operation->gov_propose.activate_ms);
    write_u8(w, operation->gov_propose.action_count);
    write_bytes(w, operation->gov_propose.actions);
}

static void write_operation(struct writer *w, const struct operation *operation)
{
    write_u16(w, (uint16_t)operation->code);
    write_id(w, &operation->actor);
    switch (operation->code) {
    case OP_ACCOUNT_CREATE: write_account_create(w, operation); return;
    case OP_ACCOUNT_SET_SIGNERS: write_account_set_signers(w, operation); return;
    case OP_ACCOUNT_FREEZE:
        write_id(w, &operation->account_freeze.account);
        write_bool(w, operation->account_freeze.frozen);
        return;
    case OP_ASSET_CREATE: write_asset_create(w, operation); return;
    case OP_ASSET_MINT:
        write_id(w, &operation->asset_mint.asset);
        write_id(w, &operation->asset_mint.to);
        write_u64(w, operation->asset_mint.amount);
        return;
    case OP_ASSET_BURN:
        write_id(w, &operation->asset_burn.asset);
        write_u64(w, operation->asset_burn.amount);
        return;
    case OP_BALANCE_SET_FLOOR:
        write_id(w, &operation->balance_set_floor.asset);
        write_id(w, &operation->balance_set_floor.account);
        write_i64(w, operation->balance_set_floor.floor);
        return;
    case OP_HOLD_CREATE: write_hold_create(w, operation); return;
    case OP_HOLD_POST:
        write_id(w, &operation->hold_post.hold);
        write_u64(w, operation->hold_post.amount);
        return;
    case OP_HOLD_VOID: write_id(w, &operation->hold_void.hold); return;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: write_id(w, &operation->hold_group.group); return;
    case OP_TRANSFER:
        write_id(w, &operation->transfer.to);
        write_id(w, &operation->transfer.asset);
        write_u64(w, operation->transfer.amount);
        return;
    case OP_KV_PUT:
        write_bytes8(w, operation->kv_put.key);
        write_u8(w, operation->kv_put.expect);
        write_u64(w, operation->kv_put.version);
        write_bytes32(w, operation->kv_put.value);
        return;
    case OP_KV_DELETE:
        write_bytes8(w, operation->kv_delete.key);
        write_u8(w, operation->kv_delete.expect);
        write_u64(w, operation->kv_delete.version);
        return;
    case OP_GOV_PROPOSE: write_gov_propose(w, operation); return;
    case OP_GOV_BALLOT:
        write_u64(w, operation->gov_ballot.proposal);
        write_u8(w, operation->gov_ballot.vote);
        return;
    }
    fail(w, STATUS_INVALID);
}

static void write_assert(struct writer *w, const struct tx_assert *assertion)
{
    write_u8(w, (uint8_t)assertion->kind);
    if (assertion->kind <= ASSERT_ACCOUNT_VERSION) write_id(w, &assertion->account);
    switch (assertion->kind) {
    case ASSERT_BALANCE:
        write_id(w, &assertion->asset);
        write_u8(w, assertion->field);
        write_u8(w, assertion->relation);
        write_i64(w, assertion->amount);
        return;
    case ASSERT_BALANCE_SEQ:
        write_id(w, &assertion->asset);
        write_u64(w, assertion->number);
        return;
    case ASSERT_KV_VERSION:
        write_bytes8(w, assertion->key);
        write_u64(w, assertion->number);
        return;
    case ASSERT_KV_VALUE:
        write_bytes8(w, assertion->key);
        write_digest(w, &assertion->value_hash);
        return;
    case ASSERT_ACCOUNT_VERSION:
    case ASSERT_PARAMS_VERSION:
    case ASSERT_HEIGHT_MAX: write_u64(w, assertion->number); return;
    }
    fail(w, STATUS_INVALID);
}

static void write_fields(struct writer *w, const struct transaction *tx)
{
    write_u16(w, TX_VERSION);
    write_digest(w, &tx->chain_id);
    write_id(w, &tx->source);
    write_id(w, &tx->client_ref);
    write_u64(w, tx->not_before_ms);
    write_u64(w, tx->not_after_ms);
    write_u8(w, (uint8_t)tx->order);
    write_u32(w, tx->lane);
    write_u64(w, tx->seq);
    write_digest(w, &tx->memo_hash);
    write_u8(w, tx->assert_count);
    for (unsigned i = 0; i < tx->assert_count; i++)
        write_assert(w, &tx->asserts[i]);
    write_u8(w, tx->operation_count);
    for (unsigned i = 0; i < tx->operation_count; i++)
        write_operation(w, &tx->operations[i]);
}

void transaction_write_body(struct writer *w, const struct transaction *tx)
{
    if (tx->assert_count > TX_ASSERTS_MAX || tx->operation_count > TX_OPERATIONS_MAX)
        fail(w, STATUS_INVALID);
    if (writer_status(w) != STATUS_OK) return;

    size_t start = w->buffer.size;
    write_fields(w, tx);
    if (writer_status(w) != STATUS_OK) return;

    struct span body = { w->buffer.data + start, w->buffer.size - start };
    struct transaction *decoded = malloc(sizeof *decoded);
    if (!decoded) {
        fail(w, STATUS_NO_MEMORY);
        return;
    }
    if (transaction_decode_body(body, decoded, NULL) != STATUS_OK) fail(w, STATUS_INVALID);
    free(decoded);
}

/* order[i] becomes the index of the i-th smallest key; false if a key stands twice. */
static bool sort_by_key(const struct tx_signature *signatures, uint8_t count,
                        uint8_t order[TX_SIGNATURES_MAX])
{
    for (uint8_t i = 0; i < count; i++) {
        unsigned place = i;
        for (; place > 0; place--) {
            int compared = key_compare(&signatures[order[place - 1]].key, &signatures[i].key);
            if (compared == 0) return false;
            if (compared < 0) break;
            order[place] = order[place - 1];
        }
        order[place] = i;
    }
    return true;
}

void transaction_write_signed(struct writer *w, struct span body,
                              const struct tx_signature *signatures, uint8_t count)
{
    uint8_t order[TX_SIGNATURES_MAX];
    if (count == 0 || count > TX_SIGNATURES_MAX || !sort_by_key(signatures, count, order)) {
        fail(w, STATUS_INVALID);
        return;
    }
    write_bytes32(w, body);
    write_u8(w, count);
    for (unsigned i = 0; i < count; i++) {
        write_public_key(w, &signatures[order[i]].key);
        write_signature(w, &signatures[order[i]].signature);
    }
}
