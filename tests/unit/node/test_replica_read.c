/* Reads that see all that was decided when they were asked for, and handing over. */
#include "replica_fixture.h"

static const struct world_options raft = { .nodes = 3, .crash = true };

static uint16_t leader_of(const struct world *w)
{
    for (uint16_t n = 0; n < w->options.nodes; n++)
        if (w->nodes[n].alive && world_status(w, n).engine.leader == n) return n;
    return VALIDATOR_NONE;
}

/* Three of them, one of which leads; *follower is another. */
static struct world *open_led(uint16_t *leader, uint16_t *follower)
{
    struct world *w = world_open(&raft);
    world_run(w, 1500);
    *leader = leader_of(w);
    cr_assert_neq(*leader, VALIDATOR_NONE);
    *follower = (uint16_t)((*leader + 1) % 3);
    cr_assert_eq(world_status(w, *follower).engine.leader, *leader);
    return w;
}

static void ask(struct world *w, uint16_t n, uint64_t ticket, uint64_t ms)
{
    replica_read(w->nodes[n].replica, world_moment(w), ticket, w->now_ms + ms);
    world_drain(w, n);
}

static const struct said *answered(const struct world *w, uint16_t n, uint64_t ticket)
{
    const struct said *found = NULL;
    for (size_t i = 0; i < w->nodes[n].log_count; i++) {
        const struct said *said = &w->nodes[n].log[i];
        if (said->kind != OUTPUT_READ || said->ticket != ticket) continue;
        cr_assert_null(found, "once");
        found = said;
    }
    return found;
}

static void expect(const struct world *w, uint16_t n, uint64_t ticket, enum read_answer read)
{
    const struct said *said = answered(w, n, ticket);
    cr_assert_not_null(said, "no answer to %llu", (unsigned long long)ticket);
    cr_assert_eq(said->read, read, "%llu: %d", (unsigned long long)ticket, said->read);
}

/* What is committed on the leader is seen by a reader of a follower whose ledger is slow: it waits.
 */
Test(replica_read, waits_until_the_ledger_has_what_was_decided)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    w->nodes[follower].ledger_held = true;
    world_submit(w, leader, world_transfer(w, 1));
    world_run(w, 200);
    cr_assert_eq(w->nodes[leader].height, 1);
    cr_assert_eq(w->nodes[follower].height, 0);
    ask(w, follower, 7, 1000);
    ask(w, leader, 8, 1000);
    world_run(w, 100);
    cr_assert_null(answered(w, follower, 7));
    expect(w, leader, 8, READ_READY);
    world_ledger_go(w, follower);
    world_run(w, 2);
    expect(w, follower, 7, READ_READY);
    cr_assert_eq(w->nodes[follower].height, 1);
    world_close(w);
}

static uint32_t reads_on_the_way;

static bool count_reads(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                        struct blob **payload)
{
    (void)w, (void)from, (void)to;
    struct message message;
    if (kind != FRAME_ENGINE) return true;
    cr_assert_eq(message_read(blob_span(*payload), SIZE_MAX, &message), STATUS_OK);
    const char *name = raft_ops.kinds[message.statement.kind];
    if (strcmp(name, "read_request") == 0) reads_on_the_way++;
    return true;
}

/* A hundred reads at once cost the leader one or two questions and not a hundred. */
Test(replica_read, one_question_stands_for_many)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    reads_on_the_way = 0;
    w->filter = count_reads;
    for (uint64_t ticket = 1; ticket <= 100; ticket++)
        ask(w, follower, ticket, 1000);
    world_run(w, 50);
    for (uint64_t ticket = 1; ticket <= 100; ticket++)
        expect(w, follower, ticket, READ_READY);
    cr_assert_eq(reads_on_the_way, 2, "the first, and the rest");
    world_close(w);
}

static bool lose_answers(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                         struct blob **payload)
{
    (void)from, (void)to;
    struct message message;
    uint64_t *until_ms = w->context;
    if (kind != FRAME_ENGINE || w->now_ms > *until_ms) return true;
    cr_assert_eq(message_read(blob_span(*payload), SIZE_MAX, &message), STATUS_OK);
    return strcmp(raft_ops.kinds[message.statement.kind], "read_index") != 0;
}

