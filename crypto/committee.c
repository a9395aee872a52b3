#include "crypto/committee.h"

uint16_t quorum_of(enum fault_model fault_model, uint16_t count)
{
    ASSERT(count >= 1);
    if (fault_model == FAULT_CRASH) return (uint16_t)(count / 2 + 1);
    return (uint16_t)((2 * count + 2) / 3);
}

uint16_t max_faulty_of(enum fault_model fault_model, uint16_t count)
{
    ASSERT(count >= 1);
    return (uint16_t)((count - 1) / (fault_model == FAULT_CRASH ? 2 : 3));
}

uint16_t committee_find_id(const struct committee *committee, const struct id *id)
{
    for (uint16_t i = 0; i < committee->count; i++)
        if (id_equal(&committee->validators[i].id, id)) return i;
    return VALIDATOR_NONE;
}

uint16_t committee_find_key(const struct committee *committee, const struct public_key *seal_key)
{
    for (uint16_t i = 0; i < committee->count; i++)
        if (key_equal(&committee->validators[i].seal_key, seal_key)) return i;
    return VALIDATOR_NONE;
}

void committee_encode(const struct committee *committee, struct writer *w)
{
    write_u8(w, (uint8_t)committee->fault_model);
    write_u8(w, (uint8_t)committee->engine);
    write_u16(w, committee->count);
    for (uint16_t i = 0; i < committee->count; i++) {
        write_id(w, &committee->validators[i].id);
        write_id(w, &committee->validators[i].member);
        write_public_key(w, &committee->validators[i].seal_key);
    }
}

static bool key_is_new(const struct committee *committee, uint16_t count)
{
    const struct public_key *key = &committee->validators[count].seal_key;
    for (uint16_t i = 0; i < count; i++)
        if (key_equal(&committee->validators[i].seal_key, key)) return false;
    return true;
}

static enum status validators_read(struct reader *r, struct committee *committee)
{
    for (uint16_t i = 0; i < committee->count; i++) {
        struct validator *validator = &committee->validators[i];
        read_id(r, &validator->id);
        read_id(r, &validator->member);
        read_public_key(r, &validator->seal_key);
        if (reader_status(r) != STATUS_OK) return reader_status(r);
        if (i > 0 && id_compare(&committee->validators[i - 1].id, &validator->id) >= 0)
            return STATUS_MALFORMED;
        if (!key_valid(&validator->seal_key)) return STATUS_BAD_KEY;
        if (!key_is_new(committee, i)) return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

enum status committee_decode(struct reader *r, struct committee *committee)
{
    memset(committee, 0, sizeof *committee);
    uint8_t fault_model = read_u8(r);
    uint8_t engine = read_u8(r);
    committee->count = read_u16(r);
    enum status status = reader_status(r);
    if (status == STATUS_OK && (fault_model < FAULT_BYZANTINE || fault_model > FAULT_CRASH))
        status = STATUS_UNSUPPORTED;
    if (status == STATUS_OK && (engine < ENGINE_HOTSTUFF || engine > ENGINE_ZAB))
        status = STATUS_UNSUPPORTED;
    if (status == STATUS_OK && (committee->count < 1 || committee->count > COMMITTEE_MAX))
        status = STATUS_MALFORMED;
    committee->fault_model = (enum fault_model)fault_model;
    committee->engine = (enum engine_kind)engine;
    if (status == STATUS_OK) status = validators_read(r, committee);
    if (status == STATUS_OK) return STATUS_OK;
    memset(committee, 0, sizeof *committee); /* no count beyond the array is left behind */
    reader_fail(r, status);
    return reader_status(r);
}

struct digest committee_hash(const struct committee *committee)
{
    uint8_t bytes[COMMITTEE_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    committee_encode(committee, &w);
    ASSERT(writer_status(&w) == STATUS_OK);
    return digest_of(TAG_VALIDATORS, writer_span(&w));
}
