/* node/safety.h -- the two-slot file that repeats the highest promises ever made.
 *
 * A journal that was lost, cut by hand or restored from a backup has forgotten promises, and a
 * validator that forgot a promise may make its opposite. This small file notices: it is bound to
 * the seal key and the chain, made together with them by `init` and never made again, and it names
 * the journal's last record. A journal that ends before it is a lost journal; without a valid slot
 * nobody knows. In both cases the node follows and serves, but neither votes nor seals again under
 * that key. Never copied, never restored from a backup.
 *
 *     2 slots of 512 bytes:
 *     "WITNSAFE" | version u16 = 1 | seal key 32 | chain id 32 | counter u64 | epoch u64 |
 *     16 x (epoch u64 | slot u64) | sealed height u64 | sealed hash 32 | journal record u64 |
 *     zeros | crc32c u32 (the last four bytes)
 *
 * Slots are written in turn, so that a torn write leaves the other one. Writing is cheap and does
 * not sync: after a killed process the kernel's copy survives, and after a power cut an older slot
 * can only understate, never forbid too little that the journal does not know better. Written after
 * each group sync of the journal; synced when opened, at each new segment, each second when
 * changed, at stop.
 */
#ifndef NODE_SAFETY_H
#define NODE_SAFETY_H

#include "crypto/signer.h"

enum { SAFETY_SLOTS = 2, SAFETY_SLOT_BYTES = 512 };

/* The highest slot promised for a kind of statement: view or height within an epoch. */
struct safety_mark {
    uint64_t epoch;
    uint64_t slot; /* 0, 0: none yet */
};

struct safety_state {
    struct public_key seal_key;
    struct digest chain_id;
    uint64_t counter; /* set by safety_write; the higher of two valid slots is the newer */
    uint64_t epoch;
    struct safety_mark highest[SIGNER_KINDS]; /* by signer kind, SIGNER_KIND_SEAL included */
    uint64_t sealed_height; /* highest block this node has seen sealed, and its hash */
    struct digest sealed_hash;
    uint64_t journal_record; /* durable when this was written */
};

struct safety; /* an open safety file */

/* What safety_open found. */
struct safety_report {
    bool slot_bad[SAFETY_SLOTS]; /* unreadable or failing its checksum */
};

/* Makes the file (0600), both slots filled, file and directory synced. STATUS_EXISTS if it is
 * there: promises are never reset. Called by init, once for a seal key. */
enum status safety_create(const char *path, const struct public_key *seal_key,
                          const struct digest *chain_id, struct problem *problem);

/* Opens for reading and writing, gives the newest valid slot, and writes and syncs it once more,
 * into the other one, before it is believed. STATUS_NOT_FOUND: no file. STATUS_DAMAGED: no valid
 * slot. STATUS_MISMATCH: of another seal key or chain. STATUS_UNSUPPORTED: newer version. With one
 * bad slot it is STATUS_OK and the report says so: warn, and go on with the other one. report may
 * be NULL. STATUS_IO: it cannot be read, or not be written. */
enum status safety_open(struct safety **safety, const char *path, const struct public_key *seal_key,
                        const struct digest *chain_id, struct safety_state *state,
                        struct safety_report *report, struct problem *problem);
void safety_close(struct safety *safety);

/* Writes the state into the older slot, with the next counter. No sync. key and chain of the state
 * are overwritten by the file's own. STATUS_IO: as with the journal, the process ends. */
enum status safety_write(struct safety *safety, const struct safety_state *state);

/* fdatasync, if anything was written since the last one. */
enum status safety_sync(struct safety *safety);

/* Written since the last sync? */
bool safety_changed(const struct safety *safety);

/* Pure codec, for tests and tools. Decode: STATUS_DAMAGED, STATUS_UNSUPPORTED. */
void safety_encode(const struct safety_state *state, uint8_t slot[SAFETY_SLOT_BYTES]);
enum status safety_decode(const uint8_t slot[SAFETY_SLOT_BYTES], struct safety_state *state);

#endif
