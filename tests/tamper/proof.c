/* Bits of proof files, in their three forms: binary, armour, twin. */
#include "proof/text.h"
#include "proof/verify.h"
#include "tests/tamper/tamper.h"
#include <stdio.h>
#include <stdlib.h>

enum { FILES_MAX = 1024, FORMS = 3, NAME_BYTES = 160 };

struct proof_file {
    char name[NAME_BYTES];
    char *text; /* the file */
    size_t size;
    struct writer binary; /* what it stands for */
    const struct genesis *genesis;
    struct trust trust;
    bool allow_crash;
};

static struct {
    struct proof_file files[FILES_MAX];
    size_t count;
    uint64_t bits;
    struct genesis *genesis[2];
    char genesis_name[2][NAME_BYTES];
    struct verdict verdict;
} all;

static void give_up(const char *what, const char *name)
{
    (void)fprintf(stderr, "tamper: %s: %s\n", name, what);
    exit(1);
}

static char *read_whole(const char *folder, const char *name, size_t *size)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) give_up("cannot be opened", path);
    (void)fseek(file, 0, SEEK_END);
    long end = ftell(file);
    (void)rewind(file);
    char *text = malloc((size_t)end + 1);
    if (!text || end < 0 || fread(text, 1, (size_t)end, file) != (size_t)end)
        give_up("cannot be read", path);
    (void)fclose(file);
    *size = (size_t)end;
    return text;
}

static const struct genesis *genesis_of(const char *folder, const char *name)
{
    char path[512];
    struct problem problem;
    for (unsigned i = 0; i < 2; i++) {
        if (!all.genesis[i]) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, name);
            if (genesis_load(path, &all.genesis[i], &problem) != STATUS_OK)
                give_up(problem.text, path);
            (void)snprintf(all.genesis_name[i], NAME_BYTES, "%s", name);
        }
        if (strcmp(all.genesis_name[i], name) == 0) return all.genesis[i];
    }
    give_up("more than two genesis documents", folder);
    return NULL;
}

static enum status verify(struct proof_file *file, struct span bytes)
{
    struct proof_policy policy = { .allow_crash = file->allow_crash,
                                   .trust = file->trust.height > 0 ? &file->trust : NULL };
    return proof_verify(bytes, file->genesis, &policy, &all.verdict);
}

static void add_file(const char *folder, const json_t *item, const char *form)
{
    const char *name = json_string_value(json_object_get(item, form));
    const char *remembered = json_string_value(json_object_get(item, "remembered"));
    struct problem problem = { .text = "" };
    if (!name) return;
    if (all.count == FILES_MAX) give_up("more files than there is room for", folder);
    struct proof_file *file = &all.files[all.count++];
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    file->text = read_whole(folder, name, &file->size);
    file->genesis = genesis_of(folder, json_string_value(json_object_get(item, "genesis")));
    file->allow_crash = json_is_true(json_object_get(item, "allow_crash"));
    trust_init(&file->trust);
    if (remembered) {
        size_t size;
        char *text = read_whole(folder, remembered, &size);
        if (trust_parse(span_of(text, size), &file->trust, &problem) != STATUS_OK)
            give_up(problem.text, remembered);
        free(text);
    }
    writer_init(&file->binary, PROOF_BYTES_MAX);
    if (proof_load(span_of(file->text, file->size), &file->binary, &problem) != STATUS_OK ||
        verify(file, writer_span(&file->binary)) != STATUS_OK)
        give_up("the good file does not verify", name);
    all.bits += file->size * 8;
}

void proofs_prepare(const char *folder)
{
    static const char *const forms[FORMS] = { "file", "armour", "twin" };
    size_t size, i;
    char *text = read_whole(folder, "index.json", &size);
    json_t *index = json_loadb(text, size, 0, NULL), *item;
    if (!index) give_up("is no JSON", "index.json");
    verdict_init(&all.verdict);
    json_array_foreach(json_object_get(index, "cases"), i, item)
    {
        const char *expect = json_string_value(json_object_get(item, "expect"));
        if (!expect || strcmp(expect, "verified") != 0) continue;
        for (unsigned form = 0; form < FORMS; form++)
            add_file(folder, item, forms[form]);
    }
    json_decref(index);
    free(text);
    if (all.count == 0) give_up("no good files", folder);
}

uint64_t proofs_bits(void)
{
    return all.bits;
}

/* Accepted: only as the file that it was. */
static enum flip judge(struct proof_file *file, char text[FLIP_TEXT])
{
    struct writer binary;
    struct problem problem;
    enum flip result = FLIP_DETECTED;
    writer_init(&binary, PROOF_BYTES_MAX);
    enum status status = proof_load(span_of(file->text, file->size), &binary, &problem);
    if (status == STATUS_OK && verify(file, writer_span(&binary)) == STATUS_OK) {
        result = span_equal(writer_span(&binary), writer_span(&file->binary)) ? FLIP_HARMLESS
                                                                              : FLIP_MISSED;
        (void)snprintf(text, FLIP_TEXT, "%s", file->name);
    }
    writer_free(&binary);
    return result;
}

enum flip proofs_flip(uint64_t bit, char text[FLIP_TEXT])
{
    struct proof_file *file = all.files;
    while (bit >= file->size * 8) {
        bit -= file->size * 8;
        file++;
    }
    char *byte = file->text + bit / 8, mask = (char)(1 << bit % 8);
    *byte = (char)(*byte ^ mask);
    enum flip result = judge(file, text);
    *byte = (char)(*byte ^ mask);
    if (result == FLIP_MISSED)
        (void)snprintf(text, FLIP_TEXT, "%s byte %llu, bit %llu", file->name,
                       (unsigned long long)(bit / 8), (unsigned long long)(bit % 8));
    return result;
}

void proofs_done(void)
{
    for (size_t i = 0; i < all.count; i++) {
        free(all.files[i].text);
        writer_free(&all.files[i].binary);
        trust_free(&all.files[i].trust);
    }
    verdict_free(&all.verdict);
    genesis_free(all.genesis[0]);
    genesis_free(all.genesis[1]);
}
