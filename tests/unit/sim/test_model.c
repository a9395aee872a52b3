/* The reference executor against the real ledger: every result, and the whole state at the end; and
 * each of its comparisons against a ledger that is another. */
#include "ledger_fixture.h"

#include "tests/sim/model_internal.h"

static struct secret_key keys[MEMBERS_MAX];
static struct genesis *genesis;
static struct model *model;
static struct book book;
static struct problem problem;

static void set_up(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    keys_use_mac(true);
    genesis = workload_genesis(4, 2, keys);
    model = model_new(genesis);
    book_open(&book, genesis);
}

static void tear_down(void)
{
    book_close(&book);
    model_free(model);
    genesis_free(genesis);
}
TestSuite(model, .init = set_up, .fini = tear_down);

/* The batch of the book's last execution, entry for entry and refusal for refusal. */
static void follow(const struct execution *e)
{
    struct batch batch;
    struct span bytes;
    uint32_t entry = 0, skipped = 0;
    uint64_t least = model_time_ms(model) + 1;
    cr_assert_eq(batch_decode(writer_span(&book.batch), &genesis->params, &batch), STATUS_OK);
    uint32_t expired = model_begin(model, batch.time_ms > least ? batch.time_ms : least);
    for (; entry < expired; entry++) {
        struct id hold = model_expired(model, entry);
        struct digest id = digest_of(TAG_EXPIRY, span_of(hold.bytes, sizeof hold.bytes));
        cr_assert_lt(entry, e->entry_count);
        cr_assert_eq(e->entries[entry].kind, ENTRY_EXPIRY);
        cr_assert(digest_equal(&id, &e->entries[entry].id));
    }
    struct span rest = batch.transactions;
    while (batch_next(&rest, &bytes)) {
        struct model_result result = model_run(model, bytes);
        if (result.refusal != REFUSAL_none) {
            cr_assert_lt(skipped, e->skipped_count);
            cr_assert_eq(result.refusal, e->skipped[skipped].refusal, "%s, not %s",
                         refusal_name(result.refusal), refusal_name(e->skipped[skipped].refusal));
            skipped++;
            continue;
        }
        cr_assert_lt(entry, e->entry_count);
        cr_assert(digest_equal(&result.txid, &e->entries[entry].id));
        cr_assert_eq(result.code, e->entries[entry].code, "%s, not %s", result_name(result.code),
                     result_name(e->entries[entry].code));
        cr_assert_eq(result.at, e->entries[entry].at);
        entry++;
    }
    cr_assert_eq(entry, e->entry_count);
    cr_assert_eq(skipped, e->skipped_count);
    if (e->kind == EXECUTION_BLOCK) model_end(model);
    cr_assert(model_sums_hold(model, &problem), "%s", problem.text);
}

Test(model, it_does_what_the_ledger_does)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct plan plan = {
            .seed = seed, .nodes = 4, .phases = 2, .bad_permille = 250, .brief_permille = 200
        };
        struct workload *w = workload_new(&plan, genesis);
        for (unsigned block = 0; block < 40; block++)
            follow(book_run(&book, w, 1 + block % 20, NULL, NULL));
        workload_free(w);
        cr_assert(model_equals(model, book.reader, &problem), "seed %lu: %s", seed, problem.text);
        cr_assert_eq(model_height(model), ledger_head(book.ledger)->header.height);
    }
}

Test(model, it_equals_a_new_ledger)
{
    cr_assert(model_equals(model, book.reader, &problem), "%s", problem.text);
}

/* ---- what differs is noticed ---- */

static struct plan calm = { .seed = 5, .nodes = 4, .phases = 2 };

static void run_blocks(unsigned blocks)
{
    struct workload *w = workload_new(&calm, genesis);
    for (unsigned i = 0; i < blocks; i++)
        follow(book_run(&book, w, 30, NULL, NULL));
    workload_free(w);
    cr_assert(model_equals(model, book.reader, &problem), "%s", problem.text);
}

