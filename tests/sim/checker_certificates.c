/* Certificates, and the warrants that honest members send, taken apart byte by byte and counted by
 * loops, as docs/maintainers/formats-consensus.md writes them. */
#include "checker_internal.h"

#include <inttypes.h>

enum {
    PROPOSAL = 1,
    VOTE = 2,
    TIMEOUT = 4,
    SYNC_INFO = 5,
    HEADER_SIZE = 88,
    CERTIFICATE_HEAD = 51,
    SIGNATURE_SIZE = 64,
};

const uint8_t *take(struct taking *t, size_t size)
{
    if (t->failed || t->size < size) {
        t->failed = true;
        return NULL;
    }
    const uint8_t *taken = t->data;
    t->data += size;
    t->size -= size;
    return taken;
}

uint64_t fingerprint(struct span bytes, uint64_t start)
{
    uint64_t hash = (bytes.size ^ start << 32) * 0x9e3779b97f4a7c15u;
    for (size_t at = 0; at < bytes.size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes.data + at, bytes.size - at < 8 ? bytes.size - at : 8);
        hash = (hash ^ word) * 0x9ddfea08eb382d69u;
        hash ^= hash >> 31;
    }
    return hash;
}

/* ---- certificates ---- */

static const char *signers_taken(const struct checker *checker, struct taking *t, bool with_aux,
                                 struct certified *c)
{
    size_t bitmap_size = (checker->members + 7u) / 8;
    const uint8_t *head = take(t, CERTIFICATE_HEAD);
    c->bitmap = take(t, bitmap_size);
    if (t->failed || load_u16(head + 49) != checker->members) return "no certificate";
    c->kind = head[0];
    c->index = load_u64(head + 1);
    c->view = load_u64(head + 9);
    memcpy(c->digest.bytes, head + 17, 32);
    c->signers = 0;
    for (size_t i = 0; i < bitmap_size * 8; i++)
        c->signers += c->bitmap[i / 8] >> (i % 8) & 1;
    c->signatures = take(t, c->signers * SIGNATURE_SIZE);
    c->aux = with_aux ? take(t, c->signers * 8) : NULL;
    return t->failed ? "no certificate" : NULL;
}

/* chain 32 | epoch | validators 32 | engine | kind | index | view | aux | digest 32. */
static bool signed_by(const struct checker *checker, const struct certified *c, uint16_t member,
                      size_t number)
{
    uint8_t bytes[130];
    struct signature signature;
    memcpy(bytes, checker->signed_head, 73);
    bytes[73] = c->kind;
    store_u64(bytes + 74, c->index);
    store_u64(bytes + 82, c->view);
    store_u64(bytes + 90, c->aux ? load_u64(c->aux + 8 * number) : 0);
    memcpy(bytes + 98, c->digest.bytes, 32);
    memcpy(signature.bytes, c->signatures + number * SIGNATURE_SIZE, SIGNATURE_SIZE);
    return key_verify(&checker->genesis->committee.validators[member].seal_key, TAG_ENGINE,
                      span_of(bytes, sizeof bytes), &signature);
}

/* Every bit of the map is a member with a valid signature, and there is a quorum of them. */
static const char *signers_hold(const struct checker *checker, const struct certified *c)
{
    size_t signers = 0;
    if (c->signers < checker->quorum) return "fewer signers than a quorum";
    for (uint16_t i = 0; i < (checker->members + 7) / 8 * 8; i++) {
        if (!(c->bitmap[i / 8] >> (i % 8) & 1)) continue;
        if (i >= checker->members) return "a signer who is no member";
        if (!signed_by(checker, c, i, signers)) return "a signature that does not hold";
        signers++;
    }
    return NULL;
}

const char *certificate_fails(struct checker *checker, struct taking *t, bool with_aux,
                              struct certified *c)
{
    const uint8_t *begin = t->data;
    const char *why = signers_taken(checker, t, with_aux, c);
    if (why) return why;
    uint64_t print = fingerprint(span_of(begin, (size_t)(t->data - begin)), with_aux);
    bool added;
    if (shelf_find(&checker->right, &print)) return NULL;
    why = signers_hold(checker, c);
    if (!why) shelf_add(&checker->right, &print, &added);
    return why;
}

