/* From one epoch into the next, and into the right one at start: a host that writes down in which
 * order it was asked, on replicas and ledgers that are real. */
#include "node/epochs.h"
#include "replica_fixture.h"

struct seat {
    struct world *w;
    uint16_t n;
    struct epochs epochs;
    struct replica *replica;
    struct secret_key next; /* taken if the set has it */
    bool has_next;
    struct signer *before;
    enum status answers; /* of take_key */
    unsigned told;
    char log[200];
};

static void noted(struct seat *seat, const char *word)
{
    strcat(seat->log, word);
    strcat(seat->log, " ");
}

static enum status take_key(void *user, const struct committee *set, struct problem *problem)
{
    struct seat *seat = user;
    struct public_key key;
    (void)problem;
    noted(seat, "key");
    if (seat->answers != STATUS_OK || !seat->has_next) return seat->answers;
    key_public(&seat->next, &key);
    if (committee_find_key(set, &key) == VALIDATOR_NONE) return STATUS_OK;
    seat->before = seat->epochs.signer;
    seat->epochs.signer = signer_new(&seat->next);
    epochs_arm(&seat->epochs);
    return STATUS_OK;
}

static enum status read_block(void *user, uint64_t height, struct header *header,
                              struct digest *hash, struct problem *problem)
{
    struct seat *seat = user;
    struct world_node *node = &seat->w->nodes[seat->n];
    (void)problem;
    if (height > node->height) return STATUS_DAMAGED;
    *header = node->headers[height];
    *hash = node->hashes[height];
    return STATUS_OK;
}

static void configure(void *user, struct replica_config *config)
{
    struct seat *seat = user;
    noted(seat, "make");
    config->pool = seat->w->options.pool;
    config->journal_roll_bytes = seat->w->options.journal_roll_bytes;
}

static enum status hear_journal(void *user, struct replica *replica, uint64_t *last_record,
                                struct problem *problem)
{
    struct seat *seat = user;
    struct world_node *node = &seat->w->nodes[seat->n];
    (void)problem;
    noted(seat, "hear");
    *last_record = node->records_count;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < node->records_count && status == STATUS_OK; i++)
        status =
            replica_restore(replica, node->records[i].kind, blob_span(node->records[i].payload));
    return status;
}

static enum status tell_safety(void *user, const struct safety_state *state,
                               struct problem *problem)
{
    struct seat *seat = user;
    (void)problem;
    noted(seat, "tell");
    cr_assert_eq(state->journal_record, seat->w->nodes[seat->n].records_count);
    seat->told++;
    return STATUS_OK;
}

static uint64_t last_record(void *user)
{
    struct seat *seat = user;
    noted(seat, "number");
    return seat->w->nodes[seat->n].records_count;
}

static enum status introduce(void *user, struct problem *problem)
{
    struct seat *seat = user;
    struct output output;
    (void)problem;
    noted(seat, "introduce");
    if (strstr(seat->log, "hear")) return STATUS_OK; /* Its epoch is named already. */
    cr_assert(replica_next(seat->replica, &output), "the new replica has started");
    cr_assert_eq(output.kind, OUTPUT_APPEND, "and names its epoch first");
    cr_assert_eq(output.type, JOURNAL_FOLD);
    output_release(&output);
    return STATUS_OK;
}

static const struct epochs_host host = { .take_key = take_key,
                                         .read_block = read_block,
                                         .configure = configure,
                                         .hear_journal = hear_journal,
                                         .tell_safety = tell_safety,
                                         .last_record = last_record,
                                         .introduce = introduce };

static struct seat seat;
static struct problem problem;

/* A host on the ledger and journal of the world's node n, whose own process has ended. */
static void sit(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    if (node->alive) world_kill(w, n);
    world_open_ledger(w, node);
    seat = (struct seat){ .w = w, .n = n };
    seat.epochs = (struct epochs){ .host = &host,
                                   .user = &seat,
                                   .genesis = w->genesis,
                                   .ledger = node->ledger,
                                   .sealed_height = node->sealed,
                                   .signer = signer_new(&w->seal_keys[n]) };
    epochs_arm(&seat.epochs);
}

