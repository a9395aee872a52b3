#include "genesis/address.h"
#include "vectors.h"

static enum address_kind kind_of(const char *prefix)
{
    for (int kind = ADDRESS_ACCOUNT; kind <= ADDRESS_HOLD; kind++)
        if (strcmp(prefix, address_prefix((enum address_kind)kind)) == 0)
            return (enum address_kind)kind;
    cr_assert_fail("prefix %s", prefix);
    return ADDRESS_ACCOUNT;
}

Test(address, vectors)
{
    json_t *vectors = vectors_load("id.json");
    const json_t *list = vectors_list(vectors, "addresses");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        enum address_kind kind = kind_of(vector_text(vector, "prefix"));
        const char *expected = vector_text(vector, "address");
        struct id id, decoded;
        char text[ADDRESS_TEXT];
        vector_bytes(vector, "id", id.bytes, sizeof id.bytes);
        address_encode(kind, &id, text);
        cr_assert_str_eq(text, expected);
        cr_assert_eq(strlen(text), ADDRESS_CHARS);
        cr_assert_eq(address_decode(kind, expected, &decoded), STATUS_OK, "%s", expected);
        cr_assert(id_equal(&id, &decoded));
    }
    json_decref(vectors);
}

Test(address, refused)
{
    json_t *vectors = vectors_load("id.json");
    const json_t *list = vectors_list(vectors, "refused");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        bool invalid = strcmp(vector_text(vector, "status"), "invalid") == 0;
        struct id id = { { 7 } };
        enum status status = address_decode(ADDRESS_ACCOUNT, vector_text(vector, "address"), &id);
        cr_assert_eq(status, invalid ? STATUS_INVALID : STATUS_MALFORMED, "%s",
                     vector_text(vector, "why"));
        cr_assert_eq(id.bytes[0], 7, "a refused address changes nothing");
    }
    json_decref(vectors);
}

/* The checksum's promise: no address differs from another in one character. */
Test(address, every_single_error_is_found)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    struct id id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };
    char text[ADDRESS_TEXT];
    address_encode(ADDRESS_HOLD, &id, text);
    for (size_t i = 4; i < ADDRESS_CHARS; i++) {
        for (size_t j = 0; j < 32; j++) {
            char wrong[ADDRESS_TEXT];
            memcpy(wrong, text, sizeof wrong);
            if (wrong[i] == alphabet[j]) continue;
            wrong[i] = alphabet[j];
            cr_assert_eq(address_decode(ADDRESS_HOLD, wrong, &id), STATUS_MALFORMED, "%s", wrong);
        }
    }
}

Test(address, assets)
{
    json_t *vectors = vectors_load("id.json");
    const json_t *list = vectors_list(vectors, "assets");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct id issuer, expected;
        uint8_t code[12] = { 0 };
        const char *text = vector_text(vector, "code");
        memcpy(code, text, strlen(text));
        vector_bytes(vector, "issuer", issuer.bytes, sizeof issuer.bytes);
        vector_bytes(vector, "id", expected.bytes, sizeof expected.bytes);
        struct id id = asset_id_of(&issuer, code);
        cr_assert(id_equal(&id, &expected), "%s", text);
    }
    json_decref(vectors);
}

Test(address, names)
{
    json_t *vectors = vectors_load("id.json");
    const json_t *list = vectors_list(vectors, "names");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct id source, expected;
        vector_bytes(vector, "source", source.bytes, sizeof source.bytes);
        vector_bytes(vector, "id", expected.bytes, sizeof expected.bytes);
        struct id id =
            named_id_of(&source, vector_text(vector, "set"), vector_text(vector, "name"));
        cr_assert(id_equal(&id, &expected));
    }
    json_decref(vectors);
}

/* "ab" + "c" and "a" + "bc" are different names. */
Test(address, names_have_lengths)
{
    struct id source = { { 9 } };
    struct id one = named_id_of(&source, "ab", "c");
    struct id other = named_id_of(&source, "a", "bc");
    cr_assert(!id_equal(&one, &other));
}
