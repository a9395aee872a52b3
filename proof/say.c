#include "proof/say_words.h"

#include "genesis/json.h"
#include "proof/tx_view.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- receipts -------------------------------------------------------------------------------- */

static void say_entry(struct text *t, const struct receipt *receipt)
{
    static const char *const words[] = { "", "transaction ", "the expiry of a hold, entry ",
                                         "the enactment of a proposal, entry ",
                                         "a recovery, entry " };
    struct tx_view tx;
    say(t, "%s", words[receipt->entry.kind]);
    say_hash(t, &receipt->entry.id);
    if (receipt->transaction.size == 0 || tx_view_read(receipt->transaction, &tx)) return;
    say(t, " of ");
    say_address(t, ADDRESS_ACCOUNT, &tx.source);
}

static void say_result(struct text *t, const struct entry_record *entry)
{
    say(t, "result %s", result_name(entry->code));
    if (entry->code == RESULT_ok) return;
    if (entry->at < 128)
        say(t, " of operation %u", entry->at);
    else
        say(t, " of assert %u", entry->at - 128u);
}

static void say_seal(struct text *t, const struct sealed_facts *sealed)
{
    say(t, "sealed by %u of %u validators of epoch %" PRIu64 ", which descends from the genesis",
        sealed->signatures, sealed->validators, sealed->epoch);
}

static void say_receipt(struct text *t, const struct verdict *verdict)
{
    char position[POSITION_TEXT];
    const struct receipt *receipt = &verdict->proof.receipt;
    const struct header *header = receipt_header(receipt);
    position_text(position_of(header->height, receipt->index, 0), position);
    say_entry(t, receipt);
    say(t, " was executed with ");
    say_result(t, &receipt->entry);
    say(t, " at height %" PRIu64 ", ", header->height);
    say_time(t, header->time_ms);
    say(t, ", position %s; ", position);
    if (receipt->later)
        say(t, "it is in the history of block %" PRIu64 ", ", verdict->sealed[0].height);
    say_seal(t, &verdict->sealed[0]);
}

/* "transferred 250.00 EUR to acc1..., result ok, time", of a transaction that is one transfer. */
static bool say_transfer(struct text *t, const struct verdict *verdict,
                         const struct genesis *genesis)
{
    const struct receipt *receipt = &verdict->proof.receipt;
    if (receipt->transaction.size == 0 || receipt->entry.code != RESULT_ok) return false;
    struct transaction *tx = malloc(sizeof *tx);
    bool one = tx && transaction_decode_again(receipt->transaction, tx) == STATUS_OK &&
               tx->operation_count == 1 && tx->operations[0].code == OP_TRANSFER;
    if (one) {
        const struct operation *operation = &tx->operations[0];
        say(t, "transferred ");
        say_amount(t, genesis, &operation->transfer.asset, (int64_t)operation->transfer.amount);
        say(t, " from ");
        say_address(t, ADDRESS_ACCOUNT, &operation->actor);
        say(t, " to ");
        say_address(t, ADDRESS_ACCOUNT, &operation->transfer.to);
        say(t, ", result ok, ");
        say_time(t, receipt_header(receipt)->time_ms);
    }
    free(tx);
    return one;
}

/* ---- other kinds ----------------------------------------------------------------------------- */

static void say_absence(struct text *t, const struct verdict *verdict)
{
    const struct absence_proof *absence = &verdict->proof.absence;
    say(t, "transaction ");
    say_hash(t, &absence->txid);
    if (absence->form == ABSENCE_OTHER) {
        say(t, " was never executed and never will be: its number in the lane was used by ");
        say_hash(t, &absence->other.entry.id);
        return;
    }
    say(t, " was in no block up to %" PRIu64 " and can be in none after: never executed",
        verdict->sealed[0].height);
}