static void open_seat(void)
{
    cr_assert_eq(epochs_open(&seat.epochs, &seat.replica, &problem), STATUS_OK);
}

/* As a host does at its start. */
static void replay(void)
{
    uint64_t last;
    cr_assert_eq(hear_journal(&seat, seat.replica, &last, &problem), STATUS_OK);
    seat.log[0] = 0;
    cr_assert_eq(epochs_restored(&seat.epochs, &seat.replica, last, &problem), STATUS_OK);
}

static void rise(struct world *w)
{
    replica_free(seat.replica);
    signer_free(seat.epochs.signer);
    signer_free(seat.before);
    epochs_close(&seat.epochs);
    world_close(w);
}

/* All nodes stand behind the sealed last block of epoch 0. */
static struct world *ended(void)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    cr_assert(world_find(w, 0, 0, OUTPUT_EPOCH_ENDED, 0));
    return w;
}

static bool replica_votes(void)
{
    struct replica_status status;
    replica_status(seat.replica, &status);
    return status.votes;
}

/* ---- opening ---- */

Test(epochs, a_new_ledger_opens_its_first_epoch_and_votes)
{
    struct world *w = world_new(NULL);
    sit(w, 2);
    open_seat();
    cr_assert_eq(seat.epochs.now->number, 0);
    cr_assert_eq(seat.epochs.self, 2);
    cr_assert(seat.epochs.votes);
    cr_assert(replica_votes());
    cr_assert_str_empty(seat.epochs.why);
    cr_assert_str_eq(seat.log, "key make ", "the key before the replica");
    rise(w);
}

Test(epochs, a_silenced_key_follows_and_keeps_its_reason)
{
    struct world *w = world_new(NULL);
    sit(w, 2);
    epochs_silence(&seat.epochs, "safety_missing");
    open_seat();
    cr_assert_eq(seat.epochs.self, 2);
    cr_assert_not(seat.epochs.votes);
    cr_assert_not(replica_votes());
    cr_assert_str_eq(seat.epochs.why, "safety_missing");
    rise(w);
}

Test(epochs, a_key_that_is_not_in_the_set_follows)
{
    struct world *w = world_new(NULL);
    struct public_key key;
    sit(w, 2);
    signer_free(seat.epochs.signer);
    world_key(77, &seat.next, &key);
    seat.epochs.signer = signer_new(&seat.next);
    open_seat();
    cr_assert_eq(seat.epochs.self, VALIDATOR_NONE);
    cr_assert_not(seat.epochs.votes);
    cr_assert(seat.epochs.may_vote, "in an epoch that has it");
    cr_assert_str_eq(seat.epochs.why, "key_unknown");
    rise(w);
}

Test(epochs, nobody_without_a_key)
{
    struct world *w = world_new(NULL);
    sit(w, 2);
    signer_free(seat.epochs.signer);
    seat.epochs.signer = NULL;
    epochs_silence(&seat.epochs, "");
    open_seat();
    cr_assert_eq(seat.epochs.self, VALIDATOR_NONE);
    cr_assert_not(replica_votes());
    rise(w);
}

/* What the host takes it is known by, also if the old key was silent. */
Test(epochs, the_next_key_is_taken_before_we_look_for_ourselves)
{
    struct world *w = world_new(NULL);
    sit(w, 2);
    epochs_silence(&seat.epochs, "journal_lost");
    seat.next = w->seal_keys[1];
    seat.has_next = true;
    open_seat();
    cr_assert_eq(seat.epochs.self, 1);
    cr_assert(seat.epochs.votes);
    cr_assert_str_empty(seat.epochs.why);
    rise(w);
}

Test(epochs, a_sealed_boundary_opens_the_next_epoch)
{
    struct world *w = ended();
    sit(w, 0);
    open_seat();
    cr_assert_eq(seat.epochs.now->number, 1);
    struct replica_status status;
    replica_status(seat.replica, &status);
    cr_assert_eq(status.epoch, 1);
    cr_assert_eq(status.sequence, 0);
    rise(w);
}

