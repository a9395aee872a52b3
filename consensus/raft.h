/* consensus/raft.h -- Raft; what its files share.
 *
 * Ongaro, "Consensus: Bridging Theory and Practice" (2014), figure 3.1, with pre-vote (9.6), check
 * quorum (6.2), leadership transfer (3.10), ReadIndex (6.4), learners (4.2.1) and joint consensus
 * (4.3). A view of engine.h is a *term*, a proposal is a *log entry*: its view is the term of the
 * leader that made it, and its parent's digest is that of the entry before. So an entry's digest
 * covers the whole log up to it, and the log matching property can be checked instead of believed.
 *
 * Members may crash, forget nothing, and do not lie. What they say to each other is authenticated
 * by the transport and not signed, but for VOTE: that one promise for each term goes through the
 * signer, so that no mistake of this code can give two.
 *
 *     raft.c           what is done with each event; terms and roles
 *     raft_election.c  pre-vote, votes, leadership
 *     raft_append.c    replication and commit
 *     raft_log.c       the log in memory, and which members its entries make
 *     raft_members.c   quorums; joint consensus, transfer, reads
 *     raft_check.c     whether a message may be believed: pure, on any thread
 *     raft_codec.c     attachments, proofs, records as bytes
 *     raft_records.c   opening from records, and folding them
 *
 * Nobody but these files and their tests includes this header; the engine is used through
 * `raft_ops` of engine.h. How it works, drawn: README.md.
 */
#ifndef CONSENSUS_RAFT_H
#define CONSENSUS_RAFT_H

#include "consensus/engine.h"

/* Statements. Only VOTE is signed. `view` is the sender's term unless it says otherwise. */
enum raft_kind {
    VOTE = 1,         /* aux = the candidate's index; one for each term, durable before it leaves */
    VOTE_REQUEST = 2, /* index, aux = index and term of the candidate's last entry */
    VOTE_REFUSAL = 3,
    PRE_VOTE_REQUEST = 4, /* as VOTE_REQUEST, of the term that would be campaigned for */
    PRE_VOTE = 5,         /* view = the term asked for */
    PRE_VOTE_REFUSAL = 6,
    APPEND = 7,         /* index = of the entry before; digest = of the entry carried, or before */
    ACK = 8,            /* index = the last entry that is durable and agrees with the leader's */
    APPEND_REFUSAL = 9, /* index = of the entry before that does not stand in our log */
    TIMEOUT_NOW = 10,   /* campaign at once: leadership is handed to you */
    READ_REQUEST = 11,  /* aux = the reader's number */
    READ_INDEX = 12,    /* the answer; index = what must be executed before reading */
    RAFT_KINDS = 13,
};

/* No honest term or index comes near; sums of them do not overflow. */
#define TERM_LIMIT (UINT64_C(1) << 62)

/* What somebody else may make us believe. A term that is adopted must leave room for campaigns of
 * our own: one at the limit could not be written down, and the journal would not open again. */
#define TERM_HEARD_MAX (TERM_LIMIT >> 1)

enum {
    LOG_MAX = 1024,     /* entries in memory: the retained ones and those that are not committed */
    LOG_RETAINED = 512, /* committed entries kept for followers; who needs older ones is sent sealed
                           blocks by the replica */
    IN_FLIGHT_MAX = 8,  /* a leader's entries that are not committed, and on their way to a
                           follower */
    READS_MAX = 256,    /* reads that wait for a leader's confirmation */
    ROUNDS_MAX = 64,    /* heartbeats whose time of sending is remembered */
};

/* ---- Who takes part ---- */

enum { MEMBERS_BYTES = 1 + 3 * ((COMMITTEE_MAX + 7) / 8) };

/* ---- raft_codec.c: bytes ---- */

void members_write(struct writer *w, const struct members *members);
void members_read(struct reader *r, struct members *members);

/* What stands in an entry that changes the members, in place of a batch's digest. */
struct digest members_digest(const struct members *members);

