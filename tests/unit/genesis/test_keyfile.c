#include "genesis/keyfile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(keyfile, .init = setup);

/* RFC 8032, 7.1, test 1. */
#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define OTHER_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define ACCOUNT "acc1zsw8j67t0fljjqqfdy027lg63g945sws"
#define VALIDATOR "val1vrkejjc54tdrrhm9caf6cdql3c32mpjr"
#define PLAIN_DOCUMENT \
    "{\"format\":\"witan-key/1\",\"kind\":\"account\",\"name\":\"treasury\"," \
    "\"id\":\"" ACCOUNT "\",\"public_key\":\"" KEY "\",\"secret\":{\"plain\":\"" SEED "\"}}"

static struct secret_key secret_of_seed(void)
{
    uint8_t seed[32];
    struct secret_key secret;
    struct public_key public_key;
    cr_assert(hex_decode(SEED, 64, seed, 32));
    key_from_seed(seed, &secret, &public_key);
    return secret;
}

Test(keyfile, kinds)
{
    cr_assert_str_eq(key_kind_name(KEY_SEAL), "seal");
    cr_assert_str_eq(key_kind_name(KEY_NODE), "node");
    cr_assert_str_eq(key_kind_name(KEY_ACCOUNT), "account");
}

Test(keyfile, plain)
{
    struct key_file file;
    struct problem problem = { .text = "" };
    struct secret_key expected = secret_of_seed();
    cr_assert_eq(key_file_parse(span_text(PLAIN_DOCUMENT), &file, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(file.kind, KEY_ACCOUNT);
    cr_assert_str_eq(file.name, "treasury");
    cr_assert(file.has_id && file.plain);
    cr_assert_eq(memcmp(&file.secret, &expected, sizeof expected), 0);
    cr_assert_eq(key_file_open(&file, span_text(""), &problem), STATUS_OK, "nothing to open");
    cr_assert_eq(memcmp(&file.secret, &expected, sizeof expected), 0);
}

/* The document with the first `from` replaced by `to`. */
static enum status parse_changed(const char *document, const char *from, const char *to,
                                 struct problem *problem)
{
    static char text[KEY_FILE_BYTES_MAX];
    struct key_file file;
    const char *place = strstr(document, from);
    cr_assert(place != NULL, "%s", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - document), document, to,
             place + strlen(from));
    return key_file_parse(span_text(text), &file, problem);
}

static void expect_refused(const char *document, const char *from, const char *to,
                           enum status status, const char *fragment)
{
    struct problem problem = { .text = "" };
    enum status found = parse_changed(document, from, to, &problem);
    cr_assert_eq(found, status, "%s gave %s: %s", to, status_name(found), problem.text);
    cr_assert(strstr(problem.text, fragment) != NULL, "\"%s\" has no \"%s\"", problem.text,
              fragment);
    cr_assert(strstr(problem.text, SEED) == NULL, "a message shows the secret");
}

Test(keyfile, plain_refused)
{
    static const struct {
        const char *from, *to;
        enum status status;
        const char *fragment;
    } cases[] = {
        { "witan-key/1", "witan-key/2", STATUS_UNSUPPORTED, "/format: \"witan-key/2\", not" },
        { "\"account\"", "\"accout\"", STATUS_INVALID, "/kind: \"accout\" is not known here; did" },
        { "\"treasury\"", "5", STATUS_MALFORMED, "/name: not a string" },
        { ACCOUNT, VALIDATOR, STATUS_INVALID, "/id: " },
        { ACCOUNT, "acc1", STATUS_MALFORMED, "/id: " },
        { "\"account\"", "\"seal\"", STATUS_INVALID, "/id: " },
        { "\"account\"", "\"node\"", STATUS_INVALID, "/id: " },
        { KEY, OTHER_KEY, STATUS_MISMATCH, "/secret/plain: does not belong to public_key" },
        { KEY, "0000000000000000000000000000000000000000000000000000000000000000", STATUS_BAD_KEY,
          "/public_key: not a valid" },
        { KEY, "D75a", STATUS_MALFORMED, "/public_key: " },
        { SEED, "9d61", STATUS_MALFORMED, "/secret/plain: " },
        { "\"plain\"", "\"plane\"", STATUS_MALFORMED, "/secret/kdf: missing" },
        { "\"plain\"", "\"x\":1,\"plain\"", STATUS_MALFORMED, "/secret/x: unknown member" },
        { "{\"plain\":\"" SEED "\"}", "7", STATUS_MALFORMED, "/secret: not an object" },
        { ",\"secret\":{\"plain\":\"" SEED "\"}", "", STATUS_MALFORMED, "/secret: missing" },
        { "\"name\"", "\"nam\"", STATUS_MALFORMED, "/name: missing; there is \"nam\"" },
        { "\"name\"", "\"more\":1,\"name\"", STATUS_MALFORMED, "/more: unknown member" },
        { "{", "[", STATUS_MALFORMED, "line 1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refused(PLAIN_DOCUMENT, cases[i].from, cases[i].to, cases[i].status,
                       cases[i].fragment);
    struct problem problem;
    cr_assert_eq(parse_changed(PLAIN_DOCUMENT, "\"id\":\"" ACCOUNT "\",", "", &problem), STATUS_OK,
                 "the id may be absent");
}

Test(keyfile, too_large)
{
    static char text[KEY_FILE_BYTES_MAX + 2];
    struct key_file file;
    memset(text, ' ', sizeof text - 1);
    cr_assert_eq(key_file_parse(span_text(text), &file, NULL), STATUS_TOO_LARGE);
}

/* A box that takes little memory to open: formatting always uses the strong parameters. */
static char *sealed_document(const char *passphrase)
{
    struct secret_key secret = secret_of_seed();
    struct secret_box box;
    char salt[33], nonce[49], sealed[97];
    static char text[2000];
    cr_assert_eq(secret_seal(&box, span_of(secret.bytes, 32), span_text(passphrase), 1, 64),
                 STATUS_OK);
    cr_assert_eq(box.box_size, 48);
    hex_encode(span_of(box.salt, sizeof box.salt), salt);
    hex_encode(span_of(box.nonce, sizeof box.nonce), nonce);
    hex_encode(span_of(box.box, box.box_size), sealed);
    snprintf(text, sizeof text,
             "{\"format\":\"witan-key/1\",\"kind\":\"seal\",\"name\":\"v1\",\"id\":\"" VALIDATOR
             "\",\"public_key\":\"" KEY "\",\"secret\":{\"kdf\":\"argon2id13\",\"ops\":%u,"
             "\"mem_kib\":%u,\"salt\":\"%s\",\"cipher\":\"xsalsa20poly1305\",\"nonce\":\"%s\","
             "\"box\":\"%s\"}}",
             box.ops, box.mem_kib, salt, nonce, sealed);
    return text;
}

Test(keyfile, sealed)
{
    struct key_file file;
    struct problem problem = { .text = "" };
    struct secret_key expected = secret_of_seed();
    struct secret_key zeros = { { 0 } };
    const char *text = sealed_document("correct horse");
    cr_assert_eq(key_file_parse(span_text(text), &file, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(file.kind, KEY_SEAL);
    cr_assert(!file.plain);
    cr_assert_eq(memcmp(&file.secret, &zeros, sizeof zeros), 0, "not before it is opened");
    cr_assert_eq(key_file_open(&file, span_text("wrong"), &problem), STATUS_REFUSED);
    cr_assert(strstr(problem.text, "wrong passphrase") != NULL);
    cr_assert_eq(memcmp(&file.secret, &zeros, sizeof zeros), 0);
    cr_assert_eq(key_file_open(&file, span_text("correct horse"), &problem), STATUS_OK);
    cr_assert_eq(memcmp(&file.secret, &expected, sizeof expected), 0);
}

Test(keyfile, sealed_for_another_key)
{
    struct key_file file;
    struct problem problem;
    struct secret_key zeros = { { 0 } };
    char *text = sealed_document("p");
    memcpy(strstr(text, KEY), OTHER_KEY, 64);
    cr_assert_eq(key_file_parse(span_text(text), &file, &problem), STATUS_OK);
    cr_assert_eq(key_file_open(&file, span_text("p"), &problem), STATUS_MISMATCH);
    cr_assert_eq(memcmp(&file.secret, &zeros, sizeof zeros), 0);
}

Test(keyfile, sealed_refused)
{
    static const struct {
        const char *from, *to;
        enum status status;
        const char *fragment;
    } cases[] = {
        { "argon2id13", "scrypt", STATUS_UNSUPPORTED, "/secret/kdf: \"scrypt\", not" },
        { "xsalsa20poly1305", "rot13", STATUS_UNSUPPORTED, "/secret/cipher: " },
        { "\"ops\":1", "\"ops\":0", STATUS_INVALID, "/secret/ops: less than 1" },
        { "\"ops\":1", "\"ops\":17", STATUS_INVALID, "/secret/ops: 17 is more than 16" },
        { "\"mem_kib\":64", "\"mem_kib\":7", STATUS_INVALID, "/secret/mem_kib: less than 8" },
        { "\"mem_kib\":64", "\"mem_kib\":1048577", STATUS_INVALID, "/secret/mem_kib: 1048577 is" },
        { "\"salt\":\"", "\"salt\":\"00", STATUS_MALFORMED, "/secret/salt: " },
        { "\"nonce\":\"", "\"nonce\":\"00", STATUS_MALFORMED, "/secret/nonce: " },
        { "\"box\":\"", "\"box\":\"00", STATUS_MALFORMED, "/secret/box: " },
        { "\"kdf\"", "\"x\":1,\"kdf\"", STATUS_MALFORMED, "/secret/x: unknown member" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refused(sealed_document("p"), cases[i].from, cases[i].to, cases[i].status,
                       cases[i].fragment);
}

Test(keyfile, format_plain_round_trip)
{
    struct secret_key secret = secret_of_seed();
    struct id id = { { 5 } };
    struct key_file file;
    struct problem problem = { .text = "" };
    for (int kind = KEY_SEAL; kind <= KEY_ACCOUNT; kind++) {
        char *text = key_file_format((enum key_kind)kind, "n\xc3\xa4me", kind == 1 ? NULL : &id,
                                     &secret, span_of(NULL, 0), &problem);
        cr_assert(text != NULL, "%s", problem.text);
        cr_assert_eq(text[strlen(text) - 1], '\n');
        cr_assert_eq(key_file_parse(span_text(text), &file, &problem), STATUS_OK, "%s: %s", text,
                     problem.text);
        cr_assert_eq((int)file.kind, kind);
        cr_assert_str_eq(file.name, "n\xc3\xa4me");
        cr_assert_eq(file.has_id, kind != 1);
        if (kind != 1) cr_assert(id_equal(&file.id, &id));
        cr_assert(file.plain);
        cr_assert_eq(memcmp(&file.secret, &secret, sizeof secret), 0);
        free(text);
    }
}

Test(keyfile, format_sealed_round_trip)
{
    struct secret_key secret = secret_of_seed();
    struct key_file file;
    struct problem problem = { .text = "" };
    char *text = key_file_format(KEY_SEAL, "v", NULL, &secret, span_text("pass"), &problem);
    cr_assert(text != NULL, "%s", problem.text);
    cr_assert(strstr(text, SEED) == NULL);
    cr_assert(strstr(text, "argon2id13") != NULL);
    cr_assert_eq(key_file_parse(span_text(text), &file, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(file.box.ops, SECRET_OPS_DEFAULT);
    cr_assert_eq(file.box.mem_kib, SECRET_MEM_KIB_DEFAULT);
    cr_assert_eq(key_file_open(&file, span_text("pass"), &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(memcmp(&file.secret, &secret, sizeof secret), 0);
    free(text);
}

Test(keyfile, format_refuses_names)
{
    struct secret_key secret = secret_of_seed();
    struct problem problem;
    char name[KEY_NAME_MAX + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    cr_assert(key_file_format(KEY_SEAL, name, NULL, &secret, span_of(NULL, 0), &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_INVALID);
    cr_assert(key_file_format(KEY_SEAL, "\xff", NULL, &secret, span_of(NULL, 0), &problem) == NULL);
    cr_assert_eq(problem.status, STATUS_INVALID);
}
