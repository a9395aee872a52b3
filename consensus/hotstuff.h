/* consensus/hotstuff.h -- chained HotStuff in two or three phases; what its files share.
 *
 * With `phases` 2 the protocol is Jolteon (Gelashvili et al., arXiv 2106.10362, section 3; DiemBFT
 * v4) with the order votes of later Diem descendants, here called commit votes. With `phases` 3 it
 * is the original (Yin et al., arXiv 1803.05069, algorithms 3 to 5) in the words of DiemBFT: views
 * and a lock that is a number. They differ in one rule of voting, in what is a decision, and in
 * whether there are commit votes; everything else is shared. Read README.md first; then
 *
 *     hotstuff.c          what is done with each event: the liveness half
 *     hotstuff_safety.c   the rules and the promises: everything that can break agreement
 *     hotstuff_chain.c    certificates, decisions, what is missing
 *     hotstuff_check.c    whether a message may be believed: pure, on any thread
 *     hotstuff_codec.c    attachments, proofs, records as bytes
 *     hotstuff_records.c  opening from records, and folding them
 *
 * Nobody but these files and their tests includes this header; the engine is used through
 * `hotstuff_ops` of engine.h.
 */
#ifndef CONSENSUS_HOTSTUFF_H
#define CONSENSUS_HOTSTUFF_H

#include "consensus/engine.h"
#include "consensus/pacer.h"
#include "consensus/tree.h"
#include "consensus/votes.h"

#include <assert.h>

/* Statements. All but SYNC_INFO are promises, one for each view. */
enum hotstuff_kind {
    PROPOSAL = 1,    /* index, view, digest of the proposal; by the view's leader */
    VOTE = 2,        /* the same fields: "I hold this proposal, and nothing forbids it" */
    COMMIT_VOTE = 3, /* the same fields: "I hold its certificate and had not left the view" */
    TIMEOUT = 4,     /* index 0, zeros; aux = view of the sender's highest certificate */
    SYNC_INFO = 5,   /* all zero, unsigned: certificates for a member that lags */
    HOTSTUFF_KINDS = 6,
};
static_assert((int)TIMEOUT == (int)VOTES_KINDS, "every promise is counted");

/* How many proposals in a row, each certified, decide the first of them. */
enum hotstuff_phases { TWO_CHAIN = 2, THREE_CHAIN = 3 };

static inline enum hotstuff_phases hotstuff_phases(const struct engine_config *config)
{
    return (enum hotstuff_phases)engine_option(config, "phases", TWO_CHAIN);
}

/* No honest view or index comes near; sums of them do not overflow. */
#define VIEW_LIMIT (UINT64_C(1) << 62)

/* A quorum of timeouts for one view and the highest certificate that any of them named. */
struct timeout_certificate {
    struct aux_certificate timeouts;
    struct certificate high;
};

/* Why a view may be entered: the certificate of the view before, or a timeout certificate of the
 * view before together with the highest certificate known. */
struct warrant {
    struct certificate high;
    bool has_timeouts;
    struct timeout_certificate timeouts;
};

/* A place on the decided chain. */
struct position {
    uint64_t index;
    uint64_t view;
    struct digest digest;
};

/* Why a proposal is decided. In a two-chain: a quorum of commit votes on it (COMMIT_VOTE
 * certificate), or a certificate of its child that was proposed in the very next view. In a
 * three-chain: a certificate of its grandchild, all three proposed in consecutive views. Each form
 * carries form - 1 headers: those between the decided proposal and the certificate. */
enum proof_form { PROOF_COMMIT_VOTES = 1, PROOF_TWO_CHAIN = 2, PROOF_THREE_CHAIN = 3 };

enum { PROOF_HEADERS_MAX = PROOF_THREE_CHAIN - 1 };

struct proof {
    enum proof_form form;
    struct proposal headers[PROOF_HEADERS_MAX]; /* form - 1 of them, the child first */
    struct certificate certificate;             /* of the last one, or commit votes */
    struct position position;                   /* what is decided; derived, not in the bytes */
};

enum { PROOF_BYTES_MAX = 1 + PROOF_HEADERS_MAX * PROPOSAL_BYTES + CERTIFICATE_BYTES_MAX };

/* What decides in one mode decides nothing in the other: two certified proposals are less than a
 * three-chain asks for. */
static inline bool proof_fits(enum proof_form form, enum hotstuff_phases phases)
{
    return (form == PROOF_THREE_CHAIN) == (phases == THREE_CHAIN);
}

/* ---- hotstuff_codec.c: bytes ---- */

/* timeouts may be NULL. */
void warrant_write(struct writer *w, const struct certificate *high,
                   const struct timeout_certificate *timeouts);
void warrant_read(struct reader *r, struct warrant *warrant);

enum status proposal_attachment_read(struct span bytes, struct proposal *proposal,
                                     struct warrant *warrant);
enum status timeout_attachment_read(struct span bytes, struct warrant *warrant);

/* proof may be empty: nothing is decided yet. */
enum status sync_attachment_read(struct span bytes, struct warrant *warrant, struct span *proof);

