/* tests/unit/sim/checker_fixture.h -- a checker with nobody to watch: tests tell it, in the formats
 * of frames and records, what honest and dishonest replicas did.
 *
 *     struct stand *s = stand_open(4, 2);
 *     stand_promise(s, 1, VOTE, 7, 'a');           a record of node 1 with this promise
 *     stand_durable(s, 1);
 *     stand_say(s, 1, VOTE, 7, 'a');               a frame with it
 *     stand_expect(s, CHECK_NONE);
 *     stand_close(s);
 */
#ifndef TESTS_SIM_CHECKER_FIXTURE_H
#define TESTS_SIM_CHECKER_FIXTURE_H

#include "tests/sim/checker_internal.h"
#include "tests/sim/keys.h"
#include "tests/sim/workload.h"

#include "consensus/engine.h"
#include "crypto/signer.h"
#include "node/frame.h"
#include "node/journal.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PROPOSAL = 1, VOTE = 2, COMMIT_VOTE = 3, TIMEOUT = 4, SYNC_INFO = 5 };

struct stand {
    struct plan plan;
    struct genesis *genesis;
    struct secret_key keys[MEMBERS_MAX];
    struct checker *checker;
    enum check_name found;
    unsigned found_count;
    char text[512];
    uint64_t record[REPLICAS_MAX]; /* appended */
    uint8_t bytes[65536];          /* of what is told */
    struct writer w;
};

static inline void stand_found(void *user, enum check_name name, const char *text)
{
    struct stand *s = user;
    s->found = name;
    s->found_count++;
    snprintf(s->text, sizeof s->text, "%s", text);
}

static inline void stand_begin(struct stand *s)
{
    s->checker = checker_new(&s->plan, s->genesis, stand_found, s);
}

/* liars, twins, frail: sets of the plan, to be set before stand_begin. */
static inline struct stand *stand_made(uint16_t nodes, uint16_t phases)
{
    struct stand *s = calloc(1, sizeof *s);
    cr_assert(s != NULL);
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    keys_use_mac(true);
    s->plan.nodes = nodes;
    s->plan.phases = phases;
    s->genesis = workload_genesis(nodes, phases, s->keys);
    return s;
}

static inline struct stand *stand_open(uint16_t nodes, uint16_t phases)
{
    struct stand *s = stand_made(nodes, phases);
    stand_begin(s);
    return s;
}

static inline void stand_close(struct stand *s)
{
    checker_free(s->checker);
    genesis_free(s->genesis);
    free(s);
}

static inline void stand_expect(struct stand *s, enum check_name name)
{
    cr_assert_eq(s->found, name, "%s, not %s: %s", check_names[s->found], check_names[name],
                 s->text);
    cr_assert_eq(s->found_count, name == CHECK_NONE ? 0 : 1);
}

static inline struct writer *stand_write(struct stand *s)
{
    writer_init_fixed(&s->w, s->bytes, sizeof s->bytes);
    return &s->w;
}

static inline struct span stand_span(struct stand *s)
{
    cr_assert_eq(writer_status(&s->w), STATUS_OK);
    return writer_span(&s->w);
}

/* A digest of one letter. */
static inline struct digest digest_letter(char letter)
{
    struct digest digest;
    memset(digest.bytes, letter, sizeof digest.bytes);
    return digest;
}

static inline struct statement statement_of(uint8_t kind, uint64_t view, char letter)
{
    struct statement statement = { .kind = kind, .view = view };
    if (kind != TIMEOUT) statement.digest = digest_letter(letter);
    return statement;
}

/* ---- records ---- */

static inline void stand_append(struct stand *s, uint16_t replica, uint8_t kind)
{
    checker_appended(s->checker, replica, ++s->record[replica], kind, stand_span(s));
}

static inline void write_promise(struct writer *w, uint8_t kind, uint64_t view, char letter)
{
    struct statement statement = statement_of(kind, view, letter);
    write_u8(w, 1);
    statement_write(w, &statement);
    write_u16(w, 0); /* the engine's own record begins here */
}

static inline void stand_promise(struct stand *s, uint16_t replica, uint8_t kind, uint64_t view,
                                 char letter)
{
    write_promise(stand_write(s), kind, view, letter);
    stand_append(s, replica, JOURNAL_ENGINE);
}

/* A fold that repeats one promise. */
static inline void stand_fold(struct stand *s, uint16_t replica, uint8_t kind, uint64_t view,
                              char letter)
{
    struct writer *w = stand_write(s);
    write_u32(w, 1);
    write_u8(w, JOURNAL_ENGINE);
    write_u32(w, 1 + STATEMENT_SIZE + 2);
    write_promise(w, kind, view, letter);
    stand_append(s, replica, JOURNAL_FOLD);
}

static inline void write_executed(struct writer *w, uint64_t height, char letter)
{
    struct digest hash = digest_letter(letter);
    write_u64(w, 0);
    write_u64(w, height);
    write_u64(w, height);
    write_digest(w, &hash);
}

static inline void stand_seal_promise(struct stand *s, uint16_t replica, uint64_t height,
                                      char letter)
{
    write_executed(stand_write(s), height, letter);
    stand_append(s, replica, JOURNAL_EXECUTED);
}

static inline void stand_durable(struct stand *s, uint16_t replica)
{
    checker_durable(s->checker, replica, s->record[replica]);
}

/* After a crash, as record `record`. */
static inline void stand_replay(struct stand *s, uint16_t replica, uint64_t record, uint8_t kind,
                                uint64_t view, char letter)
{
    write_promise(stand_write(s), kind, view, letter);
    checker_replayed(s->checker, replica, record, JOURNAL_ENGINE, stand_span(s));
    s->record[replica] = record;
}

