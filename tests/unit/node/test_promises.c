/* What the safety file and the journal know of promises, compared. */
#include "node/promises.h"
#include "replica_fixture.h"

static struct safety_state state;

/* A world that has voted, and the state that its node 0 would write. */
static struct world *voted(void)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    state = (struct safety_state){ .journal_record = w->nodes[0].durable };
    return w;
}

Test(promises, the_state_is_raised_once)
{
    struct world *w = voted();
    cr_assert(promises_raise(&state, w->nodes[0].replica));
    cr_assert_not(promises_raise(&state, w->nodes[0].replica), "nothing new");
    cr_assert_gt(state.highest[VOTE].slot, 0);
    cr_assert_eq(state.highest[SIGNER_KIND_SEAL].slot, 2, "the seal of height 2");
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++) {
        uint64_t epoch, slot;
        bool known = replica_promised(w->nodes[0].replica, (uint8_t)kind, &epoch, &slot);
        cr_assert_eq(state.highest[kind].slot, known ? slot : 0);
    }
    world_close(w);
}

Test(promises, the_state_never_falls)
{
    struct world *w = voted();
    state.highest[VOTE] = (struct safety_mark){ 0, 1000 };
    promises_raise(&state, w->nodes[0].replica);
    cr_assert_eq(state.highest[VOTE].slot, 1000);
    world_close(w);
}

Test(promises, a_journal_that_knows_all_has_lost_nothing)
{
    struct world *w = voted();
    promises_raise(&state, w->nodes[0].replica);
    cr_assert_not(promises_lost(&state, w->nodes[0].replica, state.journal_record));
    cr_assert_not(promises_lost(&state, w->nodes[0].replica, state.journal_record + 1));
    state.highest[VOTE].slot--; /* An older file understates. */
    cr_assert_not(promises_lost(&state, w->nodes[0].replica, state.journal_record));
    world_close(w);
}

Test(promises, a_journal_that_ends_early_has_lost_some)
{
    struct world *w = voted();
    promises_raise(&state, w->nodes[0].replica);
    cr_assert(promises_lost(&state, w->nodes[0].replica, state.journal_record - 1));
    state.highest[VOTE].slot++;
    cr_assert(promises_lost(&state, w->nodes[0].replica, state.journal_record));
    world_close(w);
}

Test(promises, a_kind_that_the_journal_does_not_know_is_lost)
{
    struct world *w = voted();
    promises_raise(&state, w->nodes[0].replica);
    cr_assert_eq(state.highest[SIGNER_KIND_SEAL - 1].slot, 0);
    state.highest[SIGNER_KIND_SEAL - 1] = (struct safety_mark){ 0, 1 };
    cr_assert(promises_lost(&state, w->nodes[0].replica, state.journal_record));
    world_close(w);
}

Test(promises, the_signer_refuses_what_the_file_remembers)
{
    struct world *w = voted();
    struct signer *signer = signer_new(&w->seal_keys[1]);
    state.highest[SIGNER_KIND_SEAL] = (struct safety_mark){ 0, 5 };
    promises_floor(signer, &state);
    uint64_t epoch, slot;
    cr_assert(signer_highest(signer, SIGNER_KIND_SEAL, &epoch, &slot));
    cr_assert_eq(slot, 5);
    cr_assert_not(signer_highest(signer, VOTE, &epoch, &slot), "no mark, no floor");
    signer_free(signer);
    world_close(w);
}
