#include "node/key_load.h"

#include "node/files.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PASSPHRASE "correct horse"

static char dir[64];
static char path[PATH_BYTES_MAX];
static struct problem problem;
static struct secret_key secret;
static struct public_key public_key;
static unsigned asked;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    strcpy(dir, "/tmp/witan_key_XXXXXX");
    cr_assert(mkdtemp(dir));
    cr_assert_eq(path_join(path, dir, "key.json"), STATUS_OK);
    key_generate(&secret, &public_key);
    problem = (struct problem){ .text = "" };
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(key_load, .init = setup, .fini = teardown);

static void write_text(const char *text)
{
    cr_assert_eq(file_write(path, span_text(text), 0600, true, &problem), STATUS_OK, "%s",
                 problem.text);
}

static void write_plain(enum key_kind kind)
{
    char *text = key_file_format(kind, "a", NULL, &secret, (struct span){ NULL, 0 }, &problem);
    cr_assert_not_null(text);
    write_text(text);
    free(text);
}

/* A sealed account key whose derivation costs little. */
static void write_sealed(void)
{
    struct secret_box box;
    char key[65], salt[sizeof box.salt * 2 + 1], nonce[sizeof box.nonce * 2 + 1];
    char sealed[sizeof box.box * 2 + 1], text[2048];
    cr_assert_eq(secret_seal(&box, span_of(secret.bytes, 32), span_text(PASSPHRASE), 1, 64),
                 STATUS_OK);
    hex_encode(span_of(public_key.bytes, 32), key);
    hex_encode(span_of(box.salt, sizeof box.salt), salt);
    hex_encode(span_of(box.nonce, sizeof box.nonce), nonce);
    hex_encode(span_of(box.box, box.box_size), sealed);
    snprintf(text, sizeof text,
             "{\"format\":\"witan-key/1\",\"kind\":\"account\",\"name\":\"a\","
             "\"public_key\":\"%s\",\"secret\":{\"kdf\":\"argon2id13\",\"ops\":1,\"mem_kib\":64,"
             "\"salt\":\"%s\",\"cipher\":\"xsalsa20poly1305\",\"nonce\":\"%s\",\"box\":\"%s\"}}",
             key, salt, nonce, sealed);
    write_text(text);
}

/* Answers with the text that is its context; NULL stands for an operator who has none. */
static enum status answer(const void *context, const char *of, struct buffer *passphrase,
                          struct problem *why)
{
    asked++;
    cr_assert_str_eq(of, path);
    cr_assert_eq(passphrase->size, 0);
    if (!context) return problem_set(why, STATUS_NOT_FOUND, "no passphrase");
    return buffer_append(passphrase, span_text(context));
}

static bool holds_secret(const struct key_file *file)
{
    static const struct secret_key none;
    return memcmp(&file->secret, &none, sizeof none) != 0;
}

static enum status load(enum key_kind kind, const char *passphrase, struct key_file *file)
{
    asked = 0;
    memset(file, 0xa5, sizeof *file);
    return key_load(path, kind, answer, passphrase, file, &problem);
}

Test(key_load, plain)
{
    static const enum key_kind kinds[] = { KEY_SEAL, KEY_NODE, KEY_ACCOUNT };
    struct key_file file;
    for (size_t i = 0; i < 3; i++) {
        write_plain(kinds[i]);
        cr_assert_eq(load(kinds[i], PASSPHRASE, &file), STATUS_OK, "%s", problem.text);
        cr_assert(file.plain);
        cr_assert_eq(file.kind, kinds[i]);
        cr_assert_eq(asked, 0, "nothing to open");
        cr_assert_eq(memcmp(&file.secret, &secret, sizeof secret), 0);
        cr_assert(key_equal(&file.public_key, &public_key));
    }
    cr_assert_eq(key_load(path, KEY_ACCOUNT, NULL, NULL, &file, &problem), STATUS_OK);
}

Test(key_load, sealed)
{
    struct key_file file;
    write_sealed();
    cr_assert_eq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_OK, "%s", problem.text);
    cr_assert_not(file.plain);
    cr_assert_eq(asked, 1);
    cr_assert_eq(memcmp(&file.secret, &secret, sizeof secret), 0);
}

Test(key_load, wrong_passphrase)
{
    struct key_file file;
    write_sealed();
    cr_assert_eq(load(KEY_ACCOUNT, "wrong", &file), STATUS_REFUSED);
    cr_assert(strstr(problem.text, "wrong passphrase"));
    cr_assert_not(holds_secret(&file));
    cr_assert_eq(load(KEY_ACCOUNT, "", &file), STATUS_REFUSED);
    cr_assert_not(holds_secret(&file));
}