static void say_statement(struct text *t, const struct verdict *verdict,
                          const struct genesis *genesis)
{
    const struct statement_proof *statement = &verdict->proof.statement;
    say(t, "%s %u line%s all movements of ", verdict->lines == 1 ? "this" : "these", verdict->lines,
        verdict->lines == 1 ? " is" : "s are");
    say_address(t, ADDRESS_ACCOUNT, &statement->account);
    say(t, " in ");
    say_asset(t, genesis, &statement->asset);
    say(t, " above block %" PRIu64 " and up to block %" PRIu64 ", from ", statement->from_height,
        statement->to_height);
    say_amount(t, genesis, &statement->asset, verdict->opening.posted);
    say(t, " to ");
    say_amount(t, genesis, &statement->asset, verdict->closing.posted);
}

static void say_both(struct text *t, const struct verdict *verdict)
{
    if (verdict->both_count == 0) return;
    say(t, "; validators");
    for (unsigned i = 0; i < verdict->both_count; i++)
        say(t, "%s %u", i > 0 ? "," : "", verdict->both[i]);
    say(t, " of epoch %" PRIu64 " signed both", verdict->sealed[0].epoch);
}

static void say_evidence(struct text *t, const struct verdict *verdict)
{
    const struct evidence_proof *evidence = &verdict->proof.evidence;
    if (evidence->type == EVIDENCE_EQUIVOCATION) {
        say(t, "validator ");
        say_address(t, ADDRESS_VALIDATOR, &verdict->accused_id);
        say(t, " of ");
        say_address(t, ADDRESS_ACCOUNT, &verdict->accused_member);
        say(t, " signed two blocks at height %" PRIu64 " in epoch %" PRIu64, evidence->height,
            evidence->epoch);
        return;
    }
    say(t, "two sealed blocks contradict each other: ");
    say_short(t, &verdict->sealed[0].hash);
    say(t, " at height %" PRIu64 " and ", verdict->sealed[0].height);
    say_short(t, &verdict->sealed[1].hash);
    say(t, " at height %" PRIu64, verdict->sealed[1].height);
    say_both(t, verdict);
}

static void say_epochs(struct text *t, const struct verdict *verdict)
{
    if (verdict->epochs == 0) {
        say(t, "epoch 0 has the validators of the genesis");
        return;
    }
    say(t,
        "the validator sets of epochs 0 to %u descend from the genesis; epoch %" PRIu64
        " ended with block %" PRIu64,
        verdict->epochs, verdict->sealed[0].epoch, verdict->sealed[0].height);
}

static void say_anchor(struct text *t, const struct verdict *verdict, const struct genesis *genesis)
{
    struct digest hash = header_hash(&verdict->proof.anchor.header);
    say(t, "block 0 of network %s is ", genesis->network);
    say_hash(t, &hash);
    say(t, ": %u validators, quorum %u", genesis->committee.count,
        committee_quorum(&genesis->committee));
}

static void say_sealed_block(struct text *t, const struct verdict *verdict)
{
    const struct sealed_facts *sealed = &verdict->sealed[0];
    say(t, "block ");
    say_hash(t, &sealed->hash);
    say(t, " at height %" PRIu64 ", ", sealed->height);
    say_time(t, sealed->time_ms);
    say(t, ", was ");
    say_seal(t, sealed);
}

static void say_claim(struct text *t, const struct verdict *verdict, const struct genesis *genesis)
{
    switch (verdict->proof.kind) {
    case PROOF_ANCHOR: say_anchor(t, verdict, genesis); break;
    case PROOF_SEAL: say_sealed_block(t, verdict); break;
    case PROOF_EPOCHS: say_epochs(t, verdict); break;
    case PROOF_RECEIPT: say_receipt(t, verdict); break;
    case PROOF_CONSISTENCY:
        say(t,
            "the history up to block %" PRIu64 " extends that up to block %" PRIu64
            ": nothing of it was changed",
            verdict->sealed[1].height, verdict->sealed[0].height);
        break;
    case PROOF_STATE: say_state(t, verdict, genesis); break;
    case PROOF_ABSENCE: say_absence(t, verdict); break;
    case PROOF_STATEMENT: say_statement(t, verdict, genesis); break;
    case PROOF_EVIDENCE: say_evidence(t, verdict); break;
    case PROOF_SNAPSHOT:
    case PROOF_RECOVERY: break; /* never verified */
    }
}

/* P11: what a verdict under the crash-fault model is worth. */
static void say_crash(struct text *t, const struct verdict *verdict)
{
    if (verdict->crash) say(t, " (crash-fault model: valid only if no validator lied)");
}

