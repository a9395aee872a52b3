/* A report that is signed, and that a later audit goes on from. */
#include "genesis/json.h"
#include "ledger/audit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the signature --------------------------------------------------------------------------- */

/* What is signed: the document without its signature, compact and with sorted members. The caller
 * frees. NULL without memory. */
static char *signed_text(const json_t *document)
{
    json_t *copy = json_copy((json_t *)document);
    if (!copy) return NULL;
    (void)json_object_del(copy, "signature");
    char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(copy);
    return text;
}

static bool set_hex(json_t *document, const char *name, struct span bytes)
{
    char hex[129];
    ASSERT(bytes.size <= 64);
    hex_encode(bytes, hex);
    return json_object_set_new(document, name, json_string(hex)) == 0;
}

bool audit_report_sign(json_t *document, const struct secret_key *secret,
                       const struct public_key *auditor)
{
    struct signature signature;
    if (!set_hex(document, "auditor", span_of(auditor->bytes, sizeof auditor->bytes))) return false;
    char *text = signed_text(document);
    if (!text) return false;
    key_sign(secret, TAG_AUDIT_REPORT, span_text(text), &signature);
    free(text);
    return set_hex(document, "signature", span_of(signature.bytes, sizeof signature.bytes));
}

/* The members "auditor" and "signature", as lower-case hex of exactly this many bytes. */
static bool get_hex(const json_t *document, const char *name, uint8_t *bytes, size_t size)
{
    const char *text = json_string_value(json_object_get(document, name));
    return text && strlen(text) == 2 * size && hex_decode(text, 2 * size, bytes, size);
}

static enum status check_signature(const json_t *document, const struct public_key *auditor,
                                   struct problem *problem)
{
    struct public_key by;
    struct signature signature;
    if (!get_hex(document, "auditor", by.bytes, sizeof by.bytes) ||
        !get_hex(document, "signature", signature.bytes, sizeof signature.bytes))
        return problem_set(problem, STATUS_BAD_SIGNATURE, "the report is not signed");
    if (!key_equal(&by, auditor))
        return problem_set(problem, STATUS_BAD_SIGNATURE, "the report is another auditor's");
    char *text = signed_text(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    bool valid = key_verify(auditor, TAG_AUDIT_REPORT, span_text(text), &signature);
    free(text);
    return valid ? STATUS_OK
                 : problem_set(problem, STATUS_BAD_SIGNATURE,
                               "the report's signature does not verify: it was altered");
}

/* ---- the mark -------------------------------------------------------------------------------- */

static bool get_number(const json_t *range, const char *name, uint64_t *number)
{
    const json_t *value = json_object_get(range, name);
    *number = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool has_word(const json_t *document, const char *name, const char *word)
{
    const char *text = json_string_value(json_object_get(document, name));
    return text && strcmp(text, word) == 0;
}

enum status audit_mark_read(const json_t *document, const struct public_key *auditor,
                            const struct digest *chain_id, struct audit_mark *mark,
                            struct problem *problem)
{
    struct digest chain;
    uint64_t last = 0;
    const json_t *range = json_object_get(document, "range");
    if (!has_word(document, "format", "witan-audit/1") ||
        !get_hex(document, "chain_id", chain.bytes, sizeof chain.bytes) ||
        !get_hex(document, "head_hash", mark->hash.bytes, sizeof mark->hash.bytes) ||
        !get_number(range, "executed_to", &mark->height) ||
        !get_number(range, "to_height", &last) ||
        !get_number(range, "sealed_height", &mark->sealed_height))
        return problem_set(problem, STATUS_MALFORMED, "it is no report of an audit");
    if (auditor) {
        enum status status = check_signature(document, auditor, problem);
        if (status != STATUS_OK) return status;
    }
    if (!digest_equal(&chain, chain_id))
        return problem_set(problem, STATUS_MISMATCH, "the report is about another chain");
    if (!has_word(document, "verdict", "verified") || last != mark->height ||
        mark->sealed_height > mark->height)
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "only an audit that verified everything can be gone on from");
    if (!get_hex(document, "scratch_hash", mark->scratch.bytes, sizeof mark->scratch.bytes))
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "the report names no scratch file to go on in");
    return STATUS_OK;
}

/* ---- the scratch file ------------------------------------------------------------------------ */

static enum status fail_file(struct problem *problem, const char *path)
{
    enum status status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    return problem_set(problem, status, "%s: %s", path, strerror(errno));
}

static enum status hash_open_file(int file, const char *path, struct digest *hash,
                                  struct problem *problem)
{
    struct stat info;
    if (fstat(file, &info) != 0) return fail_file(problem, path);
    size_t size = (size_t)info.st_size;
    struct span bytes = span_of("", 0);
    void *map = NULL;
    if (size > 0) {
        map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (map == MAP_FAILED) return fail_file(problem, path);
        (void)madvise(map, size, MADV_SEQUENTIAL);
        bytes = span_of(map, size);
    }
    *hash = digest_plain(&bytes, 1);
    if (map) (void)munmap(map, size);
    return STATUS_OK;
}

enum status audit_file_hash(const char *path, struct digest *hash, struct problem *problem)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_file(problem, path);
    enum status status = hash_open_file(file, path, hash, problem);
    (void)close(file);
    return status;
}
