#include "genesis/genesis.h"
#include "vectors.h"

Test(words, vectors)
{
    json_t *vectors = vectors_load("genesis.json");
    const json_t *list = vectors_list(vectors, "documents");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct digest chain_id;
        char text[128];
        vector_bytes(vector, "chain_id", chain_id.bytes, sizeof chain_id.bytes);
        chain_id_words(&chain_id, text);
        cr_assert_str_eq(text, vector_text(vector, "words"));
    }
    json_decref(vectors);
}

/* The word of each byte value. */
static void words_all(char words[256][16])
{
    for (unsigned first = 0; first < 256; first += 8) {
        struct digest digest = { { 0 } };
        char text[128];
        for (unsigned i = 0; i < 8; i++)
            digest.bytes[i] = (uint8_t)(first + i);
        chain_id_words(&digest, text);
        unsigned count = 0;
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
            cr_assert_lt(count, 8);
            snprintf(words[first + count++], 16, "%s", word);
        }
        cr_assert_eq(count, 8);
    }
}

Test(words, four_letters_tell_them_apart)
{
    char words[256][16];
    words_all(words);
    for (unsigned i = 0; i < 256; i++) {
        cr_assert_geq(strlen(words[i]), 3);
        cr_assert_leq(strlen(words[i]), 7);
        cr_assert_eq(strspn(words[i], "abcdefghijklmnopqrstuvwxyz"), strlen(words[i]));
        if (i > 0) cr_assert_lt(strncmp(words[i - 1], words[i], 4), 0, "%s", words[i]);
    }
    cr_assert_str_eq(words[0], "acid");
    cr_assert_str_eq(words[255], "zoo");
}

Test(words, only_the_first_eight_bytes)
{
    struct digest one = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };
    struct digest other = one;
    char text[128], same[128];
    other.bytes[8] = 77;
    chain_id_words(&one, text);
    chain_id_words(&other, same);
    cr_assert_str_eq(text, same);
    other.bytes[7] = 77;
    chain_id_words(&other, same);
    cr_assert_str_neq(text, same);
}
