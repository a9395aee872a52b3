#include "consensus/engine.h"

#include <stdarg.h>
#include <stdio.h>

void message_write(struct writer *w, const struct message *message)
{
    statement_write(w, &message->statement);
    write_signature(w, &message->signature);
    write_bytes32(w, message->attachment);
    write_bytes32(w, message->batch);
}

enum status message_read(struct span bytes, size_t batch_bytes_max, struct message *message)
{
    struct reader r = reader_of(bytes);
    statement_read(&r, &message->statement);
    read_signature(&r, &message->signature);
    message->attachment = read_bytes32(&r, ATTACHMENT_BYTES_MAX);
    message->batch = read_bytes32(&r, batch_bytes_max);
    return reader_end(&r);
}

void effects_reset(struct effects *out)
{
    out->count = 0;
    out->bytes_used = 0;
    out->wake_at_ms = UINT64_MAX;
    out->invite = INVITE_NONE;
    out->parent = (struct digest){ 0 };
    out->parent_index = 0;
}

struct span effects_copy(struct effects *out, struct span bytes)
{
    ASSERT(bytes.size <= sizeof out->bytes - out->bytes_used);
    uint8_t *place = out->bytes + out->bytes_used;
    if (bytes.size > 0) memcpy(place, bytes.data, bytes.size);
    out->bytes_used += (uint32_t)bytes.size;
    return span_of(place, bytes.size);
}

void effects_write_begin(struct effects *out, struct writer *w)
{
    writer_init_fixed(w, out->bytes + out->bytes_used, sizeof out->bytes - out->bytes_used);
}

struct span effects_write_end(struct effects *out, struct writer *w)
{
    ASSERT(writer_status(w) == STATUS_OK);
    struct span bytes = writer_span(w);
    out->bytes_used += (uint32_t)bytes.size;
    return bytes;
}

static struct effect *effects_add(struct effects *out, enum effect_kind kind, uint16_t to)
{
    ASSERT(out->count < EFFECTS_MAX);
    struct effect *effect = &out->list[out->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->to = to;
    return effect;
}

void emit_send(struct effects *out, enum effect_kind kind, uint16_t to,
               const struct statement *statement, struct span attachment,
               const struct digest *batch)
{
    ASSERT(kind == EFFECT_SEND || kind == EFFECT_SEND_EARLY);
    ASSERT(attachment.size <= ATTACHMENT_BYTES_MAX);
    struct effect *effect = effects_add(out, kind, to);
    effect->send.statement = *statement;
    effect->send.attachment = attachment;
    effect->send.batch = batch != NULL;
    if (batch) effect->send.batch_digest = *batch;
}

void emit_persist(struct effects *out, struct span record, const struct statement *promise,
                  const struct proposal *store)
{
    struct effect *effect = effects_add(out, EFFECT_PERSIST, 0);
    effect->persist.record = record;
    effect->persist.promises = promise != NULL;
    if (promise) effect->persist.promise = *promise;
    effect->persist.stores = store != NULL;
    if (store) effect->persist.proposal = *store;
}

void emit_commit(struct effects *out, const struct proposal *proposal, struct span proof)
{
    struct effect *effect = effects_add(out, EFFECT_COMMIT, 0);
    effect->commit.proposal = *proposal;
    effect->commit.proof = proof;
}

void emit_fetch(struct effects *out, uint16_t to, const struct digest *digest, uint64_t index)
{
    struct effect *effect = effects_add(out, EFFECT_FETCH, to);
    effect->fetch.digest = *digest;
    effect->fetch.index = index;
}

void emit_read(struct effects *out, uint64_t number, bool refused, uint64_t index)
{
    struct effect *effect = effects_add(out, EFFECT_READ, 0);
    effect->read.number = number;
    effect->read.refused = refused;
    effect->read.index = index;
}

void emit_note(struct effects *out, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ASSERT(size >= 0);
    size_t kept = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    struct span note = effects_copy(out, span_of(text, kept));
    effects_add(out, EFFECT_NOTE, 0)->note = note;
}

uint64_t engine_option(const struct engine_config *config, const char *name, uint64_t standard)
{
    for (size_t i = 0; i < config->options_count; i++)
        if (strcmp(config->options[i].name, name) == 0) return config->options[i].value;
    return standard;
}

const struct engine_ops *engine_find_ops(enum engine_kind kind)
{
    switch (kind) {
    case ENGINE_HOTSTUFF: return &hotstuff_ops;
    case ENGINE_RAFT: return &raft_ops;
    case ENGINE_PBFT:
    case ENGINE_TENDERMINT:
    case ENGINE_PAXOS:
    case ENGINE_ZAB: return NULL;
    }
    return NULL;
}