Test(epochs, an_unsealed_one_is_opened_to_have_it_sealed)
{
    struct world *w = ended();
    uint64_t boundary = w->nodes[0].height;
    w->nodes[0].sealed = boundary - 1;
    sit(w, 0);
    open_seat();
    cr_assert_eq(seat.epochs.now->number, 0);
    struct seal seal;
    cr_assert(replica_seal_votes(seat.replica, boundary, &seal), "it knows what it has executed");
    cr_assert_not(replica_seal_votes(seat.replica, boundary - 1, &seal));
    rise(w);
}

Test(epochs, a_block_that_cannot_be_read_ends_the_opening)
{
    struct world *w = ended();
    uint64_t boundary = w->nodes[0].height;
    w->nodes[0].sealed = boundary - 1;
    sit(w, 0);
    w->nodes[0].height = boundary - 1;
    cr_assert_eq(epochs_open(&seat.epochs, &seat.replica, &problem), STATUS_DAMAGED);
    rise(w);
}

Test(epochs, a_key_that_cannot_be_taken_ends_the_opening)
{
    struct world *w = world_new(NULL);
    sit(w, 0);
    seat.answers = STATUS_IO;
    cr_assert_eq(epochs_open(&seat.epochs, &seat.replica, &problem), STATUS_IO);
    cr_assert_null(seat.replica);
    cr_assert_str_eq(seat.log, "key ");
    rise(w);
}

/* ---- the journal's word ---- */

/* Node 0 has voted in epoch 0, and its journal was replayed. */
static struct world *voted(void)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    sit(w, 0);
    return w;
}

Test(epochs, what_the_journal_knows_more_is_told_first)
{
    struct world *w = voted();
    open_seat();
    replay();
    cr_assert_str_eq(seat.log, "tell ");
    cr_assert_gt(seat.epochs.safety.highest[VOTE].slot, 0);
    cr_assert(seat.epochs.votes);
    cr_assert_eq(epochs_first_record(&seat.epochs), w->nodes[0].records_count + 1);
    rise(w);
}

Test(epochs, a_safety_file_that_knows_all_is_left_alone)
{
    struct world *w = voted();
    open_seat();
    replay();
    struct safety_state state = seat.epochs.safety;
    replica_free(seat.replica);
    epochs_close(&seat.epochs);
    open_seat();
    seat.epochs.safety = state;
    replay();
    cr_assert_eq(seat.told, 1, "not again");
    cr_assert(seat.epochs.votes);
    rise(w);
}

Test(epochs, lost_promises_silence_the_key)
{
    struct world *w = voted();
    open_seat();
    seat.epochs.safety.highest[VOTE] = (struct safety_mark){ 0, 1000 };
    replay();
    cr_assert_not(seat.epochs.may_vote);
    cr_assert_not(seat.epochs.votes);
    cr_assert_not(replica_votes(), "disarmed");
    cr_assert_str_eq(seat.epochs.why, "journal_lost");
    cr_assert_eq(seat.told, 0);
    rise(w);
}

Test(epochs, a_journal_that_ends_early_silences_the_key)
{
    struct world *w = voted();
    open_seat();
    seat.epochs.safety.journal_record = w->nodes[0].records_count + 1;
    replay();
    cr_assert_not(seat.epochs.may_vote);
    rise(w);
}

/* As a machine does that was removed: the key that voted is in this set no more. */
Test(epochs, who_has_left_is_told_that_it_has)
{
    struct world *w = voted();
    struct public_key key;
    signer_free(seat.epochs.signer);
    world_key(77, &seat.next, &key);
    seat.epochs.signer = signer_new(&seat.next);
    open_seat();
    seat.epochs.safety.highest[VOTE] = (struct safety_mark){ 0, 1000 };
    replay();
    cr_assert_not(seat.epochs.may_vote);
    cr_assert_str_eq(seat.epochs.why, "key_unknown");
    rise(w);
}

/* The records may be an older key's. */
Test(epochs, a_key_without_a_vote_is_told_nothing)
{
    struct world *w = voted();
    struct public_key key;
    signer_free(seat.epochs.signer);
    world_key(77, &seat.next, &key);
    seat.epochs.signer = signer_new(&seat.next);
    open_seat();
    replay();
    cr_assert_eq(seat.told, 0);
    cr_assert_eq(seat.epochs.safety.highest[VOTE].slot, 0);
    rise(w);
}