void proof_sentence(const struct verdict *verdict, const struct genesis *genesis,
                    char text[PROOF_SENTENCE_TEXT])
{
    struct text t = { text, PROOF_SENTENCE_TEXT, 0 };
    if (verdict->check != CHECK_NONE) {
        say(&t, "%s: %s", proof_check_name(verdict->check), verdict->text);
        return;
    }
    say_claim(&t, verdict, genesis);
    say_crash(&t, verdict);
}

/* ---- the report ------------------------------------------------------------------------------ */

static void report_seals(struct text *t, const struct verdict *verdict)
{
    for (unsigned i = 0; i < verdict->sealed_count; i++) {
        const struct sealed_facts *sealed = &verdict->sealed[i];
        say(t, "seal        ");
        if (i == 0)
            say(t, "%u epoch%s from genesis; ", verdict->epochs, verdict->epochs == 1 ? "" : "s");
        say(t, "%u of %u signatures valid (quorum %u) on block ", sealed->signatures,
            sealed->validators, sealed->quorum);
        say_short(t, &sealed->hash);
        say(t, ", height %" PRIu64 "\n", sealed->height);
    }
}

void proof_report(const struct verdict *verdict, const struct genesis *genesis,
                  char text[PROOF_REPORT_TEXT])
{
    char sentence[PROOF_SENTENCE_TEXT];
    struct text t = { text, PROOF_REPORT_TEXT, 0 };
    proof_sentence(verdict, genesis, sentence);
    if (verdict->check != CHECK_NONE) {
        say(&t, "REFUSED     %s\n", sentence);
        return;
    }
    const struct receipt *receipt = &verdict->proof.receipt;
    bool is_receipt = verdict->proof.kind == PROOF_RECEIPT;
    say(&t, "%-11s ", proof_kind_word(verdict->proof.kind));
    if (is_receipt) {
        say_entry(&t, receipt);
        say(&t, ", entry %u of %u", receipt->index, receipt_header(receipt)->entry_count);
    } else {
        say(&t, "P%u", (unsigned)verdict->proof.kind);
    }
    say(&t, "\nchain       %s, id ", genesis->network);
    say_short(&t, &genesis->chain_id);
    say(&t, " computed from the genesis\n");
    report_seals(&t, verdict);
    say(&t, "VERIFIED    ");
    if (is_receipt && say_transfer(&t, verdict, genesis))
        say_crash(&t, verdict);
    else
        say(&t, "%s", sentence);
    say(&t, "\n");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *sealed_json(const struct sealed_facts *sealed)
{
    return json_pack("{sIsIsosososisisi}", "height", (json_int_t)sealed->height, "epoch",
                     (json_int_t)sealed->epoch, "hash", json_hex_new(digest_span(&sealed->hash)),
                     "time", json_time_new(sealed->time_ms), "fault_model",
                     json_string(sealed->fault_model == FAULT_CRASH ? "crash" : "byzantine"),
                     "signatures", sealed->signatures, "validators", sealed->validators, "quorum",
                     sealed->quorum);
}

static json_t *sealed_list(const struct verdict *verdict)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < verdict->sealed_count; i++) {
        if (json_array_append_new(list, sealed_json(&verdict->sealed[i])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *proof_verdict_json(const struct verdict *verdict, const struct genesis *genesis)
{
    char sentence[PROOF_SENTENCE_TEXT];
    proof_sentence(verdict, genesis, sentence);
    if (verdict->check != CHECK_NONE)
        return json_pack("{sbssssssss}", "verified", 0, "check", proof_check_number(verdict->check),
                         "word", proof_check_word(verdict->check), "must_hold",
                         proof_check_text(verdict->check), "problem", verdict->text);
    return json_pack("{sbsssssosssIso}", "verified", 1, "kind",
                     proof_kind_word(verdict->proof.kind), "sentence", sentence, "chain_id",
                     json_hex_new(digest_span(&genesis->chain_id)), "fault_model",
                     verdict->crash ? "crash" : "byzantine", "epochs", (json_int_t)verdict->epochs,
                     "sealed", sealed_list(verdict));
}
