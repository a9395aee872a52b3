#include "format/effect_list.h"
#include "rpc/json_entry.h"
#include "tests/unit/format/samples.h"
#include "tests/unit/rpc/harness.h"
#include <criterion/criterion.h>

Test(json_entry, bytes_that_do_not_decode_give_nothing)
{
    static const uint8_t bad[] = { 1, 0, 9 };
    struct entry_row entry = { .kind = ENTRY_TRANSACTION, .effects = span_of(bad, sizeof bad) };
    struct block_row block = { .header = { .height = 1 } };
    cr_assert_null(json_effects(span_of(bad, sizeof bad)));
    cr_assert_null(json_effects(span_of("", 0)));
    cr_assert_null(json_operation_words(span_of(bad, sizeof bad)));
    cr_assert_null(json_transaction(span_of(bad, sizeof bad), &entry, &block, false, true));
    cr_assert_null(json_entry(&entry, &block, false, true));
    json_t *o = json_entry(&entry, &block, false, false);
    cr_assert_not_null(o);
    json_decref(o);
}

Test(json_entry, every_kind_of_effect_has_its_members)
{
    struct writer w;
    struct id id = sample_id("id", 1);
    struct digest hash = sample_digest("hash", 1);
    writer_init(&w, 4096);
    write_u16(&w, 5);
    write_u8(&w, LEDGER_EFFECT_ASSET);
    write_id(&w, &id);
    write_u64(&w, 0);
    write_u64(&w, position_of(4, 0, 2));
    write_u64(&w, 77);
    write_u8(&w, LEDGER_EFFECT_HOLD);
    write_id(&w, &id);
    write_u8(&w, 1);
    write_u64(&w, 5);
    write_u8(&w, LEDGER_EFFECT_KV);
    write_id(&w, &id);
    write_bytes8(&w, span_text("k"));
    write_u64(&w, position_of(4, 0, 2));
    write_u64(&w, 0);
    write_digest(&w, &hash);
    write_u8(&w, LEDGER_EFFECT_PROPOSAL);
    write_u64(&w, UINT64_MAX);
    write_u8(&w, 1);
    write_u16(&w, 2);
    write_u16(&w, 1);
    write_u8(&w, LEDGER_EFFECT_OBSERVED);
    write_u8(&w, 4);
    write_i64(&w, (int64_t)position_of(4, 0, 2));
    json_t *o = json_effects(writer_span(&w));
    cr_assert_str_eq(text_at(o, "0/new"), "4.0.2");
    cr_assert_str_eq(text_at(o, "0/supply"), "77");
    cr_assert_str_eq(text_at(o, "1/state"), "made");
    cr_assert_str_eq(text_at(o, "2/key"), "6b");
    cr_assert_str_eq(text_at(o, "2/new"), "0.0.0");
    cr_assert_str_eq(text_at(o, "3/kind"), "proposal");
    cr_assert_str_eq(text_at(o, "4/what"), "version");
    cr_assert_str_eq(text_at(o, "4/value"), "4.0.2");
    json_decref(o);
    writer_free(&w);
}

Test(json_entry, words)
{
    cr_assert_str_eq(entry_kind_word(ENTRY_TRANSACTION), "transaction");
    cr_assert_str_eq(entry_kind_word(ENTRY_EXPIRY), "hold_expiry");
    cr_assert_str_eq(entry_kind_word(ENTRY_ENACTMENT), "enactment");
    cr_assert_str_eq(entry_kind_word(ENTRY_RECOVERY), "recovery");
}
