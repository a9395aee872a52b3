#include "proof/trust.h"

#include "genesis/json.h"
#include "proof/proof.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void trust_init(struct trust *trust)
{
    memset(trust, 0, sizeof *trust);
}

void trust_free(struct trust *trust)
{
    free(trust->boundaries);
    trust_init(trust);
}

/* ---- what contradicts it --------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool contradict(char *text, const char *format, ...)
{
    if (!text) return false;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, TRUST_TEXT, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_about(const struct trust *trust, const struct header *header)
{
    return trust->height > 0 && digest_equal(&trust->chain_id, &header->chain_id);
}

/* Heights, times and epochs rise together. */
static bool fits_head(const struct trust *trust, const struct header *header,
                      const struct digest *hash, char *text)
{
    bool lower = header->height < trust->height;
    if (header->height == trust->height)
        return digest_equal(hash, &trust->block_hash) ||
               contradict(text, "another block %" PRIu64 " is remembered", trust->height);
    if (lower ? header->time_ms >= trust->time_ms : header->time_ms <= trust->time_ms)
        return contradict(text,
                          "the time of block %" PRIu64 " does not fit that of block %" PRIu64
                          ", which is remembered",
                          header->height, trust->height);
    if (lower ? header->epoch > trust->epoch : header->epoch < trust->epoch)
        return contradict(text,
                          "block %" PRIu64 " is of epoch %" PRIu64 "; block %" PRIu64
                          " of epoch %" PRIu64 " is remembered",
                          header->height, header->epoch, trust->height, trust->epoch);
    return true;
}

/* A block of a remembered epoch lies between the ends of the one before and its own. */
static bool fits_epoch(const struct trust *trust, const struct header *header,
                       const struct digest *hash, char *text)
{
    uint64_t epoch = header->epoch;
    if (epoch > 0 && epoch <= trust->boundary_count &&
        header->height <= trust->boundaries[epoch - 1].height)
        return contradict(text, "epoch %" PRIu64 " is remembered to end with block %" PRIu64,
                          epoch - 1, trust->boundaries[epoch - 1].height);
    if (epoch >= trust->boundary_count) return true;
    const struct trust_boundary *end = &trust->boundaries[epoch];
    if (header->height < end->height) return true;
    if (header->height == end->height && digest_equal(hash, &end->hash)) return true;
    return contradict(text, "epoch %" PRIu64 " is remembered to end with another block, %" PRIu64,
                      epoch, end->height);
}

bool trust_fits(const struct trust *trust, const struct header *header, const struct digest *hash,
                char text[TRUST_TEXT])
{
    if (!is_about(trust, header)) return true;
    return fits_head(trust, header, hash, text) && fits_epoch(trust, header, hash, text);
}

bool trust_fits_boundary(const struct trust *trust, const struct header *header,
                         const struct digest *hash, char text[TRUST_TEXT])
{
    if (!is_about(trust, header)) return true;
    if (header->epoch < trust->boundary_count) {
        const struct trust_boundary *end = &trust->boundaries[header->epoch];
        if (header->height == end->height && digest_equal(hash, &end->hash)) return true;
        return contradict(text,
                          "epoch %" PRIu64 " is remembered to end with another block, %" PRIu64,
                          header->epoch, end->height);
    }
    if (header->epoch == trust->epoch && header->height < trust->height)
        return contradict(text,
                          "epoch %" PRIu64 " would end with block %" PRIu64 "; block %" PRIu64
                          " of it is remembered",
                          header->epoch, header->height, trust->height);
    return true;
}

/* ---- growing --------------------------------------------------------------------------------- */

/* Room for powers of two: the count tells when it is used up. */
enum status trust_add_boundary(struct trust *trust, uint64_t height, const struct digest *hash)
{
    uint32_t count = trust->boundary_count;
    if (count == PROOF_EPOCHS_MAX) return STATUS_FULL;
    if ((count & (count - 1)) == 0) {
        size_t room = count == 0 ? 1 : 2 * (size_t)count;
        void *grown = realloc(trust->boundaries, room * sizeof *trust->boundaries);
        if (!grown) return STATUS_NO_MEMORY;
        trust->boundaries = grown;
    }
    trust->boundaries[count] = (struct trust_boundary){ height, *hash };
    trust->boundary_count = count + 1;
    return STATUS_OK;
}

