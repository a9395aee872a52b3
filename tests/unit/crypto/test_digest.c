#include "crypto/digest.h"
#include "tests/unit/crypto/vectors.h"

#include <pthread.h>

static bool tag_find(const char *text, enum tag *tag)
{
    for (int i = 0; i < TAG_COUNT; i++) {
        *tag = (enum tag)i;
        if (strcmp(tag_text(*tag), text) == 0) return true;
    }
    return false;
}

Test(digest, vectors_of_every_tag)
{
    json_t *document = vectors_load("hash");
    unsigned seen[TAG_COUNT] = { 0 };
    size_t i;
    const json_t *one;
    json_array_foreach(document, i, one)
    {
        enum tag tag;
        struct digest expected;
        cr_assert(tag_find(vector_text(one, "tag"), &tag), "%s", vector_text(one, "tag"));
        seen[tag]++;
        vector_into(one, "digest", expected.bytes, 32);
        struct span input = vector_bytes(one, "input");
        struct digest digest = digest_of(tag, input);
        cr_assert(digest_equal(&digest, &expected), "%s", vector_text(one, "tag"));
        span_free(input);
    }
    for (int tag = 0; tag < TAG_COUNT; tag++)
        cr_assert_geq(seen[tag], 2, "no vector for %s", tag_text((enum tag)tag));
    json_decref(document);
}

Test(digest, tags_are_distinct_and_none_is_a_beginning_of_another)
{
    for (int i = 0; i < TAG_COUNT; i++) {
        const char *a = tag_text((enum tag)i);
        cr_assert_eq(strncmp(a, "witan/", 6), 0, "%s", a);
        for (int j = 0; j < TAG_COUNT; j++) {
            const char *b = tag_text((enum tag)j);
            if (i != j) cr_assert_neq(strncmp(a, b, strlen(a)), 0, "%s, %s", a, b);
        }
    }
}

Test(digest, the_same_bytes_under_two_tags_differ)
{
    struct digest a = digest_of(TAG_HEADER, span_text("x"));
    struct digest b = digest_of(TAG_ENTRY, span_text("x"));
    cr_assert_not(digest_equal(&a, &b));
}

Test(digest, parts_are_hashed_as_one)
{
    const struct span parts[] = { span_text("one"), span_of(NULL, 0), span_text("two"),
                                  span_text("") };
    struct digest whole = digest_of(TAG_BATCH, span_text("onetwo"));
    struct digest parted = digest_of_parts(TAG_BATCH, parts, 4);
    cr_assert(digest_equal(&whole, &parted));
    const struct span tagged[] = { span_of("witan/batch/v1", 15), span_text("onetwo") };
    struct digest plain = digest_plain(tagged, 2);
    cr_assert(digest_equal(&whole, &plain));
}

Test(digest, plain_is_sha_256)
{
    static const struct {
        const char *text;
        const char *digest;
    } known[] = {
        /* FIPS 180-4 */
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    for (size_t i = 0; i < 3; i++) {
        struct span text = span_text(known[i].text);
        struct digest digest = digest_plain(&text, 1);
        char hex[65];
        hex_encode(digest_span(&digest), hex);
        cr_assert_str_eq(hex, known[i].digest);
    }
    struct digest none = digest_plain(NULL, 0);
    cr_assert_eq(none.bytes[0], 0xe3);
}

Test(digest, comparison)
{
    struct digest a = { { 0 } };
    struct digest b = { { 0 } };
    cr_assert(digest_is_zero(&a));
    cr_assert_eq(digest_compare(&a, &b), 0);
    b.bytes[31] = 0x80;
    cr_assert_not(digest_is_zero(&b));
    cr_assert_lt(digest_compare(&a, &b), 0);
    cr_assert_gt(digest_compare(&b, &a), 0);
    cr_assert_not(digest_equal(&a, &b));
}

static void *hash_some(void *result)
{
    struct digest digest = { { 0 } };
    for (int i = 0; i < 100; i++)
        digest = digest_of(TAG_PROPOSAL, digest_span(&digest));
    *(struct digest *)result = digest;
    return NULL;
}

/* The leak checker sees contexts that outlive their threads. */
Test(digest, each_thread_has_its_own_context)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct digest results[THREADS];
    struct digest expected;
    hash_some(&expected);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hash_some, &results[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_assert(digest_equal(&results[i], &expected));
    }
}
