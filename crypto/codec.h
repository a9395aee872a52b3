/* crypto/codec.h -- the one binary encoding: a bounded reader and a bounded writer.
 *
 * Integers are fixed-width little-endian; byte strings carry a u8, u16 or u32 length; nothing is
 * optional, nothing is padded. Everything that is hashed, signed, stored or sent between validators
 * is written and read by these functions, so that there is one place where a length can go wrong.
 *
 * Both sides have a sticky error: after the first mistake every further call does nothing (a reader
 * returns zeros and empty spans), and one check at the end tells. A reader never looks past its
 * span; a writer never grows past its limit.
 *
 *     struct reader r = reader_of(bytes);
 *     uint64_t height = read_u64(&r);
 *     struct span body = read_bytes32(&r, BODY_MAX);
 *     if (reader_end(&r) != STATUS_OK) return STATUS_MALFORMED;
 */
#ifndef CRYPTO_CODEC_H
#define CRYPTO_CODEC_H

#include "crypto/base.h"
#include "crypto/digest.h"
#include "crypto/key.h"

struct reader {
    struct span rest;   /* what is still to be read */
    size_t offset;      /* bytes consumed; at an error, where it happened */
    enum status status; /* the first error */
};

struct reader reader_of(struct span bytes);

uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
int64_t read_i64(struct reader *r);

/* 0 or 1; anything else is STATUS_MALFORMED. */
bool read_bool(struct reader *r);

/* Exactly size bytes, as a span into the input. */
struct span read_bytes(struct reader *r, size_t size);

/* A u8, u16 or u32 length, at most max (else STATUS_TOO_LARGE), and that many bytes. */
struct span read_bytes8(struct reader *r, size_t max);
struct span read_bytes16(struct reader *r, size_t max);
struct span read_bytes32(struct reader *r, size_t max);

/* bytes8 of at most max bytes of valid UTF-8 without NUL. */
struct span read_text8(struct reader *r, size_t max);

void read_id(struct reader *r, struct id *id);
void read_digest(struct reader *r, struct digest *digest);
void read_public_key(struct reader *r, struct public_key *key);
void read_signature(struct reader *r, struct signature *signature);

/* Records an error of the caller's own at the present offset, unless there is one already. */
void reader_fail(struct reader *r, enum status status);

/* STATUS_OK if nothing failed so far. */
static inline enum status reader_status(const struct reader *r)
{
    return r->status;
}

/* STATUS_OK if nothing failed and nothing is left over (else STATUS_MALFORMED). */
enum status reader_end(struct reader *r);

bool utf8_valid(struct span text);

/* Bytes that grow up to a limit. Owned by whoever called buffer_init or writer_init on them. */
struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit;
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_free(struct buffer *buffer);

/* STATUS_TOO_LARGE beyond the limit, STATUS_NO_MEMORY if the heap refuses; unchanged then. */
enum status buffer_append(struct buffer *buffer, struct span bytes);

static inline struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){ buffer->data, buffer->size };
}

struct writer {
    struct buffer buffer; /* grows on the heap, or is the caller's fixed memory */
    bool fixed;
    enum status status;
};

/* A writer that grows on the heap up to limit bytes; end with writer_free. */
void writer_init(struct writer *w, size_t limit);

/* A writer into size bytes of the caller's memory; writer_free does nothing. */
void writer_init_fixed(struct writer *w, void *memory, size_t size);
void writer_free(struct writer *w);

void write_u8(struct writer *w, uint8_t value);
void write_u16(struct writer *w, uint16_t value);
void write_u32(struct writer *w, uint32_t value);
void write_u64(struct writer *w, uint64_t value);
void write_i64(struct writer *w, int64_t value);
void write_bool(struct writer *w, bool value);
void write_bytes(struct writer *w, struct span bytes);

/* Length and bytes; STATUS_TOO_LARGE if the length does not fit its integer. */
void write_bytes8(struct writer *w, struct span bytes);
void write_bytes16(struct writer *w, struct span bytes);
void write_bytes32(struct writer *w, struct span bytes);

void write_id(struct writer *w, const struct id *id);
void write_digest(struct writer *w, const struct digest *digest);
void write_public_key(struct writer *w, const struct public_key *key);
void write_signature(struct writer *w, const struct signature *signature);

static inline enum status writer_status(const struct writer *w)
{
    return w->status;
}

/* What has been written; empty after an error. Valid until the next write. */
struct span writer_span(const struct writer *w);

/* Plain little-endian access, for fixed layouts. */
uint16_t load_u16(const uint8_t *bytes);
uint32_t load_u32(const uint8_t *bytes);
uint64_t load_u64(const uint8_t *bytes);
void store_u16(uint8_t *bytes, uint16_t value);
void store_u32(uint8_t *bytes, uint32_t value);
void store_u64(uint8_t *bytes, uint64_t value);

#endif
