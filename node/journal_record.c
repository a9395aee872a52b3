#include "node/journal_internal.h"

#include "node/crc32c.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char magic_head[8] = { 'W', 'I', 'T', 'N', 'J', 'R', 'N', 'L' };
enum { HEAD_CRC_OFFSET = JOURNAL_HEAD_BYTES - 4 };

void segment_head_encode(struct segment_head *head, uint8_t bytes[JOURNAL_HEAD_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, JOURNAL_HEAD_BYTES);
    write_bytes(&w, span_of(magic_head, sizeof magic_head));
    write_u16(&w, JOURNAL_VERSION);
    write_digest(&w, &head->chain_id);
    write_u64(&w, head->segment);
    write_u64(&w, head->first_record);
    write_bytes(&w, span_of(head->chain, sizeof head->chain));
    write_u16(&w, 0);
    head->crc = crc32c(0, writer_span(&w));
    write_u32(&w, head->crc);
    ASSERT(writer_status(&w) == STATUS_OK);
    ASSERT(w.buffer.size == JOURNAL_HEAD_BYTES);
}

enum status segment_head_decode(const uint8_t bytes[JOURNAL_HEAD_BYTES], struct segment_head *head)
{
    struct reader r = reader_of(span_of(bytes, JOURNAL_HEAD_BYTES));
    struct span mark = read_bytes(&r, sizeof magic_head);
    if (memcmp(mark.data, magic_head, sizeof magic_head) != 0) return STATUS_DAMAGED;
    head->crc = crc32c(0, span_of(bytes, HEAD_CRC_OFFSET));
    if (load_u32(bytes + HEAD_CRC_OFFSET) != head->crc) return STATUS_DAMAGED;
    if (read_u16(&r) != JOURNAL_VERSION) return STATUS_UNSUPPORTED;
    read_digest(&r, &head->chain_id);
    head->segment = read_u64(&r);
    head->first_record = read_u64(&r);
    struct span chain = read_bytes(&r, sizeof head->chain);
    memcpy(head->chain, chain.data, sizeof head->chain);
    return STATUS_OK;
}

void segment_name(char name[SEGMENT_NAME_BYTES], uint64_t segment)
{
    snprintf(name, SEGMENT_NAME_BYTES, "%020" PRIu64 ".log", segment);
}

bool segment_name_parse(const char *name, uint64_t *segment)
{
    if (strlen(name) != SEGMENT_NAME_BYTES - 1 || strcmp(name + 20, ".log") != 0) return false;
    if (strspn(name, "0123456789") != 20) return false;
    *segment = strtoull(name, NULL, 10);
    char again[SEGMENT_NAME_BYTES]; /* Refuses what overflows 64 bits. */
    segment_name(again, *segment);
    return *segment > 0 && strcmp(again, name) == 0;
}

void record_chain(const uint8_t previous[JOURNAL_CHAIN_BYTES], struct span up_to_crc,
                  uint8_t chain[JOURNAL_CHAIN_BYTES])
{
    struct span parts[2] = { span_of(previous, JOURNAL_CHAIN_BYTES), up_to_crc };
    struct digest digest = digest_plain(parts, 2);
    memcpy(chain, digest.bytes, JOURNAL_CHAIN_BYTES);
}

static void record_head_encode(uint8_t head[RECORD_HEAD_BYTES], uint32_t magic, uint64_t size,
                               uint64_t number, uint64_t durable_through, uint8_t kind)
{
    store_u32(head, magic);
    store_u32(head + 4, (uint32_t)size);
    store_u64(head + 8, number);
    store_u64(head + 16, durable_through);
    head[24] = kind;
}

enum status record_encode(struct buffer *out, uint32_t magic, uint64_t number,
                          uint64_t durable_through, uint8_t kind, const struct span *parts,
                          size_t parts_count, uint8_t chain[JOURNAL_CHAIN_BYTES])
{
    uint64_t size = 0;
    for (size_t i = 0; i < parts_count; i++)
        size += parts[i].size;
    ASSERT(size <= JOURNAL_PAYLOAD_MAX);
    size_t start = out->size;

    uint8_t head[RECORD_HEAD_BYTES];
    record_head_encode(head, magic, size, number, durable_through, kind);
    enum status status = buffer_append(out, span_of(head, sizeof head));
    for (size_t i = 0; i < parts_count && status == STATUS_OK; i++)
        status = buffer_append(out, parts[i]);

    /* Room for tail and padding before anything is computed, so that a failure changes nothing. */
    size_t body = RECORD_HEAD_BYTES + (size_t)size;
    uint8_t tail[RECORD_TAIL_BYTES + 7] = { 0 };
    if (status == STATUS_OK)
        status = buffer_append(out, span_of(tail, (size_t)record_bytes(size) - body));
    if (status != STATUS_OK) {
        out->size = start;
        return status;
    }
    struct span up_to_crc = span_of(out->data + start, body);
    store_u32(out->data + start + body, crc32c(0, up_to_crc));
    record_chain(chain, up_to_crc, chain);
    memcpy(out->data + start + body + 4, chain, JOURNAL_CHAIN_BYTES);
    return STATUS_OK;
}

uint64_t record_peek(const uint8_t *bytes, uint32_t magic)
{
    if (load_u32(bytes) != magic) return 0;
    uint32_t size = load_u32(bytes + 4);
    return size > JOURNAL_PAYLOAD_MAX ? 0 : record_bytes(size);
}

bool record_decode(struct span bytes, uint32_t magic, struct record *record)
{
    if (bytes.size < RECORD_BYTES_MIN || record_peek(bytes.data, magic) != bytes.size) return false;
    uint32_t size = load_u32(bytes.data + 4);
    size_t body = RECORD_HEAD_BYTES + (size_t)size;
    if (load_u32(bytes.data + body) != crc32c(0, span_of(bytes.data, body))) return false;
    for (size_t i = body + RECORD_TAIL_BYTES; i < bytes.size; i++)
        if (bytes.data[i] != 0) return false;
    record->number = load_u64(bytes.data + 8);
    record->durable_through = load_u64(bytes.data + 16);
    record->kind = bytes.data[24];
    record->payload = span_of(bytes.data + RECORD_HEAD_BYTES, size);
    memcpy(record->chain, bytes.data + body + 4, JOURNAL_CHAIN_BYTES);
    return record->kind != 0 && record->durable_through < record->number;
}

enum status segment_list_add(struct segment_list *list, const struct segment *segment)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        struct segment *items = realloc(list->items, capacity * sizeof *items);
        if (!items) return STATUS_NO_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *segment;
    return STATUS_OK;
}
