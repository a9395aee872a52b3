/* What clients submit: the same for a seed, of every kind, and hopeless exactly where it says so.
 */
#include "ledger_fixture.h"

static struct plan plan_of(uint64_t seed, unsigned bad, unsigned brief)
{
    static struct plan plan;
    plan = (struct plan){
        .seed = seed, .nodes = 4, .phases = 2, .bad_permille = bad, .brief_permille = brief
    };
    return plan;
}

static void set_up(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    keys_use_mac(true);
}
TestSuite(workload, .init = set_up);

Test(workload, every_genesis_is_valid_and_always_the_same)
{
    static struct secret_key keys[MEMBERS_MAX], again[MEMBERS_MAX];
    for (uint16_t nodes = 1; nodes <= MEMBERS_MAX; nodes++) {
        for (uint16_t phases = 2; phases <= 3; phases++) {
            struct genesis *a = workload_genesis(nodes, phases, keys);
            struct genesis *b = workload_genesis(nodes, phases, again);
            cr_assert(digest_equal(&a->chain_id, &b->chain_id));
            cr_assert_eq(a->committee.count, nodes);
            cr_assert(memcmp(keys, again, nodes * sizeof keys[0]) == 0);
            for (uint16_t i = 0; i < nodes; i++) {
                struct public_key key;
                key_public(&keys[i], &key);
                cr_assert(key_equal(&key, &a->committee.validators[i].seal_key));
            }
            genesis_free(a);
            genesis_free(b);
        }
    }
}

/* A digest over the first `count` transactions of a seed. */
static struct digest stream_digest(const struct genesis *genesis, const struct plan *plan,
                                   unsigned count)
{
    struct workload *w = workload_new(plan, genesis);
    struct digest sum = { { 0 } };
    for (unsigned i = 0; i < count; i++) {
        struct digest txid;
        bool hopeless;
        struct blob *blob = workload_next(w, 1800000000000 + i, &txid, &hopeless);
        struct span parts[] = { digest_span(&sum), blob_span(blob), digest_span(&txid) };
        sum = digest_plain(parts, 3);
        blob_unref(blob);
    }
    workload_free(w);
    return sum;
}

Test(workload, a_seed_gives_one_stream)
{
    static struct secret_key keys[MEMBERS_MAX];
    struct genesis *genesis = workload_genesis(4, 2, keys);
    struct plan one = plan_of(1, 200, 200), other = plan_of(2, 200, 200);
    struct digest a = stream_digest(genesis, &one, 300);
    struct digest b = stream_digest(genesis, &one, 300);
    struct digest c = stream_digest(genesis, &other, 300);
    cr_assert(digest_equal(&a, &b));
    cr_assert(!digest_equal(&a, &c));
    genesis_free(genesis);
}

struct drawn {
    const struct genesis *genesis;
    struct transaction tx;
    unsigned operations[0x700];
    unsigned groups, conditions, lanes, brief, hopeless, undecodable, again, reworded;
    struct digest seen[4096];
    struct id refs[4096];
    unsigned seen_count;
};

static void count_transaction(void *user, const struct digest *txid, struct span bytes,
                              bool hopeless)
{
    struct drawn *t = user;
    t->hopeless += hopeless;
    if (transaction_decode(bytes, &t->tx, NULL) != STATUS_OK) {
        cr_assert(hopeless);
        t->undecodable++;
        return;
    }
    cr_assert(digest_equal(txid, &t->tx.txid));
    bool again = false, reworded = false;
    for (unsigned i = 0; i < t->seen_count; i++) {
        again |= digest_equal(&t->seen[i], txid);
        reworded |= id_equal(&t->refs[i], &t->tx.client_ref) && !digest_equal(&t->seen[i], txid);
    }
    t->again += again;
    t->reworded += reworded;
    t->seen[t->seen_count] = *txid;
    t->refs[t->seen_count++] = t->tx.client_ref;
    if (hopeless) return;
    for (unsigned i = 0; i < t->tx.operation_count; i++)
        t->operations[t->tx.operations[i].code]++;
    t->groups += t->tx.operation_count > 2;
    t->conditions += t->tx.assert_count > 0;
    t->lanes += t->tx.order == ORDER_LANE;
}

