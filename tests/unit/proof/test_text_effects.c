#include "proof/twin.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void write_filled(struct writer *w, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++)
        write_u8(w, value);
}

/* One effect of each kind, ascending. */
static void write_all(struct writer *w)
{
    writer_init(w, 4096);
    write_u16(w, 7);
    write_u8(w, LEDGER_EFFECT_BALANCE);
    write_filled(w, 32, 1);
    write_u64(w, 9);
    write_i64(w, -500);
    write_i64(w, 500);
    write_i64(w, 0);
    write_i64(w, INT64_MAX);
    write_i64(w, INT64_MIN);
    write_i64(w, 7);
    write_filled(w, 32, 2);
    write_u8(w, LEDGER_EFFECT_ACCOUNT);
    write_filled(w, 16, 3);
    write_u64(w, 0);
    write_u64(w, position_of(1042, 3, 0));
    write_u8(w, LEDGER_EFFECT_ASSET);
    write_filled(w, 16, 4);
    write_u64(w, 1);
    write_u64(w, position_of(5, 0, 2));
    write_u64(w, 1000);
    write_u8(w, LEDGER_EFFECT_HOLD);
    write_filled(w, 16, 5);
    write_u8(w, 4);
    write_u64(w, 250);
    write_u8(w, LEDGER_EFFECT_KV);
    write_filled(w, 16, 6);
    write_bytes8(w, span_text("key"));
    write_u64(w, position_of(2, 1, 0));
    write_u64(w, 0);
    write_filled(w, 32, 0);
    write_u8(w, LEDGER_EFFECT_PROPOSAL);
    write_u64(w, 12);
    write_u8(w, 2);
    write_u16(w, 3);
    write_u16(w, 1);
    write_u8(w, LEDGER_EFFECT_OBSERVED);
    write_u8(w, 4);
    write_i64(w, 17);
}

Test(text_effects, give_back_every_kind)
{
    struct writer w, again;
    struct problem problem;
    write_all(&w);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    json_t *list = twin_effects(writer_span(&w));
    cr_assert(list);
    cr_assert_eq(json_array_size(list), 7);
    writer_init(&again, 4096);
    cr_assert_eq(twin_write_effects(&again, list, "/effects", &problem), STATUS_OK, "%s",
                 problem.text);
    cr_expect(span_equal(writer_span(&again), writer_span(&w)));
    const json_t *kv = json_array_get(list, 4);
    cr_expect_str_eq(json_string_value(json_object_get(kv, "old")), "2.1.0");
    cr_expect_str_eq(json_string_value(json_object_get(kv, "new")), "0.0.0");
    cr_expect_str_eq(json_string_value(json_object_get(kv, "key")), "6b6579");
    writer_free(&again);
    writer_free(&w);
    json_decref(list);
}

/* Effect number i with a member replaced, removed (NULL) or added. */
static void expect_refused(size_t i, const char *name, json_t *value, const char *part)
{
    struct writer w, again;
    struct problem problem = { .text = "" };
    write_all(&w);
    json_t *list = twin_effects(writer_span(&w));
    json_t *effect = json_array_get(list, i);
    if (value)
        json_object_set_new(effect, name, value);
    else
        json_object_del(effect, name);
    writer_init(&again, 4096);
    enum status status = twin_write_effects(&again, list, "/effects", &problem);
    cr_expect_neq(status, STATUS_OK, "effect %zu: %s", i, name);
    cr_expect(strstr(problem.text, part), "%s", problem.text);
    writer_free(&again);
    writer_free(&w);
    json_decref(list);
}

Test(text_effects, refuse_what_is_not_their_form)
{
    expect_refused(0, "kind", json_string("money"), "/effects/0/kind");
    expect_refused(0, "d_posted", json_integer(5), "/effects/0/d_posted");
    expect_refused(0, "head", NULL, "/effects/0/head");
    expect_refused(1, "new", json_string("1042.3"), "/effects/1/new");
    expect_refused(2, "supply", json_string("-1"), "/effects/2/supply");
    expect_refused(2, "asset", json_string("acc1"), "/effects/2/asset");
    expect_refused(3, "state", json_string("gone"), "/effects/3/state");
    expect_refused(4, "key", json_string("6B"), "/effects/4/key");
    expect_refused(4, "key", json_string("6"), "/effects/4/key");
    expect_refused(5, "status", json_string("unknown"), "/effects/5/status");
    expect_refused(5, "yes", json_integer(70000), "/effects/5/yes");
    expect_refused(6, "more", json_true(), "/effects/6/more");
}