static void differs(const char *what)
{
    problem.text[0] = 0;
    cr_assert(!model_equals(model, book.reader, &problem));
    cr_assert(strstr(problem.text, what) != NULL, "\"%s\" does not say \"%s\"", problem.text, what);
}

Test(model, a_balance_that_is_one_off)
{
    run_blocks(3);
    struct model_balance *balance = shelf_at(&model->balances, 0);
    balance->posted++;
    differs("a balance of acc1");
    cr_assert(!model_sums_hold(model, &problem));
}

/* A hold that has not ended. */
static struct model_hold *a_hold(void)
{
    struct model_hold *found = NULL;
    for (uint32_t i = 0; i < model->holds.count; i++) {
        struct model_hold *hold = shelf_at(&model->holds, i);
        if (hold->exists) found = hold;
    }
    cr_assert_not_null(found);
    return found;
}

Test(model, a_hold_of_another_amount)
{
    run_blocks(3);
    cr_assert_gt(model_holds(model), 0);
    a_hold()->amount++;
    differs("record of hld1");
    cr_assert(!model_sums_hold(model, &problem));
    cr_assert(strstr(problem.text, "holds are") != NULL);
}

Test(model, a_hold_too_many)
{
    run_blocks(3);
    a_hold()->exists = 0;
    differs("existence of hld1");
}

Test(model, a_balance_that_holds_one_more)
{
    run_blocks(3);
    struct model_balance *balance = shelf_at(&model->balances, 0);
    balance->held_in++;
    differs("what a balance holds");
    cr_assert(!model_sums_hold(model, &problem));
}

Test(model, another_floor)
{
    run_blocks(3);
    struct model_balance *balance = shelf_at(&model->balances, 0);
    balance->floor--;
    differs("a balance's floor");
}

Test(model, a_movement_too_few)
{
    run_blocks(3);
    ((struct model_balance *)shelf_at(&model->balances, 0))->seq--;
    differs("number of movements");
}

Test(model, an_account_too_many)
{
    struct id id = { { 0xee } };
    run_blocks(3);
    change_account(model, &id);
    differs("accounts, not");
}

Test(model, a_record_of_an_account)
{
    run_blocks(1);
    ((struct model_account *)shelf_at(&model->accounts, 2))->roles ^= 1;
    differs("record of acc1");
}

Test(model, a_signer)
{
    run_blocks(1);
    ((struct model_account *)shelf_at(&model->accounts, 2))->signer[1][32]++;
    differs("authority of acc1");
}

Test(model, a_frozen_state)
{
    run_blocks(1);
    ((struct model_account *)shelf_at(&model->accounts, 2))->frozen ^= true;
    differs("frozen state of acc1");
}

Test(model, a_supply)
{
    run_blocks(1);
    ((struct model_asset *)shelf_at(&model->assets, 0))->supply++;
    differs("supply of ast1");
}

Test(model, a_value)
{
    run_blocks(10);
    cr_assert_gt(model->values.count, 0);
    for (uint32_t i = 0; i < model->values.count; i++) {
        struct model_value *value = shelf_at(&model->values, i);
        if (!value->exists) continue;
        value->hash.bytes[0] ^= 1;
        differs("a value of acc1");
        value->hash.bytes[0] ^= 1;
        value->version++;
        differs("a value's version");
        value->version--;
        value->exists = 0;
        differs("existence");
        return;
    }
    cr_assert_fail("no value was put");
}

Test(model, a_lane)
{
    run_blocks(10);
    cr_assert_gt(model->lanes.count, 0);
    ((struct model_lane *)shelf_at(&model->lanes, 0))->next++;
    differs("a lane of acc1");
}

/* ---- what the workload does not reach ---- */

static struct transaction tx;