Test(workload, there_is_some_of_everything)
{
    static struct secret_key keys[MEMBERS_MAX];
    struct genesis *genesis = workload_genesis(4, 2, keys);
    struct plan plan = plan_of(7, 200, 200);
    struct workload *w = workload_new(&plan, genesis);
    struct drawn *t = calloc(1, sizeof *t);
    cr_assert(t != NULL);
    for (unsigned i = 0; i < 2000; i++) {
        struct digest txid;
        bool hopeless;
        struct blob *blob = workload_next(w, 1800000000000 + 100 * i, &txid, &hopeless);
        count_transaction(t, &txid, blob_span(blob), hopeless);
        blob_unref(blob);
    }
/* Members vote in a simulation of their own. */
#define X(name, code, text) \
    if (code >> 8 != OP_GOV_PROPOSE >> 8) cr_assert_gt(t->operations[code], 5, "%s", text);
    OPERATION_LIST(X)
#undef X
    cr_assert_gt(t->operations[OP_TRANSFER], 1000);
    cr_assert_gt(t->groups, 50);
    cr_assert_gt(t->conditions, 100);
    cr_assert_gt(t->lanes, 30);
    cr_assert_gt(t->again, 20);
    cr_assert_gt(t->reworded, 20);
    cr_assert_gt(t->hopeless, 120);
    cr_assert_gt(t->undecodable, 15);
    free(t);
    workload_free(w);
    genesis_free(genesis);
}

/* ---- against a ledger ---- */

struct judged {
    unsigned hopeless;
    struct digest never[4096];
    unsigned never_count;
};

static void note_hopeless(void *user, const struct digest *txid, struct span bytes, bool hopeless)
{
    struct judged *j = user;
    (void)bytes;
    if (hopeless) j->never[j->never_count++] = *txid;
}

static bool is_never(const struct judged *j, const struct digest *txid)
{
    for (unsigned i = 0; i < j->never_count; i++)
        if (digest_equal(&j->never[i], txid)) return true;
    return false;
}

Test(workload, the_hopeless_are_never_included_and_most_others_are)
{
    static struct secret_key keys[MEMBERS_MAX];
    static struct book book;
    static struct judged judged;
    unsigned results[100] = { 0 }, entries = 0, skipped = 0;
    struct genesis *genesis = workload_genesis(4, 2, keys);
    struct plan plan = plan_of(3, 300, 100);
    struct workload *w = workload_new(&plan, genesis);
    book_open(&book, genesis);
    for (unsigned block = 0; block < 80; block++) {
        const struct execution *e = book_run(&book, w, 20, note_hopeless, &judged);
        for (uint32_t i = 0; i < e->entry_count; i++) {
            cr_assert(!is_never(&judged, &e->entries[i].id));
            cr_assert_lt(e->entries[i].code, 100);
            results[e->entries[i].code]++;
        }
        entries += e->entry_count;
        skipped += e->skipped_count;
    }
    cr_assert_gt(judged.never_count, 100);
    cr_assert_gt(entries, 700);
    cr_assert_gt(skipped, judged.never_count);
    cr_assert_gt(results[RESULT_ok], 400);
    static const uint16_t wanted[] = {
        RESULT_assert_failed,     RESULT_account_unknown, RESULT_account_exists,
        RESULT_account_frozen,    RESULT_role_missing,    RESULT_asset_unknown,
        RESULT_supply_limit,      RESULT_key_unknown,     RESULT_insufficient_funds,
        RESULT_version_mismatch,  RESULT_value_too_large, RESULT_not_issuer,
        RESULT_hold_unknown,      RESULT_not_arbiter,     RESULT_hold_amount,
        RESULT_term_out_of_range,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        cr_assert_gt(results[wanted[i]], 0, "%s", result_name(wanted[i]));
    book_close(&book);
    workload_free(w);
    genesis_free(genesis);
}
