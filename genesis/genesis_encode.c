#include "genesis/genesis_internal.h"

enum { GENESIS_VERSION = 1 };

void members_encode(const struct member *members, uint16_t count, struct writer *w)
{
    write_u16(w, count);
    for (uint16_t i = 0; i < count; i++) {
        write_id(w, &members[i].account);
        write_bytes8(w, span_text(members[i].name));
    }
}

struct digest members_hash(const struct member *members, uint16_t count)
{
    struct writer w;
    writer_init(&w, 2 + (size_t)count * (16 + 1 + MEMBER_NAME_MAX));
    members_encode(members, count, &w);
    ASSERT(writer_status(&w) == STATUS_OK);
    struct digest digest = digest_of(TAG_MEMBERS, writer_span(&w));
    writer_free(&w);
    return digest;
}

static void account_encode(const struct genesis_account *account, struct writer *w)
{
    write_id(w, &account->id);
    write_u32(w, account->roles);
    write_u16(w, account->low);
    write_u16(w, account->medium);
    write_u16(w, account->high);
    write_digest(w, &account->metadata);
    write_u8(w, account->signer_count);
    for (size_t i = 0; i < account->signer_count; i++) {
        write_public_key(w, &account->signers[i].key);
        write_u8(w, account->signers[i].weight);
    }
}

static void asset_encode(const struct genesis_asset *asset, struct writer *w)
{
    write_id(w, &asset->id);
    write_id(w, &asset->issuer);
    write_bytes(w, span_of(asset->code, sizeof asset->code));
    write_u8(w, asset->scale);
    write_u8(w, asset->flags);
    write_u64(w, asset->max_supply);
    write_u64(w, asset->supply);
    write_digest(w, &asset->metadata);
}

static void balance_encode(const struct genesis_balance *balance, struct writer *w)
{
    write_id(w, &balance->account);
    write_id(w, &balance->asset);
    write_u64(w, balance->posted);
}

void genesis_encode(const struct genesis *g, struct writer *w)
{
    write_u16(w, GENESIS_VERSION);
    write_bytes8(w, span_text(g->network));
    write_u64(w, g->time_ms);
    write_u8(w, (uint8_t)g->purpose);
    params_encode(&g->params, w);
    committee_encode(&g->committee, w);
    for (size_t i = 0; i < g->committee.count; i++) {
        write_public_key(w, &g->validators[i].node_key);
        write_bytes8(w, span_text(g->validators[i].endpoint));
        write_signature(w, &g->validators[i].possession);
    }
    members_encode(g->members, g->member_count, w);
    write_u32(w, g->account_count);
    for (uint32_t i = 0; i < g->account_count; i++)
        account_encode(&g->accounts[i], w);
    write_u32(w, g->asset_count);
    for (uint32_t i = 0; i < g->asset_count; i++)
        asset_encode(&g->assets[i], w);
    write_u32(w, g->balance_count);
    for (uint32_t i = 0; i < g->balance_count; i++)
        balance_encode(&g->balances[i], w);
}

/* Smallest encodings: a count that the bytes left cannot hold takes no memory. An account has
 * one signer at least. */
enum { MEMBER_BYTES_MIN = 17, ACCOUNT_BYTES_MIN = 59 + 33, ASSET_BYTES = 94, BALANCE_BYTES = 40 };

/* Memory for count items, or NULL with the reader failed. */
static void *items_new(struct reader *r, size_t count, size_t size, size_t bytes_min)
{
    if (reader_status(r) == STATUS_OK && count > r->rest.size / bytes_min)
        reader_fail(r, STATUS_MALFORMED);
    if (reader_status(r) != STATUS_OK) return NULL;
    void *items = genesis_array(count, size);
    if (!items) reader_fail(r, STATUS_NO_MEMORY);
    return items;
}

/* Into a zeroed array one byte larger than max. */
static void text_decode(struct reader *r, char *text, size_t max)
{
    struct span bytes = read_text8(r, max);
    if (bytes.size > 0) memcpy(text, bytes.data, bytes.size);
}

/* Ascending by the first `size` bytes of each item. */
static void order_expect(struct reader *r, const void *before, const void *item, size_t size)
{
    if (reader_status(r) == STATUS_OK && memcmp(before, item, size) >= 0)
        reader_fail(r, STATUS_MALFORMED);
}

static void head_decode(struct reader *r, struct genesis *g)
{
    if (read_u16(r) != GENESIS_VERSION) reader_fail(r, STATUS_UNSUPPORTED);
    text_decode(r, g->network, NETWORK_NAME_MAX);
    g->time_ms = read_u64(r);
    g->purpose = (enum purpose)read_u8(r);
    if (reader_status(r) == STATUS_OK) params_decode(r, &g->params);
}

static void validators_decode(struct reader *r, struct genesis *g)
{
    if (reader_status(r) == STATUS_OK) committee_decode(r, &g->committee);
    g->validators = items_new(r, g->committee.count, sizeof *g->validators, 32 + 1 + 64);
    if (!g->validators) return;
    for (size_t i = 0; reader_status(r) == STATUS_OK && i < g->committee.count; i++) {
        read_public_key(r, &g->validators[i].node_key);
        text_decode(r, g->validators[i].endpoint, ENDPOINT_MAX);
        read_signature(r, &g->validators[i].possession);
    }
}

