/* node/epochs.h -- how a host passes from one epoch into the next, and into the right one at start.
 *
 * A replica lives in one epoch (node/replica.h); who runs it opens the next one. The rules of that
 * are here, and nothing else is: no thread, no clock, no file but the ledger that is given. What
 * only the host can do it is asked for through struct epochs_host, in the order of this table, and
 * three hosts do: the node, the simulator of changing sets, and the simulator of one set for its
 * safety file.
 *
 *     at start         epochs_open       1. the epoch: that of the ledger's last block until the
 *                                           block that ends it is sealed, else the ledger's next
 *                                        2. the seal key: the next one, if this set has it
 *                                        3. who we are in the set, and whether we may vote
 *                                        4. a replica on the ledger's head, told of the blocks of
 *                                           its epoch that are executed and not sealed
 *                      (the host replays its journal into the replica)
 *                      epochs_restored   5. a journal of a later epoch: it waits. The replica is
 *                                           made again and follows: it promises nothing, and none
 *                                           of its records is kept
 *                                        6. else journal and safety file are compared: lost
 *                                           promises silence this key, forgotten ones are told the
 *                                           file before anything is said
 *                      (the host calls replica_start)
 *     boundary sealed  epochs_due        7. once all under way is back and nobody saves yet:
 *                      (the host makes a full checkpoint of the ledger)
 *     saved            epochs_turn       8. steps 1 to 4 with the pool of the old replica
 *                                        9. has the ledger come to the epoch of a journal that
 *                                           waits, then that is heard, and step 6
 *                                       10. the old replica goes, the new one starts: its first
 *                                           record names the epoch
 *                                       11. the host introduces its peers
 *
 * Whoever votes has all of these: a key with its safety file, which has not lost what it promised;
 * a place in the set of the epoch; a journal that keeps what it promises. All others follow,
 * execute and serve.
 */
#ifndef NODE_EPOCHS_H
#define NODE_EPOCHS_H

#include "node/promises.h"

/* What only the host can do. Each may set the problem; a status but STATUS_OK ends the opening. */
struct epochs_host {
    /* Takes the next seal key into use, with its safety file, if there is one and this set has it:
     * epochs.signer, epochs.safety and epochs_arm or epochs_silence. Else does nothing. */
    enum status (*take_key)(void *user, const struct committee *set, struct problem *problem);

    /* A block of the ledger, without its entries. */
    enum status (*read_block)(void *user, uint64_t height, struct header *header,
                              struct digest *hash, struct problem *problem);

    /* Adds what is the host's own: bounds of the pool, seeds, sizes, caches. */
    void (*configure)(void *user, struct replica_config *config);

    /* Replays the journal that has waited into the replica: replica_restore. Says its last record.
     */
    enum status (*hear_journal)(void *user, struct replica *replica, uint64_t *last_record,
                                struct problem *problem);

    /* Writes the safety file, and syncs it if no other thread has it yet. */
    enum status (*tell_safety)(void *user, const struct safety_state *state,
                               struct problem *problem);

    /* The highest number that a record of the journal has been given. */
    uint64_t (*last_record)(void *user);

    /* Gives the peers their new numbers and tells the replica who is connected; it is the new one
     * by now, and has started. */
    enum status (*introduce)(void *user, struct problem *problem);
};

struct epochs {
    /* The host's, set before epochs_open. */
    const struct epochs_host *host;
    void *user;
    const struct genesis *genesis;
    struct ledger *ledger;
    uint64_t sealed_height;     /* as known now; the host keeps it */
    struct signer *signer;      /* our seal key, whether it may vote or not; NULL: none */
    struct safety_state safety; /* what its file says, or is to say next */

    /* For the host to read. */
    struct epoch_record *now; /* the epoch in which the replica is; owned here */
    uint16_t self;            /* our place in it, or VALIDATOR_NONE */
    bool may_vote;            /* with this key, in every epoch whose set has it */
    bool votes;               /* in this epoch */
    const char *why;          /* not, in a word; "" if it votes or is meant to follow */
    uint64_t journal_epoch;   /* as found at start */
    bool unrecorded;          /* the ledger is behind it: the replica's records are not kept */
    uint64_t let_go;          /* the last such record that was not said to be durable; 0: none */
    bool ended;               /* the next epoch is to be opened ... */
    bool saving;              /* ... and the checkpoint before that is under way */
};

/* ---- who votes ---- */

/* The key has its safety file: it may vote from the next opening on. */
void epochs_arm(struct epochs *epochs);

/* It may not, nor in any epoch to come; why stays the caller's ("": it is not meant to). */
void epochs_silence(struct epochs *epochs, const char *why);

/* What is to be done when a journal, whose last record is given, was replayed into a replica that
 * has not started. state is what the safety file says. */
enum epochs_word {
    EPOCHS_AGREE,   /* nothing */
    EPOCHS_SILENCE, /* promises are lost: the replica was disarmed, this key may not vote again */
    EPOCHS_TELL,    /* the journal knows more, as after a power cut: the state was raised, and is
                       to be written and synced before the replica starts, or a journal that is
                       lost now would not be missed */
};
enum epochs_word epochs_compare(struct safety_state *state, struct replica *replica,
                                uint64_t last_record, bool may_vote, bool votes);

/* ---- opening and turning ---- */

/* Steps 1 to 4. On failure *replica is NULL or to be freed by the caller as ever. */
enum status epochs_open(struct epochs *epochs, struct replica **replica, struct problem *problem);

/* Steps 5 and 6; *replica may be another one behind it. */
enum status epochs_restored(struct epochs *epochs, struct replica **replica, uint64_t last_record,
                            struct problem *problem);

/* Step 7. True: the host begins the checkpoint, and sets saving. */
bool epochs_due(const struct epochs *epochs, const struct replica *replica);

/* Steps 8 to 11. *replica is the new one as soon as there is one; on failure before that the old
 * one stays, fit only to be freed. */
enum status epochs_turn(struct epochs *epochs, struct replica **replica, struct moment moment,
                        struct problem *problem);

/* ---- while an epoch lasts ---- */

/* Number of the first record for replica_start. */
uint64_t epochs_first_record(const struct epochs *epochs);

/* Is a record of the replica to be kept? One that is not counts as let go ... */
bool epochs_keeps(struct epochs *epochs, uint64_t record);

/* ... and, for it promises nothing, as durable at once: the number for replica_durable; 0: none. */
uint64_t epochs_let_go(struct epochs *epochs);

/* Has the replica promised more than the safety file says? Then it is to be written, behind the
 * records that were appended before. */
bool epochs_raise(struct epochs *epochs, const struct replica *replica);

/* Frees what is owned here. */
void epochs_close(struct epochs *epochs);

#endif
