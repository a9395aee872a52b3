/* tests/unit/ledger/world.h -- a ledger in a file in which no table is empty but `evidence`.
 *
 *     accounts made, given other signers, frozen and freed       assets, minted and burned
 *     payments, also such that fail, in lanes and of many operations; a credit line in use
 *     holds: posted in part, voided, posted as a group, ended by themselves; three are left
 *     records put, changed and deleted
 *     proposals: enacted (a parameter; a fifth validator: epoch 1), rejected, open
 *     ticks; a pause after which the window is swept
 *
 * Every block is sealed: by a quorum of its set, each seventh by all.
 */
#ifndef TESTS_LEDGER_WORLD_H
#define TESTS_LEDGER_WORLD_H

#include "tests/unit/ledger/governance_story.h"
#include "tests/unit/ledger/story.h"

enum { WORLD_HEIGHT = 60, WORLD_LANE = 3 };

struct world {
    struct fixture f;
    char path[64];
    uint8_t signers[3 * SIGNER_BYTES];
};

static inline void world_seal(struct fixture *f)
{
    const struct ledger_head *head = ledger_head(f->ledger);
    const struct header *header = &head->header;
    uint16_t all = header->epoch == 0 ? 4 : 5;
    struct seal *seal = epoch_sign(f, header, &head->hash, header->height % 7 == 0 ? all : 0);
    if (ledger_store_seal(f->ledger, seal, &f->problem) != STATUS_OK) fixture_fail(f, "seal");
    free(seal);
}

/* What waits becomes a sealed block. */
static inline void world_block(struct fixture *f)
{
    fixture_run(f);
    ASSERT(f->last->kind == EXECUTION_BLOCK);
    ASSERT(f->last->skipped_count == 0);
    world_seal(f);
}

/* The transaction being built, signed by its source. */
static inline void world_add(struct fixture *f, unsigned who)
{
    fixture_add(f, signed_by(who));
}

/* One alone in a block; code: what it must give. */
static inline void world_one(struct fixture *f, unsigned who, enum result_code code)
{
    world_add(f, who);
    world_block(f);
    unsigned got = f->last->entries[f->last->entry_count - 1].code;
    if (got == (unsigned)code) return;
    (void)fprintf(stderr, "block %u gives %s\n", (unsigned)f->last->header.height,
                  result_name((uint16_t)got));
    abort();
}

static inline void world_accounts(struct world *w)
{
    struct fixture *f = &w->f;
    struct id made = sample_id("new", 0);
    fixture_tx(f, BANK);
    add_account(f, BANK, &made, &f->keys[6].public_key, w->signers);
    add_asset(f, BANK, "USD");
    add_mint(f, BANK, CAROL, 10000);
    world_one(f, BANK, RESULT_ok);
    fixture_tx(f, BANK);
    add_mint(f, BANK, BANK, 700);
    add_burn(f, BANK, 200);
    add_freeze(f, BANK, DAVE, true);
    world_add(f, BANK);
    fixture_tx(f, BOB);
    add_transfer(f, BOB, DAVE, 1);
    world_one(f, BOB, RESULT_account_frozen);
    fixture_tx(f, BANK);
    add_freeze(f, BANK, DAVE, false);
    add_floor(f, BANK, DAVE, -500);
    world_one(f, BANK, RESULT_ok);
    fixture_tx(f, DAVE);
    add_transfer(f, DAVE, CAROL, 300);
    world_add(f, DAVE);
    fixture_tx(f, DAVE);
    struct operation *o = fixture_operation(f, OP_ACCOUNT_SET_SIGNERS, DAVE);
    memcpy(w->signers, f->keys[6].public_key.bytes, 32);
    w->signers[32] = 2;
    o->account_set_signers.low = o->account_set_signers.medium = 1;
    o->account_set_signers.high = 2;
    o->account_set_signers.signers = (struct signer_list){ 1, span_of(w->signers, SIGNER_BYTES) };
    world_one(f, DAVE, RESULT_ok);
}

static inline void world_records(struct world *w)
{
    struct fixture *f = &w->f;
    fixture_tx(f, BANK);
    add_put(f, BANK, "limit", "5", EXPECT_ANY, 0);
    add_put(f, BANK, "limit/day", "7", EXPECT_ABSENT, 0);
    world_one(f, BANK, RESULT_ok);
    fixture_tx(f, ALICE);
    add_put(f, ALICE, "name", "Alice", EXPECT_ANY, 0);
    world_add(f, ALICE);
    fixture_tx(f, BANK);
    add_put(f, BANK, "limit", "6", EXPECT_ANY, 0);
    add_delete(f, BANK, "limit/day", EXPECT_ANY, 0);
    world_one(f, BANK, RESULT_ok);
}

