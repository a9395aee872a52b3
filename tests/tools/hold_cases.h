/* tests/tools/hold_cases.h -- the cases of holds and credit lines in the vectors `execute`, for
 * make_execution_vectors.c, which includes it behind run(). Each is a run of blocks.
 */
#ifndef TESTS_TOOLS_HOLD_CASES_H
#define TESTS_TOOLS_HOLD_CASES_H

/* From Alice to Bob, decided by Dave, for a minute; then what the case changes about it. */
static struct operation *wish(uint64_t amount)
{
    fixture_tx(&f, ALICE);
    return add_hold(&f, ALICE, BOB, amount, DAVE, f.time_ms + 60000);
}

static struct id made(uint64_t amount)
{
    (void)wish(amount);
    run_one(SIGNED_ALICE);
    return fixture_hold(&f, 0);
}

static void step_post(unsigned actor, unsigned signers, const struct id *hold, uint64_t amount)
{
    fixture_tx(&f, actor);
    add_post(&f, actor, hold, amount);
    run_one(signers);
}

static void step_void(unsigned actor, unsigned signers, const struct id *hold)
{
    fixture_tx(&f, actor);
    add_void(&f, actor, hold);
    run_one(signers);
}

static void step_group(enum operation_code code, unsigned actor, unsigned signers,
                       const struct id *group)
{
    fixture_tx(&f, actor);
    add_group(&f, code, actor, group);
    run_one(signers);
}

static void thaw(unsigned who)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, who, false);
    run_one(SIGNED_BANK);
}

static void step_empty(void)
{
    json_array_append_new(steps, run());
}

/* ---- made ------------------------------------------------------------------------------------ */

static void create_precedence(void)
{
    struct id id = nobody();
    bob_frozen();
    for (unsigned right = 0; right < 7; right++) {
        if (right == 3) thaw(BOB);
        struct operation *o = wish(right < 6 ? 10001 : 10000);
        if (right < 1) o->hold_create.payee = id;
        if (right < 2) o->hold_create.arbiter = id;
        if (right < 4) o->hold_create.asset = id;
        if (right < 5) o->hold_create.expires_ms = f.time_ms;
        run_one(SIGNED_ALICE);
    }
}

static void create_frozen_actor(void)
{
    alice_frozen();
    fixture_tx(&f, BOB);
    add_hold(&f, ALICE, BOB, 1, DAVE, 0)->hold_create.payee = nobody();
    run_one(SIGNED_ALICE | SIGNED_BOB);
}

static void create_terms(void)
{
    uint64_t most = f.genesis->params.values[PARAM_hold_ms_max];
    const uint64_t terms[] = { 1, most, most + 1 };
    for (unsigned i = 0; i < 3; i++) {
        wish(10)->hold_create.expires_ms = f.time_ms + terms[i];
        run_one(SIGNED_ALICE);
    }
}

static void held_cannot_be_drawn(void)
{
    (void)made(4000);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 6001);
    run_one(SIGNED_ALICE);
    (void)wish(6001);
    run_one(SIGNED_ALICE);
    fixture_tx(&f, BOB);
    struct tx_assert *a = fixture_assert(&f, ASSERT_BALANCE, ALICE);
    a->field = FIELD_AVAILABLE;
    a->relation = RELATION_EQUAL;
    a->amount = 6000;
    add_transfer(&f, BOB, ALICE, 501);
    run_one(SIGNED_BOB);
}

static void payee_without_balance(void)
{
    wish(10)->hold_create.payee = f.cast[CAROL];
    run_one(SIGNED_ALICE);
}

/* ---- ended ----------------------------------------------------------------------------------- */

static void post_whole_and_part(void)
{
    struct id first = made(4000), second = made(5000);
    step_post(DAVE, SIGNED_DAVE, &first, 4000);
    step_post(DAVE, SIGNED_DAVE, &second, 1);
    step_post(DAVE, SIGNED_DAVE, &first, 4000);
}

static void void_by_each(void)
{
    struct id first = made(4000), second = made(5000);
    step_void(ALICE, SIGNED_ALICE, &first); /* not_arbiter: the payer may not */
    step_void(DAVE, SIGNED_DAVE, &first);
    step_void(BOB, SIGNED_BOB, &second);
    step_void(BOB, SIGNED_BOB, &second); /* hold_unknown */
}

