#include "node/hello.h"

/* The hello without its signature, as it is signed and sent. */
static void fields_write(struct writer *w, const struct hello *hello)
{
    write_u16(w, hello->version);
    write_digest(w, &hello->chain_id);
    write_u64(w, hello->state.epoch);
    write_digest(w, &hello->validators_hash);
    write_digest(w, &hello->params_hash);
    write_public_key(w, &hello->node_key);
    write_u8(w, (uint8_t)hello->role);
    write_u64(w, hello->state.height);
    write_u64(w, hello->state.sealed);
    write_u64(w, hello->state.time_ms);
    write_bytes8(w, span_text(hello->software));
}

static void statement_write(struct writer *w, const struct hello *hello,
                            enum hello_direction direction, const struct public_key *own,
                            const struct public_key *other, const uint8_t exporter[32])
{
    write_digest(w, &hello->chain_id);
    write_u8(w, (uint8_t)direction);
    write_public_key(w, own);
    write_public_key(w, other);
    write_bytes(w, span_of(exporter, 32));
    fields_write(w, hello);
}

enum status hello_sign(struct hello *hello, const struct secret_key *node_key,
                       enum hello_direction direction, const struct public_key *other,
                       const uint8_t exporter[32])
{
    key_public(node_key, &hello->node_key);
    uint8_t bytes[HELLO_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    statement_write(&w, hello, direction, &hello->node_key, other, exporter);
    if (writer_status(&w) != STATUS_OK) return writer_status(&w);
    key_sign(node_key, TAG_HELLO, writer_span(&w), &hello->signature);
    return STATUS_OK;
}

enum status hello_verify(const struct hello *hello, enum hello_direction direction,
                         const struct public_key *self, const struct public_key *other,
                         const uint8_t exporter[32])
{
    if (!key_equal(&hello->node_key, other)) return STATUS_MISMATCH;
    uint8_t bytes[HELLO_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    statement_write(&w, hello, direction, other, self, exporter);
    if (writer_status(&w) != STATUS_OK) return writer_status(&w);
    if (!key_verify(other, TAG_HELLO, writer_span(&w), &hello->signature))
        return STATUS_BAD_SIGNATURE;
    return STATUS_OK;
}

void hello_write(struct writer *w, const struct hello *hello)
{
    fields_write(w, hello);
    write_signature(w, &hello->signature);
}

static void text_store(char *target, struct span text)
{
    if (text.size > 0) memcpy(target, text.data, text.size);
    target[text.size] = 0;
}

enum status hello_read(struct span bytes, struct hello *hello)
{
    *hello = (struct hello){ 0 };
    struct reader r = reader_of(bytes);
    hello->version = read_u16(&r);
    if (reader_status(&r) == STATUS_OK && hello->version != WIRE_VERSION) return STATUS_UNSUPPORTED;
    read_digest(&r, &hello->chain_id);
    hello->state.epoch = read_u64(&r);
    read_digest(&r, &hello->validators_hash);
    read_digest(&r, &hello->params_hash);
    read_public_key(&r, &hello->node_key);
    uint8_t role = read_u8(&r);
    if (role > PEER_VALIDATOR) reader_fail(&r, STATUS_MALFORMED);
    hello->role = role == PEER_VALIDATOR ? PEER_VALIDATOR : PEER_OBSERVER;
    hello->state.height = read_u64(&r);
    hello->state.sealed = read_u64(&r);
    hello->state.time_ms = read_u64(&r);
    text_store(hello->software, read_text8(&r, SOFTWARE_MAX));
    read_signature(&r, &hello->signature);
    return reader_end(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

void ping_write(struct writer *w, const struct ping *ping)
{
    write_bool(w, ping->pong);
    write_u64(w, ping->token);
    write_u64(w, ping->state.epoch);
    write_u64(w, ping->state.height);
    write_u64(w, ping->state.sealed);
    write_u64(w, ping->state.time_ms);
}

enum status ping_read(struct span bytes, struct ping *ping)
{
    struct reader r = reader_of(bytes);
    ping->pong = read_bool(&r);
    ping->token = read_u64(&r);
    ping->state.epoch = read_u64(&r);
    ping->state.height = read_u64(&r);
    ping->state.sealed = read_u64(&r);
    ping->state.time_ms = read_u64(&r);
    return reader_end(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

void bye_write(struct writer *w, const struct bye *bye)
{
    write_bytes8(w, span_text(bye->reason));
    write_bytes8(w, span_text(bye->ours));
    write_bytes8(w, span_text(bye->yours));
}

enum status bye_read(struct span bytes, struct bye *bye)
{
    struct reader r = reader_of(bytes);
    text_store(bye->reason, read_text8(&r, sizeof bye->reason - 1));
    text_store(bye->ours, read_text8(&r, sizeof bye->ours - 1));
    text_store(bye->yours, read_text8(&r, sizeof bye->yours - 1));
    return reader_end(&r) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}
