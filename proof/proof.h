/* proof/proof.h -- proof files: what they contain, byte for byte.
 *
 *     "WTNPROOF" | version u16 = 1 | kind u16 | chain id 32 | body
 *
 * A proof makes one claim about the ledger and carries everything that shows it, so that whoever
 * has the genesis file needs neither network nor trust. docs/reference/proofs.md is the
 * specification of every body and every check, and complete: what this folder does can be written
 * again from that page alone.
 *
 *     proof.h    the structs, decoding and writing            check.h  the list of the checks
 *     verify.h   proof_verify: genesis + bytes -> verdict     trust.h  sealed heads, remembered
 *     text.h     base64 armour, the JSON twin, proof_load     say.h    a verdict in words
 *     anchor.h   block 0 of a genesis
 *
 * Nothing here knows a database, a network or a clock. Nodes build proofs by filling in these
 * structs and calling proof_write.
 *
 * Spans, and pointers to hashes, borrow: after decoding they point into the file's bytes, in a
 * builder into memory of the builder's own. Parts that are found inside of other proofs (receipts,
 * state proofs) have no epochs of their own: the one chain of validator sets at the end of the file
 * serves every sealed block in it.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include "crypto/merkle.h"
#include "format/records.h"
#include "format/seal.h"
#include "proof/check.h"

enum {
    PROOF_VERSION = 1,
    PROOF_HEAD_BYTES = 44,               /* magic, version, kind, chain id */
    PROOF_BYTES_MAX = 256 * 1024 * 1024, /* of a whole file */
    PROOF_EPOCHS_MAX = 10000,            /* items of a chain of validator sets */
    PROOF_MOVEMENTS_MAX = 1000000,       /* lines of a statement */
    PROOF_EFFECTS_BYTES_MAX = 1024 * 1024,
    STATE_DEPTH_MAX = 256,
    STATE_BITMAP_BYTES_MAX = 32,
    WINDOW_STEP_MS = 1024, /* a window path speaks of times t ... t + 1023 */
};

/* X(name, number, word of the JSON twin) */
#define PROOF_KIND_LIST(X) \
    X(ANCHOR, 0, "anchor") \
    X(SEAL, 1, "seal") \
    X(EPOCHS, 2, "epochs") \
    X(RECEIPT, 3, "receipt") \
    X(CONSISTENCY, 4, "consistency") \
    X(STATE, 5, "state") \
    X(ABSENCE, 6, "absence") \
    X(STATEMENT, 7, "statement") \
    X(SNAPSHOT, 8, "snapshot") /* reserved: refused as unknown */ \
    X(EVIDENCE, 9, "evidence") \
    X(RECOVERY, 10, "recovery") /* reserved: refused as unknown */

enum proof_kind {
#define X(name, number, word) PROOF_##name = number,
    PROOF_KIND_LIST(X)
#undef X
};

const char *proof_kind_word(unsigned kind); /* NULL beyond the list */

/* ---- shared parts ---------------------------------------------------------------------------- */

/* path = u8 count | hashes: of a Merkle tree, from the leaf upwards. */
struct proof_path {
    uint8_t count; /* at most MERKLE_PATH_MAX */
    const struct digest *hashes;
};

/* sealed = header | seal. The seal stays as its bytes (seal_write): decoded it takes 17 KiB. */
struct sealed {
    struct header header;
    struct span seal;
};

/* One item of a chain: u8 kind 0 | sealed last block of a finished epoch | the next validator set
 * (committee_encode). Kind 1, a recovery, is reserved. */
struct epoch_item {
    struct sealed boundary;
    struct span validators;
};

/* epochs = u32 count | items: item e ends epoch e. */
struct epoch_chain {
    uint32_t count;
    struct span items; /* count of them, as epoch_item_write wrote them one behind the other */
};

/* Walks the items of a chain that was decoded: *rest starts as chain->items; false at the end. */
bool epoch_item_next(struct span *rest, struct epoch_item *item);

/* state_path = u16 depth | bitmap of the siblings that are not empty, ceil(depth / 8) bytes |
 * their hashes, from the leaf (level depth - 1) up to the root (level 0). Level d is bit d of the
 * bitmap, counted from the most significant bit of its first byte as in paths; the bits behind
 * depth are zero. */
