#include "ledger/explain.h"

#include <stdio.h>

#define REFUSED(name, meaning, cause, remedy) \
    { \
        EXPLAIN_REFUSAL, #name, (uint16_t)REFUSAL_##name, meaning, cause, remedy \
    }
#define RESULT(name, meaning, cause, remedy) \
    { \
        EXPLAIN_RESULT, #name, (uint16_t)RESULT_##name, meaning, cause, remedy \
    }

static const struct explanation explanations[] = {
    REFUSED(tx_too_large, "The transaction has more bytes than the chain allows.",
            "Too many operations or too large values for `tx_bytes_max`.",
            "Split it, or store large values elsewhere and put their hash on the ledger."),
    REFUSED(tx_malformed, "The bytes are not a transaction that this version of the format allows.",
            "A client that builds bytes wrongly, a damaged transfer, a value out of its range, or "
            "an operation that this version does not build.",
            "Look at `offset`, `op` and `detail`; build and sign a new transaction."),
    REFUSED(tx_wrong_chain, "The transaction was made for another chain.",
            "The client holds the genesis of another network, or sends to the wrong node.",
            "Compare the chain id of client and node; build and sign again for this chain."),
    REFUSED(tx_bad_signature, "One of the signatures does not verify.",
            "Signed with the wrong key, for another chain or another body, or altered on the way.",
            "Sign the same body again with the key that `public_key` names."),
    REFUSED(
        tx_ref_conflict, "The client reference belongs to another transaction of the same source.",
        "The same intent was signed twice with different bytes, or a reference was reused.",
        "Ask for the status of the transaction in `tx_id`: if it is the same intent, it counts. "
        "Otherwise take a new reference."),
    REFUSED(tx_lane_past, "The lane's number is already used.",
            "Another transaction took this number of the lane, or the client's counter is behind.",
            "Read `next`; sign a new body with that number, unless `tx_id` is the same intent."),
    REFUSED(tx_lane_gap, "The lane's number is too far ahead.",
            "A number before it is neither on the ledger nor waiting here, or more than 64 wait.",
            "Send the missing numbers first, in order; then the same bytes again."),
    REFUSED(tx_expired, "The block time is past `not_after`: it can no longer execute.",
            "It was sent too late, or the client's clock is behind.",
            "Make sure that it did not execute (status or proof of absence); then sign a new body "
            "with a later `not_after`."),
    REFUSED(tx_too_early, "The block time has not come to `not_before`.",
            "The transaction is meant for later, or the client's clock is ahead.",
            "Send the same bytes again after `not_before`."),
    REFUSED(tx_window_too_long, "`not_after` is further ahead than the chain remembers references.",
            "A lifetime above `window_ms_max`, or a clock that is ahead.",
            "Sign a new body with an earlier `not_after`; for long lifetimes use a lane."),
    REFUSED(tx_unknown_source, "The account that submits does not exist.",
            "A typing error, another network, or the account's creation is not executed yet.",
            "Check the address; wait for the transaction that creates the account."),
    REFUSED(tx_source_frozen, "The account that submits is frozen.",
            "An account with the role freezer, or the members by a vote, froze it.",
            "Ask the operator of the network; after it is released the same bytes may be sent."),
    REFUSED(tx_not_permitted, "An account for which an operation acts has not authorised it.",
            "Too few signatures for the threshold of `level`, a key that is no signer of any "
            "acting account, or an acting account that does not exist.",
            "Add signatures until `weight_need` is reached, and leave out foreign keys."),
    REFUSED(mempool_full, "The node has no room for another waiting transaction.",
            "More comes in than is ordered: a burst, or consensus does not go on.",
            "Send the same bytes again after `retry_after_ms`, or to another node."),
    REFUSED(source_quota, "The source has as many transactions waiting as one source may.",
            "Many transactions at once from one account.",
            "Wait until some are executed; use several sources for bulk work."),

    RESULT(ok, "Executed; every operation took effect.", "Nothing is wrong.", "Nothing to do."),
    RESULT(assert_failed, "A condition that the transaction states did not hold.",
           "Something changed between building and executing; `at` names the assert and "
           "`observed` the value found.",
           "Read the state anew and decide again."),
    RESULT(account_unknown, "An account that the operation names does not exist.",
           "A typing error, or its creation failed or comes later.",
           "Check the address; create the account first."),
    RESULT(account_exists, "There is an account with this id already.",
           "The creation was sent twice with different references.",
           "If the account is yours, go on; otherwise take a new random id."),
    RESULT(account_frozen, "An account that the operation touches is frozen.",
           "An account with the role freezer, or the members by a vote, froze it.",
           "Ask the operator of the network; send a new transaction after its release."),
    RESULT(account_protected, "The operation is not allowed on this account.",
           "A freezer tried to freeze the account of a member.",
           "Only a vote of the members can do this."),
    RESULT(account_not_empty, "The account still holds a balance.",
           "Closing an account whose balances are not all zero.",
           "Move its balances away and close it then."),
    RESULT(role_missing, "The actor does not have the role that the operation needs.",
           "Creating accounts needs registrar, creating assets issuer, freezing freezer.",
           "Let an account with the role do it, or have the members grant the role."),
    RESULT(key_unknown, "There is no such key.",
           "Deleting a record that does not exist, or replacing a key that is no signer.",
           "Read the record or the account first."),
    RESULT(key_exists, "The key is in use already.",
           "The new key is a signer of the account, or the seal key of a validator.",
           "Take a fresh key."),
    RESULT(asset_unknown, "The asset does not exist.",
           "A typing error, another network, or its creation failed.",
           "Check the asset; create it first."),
    RESULT(asset_exists, "The issuer has an asset with this code already.",
           "The creation was sent twice, or the code is taken.",
           "If the asset is the one you meant, go on; otherwise choose another code."),
    RESULT(not_issuer, "The actor is not the issuer of the asset.",
           "Minting or burning an asset of somebody else.", "Let the issuer's account act."),
    RESULT(supply_limit, "The supply, or supply and credit lines together, would be too much.",
           "Minting more than `max_supply` leaves, or giving a line that with supply and other "
           "lines exceeds 2^63-1.",
           "Stay within what `observed` says is left."),
    RESULT(flag_fixed, "The asset's flag cannot be changed this way.",
           "Some flags can only be set and others only be cleared.",
           "Issue a new asset if the rules must differ."),
    RESULT(not_authorised, "The holder is not authorised for this asset.",
           "The asset needs the issuer's authorisation for every balance.",
           "Ask the issuer for it."),
    RESULT(insufficient_funds, "The available balance is too small.",
           "Another payment was executed first, or part of the balance is reserved.",
           "Look at the balance; pay less, or bring funds first."),
    RESULT(hold_unknown, "The hold does not exist or has ended.",
           "It was posted, voided or swept after it expired, or the id is wrong.",
           "The history of the payer's account tells how it ended."),
    RESULT(hold_expired, "The hold's time is over.", "It was posted too late.",
           "Make a new hold if the payment is still wanted."),
    RESULT(not_arbiter, "The actor may not decide this hold.",
           "Only the arbiter posts; the arbiter or the payee voids.",
           "Let the arbiter's account act."),
    RESULT(hold_amount, "The amount is more than the hold reserves, or the group is too large.",
           "Posting more than was reserved, or ending more than 100 holds of groups in one "
           "transaction.",
           "Post at most the amount of the hold; end the holds of a large group one by one."),
    RESULT(term_out_of_range, "A deadline is in the past or too far ahead.",
           "An expiry or deadline outside of what the chain's parameters allow.",
           "Choose a time within the range."),
    RESULT(bad_preimage, "The secret does not open the hold's lock.",
           "The preimage is of another lock.", "Use the secret whose SHA-256 is the lock."),
    RESULT(hold_exists, "There is a hold with this id already.",
           "The same operation made it before.", "Nothing to do if it is the one you meant."),
    RESULT(version_mismatch, "The record's version is not the expected one.",
           "Another writer changed, made or deleted the record; `observed` is its version.",
           "Read the record, decide again, and expect the new version."),
    RESULT(value_too_large, "The value has more bytes than the chain allows.",
           "A value above `kv_value_max`.", "Store it elsewhere and put its hash on the ledger."),
    RESULT(grant_limit, "The owner has given as many grants as are allowed.",
           "More grants than one owner may have.", "Withdraw one first."),
    RESULT(not_member, "The actor is not a member of the consortium.",
           "Governance by an account that is not on the list of members.",
           "Let a member's account act."),
    RESULT(proposal_unknown, "There is no proposal with this number.",
           "A wrong number, or the transaction that opens it failed.", "List the proposals."),
    RESULT(proposal_closed, "The proposal is decided, withdrawn or past its deadline.",
           "The ballot came too late.", "Open a new proposal if the question remains."),
    RESULT(proposal_limit, "The member has as many open proposals as are allowed.",
           "More than `gov_open_max` are open.", "Wait until one is decided, or withdraw one."),
    RESULT(params_changed, "The parameters changed since the proposal was written.",
           "Another proposal was enacted in between.",
           "Read the parameters and propose anew for the present `params_version`."),
    RESULT(action_invalid, "An action of the proposal cannot be carried out.",
           "A value outside its range, an account or validator that does not exist, or a change "
           "that leaves too few validators.",
           "Correct the action and propose again."),
    RESULT(not_ready, "The validator has not shown a working copy of the ledger.",
           "The ready statement names an old or unknown block, or its signature is wrong.",
           "Let the machine catch up and sign a new ready statement."),
    RESULT(validator_unknown, "There is no such validator.", "A wrong id, or it was removed.",
           "List the validators."),
    RESULT(approval_exists, "The body waits for approvals already.", "It was proposed twice.",
           "Approve the one that is there."),
    RESULT(approval_unknown, "No body with this id waits for approvals.",
           "It was completed, rejected, cancelled, or never proposed.",
           "Look the id up among the transactions."),
    RESULT(not_signer, "The actor's approval is not asked for.",
           "The actor is no party of the body.", "Let one of its parties approve."),
    RESULT(evidence_invalid, "The evidence does not prove anything.",
           "The file is damaged, or its two statements do not contradict each other.",
           "Check the file with `witan verify` first."),
    RESULT(evidence_known, "The evidence is on the ledger already.", "Somebody else submitted it.",
           "Nothing to do."),
};

const struct explanation *explain_at(size_t index)
{
    return index < sizeof explanations / sizeof explanations[0] ? &explanations[index] : NULL;
}

const struct explanation *explain_find(const char *word)
{
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        char number[8];
        (void)snprintf(number, sizeof number, "%u", (unsigned)explanations[i].number);
        if (strcmp(explanations[i].word, word) == 0 || strcmp(number, word) == 0)
            return &explanations[i];
    }
    return NULL;
}
