#include "trace_label.h"

#include <inttypes.h>
#include <stdio.h>

#define SAY(label, ...) (void)snprintf(label, LABEL_MAX, __VA_ARGS__)

void label_text(char label[LABEL_MAX], const char *text)
{
    size_t size = 0;
    for (; text[size] != 0 && size < LABEL_MAX - 1; size++) {
        char c = text[size];
        bool plain = c >= ' ' && c <= '~' && c != ';' && c != '#';
        label[size] = plain ? c : ',';
    }
    label[size] = 0;
}

static void label_unknown(char label[LABEL_MAX], const char *what, struct span payload)
{
    SAY(label, "unreadable %s of %zu bytes", what, payload.size);
}

/* ---- frames ---- */

static void label_statement(const struct engine_ops *ops, char label[LABEL_MAX],
                            const struct statement *s)
{
    const char *kind = s->kind > 0 && s->kind < ops->kinds_count ? ops->kinds[s->kind] : NULL;
    if (!kind)
        SAY(label, "kind %u index %" PRIu64 " view %" PRIu64, s->kind, s->index, s->view);
    else if (!engine_signs(ops, s->kind) && s->index == 0)
        SAY(label, "%s", kind);
    else if (s->index == 0)
        SAY(label, "%s view %" PRIu64 " on %" PRIu64, kind, s->view, s->aux);
    else
        SAY(label, "%s %" PRIu64 " view %" PRIu64, kind, s->index, s->view);
}

static void label_engine(const struct engine_ops *ops, char label[LABEL_MAX], struct span payload)
{
    struct message message;
    if (message_read(payload, payload.size, &message) == STATUS_OK)
        label_statement(ops, label, &message.statement);
    else
        label_unknown(label, "message", payload);
}

static void label_seal_votes(char label[LABEL_MAX], struct span payload)
{
    struct reader r = reader_of(payload);
    uint16_t count = read_u16(&r);
    struct seal_vote first;
    seal_vote_read(&r, &first);
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, "seal votes", payload);
    else if (count == 1)
        SAY(label, "seal vote for block %" PRIu64, first.height);
    else
        SAY(label, "%u seal votes from block %" PRIu64, count, first.height);
}

static void label_fetch(char label[LABEL_MAX], struct span payload)
{
    struct reader r = reader_of(payload);
    uint8_t what = read_u8(&r);
    struct digest digest;
    read_digest(&r, &digest);
    uint64_t index = read_u64(&r);
    if (reader_end(&r) != STATUS_OK || what < 1 || what > 2)
        label_unknown(label, "fetch", payload);
    else if (what == 2)
        SAY(label, "asks for an anchor at %" PRIu64, index);
    else if (index == 0)
        SAY(label, "asks for a proposal");
    else
        SAY(label, "asks for the proposal at %" PRIu64, index);
}

static void label_fetched(char label[LABEL_MAX], struct span payload)
{
    struct reader r = reader_of(payload);
    struct proposal proposal;
    proposal_read(&r, &proposal);
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, "fetched proposal", payload);
    else
        SAY(label, "the proposal %" PRIu64 " view %" PRIu64, proposal.index, proposal.view);
}

static void label_numbers(char label[LABEL_MAX], uint8_t frame, struct span payload)
{
    struct reader r = reader_of(payload);
    uint64_t number = frame == FRAME_TRANSACTIONS  ? read_u32(&r)
                      : frame == FRAME_SYNC_BLOCKS ? read_u16(&r)
                                                   : read_u64(&r);
    uint32_t count = frame == FRAME_SYNC_REQUEST ? read_u16(&r)
                     : frame == FRAME_ANCHOR     ? read_u32(&r)
                                                 : 0;
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, frame_name(frame), payload);
    else if (frame == FRAME_TRANSACTIONS)
        SAY(label, "%" PRIu64 " transactions", number);
    else if (frame == FRAME_SYNC_BLOCKS)
        SAY(label, "%" PRIu64 " sealed blocks", number);
    else if (frame == FRAME_SYNC_REQUEST)
        SAY(label, "asks for %" PRIu32 " blocks from %" PRIu64, count, number);
    else if (frame == FRAME_ANCHOR)
        SAY(label, "an anchor of %" PRIu32 " proposals", count);
    else
        SAY(label, "wishes for a block after %" PRIu64, number);
}

void label_frame(const struct engine_ops *ops, char label[LABEL_MAX], uint8_t frame,
                 struct span payload)
{
    switch (frame) {
    case FRAME_ENGINE: label_engine(ops, label, payload); return;
    case FRAME_SEAL_VOTES: label_seal_votes(label, payload); return;
    case FRAME_FETCH: label_fetch(label, payload); return;
    case FRAME_FETCHED: label_fetched(label, payload); return;
    case FRAME_TRANSACTIONS:
    case FRAME_SYNC_BLOCKS:
    case FRAME_SYNC_REQUEST:
    case FRAME_ANCHOR:
    case FRAME_TICK_WISH: label_numbers(label, frame, payload); return;
    default: SAY(label, "%s of %zu bytes", frame_name(frame), payload.size);
    }
}

/* ---- records ---- */