static void post_precedence(void)
{
    struct id unknown = nobody();
    step_post(ALICE, SIGNED_ALICE, &unknown, TX_AMOUNT_MAX);
    struct id id = made(4000);
    bob_frozen();
    step_post(ALICE, SIGNED_ALICE, &id, TX_AMOUNT_MAX); /* not_arbiter */
    step_post(DAVE, SIGNED_DAVE, &id, TX_AMOUNT_MAX);   /* account_frozen: the payee */
    thaw(BOB);
    alice_frozen();
    step_post(DAVE, SIGNED_DAVE, &id, TX_AMOUNT_MAX); /* account_frozen: the payer */
    step_void(DAVE, SIGNED_DAVE, &id);                /* a frozen party's hold may be voided */
    thaw(ALICE);
    id = made(4000);
    step_post(DAVE, SIGNED_DAVE, &id, 4001); /* hold_amount */
    frozen(DAVE);
    fixture_tx(&f, ALICE); /* a frozen actor comes before hold_unknown */
    add_post(&f, DAVE, &unknown, 1);
    run_one(SIGNED_ALICE | SIGNED_DAVE);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void made_group(const struct id *group, unsigned count)
{
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < count; i++)
        add_hold(&f, ALICE, i % 2 ? BOB : CAROL, 10 + i, DAVE, f.time_ms + 60000)
            ->hold_create.group = *group;
    run_one(SIGNED_ALICE);
}

static void groups(void)
{
    struct id group = sample_id("group", 1), other = sample_id("group", 2);
    made_group(&group, 5);
    made_group(&other, 2);
    struct operation *o = wish(7); /* the same name, another arbiter */
    o->hold_create.group = group;
    o->hold_create.arbiter = f.cast[BOB];
    run_one(SIGNED_ALICE);
    frozen(CAROL);
    step_group(OP_HOLD_POST_GROUP, DAVE, SIGNED_DAVE, &group); /* account_frozen: none of them */
    step_group(OP_HOLD_VOID_GROUP, DAVE, SIGNED_DAVE, &other);
    thaw(CAROL);
    step_group(OP_HOLD_POST_GROUP, ALICE, SIGNED_ALICE, &group); /* hold_unknown: not her group */
    step_group(OP_HOLD_POST_GROUP, DAVE, SIGNED_DAVE, &group);
    step_group(OP_HOLD_POST_GROUP, DAVE, SIGNED_DAVE, &group); /* hold_unknown */
    step_group(OP_HOLD_VOID_GROUP, BOB, SIGNED_BOB, &group);
}

static void group_made_and_posted(void)
{
    struct id group = sample_id("group", 1);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 10, ALICE, f.time_ms + 1)->hold_create.group = group;
    add_group(&f, OP_HOLD_POST_GROUP, ALICE, &group);
    run_one(SIGNED_ALICE);
}

static void group_too_large(void)
{
    struct id group = sample_id("group", 1), other = sample_id("group", 2);
    made_group(&group, 100);
    made_group(&other, 1);
    fixture_tx(&f, DAVE); /* a hundred, and one more */
    add_group(&f, OP_HOLD_VOID_GROUP, DAVE, &group);
    add_group(&f, OP_HOLD_VOID_GROUP, DAVE, &other);
    run_one(SIGNED_DAVE);
    made_group(&group, 1);
    step_group(OP_HOLD_POST_GROUP, DAVE, SIGNED_DAVE, &group);
    step_group(OP_HOLD_VOID_GROUP, DAVE, SIGNED_DAVE, &other);
}

/* ---- the end by itself ----------------------------------------------------------------------- */

static void expiries(void)
{
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 4; i++)
        add_hold(&f, ALICE, BOB, 10 + i, DAVE, f.time_ms + 2500 - 1000 * (i / 2));
    run_one(SIGNED_ALICE);
    step_empty();     /* nothing is due */
    step_empty();     /* two of them, in an empty batch */
    (void)made(9997); /* the others stand before it, and what they gave back can be held again */
    step_empty();
}

/* hold_sweep_max is 1 in these: three are due at once, and each block ends one. */
static void expiries_that_wait(void)
{
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 3; i++)
        add_hold(&f, ALICE, BOB, 10 + i, DAVE, f.time_ms + 500 + i);
    run_one(SIGNED_ALICE);
    struct id last = fixture_hold(&f, 2);
    step_post(ALICE, SIGNED_ALICE, &last, TX_AMOUNT_MAX); /* not_arbiter before hold_expired */
    step_empty();
    step_empty();
    step_empty();
}

static void expired_before_frozen(void)
{
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 3; i++)
        add_hold(&f, ALICE, BOB, 10 + i, DAVE, f.time_ms + 1500 + i);
    run_one(SIGNED_ALICE);
    struct id second = fixture_hold(&f, 1), third = fixture_hold(&f, 2);
    bob_frozen();
    fixture_tx(&f, DAVE);
    add_post(&f, DAVE, &third, TX_AMOUNT_MAX); /* hold_expired before account_frozen */
    fixture_add(&f, SIGNED_DAVE);
    fixture_tx(&f, DAVE);
    add_void(&f, DAVE, &second); /* what has not ended yet can be voided */
    fixture_add(&f, SIGNED_DAVE);
    step_empty();
    step_empty();
}

/* ---- credit lines ---------------------------------------------------------------------------- */

static void set_line(unsigned issuer, unsigned who, int64_t floor)
{
    fixture_tx(&f, issuer);
    add_floor(&f, issuer, who, floor);
    run_one(issuer == BANK ? SIGNED_BANK : SIGNED_ALICE);
}

