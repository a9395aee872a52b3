/* Checks of incoming bytes: what is believed, and why the rest is not. */
#include "replica_fixture.h"

static struct check_job *checked(const struct world *w, enum check_kind kind, uint16_t from,
                                 struct blob *payload)
{
    struct check_job *job =
        check_new(kind, from, 0, payload, replica_check_context(w->nodes[0].replica));
    cr_assert_not_null(job);
    blob_unref(payload);
    check_run(job);
    return job;
}

static enum status verdict(const struct world *w, enum check_kind kind, uint16_t from,
                           struct blob *payload)
{
    struct check_job *job = checked(w, kind, from, payload);
    enum status status = job->status;
    check_free(job);
    return status;
}

static struct blob *blob_of(struct writer *w)
{
    struct blob *blob = blob_copy(writer_span(w));
    writer_free(w);
    return blob;
}

/* A world in which something was proposed, decided and sealed. */
static struct world *busy(void)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 4);
    return w;
}

/* The first engine message of a kind that somebody sent; *from is who. */
static struct blob *find_message(const struct world *w, enum hotstuff_kind kind, uint16_t *from)
{
    for (uint16_t n = 0; n < 4; n++)
        for (size_t i = 0; i < w->nodes[n].log_count; i++) {
            const struct said *said = &w->nodes[n].log[i];
            if (said->kind != OUTPUT_SEND || !world_is(said->payload, said->type, kind)) continue;
            *from = n;
            return blob_ref(said->payload);
        }
    cr_assert(false, "no message of kind %d was sent", (int)kind);
    return NULL;
}

/* ---- engine messages ---- */

Test(check, a_proposal_is_read_with_its_batch)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, PROPOSAL, &from);
    struct check_job *job = checked(w, CHECK_MESSAGE, from, payload);
    cr_assert_eq(job->status, STATUS_OK);
    cr_assert(job->facts.has_proposal);
    cr_assert_eq(job->batch.count, 1);
    cr_assert(id_equal(&job->batch.proposer, &w->genesis->committee.validators[from].id));
    struct span list = job->batch.transactions;
    struct span bytes;
    cr_assert(batch_next(&list, &bytes));
    struct blob *transaction = blob_copy(bytes);
    struct digest txid = world_txid(transaction);
    cr_assert(digest_equal(&job->txids[0], &txid));
    blob_unref(transaction);
    check_free(job);
    world_close(w);
}

Test(check, a_proposal_of_somebody_else_is_refused)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, PROPOSAL, &from);
    cr_assert_neq(verdict(w, CHECK_MESSAGE, (uint16_t)((from + 1) % 4), payload), STATUS_OK);
    world_close(w);
}

Test(check, a_batch_that_is_not_the_proposals_is_refused)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, PROPOSAL, &from);
    struct message message = world_message(payload);
    struct blob *batch = blob_copy(message.batch);
    batch->data[25] ^= 1; /* Within the time. */
    message.batch = blob_span(batch);
    cr_assert_eq(verdict(w, CHECK_MESSAGE, from, world_message_blob(&message)), STATUS_MISMATCH);
    message.batch = span_of("", 0);
    cr_assert_eq(verdict(w, CHECK_MESSAGE, from, world_message_blob(&message)), STATUS_MISMATCH);
    blob_unref(batch);
    blob_unref(payload);
    world_close(w);
}

/* A batch with one changed byte, proposed and signed by its leader all the same. */
Test(check, a_batch_with_a_bad_signature_is_refused)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, PROPOSAL, &from);
    struct message message = world_message(payload);
    struct blob *batch = blob_copy(message.batch);
    batch->data[batch->size - 1] ^= 1; /* The last byte of the transaction's signature. */
    cr_assert_eq(verdict(w, CHECK_MESSAGE, from, world_rebatch(w, from, payload, blob_span(batch))),
                 STATUS_BAD_SIGNATURE);
    cr_assert_neq(verdict(w, CHECK_MESSAGE, from,
                          world_rebatch(w, from, payload, span_text("no batch at all"))),
                  STATUS_OK);
    blob_unref(batch);
    blob_unref(payload);
    world_close(w);
}

