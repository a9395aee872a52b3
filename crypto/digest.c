#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

/* One context a thread, fetched once: creating one for each hash costs more than the hash. The
 * thread-specific value is there for its destructor alone, which frees both when a thread ends. */
static _Thread_local EVP_MD_CTX *context;
static _Thread_local EVP_MD *sha256;
static pthread_key_t context_key;
static pthread_once_t context_key_once = PTHREAD_ONCE_INIT;

static const char *const tags[TAG_COUNT] = {
#define X(name, text) text,
    TAG_LIST(X)
#undef X
};

const char *tag_text(enum tag tag)
{
    ASSERT(tag < TAG_COUNT);
    return tags[tag];
}

static void context_close(void *value)
{
    (void)value;
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha256);
    context = NULL; /* a later destructor of this thread may hash again */
    sha256 = NULL;
}

static void context_key_make(void)
{
    int failed = pthread_key_create(&context_key, context_close);
    ASSERT(failed == 0);
}

static void context_open(void)
{
    pthread_once(&context_key_once, context_key_make);
    context = EVP_MD_CTX_new();
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ASSERT(context != NULL);
    ASSERT(sha256 != NULL);
    int failed = pthread_setspecific(context_key, context);
    ASSERT(failed == 0);
}

/* OpenSSL fails here only without memory at a thread's first hash; a ledger cannot go on then. */
static void hash_begin(void)
{
    if (!context) context_open();
    int done = EVP_DigestInit_ex2(context, sha256, NULL);
    ASSERT(done == 1);
}

static void hash_add(const void *bytes, size_t size)
{
    if (size == 0) return;
    int done = EVP_DigestUpdate(context, bytes, size);
    ASSERT(done == 1);
}

static struct digest hash_end(void)
{
    struct digest digest;
    unsigned size = 0;
    int done = EVP_DigestFinal_ex(context, digest.bytes, &size);
    ASSERT(done == 1);
    ASSERT(size == sizeof digest.bytes);
    return digest;
}

struct digest digest_of_parts(enum tag tag, const struct span *parts, size_t count)
{
    const char *text = tag_text(tag);
    hash_begin();
    hash_add(text, strlen(text) + 1);
    for (size_t i = 0; i < count; i++)
        hash_add(parts[i].data, parts[i].size);
    return hash_end();
}

struct digest digest_of(enum tag tag, struct span bytes)
{
    return digest_of_parts(tag, &bytes, 1);
}

struct digest digest_plain(const struct span *parts, size_t count)
{
    hash_begin();
    for (size_t i = 0; i < count; i++)
        hash_add(parts[i].data, parts[i].size);
    return hash_end();
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int digest_compare(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool digest_is_zero(const struct digest *digest)
{
    static const struct digest zero;
    return digest_equal(digest, &zero);
}