/* headers: form - 1 of them, the child first; NULL if none. */
void hotstuff_proof_write(struct writer *w, enum proof_form form, const struct proposal *headers,
                          const struct certificate *certificate);

/* Shape only, and fills in the position. */
enum status hotstuff_proof_read(struct span bytes, struct proof *proof);

struct statement proposal_statement(enum hotstuff_kind kind, const struct proposal *proposal);

/* Records, each `version u8 = 1 | type u8 | body`. */
enum record_type {
    RECORD_PROMISE = 1,      /* a statement, and what it rests on */
    RECORD_DECIDED = 2,      /* proposals decided since the last such record, and the proof */
    RECORD_CERTIFICATES = 3, /* the highest ones (fold) */
    RECORD_HEADER = 4, /* a proposal that we hold without having voted for it, or (fold) yet */
};

enum { RECORD_HEADERS_MAX = 1024 };

/* A record, decoded. Spans point into its bytes. */
struct record {
    enum record_type type;
    struct statement statement;
    bool has_header;
    struct proposal header;
    bool has_high;
    bool has_timeouts;
    bool has_lock;
    struct warrant warrant; /* the parts that it has */
    uint64_t lock_view;     /* r_lock from this promise on */
    struct span attachment; /* of a TIMEOUT, byte for byte */
    uint32_t headers_count; /* RECORD_DECIDED */
    struct span headers;    /* headers_count x PROPOSAL_BYTES */
    struct span proof;
};

struct record_parts {
    const struct proposal *header;
    const struct certificate *high;
    const struct timeout_certificate *timeouts;
    const uint64_t *lock_view; /* with a VOTE of a three-chain */
    struct span attachment;
};

void record_write_promise(struct writer *w, const struct statement *statement,
                          const struct record_parts *parts);
void record_write_decided(struct writer *w, const struct proposal *const *headers, size_t count,
                          struct span proof);
void record_write_certificates(struct writer *w, const struct record_parts *parts);
void record_write_header(struct writer *w, const struct proposal *header);
enum status record_read(struct span bytes, struct record *record);

/* ---- hotstuff_check.c ---- */

/* The certificate that everybody has: view 0, index 0, the root's digest, no signer. */
void certificate_of_root(const struct engine_config *config, struct certificate *certificate);

/* What admits to a view (> 0): Jolteon's evidence rule for proposals, and the same for timeouts.
 * Exactly one of
 *   (a) the certificate is of the view before, and there is no timeout certificate;
 *   (b) the view before timed out, and the certificate is older than that view but not older than
 *       any that the timeouts named: nothing higher can have been decided on. */
bool warrant_admits(const struct warrant *warrant, uint64_t view, enum hotstuff_phases phases);

enum status hotstuff_check(const struct engine_config *config, uint16_t from,
                           const struct message *message, struct message_facts *facts);
enum status hotstuff_check_decided(const struct engine_config *config,
                                   const struct proposal *proposal, struct span proof);

/* ---- The engine's memory ---- */

enum { RECENT_MAX = 256 };  /* decided headers that a fold repeats: so far may a ledger fall back */
enum { FETCH_REACH = 128 }; /* further behind than this, an anchor must help */

struct hotstuff {
    struct engine_config config;
    enum hotstuff_phases phases;
    struct pacer pacer;
    uint16_t quorum;
    uint16_t some_honest;   /* f + 1: among so many there is an honest one */
    uint64_t undecided_max; /* in flight at most, while views succeed */
    uint64_t now_ms;
    bool work;
    bool hollow;
    bool halted; /* two decisions contradict each other: more than f liars. We are silent. */

    uint64_t view; /* the present one; entered by high or by timeouts of the view before */
    uint64_t entered_ms;

    /* What we have promised: restored at open, before anything else may be signed. */
    uint64_t voted_view;               /* r_vote: voted or timed out in it, or in a later one */
    uint64_t one_chain_view;           /* r_1c: highest certificate we have acted on */
    uint64_t lock_view;                /* r_lock: three-chain only, else 0 */
    struct proposal last_proposal;     /* ours; view 0: none */
    struct proposal last_vote;         /* what we voted for; view 0: nothing */
    struct statement last_commit_vote; /* view 0: none */
    struct statement last_timeout;     /* its view is r_to; 0: none */
    uint8_t last_timeout_bytes[ATTACHMENT_BYTES_MAX];
    size_t last_timeout_size;

    /* What we know. */
    struct certificate high;             /* highest certificate */
    struct timeout_certificate timeouts; /* highest timeout certificate; view 0: none */
    uint64_t recorded_high;              /* views of those that stand in a record */
    uint64_t recorded_timeouts;
    struct tree tree;
    struct votes votes;
    struct certificate timeouts_high; /* highest certificate that a timeout of this view named */

    /* What is decided. */
    struct position decided; /* delivered up to here */
    bool decided_known;      /* else the ledger is ahead of us, and only its index is known */
    uint8_t decided_proof[PROOF_BYTES_MAX];
    size_t decided_proof_size;
    uint64_t decided_proof_index; /* what it proves; below decided.index if that is not known */
    struct proposal recent[RECENT_MAX]; /* decided headers, each at its index modulo */
    uint64_t progress_view;             /* view of the last decision, or of the opening */

