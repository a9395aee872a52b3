#include "genesis/genesis_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads the fields of item i of an array into the document. */
typedef void read_item(struct genesis *genesis, size_t i, struct json_fields *fields);

static enum status items_read(struct genesis *genesis, const json_t *array, const char *path,
                              read_item *read, struct problem *problem)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        char item_path[sizeof((struct json_fields *)0)->path];
        snprintf(item_path, sizeof item_path, "%s/%zu", path, i);
        struct json_fields fields = json_fields_of(json_array_get(array, i), item_path, problem);
        read(genesis, i, &fields);
        enum status status = json_fields_done(&fields);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* A list of words as the bits of a number: [ "registrar", "freezer" ]. */
static uint32_t words_read(struct json_fields *fields, const char *name, const char *const *words,
                           size_t count)
{
    const json_t *array = json_array_of(fields, name, count);
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        size_t word = 0;
        while (word < count && (!text || strcmp(words[word], text) != 0))
            word++;
        if (word == count) {
            char quoted[QUOTE_TEXT];
            const char *nearest = text ? nearest_name(text, words, count) : NULL;
            json_fail(fields, name, STATUS_INVALID, "item %zu, \"%s\", is not known here%s%s%s", i,
                      text_quote(text ? text : "", quoted), nearest ? "; did you mean \"" : "",
                      nearest ? nearest : "", nearest ? "\"?" : "");
            return 0;
        }
        if (bits & 1u << word) {
            json_fail(fields, name, STATUS_INVALID, "\"%s\" stands there twice", text);
            return 0;
        }
        bits |= 1u << word;
    }
    return bits;
}

uint32_t role_list_read(struct json_fields *fields, const char *name)
{
    return words_read(fields, name, role_names, sizeof role_names / sizeof *role_names);
}

static void metadata_read(struct json_fields *fields, struct digest *metadata)
{
    if (json_member_optional(fields, "metadata"))
        json_hex(fields, "metadata", metadata->bytes, sizeof metadata->bytes);
}

static void member_read(struct genesis *genesis, size_t i, struct json_fields *fields)
{
    struct member *member = &genesis->members[i];
    json_address(fields, "account", ADDRESS_ACCOUNT, &member->account);
    json_text_into(fields, "name", member->name, sizeof member->name);
}

static void validator_read(struct genesis *genesis, size_t i, struct json_fields *fields)
{
    struct validator *validator = &genesis->committee.validators[i];
    struct genesis_validator *more = &genesis->validators[i];
    json_address(fields, "id", ADDRESS_VALIDATOR, &validator->id);
    json_address(fields, "member", ADDRESS_ACCOUNT, &validator->member);
    json_text_into(fields, "endpoint", more->endpoint, sizeof more->endpoint);
    json_hex(fields, "seal_key", validator->seal_key.bytes, sizeof validator->seal_key.bytes);
    json_hex(fields, "node_key", more->node_key.bytes, sizeof more->node_key.bytes);
    json_hex(fields, "possession", more->possession.bytes, sizeof more->possession.bytes);
}

