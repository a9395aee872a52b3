#include "proof/tx_view.h"

/* order u8 | lane u32 | seq u64: a place in a lane, or zeros. */
static bool order_is_valid(uint8_t order, uint32_t lane, uint64_t seq)
{
    if (order == ORDER_NONE) return lane == 0 && seq == 0;
    return order == ORDER_LANE && seq >= 1;
}

const char *tx_view_read_body(struct span body, struct tx_view *view)
{
    *view = (struct tx_view){ .txid = transaction_id(body) };
    if (body.size < TX_BODY_BYTES_MIN) return "a body is at least 147 bytes";
    struct reader r = reader_of(body);
    if (read_u16(&r) != TX_VERSION) return "an unknown version of a body";
    read_digest(&r, &view->chain_id);
    read_id(&r, &view->source);
    read_id(&r, &view->client_ref);
    uint64_t not_before_ms = read_u64(&r);
    view->not_after_ms = read_u64(&r);
    if (not_before_ms >= TX_TIME_LIMIT || view->not_after_ms >= TX_TIME_LIMIT)
        return "a time beyond 2^48";
    uint8_t order = read_u8(&r);
    view->lane = read_u32(&r);
    view->seq = read_u64(&r);
    if (!order_is_valid(order, view->lane, view->seq)) return "not an order";
    view->order = (enum order)order;
    return NULL;
}

const char *tx_view_read(struct span bytes, struct tx_view *view)
{
    struct reader r = reader_of(bytes);
    struct span body = read_bytes32(&r, TX_BYTES_LIMIT);
    uint8_t count = read_u8(&r);
    struct span signatures = read_bytes(&r, (size_t)TX_SIGNATURE_BYTES * count);
    if (reader_end(&r) != STATUS_OK) return "not a transaction";
    if (count == 0 || count > TX_SIGNATURES_MAX) return "not 1 ... 32 signatures";
    const char *problem = tx_view_read_body(body, view);
    if (problem) return problem;
    view->signed_hash = digest_of(TAG_SIGNED_TRANSACTION, bytes);
    view->signature_count = count;
    view->signatures = signatures;
    for (uint8_t i = 1; i < count; i++) {
        struct tx_signature before = tx_view_signature(view, (uint8_t)(i - 1));
        struct tx_signature signature = tx_view_signature(view, i);
        if (key_compare(&before.key, &signature.key) >= 0) return "signatures are not in order";
    }
    return NULL;
}

struct tx_signature tx_view_signature(const struct tx_view *view, uint8_t index)
{
    ASSERT(index < view->signature_count);
    const uint8_t *bytes = view->signatures.data + (size_t)TX_SIGNATURE_BYTES * index;
    struct tx_signature signature;
    memcpy(signature.key.bytes, bytes, 32);
    memcpy(signature.signature.bytes, bytes + 32, 64);
    return signature;
}
