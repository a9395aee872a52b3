/* crypto/base.h -- what every other file stands on: status codes, assertions, spans, ids, problems.
 *
 * Errors come in two kinds. What somebody else may get wrong (a peer, a client, a disk, an
 * operator) is an `enum status`, checked at once; all codes stand in the one list below. What only
 * we can get wrong is an ASSERT, which is on in release builds too: a node that has lost an
 * invariant must not go on signing.
 *
 * A `span` never owns its bytes and is valid as long as their owner leaves them alone: for an
 * argument, until the call returns. A `problem` is a status with a sentence for people, filled in
 * by functions that read documents, so that the message can name the field.
 */
#ifndef CRYPTO_BASE_H
#define CRYPTO_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* X(name, text) */
#define STATUS_LIST(X) \
    X(OK, "ok") \
    X(NO_MEMORY, "out of memory") \
    X(IO, "reading or writing failed") \
    X(FULL, "a limit is reached") \
    X(BUSY, "in use by another process") \
    X(MALFORMED, "malformed") \
    X(TOO_LARGE, "larger than its limit") \
    X(INVALID, "a value is not allowed here") \
    X(UNSUPPORTED, "unknown version or kind") \
    X(MISMATCH, "two values that must agree differ") \
    X(BAD_SIGNATURE, "a signature does not verify") \
    X(BAD_KEY, "not a valid public key") \
    X(NOT_MEMBER, "not a member of the committee") \
    X(NO_QUORUM, "fewer signatures than a quorum") \
    X(CONFLICT, "contradicts what was promised before") \
    X(STALE, "older than what is known") \
    X(NOT_FOUND, "not found") \
    X(EXISTS, "exists already") \
    X(DAMAGED, "stored bytes are damaged") \
    X(PERMISSION, "not permitted") \
    X(TIMEOUT, "took too long") \
    X(CLOSED, "closed") \
    X(REFUSED, "refused") \
    X(DIVERGED, "execution differs from the sealed block") \
    X(CRYPTO, "the cryptographic library failed")

enum status {
#define X(name, text) STATUS_##name,
    STATUS_LIST(X)
#undef X
};

/* The word ("BAD_SIGNATURE") and the text of a status; never NULL. */
const char *status_name(enum status status);
const char *status_text(enum status status);

/* Prints file, line and condition to stderr and aborts (exit 134). Never for what a peer, a client
 * or a disk can cause. One condition for each ASSERT. */
#define ASSERT(condition) \
    ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__, __func__))
_Noreturn void assert_failed(const char *condition, const char *file, int line,
                             const char *function);

struct span {
    const uint8_t *data;
    size_t size;
};

static inline struct span span_of(const void *data, size_t size)
{
    return (struct span){ data, size };
}

/* A C string without its terminating zero. */
static inline struct span span_text(const char *text)
{
    return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* Equal size and bytes. Not constant-time: never for secrets. */
bool span_equal(struct span a, struct span b);

/* By unsigned bytes; a proper prefix comes first. <0, 0, >0 as memcmp. */
int span_compare(struct span a, struct span b);

/* 16 bytes that name an account, a validator, an asset, a hold or a client's reference. */
struct id {
    uint8_t bytes[16];
};

static inline bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static inline int id_compare(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool id_is_zero(const struct id *id);

/* A status and a sentence that says what, where and with which values. */
struct problem {
    enum status status;
    char text[512];
};

/* Fills in *problem (which may be NULL) and returns status, so that `return problem_set(...)` reads
 * well. The text is cut to fit. */
enum status problem_set(struct problem *problem, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lower-case hexadecimal. hex_encode writes 2 * size characters and a zero byte. hex_decode wants
 * exactly 2 * size lower-case digits in text (of length text_size). */
void hex_encode(struct span bytes, char *text);
bool hex_decode(const char *text, size_t text_size, uint8_t *bytes, size_t size);

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
