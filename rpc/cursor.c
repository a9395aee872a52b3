#include "rpc/cursor.h"

enum {
    CURSOR_VERSION = 1,
    CHAIN_BYTES = 4,
    QUERY_BYTES = 8,
    HEAD_BYTES = 1 + CHAIN_BYTES + QUERY_BYTES,
    BYTES_MAX = HEAD_BYTES + CURSOR_PAYLOAD_MAX,
    TEXT_MAX = (BYTES_MAX * 4 + 2) / 3,
    QUERY_BYTES_MAX = 1024 * 1024 + 4096, /* the body of a request, and the rest */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- base64url (RFC 4648, section 5), without padding --------------------------------------- */

static void text_encode(const uint8_t *bytes, size_t size, char text[TEXT_MAX + 1])
{
    uint32_t held = 0;
    unsigned bits = 0;
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            text[used++] = alphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0) text[used++] = alphabet[held << (6 - bits) & 63];
    text[used] = '\0';
}

/* Exactly one text for each string of bytes: leftover bits must be zero. */
static bool text_decode(const char *text, uint8_t *bytes, size_t max, size_t *size)
{
    uint32_t held = 0;
    unsigned bits = 0;
    *size = 0;
    for (; *text; text++) {
        const char *digit = strchr(alphabet, *text);
        if (!digit) return false;
        held = held << 6 | (uint32_t)(digit - alphabet);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        if (*size == max) return false;
        bytes[(*size)++] = (uint8_t)(held >> bits);
    }
    return bits < 6 && (held & ((1u << bits) - 1)) == 0;
}

/* ---- which query ---------------------------------------------------------------------------- */

static bool is_paging(const char *name)
{
    static const char *const names[] = { "limit", "cursor", "min_height", "timeout_ms" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void write_value(struct writer *w, enum argument_type type, const struct argument *argument)
{
    switch (type) {
    case ARGUMENT_HEIGHT:
    case ARGUMENT_HEIGHT_OR_TAG:
    case ARGUMENT_INTEGER:
    case ARGUMENT_WORD:
    case ARGUMENT_TIME: write_u64(w, argument->number); return;
    case ARGUMENT_BOOL: write_bool(w, argument->flag); return;
    case ARGUMENT_HASH: write_digest(w, &argument->digest); return;
    case ARGUMENT_PUBLIC_KEY: write_public_key(w, &argument->key); return;
    case ARGUMENT_ID16:
    case ARGUMENT_ACCOUNT:
    case ARGUMENT_VALIDATOR:
    case ARGUMENT_ASSET:
    case ARGUMENT_HOLD: write_id(w, &argument->id); return;
    case ARGUMENT_HEX: write_bytes32(w, argument->bytes); return;
    case ARGUMENT_CURSOR:
    case ARGUMENT_OPERATION:
    case ARGUMENT_CODE:
    case ARGUMENT_TEXT: write_bytes32(w, span_text(argument->text)); return;
    case ARGUMENT_OBJECTS: return; /* no list has such a filter */
    }
}

/* A parameter that was left out is not the same as one with the value zero, unless zero is what
 * leaving it out means. */
static void write_argument(struct writer *w, const struct rpc_parameter *parameter,
                           const struct argument *argument)
{
    bool counts = argument->given || parameter->has_standard;
    write_bool(w, counts);
    if (counts) write_value(w, parameter->type, argument);
}

static struct digest hash_of(struct writer *w)
{
    struct span query = writer_span(w);
    struct digest hash = digest_plain(&query, 1);
    writer_free(w);
    return hash;
}

static struct digest query_hash(const struct rpc_call *call)
{
    struct writer w;
    writer_init(&w, QUERY_BYTES_MAX);
    write_bytes8(&w, span_text(call->method->name));
    for (size_t i = 0; i < call->method->parameter_count; i++)
        if (!is_paging(call->method->parameters[i].name))
            write_argument(&w, &call->method->parameters[i], &call->arguments[i]);
    return hash_of(&w);
}

/* What query_hash makes of balance_list with its first parameter given and its second not. */
static struct digest balances_hash(const struct id *account)
{
    struct writer w;
    writer_init(&w, QUERY_BYTES_MAX);
    write_bytes8(&w, span_text("balance_list"));
    write_bool(&w, true);
    write_id(&w, account);
    write_bool(&w, false);
    return hash_of(&w);
}

/* ---- cursors -------------------------------------------------------------------------------- */

static json_t *make(const struct rpc_call *call, const struct digest *query, const uint8_t *payload,
                    size_t size)
{
    uint8_t bytes[BYTES_MAX];
    char text[TEXT_MAX + 1];
    ASSERT(size <= CURSOR_PAYLOAD_MAX);
    bytes[0] = CURSOR_VERSION;
    memcpy(bytes + 1, call->backend->genesis->chain_id.bytes, CHAIN_BYTES);
    memcpy(bytes + 1 + CHAIN_BYTES, query->bytes, QUERY_BYTES);
    memcpy(bytes + HEAD_BYTES, payload, size);
    text_encode(bytes, HEAD_BYTES + size, text);
    return json_string(text);
}

json_t *cursor_make(const struct rpc_call *call, const uint8_t *payload, size_t size)
{
    struct digest query = query_hash(call);
    return make(call, &query, payload, size);
}

json_t *cursor_make_balances(const struct rpc_call *call, const struct id *account,
                             const struct id *asset)
{
    struct digest query = balances_hash(account);
    return make(call, &query, asset->bytes, sizeof asset->bytes);
}

static bool refuse(struct rpc_call *call, const char *reason)
{
    call_error(call, RPC_ERROR_cursor_invalid, json_pack("{s:s}", "reason", reason));
    return false;
}

bool cursor_read(struct rpc_call *call, uint8_t *payload, size_t size, bool *present)
{
    const struct argument *argument = call_argument(call, "cursor");
    uint8_t bytes[BYTES_MAX];
    size_t read = 0;
    *present = argument->given;
    if (!argument->given) return true;
    if (!text_decode(argument->text, bytes, sizeof bytes, &read)) return refuse(call, "malformed");
    if (read < HEAD_BYTES || bytes[0] != CURSOR_VERSION) return refuse(call, "malformed");
    if (memcmp(bytes + 1, call->backend->genesis->chain_id.bytes, CHAIN_BYTES) != 0)
        return refuse(call, "chain_mismatch");
    struct digest query = query_hash(call);
    if (memcmp(bytes + 1 + CHAIN_BYTES, query.bytes, QUERY_BYTES) != 0)
        return refuse(call, "query_mismatch");
    if (read - HEAD_BYTES != size) return refuse(call, "malformed");
    memcpy(payload, bytes + HEAD_BYTES, size);
    return true;
}