Test(replica_read, a_lost_question_is_asked_again)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    uint64_t until_ms = w->now_ms + 150;
    w->filter = lose_answers;
    w->context = &until_ms;
    ask(w, follower, 1, 1000);
    world_run(w, 150);
    cr_assert_null(answered(w, follower, 1));
    world_run(w, 100);
    expect(w, follower, 1, READ_READY);
    world_close(w);
}

/* Alone with its old leadership nobody can say what is decided, however sure it is of itself. */
Test(replica_read, a_leader_without_a_quorum_does_not_answer)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    for (uint16_t n = 0; n < 3; n++)
        w->cut[leader][n] = w->cut[n][leader] = n != leader;
    ask(w, leader, 1, 400);
    world_run(w, 395);
    cr_assert_null(answered(w, leader, 1));
    world_run(w, 10);
    expect(w, leader, 1, READ_LATE);
    /* The others elect one of them, and from then on can. */
    ask(w, follower, 2, 3000);
    world_run(w, 3000);
    expect(w, follower, 2, READ_READY);
    ask(w, leader, 3, 50);
    world_run(w, 60);
    expect(w, leader, 3, READ_LATE);
    world_close(w);
}

Test(replica_read, an_election_is_waited_for)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    world_kill(w, leader);
    ask(w, follower, 1, 5000);
    world_run(w, 300);
    cr_assert_null(answered(w, follower, 1));
    world_run(w, 3000);
    expect(w, follower, 1, READ_READY);
    world_close(w);
}

Test(replica_read, the_table_is_bounded)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    world_kill(w, leader);
    enum { MANY = 1100 };
    for (uint64_t ticket = 1; ticket <= MANY; ticket++)
        ask(w, follower, ticket, 100);
    size_t full = 0;
    for (uint64_t ticket = 1; ticket <= MANY; ticket++)
        full += answered(w, follower, ticket) != NULL;
    cr_assert_eq(full, MANY - 1024);
    expect(w, follower, MANY, READ_FULL);
    world_run(w, 110);
    expect(w, follower, 1, READ_LATE);
    world_run(w, 3000);
    ask(w, follower, MANY + 1, 1000);
    world_run(w, 1000);
    expect(w, follower, MANY + 1,
           READ_READY); /* Though the last question of before never had an answer. */
    world_close(w);
}

Test(replica_read, an_engine_without_such_reads_says_so_at_once)
{
    struct world *w = world_open(NULL);
    ask(w, 0, 1, 1000);
    expect(w, 0, 1, READ_UNSUPPORTED);
    world_close(w);
}

/* An answer to a question from before the restart says nothing about a read after it. */
Test(replica_read, late_answers_of_before_a_restart_mean_nothing)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    uint64_t until_ms = UINT64_MAX;
    w->filter = lose_answers;
    w->context = &until_ms;
    struct message answer = { .statement = { .kind = 12, .view = 1, .index = 0 } };
    cr_assert_str_eq(raft_ops.kinds[12], "read_index");
    for (uint64_t number = 0; number < 4; number++) {
        answer.statement.aux = number;
        ask(w, follower, number + 1, 100);
        world_frame_in(w, follower, leader, FRAME_ENGINE, world_message_blob(&answer));
        cr_assert_null(answered(w, follower, number + 1));
    }
    world_run(w, 101);
    expect(w, follower, 1, READ_LATE);
    world_close(w);
}

/* ---- handing over ---- */

Test(replica_read, who_leads_hands_over_within_a_few_hops)
{
    uint16_t leader, follower;
    struct world *w = open_led(&leader, &follower);
    cr_assert_not(replica_hand_over(w->nodes[follower].replica, world_moment(w)));
    cr_assert(replica_hand_over(w->nodes[leader].replica, world_moment(w)));
    world_drain(w, leader);
    world_run(w, 10);
    cr_assert_not(world_status(w, leader).engine.hands_over);
    uint16_t next = leader_of(w);
    cr_assert_neq(next, leader);
    cr_assert_neq(next, VALIDATOR_NONE);
    world_submit(w, leader, world_transfer(w, 1));
    world_run(w, 30);
    cr_assert_eq(w->nodes[next].height, 1, "and it goes on at once");
    world_close(w);
}

Test(replica_read, where_every_view_has_its_leader_nothing_is_handed_over)
{
    struct world *w = world_open(NULL);
    world_run(w, 50);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_not(replica_hand_over(w->nodes[n].replica, world_moment(w)));
    world_close(w);
}
