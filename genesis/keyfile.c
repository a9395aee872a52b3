#include "genesis/keyfile.h"

#include "crypto/codec.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

static const char *const kind_names[] = { "seal", "node", "account" };
enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

/* What secret_open accepts; stated here so that a wrong document is refused with its field's name.
 */
enum { OPS_MAX = 16, MEM_KIB_MIN = 8, MEM_KIB_MAX = 1024 * 1024 };

/* The 32-byte seed is the secret: the public half of the long form can be computed. */
enum { SEED_BYTES = 32, BOX_BYTES = SEED_BYTES + 16 };
static_assert((int)BOX_BYTES <= (int)SECRET_BOX_MAX, "a sealed seed fits into a box");

const char *key_kind_name(enum key_kind kind)
{
    ASSERT((size_t)kind < KIND_COUNT);
    return kind_names[kind];
}

/* The id is of a validator in seal and node keys, of an account in account keys. */
static enum address_kind id_kind(enum key_kind kind)
{
    return kind == KEY_ACCOUNT ? ADDRESS_ACCOUNT : ADDRESS_VALIDATOR;
}

/* Jansson frees without wiping; a plain secret is overwritten in its place before that. */
static void document_free(json_t *document)
{
    json_t *plain = json_object_get(json_object_get(document, "secret"), "plain");
    if (json_is_string(plain))
        sodium_memzero((char *)json_string_value(plain), json_string_length(plain));
    json_decref(document);
}

static void plain_read(struct json_fields *fields, struct key_file *file)
{
    uint8_t seed[SEED_BYTES];
    struct public_key public_key;
    json_hex(fields, "plain", seed, sizeof seed);
    if (!fields->failed) {
        file->plain = true;
        key_from_seed(seed, &file->secret, &public_key);
        if (!key_equal(&public_key, &file->public_key))
            json_fail(fields, "plain", STATUS_MISMATCH, "does not belong to public_key");
    }
    sodium_memzero(seed, sizeof seed);
}

static uint32_t bounded_read(struct json_fields *fields, const char *name, uint32_t least,
                             uint32_t most)
{
    uint64_t value = json_u64(fields, name, most);
    if (!fields->failed && value < least)
        json_fail(fields, name, STATUS_INVALID, "less than %u", least);
    return (uint32_t)value;
}

static void box_read(struct json_fields *fields, struct secret_box *box)
{
    json_expect(fields, "kdf", "argon2id13");
    box->ops = bounded_read(fields, "ops", 1, OPS_MAX);
    box->mem_kib = bounded_read(fields, "mem_kib", MEM_KIB_MIN, MEM_KIB_MAX);
    json_hex(fields, "salt", box->salt, sizeof box->salt);
    json_expect(fields, "cipher", "xsalsa20poly1305");
    json_hex(fields, "nonce", box->nonce, sizeof box->nonce);
    json_hex(fields, "box", box->box, BOX_BYTES);
    box->box_size = BOX_BYTES;
}

static enum status secret_read(const json_t *value, struct key_file *file, struct problem *problem)
{
    struct json_fields fields = json_fields_of(value, "/secret", problem);
    if (json_object_get(value, "plain"))
        plain_read(&fields, file);
    else
        box_read(&fields, &file->box);
    return json_fields_done(&fields);
}

static enum status key_file_read(const json_t *document, struct key_file *file,
                                 struct problem *problem)
{
    struct json_fields fields = json_fields_of(document, "", problem);
    json_expect(&fields, "format", "witan-key/1");
    file->kind = (enum key_kind)json_choice(&fields, "kind", kind_names, KIND_COUNT);
    json_text_into(&fields, "name", file->name, sizeof file->name);
    file->has_id = json_member_optional(&fields, "id") != NULL;
    if (file->has_id) json_address(&fields, "id", id_kind(file->kind), &file->id);
    json_key(&fields, "public_key", &file->public_key);
    const json_t *secret = json_member(&fields, "secret");
    enum status status = json_fields_done(&fields);
    return status == STATUS_OK ? secret_read(secret, file, problem) : status;
}