/* A payment of account 1 to account 2, signed by its key. */
static struct blob *payment(uint64_t ref, uint64_t amount, uint64_t not_after_ms)
{
    struct secret_key secret;
    struct public_key key;
    uint8_t seed[32] = { 1 };
    key_from_seed(seed, &secret, &key);
    memset(&tx, 0, sizeof tx);
    tx.chain_id = genesis->chain_id;
    tx.source.bytes[15] = 1;
    store_u64(tx.client_ref.bytes, ref);
    tx.not_after_ms = not_after_ms;
    tx.operation_count = 1;
    tx.operations[0] = (struct operation){ .code = OP_TRANSFER, .actor = tx.source };
    tx.operations[0].transfer.to.bytes[15] = 2;
    tx.operations[0].transfer.asset = genesis->balances[0].asset;
    tx.operations[0].transfer.amount = amount;
    struct writer body, bytes;
    struct tx_signature signature;
    writer_init(&body, 4096);
    writer_init(&bytes, 4096);
    transaction_write_body(&body, &tx);
    struct digest txid = transaction_id(writer_span(&body));
    transaction_sign(&secret, &genesis->chain_id, &txid, &signature);
    transaction_write_signed(&bytes, writer_span(&body), &signature, 1);
    struct blob *blob = blob_copy(writer_span(&bytes));
    writer_free(&body);
    writer_free(&bytes);
    return blob;
}

static struct model_result run_payment(uint64_t ref, uint64_t amount, uint64_t not_after_ms)
{
    struct blob *blob = payment(ref, amount, not_after_ms);
    book_begin(&book, 100);
    book_add(&book, blob_span(blob));
    book_execute(&book);
    model_begin(model, book.time_ms);
    struct model_result result = model_run(model, blob_span(blob));
    blob_unref(blob);
    if (book.execution->entry_count == 1) {
        cr_assert_eq(result.refusal, REFUSAL_none);
        cr_assert_eq(result.code, book.execution->entries[0].code);
        model_end(model);
    } else {
        cr_assert_eq(result.refusal, book.execution->skipped[0].refusal);
    }
    return result;
}

/* A reference is free again exactly when the ledger has swept it. */
Test(model, references_are_swept_when_the_ledger_does)
{
    uint64_t until = book.time_ms + 1000;
    cr_assert_eq(run_payment(1, 10, until).code, RESULT_ok);
    bool free_again = false;
    for (unsigned i = 0; i < 60 && !free_again; i++) {
        run_payment(100 + i, 1, book.time_ms + 5000);
        struct model_result again = run_payment(1, 11, book.time_ms + 5000);
        free_again = again.refusal == REFUSAL_none;
        if (!free_again) cr_assert_eq(again.refusal, REFUSAL_tx_ref_conflict);
    }
    cr_assert(free_again);
    cr_assert(model_equals(model, book.reader, &problem), "%s", problem.text);
}

Test(model, the_same_again_is_a_duplicate)
{
    uint64_t until = book.time_ms + 50000;
    cr_assert_eq(run_payment(1, 10, until).refusal, REFUSAL_none);
    cr_assert_eq(run_payment(1, 10, until).refusal, REFUSAL_duplicate);
    cr_assert_eq(run_payment(1, 12, until).refusal, REFUSAL_tx_ref_conflict);
}

Test(model, what_fails_changes_nothing_but_the_reference)
{
    struct id from = { { 0 } };
    from.bytes[15] = 1;
    const struct id *eur = &genesis->balances[0].asset;
    int64_t before = model_posted(model, &from, eur);
    cr_assert_eq(run_payment(1, 1000000, book.time_ms + 50000).code, RESULT_insufficient_funds);
    cr_assert_eq(model_posted(model, &from, eur), before);
    cr_assert_eq(run_payment(1, 10, book.time_ms + 50000).refusal, REFUSAL_tx_ref_conflict);
    cr_assert_eq(run_payment(2, 10, book.time_ms + 50000).code, RESULT_ok);
    cr_assert_eq(model_posted(model, &from, eur), before - 10);
}
