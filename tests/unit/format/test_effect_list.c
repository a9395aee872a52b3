#include "format/effect_list.h"
#include "tests/unit/format/samples.h"
#include <criterion/criterion.h>

static struct writer w;

static void begin(uint16_t count)
{
    writer_init(&w, 4096);
    write_u16(&w, count);
}

static void add_account(uint64_t number, uint64_t old, uint64_t new)
{
    struct id id = { { 0 } };
    store_u64(id.bytes, number);
    write_u8(&w, LEDGER_EFFECT_ACCOUNT);
    write_id(&w, &id);
    write_u64(&w, old);
    write_u64(&w, new);
}

static enum status walk(unsigned *count)
{
    struct effect_list list = effect_list_of(writer_span(&w));
    struct ledger_effect effect;
    *count = 0;
    while (effect_list_next(&list, &effect))
        ++*count;
    enum status status = effect_list_end(&list);
    writer_free(&w);
    return status;
}

Test(effect_list, each_kind_is_read)
{
    struct id id = sample_id("account", 1), asset = sample_id("asset", 1);
    struct digest head = sample_digest("head", 1);
    struct ledger_effect effect;
    begin(7);
    write_u8(&w, LEDGER_EFFECT_BALANCE);
    write_id(&w, &id);
    write_id(&w, &asset);
    write_u64(&w, 9);
    for (int64_t i = -3; i < 3; i++)
        write_i64(&w, i);
    write_digest(&w, &head);
    add_account(1, 5, 6);
    write_u8(&w, LEDGER_EFFECT_ASSET);
    write_id(&w, &asset);
    write_u64(&w, 1);
    write_u64(&w, 2);
    write_u64(&w, 3);
    write_u8(&w, LEDGER_EFFECT_HOLD);
    write_id(&w, &id);
    write_u8(&w, 2);
    write_u64(&w, 77);
    write_u8(&w, LEDGER_EFFECT_KV);
    write_id(&w, &id);
    write_bytes8(&w, span_text("key"));
    write_u64(&w, 0);
    write_u64(&w, 8);
    write_digest(&w, &head);
    write_u8(&w, LEDGER_EFFECT_PROPOSAL);
    write_u64(&w, 4);
    write_u8(&w, 1);
    write_u16(&w, 3);
    write_u16(&w, 2);
    write_u8(&w, LEDGER_EFFECT_OBSERVED);
    write_u8(&w, 1);
    write_i64(&w, -5);

    struct effect_list list = effect_list_of(writer_span(&w));
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.kind, LEDGER_EFFECT_BALANCE);
    cr_assert_eq(effect.balance.seq, 9);
    cr_assert_eq(effect.balance.d_posted, -3);
    cr_assert_eq(effect.balance.held_in, 2);
    cr_assert(digest_equal(&effect.balance.head, &head));
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.version.old, 5);
    cr_assert_eq(effect.version.new, 6);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.version.supply, 3);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_str_eq(hold_state_word(effect.hold.state), "posted");
    cr_assert_eq(effect.hold.amount, 77);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert(span_equal(effect.kv.key, span_text("key")));
    cr_assert_eq(effect.kv.new, 8);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.proposal.yes, 3);
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_str_eq(observed_word(effect.observed.what), "available");
    cr_assert_eq(effect.observed.value, -5);
    cr_assert_not(effect_list_next(&list, &effect));
    cr_assert_eq(effect_list_end(&list), STATUS_OK);

    uint8_t what = 0;
    int64_t value = 0;
    cr_assert(effects_observed(writer_span(&w), &what, &value));
    cr_assert_eq(value, -5);
    for (size_t size = 0; size < writer_span(&w).size; size++) {
        list = effect_list_of(span_of(writer_span(&w).data, size));
        while (effect_list_next(&list, &effect)) {
        }
        cr_assert_neq(effect_list_end(&list), STATUS_OK, "%zu bytes", size);
    }
    writer_free(&w);
}

Test(effect_list, an_empty_list)
{
    unsigned count;
    uint8_t what;
    int64_t value;
    begin(0);
    cr_assert_not(effects_observed(writer_span(&w), &what, &value));
    cr_assert_eq(walk(&count), STATUS_OK);
    cr_assert_eq(count, 0);
}

Test(effect_list, order_and_repetition_are_refused)
{
    unsigned count;
    begin(2);
    add_account(2, 1, 2);
    add_account(1, 1, 2);
    cr_assert_eq(walk(&count), STATUS_MALFORMED);
    begin(2);
    add_account(1, 1, 2);
    add_account(1, 1, 2);
    cr_assert_eq(walk(&count), STATUS_MALFORMED);
    begin(2);
    add_account(1, 1, 2);
    add_account(2, 1, 2);
    cr_assert_eq(walk(&count), STATUS_OK);
}

Test(effect_list, what_is_left_over_is_refused)
{
    unsigned count;
    begin(1);
    add_account(1, 1, 2);
    add_account(2, 1, 2);
    cr_assert_eq(walk(&count), STATUS_MALFORMED);
}

Test(effect_list, unknown_kinds_and_words_are_refused)
{
    unsigned count;
    begin(1);
    write_u8(&w, 8);
    cr_assert_eq(walk(&count), STATUS_UNSUPPORTED);
    begin(1);
    write_u8(&w, 0);
    write_id(&w, &(struct id){ { 0 } });
    cr_assert_eq(walk(&count), STATUS_UNSUPPORTED);
    begin(1);
    write_u8(&w, LEDGER_EFFECT_OBSERVED);
    write_u8(&w, 8);
    write_i64(&w, 0);
    cr_assert_eq(walk(&count), STATUS_UNSUPPORTED);
    begin(1);
    write_u8(&w, LEDGER_EFFECT_HOLD);
    write_id(&w, &(struct id){ { 0 } });
    write_u8(&w, 5);
    write_u64(&w, 0);
    cr_assert_eq(walk(&count), STATUS_UNSUPPORTED);
    cr_assert_null(effect_kind_word(0));
    cr_assert_null(effect_kind_word(8));
    cr_assert_null(observed_word(0));
    cr_assert_null(hold_state_word(0));
}