enum status key_file_parse(struct span text, struct key_file *file, struct problem *problem)
{
    struct problem own;
    if (!problem) problem = &own;
    memset(file, 0, sizeof *file);
    json_t *document = json_read(text, KEY_FILE_BYTES_MAX, problem);
    if (!document) return problem->status;
    enum status status = key_file_read(document, file, problem);
    document_free(document);
    if (status != STATUS_OK) sodium_memzero(file, sizeof *file);
    return status;
}

enum status key_file_open(struct key_file *file, struct span passphrase, struct problem *problem)
{
    if (file->plain) return STATUS_OK;
    uint8_t seed[SECRET_SIZE_MAX];
    size_t size = 0;
    enum status status = secret_open(&file->box, passphrase, seed, &size);
    if (status == STATUS_OK && size != SEED_BYTES) status = STATUS_MALFORMED;
    if (status == STATUS_OK) {
        struct public_key public_key;
        key_from_seed(seed, &file->secret, &public_key);
        if (!key_equal(&public_key, &file->public_key)) {
            key_wipe(&file->secret);
            status = STATUS_MISMATCH;
        }
    }
    sodium_memzero(seed, sizeof seed);
    if (status == STATUS_OK) return STATUS_OK;
    if (status == STATUS_REFUSED)
        return problem_set(problem, status, "/secret: wrong passphrase, or a damaged box");
    if (status == STATUS_MISMATCH)
        return problem_set(problem, status,
                           "/secret: the sealed secret does not belong to "
                           "public_key");
    return problem_set(problem, status, "/secret: %s", status_text(status));
}

static json_t *secret_json(const uint8_t seed[SEED_BYTES], struct span passphrase,
                           struct problem *problem)
{
    if (!passphrase.data)
        return json_pack("{s:o}", "plain", json_hex_new(span_of(seed, SEED_BYTES)));

    struct secret_box box;
    enum status status = secret_seal(&box, span_of(seed, SEED_BYTES), passphrase,
                                     SECRET_OPS_DEFAULT, SECRET_MEM_KIB_DEFAULT);
    if (status != STATUS_OK) {
        problem_set(problem, status, "sealing the secret: %s", status_text(status));
        return NULL;
    }
    return json_pack("{s:s, s:I, s:I, s:o, s:s, s:o, s:o}",                       //
                     "kdf", "argon2id13",                                         //
                     "ops", (json_int_t)box.ops,                                  //
                     "mem_kib", (json_int_t)box.mem_kib,                          //
                     "salt", json_hex_new(span_of(box.salt, sizeof box.salt)),    //
                     "cipher", "xsalsa20poly1305",                                //
                     "nonce", json_hex_new(span_of(box.nonce, sizeof box.nonce)), //
                     "box", json_hex_new(span_of(box.box, box.box_size)));
}

/* Indented text with a newline at the end; the copy that jansson made is wiped. */
static char *document_text(const json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2));
    if (!text) return NULL;
    size_t size = strlen(text);
    char *line = malloc(size + 2);
    if (line) {
        memcpy(line, text, size);
        memcpy(line + size, "\n", 2);
    }
    sodium_memzero(text, size);
    free(text);
    return line;
}

char *key_file_format(enum key_kind kind, const char *name, const struct id *id,
                      const struct secret_key *secret, struct span passphrase,
                      struct problem *problem)
{
    if (strlen(name) > KEY_NAME_MAX || !utf8_valid(span_text(name))) {
        problem_set(problem, STATUS_INVALID, "/name: not at most %d bytes of UTF-8", KEY_NAME_MAX);
        return NULL;
    }
    struct public_key public_key;
    key_public(secret, &public_key);
    struct problem sealing = { .status = STATUS_NO_MEMORY, .text = "out of memory" };
    json_t *sealed = secret_json(secret->bytes, passphrase, &sealing);
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:o*, s:o, s:o}",                                              //
                  "format", "witan-key/1",                                                        //
                  "kind", key_kind_name(kind),                                                    //
                  "name", name,                                                                   //
                  "id", id ? json_address_new(id_kind(kind), id) : NULL,                          //
                  "public_key", json_hex_new(span_of(public_key.bytes, sizeof public_key.bytes)), //
                  "secret", sealed);
    char *text = document ? document_text(document) : NULL;
    document_free(document);
    if (!text) problem_set(problem, sealing.status, "%s", sealing.text);
    return text;
}