    /* A decision that cannot be delivered yet, because proposals below it are missing. */
    bool has_goal;
    struct position goal;
    uint8_t goal_proof[PROOF_BYTES_MAX];
    size_t goal_proof_size;

    /* A proposal of the present view that waits for its parent. */
    bool has_parked;
    struct proposal parked;

    /* What is missing, and whom we asked. */
    bool fetching;
    struct digest fetch_digest;
    uint64_t fetch_at_ms; /* when to ask (again) */
    uint16_t fetch_from;
    uint64_t behind_index; /* noted as too far away */
    uint16_t hint;         /* who sent the last certificate */

    uint64_t deadline_ms; /* of the view; UINT64_MAX: nothing to wait for */
    struct {
        uint64_t view;
        uint64_t at_ms;
    } helped[COMMITTEE_MAX]; /* when we last sent SYNC_INFO to a member */

    uint64_t timeouts_count;
    uint64_t conflicts_count;

    /* Scratch for one step: too large for a stack. */
    struct warrant incoming;
    struct certificate formed;
    struct timeout_certificate formed_timeouts;
    struct proof proof;
    struct record record;
};

/* Observers follow, and a halted engine does not even do that: neither says anything. */
static inline bool takes_part(const struct hotstuff *h)
{
    return h->config.self != VALIDATOR_NONE && !h->halted;
}

static inline bool is_three_chain(const struct hotstuff *h)
{
    return h->phases == THREE_CHAIN;
}

/* ---- hotstuff_safety.c ---- */

/* What admits us to the present view besides h->high: NULL if that is of the view before. */
const struct timeout_certificate *entry_timeouts(const struct hotstuff *h);

bool safe_to_propose(const struct hotstuff *h);
bool safe_to_vote(const struct hotstuff *h, const struct proposal *proposal);
bool safe_to_commit_vote(const struct hotstuff *h, const struct certificate *certificate);
bool safe_to_time_out(const struct hotstuff *h);

void promise_proposal(struct hotstuff *h, const struct proposal *proposal, struct effects *out);
void promise_vote(struct hotstuff *h, const struct proposal *proposal, struct effects *out);
void promise_commit_vote(struct hotstuff *h, const struct certificate *certificate,
                         struct effects *out);
void promise_timeout(struct hotstuff *h, struct effects *out);

/* Sends again what still matters, in the very words of the first time. */
void repeat_promises(struct hotstuff *h, struct effects *out);
void repeat_timeout(struct hotstuff *h, struct effects *out);

/* ---- hotstuff_chain.c ---- */

/* May we build on this certified proposal: is it the decided one, or an undecided one that we hold?
 * If the ledger is ahead of us, whatever is certified at its sequence counts as decided: the
 * ledger holds the decided one, the chain above decides which it was, and no vote rests on it. */
bool chain_knows(const struct hotstuff *h, const struct digest *digest, uint64_t index);

void learn_certificate(struct hotstuff *h, const struct certificate *certificate,
                       struct effects *out);
void learn_timeouts(struct hotstuff *h, const struct timeout_certificate *timeouts,
                    struct effects *out);
void learn_warrant(struct hotstuff *h, const struct warrant *warrant, struct effects *out);
void learn_decision(struct hotstuff *h, const struct position *position, struct span proof,
                    struct effects *out);

/* Delivers what is decided, if nothing below it is missing. */
void chain_advance(struct hotstuff *h, struct effects *out);

/* A header of which the replica holds the batch. */
void learn_proposal(struct hotstuff *h, const struct proposal *proposal, struct effects *out);
void learn_anchor(struct hotstuff *h, const struct event *event, struct effects *out);

/* Delivers one proposal that is decided: COMMIT, and a place among the recent ones. */
void chain_deliver(struct hotstuff *h, const struct proposal *proposal, const struct digest *digest,
                   struct span proof, struct effects *out);

void keep_proof(struct hotstuff *h, uint64_t index, struct span proof);

/* Asks for what is missing, if anything is and it is time; returns when to look again. */
uint64_t chain_seek(struct hotstuff *h, struct effects *out);

void enter_view(struct hotstuff *h, uint64_t view, struct effects *out);

/* How many certified proposals are not decided. */
uint64_t undecided_count(const struct hotstuff *h);

/* Must something that is certified still be decided? */
bool decision_awaited(const struct hotstuff *h);

/* ---- hotstuff_records.c ---- */

size_t hotstuff_size(const struct engine_config *config);
enum status hotstuff_open(void *engine, const struct engine_config *config,
                          const struct span *records, size_t records_count, struct effects *out);
void hotstuff_fold(const void *engine, struct effects *out);

/* ---- hotstuff.c ---- */

/* After each step and at open: timer, fetch, invitation. */
void hotstuff_finish(struct hotstuff *h, struct effects *out);

#endif
