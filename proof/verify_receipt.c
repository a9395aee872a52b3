/* P3, a receipt, and P4, that one history extends another. */
#include "proof/judge.h"

#include "proof/tx_view.h"

#include <inttypes.h>

/* P3.2: the block is leaf number `height` of the later block's history. */
static bool block_is_in_history(struct judge *judge, const struct receipt *receipt,
                                const char *what)
{
    if (!receipt->later) return true;
    const struct header *later = &receipt->sealed.header;
    struct digest hash = header_hash(&receipt->header);
    if (!merkle_verify_inclusion(&hash, receipt->header.height, later->height,
                                 receipt->history.hashes, receipt->history.count,
                                 &later->history_root))
        return judge_fail(judge, CHECK_P3_LATER,
                          "%s: block %" PRIu64 " is not in the history of block %" PRIu64, what,
                          receipt->header.height, later->height);
    judge_note_block(judge, &receipt->header, &hash);
    return true;
}

static bool signatures_are_valid(struct judge *judge, const struct tx_view *tx, const char *what)
{
    uint8_t statement[64];
    memcpy(statement, tx->chain_id.bytes, 32);
    memcpy(statement + 32, tx->txid.bytes, 32);
    for (uint8_t i = 0; i < tx->signature_count; i++) {
        struct tx_signature by = tx_view_signature(tx, i);
        if (!verify_cached(judge->policy->cache, &by.key, TAG_TRANSACTION_SIGNATURE,
                           span_of(statement, sizeof statement), &by.signature))
            return judge_fail(judge, CHECK_P3_TRANSACTION, "%s: signature %u does not verify", what,
                              i);
    }
    return true;
}

/* P3.3: the bytes are what the entry names, of this chain, and signed. */
static bool transaction_is_entry(struct judge *judge, const struct receipt *receipt,
                                 const char *what)
{
    if (receipt->transaction.size == 0) return true;
    struct tx_view tx;
    const char *problem = tx_view_read(receipt->transaction, &tx);
    if (problem) return judge_fail(judge, CHECK_P3_TRANSACTION, "%s: %s", what, problem);
    if (!digest_equal(&tx.chain_id, &judge->genesis->chain_id))
        return judge_fail(judge, CHECK_P3_TRANSACTION, "%s: a transaction of another chain", what);
    if (!digest_equal(&tx.txid, &receipt->entry.id))
        return judge_fail(judge, CHECK_P3_TRANSACTION, "%s: the entry names another txid", what);
    if (!digest_equal(&tx.signed_hash, &receipt->entry.signed_hash))
        return judge_fail(judge, CHECK_P3_TRANSACTION, "%s: the entry names other signatures",
                          what);
    return signatures_are_valid(judge, &tx, what);
}

/* P3.4 and P3.5. */
static bool entry_is_in_block(struct judge *judge, const struct receipt *receipt, const char *what)
{
    const struct header *header = receipt_header(receipt);
    if (receipt->effects.size > 0) {
        struct digest hash = digest_of(TAG_EFFECTS, receipt->effects);
        if (!digest_equal(&hash, &receipt->entry.effects_hash))
            return judge_fail(judge, CHECK_P3_EFFECTS, "%s: the entry names other effects", what);
    }
    struct digest leaf = entry_record_hash(&receipt->entry);
    if (!merkle_verify_inclusion(&leaf, receipt->index, header->entry_count, receipt->path.hashes,
                                 receipt->path.count, &header->tx_root))
        return judge_fail(judge, CHECK_P3_PATH,
                          "%s: it is not entry %u of the %u of block %" PRIu64, what,
                          receipt->index, header->entry_count, header->height);
    return true;
}

bool judge_receipt(struct judge *judge, const struct receipt *receipt, const char *what)
{
    return block_is_in_history(judge, receipt, what) &&
           transaction_is_entry(judge, receipt, what) && entry_is_in_block(judge, receipt, what);
}

bool receipt_balance_effect(const struct receipt *receipt, const struct id *account,
                            const struct id *asset, struct ledger_effect *effect)
{
    if (receipt->effects.size == 0) return false;
    struct effect_list list = effect_list_of(receipt->effects);
    while (effect_list_next(&list, effect))
        if (effect->kind == LEDGER_EFFECT_BALANCE && id_equal(&effect->id, account) &&
            id_equal(&effect->asset, asset))
            return true;
    return false;
}

/* ---- P4 -------------------------------------------------------------------------------------- */

bool judge_consistency(struct judge *judge, const struct consistency_proof *proof)
{
    const struct header *first = &proof->first.header, *second = &proof->second.header;
    if (!merkle_verify_consistency(first->height, second->height, &first->history_root,
                                   &second->history_root, proof->consistency.hashes,
                                   proof->consistency.count))
        return judge_fail(judge, CHECK_P4_HISTORY,
                          "the history of block %" PRIu64 " does not begin that of block %" PRIu64,
                          first->height, second->height);
    struct digest hash = header_hash(first);
    if (!merkle_verify_inclusion(&hash, first->height, second->height, proof->inclusion.hashes,
                                 proof->inclusion.count, &second->history_root))
        return judge_fail(judge, CHECK_P4_HISTORY,
                          "block %" PRIu64 " is not in the history of block %" PRIu64,
                          first->height, second->height);
    if (second->time_ms <= first->time_ms || second->epoch < first->epoch)
        return judge_fail(judge, CHECK_P4_ORDER,
                          "time or epoch fall from block %" PRIu64 " to block %" PRIu64,
                          first->height, second->height);
    return true;
}