/* An entry of the log; proposals of other engines have no members. */
struct log_entry {
    struct proposal proposal;
    struct digest digest;
    bool has_members;
    struct members members;
};

void log_entry_write(struct writer *w, const struct log_entry *entry);
void log_entry_read(struct reader *r, struct log_entry *entry); /* and computes the digest */

/* APPEND, besides its statement. */
struct append {
    uint64_t before_view; /* term of the entry before */
    uint64_t commit;
    uint64_t round; /* which heartbeat this belongs to; comes back in ACK's aux */
    bool has_entry;
    struct log_entry entry;
};

void append_write(struct writer *w, const struct append *append);
enum status append_read(struct span bytes, struct append *append);

/* APPEND_REFUSAL, besides its statement: where the follower's log may agree. */
struct refusal {
    uint64_t last;           /* the follower's last index */
    uint64_t conflict_view;  /* term of its entry at the refused index; 0 if it has none */
    uint64_t conflict_first; /* the first index of that term in its log */
};

void refusal_write(struct writer *w, const struct refusal *refusal);
enum status refusal_read(struct span bytes, struct refusal *refusal);

/* Why a proposal is decided: a leader said that it is committed. In a model without lies that is
 * enough; whoever must not believe it has the seals. */
enum { COMMIT_PROOF_BYTES = 1 + 8 + 8 + 32 };
void commit_proof_write(struct writer *w, const struct proposal *proposal,
                        const struct digest *digest);
enum status commit_proof_check(const struct proposal *proposal, struct span proof);

/* Records, each `version u8 = 1 | type u8 | body`. */
enum raft_record_type {
    RECORD_TERM = 1,   /* term, and whom we voted for in it */
    RECORD_ENTRY = 2,  /* appended at its index; what stood there or above is gone */
    RECORD_COMMIT = 3, /* the log is committed up to here */
    RECORD_LOG = 4,    /* the whole log anew: its base, and entries that are committed */
};

/* The entry before the first one in memory: decided, or the root. */
struct log_base {
    uint64_t index;
    uint64_t view;
    struct digest digest;
    struct members members; /* as of that entry; nobody: an anchor did not say */
};

struct raft_record {
    enum raft_record_type type;
    uint64_t term;          /* TERM */
    uint16_t voted_for;     /* TERM; VALIDATOR_NONE: nobody */
    struct log_entry entry; /* ENTRY */
    uint64_t commit;        /* COMMIT */
    struct log_base base;   /* LOG */
    uint32_t entries_count;
    struct reader entries; /* LOG: log_entry_read them from here, entries_count times */
};

void record_write_term(struct writer *w, uint64_t term, uint16_t voted_for);
void record_write_entry(struct writer *w, const struct log_entry *entry);
void record_write_commit(struct writer *w, uint64_t commit);

/* The head of a LOG record; count entries follow. */
void record_write_log(struct writer *w, const struct log_base *base, uint32_t count);
enum status raft_record_read(struct span bytes, struct raft_record *record);

/* ---- raft_log.c ---- */

struct raft_log {
    struct log_base base;
    uint64_t last;                     /* index of the last entry; the base's if there is none */
    uint64_t members_index;            /* of the last entry that changes members, or the base's */
    struct log_entry entries[LOG_MAX]; /* each at its index modulo; base.index + 1 .. last */
};

void log_reset(struct raft_log *log, const struct log_base *base);
bool log_has(const struct raft_log *log, uint64_t index); /* in memory: above the base */
const struct log_entry *log_at(const struct raft_log *log, uint64_t index); /* log_has it */

/* Of an entry in memory or the base. */
uint64_t log_view(const struct raft_log *log, uint64_t index);
const struct digest *log_digest(const struct raft_log *log, uint64_t index);

uint64_t log_last_view(const struct raft_log *log);
bool log_is_full(const struct raft_log *log);

/* The entry's parent stands at its index - 1, which the caller has checked. What stood at its index
 * or above is dropped. */