Test(check, a_batch_with_one_transaction_twice_is_refused)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, PROPOSAL, &from);
    struct message message = world_message(payload);
    struct batch batch;
    cr_assert_eq(batch_decode(message.batch, &w->genesis->params, &batch), STATUS_OK);
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    batch.count *= 2;
    batch_write_head(&writer, &batch);
    write_bytes(&writer, batch.transactions);
    write_bytes(&writer, batch.transactions);
    cr_assert_neq(
        verdict(w, CHECK_MESSAGE, from, world_rebatch(w, from, payload, writer_span(&writer))),
        STATUS_OK);
    writer_free(&writer);
    blob_unref(payload);
    world_close(w);
}

Test(check, votes_carry_no_batch)
{
    struct world *w = busy();
    const enum hotstuff_kind kinds[] = { VOTE, COMMIT_VOTE };
    for (size_t i = 0; i < 2; i++) {
        uint16_t from;
        struct blob *payload = find_message(w, kinds[i], &from);
        struct message message = world_message(payload);
        cr_assert_eq(verdict(w, CHECK_MESSAGE, from, blob_ref(payload)), STATUS_OK);
        message.batch = span_text("stowaway");
        cr_assert_eq(verdict(w, CHECK_MESSAGE, from, world_message_blob(&message)),
                     STATUS_MALFORMED);
        blob_unref(payload);
    }
    world_close(w);
}

Test(check, every_changed_byte_of_a_vote_is_noticed)
{
    struct world *w = busy();
    uint16_t from;
    struct blob *payload = find_message(w, VOTE, &from);
    for (size_t i = 0; i < payload->size; i++) {
        struct blob *bent = blob_copy(blob_span(payload));
        bent->data[i] ^= 1;
        cr_assert_neq(verdict(w, CHECK_MESSAGE, from, bent), STATUS_OK, "byte %zu", i);
    }
    for (size_t size = 0; size < payload->size; size++)
        cr_assert_neq(verdict(w, CHECK_MESSAGE, from, blob_copy(span_of(payload->data, size))),
                      STATUS_OK);
    blob_unref(payload);
    world_close(w);
}

/* ---- transactions ---- */

Test(check, a_clients_transaction_is_judged_but_the_job_is_in_order)
{
    struct world *w = busy();
    struct check_job *job = checked(w, CHECK_TRANSACTION, 0, blob_copy(span_text("nonsense")));
    cr_assert_eq(job->status, STATUS_OK);
    cr_assert_eq(job->transactions_count, 1);
    cr_assert_eq(job->transactions[0].refusal.code, REFUSAL_tx_malformed);
    cr_assert_null(job->transactions[0].blob);
    check_free(job);

    struct blob *good = world_transfer(w, 50);
    struct digest txid = world_txid(good);
    job = checked(w, CHECK_TRANSACTION, 0, good);
    cr_assert_eq(job->transactions[0].refusal.code, REFUSAL_none);
    cr_assert(digest_equal(&job->transactions[0].txid, &txid));
    check_admit(job, w->nodes[0].ledger, WORLD_WALL_MS + w->now_ms);
    cr_assert_eq(job->transactions[0].refusal.code, REFUSAL_none);
    check_free(job);
    world_close(w);
}

static struct blob *gossip_of(const struct world *w, uint32_t claimed, uint32_t count)
{
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    write_u32(&writer, claimed);
    for (uint32_t i = 0; i < count; i++) {
        struct blob *transaction = world_transfer(w, 1000 + i);
        write_bytes32(&writer, blob_span(transaction));
        blob_unref(transaction);
    }
    return blob_of(&writer);
}

Test(check, gossip_is_exactly_as_long_as_it_says)
{
    struct world *w = busy();
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, gossip_of(w, 3, 3)), STATUS_OK);
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, gossip_of(w, 4, 3)), STATUS_MALFORMED);
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, gossip_of(w, 2, 3)), STATUS_MALFORMED);
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, gossip_of(w, 0, 0)), STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, gossip_of(w, GOSSIP_TXS_MAX + 1, 0)),
                 STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_GOSSIP, 1, blob_copy(span_text("a"))), STATUS_MALFORMED);
    struct check_job *job = checked(w, CHECK_GOSSIP, 1, gossip_of(w, 2, 2));
    cr_assert_eq(job->transactions_count, 2);
    cr_assert_not_null(job->transactions[1].blob);
    check_free(job);
    world_close(w);
}