static enum status signers_read(struct genesis_account *account, const json_t *array,
                                const char *path, struct problem *problem)
{
    account->signer_count = (uint8_t)json_array_size(array);
    for (size_t i = 0; i < account->signer_count; i++) {
        struct account_signer *signer = &account->signers[i];
        char item_path[sizeof((struct json_fields *)0)->path];
        snprintf(item_path, sizeof item_path, "%.100s/signers/%zu", path, i);
        struct json_fields fields = json_fields_of(json_array_get(array, i), item_path, problem);
        json_hex(&fields, "key", signer->key.bytes, sizeof signer->key.bytes);
        signer->weight = (uint8_t)json_u64(&fields, "weight", UINT8_MAX);
        enum status status = json_fields_done(&fields);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static void account_read(struct genesis *genesis, size_t i, struct json_fields *fields)
{
    struct genesis_account *account = &genesis->accounts[i];
    json_address(fields, "id", ADDRESS_ACCOUNT, &account->id);
    account->roles = role_list_read(fields, "roles");
    account->low = (uint16_t)json_u64(fields, "low", UINT16_MAX);
    account->medium = (uint16_t)json_u64(fields, "medium", UINT16_MAX);
    account->high = (uint16_t)json_u64(fields, "high", UINT16_MAX);
    metadata_read(fields, &account->metadata);
    const json_t *signers = json_array_of(fields, "signers", SIGNERS_MAX);
    if (!signers) return;
    enum status status = signers_read(account, signers, fields->path, fields->problem);
    if (status == STATUS_OK) return;
    fields->failed = true; /* the problem names the signer already */
    fields->status = status;
}

static void code_read(struct json_fields *fields, uint8_t code[12])
{
    const char *text = json_text(fields, "code", 12);
    memcpy(code, text, strlen(text));
}

static void asset_read(struct genesis *genesis, size_t i, struct json_fields *fields)
{
    struct genesis_asset *asset = &genesis->assets[i];
    json_address(fields, "id", ADDRESS_ASSET, &asset->id);
    json_address(fields, "issuer", ADDRESS_ACCOUNT, &asset->issuer);
    code_read(fields, asset->code);
    asset->scale = (uint8_t)json_u64(fields, "scale", UINT8_MAX);
    asset->flags = (uint8_t)words_read(fields, "flags", asset_flag_names, 3);
    asset->max_supply = json_amount(fields, "max_supply");
    asset->supply = json_amount(fields, "supply");
    metadata_read(fields, &asset->metadata);
}

static void balance_read(struct genesis *genesis, size_t i, struct json_fields *fields)
{
    struct genesis_balance *balance = &genesis->balances[i];
    json_address(fields, "account", ADDRESS_ACCOUNT, &balance->account);
    json_address(fields, "asset", ADDRESS_ASSET, &balance->asset);
    balance->posted = json_amount(fields, "posted");
}

void fraction_encode(uint64_t fraction, char text[FRACTION_TEXT])
{
    snprintf(text, FRACTION_TEXT, "%" PRIu32 "/%" PRIu32, (uint32_t)(fraction >> 32),
             (uint32_t)fraction);
}

bool fraction_decode(const char *text, uint64_t *fraction)
{
    char numerator[FRACTION_TEXT];
    const char *slash = strchr(text, '/');
    if (!slash || slash - text >= FRACTION_TEXT) return false;
    memcpy(numerator, text, (size_t)(slash - text));
    numerator[slash - text] = 0;
    uint64_t above, below;
    if (!amount_decode(numerator, &above) || !amount_decode(slash + 1, &below)) return false;
    if (above > UINT32_MAX || below > UINT32_MAX) return false;
    *fraction = PARAM_FRACTION(above, below);
    return true;
}

static enum status params_read(const json_t *object, struct params *params, struct problem *problem)
{
    struct json_fields fields = json_fields_of(object, "/params", problem);
    params->version = 1;
    for (enum param_index i = 0; i < PARAM_COUNT; i++) {
        const char *name = param_name(i);
        if (!param_is_fraction(i)) {
            params->values[i] = json_u64(&fields, name, INT64_MAX);
            continue;
        }
        const char *text = json_text(&fields, name, FRACTION_TEXT);
        if (!fields.failed && !fraction_decode(text, &params->values[i]))
            json_fail(&fields, name, STATUS_MALFORMED, "not a fraction such as \"2/3\"");
    }
    return json_fields_done(&fields);
}

static enum status engine_params_read(const json_t *object, enum engine_kind engine,
                                      struct params *params, struct problem *problem)
{
    struct json_fields fields = json_fields_of(object, "/engine_params", problem);
    size_t count;
    const struct engine_row *rows = engine_rows(engine, &count);
    for (size_t i = 0; i < count; i++) {
        bool added =
            engine_param_add(params, rows[i].name, json_u64(&fields, rows[i].name, INT64_MAX));
        ASSERT(added);
    }
    return json_fields_done(&fields);
}

static void head_read(struct json_fields *fields, struct genesis *genesis)
{
    json_expect(fields, "format", "witan-genesis/1");
    json_text_into(fields, "network", genesis->network, sizeof genesis->network);
    genesis->time_ms = json_time(fields, "time");
    genesis->purpose = (enum purpose)(json_choice(fields, "purpose", purpose_names, 2) + 1);
    genesis->committee.fault_model =
        (enum fault_model)(json_choice(fields, "fault_model", fault_model_names, 2) + 1);
    size_t engine = json_choice(fields, "engine", engine_names, 6);
    genesis->committee.engine = (enum engine_kind)(engine + 1);
    size_t count;
    if (!fields->failed && !engine_rows(genesis->committee.engine, &count))
        json_fail(fields, "engine", STATUS_UNSUPPORTED, "%s is not built in this version",
                  engine_names[engine]);
}

/* The arrays of the document, as they came from json_array_of. */
struct arrays {
    const json_t *members;
    const json_t *validators;
    const json_t *accounts;
    const json_t *assets;
    const json_t *balances;
};

/* The document's size bounds what has no limit of its own. */
static struct arrays arrays_find(struct json_fields *fields)
{
    return (struct arrays){
        .members = json_array_of(fields, "members", UINT16_MAX),
        .validators = json_array_of(fields, "validators", COMMITTEE_MAX),
        .accounts = json_array_of(fields, "accounts", GENESIS_BYTES_MAX),
        .assets = json_array_of(fields, "assets", GENESIS_BYTES_MAX),
        .balances = json_array_of(fields, "balances", GENESIS_BYTES_MAX),
    };
}

static enum status arrays_allocate(struct genesis *g, const struct arrays *arrays)
{
    g->member_count = (uint16_t)json_array_size(arrays->members);
    g->committee.count = (uint16_t)json_array_size(arrays->validators);
    g->account_count = (uint32_t)json_array_size(arrays->accounts);
    g->asset_count = (uint32_t)json_array_size(arrays->assets);
    g->balance_count = (uint32_t)json_array_size(arrays->balances);
    g->members = genesis_array(g->member_count, sizeof *g->members);
    g->validators = genesis_array(g->committee.count, sizeof *g->validators);
    g->accounts = genesis_array(g->account_count, sizeof *g->accounts);
    g->assets = genesis_array(g->asset_count, sizeof *g->assets);
    g->balances = genesis_array(g->balance_count, sizeof *g->balances);
    bool all = g->members && g->validators && g->accounts && g->assets && g->balances;
    return all ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status arrays_read(struct genesis *g, const struct arrays *arrays,
                               struct problem *problem)
{
    if (arrays_allocate(g, arrays) != STATUS_OK)
        return problem_set(problem, STATUS_NO_MEMORY, "document: out of memory");
    enum status status = items_read(g, arrays->members, "/members", member_read, problem);
    if (status == STATUS_OK)
        status = items_read(g, arrays->validators, "/validators", validator_read, problem);
    if (status == STATUS_OK)
        status = items_read(g, arrays->accounts, "/accounts", account_read, problem);
    if (status == STATUS_OK) status = items_read(g, arrays->assets, "/assets", asset_read, problem);
    if (status == STATUS_OK)
        status = items_read(g, arrays->balances, "/balances", balance_read, problem);
    return status;
}

enum status genesis_read(const json_t *document, struct genesis *genesis, struct problem *problem)
{
    struct json_fields fields = json_fields_of(document, "", problem);
    head_read(&fields, genesis);
    const json_t *engine_params = json_member(&fields, "engine_params");
    const json_t *params = json_member(&fields, "params");
    struct arrays arrays = arrays_find(&fields);
    enum status status = json_fields_done(&fields);
    if (status != STATUS_OK) return status;

    status = params_read(params, &genesis->params, problem);
    if (status == STATUS_OK)
        status =
            engine_params_read(engine_params, genesis->committee.engine, &genesis->params, problem);
    if (status == STATUS_OK) status = arrays_read(genesis, &arrays, problem);
    return status;
}