void log_put(struct raft_log *log, const struct log_entry *entry);

/* Forgets entries up to index, which is in memory, and committed. */
void log_forget(struct raft_log *log, uint64_t index);

/* The members after the last entry: a change is in force when it is appended (4.1). */
const struct members *log_members(const struct raft_log *log);

/* The members after the entry before index. */
const struct members *log_members_before(const struct raft_log *log, uint64_t index);

/* ---- The engine's memory ---- */

enum raft_role { FOLLOWER, PRE_CANDIDATE, CANDIDATE, LEADER };

/* What a leader knows of a follower. */
struct progress {
    uint64_t match;    /* its log agrees with ours up to here, durably; only an ACK raises it */
    uint64_t next;     /* the next entry to send */
    bool streaming;    /* an ACK has come since the last refusal: many may be on their way */
    bool probed;       /* one probe a heartbeat is enough while it does not answer */
    uint64_t round;    /* the highest heartbeat that it has answered */
    uint64_t heard_ms; /* when it last answered */
};

struct read {
    uint16_t from; /* who asked: ourselves, or a follower */
    uint64_t number;
    uint64_t
        index; /* committed when it was asked; UINT64_MAX: our term has committed nothing yet */
    uint64_t round; /* the heartbeat that must be answered by a quorum */
};

struct raft {
    struct engine_config config;
    uint64_t heartbeat_ms;
    uint64_t election_ms_min;
    uint64_t election_ms_max;
    uint64_t lease_ms; /* 0: reads ask a quorum */
    uint64_t random;
    uint64_t now_ms;
    uint64_t opened_ms;
    bool halted; /* two decisions contradict each other: this is not the crash-fault model any more
                  */

    uint64_t term;
    uint16_t voted_for;
    uint64_t vote_term; /* of our last vote, and for whom; 0: none. A fold tells it again: */
    uint16_t vote_for;  /* a journal that does not know it has lost promises */
    struct raft_log log;

    uint64_t commit;    /* the log is decided up to here */
    uint64_t delivered; /* COMMITs were emitted, or the ledger held it, up to here */
    bool placed;        /* we know the digest of the entry at `delivered` */

    enum raft_role role;
    uint16_t leader;           /* of this term, or VALIDATOR_NONE */
    uint64_t heard_ms;         /* when we last heard of the leader */
    uint64_t deadline_ms;      /* when to campaign; a leader: when the next heartbeat is due */
    struct signer_set granted; /* to us: pre-votes or votes of this campaign */

    /* Leader. */
    struct progress progress[COMMITTEE_MAX];
    uint64_t led_since_ms;
    uint64_t round; /* of the last heartbeat */
    uint64_t round_sent_ms[ROUNDS_MAX];
    struct read reads[READS_MAX];
    uint32_t reads_count;
    uint16_t transfer_to; /* VALIDATOR_NONE: nobody */
    uint64_t transfer_until_ms;
    bool handed_over; /* in this term somebody was told to campaign: no lease any more */

    uint64_t elections_count;
    uint64_t conflicts_count;

    struct append incoming; /* scratch of one step */
};

static inline bool takes_part(const struct raft *r)
{
    return r->config.self != VALIDATOR_NONE && !r->halted;
}

/* ---- raft.c ---- */

/* A message without an attachment, at once: it promises nothing about our disk. */
void send_early(struct raft *r, uint16_t to, const struct statement *statement,
                struct effects *out);

/* A higher term, or the end of a role: we follow whoever leads this term. */
void become_follower(struct raft *r, uint64_t term, uint16_t leader, struct effects *out);

/* When to campaign, unless a leader is heard before: uniform in election_ms_min .. _max. */
void reset_deadline(struct raft *r);

/* A contradiction that no crash explains. Nothing is said any more. */
void raft_halt(struct raft *r, const char *what, uint64_t index, struct effects *out);

/* ---- raft_election.c ---- */