Test(epochs, a_silent_key_is_not_compared)
{
    struct world *w = voted();
    epochs_silence(&seat.epochs, "safety_damaged");
    open_seat();
    seat.epochs.safety.highest[VOTE] = (struct safety_mark){ 0, 1000 };
    replay();
    cr_assert_str_eq(seat.epochs.why, "safety_damaged");
    rise(w);
}

/* ---- a ledger behind its journal ---- */

/* Node 0 has a journal of epoch 1, and a ledger that stands in epoch 0. */
static struct world *behind(void)
{
    struct world *w = ended();
    uint64_t sealed = w->nodes[0].height;
    sit(w, 0);
    open_seat();
    struct output output;
    cr_assert_eq(replica_start(seat.replica, world_moment(w), w->nodes[0].records_count + 1),
                 STATUS_OK);
    cr_assert(replica_next(seat.replica, &output));
    cr_assert_eq(output.type, JOURNAL_FOLD);
    world_append(&w->nodes[0], &output);
    output_release(&output);
    replica_free(seat.replica);
    signer_free(seat.epochs.signer);
    epochs_close(&seat.epochs);
    w->nodes[0].durable = w->nodes[0].records_count;
    world_wipe_ledger(&w->nodes[0]);
    sit(w, 0);
    w->nodes[0].sealed = sealed; /* Where it was, for the test to come back to. */
    return w;
}

Test(epochs, a_journal_of_a_later_epoch_waits_and_nothing_is_kept)
{
    struct world *w = behind();
    open_seat();
    replay();
    cr_assert(seat.epochs.unrecorded);
    cr_assert_eq(seat.epochs.journal_epoch, 1);
    cr_assert_eq(seat.epochs.now->number, 0);
    cr_assert_eq(seat.epochs.self, 0, "it is in that set");
    cr_assert_not(seat.epochs.votes, "and does not vote in it");
    cr_assert_not(replica_votes());
    cr_assert_str_eq(seat.epochs.why, "catching_up");
    cr_assert_eq(epochs_first_record(&seat.epochs), 1);
    cr_assert_not(epochs_keeps(&seat.epochs, 1));
    cr_assert_not(epochs_keeps(&seat.epochs, 2));
    cr_assert_eq(epochs_let_go(&seat.epochs), 2);
    cr_assert_eq(epochs_let_go(&seat.epochs), 0, "once");
    cr_assert_not(epochs_raise(&seat.epochs, seat.replica));
    cr_assert_eq(seat.told, 0);
    rise(w);
}

/* The blocks that the others have bring it there. */
static void catch_up(struct world *w)
{
    for (uint64_t height = 1; height <= w->nodes[1].height; height++) {
        struct execution *execution = NULL;
        cr_assert_eq(ledger_execute_block(w->nodes[0].ledger, blob_span(w->nodes[1].blocks[height]),
                                          &execution, &problem),
                     STATUS_OK);
        w->nodes[0].headers[height] = execution->header;
        w->nodes[0].hashes[height] = execution->hash;
        w->nodes[0].height = height;
        execution_free(execution);
    }
    seat.epochs.sealed_height = w->nodes[0].height;
}

static enum status turn(struct world *w)
{
    seat.log[0] = 0;
    seat.epochs.ended = seat.epochs.saving = true;
    return epochs_turn(&seat.epochs, &seat.replica, world_moment(w), &problem);
}

Test(epochs, it_is_heard_when_the_ledger_has_come_to_its_epoch)
{
    struct world *w = behind();
    open_seat();
    replay();
    catch_up(w);
    cr_assert_eq(turn(w), STATUS_OK);
    cr_assert_str_eq(seat.log, "key make hear tell number introduce ");
    cr_assert_not(seat.epochs.unrecorded);
    cr_assert(seat.epochs.votes);
    cr_assert(replica_votes());
    cr_assert_eq(seat.epochs.now->number, 1);
    cr_assert_eq(seat.epochs.safety.epoch, 1);
    cr_assert(epochs_keeps(&seat.epochs, 9));
    rise(w);
}

