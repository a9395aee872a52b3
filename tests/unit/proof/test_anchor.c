#include "proof/anchor.h"
#include "tests/unit/proof/story.h"

#include <criterion/criterion.h>

/* The story keeps a state of its own, object by object. */
Test(anchor, is_the_root_of_the_objects_of_the_genesis)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct header header;
    struct digest root = story_root(&s->blocks[0]);
    cr_assert_eq(anchor_header(s->genesis, &header), STATUS_OK);
    cr_expect(digest_equal(&header.state_root, &root));
    cr_expect(digest_equal(&header.chain_id, &s->genesis->chain_id));
    cr_expect_eq(header.height, 0);
    cr_expect_eq(header.time_ms, STORY_TIME);
    story_free(s);
}

Test(anchor, changes_with_every_allocation)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct header before, after;
    cr_assert_eq(anchor_header(s->genesis, &before), STATUS_OK);
    s->genesis->balances[0].posted++;
    cr_assert_eq(anchor_header(s->genesis, &after), STATUS_OK);
    cr_expect_not(digest_equal(&before.state_root, &after.state_root));
    s->genesis->balances[0].posted--;
    s->genesis->accounts[0].roles ^= ROLE_FREEZER;
    cr_assert_eq(anchor_header(s->genesis, &after), STATUS_OK);
    cr_expect_not(digest_equal(&before.state_root, &after.state_root));
    story_free(s);
}

static json_t *load_vector(const char *name)
{
    char path[1024];
    struct problem problem;
    (void)snprintf(path, sizeof path, "%s/%s", WITAN_VECTORS, name);
    json_t *json = json_read_file(path, 1 << 26, &problem);
    cr_assert(json, "%s", problem.text);
    return json;
}

/* chain.json was made by the ledger's execution, which keeps the state in a database. */
Test(anchor, is_block_0_of_the_ledger)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    json_t *chain = load_vector("chain.json");
    struct genesis *genesis;
    struct problem problem;
    struct header header;
    uint8_t hash[32];
    const char *document = json_string_value(json_object_get(chain, "genesis"));
    cr_assert(document);
    size_t size = strlen(document) / 2;
    uint8_t *bytes = malloc(size);
    cr_assert(bytes);
    cr_assert(hex_decode(document, 2 * size, bytes, size));
    cr_assert_eq(genesis_decode(span_of(bytes, size), &genesis, &problem), STATUS_OK, "%s",
                 problem.text);
    free(bytes);
    cr_assert_eq(anchor_header(genesis, &header), STATUS_OK);
    const char *text = json_string_value(json_object_get(chain, "hash"));
    cr_assert(text);
    cr_assert(hex_decode(text, strlen(text), hash, sizeof hash));
    struct digest own = header_hash(&header);
    cr_expect_arr_eq(own.bytes, hash, sizeof hash);
    genesis_free(genesis);
    json_decref(chain);
}
