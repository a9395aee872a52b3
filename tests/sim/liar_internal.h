/* tests/sim/liar_internal.h -- what the files of the liar share.
 *
 *     liar.c           who is told the truth and who a lie; one entry for every lie
 *     liar_memory.c    what it has heard and said
 *     liar_make.c      statements, messages and certificates of its own making
 *     liar_fields.c    where the fields of a frame lie (liar_fields.h)
 *     lie_*.c          the lies
 *
 * A lie is told on occasion of a frame that the replica inside wants to send (`says`), of one that
 * it gets (`hears`), or without any (`tick`). What must be the same for everybody who is told it,
 * an equivocation's two proposals or whom silence is kept to, is drawn from a stream of the view or
 * of the window of time (scene_of), not from the lie's own stream: then it does not matter how
 * often it is asked.
 *
 * What is heard may come from another liar and is believed by nobody here; it is kept as far as it
 * decodes, and certificates only if they are of this committee's size.
 */
#ifndef SIM_LIAR_INTERNAL_H
#define SIM_LIAR_INTERNAL_H

#include "consensus/hotstuff.h"
#include "format/seal.h"
#include "liar.h"
#include "node/frame.h"
#include "random.h"

enum {
    HEARD_MAX = 256,               /* frames, and their bytes: */
    HEARD_BYTES_MAX = 4096 * 1024, /* (a frame beyond an eighth of it is not kept) */
    CERTIFICATES_MAX = 16,         /* the root's besides */
    WARRANTS_MAX = 4,              /* of the views heard of last */
    PROPOSALS_MAX = 32,
    BALLOTS_MAX = 8,   /* views of which timeouts are kept */
    HELD_MAX = 64,     /* frames kept back */
    WINDOW_TICKS = 20, /* a scene of silence, or of claims, lasts so long */
};

enum {
    SEAL_SIGNED_BYTES = 48, /* of a seal and of a vote for one: epoch, height, hash; in front */
    STREAM_FORGING = 900,
};

/* A frame, heard or said: then from is the liar itself. */
struct heard {
    uint16_t from;
    uint8_t frame;
    struct blob *blob;
};

struct known_proposal {
    struct proposal proposal;
    struct digest digest;
    struct blob *blob; /* the whole message */
};

/* Timeouts of one view: who signed which aux. */
struct ballots {
    uint64_t view;
    struct signer_set signers;
    uint64_t aux[MEMBERS_MAX];
    struct signature signatures[MEMBERS_MAX];
};

/* The second of two proposals in a view that the liar leads. view 0: none. */
struct second {
    uint64_t view;
    struct blob *blob; /* the message; NULL: there is only one proposal in this view */
    struct proposal proposal;
    uint64_t believers; /* members that are told the second one */
    enum lie_kind lie;
};

struct held {
    uint16_t to;
    uint8_t frame;
    struct blob *blob; /* NULL: free */
    uint64_t until_tick;
};

struct liar {
    struct liar_config config;
    struct domain domain;
    struct pacer pacer;
    uint16_t members, quorum;
    uint64_t ticks, view, index, sealed_height;
    struct stream choice;
    struct stream streams[LIE_KINDS];
    struct stream forging; /* of lie_forge.c */
    uint64_t counts[LIE_KINDS];

    struct heard heard[HEARD_MAX];
    uint64_t heard_first, heard_count; /* numbers of the oldest kept, and of the next */
    size_t heard_bytes;
    struct known_proposal proposals[PROPOSALS_MAX];
    uint64_t proposals_count;
    struct certificate root; /* count 0: not heard yet */
    struct certificate certificates[CERTIFICATES_MAX];
    uint64_t certificates_count;
    struct warrant warrants[WARRANTS_MAX];
    uint64_t warrant_views[WARRANTS_MAX]; /* into which each admits; 0: none */
    uint64_t warrants_count;
    struct ballots ballots[BALLOTS_MAX];

    struct second second;
    struct held held[HELD_MAX];
    struct warrant warrant; /* scratch: too large for a stack */
    struct timeout_certificate timeouts;
};

/* ---- liar.c ---- */

static inline bool lies_by(const struct liar *liar, enum lie_kind lie)
{
    return (liar->config.plan->lies >> lie & 1) == 1;
}

/* This occasion is taken. */
bool lie_chance(struct liar *liar, enum lie_kind lie);

/* A stream that depends on the lie and a number alone. */
struct stream scene_of(const struct liar *liar, enum lie_kind lie, uint64_t number);

/* Is this scene one of that lie? More often than single messages are lies: there are few scenes. */
bool scene_chance(const struct liar *liar, struct stream *scene);

/* Another member, any. NODE_ALL if there is none. */
uint16_t liar_target(struct liar *liar, enum lie_kind lie);