Test(check, several_jobs_are_admitted_together)
{
    struct world *w = busy();
    struct check_job *jobs = NULL;
    for (uint64_t i = 0; i < 5; i++) {
        struct blob *blob = i == 2 ? blob_copy(span_text("nonsense")) : world_transfer(w, 60 + i);
        struct check_job *job = checked(w, CHECK_TRANSACTION, 0, blob);
        job->next = jobs;
        jobs = job;
    }
    check_admit(jobs, w->nodes[0].ledger, WORLD_WALL_MS + w->now_ms);
    for (uint64_t i = 5; i-- > 0;) {
        struct check_job *job = jobs;
        cr_assert_eq(job->status, STATUS_OK);
        cr_assert_eq(job->transactions[0].refusal.code,
                     i == 2 ? REFUSAL_tx_malformed : REFUSAL_none);
        jobs = job->next;
        check_free(job);
    }
    cr_assert_null(jobs);
    world_close(w);
}

Test(check, admission_leaves_refused_ones_alone)
{
    struct world *w = busy();
    struct blob *known = world_transfer(w, 1); /* On the ledger, by reference at least. */
    struct check_job *job = checked(w, CHECK_TRANSACTION, 0, known);
    check_admit(job, w->nodes[0].ledger, WORLD_WALL_MS + w->now_ms);
    cr_assert(job->transactions[0].refusal.code == REFUSAL_duplicate ||
              job->transactions[0].refusal.code == REFUSAL_tx_ref_conflict);
    enum refusal_code before = job->transactions[0].refusal.code;
    check_admit(job, w->nodes[0].ledger, 0);
    cr_assert_eq(job->transactions[0].refusal.code, before);
    check_free(job);
    world_close(w);
}

/* ---- seal votes ---- */

Test(check, seal_votes_are_counted_and_verified)
{
    struct world *w = busy();
    struct digest hash = { { 3 } };
    struct check_job *job = checked(w, CHECK_SEAL_VOTES, 1, world_seal_vote(w, 2, 0, 9, &hash));
    cr_assert_eq(job->status, STATUS_OK);
    cr_assert_eq(job->votes_count, 1);
    cr_assert_eq(job->votes[0].by.validator, 2);
    check_free(job);
    struct blob *bent = world_seal_vote(w, 2, 0, 9, &hash);
    bent->data[bent->size - 9] ^= 4;
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, bent), STATUS_BAD_SIGNATURE);
    bent = world_seal_vote(w, 2, 0, 9, &hash);
    store_u16(bent->data, 2); /* Two, it says. */
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, bent), STATUS_MALFORMED);
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, blob_copy(span_of("\0\0", 2))), STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, blob_copy(span_of("\377\377", 2))),
                 STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, blob_copy(span_of("", 0))), STATUS_MALFORMED);
    world_close(w);
}

Test(check, a_seal_vote_of_a_stranger_is_refused)
{
    struct world *w = busy();
    struct digest hash = { { 3 } };
    struct blob *vote = world_seal_vote(w, 2, 0, 9, &hash);
    store_u16(vote->data + 2 + 48, 4); /* There is no validator 4. */
    cr_assert_eq(verdict(w, CHECK_SEAL_VOTES, 1, vote), STATUS_NOT_MEMBER);
    world_close(w);
}

/* ---- sealed blocks ---- */

static struct blob *blocks_frame(const struct world *w, uint64_t first, uint16_t count)
{
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    write_u16(&writer, count);
    for (uint64_t h = first; h < first + count; h++) {
        struct writer seal;
        writer_init(&seal, SEAL_BYTES_MAX);
        seal_write(&seal, w->nodes[0].seals[h]);
        write_bytes32(&writer, blob_span(w->nodes[0].blocks[h]));
        write_bytes16(&writer, writer_span(&seal));
        writer_free(&seal);
    }
    return blob_of(&writer);
}

Test(check, sealed_blocks_are_believed_for_their_seals)
{
    struct world *w = busy();
    struct check_job *job = checked(w, CHECK_BLOCKS, 1, blocks_frame(w, 1, 3));
    cr_assert_eq(job->status, STATUS_OK);
    cr_assert_eq(job->blocks_count, 3);
    for (uint64_t h = 1; h <= 3; h++) {
        cr_assert_eq(job->blocks[h - 1].header.height, h);
        cr_assert(digest_equal(&job->blocks[h - 1].hash, &w->nodes[0].hashes[h]));
    }
    check_free(job);
    world_close(w);
}

