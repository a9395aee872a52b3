#include "node/safety.h"

#include "tests/unit/node/vectors.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[96];
static struct public_key key;
static struct digest chain;
static struct problem problem;

static void setup(void)
{
    strcpy(dir, "/tmp/witan_safety_XXXXXX");
    cr_assert(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/safety", dir);
    memset(key.bytes, 5, sizeof key.bytes);
    memset(chain.bytes, 6, sizeof chain.bytes);
    cr_assert_eq(safety_create(path, &key, &chain, &problem), STATUS_OK, "%s", problem.text);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
}

static enum status open_it(struct safety **safety, struct safety_state *state,
                           struct safety_report *report)
{
    return safety_open(safety, path, &key, &chain, state, report, &problem);
}

static void flip(size_t offset)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;
    cr_assert_eq(pread(fd, &byte, 1, (off_t)offset), 1);
    byte ^= 0x10;
    cr_assert_eq(pwrite(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
}

/* Opens, writes one state with this view, syncs, closes. */
static void write_view(uint64_t view)
{
    struct safety *safety;
    struct safety_state state;
    cr_assert_eq(open_it(&safety, &state, NULL), STATUS_OK);
    state.epoch = 1;
    state.highest[2] = (struct safety_mark){ 1, view };
    state.journal_record = 10 * view;
    cr_assert_eq(safety_write(safety, &state), STATUS_OK);
    cr_assert(safety_changed(safety));
    cr_assert_eq(safety_sync(safety), STATUS_OK);
    cr_assert_not(safety_changed(safety));
    safety_close(safety);
}

static uint64_t view_now(struct safety_report *report)
{
    struct safety *safety;
    struct safety_state state;
    cr_assert_eq(open_it(&safety, &state, report), STATUS_OK, "%s", problem.text);
    safety_close(safety);
    return state.highest[2].slot;
}

Test(safety, new_file, .init = setup, .fini = teardown)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 07777, 0600);
    cr_assert_eq(info.st_size, SAFETY_SLOTS * SAFETY_SLOT_BYTES);
    struct safety *safety;
    struct safety_state state;
    struct safety_report report;
    cr_assert_eq(open_it(&safety, &state, &report), STATUS_OK);
    cr_assert_eq(state.epoch, 0);
    cr_assert_eq(state.journal_record, 0);
    for (int kind = 0; kind < SIGNER_KINDS; kind++)
        cr_assert_eq(state.highest[kind].slot, 0);
    cr_assert_not(report.slot_bad[0]);
    cr_assert_not(report.slot_bad[1]);
    safety_close(safety);
    /* Promises are never reset. */
    cr_assert_eq(safety_create(path, &key, &chain, &problem), STATUS_EXISTS);
}

