/* tests/unit/ledger/fixture.h -- a small chain to execute on: six accounts, one asset, a ledger.
 *
 * Everything is a function of small numbers, so that tests, vectors and benchmarks see the same
 * bytes on every machine. The cast:
 *
 *     BANK   member, all roles, issuer of EUR; signer 0
 *     ALICE  signer 1, has 100.00 EUR        BOB    signer 2, has 5.00 EUR
 *     CAROL  signers 3, 4, 5 of weight 1, thresholds 1, 2, 3
 *     DAVE   signer 6, no roles, no money    OTHER  member, no roles; signer 7
 */
#ifndef TESTS_LEDGER_FIXTURE_H
#define TESTS_LEDGER_FIXTURE_H

#include "ledger/ledger.h"
#include "tests/unit/format/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BANK, ALICE, BOB, CAROL, DAVE, OTHER, CAST_COUNT };
enum { CAST_KEYS = 8 };
enum {
    SIGNED_BANK = 1,
    SIGNED_ALICE = 2,
    SIGNED_BOB = 4,
    SIGNED_CAROL_1 = 8,
    SIGNED_CAROL_2 = 16,
    SIGNED_CAROL_3 = 32,
    SIGNED_DAVE = 64,
    SIGNED_OTHER = 128
};
#define FIXTURE_TIME UINT64_C(1790000000000)
#define FIXTURE_TERM UINT64_C(60000)

struct fixture {
    struct genesis *genesis;
    struct ledger *ledger;
    char path[128];
    struct ledger_options options;
    struct id cast[CAST_COUNT];
    struct sample_key keys[CAST_KEYS];
    struct id eur;
    uint64_t time_ms;   /* of the next batch */
    uint64_t reference; /* of the next transaction */
    bool tick;          /* the next batch asks for one */

    struct transaction *tx; /* being built */
    struct writer waiting;  /* the transactions of the next batch */
    uint32_t waiting_count;
    struct writer last_batch;
    struct execution *last;
    struct problem problem;
};

static inline struct genesis_account *
fixture_account(struct fixture *f, unsigned who, uint32_t roles, unsigned first_key, uint8_t keys)
{
    struct genesis_account *account = &f->genesis->accounts[who];
    account->id = f->cast[who];
    account->roles = roles;
    account->low = 1;
    account->medium = keys > 1 ? 2 : 1;
    account->high = keys;
    account->signer_count = keys;
    for (unsigned i = 0; i < keys; i++)
        account->signers[i] = (struct account_signer){ f->keys[first_key + i].public_key, 1 };
    for (unsigned i = 1; i < keys; i++)
        for (unsigned j = i;
             j > 0 && key_compare(&account->signers[j - 1].key, &account->signers[j].key) > 0;
             j--) {
            struct account_signer swap = account->signers[j];
            account->signers[j] = account->signers[j - 1];
            account->signers[j - 1] = swap;
        }
    return account;
}

static inline void fixture_validators(struct fixture *f, uint16_t count)
{
    struct genesis *g = f->genesis;
    g->committee.count = count;
    g->validators = calloc(count, sizeof *g->validators);
    for (uint16_t i = 0; i < count; i++) {
        struct sample_key seal = sample_key(100u + i), node = sample_key(200u + i);
        struct validator *validator = &g->committee.validators[i];
        struct genesis_validator *more = &g->validators[i];
        validator->id = sample_id("validator", i);
        validator->member = f->cast[BANK];
        validator->seal_key = seal.public_key;
        more->node_key = node.public_key;
        (void)snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7000u + i);
        possession_sign(&seal.secret, g->network, &validator->id, &validator->member,
                        &more->node_key, &more->possession);
    }
}

