#include "genesis/keyfile.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(validator_document, .init = setup);

struct keys {
    struct secret_key seal;
    struct public_key seal_public;
    struct public_key node_public;
};

static struct keys keys_make(void)
{
    struct keys keys;
    struct secret_key node;
    uint8_t seed[32] = { 1 };
    key_from_seed(seed, &keys.seal, &keys.seal_public);
    seed[0] = 2;
    key_from_seed(seed, &node, &keys.node_public);
    return keys;
}

static struct validator_document document_make(void)
{
    struct keys keys = keys_make();
    struct validator_document document = { .network = "consortium-1",
                                           .id = { { 1, 2 } },
                                           .member = { { 3, 4 } },
                                           .endpoint = "10.0.0.1:7790" };
    document.seal_key = keys.seal_public;
    document.node_key = keys.node_public;
    possession_sign(&keys.seal, document.network, &document.id, &document.member,
                    &document.node_key, &document.possession);
    return document;
}

static bool possessed(const struct validator_document *document)
{
    return possession_verify(document->network, &document->id, &document->member,
                             &document->seal_key, &document->node_key, &document->possession);
}

/* The layout itself, not only that signing and checking agree. */
Test(validator_document, possession_bytes)
{
    struct validator_document document = document_make();
    uint8_t statement[1 + 12 + 16 + 16 + 32 + 32];
    statement[0] = 12;
    memcpy(statement + 1, "consortium-1", 12);
    memcpy(statement + 13, document.id.bytes, 16);
    memcpy(statement + 29, document.member.bytes, 16);
    memcpy(statement + 45, document.seal_key.bytes, 32);
    memcpy(statement + 77, document.node_key.bytes, 32);
    cr_assert(key_verify(&document.seal_key, TAG_POSSESSION, span_of(statement, sizeof statement),
                         &document.possession));
    cr_assert(possessed(&document));
}

Test(validator_document, possession_covers_everything)
{
    struct validator_document good = document_make();
    struct validator_document document = good;
    document.network[0] = 'C';
    cr_assert(!possessed(&document));
    document = good;
    document.id.bytes[15] ^= 1;
    cr_assert(!possessed(&document));
    document = good;
    document.member.bytes[0] ^= 1;
    cr_assert(!possessed(&document));
    document = good;
    document.node_key.bytes[31] ^= 1;
    cr_assert(!possessed(&document));
    document = good;
    document.seal_key = good.node_key;
    cr_assert(!possessed(&document));
    document = good;
    document.possession.bytes[63] ^= 1;
    cr_assert(!possessed(&document));
}

Test(validator_document, network_too_long_for_the_statement)
{
    struct validator_document document = document_make();
    char network[300];
    memset(network, 'n', sizeof network - 1);
    network[sizeof network - 1] = 0;
    cr_assert(!possession_verify(network, &document.id, &document.member, &document.seal_key,
                                 &document.node_key, &document.possession));
}

Test(validator_document, round_trip)
{
    struct validator_document document = document_make(), parsed;
    struct problem problem = { .text = "" };
    json_t *json = validator_document_json(&document);
    char *text = json_line(json);
    cr_assert(text != NULL);
    cr_assert_eq(validator_document_parse(span_text(text), &parsed, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(memcmp(&document, &parsed, sizeof parsed), 0);
    free(text);
    json_decref(json);
}

static void expect_refused(json_t *json, const char *name, json_t *value, enum status status,
                           const char *fragment)
{
    json_t *changed = json_copy(json);
    if (value)
        json_object_set_new(changed, name, value);
    else
        json_object_del(changed, name);
    char *text = json_line(changed);
    struct validator_document document;
    struct problem problem = { .text = "" };
    cr_assert_eq(validator_document_parse(span_text(text), &document, &problem), status, "%s",
                 problem.text);
    cr_assert(strstr(problem.text, fragment) == problem.text, "\"%s\", not \"%s\"", problem.text,
              fragment);
    free(text);
    json_decref(changed);
}

Test(validator_document, refused)
{
    struct validator_document document = document_make();
    json_t *json = validator_document_json(&document);
    static const char *const names[] = { "format",   "network",  "id",       "member",
                                         "endpoint", "seal_key", "node_key", "possession" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char fragment[64];
        snprintf(fragment, sizeof fragment, "/%s: missing", names[i]);
        expect_refused(json, names[i], NULL, STATUS_MALFORMED, fragment);
    }
    expect_refused(json, "extra", json_null(), STATUS_MALFORMED, "/extra: unknown member");
    expect_refused(json, "format", json_string("witan-key/1"), STATUS_UNSUPPORTED, "/format: ");
    expect_refused(json, "network", json_string("other"), STATUS_BAD_SIGNATURE, "/possession: ");
    expect_refused(json, "network", json_string("123456789012345678901234567890123"),
                   STATUS_TOO_LARGE, "/network: longer than 32 bytes");
    expect_refused(json, "id", json_incref(json_object_get(json, "member")), STATUS_INVALID,
                   "/id: ");
    expect_refused(json, "seal_key", json_incref(json_object_get(json, "node_key")), STATUS_INVALID,
                   "/node_key: the same as seal_key");
    expect_refused(json, "node_key", json_string("00"), STATUS_MALFORMED, "/node_key: ");
    expect_refused(json, "possession", json_hex_new(span_of((uint8_t[64]){ 1 }, 64)),
                   STATUS_BAD_SIGNATURE, "/possession: not the seal key's signature");
    json_decref(json);
}