struct state_siblings {
    uint16_t depth; /* at most STATE_DEPTH_MAX */
    uint8_t bitmap[STATE_BITMAP_BYTES_MAX];
    uint16_t count; /* bits set */
    const struct digest *hashes;
};

/* From all siblings, siblings[d] being that of level d and zeros where it is empty. room, for depth
 * digests, keeps the hashes and belongs to the caller. */
void state_siblings_set(struct state_siblings *path, const struct digest *siblings, uint16_t depth,
                        struct digest *room);

/* The sibling of a level; zeros if it is empty. */
struct digest state_sibling(const struct state_siblings *path, uint16_t level);

/* ---- bodies ---------------------------------------------------------------------------------- */

/* P0. body = header of block 0 | bytes32 canonical genesis document. No epochs. */
struct anchor_proof {
    struct header header;
    struct span document;
};

/* P3. body = entry record | u8 0 or 1 | bytes32 transaction, if 1 | u8 0 or 1 | bytes32 effects,
 * if 1 | index u32 | path | u8 0: sealed, or 1: header, sealed, path | u16 0 (cosignatures:
 * reserved) */
struct receipt {
    struct entry_record entry;
    struct span transaction; /* empty: withheld, or the entry has none */
    struct span effects;     /* empty: withheld. (No effects are a list of none, two bytes.) */
    uint32_t index;
    struct proof_path path; /* of the entry in tx_root */
    bool later;             /* sealed is a later block than the entry's */
    struct header header;   /* later: of the entry's block */
    struct sealed sealed;
    struct proof_path history; /* later: of the entry's block in the later one's history_root */
};

/* The header of the entry's block. */
static inline const struct header *receipt_header(const struct receipt *receipt)
{
    return receipt->later ? &receipt->header : &receipt->sealed.header;
}

/* P4. body = first sealed | second sealed | consistency path | inclusion path */
struct consistency_proof {
    struct sealed first, second;
    struct proof_path consistency; /* of their history_roots, sizes their heights */
    struct proof_path inclusion;   /* of the first as leaf in the history_root of the second */
};

enum state_form {
    STATE_PRESENT = 1, /* object | bytes32 value | state_path | sealed */
    STATE_ABSENT = 2,  /* object | not_after_ms u64, if of the window | its path 32 | u8 0, or 1 and
                          the neighbour's path 32, value hash 32 | state_path | sealed */
    STATE_BETWEEN = 3, /* object | last receipt | next receipt */
    STATE_SINCE = 4,   /* object | last receipt | bytes32 value | state_path | sealed */
};

/* P5. body = u8 form | object and the rest; object = kind u8 | bytes16 key. The path of an absent
 * object follows from the rest; it stands there so that no bit of a key can turn the proof into
 * that of another object which is absent too. The writer computes it. */
struct state_proof {
    enum state_form form;
    uint8_t kind; /* enum record_kind */
    struct span key;
    struct span value;     /* PRESENT, SINCE */
    uint64_t not_after_ms; /* ABSENT of the window: a multiple of WINDOW_STEP_MS; else 0 */
    bool has_neighbour;    /* ABSENT */
    struct digest neighbour_path, neighbour_value_hash;
    struct state_siblings path; /* all but BETWEEN */
    struct sealed sealed;       /* all but BETWEEN */
    struct receipt last;        /* BETWEEN, SINCE: with its effects */
    struct receipt next;        /* BETWEEN: with its effects */
};

enum absence_form {
    ABSENCE_STATE = 1, /* state proof, PRESENT or ABSENT: of the window entry or, if the body has an
                          order, of the lane */
    ABSENCE_OTHER = 2, /* receipt of another transaction with the same place in the lane */
};

/* P6. body = txid 32 | bytes32 body | u8 form | state proof or receipt */
struct absence_proof {
    struct digest txid;
    struct span body;
    enum absence_form form;
    struct state_proof state;
    struct receipt other;
};

enum closing_form {
    CLOSING_STATE = 1, /* state proof of the balance, PRESENT, or ABSENT if it never moved */
    CLOSING_NEXT = 2,  /* receipt of the next movement, with its effects: it chains to the head */
};

/* P7. body = account 16 | asset 16 | from u64 | to u64 | head 32 | u32 count | count x movement 128
 * | u8 form | state proof or receipt */
struct statement_proof {
    struct id account, asset;
    uint64_t from_height, to_height;
    struct digest head; /* before the first movement; zeros before movement 1 */
    uint32_t count;
    struct span movements; /* count x MOVEMENT_BYTES, as movement_encode wrote them */
    enum closing_form form;
    struct state_proof state;
    struct receipt next;
};

