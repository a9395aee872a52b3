#include "format/block.h"

#include "genesis/address.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEADER_VERSION = 1, HEADER_FLAGS = HEADER_EPOCH_END | HEADER_TICK | HEADER_RECOVERY };
enum { ENTRIES_MAX = UINT16_MAX };

static const uint64_t height_limit = (uint64_t)1 << 39;

_Static_assert(HEADER_BYTES == 2 + 1 + 1 + 4 + 32 + 5 * 8 + 16 + 8 * 32, "the table in block.h");
_Static_assert(ENTRY_RECORD_BYTES == 1 + 32 + 32 + 2 + 1 + 32, "the layout in block.h");

void header_write(struct writer *w, const struct header *header)
{
    write_u16(w, header->version);
    write_u8(w, header->fault_model);
    write_u8(w, header->flags);
    write_u32(w, header->entry_count);
    write_digest(w, &header->chain_id);
    write_u64(w, header->epoch);
    write_u64(w, header->height);
    write_u64(w, header->sequence);
    write_u64(w, header->time_ms);
    write_u64(w, header->window_horizon_ms);
    write_id(w, &header->proposer);
    write_digest(w, &header->parent_hash);
    write_digest(w, &header->tx_root);
    write_digest(w, &header->state_root);
    write_digest(w, &header->history_root);
    write_digest(w, &header->validators_hash);
    write_digest(w, &header->next_validators_hash);
    write_digest(w, &header->members_hash);
    write_digest(w, &header->params_hash);
}

static void read_header_numbers(struct reader *r, struct header *header)
{
    header->epoch = read_u64(r);
    header->height = read_u64(r);
    if (header->height >= height_limit) reader_fail(r, STATUS_MALFORMED);
    header->sequence = read_u64(r);
    header->time_ms = read_u64(r);
    if (header->time_ms >= TX_TIME_LIMIT) reader_fail(r, STATUS_MALFORMED);
    header->window_horizon_ms = read_u64(r);
    if (header->window_horizon_ms >= TX_TIME_LIMIT) reader_fail(r, STATUS_MALFORMED);
}

void header_read(struct reader *r, struct header *header)
{
    header->version = read_u16(r);
    if (header->version != HEADER_VERSION) reader_fail(r, STATUS_UNSUPPORTED);
    header->fault_model = read_u8(r);
    if (header->fault_model != FAULT_BYZANTINE && header->fault_model != FAULT_CRASH)
        reader_fail(r, STATUS_UNSUPPORTED);
    header->flags = read_u8(r);
    if ((header->flags & ~HEADER_FLAGS) != 0) reader_fail(r, STATUS_UNSUPPORTED);
    header->entry_count = read_u32(r);
    if (header->entry_count > ENTRIES_MAX) reader_fail(r, STATUS_MALFORMED);
    read_digest(r, &header->chain_id);
    read_header_numbers(r, header);
    read_id(r, &header->proposer);
    read_digest(r, &header->parent_hash);
    read_digest(r, &header->tx_root);
    read_digest(r, &header->state_root);
    read_digest(r, &header->history_root);
    read_digest(r, &header->validators_hash);
    read_digest(r, &header->next_validators_hash);
    read_digest(r, &header->members_hash);
    read_digest(r, &header->params_hash);
}

static void header_bytes(const struct header *header, uint8_t bytes[HEADER_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, HEADER_BYTES);
    header_write(&w, header);
    ASSERT(writer_status(&w) == STATUS_OK);
    ASSERT(writer_span(&w).size == HEADER_BYTES);
}

struct digest header_hash(const struct header *header)
{
    uint8_t bytes[HEADER_BYTES];
    header_bytes(header, bytes);
    return digest_of(TAG_HEADER, span_of(bytes, sizeof bytes));
}