Test(key_load, no_passphrase)
{
    struct key_file file;
    write_sealed();
    cr_assert_eq(load(KEY_ACCOUNT, NULL, &file), STATUS_NOT_FOUND, "what ask says");
    cr_assert_str_eq(problem.text, "no passphrase");
    cr_assert_not(holds_secret(&file));
    cr_assert_eq(key_load(path, KEY_ACCOUNT, NULL, NULL, &file, &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "is encrypted"));
}

Test(key_load, passphrase_too_long)
{
    struct key_file file;
    static char text[PASSPHRASE_BYTES_MAX + 2];
    memset(text, 'x', sizeof text - 1);
    write_sealed();
    cr_assert_eq(load(KEY_ACCOUNT, text, &file), STATUS_TOO_LARGE);
    cr_assert_not(holds_secret(&file));
}

Test(key_load, wrong_kind)
{
    struct key_file file;
    write_plain(KEY_NODE);
    cr_assert_eq(load(KEY_SEAL, PASSPHRASE, &file), STATUS_INVALID);
    cr_assert(strstr(problem.text, "holds a node key, not a seal key"), "%s", problem.text);
    cr_assert_not(holds_secret(&file));
    cr_assert_eq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_INVALID);
    cr_assert(strstr(problem.text, "signs no transactions"), "%s", problem.text);
    cr_assert_not(holds_secret(&file));
    write_sealed();
    cr_assert_eq(load(KEY_SEAL, PASSPHRASE, &file), STATUS_INVALID);
    cr_assert_eq(asked, 0, "nobody is asked for the passphrase of a key that is not wanted");
}

Test(key_load, others_may_read_it)
{
    struct key_file file;
    static const mode_t modes[] = { 0644, 0640, 0606 };
    write_plain(KEY_ACCOUNT);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_assert_eq(chmod(path, modes[i]), 0);
        cr_assert_eq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_PERMISSION);
        cr_assert_not(holds_secret(&file));
        cr_assert_eq(key_load_public(path, &file, &problem), STATUS_PERMISSION);
    }
    cr_assert_eq(chmod(path, 0400), 0);
    cr_assert_eq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_OK);
}

Test(key_load, no_key_file)
{
    struct key_file file;
    cr_assert_eq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_NOT_FOUND);
    cr_assert_eq(key_load_public(path, &file, &problem), STATUS_NOT_FOUND);
    write_text("{");
    cr_assert_neq(load(KEY_ACCOUNT, PASSPHRASE, &file), STATUS_OK);
    cr_assert_not(holds_secret(&file));
    cr_assert_neq(key_load_public(path, &file, &problem), STATUS_OK);
}

Test(key_load, public_parts)
{
    struct key_file file;
    write_plain(KEY_SEAL);
    cr_assert_eq(key_load_public(path, &file, &problem), STATUS_OK);
    cr_assert_eq(file.kind, KEY_SEAL);
    cr_assert(key_equal(&file.public_key, &public_key));
    cr_assert_not(holds_secret(&file));
    cr_assert_eq(key_check_kind(path, &file, KEY_SEAL, &problem), STATUS_OK);
    cr_assert_eq(key_check_kind(path, &file, KEY_NODE, &problem), STATUS_INVALID);
    write_sealed();
    cr_assert_eq(key_load_public(path, &file, &problem), STATUS_OK);
    cr_assert_not(file.plain);
    cr_assert(key_equal(&file.public_key, &public_key));
}

Test(key_load, the_end_of_a_line)
{
    static const struct {
        const char *text, *trimmed;
    } cases[] = { { "a b\n", "a b" },   { "a\r\n\n", "a" }, { " a ", " a " },
                  { "a\nb\n", "a\nb" }, { "\n", "" },       { "", "" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer passphrase;
        buffer_init(&passphrase, PASSPHRASE_BYTES_MAX);
        cr_assert_eq(buffer_append(&passphrase, span_text(cases[i].text)), STATUS_OK);
        passphrase_trim(&passphrase);
        cr_assert_eq(passphrase.size, strlen(cases[i].trimmed), "case %zu", i);
        if (passphrase.size > 0)
            cr_assert_eq(memcmp(passphrase.data, cases[i].trimmed, passphrase.size), 0);
        buffer_free(&passphrase);
    }
}