Test(check, blocks_up_to_the_first_bad_one_are_kept)
{
    struct world *w = busy();
    struct blob *frame = blocks_frame(w, 1, 3);
    frame->data[frame->size - 1] ^= 1; /* The last seal's last signature. */
    struct check_job *job = checked(w, CHECK_BLOCKS, 1, frame);
    cr_assert_eq(job->status, STATUS_BAD_SIGNATURE);
    cr_assert_eq(job->blocks_count, 2);
    check_free(job);
    world_close(w);
}

Test(check, a_block_with_another_seal_is_refused)
{
    struct world *w = busy();
    struct seal *swap = w->nodes[0].seals[1];
    w->nodes[0].seals[1] = w->nodes[0].seals[2];
    w->nodes[0].seals[2] = swap;
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, blocks_frame(w, 1, 2)), STATUS_MISMATCH);
    world_close(w);
}

Test(check, a_seal_without_a_quorum_is_refused)
{
    struct world *w = busy();
    w->nodes[0].seals[1]->count = 2;
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, blocks_frame(w, 1, 1)), STATUS_NO_QUORUM);
    world_close(w);
}

Test(check, blocks_are_exactly_as_many_as_it_says)
{
    struct world *w = busy();
    struct blob *frame = blocks_frame(w, 1, 2);
    store_u16(frame->data, 3);
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, frame), STATUS_MALFORMED);
    frame = blocks_frame(w, 1, 2);
    store_u16(frame->data, 1);
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, frame), STATUS_MALFORMED);
    frame = blocks_frame(w, 1, 2);
    store_u16(frame->data, SYNC_BLOCKS_MAX + 1);
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, frame), STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_BLOCKS, 1, blob_copy(span_of("\0\0", 2))), STATUS_OK, "none");
    world_close(w);
}

/* ---- anchors ---- */

static struct blob *anchor_of(struct world *w)
{
    uint8_t request[41] = { 2 };
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 1, FRAME_FETCH, blob_copy(span_of(request, sizeof request)));
    const struct said *answer = world_find(w, 0, from, OUTPUT_SEND, FRAME_ANCHOR);
    cr_assert_not_null(answer);
    return blob_ref(answer->payload);
}

Test(check, an_anchor_is_a_chain_with_a_proof)
{
    struct world *w = busy();
    struct blob *anchor = anchor_of(w);
    struct check_job *job = checked(w, CHECK_ANCHOR, 1, blob_ref(anchor));
    cr_assert_eq(job->status, STATUS_OK);
    cr_assert_geq(job->proposals_count, 4);
    check_free(job);
    for (size_t i = 12; i < anchor->size; i += 11) {
        struct blob *bent = blob_copy(blob_span(anchor));
        bent->data[i] ^= 1;
        cr_assert_neq(verdict(w, CHECK_ANCHOR, 1, bent), STATUS_OK, "byte %zu", i);
    }
    blob_unref(anchor);
    world_close(w);
}

Test(check, an_anchor_of_another_epoch_is_stale_and_no_fault)
{
    struct world *w = busy();
    struct blob *anchor = anchor_of(w);
    anchor->data[7] = 9;
    cr_assert_eq(verdict(w, CHECK_ANCHOR, 1, anchor), STATUS_STALE);
    world_close(w);
}

Test(check, an_anchor_counts_its_proposals)
{
    struct world *w = busy();
    struct blob *anchor = anchor_of(w);
    struct blob *bent = blob_copy(blob_span(anchor));
    memset(bent->data + 8, 0, 4);
    cr_assert_eq(verdict(w, CHECK_ANCHOR, 1, bent), STATUS_TOO_LARGE);
    bent = blob_copy(blob_span(anchor));
    memset(bent->data + 8, 0xff, 4);
    cr_assert_eq(verdict(w, CHECK_ANCHOR, 1, bent), STATUS_TOO_LARGE);
    cr_assert_eq(verdict(w, CHECK_ANCHOR, 1, blob_copy(span_of(anchor->data, 5))),
                 STATUS_MALFORMED);
    blob_unref(anchor);
    world_close(w);
}