void on_election_timeout(struct raft *r, struct effects *out);
void campaign(struct raft *r, bool transfer, struct effects *out);
void on_vote_request(struct raft *r, uint16_t from, const struct message *message,
                     struct effects *out);
void on_vote(struct raft *r, uint16_t from, const struct statement *statement, struct effects *out);
void on_pre_vote_request(struct raft *r, uint16_t from, const struct statement *statement,
                         struct effects *out);
void on_pre_vote(struct raft *r, uint16_t from, const struct statement *statement,
                 struct effects *out);
void on_timeout_now(struct raft *r, const struct statement *statement, struct effects *out);

/* Has a leader been heard so lately that no other may be elected (6.2, 4.2.3)? */
bool leader_is_alive(const struct raft *r);

/* ---- raft_append.c ---- */

void on_append(struct raft *r, uint16_t from, const struct message *message, struct effects *out);
void on_ack(struct raft *r, uint16_t from, const struct statement *statement, struct effects *out);
void on_append_refusal(struct raft *r, uint16_t from, const struct message *message,
                       struct effects *out);
void on_heartbeat_due(struct raft *r, struct effects *out);

/* Its record, and its batch with it. */
void persist_entry(const struct log_entry *entry, struct effects *out);

/* The log from its base up to last, which is decided, as one record. */
void persist_log(const struct raft *r, uint64_t last, struct effects *out);

/* Appends to our own log, as the leader, and sends it on. */
void append_own(struct raft *r, const struct log_entry *entry, struct effects *out);

/* To everybody: what they lack, or else only that we lead. */
void replicate_all(struct raft *r, struct effects *out);
void heartbeat(struct raft *r, struct effects *out);

/* Emits COMMITs for what is decided and not delivered, as many as fit into a step. */
void deliver(struct raft *r, struct effects *out);
bool delivery_waits(const struct raft *r);

/* Raises commit and delivers. */
void commit_up_to(struct raft *r, uint64_t commit, struct effects *out);

/* Puts a decided position in place of a log that does not reach it, or contradicts it. */
void on_decided(struct raft *r, const struct event *event, struct effects *out);

/* ---- raft_members.c ---- */

bool is_voter(const struct members *members, uint16_t index);

/* Is it sent the log by a leader? */
bool is_followed(const struct raft *r, uint16_t index);

/* Voters do, and those whom a change leaves out, until it is committed: the change may stand in
 * their logs alone, and then nobody else can be elected (4.2.2). They do not count themselves. */
bool may_campaign(const struct raft *r);

bool is_quorum(const struct members *members, const struct signer_set *agreed);

/* The highest index that a quorum has acknowledged. */
uint64_t quorum_match(const struct raft *r);

/* Has a quorum answered since? A leader that has not heard one for election_ms_min steps down. */
bool quorum_heard(const struct raft *r, uint64_t since_ms);

/* The first step of a change, asked for by the host; and the next one, when it is time. */
void on_members(struct raft *r, const struct event *event, struct effects *out);
void members_committed(struct raft *r, struct effects *out);

void on_transfer(struct raft *r, uint16_t to, struct effects *out);
void transfer_advance(struct raft *r, struct effects *out);

void on_read(struct raft *r, uint16_t from, uint64_t number, struct effects *out);
void reads_advance(struct raft *r, struct effects *out);
void reads_drop(struct raft *r, struct effects *out);

/* ---- raft_check.c ---- */

enum status raft_check(const struct engine_config *config, uint16_t from,
                       const struct message *message, struct message_facts *facts);
enum status raft_check_decided(const struct engine_config *config, const struct proposal *proposal,
                               struct span proof);

/* ---- raft_records.c ---- */

size_t raft_size(const struct engine_config *config);
enum status raft_open(void *engine, const struct engine_config *config, const struct span *records,
                      size_t records_count, struct effects *out);
void raft_fold(const void *engine, struct effects *out);

/* The end of each step: the timer, the invitation. */
void raft_finish(struct raft *r, struct effects *out);

#endif
