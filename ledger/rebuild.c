#include "ledger/rebuild.h"
#include "ledger/audit_source.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct rebuild {
    const struct genesis *genesis;
    const struct rebuild_options *options;
    struct rebuild_result *result;
    struct problem *problem;
    struct ledger_reader *source;
    struct ledger *target;
    struct audit_block block;
    struct seal seal;
    struct committee committee; /* seals the block in hand */
};

static enum status fail_reading(struct rebuild *r, enum status status)
{
    return problem_set(r->problem, status, "reading the old ledger: %s",
                       ledger_reader_error(r->source)[0] ? ledger_reader_error(r->source)
                                                         : status_text(status));
}

/* The old ledger ends here, for the new one. */
static void stop_here(struct rebuild *r, const char *why)
{
    snprintf(r->result->stopped, sizeof r->result->stopped, "block %" PRIu64 ": %.250s",
             r->block.height, why);
}

/* Only signatures that verify are copied; ones over another header than execution gave do not. */
static enum status copy_seal(struct rebuild *r, const struct header *header,
                             const struct digest *hash)
{
    struct seal_vote vote = { .epoch = header->epoch,
                              .height = header->height,
                              .block_hash = *hash };
    r->seal =
        (struct seal){ .epoch = header->epoch, .height = header->height, .block_hash = *hash };
    for (uint32_t i = 0; i < r->block.signature_count; i++) {
        const struct audit_signature *by = &r->block.signatures[i];
        vote.by.validator = (uint16_t)min_u64(by->validator, UINT16_MAX);
        vote.by.signature = by->signature;
        bool valid = by->whole && seal_vote_check(&vote, &r->genesis->chain_id, &r->committee,
                                                  NULL) == STATUS_OK;
        if (valid)
            r->seal.signatures[r->seal.count++] = vote.by;
        else
            r->result->dropped++;
    }
    r->result->signatures += r->seal.count;
    return r->seal.count ? ledger_store_seal(r->target, &r->seal, r->problem) : STATUS_OK;
}

static enum status write_block(const struct rebuild *r, struct writer *w)
{
    writer_init(w, HEADER_BYTES + 4 + AUDIT_BATCH_BYTES_MAX);
    write_bytes(w, span_of(r->block.header, HEADER_BYTES));
    write_u32(w, r->block.transactions);
    write_bytes(w, buffer_span(&r->block.batch));
    return writer_status(w);
}

static bool header_of_block(const struct rebuild *r, struct header *header)
{
    struct reader reader = reader_of(span_of(r->block.header, HEADER_BYTES));
    header_read(&reader, header);
    return r->block.header_size == HEADER_BYTES && reader_end(&reader) == STATUS_OK;
}

/* Whether a quorum stands behind this height in the old file: at it, or above it. */
static enum status is_covered(struct rebuild *r, bool *covered)
{
    uint64_t sealed;
    enum status status = ledger_read_sealed_above(r->source, r->block.height, &sealed);
    *covered = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status diverged(struct rebuild *r)
{
    bool covered = false;
    enum status status = is_covered(r, &covered);
    if (status != STATUS_OK) return fail_reading(r, status);
    stop_here(r, r->problem->text);
    if (covered) return STATUS_DIVERGED;
    r->problem->status = STATUS_OK;
    r->problem->text[0] = '\0';
    return STATUS_OK;
}

/* Executes the block in hand. *more is false where the new ledger ends. */
static enum status execute_block(struct rebuild *r, bool *more)
{
    struct writer w;
    struct header header;
    struct execution *execution = NULL;
    *more = false;
    if (!header_of_block(r, &header)) {
        stop_here(r, "its header does not decode");
        return problem_set(r->problem, STATUS_DAMAGED, "%s", r->result->stopped);
    }
    r->committee = *ledger_committee(r->target);
    enum status status = write_block(r, &w);
    if (status == STATUS_OK)
        status = ledger_execute_block(r->target, writer_span(&w), &execution, r->problem);
    writer_free(&w);
    if (status == STATUS_DIVERGED) return diverged(r);
    if (status == STATUS_OK) status = copy_seal(r, &execution->header, &execution->hash);
    execution_free(execution);
    *more = status == STATUS_OK;
    return status;
}

static enum status copy_blocks(struct rebuild *r, uint64_t last)
{
    bool more = true;
    for (uint64_t height = 1; height <= last && more; height++) {
        enum status status = audit_source_block(r->source, height, &r->block);
        if (status != STATUS_OK) return fail_reading(r, status);
        if (!r->block.present) {
            stop_here(r, "it is missing");
            return problem_set(r->problem, STATUS_DAMAGED, "%s", r->result->stopped);
        }
        status = execute_block(r, &more);
        if (status != STATUS_OK) return status;
        if (more && r->options->progress &&
            !r->options->progress(r->options->context, height, last))
            return problem_set(r->problem, STATUS_CLOSED, "stopped on request");
    }
    return STATUS_OK;
}

static enum status check_chain(struct rebuild *r)
{
    struct digest chain_id;
    enum status status = ledger_read_chain(r->source, &chain_id, NULL);
    if (status != STATUS_OK) return fail_reading(r, status);
    if (digest_equal(&chain_id, &r->genesis->chain_id)) return STATUS_OK;
    return problem_set(r->problem, STATUS_MISMATCH, "the old ledger is of another chain");
}

static enum status run(struct rebuild *r, const char *source, const char *target)
{
    uint64_t last = 0, durable = 0;
    if (access(target, F_OK) == 0)
        return problem_set(r->problem, STATUS_EXISTS, "%s exists already", target);
    enum status status = ledger_reader_open(&r->source, source, NULL, r->problem);
    if (status != STATUS_OK) return status;
    status = check_chain(r);
    if (status != STATUS_OK) return status;
    status = audit_source_last(r->source, &last);
    if (status != STATUS_OK) return fail_reading(r, status);

    status = ledger_open(&r->target, r->genesis, target, NULL, r->problem);
    if (status != STATUS_OK) return status;
    r->result->source_height = last;
    if (r->options->last) last = min_u64(last, r->options->last);
    status = copy_blocks(r, last);
    struct problem later;
    enum status synced = ledger_checkpoint(r->target, &durable, &later);
    r->result->height = ledger_head(r->target)->header.height;
    r->result->sealed_height = ledger_sealed_height(r->target);
    if (status != STATUS_OK || synced == STATUS_OK) return status;
    if (r->problem) *r->problem = later;
    return synced;
}

enum status ledger_rebuild(const char *source, const char *target, const struct genesis *genesis,
                           const struct rebuild_options *options, struct rebuild_result *result,
                           struct problem *problem)
{
    static const struct rebuild_options standard = { 0 };
    struct problem unwanted = { .text = "" };
    struct rebuild *r = calloc(1, sizeof *r);
    memset(result, 0, sizeof *result);
    if (!r) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    r->genesis = genesis;
    r->options = options ? options : &standard;
    r->result = result;
    r->problem = problem ? problem : &unwanted;
    audit_block_init(&r->block);
    enum status status = run(r, source, target);
    ledger_reader_close(r->source);
    ledger_close(r->target);
    audit_block_free(&r->block);
    free(r);
    return status;
}