/* ---- frames ---- */

static inline void stand_say(struct stand *s, uint16_t replica, uint8_t kind, uint64_t view,
                             char letter)
{
    struct statement statement = statement_of(kind, view, letter);
    struct message message = { .statement = statement };
    message_write(stand_write(s), &message);
    checker_sent(s->checker, replica, FRAME_ENGINE, stand_span(s));
}

static inline void stand_say_seal(struct stand *s, uint16_t replica, uint16_t validator,
                                  uint64_t height, char letter)
{
    struct seal_vote vote = { .height = height, .block_hash = digest_letter(letter) };
    struct writer *w = stand_write(s);
    vote.by.validator = validator;
    write_u16(w, 1);
    seal_vote_write(w, &vote);
    checker_sent(s->checker, replica, FRAME_SEAL_VOTES, stand_span(s));
}

/* ---- certificates ---- */

static inline struct domain stand_domain(const struct stand *s)
{
    return (struct domain){ .chain_id = s->genesis->chain_id,
                            .validators_hash = committee_hash(&s->genesis->committee),
                            .engine = ENGINE_HOTSTUFF };
}

static inline struct signature stand_sign(const struct stand *s, uint16_t member,
                                          const struct statement *statement)
{
    uint8_t bytes[STATEMENT_BYTES];
    struct signature signature;
    struct domain domain = stand_domain(s);
    statement_encode(&domain, statement, bytes);
    key_sign(&s->keys[member], TAG_ENGINE, span_of(bytes, sizeof bytes), &signature);
    return signature;
}

/* Signed by the first `signers` members. */
static inline void stand_certify(const struct stand *s, const struct statement *statement,
                                 uint16_t signers, struct certificate *certificate)
{
    memset(certificate, 0, sizeof *certificate);
    certificate->statement = *statement;
    certificate->count = s->plan.nodes;
    for (uint16_t i = 0; i < signers; i++) {
        signer_set_add(&certificate->signers, i);
        certificate->signatures[i] = stand_sign(s, i, statement);
    }
}

static inline struct statement statement_on(uint8_t kind, const struct proposal *p)
{
    return (struct statement){ kind, p->index, p->view, 0, proposal_digest(p) };
}

/* ---- decisions ---- */

static inline struct proposal proposal_after(const struct proposal *parent, char batch)
{
    struct proposal p = { .index = 1, .view = 1, .batch = digest_letter(batch) };
    if (!parent) return p;
    p.index = parent->index + 1;
    p.view = parent->view + 1;
    p.parent_view = parent->view;
    p.parent = proposal_digest(parent);
    return p;
}

/* A decision with this proof, which may be empty. */
static inline void stand_decide(struct stand *s, uint16_t replica, const struct proposal *p,
                                struct span proof)
{
    struct writer *w = stand_write(s);
    write_u64(w, 0);
    proposal_write(w, p);
    write_bytes32(w, proof);
    stand_append(s, replica, JOURNAL_DECIDED);
}

/* ... with a certificate of this kind by so many, of the last of `headers`, behind those. */
static inline void stand_decide_on(struct stand *s, uint16_t replica, const struct proposal *p,
                                   uint8_t form, const struct proposal *headers, uint8_t kind,
                                   uint16_t signers)
{
    static struct certificate certificate;
    static uint8_t bytes[8192];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u8(&w, form);
    for (uint8_t i = 1; i < form; i++)
        proposal_write(&w, &headers[i - 1]);
    struct statement statement = statement_on(kind, form > 1 ? &headers[form - 2] : p);
    stand_certify(s, &statement, signers, &certificate);
    certificate_write(&w, &certificate);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    stand_decide(s, replica, p, writer_span(&w));
}

/* ---- blocks ---- */

/* A millisecond behind its parent; block 1 a little more behind the genesis. */
static inline struct execution execution_of(uint64_t height, char letter)
{
    enum { GRACE_MS = 1000, GENESIS_BEFORE_MS = 1000 }; /* of the workload's genesis */
    struct execution e = { .kind = EXECUTION_BLOCK, .sequence = height };
    e.header.height = height;
    e.header.sequence = height;
    e.header.time_ms = WORKLOAD_WALL_BASE * UINT64_C(1000) + height;
    e.header.window_horizon_ms = e.header.time_ms - 1 - GRACE_MS;
    if (height == 1) e.header.window_horizon_ms -= GENESIS_BEFORE_MS;
    e.hash = digest_letter(letter);
    e.header.parent_hash = digest_letter((char)(letter - 1));
    return e;
}

static inline void stand_execute(struct stand *s, uint16_t replica, uint64_t height, char letter)
{
    struct execution e = execution_of(height, letter);
    checker_executed(s->checker, replica, &e);
}

/* Signed by members first .. first + count - 1. */
static inline struct seal *seal_of(const struct stand *s, uint64_t height, char letter,
                                   uint16_t first, uint16_t count)
{
    static struct seal seal;
    uint8_t bytes[SEAL_STATEMENT_BYTES];
    memset(&seal, 0, sizeof seal);
    seal.height = height;
    seal.block_hash = digest_letter(letter);
    seal.count = count;
    seal_statement_encode(&s->genesis->chain_id, 0, height, &seal.block_hash, bytes);
    for (uint16_t i = 0; i < count; i++) {
        seal.signatures[i].validator = (uint16_t)(first + i);
        key_sign(&s->keys[first + i], TAG_SEAL, span_of(bytes, sizeof bytes),
                 &seal.signatures[i].signature);
    }
    return &seal;
}

#endif
