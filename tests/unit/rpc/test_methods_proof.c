#include "tests/unit/rpc/proof_harness.h"

TestSuite(rpc_methods_proof, .init = proof_harness_open, .fini = proof_harness_close);

Test(rpc_methods_proof, the_latest_seal_and_one_by_height)
{
    const struct proof *proof = judge(prove_call("block_seal", "{}"));
    cr_assert_eq(proof->kind, PROOF_SEAL);
    cr_assert_eq(verdict.sealed[0].height, STORY_SEALED);
    judge(prove_call("block_seal", "{\"height\":3}"));
    cr_assert_eq(verdict.sealed[0].signatures, 4);
    const json_t *data = prove_fails("not_sealed", "block_seal", "{\"height\":7}");
    cr_assert_eq(number_at(data, "signers"), 1);
    cr_assert_eq(number_at(data, "quorum"), 3);
    prove_fails("not_sealed", "block_seal", "{\"height\":\"earliest\"}");
    prove_fails("height_not_reached", "block_seal", "{\"height\":8}");
}

Test(rpc_methods_proof, the_chain_of_validator_sets)
{
    const struct proof *proof = judge(prove_call("epoch_prove", "{}"));
    cr_assert_eq(proof->kind, PROOF_EPOCHS);
    judge(prove_call("epoch_prove", "{\"epoch\":0}"));
    prove_fails("not_found", "epoch_prove", "{\"epoch\":1}");
    prove_fails("invalid_params", "epoch_prove", "{\"epoch\":-1}");
}

Test(rpc_methods_proof, one_history_continues_another)
{
    judge(prove_call("history_prove", "{\"from_height\":2,\"to_height\":6}"));
    cr_assert_eq(verdict.sealed[0].height, 2);
    cr_assert_eq(verdict.sealed[1].height, 6);
    prove_fails("invalid_params", "history_prove", "{\"from_height\":0,\"to_height\":6}");
    prove_fails("invalid_params", "history_prove", "{\"from_height\":6,\"to_height\":6}");
    prove_fails("invalid_params", "history_prove", "{\"from_height\":6,\"to_height\":5}");
    prove_fails("height_not_reached", "history_prove", "{\"from_height\":6,\"to_height\":8}");
    prove_fails("not_sealed", "history_prove", "{\"from_height\":6,\"to_height\":7}");
}

Test(rpc_methods_proof, a_receipt_for_each_sealed_transaction)
{
    for (unsigned i = 0; i + 1 < story.id_count; i++) {
        const struct proof *proof =
            judge(prove_call("tx_receipt", "{\"tx_id\":\"%s\"}", txid_text(i)));
        cr_assert_eq(proof->kind, PROOF_RECEIPT);
        cr_assert(digest_equal(&proof->receipt.entry.id, &story.ids[i]));
    }
    const json_t *data = prove_fails("not_sealed", "tx_receipt", "{\"tx_id\":\"%s\"}",
                                     txid_text(story.id_count - 1));
    cr_assert_eq(number_at(data, "height"), 7);
    prove_fails("not_found", "tx_receipt", "{\"tx_id\":\"%064d\"}", 7);
}

Test(rpc_methods_proof, a_receipt_that_withholds)
{
    const json_t *twin =
        prove_call("tx_receipt", "{\"tx_id\":\"%s\",\"withhold\":true}", txid_text(0));
    const struct proof *proof = judge(twin);
    cr_assert_eq(proof->receipt.transaction.size, 0);
    cr_assert_eq(proof->receipt.effects.size, 0);
}

Test(rpc_methods_proof, a_receipt_under_a_later_seal)
{
    story.f.tick = true;
    story_block(&story, 7);
    const struct proof *proof =
        judge(prove_call("tx_receipt", "{\"tx_id\":\"%s\"}", txid_text(story.id_count - 1)));
    cr_assert(proof->receipt.later);
}

static void accuse(uint16_t validator)
{
    const struct ledger_head *head = ledger_head(story.f.ledger);
    uint64_t height = head->header.height;
    struct digest other = sample_digest("another block", validator);
    bool first = digest_compare(&head->hash, &other) < 0;
    struct seal_pair pair = { .first.height = height, .second.height = height };
    pair.first.block_hash = first ? head->hash : other;
    pair.second.block_hash = first ? other : head->hash;
    pair.first.by.validator = pair.second.by.validator = validator;
    story_sign(&story.f, validator, 0, height, &pair.first.block_hash, &pair.first.by.signature);
    story_sign(&story.f, validator, 0, height, &pair.second.block_hash, &pair.second.by.signature);
    cr_assert_eq(ledger_store_evidence(story.f.ledger, &pair, &story.f.problem), STATUS_OK);
}

Test(rpc_methods_proof, evidence_page_by_page)
{
    const json_t *page = prove_call("evidence_list", "{}");
    cr_assert_eq(size_at(page, "items"), 0);
    accuse(0);
    accuse(1);
    accuse(3);
    char cursor[300] = "";
    unsigned accused = 0;
    for (unsigned i = 0; i < 2; i++) {
        page = prove_call("evidence_list", "{\"limit\":2%s}", cursor);
        size_t k;
        json_t *item;
        json_array_foreach(json_object_get(page, "items"), k, item)
        {
            const struct proof *proof = judge(item);
            cr_assert_eq(proof->kind, PROOF_EVIDENCE);
            accused |= 1u << proof->evidence.validator;
        }
        const json_t *next = json_object_get(page, "next_cursor");
        cr_assert_eq(json_is_null(next), i == 1);
        if (i == 0) snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", json_string_value(next));
    }
    cr_assert_eq(accused, 1u | 2u | 8u);
}