/* To one member, or to every other one (NODE_ALL). Not what no connection would carry: unknown
 * kinds and frames beyond their limit end it before a replica sees them. */
void liar_send(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
/* The same, and drops the reference; NULL is nothing. */
void liar_send_made(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
/* A vote and a commit vote of ours for it; a three-chain knows no commit votes. */
void liar_send_votes(struct liar *liar, uint16_t to, const struct proposal *proposal);
/* What was written, unless it did not fit; frees the writer. */
void liar_send_written(struct liar *liar, uint16_t to, uint8_t frame, struct writer *w);

/* ---- liar_memory.c ---- */

void memory_free(struct liar *liar);
void memory_add(struct liar *liar, uint16_t from, uint8_t frame, struct blob *blob);

/* Any frame that is remembered, of this kind (0: any), or NULL. */
const struct heard *memory_frame(struct liar *liar, struct stream *s, uint8_t frame);
const struct known_proposal *memory_proposal(const struct liar *liar, struct stream *s);
const struct known_proposal *memory_find(const struct liar *liar, const struct digest *digest);

/* One of a view below this one, the root's included; or NULL. */
const struct certificate *memory_certificate(const struct liar *liar, struct stream *s,
                                             uint64_t below_view);
/* What admitted somebody to this view, or NULL. */
const struct warrant *memory_warrant(const struct liar *liar, uint64_t view);
const struct ballots *memory_ballots(const struct liar *liar, uint64_t view);

/* ---- liar_make.c ---- */

void make_signature(const struct liar *liar, const struct statement *statement,
                    struct signature *signature);
struct digest make_digest(struct stream *s);

/* Signs (but for an unsigned kind) and encodes. NULL if it is too large. */
struct blob *make_message(const struct liar *liar, struct message *message);

/* A bare, signed statement: votes, and what looks like one. */
struct blob *make_statement(const struct liar *liar, const struct statement *statement);
struct blob *make_vote(const struct liar *liar, enum hotstuff_kind kind,
                       const struct proposal *proposal);

/* timeouts may be NULL. The statement is the header's. */
struct blob *make_proposal(const struct liar *liar, const struct proposal *proposal,
                           const struct certificate *high,
                           const struct timeout_certificate *timeouts, struct span batch);
struct blob *make_timeout(const struct liar *liar, uint64_t view, const struct certificate *high,
                          const struct timeout_certificate *timeouts);
struct blob *make_sync_info(const struct liar *liar, const struct certificate *high,
                            const struct timeout_certificate *timeouts);

/* Out of timeouts that were heard for this view, and one of our own that names nothing: the quorum
 * that names the lowest certificates. False if they are too few, or the certificate they name is
 * not known. */
bool make_timeouts(const struct liar *liar, uint64_t view, struct timeout_certificate *timeouts);

/* Another batch with the same head: `how` counts the ways. w is the caller's to free. */
enum { BATCH_WAYS = 7 };
void make_batch(struct stream *s, uint64_t how, struct span batch, struct writer *w);

/* Makes a message that was changed byte for byte agree with itself again: the header names the
 * batch that is there, the statement the header, and the signature is ours. Not if it does not
 * decode; `deep`: more than the signature. */
void make_agree(const struct liar *liar, struct blob *message, bool deep);

/* A seal vote of ours as a frame. */
struct blob *make_seal_vote(const struct liar *liar, uint64_t height, const struct digest *hash);

/* ---- lie_*.c ----
 *
 * says: true if the lie was told, in the place of the frame; it sends the frame itself if the
 * member is to get it too. tick, hears: true if something was said. */

bool lie_equivocate_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_equivocate_hears(struct liar *liar, uint16_t from, uint8_t frame, struct span payload);
bool lie_stale_tick(struct liar *liar);
bool lie_withhold_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_withhold_tick(struct liar *liar);
bool lie_twice_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_twice_hears(struct liar *liar, uint16_t from, uint8_t frame, struct span payload);
bool lie_twice_tick(struct liar *liar);
bool lie_mutate_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_garbage_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_garbage_tick(struct liar *liar);
bool lie_replay_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_replay_tick(struct liar *liar);
bool lie_future_tick(struct liar *liar);
bool lie_sync_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_sync_tick(struct liar *liar);
uint64_t lie_sync_claims(struct liar *liar, uint64_t sealed_height);
/* lie_forge.c: the answer with something forged in it; false: not this time. */
bool forge_blocks(struct liar *liar, uint16_t to, struct span payload);
bool forge_anchor(struct liar *liar, uint16_t to, struct span payload);
bool lie_seal_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_seal_tick(struct liar *liar);
bool lie_timeouts_says(struct liar *liar, uint16_t to, uint8_t frame, struct blob *blob);
bool lie_timeouts_tick(struct liar *liar);

#endif