enum status trust_update(struct trust *trust, const struct trust *seen, bool *changed)
{
    if (changed) *changed = false;
    if (seen->height <= trust->height) return STATUS_OK;
    if (trust->height > 0 && !digest_equal(&trust->chain_id, &seen->chain_id))
        return STATUS_MISMATCH;
    struct trust copy = *seen;
    copy.boundary_count = 0;
    copy.boundaries = NULL;
    for (uint32_t i = 0; i < seen->boundary_count; i++) {
        const struct trust_boundary *end = &seen->boundaries[i];
        enum status status = trust_add_boundary(&copy, end->height, &end->hash);
        if (status == STATUS_OK) continue;
        trust_free(&copy);
        return status;
    }
    trust_free(trust);
    *trust = copy;
    if (changed) *changed = true;
    return STATUS_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char format_word[] = "witan-trust/1";
static const uint64_t number_max = ((uint64_t)1 << 53) - 1;

static json_t *boundaries_json(const struct trust *trust)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < trust->boundary_count; i++) {
        const struct trust_boundary *end = &trust->boundaries[i];
        json_t *item = json_pack("{sIso}", "height", (json_int_t)end->height, "hash",
                                 json_hex_new(digest_span(&end->hash)));
        if (json_array_append_new(list, item) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *trust_json(const struct trust *trust)
{
    return json_pack("{sssosIsIsosososo}", "format", format_word, "chain_id",
                     json_hex_new(digest_span(&trust->chain_id)), "height",
                     (json_int_t)trust->height, "epoch", (json_int_t)trust->epoch, "hash",
                     json_hex_new(digest_span(&trust->block_hash)), "history_root",
                     json_hex_new(digest_span(&trust->history_root)), "time",
                     json_time_new(trust->time_ms), "boundaries", boundaries_json(trust));
}

static enum status read_boundary(const json_t *json, size_t index, struct trust *trust,
                                 struct problem *problem)
{
    char path[48];
    struct trust_boundary end;
    (void)snprintf(path, sizeof path, "/boundaries/%zu", index);
    struct json_fields fields = json_fields_of(json, path, problem);
    end.height = json_u64(&fields, "height", number_max);
    json_hex(&fields, "hash", end.hash.bytes, sizeof end.hash.bytes);
    uint64_t before = index > 0 ? trust->boundaries[index - 1].height : 0;
    if (end.height <= before || end.height >= trust->height)
        json_fail(&fields, "height", STATUS_INVALID, "heights do not rise to the head's");
    enum status status = json_fields_done(&fields);
    return status == STATUS_OK ? trust_add_boundary(trust, end.height, &end.hash) : status;
}

static enum status read_boundaries(const json_t *list, struct trust *trust, struct problem *problem)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(list); i++)
        status = read_boundary(json_array_get(list, i), i, trust, problem);
    return status;
}

enum status trust_from_json(const json_t *json, struct trust *trust, struct problem *problem)
{
    struct json_fields fields = json_fields_of(json, "", problem);
    trust_init(trust);
    json_expect(&fields, "format", format_word);
    json_hex(&fields, "chain_id", trust->chain_id.bytes, sizeof trust->chain_id.bytes);
    trust->height = json_u64(&fields, "height", number_max);
    trust->epoch = json_u64(&fields, "epoch", PROOF_EPOCHS_MAX);
    json_hex(&fields, "hash", trust->block_hash.bytes, sizeof trust->block_hash.bytes);
    json_hex(&fields, "history_root", trust->history_root.bytes, sizeof trust->history_root.bytes);
    trust->time_ms = json_time(&fields, "time");
    const json_t *list = json_array_of(&fields, "boundaries", PROOF_EPOCHS_MAX);
    if (trust->height == 0) json_fail(&fields, "height", STATUS_INVALID, "0 is no sealed block");
    if (json_array_size(list) != trust->epoch)
        json_fail(&fields, "boundaries", STATUS_MISMATCH,
                  "not as many as epochs before the head's");
    enum status status = json_fields_done(&fields);
    if (status == STATUS_OK) status = read_boundaries(list, trust, problem);
    if (status != STATUS_OK) trust_free(trust);
    return status;
}

enum status trust_parse(struct span text, struct trust *trust, struct problem *problem)
{
    struct problem own;
    json_t *json = json_read(text, TRUST_BYTES_MAX, &own);
    trust_init(trust);
    if (!json) return problem_set(problem, own.status, "%s", own.text);
    enum status status = trust_from_json(json, trust, problem);
    json_decref(json);
    return status;
}