/* The path of its object; of a window entry by the time in the value or, absent, in the proof. A
 * value that does not decode gives the path of time 0. */
struct digest state_proof_path(const struct state_proof *state);

/* Movement number `index` of a statement. */
struct movement statement_movement(const struct statement_proof *statement, uint32_t index);

/* movement_encode, back. */
void movement_read(struct reader *r, struct movement *movement);

enum evidence_type {
    EVIDENCE_EQUIVOCATION = 1, /* epoch u64 | height u64 | validator u16 | hash 32 | hash 32 |
                                  signature 64 | signature 64; hashes ascending */
    EVIDENCE_FORK = 2,         /* sealed | epochs | u8 fork form | sealed */
};

enum fork_form {
    FORK_HEIGHT = 1,  /* one height, two hashes, ascending */
    FORK_HISTORY = 2, /* hash 32 | path: the block that the higher one has at the lower one's
                         height */
};

/* P9. body = u8 type | the rest */
struct evidence_proof {
    enum evidence_type type;
    uint64_t epoch, height; /* EQUIVOCATION, and the next three */
    uint16_t validator;     /* index in the set of the epoch */
    struct digest hashes[2];
    struct signature signatures[2];
    struct sealed first;             /* FORK: at the lower height */
    struct epoch_chain first_epochs; /* the chain at the end of the file is the second's */
    enum fork_form form;
    struct digest other;          /* FORK_HISTORY: hash of the block in its place */
    struct proof_path other_path; /* and its path in the second's history_root */
    struct sealed second;
};

/* A whole file. About 6 KiB. */
struct proof {
    enum proof_kind kind;
    struct digest chain_id;
    union {
        struct anchor_proof anchor;
        struct sealed seal; /* P1. P2 has nothing but its epochs */
        struct receipt receipt;
        struct consistency_proof consistency;
        struct state_proof state;
        struct absence_proof absence;
        struct statement_proof statement;
        struct evidence_proof evidence;
    };
    struct epoch_chain epochs; /* every kind but P0 */
};

/* ---- reading --------------------------------------------------------------------------------- */

/* Why bytes are not a proof. */
struct proof_refusal {
    enum proof_check check;
    size_t offset; /* where in the bytes */
    char text[160];
};

/* Takes a file apart. Strict: what is accepted is what proof_write writes, byte for byte.
 * STATUS_OK or STATUS_REFUSED, and *refusal (may be NULL) says which check. Nothing is verified but
 * the form. */
enum status proof_decode(struct span bytes, struct proof *proof, struct proof_refusal *refusal);

/* The seal of a sealed block, without a struct of 17 KiB. */
struct seal_view {
    uint64_t epoch;
    uint64_t height;
    struct digest block_hash;
    uint16_t count;
    struct span signatures; /* count x (validator u16 | signature 64) */
};
enum { SEAL_SIGNATURE_BYTES = 66 };
void seal_view_read(struct reader *r, struct seal_view *view); /* shape; not the order */
struct seal_view seal_view_of(struct span seal);               /* of bytes that passed once */
struct seal_signature seal_view_signature(const struct seal_view *view, uint16_t number);

/* ---- writing --------------------------------------------------------------------------------- */

/* A whole file. Errors are the writer's: STATUS_TOO_LARGE, STATUS_NO_MEMORY. Counts must be within
 * the limits above, and what a form does not use is ignored. */
void proof_write(struct writer *w, const struct proof *proof);

/* Its parts, without head and epochs. For builders: sealed.seal and chain.items are the bytes that
 * seal_write and epoch_item_write wrote. */
void proof_head_write(struct writer *w, enum proof_kind kind, const struct digest *chain_id);
void proof_path_write(struct writer *w, const struct proof_path *path);
void sealed_write(struct writer *w, const struct sealed *sealed);
void epoch_item_write(struct writer *w, const struct header *boundary, const struct seal *seal,
                      const struct committee *next);
void epoch_chain_write(struct writer *w, const struct epoch_chain *chain);
void state_siblings_write(struct writer *w, const struct state_siblings *path);
void receipt_write(struct writer *w, const struct receipt *receipt);
void state_proof_write(struct writer *w, const struct state_proof *state);

#endif