/* The genesis before it is sealed; change what the test needs, then fixture_open. */
static inline void fixture_prepare(struct fixture *f)
{
    static const uint8_t code[12] = "EUR";
    memset(f, 0, sizeof *f);
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    for (unsigned i = 0; i < CAST_COUNT; i++)
        f->cast[i] = sample_id("cast", i);
    for (unsigned i = 0; i < CAST_KEYS; i++)
        f->keys[i] = sample_key(i);
    f->eur = asset_id_of(&f->cast[BANK], code);
    f->time_ms = FIXTURE_TIME + 1000;

    struct genesis *g =
        genesis_new("fixture", PURPOSE_TEST, FIXTURE_TIME, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    f->genesis = g;
    fixture_validators(f, 4);
    g->member_count = 2;
    g->members = calloc(2, sizeof *g->members);
    g->members[0].account = f->cast[BANK];
    g->members[1].account = f->cast[OTHER];
    strcpy(g->members[0].name, "Bank");
    strcpy(g->members[1].name, "Other");
    g->account_count = CAST_COUNT;
    g->accounts = calloc(CAST_COUNT, sizeof *g->accounts);
    fixture_account(f, BANK, ROLE_ALL, 0, 1);
    fixture_account(f, ALICE, 0, 1, 1);
    fixture_account(f, BOB, 0, 2, 1);
    fixture_account(f, CAROL, 0, 3, 3);
    fixture_account(f, DAVE, 0, 6, 1);
    fixture_account(f, OTHER, 0, 7, 1);
    g->asset_count = 1;
    g->assets = calloc(1, sizeof *g->assets);
    g->assets[0].id = f->eur;
    g->assets[0].issuer = f->cast[BANK];
    memcpy(g->assets[0].code, code, sizeof code);
    g->assets[0].scale = 2;
    g->assets[0].max_supply = 1000000;
    g->assets[0].supply = 10500;
    g->balance_count = 2;
    g->balances = calloc(2, sizeof *g->balances);
    g->balances[0] = (struct genesis_balance){ f->cast[ALICE], f->eur, 10000 };
    g->balances[1] = (struct genesis_balance){ f->cast[BOB], f->eur, 500 };
    f->tx = calloc(1, sizeof *f->tx);
    writer_init(&f->waiting, 64u * 1024 * 1024);
    writer_init(&f->last_batch, 64u * 1024 * 1024);
}

static inline void fixture_fail(const struct fixture *f, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, f->problem.text);
    abort();
}

/* path NULL: in memory. */
static inline void fixture_open(struct fixture *f, const char *path)
{
    (void)snprintf(f->path, sizeof f->path, "%s", path ? path : ":memory:");
    if (digest_is_zero(&f->genesis->chain_id) && genesis_seal(f->genesis, &f->problem) != STATUS_OK)
        fixture_fail(f, "genesis");
    if (ledger_open(&f->ledger, f->genesis, f->path, &f->options, &f->problem) != STATUS_OK)
        fixture_fail(f, "open");
}

static inline void fixture_start(struct fixture *f)
{
    fixture_prepare(f);
    fixture_open(f, NULL);
}

static inline void fixture_stop(struct fixture *f)
{
    ledger_close(f->ledger);
    execution_free(f->last);
    writer_free(&f->waiting);
    writer_free(&f->last_batch);
    free(f->tx);
    genesis_free(f->genesis);
}

/* A path in the temporary directory, of a file that does not exist. */
static inline void fixture_path(char path[64])
{
    strcpy(path, "/tmp/witan-test-XXXXXX");
    int file = mkstemp(path);
    ASSERT(file >= 0);
    (void)close(file);
    (void)unlink(path);
}

static inline void fixture_remove(const char *path)
{
    char name[160];
    (void)unlink(path);
    (void)snprintf(name, sizeof name, "%s-wal", path);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s-shm", path);
    (void)unlink(name);
}

/* ---- building a transaction ------------------------------------------------------------------ */

static inline struct transaction *fixture_tx(struct fixture *f, unsigned source)
{
    memset(f->tx, 0, sizeof *f->tx);
    f->tx->chain_id = f->genesis->chain_id;
    f->tx->source = f->cast[source];
    f->tx->client_ref = sample_id("reference", f->reference++);
    f->tx->not_after_ms = f->time_ms + FIXTURE_TERM;
    return f->tx;
}

static inline struct operation *fixture_operation(struct fixture *f, enum operation_code code,
                                                  unsigned actor)
{
    struct operation *operation = &f->tx->operations[f->tx->operation_count++];
    *operation = (struct operation){ .code = code, .actor = f->cast[actor] };
    return operation;
}

static inline void add_transfer(struct fixture *f, unsigned from, unsigned to, uint64_t amount)
{
    struct operation *o = fixture_operation(f, OP_TRANSFER, from);
    o->transfer.to = f->cast[to];
    o->transfer.asset = f->eur;
    o->transfer.amount = amount;
}

static inline void add_put(struct fixture *f, unsigned owner, const char *key, const char *value,
                           uint8_t expect, uint64_t version)
{
    struct operation *o = fixture_operation(f, OP_KV_PUT, owner);
    o->kv_put.key = span_text(key);
    o->kv_put.value = span_text(value);
    o->kv_put.expect = expect;
    o->kv_put.version = version;
}