/* The fields in the order of the bytes; how to show one follows from its size. */
static const struct {
    const char *name;
    uint16_t offset;
    uint16_t size;
} header_fields[] = {
    { "version", 0, 2 },
    { "fault_model", 2, 1 },
    { "flags", 3, 1 },
    { "entry_count", 4, 4 },
    { "chain_id", 8, 32 },
    { "epoch", 40, 8 },
    { "height", 48, 8 },
    { "sequence", 56, 8 },
    { "time_ms", 64, 8 },
    { "window_horizon_ms", 72, 8 },
    { "proposer", 80, 16 },
    { "parent_hash", 96, 32 },
    { "tx_root", 128, 32 },
    { "state_root", 160, 32 },
    { "history_root", 192, 32 },
    { "validators_hash", 224, 32 },
    { "next_validators_hash", 256, 32 },
    { "members_hash", 288, 32 },
    { "params_hash", 320, 32 },
};

static void field_text(const uint8_t *field, size_t size, char text[80])
{
    uint8_t number[8] = { 0 };
    struct id id;
    switch (size) {
    case sizeof(struct digest): hex_encode(span_of(field, size), text); return;
    case sizeof(struct id):
        memcpy(id.bytes, field, sizeof id.bytes);
        address_encode(ADDRESS_VALIDATOR, &id, text);
        return;
    default:
        ASSERT(size <= sizeof number);
        memcpy(number, field, size);
        (void)snprintf(text, 80, "%" PRIu64, load_u64(number));
    }
}

const char *header_difference(const struct header *a, const struct header *b, char value_a[80],
                              char value_b[80])
{
    uint8_t bytes_a[HEADER_BYTES];
    uint8_t bytes_b[HEADER_BYTES];
    header_bytes(a, bytes_a);
    header_bytes(b, bytes_b);
    for (size_t i = 0; i < sizeof header_fields / sizeof header_fields[0]; i++) {
        size_t offset = header_fields[i].offset;
        size_t size = header_fields[i].size;
        if (memcmp(bytes_a + offset, bytes_b + offset, size) == 0) continue;
        field_text(bytes_a + offset, size, value_a);
        field_text(bytes_b + offset, size, value_b);
        return header_fields[i].name;
    }
    return NULL;
}

void entry_record_write(struct writer *w, const struct entry_record *record)
{
    write_u8(w, record->kind);
    write_digest(w, &record->id);
    write_digest(w, &record->signed_hash);
    write_u16(w, record->code);
    write_u8(w, record->at);
    write_digest(w, &record->effects_hash);
}

void entry_record_read(struct reader *r, struct entry_record *record)
{
    record->kind = read_u8(r);
    if (record->kind < ENTRY_TRANSACTION || record->kind > ENTRY_RECOVERY)
        reader_fail(r, STATUS_UNSUPPORTED);
    read_digest(r, &record->id);
    read_digest(r, &record->signed_hash);
    if (record->kind != ENTRY_TRANSACTION && !digest_is_zero(&record->signed_hash))
        reader_fail(r, STATUS_MALFORMED);
    record->code = read_u16(r);
    record->at = read_u8(r);
    read_digest(r, &record->effects_hash);
}

struct digest entry_record_hash(const struct entry_record *record)
{
    uint8_t bytes[ENTRY_RECORD_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    entry_record_write(&w, record);
    ASSERT(writer_status(&w) == STATUS_OK);
    ASSERT(writer_span(&w).size == ENTRY_RECORD_BYTES);
    return digest_of(TAG_ENTRY, writer_span(&w));
}

enum status block_decode(struct span bytes, struct header *header, uint32_t *count,
                         struct span *transactions)
{
    struct reader r = reader_of(bytes);
    header_read(&r, header);
    *count = read_u32(&r);
    if (*count > header->entry_count) reader_fail(&r, STATUS_MALFORMED);
    *transactions = r.rest;
    for (uint32_t i = 0; i < *count && reader_status(&r) == STATUS_OK; i++)
        (void)read_bytes32(&r, TX_BYTES_LIMIT);
    return reader_end(&r);
}
