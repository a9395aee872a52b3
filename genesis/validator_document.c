#include "crypto/codec.h"
#include "genesis/keyfile.h"

/* text8 network | validator 16 | member 16 | seal key 32 | node key 32 */
enum { POSSESSION_BYTES_MAX = 1 + 255 + 16 + 16 + 32 + 32 };

static void possession_write(struct writer *w, const char *network, const struct id *validator,
                             const struct id *member, const struct public_key *seal_key,
                             const struct public_key *node_key)
{
    write_bytes8(w, span_text(network));
    write_id(w, validator);
    write_id(w, member);
    write_public_key(w, seal_key);
    write_public_key(w, node_key);
}

void possession_sign(const struct secret_key *seal_key, const char *network,
                     const struct id *validator, const struct id *member,
                     const struct public_key *node_key, struct signature *possession)
{
    uint8_t bytes[POSSESSION_BYTES_MAX];
    struct writer w;
    struct public_key seal_public;
    key_public(seal_key, &seal_public);
    writer_init_fixed(&w, bytes, sizeof bytes);
    possession_write(&w, network, validator, member, &seal_public, node_key);
    ASSERT(writer_status(&w) == STATUS_OK);
    key_sign(seal_key, TAG_POSSESSION, writer_span(&w), possession);
}

bool possession_verify(const char *network, const struct id *validator, const struct id *member,
                       const struct public_key *seal_key, const struct public_key *node_key,
                       const struct signature *possession)
{
    uint8_t bytes[POSSESSION_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    possession_write(&w, network, validator, member, seal_key, node_key);
    if (writer_status(&w) != STATUS_OK) return false;
    return key_verify(seal_key, TAG_POSSESSION, writer_span(&w), possession);
}

static enum status validator_document_read(const json_t *json, struct validator_document *document,
                                           struct problem *problem)
{
    struct json_fields fields = json_fields_of(json, "", problem);
    json_expect(&fields, "format", "witan-validator/1");
    json_text_into(&fields, "network", document->network, sizeof document->network);
    json_address(&fields, "id", ADDRESS_VALIDATOR, &document->id);
    json_address(&fields, "member", ADDRESS_ACCOUNT, &document->member);
    json_text_into(&fields, "endpoint", document->endpoint, sizeof document->endpoint);
    json_key(&fields, "seal_key", &document->seal_key);
    json_key(&fields, "node_key", &document->node_key);
    json_hex(&fields, "possession", document->possession.bytes, sizeof document->possession.bytes);
    if (!fields.failed && key_equal(&document->seal_key, &document->node_key))
        json_fail(&fields, "node_key", STATUS_INVALID, "the same as seal_key");
    if (!fields.failed &&
        !possession_verify(document->network, &document->id, &document->member, &document->seal_key,
                           &document->node_key, &document->possession))
        json_fail(&fields, "possession", STATUS_BAD_SIGNATURE,
                  "not the seal key's signature for this network, id, member and node key");
    return json_fields_done(&fields);
}

enum status validator_document_parse(struct span text, struct validator_document *document,
                                     struct problem *problem)
{
    struct problem own;
    if (!problem) problem = &own;
    memset(document, 0, sizeof *document);
    json_t *json = json_read(text, KEY_FILE_BYTES_MAX, problem);
    if (!json) return problem->status;
    enum status status = validator_document_read(json, document, problem);
    json_decref(json);
    if (status != STATUS_OK) memset(document, 0, sizeof *document);
    return status;
}

json_t *validator_document_json(const struct validator_document *document)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}",                      //
                     "format", "witan-validator/1",                                   //
                     "network", document->network,                                    //
                     "id", json_address_new(ADDRESS_VALIDATOR, &document->id),        //
                     "member", json_address_new(ADDRESS_ACCOUNT, &document->member),  //
                     "endpoint", document->endpoint,                                  //
                     "seal_key", json_hex_new(span_of(document->seal_key.bytes, 32)), //
                     "node_key", json_hex_new(span_of(document->node_key.bytes, 32)), //
                     "possession", json_hex_new(span_of(document->possession.bytes, 64)));
}