static void label_decided(char label[LABEL_MAX], struct span payload)
{
    struct reader r = reader_of(payload);
    struct proposal proposal;
    read_u64(&r);
    proposal_read(&r, &proposal);
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, "decision", payload);
    else
        SAY(label, "decided %" PRIu64 " view %" PRIu64, proposal.index, proposal.view);
}

static void label_executed(char label[LABEL_MAX], struct span payload)
{
    struct reader r = reader_of(payload);
    read_u64(&r);
    uint64_t height = read_u64(&r);
    uint64_t sequence = read_u64(&r);
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, "block", payload);
    else
        SAY(label, "block %" PRIu64 " of %" PRIu64, height, sequence);
}

static void label_engine_record(const struct engine_ops *ops, char label[LABEL_MAX],
                                struct span payload, bool *promise)
{
    struct reader r = reader_of(payload);
    struct statement statement;
    *promise = read_bool(&r);
    if (*promise) statement_read(&r, &statement);
    if (reader_status(&r) != STATUS_OK)
        label_unknown(label, "record", payload);
    else if (*promise)
        label_statement(ops, label, &statement);
    else
        SAY(label, "engine record of %zu bytes", payload.size);
}

void label_record(const struct engine_ops *ops, char label[LABEL_MAX], uint8_t kind,
                  struct span payload, bool *promise)
{
    bool ours = false;
    struct reader r = reader_of(payload);
    switch (kind) {
    case JOURNAL_ENGINE: label_engine_record(ops, label, payload, &ours); break;
    case JOURNAL_PROPOSAL: label_fetched(label, payload); break;
    case JOURNAL_DECIDED: label_decided(label, payload); break;
    case JOURNAL_EXECUTED:
        label_executed(label, payload);
        ours = true;
        break;
    case JOURNAL_SEAL:
        read_u64(&r);
        SAY(label, "seal of block %" PRIu64, read_u64(&r));
        break;
    case JOURNAL_FOLD: SAY(label, "fold of %zu bytes", payload.size); break;
    default: SAY(label, "record %u of %zu bytes", kind, payload.size);
    }
    if (promise) *promise = ours;
}

/* ---- outputs ---- */

static const char *const output_names[] = {
    [OUTPUT_APPEND] = "append",
    [OUTPUT_SEND] = "send",
    [OUTPUT_CHECK] = "check",
    [OUTPUT_ADMIT] = "admit",
    [OUTPUT_EXECUTE] = "execute",
    [OUTPUT_EXECUTE_BLOCK] = "execute_block",
    [OUTPUT_SEALED] = "sealed",
    [OUTPUT_SERVE_BLOCKS] = "serve_blocks",
    [OUTPUT_ANSWER] = "answer",
    [OUTPUT_COMMITTED] = "committed",
    [OUTPUT_LEFT] = "left",
    [OUTPUT_CUT] = "cut",
    [OUTPUT_NOTE] = "note",
    [OUTPUT_PEER_BROKE] = "peer_broke",
    [OUTPUT_STOP] = "stop",
    [OUTPUT_READ] = "read",
    [OUTPUT_EPOCH_ENDED] = "epoch_ended",
};

/* What it is about. */
static void label_subject(const struct engine_ops *ops, char label[LABEL_MAX],
                          const struct output *output)
{
    struct span payload = output->payload ? blob_span(output->payload) : span_of("", 0);
    switch (output->kind) {
    case OUTPUT_APPEND: label_record(ops, label, output->type, payload, NULL); return;
    case OUTPUT_SEND: label_frame(ops, label, output->type, payload); return;
    case OUTPUT_EXECUTE: SAY(label, "%" PRIu64, output->sequence); return;
    case OUTPUT_EXECUTE_BLOCK:
    case OUTPUT_SEALED: SAY(label, "%" PRIu64, output->height); return;
    case OUTPUT_SERVE_BLOCKS: SAY(label, "%u from %" PRIu64, output->count, output->height); return;
    case OUTPUT_READ: SAY(label, "%" PRIu64 " %d", output->ticket, (int)output->read); return;
    case OUTPUT_ANSWER: SAY(label, "%" PRIu64 " %u", output->ticket, output->refusal.code); return;
    case OUTPUT_COMMITTED:
        SAY(label, "%" PRIu64, output->execution ? output->execution->header.height : 0);
        return;
    case OUTPUT_EPOCH_ENDED:
        SAY(label, "%" PRIu64 " at %" PRIu64, output->epoch, output->height);
        return;
    case OUTPUT_CUT: SAY(label, "before %" PRIu64, output->record); return;
    case OUTPUT_NOTE:
    case OUTPUT_PEER_BROKE:
    case OUTPUT_STOP: label_text(label, output->text); return;
    case OUTPUT_CHECK:
    case OUTPUT_ADMIT:
    case OUTPUT_LEFT: label[0] = 0; return;
    }
}

void label_output(const struct engine_ops *ops, char label[LABEL_MAX], const struct output *output)
{
    char subject[LABEL_MAX] = { 0 };
    label_subject(ops, subject, output);
    SAY(label, "%s%s%s", output_names[output->kind], subject[0] ? " " : "", subject);
}