static inline void add_delete(struct fixture *f, unsigned owner, const char *key, uint8_t expect,
                              uint64_t version)
{
    struct operation *o = fixture_operation(f, OP_KV_DELETE, owner);
    o->kv_delete.key = span_text(key);
    o->kv_delete.expect = expect;
    o->kv_delete.version = version;
}

static inline void add_mint(struct fixture *f, unsigned actor, unsigned to, uint64_t amount)
{
    struct operation *o = fixture_operation(f, OP_ASSET_MINT, actor);
    o->asset_mint.asset = f->eur;
    o->asset_mint.to = f->cast[to];
    o->asset_mint.amount = amount;
}

static inline void add_burn(struct fixture *f, unsigned actor, uint64_t amount)
{
    struct operation *o = fixture_operation(f, OP_ASSET_BURN, actor);
    o->asset_burn.asset = f->eur;
    o->asset_burn.amount = amount;
}

/* Of no group. */
static inline struct operation *add_hold(struct fixture *f, unsigned payer, unsigned payee,
                                         uint64_t amount, unsigned arbiter, uint64_t expires_ms)
{
    struct operation *o = fixture_operation(f, OP_HOLD_CREATE, payer);
    o->hold_create.payee = f->cast[payee];
    o->hold_create.asset = f->eur;
    o->hold_create.amount = amount;
    o->hold_create.arbiter = f->cast[arbiter];
    o->hold_create.expires_ms = expires_ms;
    return o;
}

static inline void add_post(struct fixture *f, unsigned actor, const struct id *hold,
                            uint64_t amount)
{
    struct operation *o = fixture_operation(f, OP_HOLD_POST, actor);
    o->hold_post.hold = *hold;
    o->hold_post.amount = amount;
}

static inline void add_void(struct fixture *f, unsigned actor, const struct id *hold)
{
    fixture_operation(f, OP_HOLD_VOID, actor)->hold_void.hold = *hold;
}

/* code: OP_HOLD_POST_GROUP or OP_HOLD_VOID_GROUP. */
static inline void add_group(struct fixture *f, enum operation_code code, unsigned actor,
                             const struct id *group)
{
    fixture_operation(f, code, actor)->hold_group.group = *group;
}

static inline void add_floor(struct fixture *f, unsigned issuer, unsigned account, int64_t floor)
{
    struct operation *o = fixture_operation(f, OP_BALANCE_SET_FLOOR, issuer);
    o->balance_set_floor.asset = f->eur;
    o->balance_set_floor.account = f->cast[account];
    o->balance_set_floor.floor = floor;
}

static inline void add_freeze(struct fixture *f, unsigned actor, unsigned who, bool frozen)
{
    struct operation *o = fixture_operation(f, OP_ACCOUNT_FREEZE, actor);
    o->account_freeze.account = f->cast[who];
    o->account_freeze.frozen = frozen;
}

static inline void add_asset(struct fixture *f, unsigned issuer, const char *code)
{
    struct operation *o = fixture_operation(f, OP_ASSET_CREATE, issuer);
    memcpy(o->asset_create.code, code, strlen(code));
    o->asset_create.scale = 2;
    o->asset_create.max_supply = TX_AMOUNT_MAX;
}

/* bytes (SIGNER_BYTES, the caller's) becomes the list of one signer. */
static inline void add_account(struct fixture *f, unsigned actor, const struct id *id,
                               const struct public_key *key, uint8_t *bytes)
{
    struct operation *o = fixture_operation(f, OP_ACCOUNT_CREATE, actor);
    memcpy(bytes, key->bytes, 32);
    bytes[32] = 1;
    o->account_create.id = *id;
    o->account_create.low = o->account_create.medium = o->account_create.high = 1;
    o->account_create.signers = (struct signer_list){ 1, span_of(bytes, SIGNER_BYTES) };
}

static inline struct tx_assert *fixture_assert(struct fixture *f, enum assert_kind kind,
                                               unsigned who)
{
    struct tx_assert *assertion = &f->tx->asserts[f->tx->assert_count++];
    *assertion = (struct tx_assert){ .kind = kind, .account = f->cast[who], .asset = f->eur };
    return assertion;
}

