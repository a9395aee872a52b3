/* proof/twin_reader.h -- the parts of a proof, from their JSON to their bytes.
 *
 * Everything is written in the order of the binary form, while the members of the JSON may stand in
 * any. The first problem sticks; what is written after it is thrown away with the rest.
 */
#ifndef PROOF_TWIN_READER_H
#define PROOF_TWIN_READER_H

#include "proof/twin.h"

/* What every part needs: where the bytes go, the file's chain id, and the first problem. */
struct twin_reader {
    struct writer *w;
    struct digest chain_id;
    struct problem *problem;
    enum status status;
};

static inline bool twin_failed(const struct twin_reader *t)
{
    return t->status != STATUS_OK;
}

/* Ends an object: what it failed with sticks. */
void twin_done(struct twin_reader *t, struct json_fields *fields);

/* Which form a part has, its members say; they are asked for by whoever reads them. */
bool twin_has(const struct json_fields *fields, const char *name);

/* Values: a hash, an id, a list of hex strings of one size, u32 length and bytes. */
void twin_write_hash(struct twin_reader *t, struct json_fields *fields, const char *name);
void twin_write_address(struct twin_reader *t, struct json_fields *fields, const char *name,
                        enum address_kind kind);
void twin_write_hex_items(struct twin_reader *t, struct json_fields *fields, const char *name,
                          const json_t *list, size_t size);
void twin_write_hex32(struct twin_reader *t, struct json_fields *fields, const char *name,
                      size_t max);

/* Parts whose members stand in an object of somebody else's. */
void twin_write_path(struct twin_reader *t, struct json_fields *fields, const char *name);
void twin_write_header(struct twin_reader *t, struct json_fields *parent);
void twin_write_sealed(struct twin_reader *t, struct json_fields *fields);
void twin_write_epochs(struct twin_reader *t, struct json_fields *parent);
void twin_write_receipt(struct twin_reader *t, struct json_fields *fields);
void twin_write_state(struct twin_reader *t, struct json_fields *fields);

/* Parts that are an object of their own. */
void twin_write_sealed_member(struct twin_reader *t, struct json_fields *parent, const char *name);
void twin_write_receipt_member(struct twin_reader *t, struct json_fields *parent, const char *name);
void twin_write_state_member(struct twin_reader *t, struct json_fields *parent, const char *name);

#endif