static void members_decode(struct reader *r, struct genesis *g)
{
    g->member_count = read_u16(r);
    g->members = items_new(r, g->member_count, sizeof *g->members, MEMBER_BYTES_MIN);
    if (!g->members) return;
    for (size_t i = 0; reader_status(r) == STATUS_OK && i < g->member_count; i++) {
        struct member *member = &g->members[i];
        read_id(r, &member->account);
        text_decode(r, member->name, MEMBER_NAME_MAX);
        if (i > 0) order_expect(r, member - 1, member, sizeof member->account);
    }
}

static void signers_decode(struct reader *r, struct genesis_account *account)
{
    uint8_t count = read_u8(r);
    if (count > SIGNERS_MAX) reader_fail(r, STATUS_TOO_LARGE);
    for (uint8_t i = 0; reader_status(r) == STATUS_OK && i < count; i++) {
        struct account_signer *signer = &account->signers[i];
        read_public_key(r, &signer->key);
        signer->weight = read_u8(r);
        account->signer_count = (uint8_t)(i + 1);
        if (i > 0) order_expect(r, &signer[-1].key, &signer->key, sizeof signer->key);
    }
}

static void accounts_decode(struct reader *r, struct genesis *g)
{
    g->account_count = read_u32(r);
    g->accounts = items_new(r, g->account_count, sizeof *g->accounts, ACCOUNT_BYTES_MIN);
    if (!g->accounts) return;
    for (uint32_t i = 0; reader_status(r) == STATUS_OK && i < g->account_count; i++) {
        struct genesis_account *account = &g->accounts[i];
        read_id(r, &account->id);
        account->roles = read_u32(r);
        account->low = read_u16(r);
        account->medium = read_u16(r);
        account->high = read_u16(r);
        read_digest(r, &account->metadata);
        signers_decode(r, account);
        if (i > 0) order_expect(r, &account[-1].id, &account->id, sizeof account->id);
    }
}

static void assets_decode(struct reader *r, struct genesis *g)
{
    g->asset_count = read_u32(r);
    g->assets = items_new(r, g->asset_count, sizeof *g->assets, ASSET_BYTES);
    if (!g->assets) return;
    for (uint32_t i = 0; reader_status(r) == STATUS_OK && i < g->asset_count; i++) {
        struct genesis_asset *asset = &g->assets[i];
        read_id(r, &asset->id);
        read_id(r, &asset->issuer);
        struct span code = read_bytes(r, sizeof asset->code);
        if (code.size > 0) memcpy(asset->code, code.data, code.size);
        asset->scale = read_u8(r);
        asset->flags = read_u8(r);
        asset->max_supply = read_u64(r);
        asset->supply = read_u64(r);
        read_digest(r, &asset->metadata);
        if (i > 0) order_expect(r, &asset[-1].id, &asset->id, sizeof asset->id);
    }
}

static void balances_decode(struct reader *r, struct genesis *g)
{
    g->balance_count = read_u32(r);
    g->balances = items_new(r, g->balance_count, sizeof *g->balances, BALANCE_BYTES);
    if (!g->balances) return;
    for (uint32_t i = 0; reader_status(r) == STATUS_OK && i < g->balance_count; i++) {
        struct genesis_balance *balance = &g->balances[i];
        read_id(r, &balance->account);
        read_id(r, &balance->asset);
        balance->posted = read_u64(r);
        if (i > 0) order_expect(r, balance - 1, balance, 2 * sizeof balance->account);
    }
}

static enum status all_decode(struct span bytes, struct genesis *g, struct problem *problem)
{
    struct reader r = reader_of(bytes);
    head_decode(&r, g);
    validators_decode(&r, g);
    members_decode(&r, g);
    accounts_decode(&r, g);
    assets_decode(&r, g);
    balances_decode(&r, g);
    enum status status = reader_end(&r);
    if (status != STATUS_OK)
        return problem_set(problem, status, "genesis bytes, offset %zu: %s", r.offset,
                           status_text(status));
    const struct genesis_order sorted = { 0 };
    return genesis_check(g, &sorted, problem);
}

enum status genesis_decode(struct span bytes, struct genesis **genesis, struct problem *problem)
{
    if (bytes.size > GENESIS_BYTES_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "genesis bytes: %zu, more than %d",
                           bytes.size, GENESIS_BYTES_MAX);
    struct genesis *decoded = genesis_blank();
    if (!decoded) return problem_set(problem, STATUS_NO_MEMORY, "genesis bytes: out of memory");
    enum status status = all_decode(bytes, decoded, problem);
    if (status != STATUS_OK) {
        genesis_free(decoded);
        return status;
    }
    decoded->chain_id = digest_of(TAG_GENESIS, bytes);
    *genesis = decoded;
    return STATUS_OK;
}