static inline void world_holds(struct world *w)
{
    struct fixture *f = &w->f;
    struct id holds[3], group = sample_id("group", 1);
    for (unsigned i = 0; i < 3; i++) {
        fixture_tx(f, ALICE);
        add_hold(f, ALICE, BOB, 100 + i, DAVE, f->time_ms + (i == 2 ? 5000 : 900000));
        world_one(f, ALICE, RESULT_ok);
        holds[i] = fixture_hold(f, 0);
    }
    fixture_tx(f, CAROL);
    for (unsigned i = 0; i < 2; i++)
        add_hold(f, CAROL, BOB, 50, DAVE, f->time_ms + 900000)->hold_create.group = group;
    world_add(f, CAROL);
    fixture_tx(f, DAVE);
    add_post(f, DAVE, &holds[0], 60);
    world_one(f, DAVE, RESULT_ok);
    fixture_tx(f, BOB);
    add_void(f, BOB, &holds[1]);
    world_add(f, BOB);
    fixture_tx(f, DAVE);
    add_group(f, OP_HOLD_POST_GROUP, DAVE, &group);
    world_one(f, DAVE, RESULT_ok);
    fixture_tx(f, ALICE);
    for (unsigned i = 0; i < 3; i++)
        add_hold(f, ALICE, CAROL, 10 + i, BOB, f->time_ms + 80000000)->hold_create.group = group;
    world_one(f, ALICE, RESULT_ok);
    f->time_ms += 6000; /* The third hold ends by itself. */
    f->tick = true;
    world_block(f);
}

static inline void world_governance(struct world *w)
{
    struct fixture *f = &w->f;
    uint8_t bytes[ACTIONS_TEXT_MAX];
    struct action actions[2] = { set_param(PARAM_window_grace_ms, 20000), add_validator(f, 4) };
    pass(f, actions, 2);
    world_seal(f);
    fixture_tx(f, ALICE);
    add_transfer(f, ALICE, BOB, 3);
    world_one(f, ALICE, RESULT_ok);
    ASSERT(ledger_head(f->ledger)->epoch == 1);

    struct action other = set_param(PARAM_max_idle_ms, 7000);
    uint64_t number = f->ledger->executor.live.next;
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(f, BANK);
        add_proposal(f, BANK, &other, 1, bytes);
        world_one(f, BANK, RESULT_ok);
    }
    static const unsigned voters[2] = { ALICE, BOB };
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(f, voters[i]);
        add_ballot(f, voters[i], number, VOTE_NO);
        if (i == 0) add_ballot(f, voters[i], number + 1, VOTE_ABSTAIN);
        world_one(f, voters[i], RESULT_ok);
    }
}

/* Payments, some in a lane, some that fail, up to the last block. */
static inline void world_payments(struct world *w)
{
    struct fixture *f = &w->f;
    uint64_t lane = 1;
    f->time_ms += 70000; /* Nothing for a minute: then the window is swept. */
    while (ledger_head(f->ledger)->header.height < WORLD_HEIGHT) {
        uint64_t height = ledger_head(f->ledger)->header.height + 1;
        struct transaction *tx = fixture_tx(f, ALICE);
        if (height % 2 == 0) {
            tx->order = ORDER_LANE;
            tx->lane = WORLD_LANE;
            tx->seq = lane++;
        }
        add_transfer(f, ALICE, BOB, height);
        add_transfer(f, ALICE, CAROL, 1);
        world_add(f, ALICE);
        fixture_tx(f, BOB);
        add_transfer(f, BOB, DAVE, height % 3 == 0 ? 90000 : 2);
        world_add(f, BOB);
        world_block(f);
        if (height % 10 != 0 || height == WORLD_HEIGHT) continue;
        f->time_ms += 3000;
        f->tick = true;
        world_block(f);
    }
}

/* The ledger is left open. */
static inline void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    fixture_path(w->path);
    governance_prepare(&w->f);
    fixture_open(&w->f, w->path);
    world_accounts(w);
    world_records(w);
    world_holds(w);
    world_governance(w);
    world_payments(w);
}

/* Closes the ledger, so that the file can be edited; the genesis stays. */
static inline void world_rest(struct world *w)
{
    ledger_close(w->f.ledger);
    w->f.ledger = NULL;
}

static inline void world_close(struct world *w)
{
    fixture_stop(&w->f);
    fixture_remove(w->path);
}

#endif