/* Signs with the keys whose bits are set; w is initialised here, the caller frees it. */
static inline void fixture_sign(struct fixture *f, unsigned signers, struct writer *w)
{
    struct writer body;
    struct tx_signature signatures[CAST_KEYS];
    uint8_t count = 0;
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(w, TX_BYTES_LIMIT);
    transaction_write_body(&body, f->tx);
    if (writer_status(&body) != STATUS_OK) fixture_fail(f, "a body breaks a static rule");
    struct digest txid = transaction_id(writer_span(&body));
    for (unsigned i = 0; i < CAST_KEYS; i++)
        if ((signers >> i & 1) != 0)
            transaction_sign(&f->keys[i].secret, &f->genesis->chain_id, &txid,
                             &signatures[count++]);
    transaction_write_signed(w, writer_span(&body), signatures, count);
    ASSERT(writer_status(w) == STATUS_OK);
    writer_free(&body);
}

static inline void fixture_add_bytes(struct fixture *f, struct span bytes)
{
    write_bytes32(&f->waiting, bytes);
    f->waiting_count++;
}

static inline void fixture_add(struct fixture *f, unsigned signers)
{
    struct writer w;
    fixture_sign(f, signers, &w);
    fixture_add_bytes(f, writer_span(&w));
    writer_free(&w);
}

/* ---- executing ------------------------------------------------------------------------------- */

/* What waits becomes f->last_batch. */
static inline void fixture_batch(struct fixture *f)
{
    struct batch batch = { .flags = f->tick ? BATCH_FLAG_TICK : 0,
                           .proposer = f->genesis->committee.validators[0].id,
                           .time_ms = f->time_ms,
                           .count = f->waiting_count };
    writer_free(&f->last_batch);
    writer_init(&f->last_batch, 64u * 1024 * 1024);
    batch_write_head(&f->last_batch, &batch);
    write_bytes(&f->last_batch, writer_span(&f->waiting));
    ASSERT(writer_status(&f->last_batch) == STATUS_OK);
    writer_free(&f->waiting);
    writer_init(&f->waiting, 64u * 1024 * 1024);
    f->waiting_count = 0;
    f->tick = false;
    f->time_ms += 1000;
}

/* Executes bytes as the next batch, on any ledger. */
static inline struct execution *fixture_execute(struct fixture *f, struct ledger *ledger,
                                                struct span batch)
{
    struct execution *execution = NULL;
    const struct ledger_head *head = ledger_head(ledger);
    if (ledger_execute(ledger, head->epoch, head->sequence + 1, batch, &execution, &f->problem) !=
        STATUS_OK)
        fixture_fail(f, "execute");
    return execution;
}

/* Orders and executes what waits. */
static inline struct execution *fixture_run(struct fixture *f)
{
    fixture_batch(f);
    execution_free(f->last);
    f->last = fixture_execute(f, f->ledger, writer_span(&f->last_batch));
    return f->last;
}

/* The transaction being built, alone in a block but for what is enacted there: its result code, or
 * the refusal it was skipped with. */
static inline unsigned fixture_one(struct fixture *f, unsigned signers)
{
    fixture_add(f, signers);
    fixture_run(f);
    if (f->last->skipped_count == 1) return (unsigned)f->last->skipped[0].refusal;
    ASSERT(f->last->kind == EXECUTION_BLOCK);
    const struct executed_entry *entry = &f->last->entries[f->last->entry_count - 1];
    ASSERT(entry->kind == ENTRY_TRANSACTION);
    return entry->code;
}

/* The hold that an operation of the last transaction of the last block made. */
static inline struct id fixture_hold(const struct fixture *f, uint8_t operation)
{
    const struct executed_entry *entry = &f->last->entries[f->last->entry_count - 1];
    return hold_id_of(&entry->id, operation);
}

/* The bytes of the block that a batch became: header | count | its included transactions. w is
 * initialised here. */
static inline void fixture_block(const struct execution *execution, const struct header *header,
                                 struct writer *w)
{
    writer_init(w, 64u * 1024 * 1024);
    header_write(w, header);
    uint32_t enactments = 0;
    while (enactments < execution->entry_count &&
           execution->entries[enactments].kind != ENTRY_TRANSACTION)
        enactments++;
    write_u32(w, execution->entry_count - enactments);
    for (uint32_t i = enactments; i < execution->entry_count; i++)
        write_bytes32(w, execution->entries[i].transaction);
    ASSERT(writer_status(w) == STATUS_OK);
}

#endif