Test(epochs, what_it_has_lost_meanwhile_silences_it_then)
{
    struct world *w = behind();
    open_seat();
    replay();
    catch_up(w);
    seat.epochs.safety.highest[VOTE] = (struct safety_mark){ 1, 1000 };
    cr_assert_eq(turn(w), STATUS_OK);
    cr_assert_str_eq(seat.log, "key make hear number introduce ");
    cr_assert_not(seat.epochs.votes);
    cr_assert_not(replica_votes());
    rise(w);
}

Test(epochs, a_journal_of_a_still_later_epoch_waits_on)
{
    struct world *w = behind();
    open_seat();
    replay();
    seat.epochs.journal_epoch = 2;
    catch_up(w);
    cr_assert_eq(turn(w), STATUS_OK);
    cr_assert_str_eq(seat.log, "key make introduce ");
    cr_assert(seat.epochs.unrecorded);
    cr_assert_not(seat.epochs.votes);
    rise(w);
}

/* ---- the turn ---- */

/* Node 0 runs in this seat in epoch 0, at its sealed end. */
static struct world *at_the_end(void)
{
    struct world *w = ended();
    struct world_node *node = &w->nodes[0];
    uint64_t sealed = node->sealed;
    sit(w, 0);
    seat.epochs.sealed_height = sealed - 1; /* As if the seal came now. */
    open_seat();
    cr_assert_eq(replica_start(seat.replica, world_moment(w), node->records_count + 1), STATUS_OK);
    struct output output;
    while (replica_next(seat.replica, &output)) {
        check_free(output.kind == OUTPUT_CHECK ? output.job : NULL);
        output_release(&output);
    }
    seat.epochs.sealed_height = sealed;
    return w;
}

Test(epochs, it_is_due_when_all_is_quiet_and_nobody_saves)
{
    struct world *w = at_the_end();
    cr_assert_not(epochs_due(&seat.epochs, seat.replica), "it has not ended");
    seat.epochs.ended = true;
    cr_assert(epochs_due(&seat.epochs, seat.replica));
    seat.epochs.saving = true;
    cr_assert_not(epochs_due(&seat.epochs, seat.replica), "the checkpoint is under way");
    seat.epochs.saving = false;
    struct blob *transaction = world_transfer(w, 900);
    replica_submit(seat.replica, world_moment(w), 1, transaction);
    blob_unref(transaction);
    cr_assert_not(epochs_due(&seat.epochs, seat.replica), "a check is under way");
    rise(w);
}

Test(epochs, the_turn_opens_the_next_one_in_this_order)
{
    struct world *w = at_the_end();
    struct replica *old = seat.replica;
    cr_assert_eq(turn(w), STATUS_OK);
    cr_assert_str_eq(seat.log, "key make number introduce ");
    cr_assert_neq(seat.replica, old);
    cr_assert_eq(seat.epochs.now->number, 1);
    cr_assert(seat.epochs.votes);
    cr_assert_not(seat.epochs.ended);
    cr_assert_not(seat.epochs.saving);
    rise(w);
}

Test(epochs, a_turn_that_fails_leaves_what_was)
{
    struct world *w = at_the_end();
    struct replica *old = seat.replica;
    seat.answers = STATUS_IO;
    cr_assert_eq(turn(w), STATUS_IO);
    cr_assert_eq(seat.replica, old);
    cr_assert_eq(seat.epochs.now->number, 0);
    cr_assert_str_eq(seat.log, "key ");
    rise(w);
}

/* ---- while it lasts ---- */

Test(epochs, the_safety_file_follows_who_votes)
{
    struct world *w = voted();
    open_seat();
    replay();
    cr_assert_not(epochs_raise(&seat.epochs, seat.replica), "it was told all");
    seat.epochs.safety = (struct safety_state){ .counter = 0 };
    cr_assert(epochs_raise(&seat.epochs, seat.replica));
    seat.epochs.safety = (struct safety_state){ .counter = 0 };
    epochs_silence(&seat.epochs, "journal_lost");
    cr_assert_not(epochs_raise(&seat.epochs, seat.replica), "not who does not");
    cr_assert_eq(seat.epochs.safety.highest[VOTE].slot, 0);
    rise(w);
}