Test(safety, codec)
{
    struct safety_state state = {
        .counter = 7, .epoch = 3, .sealed_height = 9, .journal_record = 11
    };
    memset(state.seal_key.bytes, 1, 32);
    memset(state.chain_id.bytes, 2, 32);
    memset(state.sealed_hash.bytes, 3, 32);
    for (uint64_t i = 0; i < SIGNER_KINDS; i++)
        state.highest[i] = (struct safety_mark){ i, 100 * i };
    uint8_t slot[SAFETY_SLOT_BYTES];
    safety_encode(&state, slot);
    struct safety_state back = { 0 };
    cr_assert_eq(safety_decode(slot, &back), STATUS_OK);
    cr_assert_eq(memcmp(&state, &back, sizeof state), 0);
    for (size_t bit = 0; bit < 8 * sizeof slot; bit++) {
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(safety_decode(slot, &back), STATUS_DAMAGED, "bit %zu", bit);
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(safety, the_newest_slot_counts, .init = setup, .fini = teardown)
{
    for (uint64_t view = 1; view <= 5; view++) {
        write_view(view);
        cr_assert_eq(view_now(NULL), view);
    }
}

/* Whatever opening finds it writes once more: a kernel whose sync has failed shows what is not on
 * the disk, and calls it clean. So either slot may go then. */
Test(safety, opening_writes_it_again, .init = setup, .fini = teardown)
{
    for (int slot = 0; slot < 2; slot++) {
        write_view(10 + (uint64_t)slot);
        cr_assert_eq(view_now(NULL), 10 + (uint64_t)slot);
        flip((size_t)slot * SAFETY_SLOT_BYTES + 200);
        cr_assert_eq(view_now(NULL), 10 + (uint64_t)slot);
    }
}

/* A flipped byte in either slot: the other one serves, and what is in it is one write old at most.
 * The next write repairs. */
Test(safety, one_bad_slot, .init = setup, .fini = teardown)
{
    for (int slot = 0; slot < 2; slot++) {
        uint64_t before = view_now(NULL);
        write_view(before + 1);
        write_view(before + 2);
        flip((size_t)slot * SAFETY_SLOT_BYTES + 200);
        struct safety_report report;
        uint64_t view = view_now(&report);
        cr_assert(view == before + 1 || view == before + 2);
        cr_assert(report.slot_bad[slot]);
        cr_assert_not(report.slot_bad[1 - slot]);
        write_view(before + 3);
        cr_assert_eq(view_now(&report), before + 3);
        cr_assert_not(report.slot_bad[slot]);
    }
}

Test(safety, both_slots_bad, .init = setup, .fini = teardown)
{
    flip(3);
    flip(SAFETY_SLOT_BYTES + 510);
    struct safety *safety;
    struct safety_state state;
    struct safety_report report;
    cr_assert_eq(open_it(&safety, &state, &report), STATUS_DAMAGED);
    cr_assert(report.slot_bad[0]);
    cr_assert(report.slot_bad[1]);
    cr_assert(strstr(problem.text, path));
}

Test(safety, short_file, .init = setup, .fini = teardown)
{
    write_view(1);
    cr_assert_eq(view_now(NULL), 1); /* Opening has put it into the other slot too. */
    cr_assert_eq(truncate(path, SAFETY_SLOT_BYTES + 100), 0);
    struct safety_report report;
    cr_assert_eq(view_now(&report), 1);
    cr_assert(report.slot_bad[1]);
    cr_assert_eq(truncate(path, 0), 0);
    struct safety *safety;
    struct safety_state state;
    cr_assert_eq(open_it(&safety, &state, &report), STATUS_DAMAGED);
}

Test(safety, belongs_to_key_and_chain, .init = setup, .fini = teardown)
{
    struct safety *safety;
    struct safety_state state;
    struct public_key other_key = { { 1 } };
    struct digest other_chain = { { 1 } };
    cr_assert_eq(safety_open(&safety, path, &other_key, &chain, &state, NULL, &problem),
                 STATUS_MISMATCH);
    cr_assert(strstr(problem.text, "seal key"));
    cr_assert_eq(safety_open(&safety, path, &key, &other_chain, &state, NULL, &problem),
                 STATUS_MISMATCH);
    cr_assert(strstr(problem.text, "chain"));
}

Test(safety, missing, .init = setup, .fini = teardown)
{
    cr_assert_eq(unlink(path), 0);
    struct safety *safety;
    struct safety_state state;
    cr_assert_eq(open_it(&safety, &state, NULL), STATUS_NOT_FOUND);
}

/* A slot that another implementation has made. */
Test(safety, vector)
{
    json_t *vectors = vectors_load(WITAN_VECTORS "/disk.json");
    const json_t *v = json_object_get(vectors, "safety_slot");
    uint8_t wanted[SAFETY_SLOT_BYTES];
    cr_assert_eq(vector_bytes(v, "bytes", wanted, sizeof wanted), SAFETY_SLOT_BYTES);
    struct safety_state state = { .counter = vector_number(v, "counter"),
                                  .epoch = vector_number(v, "epoch"),
                                  .sealed_height = vector_number(v, "sealed_height"),
                                  .journal_record = vector_number(v, "journal_record") };
    vector_bytes(v, "seal_key", state.seal_key.bytes, 32);
    vector_bytes(v, "chain_id", state.chain_id.bytes, 32);
    vector_bytes(v, "sealed_hash", state.sealed_hash.bytes, 32);
    for (uint64_t i = 0; i < SIGNER_KINDS; i++)
        state.highest[i] = (struct safety_mark){ i, 100 * i };
    uint8_t slot[SAFETY_SLOT_BYTES];
    safety_encode(&state, slot);
    cr_assert_arr_eq(slot, wanted, sizeof slot);
    json_decref(vectors);
}