/* ---- warrants ---- */

/* Of a proposal, by votes. The root's, of view 0, has no signer. */
static const char *high_fails(struct checker *checker, struct taking *t, struct certified *c)
{
    struct taking before = *t;
    const char *why = signers_taken(checker, t, false, c);
    if (why) return why;
    if (c->kind != VOTE) return "a certificate of another kind";
    if (c->view == 0) return c->signers == 0 && c->index == 0 ? NULL : "a certificate of view 0";
    *t = before;
    return certificate_fails(checker, t, false, c);
}

/* Timeouts of one view by a quorum, each naming the view of its highest certificate; and the
 * highest of those. */
static const char *timeouts_fail(struct checker *checker, struct taking *t, struct certified *c,
                                 struct certified *high)
{
    static const struct digest zeros;
    uint64_t highest = 0;
    const char *why = certificate_fails(checker, t, true, c);
    if (!why) why = high_fails(checker, t, high);
    if (why) return why;
    if (c->kind != TIMEOUT || c->index != 0 || memcmp(&c->digest, &zeros, sizeof zeros) != 0)
        return "timeouts of another kind";
    for (size_t i = 0; i < c->signers; i++)
        if (load_u64(c->aux + 8 * i) > highest) highest = load_u64(c->aux + 8 * i);
    if (high->view != highest) return "timeouts with another certificate than they name";
    return highest < c->view ? NULL : "timeouts with a certificate of their own view";
}

/* certificate | has timeouts bool | [aux certificate | certificate]. Admits to the view behind its
 * certificate, or behind its timeouts; in the latter case the certificate is not below what those
 * name, in two phases. view 0: to any. */
static const char *warrant_fails(struct checker *checker, struct taking *t, uint64_t view)
{
    struct certified high, timeouts, named;
    const char *why = high_fails(checker, t, &high);
    if (why) return why;
    const uint8_t *has_timeouts = take(t, 1);
    if (t->failed || *has_timeouts > 1) return "no warrant";
    if (*has_timeouts == 0)
        return view == 0 || high.view + 1 == view ? NULL : "a warrant for another view";
    why = timeouts_fail(checker, t, &timeouts, &named);
    if (why || view == 0) return why;
    if (timeouts.view + 1 != view || high.view >= timeouts.view)
        return "a warrant for another view";
    if (checker->plan->phases == 2 && high.view < named.view)
        return "a certificate below what the timeouts name";
    return NULL;
}

/* statement 57 | signature 64 | bytes32 attachment | bytes32 batch: a message as it is sent. In a
 * proposal a header comes before the warrant, in a sync_info a proof behind it. */
void warrant_sent(struct checker *checker, uint16_t replica, struct span message)
{
    struct taking t = { message.data, message.size, false };
    const uint8_t *statement = take(&t, STATEMENT_SIZE);
    take(&t, SIGNATURE_SIZE);
    const uint8_t *size = take(&t, 4);
    const uint8_t *attachment = t.failed ? NULL : take(&t, load_u32(size));
    if (t.failed) return;
    uint8_t kind = statement[0];
    if (kind != PROPOSAL && kind != TIMEOUT && kind != SYNC_INFO) return;
    uint64_t view = load_u64(statement + 9);
    t = (struct taking){ attachment, load_u32(size), false };
    uint64_t print = fingerprint(span_of(t.data, t.size), view << 3 | kind);
    if (shelf_find(&checker->right, &print)) return;
    if (kind == PROPOSAL) take(&t, HEADER_SIZE);
    const char *why = warrant_fails(checker, &t, view);
    bool added;
    if (!why)
        shelf_add(&checker->right, &print, &added);
    else
        checker_fail(checker, CHECK_CERTIFICATE,
                     "node %u sends a message of kind %u, view %" PRIu64 ", with %s", replica, kind,
                     view, why);
}
