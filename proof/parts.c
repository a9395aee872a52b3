/* The parts that proofs share, as views of their bytes. */
#include "proof/proof.h"

#include <assert.h>

/* Hashes are used where they lie in the file. */
static_assert(sizeof(struct digest) == 32 && _Alignof(struct digest) == 1, "no padding");
static_assert(STATE_BITMAP_BYTES_MAX * 8 == STATE_DEPTH_MAX, "a bit for each level");

const char *proof_kind_word(unsigned kind)
{
    static const char *const words[] = {
#define X(name, number, word) [number] = word,
        PROOF_KIND_LIST(X)
#undef X
    };
    return kind < sizeof words / sizeof *words ? words[kind] : NULL;
}

/* ---- seals ----------------------------------------------------------------------------------- */

void seal_view_read(struct reader *r, struct seal_view *view)
{
    view->epoch = read_u64(r);
    view->height = read_u64(r);
    read_digest(r, &view->block_hash);
    view->count = read_u16(r);
    if (view->count > COMMITTEE_MAX) reader_fail(r, STATUS_TOO_LARGE);
    view->signatures = read_bytes(r, (size_t)SEAL_SIGNATURE_BYTES * view->count);
}

struct seal_view seal_view_of(struct span seal)
{
    struct seal_view view;
    struct reader r = reader_of(seal);
    seal_view_read(&r, &view);
    ASSERT(reader_end(&r) == STATUS_OK);
    return view;
}

struct seal_signature seal_view_signature(const struct seal_view *view, uint16_t number)
{
    ASSERT(number < view->count);
    const uint8_t *bytes = view->signatures.data + (size_t)SEAL_SIGNATURE_BYTES * number;
    struct seal_signature signature = { .validator = load_u16(bytes) };
    memcpy(signature.signature.bytes, bytes + 2, sizeof signature.signature.bytes);
    return signature;
}

/* ---- epochs ---------------------------------------------------------------------------------- */

enum { SET_HEAD_BYTES = 4, SET_ITEM_BYTES = 64 };

bool epoch_item_next(struct span *rest, struct epoch_item *item)
{
    if (rest->size == 0) return false;
    struct reader r = reader_of(*rest);
    struct seal_view view;
    uint8_t kind = read_u8(&r);
    header_read(&r, &item->boundary.header);
    const uint8_t *seal = r.rest.data;
    seal_view_read(&r, &view);
    item->boundary.seal = span_of(seal, (size_t)(r.rest.data - seal));
    const uint8_t *set = r.rest.data;
    (void)read_u16(&r);
    uint16_t count = read_u16(&r);
    (void)read_bytes(&r, (size_t)SET_ITEM_BYTES * count);
    ASSERT(reader_status(&r) == STATUS_OK); /* the chain was decoded before it is walked */
    ASSERT(kind == 0);
    item->validators = span_of(set, SET_HEAD_BYTES + (size_t)SET_ITEM_BYTES * count);
    *rest = r.rest;
    return true;
}

/* ---- the state's paths ----------------------------------------------------------------------- */

static bool level_is_set(const struct state_siblings *path, unsigned level)
{
    return (path->bitmap[level >> 3] >> (7 - (level & 7)) & 1) != 0;
}

void state_siblings_set(struct state_siblings *path, const struct digest *siblings, uint16_t depth,
                        struct digest *room)
{
    ASSERT(depth <= STATE_DEPTH_MAX);
    *path = (struct state_siblings){ .depth = depth, .hashes = room };
    for (unsigned level = depth; level-- > 0;) {
        if (digest_is_zero(&siblings[level])) continue;
        path->bitmap[level >> 3] |= (uint8_t)(0x80 >> (level & 7));
        room[path->count++] = siblings[level];
    }
}

struct digest state_sibling(const struct state_siblings *path, uint16_t level)
{
    ASSERT(level < path->depth);
    if (!level_is_set(path, level)) return (struct digest){ { 0 } };
    unsigned below = 0; /* hashes of deeper levels come first */
    for (unsigned i = level + 1u; i < path->depth; i++)
        below += level_is_set(path, i);
    return path->hashes[below];
}

struct digest state_proof_path(const struct state_proof *state)
{
    if (state->kind != RECORD_WINDOW) return state_path(state->kind, state->key);
    if (state->form == STATE_ABSENT) return state_path_window(state->key, state->not_after_ms);
    struct window_entry entry = { .not_after_ms = 0 };
    if (window_decode(state->value, &entry) != STATUS_OK) entry.not_after_ms = 0;
    return state_path_window(state->key, entry.not_after_ms);
}

/* ---- movements ------------------------------------------------------------------------------- */

void movement_read(struct reader *r, struct movement *movement)
{
    read_digest(r, &movement->entry_id);
    movement->position = read_u64(r);
    read_id(r, &movement->account);
    read_id(r, &movement->asset);
    movement->seq = read_u64(r);
    movement->d_posted = read_i64(r);
    movement->d_held_out = read_i64(r);
    movement->d_held_in = read_i64(r);
    movement->posted = read_i64(r);
    movement->held_out = read_i64(r);
    movement->held_in = read_i64(r);
}

struct movement statement_movement(const struct statement_proof *statement, uint32_t index)
{
    ASSERT(index < statement->count);
    struct movement movement;
    const uint8_t *bytes = statement->movements.data + (size_t)MOVEMENT_BYTES * index;
    struct reader r = reader_of(span_of(bytes, MOVEMENT_BYTES));
    movement_read(&r, &movement);
    ASSERT(reader_end(&r) == STATUS_OK);
    return movement;
}
