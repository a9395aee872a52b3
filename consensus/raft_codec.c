#include "consensus/raft.h"

/* Attachments:
 *
 *     members  = joint bool | voters 32 | learners 32 | old 32
 *     entry    = header 88 | has members bool | [members]
 *     append   = term before u64 | commit u64 | round u64 | has entry bool | [entry]
 *     refusal  = last u64 | conflict term u64 | conflict first u64
 *     request  = transfer bool                                        (VOTE_REQUEST)
 *     proof    = 1 u8 | index u64 | term u64 | digest 32
 *
 * Records: `version u8 = 1 | type u8 | body`:
 *
 *     term   = term u64 | voted for u16 (0xffff: nobody)
 *     entry  = entry
 *     commit = index u64
 *     log    = index u64 | term u64 | digest 32 | members | count u32 | count x entry
 */

enum { PROOF_FORM = 1, RECORD_VERSION = 1 };

/* ---- members ---- */

static void set_write(struct writer *w, const struct signer_set *set)
{
    write_bytes(w, span_of(set->bits, sizeof set->bits));
}

static void set_read(struct reader *r, struct signer_set *set)
{
    struct span bits = read_bytes(r, sizeof set->bits);
    if (bits.size == sizeof set->bits)
        memcpy(set->bits, bits.data, bits.size);
    else
        *set = (struct signer_set){ { 0 } };
}

void members_write(struct writer *w, const struct members *members)
{
    write_bool(w, members->joint);
    set_write(w, &members->voters);
    set_write(w, &members->learners);
    set_write(w, &members->old);
}

void members_read(struct reader *r, struct members *members)
{
    members->joint = read_bool(r);
    set_read(r, &members->voters);
    set_read(r, &members->learners);
    set_read(r, &members->old);
}

struct digest members_digest(const struct members *members)
{
    uint8_t bytes[MEMBERS_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    members_write(&w, members);
    return digest_of(TAG_RAFT_MEMBERS, writer_span(&w));
}

/* ---- entries ---- */

void log_entry_write(struct writer *w, const struct log_entry *entry)
{
    proposal_write(w, &entry->proposal);
    write_bool(w, entry->has_members);
    if (entry->has_members) members_write(w, &entry->members);
}

/* An entry that changes members holds no batch: what stands there must be theirs. */
void log_entry_read(struct reader *r, struct log_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    proposal_read(r, &entry->proposal);
    entry->has_members = read_bool(r);
    if (entry->has_members) {
        members_read(r, &entry->members);
        struct digest digest = members_digest(&entry->members);
        if (!digest_equal(&digest, &entry->proposal.batch)) reader_fail(r, STATUS_MISMATCH);
    }
    const struct proposal *p = &entry->proposal;
    if (p->index == 0 || p->index >= TERM_LIMIT || p->view == 0 || p->view >= TERM_LIMIT ||
        p->parent_view > p->view)
        reader_fail(r, STATUS_INVALID);
    entry->digest = proposal_digest(p);
}

/* ---- attachments ---- */

void append_write(struct writer *w, const struct append *append)
{
    write_u64(w, append->before_view);
    write_u64(w, append->commit);
    write_u64(w, append->round);
    write_bool(w, append->has_entry);
    if (append->has_entry) log_entry_write(w, &append->entry);
}

enum status append_read(struct span bytes, struct append *append)
{
    struct reader r = reader_of(bytes);
    append->before_view = read_u64(&r);
    append->commit = read_u64(&r);
    append->round = read_u64(&r);
    append->has_entry = read_bool(&r);
    if (append->has_entry) log_entry_read(&r, &append->entry);
    return reader_end(&r);
}

void refusal_write(struct writer *w, const struct refusal *refusal)
{
    write_u64(w, refusal->last);
    write_u64(w, refusal->conflict_view);
    write_u64(w, refusal->conflict_first);
}

enum status refusal_read(struct span bytes, struct refusal *refusal)
{
    struct reader r = reader_of(bytes);
    refusal->last = read_u64(&r);
    refusal->conflict_view = read_u64(&r);
    refusal->conflict_first = read_u64(&r);
    return reader_end(&r);
}

/* ---- proofs ---- */

void commit_proof_write(struct writer *w, const struct proposal *proposal,
                        const struct digest *digest)
{
    write_u8(w, PROOF_FORM);
    write_u64(w, proposal->index);
    write_u64(w, proposal->view);
    write_digest(w, digest);
}

enum status commit_proof_check(const struct proposal *proposal, struct span proof)
{
    struct reader r = reader_of(proof);
    uint8_t form = read_u8(&r);
    uint64_t index = read_u64(&r);
    uint64_t view = read_u64(&r);
    struct digest named;
    read_digest(&r, &named);
    enum status status = reader_end(&r);
    if (status != STATUS_OK) return status;
    struct digest digest = proposal_digest(proposal);
    bool same = form == PROOF_FORM && index == proposal->index && view == proposal->view &&
                digest_equal(&named, &digest);
    return same ? STATUS_OK : STATUS_MISMATCH;
}

/* ---- records ---- */

static void record_head(struct writer *w, enum raft_record_type type)
{
    write_u8(w, RECORD_VERSION);
    write_u8(w, (uint8_t)type);
}

void record_write_term(struct writer *w, uint64_t term, uint16_t voted_for)
{
    record_head(w, RECORD_TERM);
    write_u64(w, term);
    write_u16(w, voted_for);
}

void record_write_entry(struct writer *w, const struct log_entry *entry)
{
    record_head(w, RECORD_ENTRY);
    log_entry_write(w, entry);
}

void record_write_commit(struct writer *w, uint64_t commit)
{
    record_head(w, RECORD_COMMIT);
    write_u64(w, commit);
}

void record_write_log(struct writer *w, const struct log_base *base, uint32_t count)
{
    record_head(w, RECORD_LOG);
    write_u64(w, base->index);
    write_u64(w, base->view);
    write_digest(w, &base->digest);
    members_write(w, &base->members);
    write_u32(w, count);
}

static void read_log(struct reader *r, struct raft_record *record)
{
    record->base.index = read_u64(r);
    record->base.view = read_u64(r);
    read_digest(r, &record->base.digest);
    members_read(r, &record->base.members);
    record->entries_count = read_u32(r);
    if (record->base.index >= TERM_LIMIT || record->base.view >= TERM_LIMIT ||
        record->entries_count >= LOG_MAX)
        reader_fail(r, STATUS_INVALID);
    record->entries = *r;
    struct log_entry *entry = &record->entry;
    for (uint32_t i = 0; i < record->entries_count && reader_status(r) == STATUS_OK; i++) {
        log_entry_read(r, entry);
        if (entry->proposal.index != record->base.index + 1 + i) reader_fail(r, STATUS_INVALID);
    }
}

enum status raft_record_read(struct span bytes, struct raft_record *record)
{
    struct reader r = reader_of(bytes);
    if (read_u8(&r) != RECORD_VERSION) return STATUS_MALFORMED;
    record->type = (enum raft_record_type)read_u8(&r);
    switch (record->type) {
    case RECORD_TERM:
        record->term = read_u64(&r);
        record->voted_for = read_u16(&r);
        if (record->term >= TERM_LIMIT) return STATUS_INVALID;
        break;
    case RECORD_ENTRY: log_entry_read(&r, &record->entry); break;
    case RECORD_COMMIT: record->commit = read_u64(&r); break;
    case RECORD_LOG: read_log(&r, record); break;
    default: return STATUS_MALFORMED;
    }
    return reader_end(&r);
}