static void lines_are_drawn(void)
{
    set_line(BANK, DAVE, -300); /* makes a balance */
    fixture_tx(&f, DAVE);
    add_transfer(&f, DAVE, BOB, 301);
    run_one(SIGNED_DAVE);
    fixture_tx(&f, DAVE);
    add_transfer(&f, DAVE, BOB, 200);
    add_hold(&f, DAVE, BOB, 100, BOB, f.time_ms + 60000);
    run_one(SIGNED_DAVE);
    struct id id = fixture_hold(&f, 1);
    set_line(BANK, DAVE, -299); /* insufficient_funds: it is used */
    step_post(BOB, SIGNED_BOB, &id, 60);
    set_line(BANK, DAVE, -260);
    set_line(BANK, DAVE, 0);
    fixture_tx(&f, BOB);
    add_transfer(&f, BOB, DAVE, 260);
    run_one(SIGNED_BOB);
    set_line(BANK, DAVE, 0);
}

static void line_precedence(void)
{
    struct id id = nobody();
    for (unsigned right = 0; right < 6; right++) {
        unsigned issuer = right < 2 ? ALICE : BANK;
        fixture_tx(&f, issuer);
        add_floor(&f, issuer, DAVE, right < 4 ? -(int64_t)TX_AMOUNT_MAX : -10);
        if (right < 1) f.tx->operations[0].balance_set_floor.asset = id;
        if (right < 3) f.tx->operations[0].balance_set_floor.account = id;
        run_one(issuer == BANK ? SIGNED_BANK : SIGNED_ALICE);
    }
}

/* Supply and lines together stay below 2^63, from both sides. */
static void lines_and_supply(void)
{
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "GOLD");
    run_one(SIGNED_BANK);
    static const uint8_t code[12] = "GOLD";
    struct id gold = asset_id_of(&f.cast[BANK], code);
    const struct {
        unsigned who;
        int64_t floor; /* or, above zero, an amount to be issued */
    } wishes[] = {
        { DAVE, -(int64_t)(TX_AMOUNT_MAX - 10) },
        { BOB, -11 },
        { BOB, -4 },
        { ALICE, 7 },
        { ALICE, 6 },
        { BOB, -5 },
        { DAVE, -1 },
        { BOB, -5 },
    };
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        fixture_tx(&f, BANK);
        if (wishes[i].floor > 0) {
            add_mint(&f, BANK, wishes[i].who, (uint64_t)wishes[i].floor);
            f.tx->operations[0].asset_mint.asset = gold;
        } else {
            add_floor(&f, BANK, wishes[i].who, wishes[i].floor);
            f.tx->operations[0].balance_set_floor.asset = gold;
        }
        run_one(SIGNED_BANK);
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*play)(void);
    uint64_t sweep_max; /* 0: the default */
} hold_cases[] = {
    { "hold.create: each result, in their order", create_precedence, 0 },
    { "hold.create: a frozen actor before account_unknown", create_frozen_actor, 0 },
    { "hold.create: the edges of a term", create_terms, 0 },
    { "hold.create: what is held cannot be drawn, nor spent by the payee", held_cannot_be_drawn,
      0 },
    { "hold.create: a payee without a balance", payee_without_balance, 0 },
    { "hold.post: whole, in part, again", post_whole_and_part, 0 },
    { "hold.void: by the arbiter, by the payee, not by the payer", void_by_each, 0 },
    { "hold.post: each result, in their order", post_precedence, 0 },
    { "groups", groups, 0 },
    { "a group that is made and posted in one transaction", group_made_and_posted, 0 },
    { "no more than a hundred holds of groups a transaction", group_too_large, 0 },
    { "holds end by themselves, by time and id", expiries, 0 },
    { "holds that are due wait for their turn", expiries_that_wait, 1 },
    { "hold.post: hold_expired before account_frozen", expired_before_frozen, 1 },
    { "balance.set_floor: a line is given, drawn, and taken back", lines_are_drawn, 0 },
    { "balance.set_floor: each result, in their order", line_precedence, 0 },
    { "balance.set_floor and asset.mint: supply_limit from both sides", lines_and_supply, 0 },
};

/* Each case has its genesis: a parameter is part of it. */
static json_t *make_holds(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof hold_cases / sizeof hold_cases[0]; i++) {
        json_t *item = json_object();
        steps = json_array();
        fixture_prepare(&f);
        if (hold_cases[i].sweep_max)
            f.genesis->params.values[PARAM_hold_sweep_max] = hold_cases[i].sweep_max;
        fixture_open(&f, NULL);
        json_object_set_new(item, "name", json_string(hold_cases[i].name));
        put_genesis(item);
        hold_cases[i].play();
        fixture_stop(&f);
        json_object_set_new(item, "steps", steps);
        json_array_append_new(list, item);
    }
    return list;
}

#endif
