/* tests/tools/make_execution_vectors.c -- writes the vectors of the state machine.
 *
 *     state_tree  movement  execute  window  chain
 *
 * Everything is made from fixed seeds, so a second run gives the same files. A changed file is a
 * changed rule: it wants a version, a line in the changelog and a look at tests/reference, which
 * has to agree without having been generated from the same code.
 *
 *     cc -std=c17 -D_GNU_SOURCE -I. -o build/make_execution_vectors \
 *         tests/tools/make_execution_vectors.c \
 *         build/debug/libwitan_ledger.a build/debug/libwitan_genesis.a \
 *         build/debug/libwitan_consensus.a build/debug/libwitan_crypto.a \
 *         -ljansson -lsqlite3 -lsodium -lcrypto -lssl
 *     build/make_execution_vectors tests/vectors
 */
#include "tests/unit/format/fields.h"
#include "tests/unit/ledger/fixture.h"

#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"

static const char *folder;
static struct fixture f;
static uint8_t signer_bytes[SIGNER_BYTES];

static void save(const char *name, json_t *vectors)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
    int failed = json_dump_file(vectors, path, JSON_INDENT(1));
    ASSERT(failed == 0);
    FILE *file = fopen(path, "a");
    ASSERT(file != NULL);
    (void)fputc('\n', file);
    (void)fclose(file);
    json_decref(vectors);
}

static void put_digest(json_t *to, const char *name, const struct digest *digest)
{
    put_hex(to, name, digest->bytes, sizeof digest->bytes);
}

static void append_hex(json_t *array, struct span bytes)
{
    char *text = calloc(1, 2 * bytes.size + 1);
    ASSERT(text != NULL);
    hex_encode(bytes, text);
    json_array_append_new(array, json_string(text));
    free(text);
}

static void put_genesis(json_t *to)
{
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(f.genesis, &w);
    put_span(to, "genesis", writer_span(&w));
    put_digest(to, "chain_id", &f.genesis->chain_id);
    writer_free(&w);
}

static void put_header(json_t *to, const struct header *header)
{
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, header);
    put_span(to, "header", writer_span(&w));
}

/* ---- state_tree ------------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_leaf *)a)->path,
                          &((const struct state_leaf *)b)->path);
}

/* count leaves whose paths share their first bits (all ones). */
static void add_set(json_t *sets, const char *name, size_t count, unsigned shared)
{
    static struct state_leaf leaves[1000];
    json_t *set = json_object(), *list = json_array();
    for (size_t i = 0; i < count; i++) {
        leaves[i].path = sample_digest("path", i);
        leaves[i].hash = sample_digest("leaf", i);
        for (unsigned bit = 0; bit < shared; bit++)
            leaves[i].path.bytes[bit >> 3] |= (uint8_t)(0x80u >> (bit & 7));
    }
    qsort(leaves, count, sizeof leaves[0], by_path);
    for (size_t i = 0; i < count; i++) {
        json_t *leaf = json_array();
        append_hex(leaf, digest_span(&leaves[i].path));
        append_hex(leaf, digest_span(&leaves[i].hash));
        json_array_append_new(list, leaf);
    }
    struct digest root = state_root_of(leaves, count, 0);
    json_object_set_new(set, "name", json_string(name));
    json_object_set_new(set, "leaves", list);
    put_digest(set, "root", &root);
    json_array_append_new(sets, set);
}

static void add_record(json_t *records, const char *name, uint8_t kind, struct span key,
                       struct span value, const uint64_t *not_after_ms)
{
    json_t *record = json_object();
    struct digest path =
        not_after_ms ? state_path_window(key, *not_after_ms) : state_path(kind, key);
    struct digest value_hash = state_value_hash(kind, key, value);
    struct digest leaf = state_leaf_hash(&path, &value_hash);
    json_object_set_new(record, "name", json_string(name));
    put_number(record, "kind", kind);
    put_span(record, "key", key);
    put_span(record, "value", value);
    if (not_after_ms) put_number(record, "not_after_ms", *not_after_ms);
    put_digest(record, "path", &path);
    put_digest(record, "value_hash", &value_hash);
    put_digest(record, "leaf", &leaf);
    json_array_append_new(records, record);
}

static void add_records(json_t *records)
{
    uint8_t key[RECORD_KEY_MAX], value[ACCOUNT_VALUE_MAX];
    const struct account *alice = state_account(f.ledger->state, &f.cast[ALICE]);
    add_record(records, "account", RECORD_ACCOUNT, span_of(alice->id.bytes, 16),
               span_of(value, account_encode(alice, value)), NULL);
    const struct asset *eur = state_asset(f.ledger->state, &f.eur);
    add_record(records, "asset", RECORD_ASSET, span_of(eur->id.bytes, 16),
               span_of(value, asset_encode(eur, value)), NULL);
    const struct balance *balance = state_balance(f.ledger->state, &f.cast[ALICE], &f.eur);
    add_record(records, "balance", RECORD_BALANCE,
               span_of(key, balance_key(&f.cast[ALICE], &f.eur, key)),
               span_of(value, balance_encode(balance, value)), NULL);
    struct balance line = { .posted = -200, .held_out = 100, .held_in = 7, .floor = -300 };
    line.seq = 3;
    line.head = sample_digest("head", 1);
    add_record(records, "balance with a credit line", RECORD_BALANCE,
               span_of(key, balance_key(&f.cast[DAVE], &f.eur, key)),
               span_of(value, balance_encode(&line, value)), NULL);
    struct hold hold = { .id = sample_id("hold", 1),
                         .version = position_of(1042, 3, 0),
                         .payer = f.cast[ALICE],
                         .payee = f.cast[BOB],
                         .arbiter = f.cast[DAVE],
                         .asset = f.eur,
                         .amount = 7500,
                         .expires_ms = 1796115600123,
                         .group = sample_id("group", 1) };
    add_record(records, "hold", RECORD_HOLD, span_of(hold.id.bytes, 16),
               span_of(value, hold_encode(&hold, value)), NULL);
    struct kv_record kv = { .version = position_of(1042, 3, 0), .kind = KV_VALUE, .size = 1 };
    kv.value_hash = digest_of(TAG_KV_VALUE, span_text("5"));
    add_record(records, "kv", RECORD_KV, span_of(key, kv_key(&f.cast[ALICE], span_text("x"), key)),
               span_of(value, kv_encode(&kv, value)), NULL);
    struct window_entry entry = { .txid = sample_digest("txid", 1),
                                  .position = position_of(1042, 3, 0),
                                  .code = RESULT_insufficient_funds,
                                  .not_after_ms = 1796115600123 };
    struct id reference = sample_id("reference", 1);
    add_record(records, "window entry", RECORD_WINDOW,
               span_of(key, window_key(&f.cast[ALICE], &reference, key)),
               span_of(value, window_encode(&entry, value)), &entry.not_after_ms);
    struct lane lane = { .next = 7 };
    add_record(records, "lane", RECORD_LANE, span_of(key, lane_key(&f.cast[ALICE], 3, key)),
               span_of(value, lane_encode(&lane, value)), NULL);
}

static void make_state_tree(void)
{
    json_t *vectors = json_object(), *sets = json_array(), *records = json_array();
    add_set(sets, "empty", 0, 0);
    add_set(sets, "one entry", 1, 0);
    add_set(sets, "two entries", 2, 0);
    add_set(sets, "thirty-two", 32, 0);
    add_set(sets, "thirty-three", 33, 0);
    add_set(sets, "two that share 60 bits", 2, 60);
    add_set(sets, "forty that share 64 bits", 40, 64);
    add_set(sets, "forty that share 130 bits", 40, 130);
    add_set(sets, "two that share 250 bits", 2, 250);
    add_set(sets, "a thousand", 1000, 0);
    fixture_start(&f);
    add_records(records);
    fixture_stop(&f);
    json_object_set_new(vectors, "records", records);
    json_object_set_new(vectors, "sets", sets);
    save("state_tree", vectors);
}

/* ---- movement -------------------------------------------------------------------------------- */

static void make_movements(void)
{
    json_t *list = json_array(), *vectors = json_object();
    struct digest head = { { 0 } };
    int64_t posted = 0;
    for (unsigned i = 0; i < 5; i++) {
        uint8_t bytes[MOVEMENT_BYTES];
        int64_t delta = i == 3 ? -7500 : 1000 * ((int64_t)i + 5);
        posted += delta;
        struct movement movement = { .entry_id = sample_digest("txid", i),
                                     .position = position_of(i, i, 0) + (i == 0),
                                     .account = sample_id("account", 1),
                                     .asset = sample_id("asset", 1),
                                     .seq = i + 1,
                                     .d_posted = delta,
                                     .d_held_out = i == 4 ? -3 : 0,
                                     .d_held_in = i == 4 ? 2 : 0,
                                     .posted = posted,
                                     .held_out = i == 4 ? 0 : 3,
                                     .held_in = i == 4 ? INT64_MAX : 0 };
        json_t *item = json_object();
        put_digest(item, "previous", &head);
        put_digest(item, "entry_id", &movement.entry_id);
        put_decimal(item, "position", movement.position);
        put_hex(item, "account", movement.account.bytes, 16);
        put_hex(item, "asset", movement.asset.bytes, 16);
        put_decimal(item, "seq", movement.seq);
        json_object_set_new(item, "d_posted", json_integer(movement.d_posted));
        json_object_set_new(item, "d_held_out", json_integer(movement.d_held_out));
        json_object_set_new(item, "d_held_in", json_integer(movement.d_held_in));
        json_object_set_new(item, "posted", json_integer(movement.posted));
        json_object_set_new(item, "held_out", json_integer(movement.held_out));
        json_object_set_new(item, "held_in", json_integer(movement.held_in));
        movement_encode(&movement, bytes);
        put_hex(item, "bytes", bytes, sizeof bytes);
        head = movement_head(&head, &movement);
        put_digest(item, "head", &head);
        json_array_append_new(list, item);
    }
    json_object_set_new(vectors, "movements", list);
    save("movement", vectors);
}

/* ---- what a batch became --------------------------------------------------------------------- */

static const char *const kind_words[] = { "block", "empty", "void", "past" };

/* The entries of a height, with their effects and leaves, as the file holds them. */
static json_t *entries_of(uint64_t height)
{
    json_t *entries = json_array();
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(f.ledger->store->db,
                                  "SELECT id, code, at, effects, leaf FROM entry WHERE position"
                                  " BETWEEN ?1 << 24 AND (?1 << 24) + 0xffffff ORDER BY position",
                                  -1, &s, NULL);
    ASSERT(code == SQLITE_OK);
    sqlite3_bind_int64(s, 1, (sqlite3_int64)height);
    while (sqlite3_step(s) == SQLITE_ROW) {
        json_t *entry = json_object();
        put_hex(entry, "id", sqlite3_column_blob(s, 0), 32);
        json_object_set_new(entry, "code",
                            json_string(result_name((uint16_t)sqlite3_column_int(s, 1))));
        put_number(entry, "at", (uint64_t)sqlite3_column_int(s, 2));
        put_hex(entry, "effects", sqlite3_column_blob(s, 3), (size_t)sqlite3_column_bytes(s, 3));
        put_hex(entry, "leaf", sqlite3_column_blob(s, 4), 32);
        json_array_append_new(entries, entry);
    }
    sqlite3_finalize(s);
    return entries;
}

/* Orders and executes what waits; the batch and everything that came of it. */
static json_t *run(void)
{
    json_t *step = json_object(), *skipped = json_array();
    struct execution *execution = fixture_run(&f);
    put_decimal(step, "sequence", execution->sequence);
    put_span(step, "batch", writer_span(&f.last_batch));
    json_object_set_new(step, "kind", json_string(kind_words[execution->kind]));
    for (uint32_t i = 0; i < execution->skipped_count; i++) {
        enum refusal_code refusal = execution->skipped[i].refusal;
        json_array_append_new(
            skipped,
            json_string(refusal == REFUSAL_duplicate ? "duplicate" : refusal_name(refusal)));
    }
    json_object_set_new(step, "skipped", skipped);
    if (execution->kind != EXECUTION_BLOCK) return step;
    json_object_set_new(step, "entries", entries_of(execution->header.height));
    put_header(step, &execution->header);
    put_digest(step, "hash", &execution->hash);
    return step;
}

/* ---- execute --------------------------------------------------------------------------------- */

/* Each case begins at the genesis; `before` runs blocks, `build` fills in f.tx and says who signs.
 */
struct vector_case {
    const char *name;
    void (*before)(void);
    unsigned (*build)(void);
};

static json_t *steps; /* of the case in hand */

static void run_one(unsigned signers)
{
    fixture_add(&f, signers);
    json_array_append_new(steps, run());
}

static void frozen(unsigned who)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, who, true);
    run_one(SIGNED_BANK);
}

static void bob_frozen(void)
{
    frozen(BOB);
}

static void alice_frozen(void)
{
    frozen(ALICE);
}

static void x_is_5(void)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    run_one(SIGNED_ALICE);
}

static unsigned transfer_to(const struct id *to, const struct id *asset, uint64_t amount)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, amount);
    f.tx->operations[0].transfer.to = *to;
    f.tx->operations[0].transfer.asset = *asset;
    return SIGNED_ALICE;
}

static struct id nobody(void)
{
    return sample_id("nobody", 1);
}

static unsigned ok_transfer(void)
{
    return transfer_to(&f.cast[BOB], &f.eur, 7500);
}

static unsigned ok_transfer_new_balance(void)
{
    return transfer_to(&f.cast[DAVE], &f.eur, 10000);
}

static unsigned transfer_account_unknown(void)
{
    struct id id = nobody();
    return transfer_to(&id, &id, 99999);
}

static unsigned transfer_account_frozen(void)
{
    struct id id = nobody();
    return transfer_to(&f.cast[BOB], &id, 99999);
}

static unsigned transfer_asset_unknown(void)
{
    struct id id = nobody();
    return transfer_to(&f.cast[BOB], &id, 99999);
}

static unsigned transfer_insufficient_funds(void)
{
    return transfer_to(&f.cast[BOB], &f.eur, 10001);
}

static unsigned transfer_frozen_actor(void)
{
    struct id id = nobody();
    fixture_tx(&f, BOB);
    add_transfer(&f, ALICE, BOB, 1);
    f.tx->operations[0].transfer.to = id;
    return SIGNED_ALICE | SIGNED_BOB;
}

static unsigned there_and_back(void)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 10);
    add_transfer(&f, BOB, ALICE, 10);
    add_transfer(&f, ALICE, DAVE, 5);
    return SIGNED_ALICE | SIGNED_BOB;
}

static unsigned undone(void)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "1", EXPECT_ANY, 0);
    add_transfer(&f, ALICE, DAVE, 10);
    add_delete(&f, ALICE, "z", EXPECT_ANY, 0);
    return SIGNED_ALICE;
}

static unsigned mint(unsigned actor, const struct id *asset, const struct id *to, uint64_t amount)
{
    fixture_tx(&f, actor);
    add_mint(&f, actor, DAVE, amount);
    f.tx->operations[0].asset_mint.asset = *asset;
    f.tx->operations[0].asset_mint.to = *to;
    return actor == BANK ? SIGNED_BANK : SIGNED_ALICE;
}

static unsigned ok_mint(void)
{
    return mint(BANK, &f.eur, &f.cast[DAVE], 300);
}

static unsigned mint_asset_unknown(void)
{
    struct id id = nobody();
    return mint(ALICE, &id, &id, TX_AMOUNT_MAX);
}

static unsigned mint_not_issuer(void)
{
    struct id id = nobody();
    return mint(ALICE, &f.eur, &id, TX_AMOUNT_MAX);
}

static unsigned mint_account_unknown(void)
{
    struct id id = nobody();
    return mint(BANK, &f.eur, &id, TX_AMOUNT_MAX);
}

static unsigned mint_account_frozen(void)
{
    return mint(BANK, &f.eur, &f.cast[BOB], TX_AMOUNT_MAX);
}

static unsigned mint_supply_limit(void)
{
    return mint(BANK, &f.eur, &f.cast[DAVE], 989501);
}

static unsigned ok_mint_and_burn(void)
{
    fixture_tx(&f, BANK);
    add_mint(&f, BANK, BANK, 300);
    add_burn(&f, BANK, 100);
    return SIGNED_BANK;
}

static unsigned burn_asset_unknown(void)
{
    fixture_tx(&f, ALICE);
    add_burn(&f, ALICE, 1);
    f.tx->operations[0].asset_burn.asset = nobody();
    return SIGNED_ALICE;
}

static unsigned burn_not_issuer(void)
{
    fixture_tx(&f, ALICE);
    add_burn(&f, ALICE, 99999);
    return SIGNED_ALICE;
}

static unsigned burn_insufficient_funds(void)
{
    fixture_tx(&f, BANK);
    add_burn(&f, BANK, 1);
    return SIGNED_BANK;
}

static unsigned ok_asset(void)
{
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "GOLD");
    return SIGNED_BANK;
}

static unsigned asset_role_missing(void)
{
    fixture_tx(&f, ALICE);
    add_asset(&f, ALICE, "GOLD");
    return SIGNED_ALICE;
}

static unsigned asset_exists(void)
{
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "EUR");
    return SIGNED_BANK;
}

static unsigned create(unsigned actor, const struct id *id)
{
    fixture_tx(&f, actor);
    add_account(&f, actor, id, &f.keys[6].public_key, signer_bytes);
    return actor == BANK ? SIGNED_BANK : SIGNED_ALICE;
}

static unsigned ok_create(void)
{
    struct id id = sample_id("new", 1);
    return create(BANK, &id);
}

static unsigned create_role_missing(void)
{
    return create(ALICE, &f.cast[BOB]);
}

static unsigned create_account_exists(void)
{
    return create(BANK, &f.cast[BOB]);
}

static unsigned ok_set_signers(void)
{
    fixture_tx(&f, CAROL);
    struct operation *o = fixture_operation(&f, OP_ACCOUNT_SET_SIGNERS, CAROL);
    memcpy(signer_bytes, f.keys[6].public_key.bytes, 32);
    signer_bytes[32] = 200;
    o->account_set_signers.low = 1;
    o->account_set_signers.medium = 100;
    o->account_set_signers.high = 200;
    o->account_set_signers.signers = (struct signer_list){ 1, span_of(signer_bytes, 33) };
    return SIGNED_CAROL_1 | SIGNED_CAROL_2 | SIGNED_CAROL_3;
}

static unsigned freeze_whom(unsigned actor, const struct id *whom)
{
    fixture_tx(&f, actor);
    add_freeze(&f, actor, BOB, true);
    f.tx->operations[0].account_freeze.account = *whom;
    return actor == BANK ? SIGNED_BANK : SIGNED_ALICE;
}

static unsigned ok_freeze(void)
{
    return freeze_whom(BANK, &f.cast[BOB]);
}

static unsigned freeze_role_missing(void)
{
    struct id id = nobody();
    return freeze_whom(ALICE, &id);
}

static unsigned freeze_account_unknown(void)
{
    struct id id = nobody();
    return freeze_whom(BANK, &id);
}

static unsigned freeze_account_protected(void)
{
    return freeze_whom(BANK, &f.cast[OTHER]);
}

static unsigned put(const char *key, const char *value, uint8_t expect, uint64_t version)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, key, value, expect, version);
    return SIGNED_ALICE;
}

static unsigned ok_put(void)
{
    return put("x", "5", EXPECT_ABSENT, 0);
}

static unsigned ok_compare_and_set(void)
{
    return put("x", "6", EXPECT_VERSION, position_of(1, 0, 0));
}

static unsigned put_value_too_large(void)
{
    static char large[32770];
    memset(large, 'v', sizeof large - 1);
    return put("x", large, EXPECT_VERSION, 99);
}

static unsigned put_version_mismatch(void)
{
    return put("x", "7", EXPECT_VERSION, 99);
}

static unsigned put_not_absent(void)
{
    return put("x", "7", EXPECT_ABSENT, 0);
}

static unsigned ok_delete(void)
{
    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_VERSION, position_of(1, 0, 0));
    return SIGNED_ALICE;
}

static unsigned delete_and_put(void)
{
    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_ANY, 0);
    add_put(&f, ALICE, "x", "6", EXPECT_ABSENT, 0);
    return SIGNED_ALICE;
}

static unsigned put_and_delete(void)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "y", "6", EXPECT_ABSENT, 0);
    add_delete(&f, ALICE, "y", EXPECT_ANY, 0);
    return SIGNED_ALICE;
}

static unsigned delete_key_unknown(void)
{
    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_VERSION, 99);
    return SIGNED_ALICE;
}

static unsigned delete_version_mismatch(void)
{
    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_VERSION, 99);
    return SIGNED_ALICE;
}

static unsigned probe(enum assert_kind kind, unsigned who, uint64_t number)
{
    fixture_tx(&f, ALICE);
    struct tx_assert *a = fixture_assert(&f, kind, who);
    a->number = number;
    a->amount = (int64_t)number;
    a->key = span_text("x");
    a->field = FIELD_AVAILABLE;
    a->relation = RELATION_LEAST;
    add_transfer(&f, ALICE, BOB, 1);
    return SIGNED_ALICE;
}

static unsigned assert_available(void)
{
    return probe(ASSERT_BALANCE, ALICE, 10001);
}

static unsigned assert_posted(void)
{
    probe(ASSERT_BALANCE, ALICE, 9999);
    f.tx->asserts[0].field = FIELD_POSTED;
    f.tx->asserts[0].relation = RELATION_MOST;
    return SIGNED_ALICE;
}

static unsigned assert_balance_seq(void)
{
    return probe(ASSERT_BALANCE_SEQ, BOB, 2);
}

static unsigned assert_kv_version(void)
{
    return probe(ASSERT_KV_VERSION, ALICE, 1);
}

static unsigned assert_kv_value(void)
{
    probe(ASSERT_KV_VALUE, ALICE, 0);
    f.tx->asserts[0].value_hash = digest_of(TAG_KV_VALUE, span_text("6"));
    return SIGNED_ALICE;
}

static unsigned assert_account_version(void)
{
    return probe(ASSERT_ACCOUNT_VERSION, DAVE, 0);
}

static unsigned assert_params_version(void)
{
    return probe(ASSERT_PARAMS_VERSION, ALICE, 2);
}

static unsigned assert_height_max(void)
{
    return probe(ASSERT_HEIGHT_MAX, ALICE, 0);
}

static unsigned assert_all_hold(void)
{
    probe(ASSERT_BALANCE, ALICE, 10000);
    fixture_assert(&f, ASSERT_BALANCE_SEQ, ALICE)->number = 1;
    struct tx_assert *a = fixture_assert(&f, ASSERT_KV_VALUE, ALICE);
    a->key = span_text("x");
    a->value_hash = digest_of(TAG_KV_VALUE, span_text("5"));
    fixture_assert(&f, ASSERT_ACCOUNT_VERSION, DAVE)->number = 1;
    fixture_assert(&f, ASSERT_PARAMS_VERSION, DAVE)->number = 1;
    fixture_assert(&f, ASSERT_HEIGHT_MAX, DAVE)->number = 2;
    return SIGNED_ALICE;
}

static unsigned second_assert(void)
{
    probe(ASSERT_BALANCE, ALICE, 10000);
    fixture_assert(&f, ASSERT_BALANCE_SEQ, ALICE)->number = 9;
    f.tx->operations[0].transfer.amount = 99999;
    return SIGNED_ALICE;
}

static unsigned lane(uint64_t seq)
{
    ok_transfer();
    f.tx->order = ORDER_LANE;
    f.tx->lane = 7;
    f.tx->seq = seq;
    f.tx->not_after_ms = TX_TIME_LIMIT - 1;
    return SIGNED_ALICE;
}

static unsigned ok_lane(void)
{
    return lane(1);
}

static unsigned lane_gap(void)
{
    return lane(3);
}

static void lane_used(void)
{
    run_one(lane(1));
}

static unsigned lane_past(void)
{
    lane(1);
    f.tx->memo_hash = sample_digest("memo", 1);
    return SIGNED_ALICE;
}

static void reference_used(void)
{
    ok_transfer();
    f.tx->client_ref = sample_id("reference", 77);
    run_one(SIGNED_ALICE);
}

static unsigned ref_conflict(void)
{
    ok_transfer();
    f.tx->client_ref = sample_id("reference", 77);
    f.tx->not_after_ms = 1; /* and expired: the reference is asked first */
    return SIGNED_ALICE;
}

static unsigned expired(void)
{
    ok_transfer();
    f.tx->not_after_ms = f.time_ms - 1;
    return SIGNED_ALICE;
}

static unsigned too_early(void)
{
    ok_transfer();
    f.tx->not_before_ms = f.time_ms + 1;
    return SIGNED_ALICE;
}

static unsigned window_too_long(void)
{
    ok_transfer();
    f.tx->not_after_ms = f.time_ms + 600001;
    return SIGNED_ALICE;
}

static unsigned unknown_source(void)
{
    ok_transfer();
    f.tx->source = nobody();
    return SIGNED_ALICE;
}

static unsigned source_frozen(void)
{
    ok_transfer();
    return SIGNED_BOB; /* and not permitted */
}

static unsigned not_permitted_key(void)
{
    ok_transfer();
    return SIGNED_BOB;
}

static unsigned not_permitted_weight(void)
{
    fixture_tx(&f, CAROL);
    add_transfer(&f, CAROL, BOB, 1);
    return SIGNED_CAROL_2;
}

static unsigned not_permitted_extra(void)
{
    ok_transfer();
    return SIGNED_ALICE | SIGNED_DAVE;
}

static unsigned wrong_chain(void)
{
    ok_transfer();
    f.tx->chain_id = sample_chain();
    return SIGNED_ALICE;
}

static const struct vector_case cases[] = {
    { "transfer", NULL, ok_transfer },
    { "transfer that makes a balance and empties one", NULL, ok_transfer_new_balance },
    { "transfer: account_unknown before asset_unknown", NULL, transfer_account_unknown },
    { "transfer: account_frozen before asset_unknown", bob_frozen, transfer_account_frozen },
    { "transfer: asset_unknown before insufficient_funds", NULL, transfer_asset_unknown },
    { "transfer: insufficient_funds", NULL, transfer_insufficient_funds },
    { "a frozen actor before account_unknown", alice_frozen, transfer_frozen_actor },
    { "one movement a balance, also when changes cancel out", NULL, there_and_back },
    { "what comes before a failing operation is undone", NULL, undone },
    { "asset.mint", NULL, ok_mint },
    { "asset.mint: asset_unknown before not_issuer", NULL, mint_asset_unknown },
    { "asset.mint: not_issuer before account_unknown", NULL, mint_not_issuer },
    { "asset.mint: account_unknown before supply_limit", NULL, mint_account_unknown },
    { "asset.mint: account_frozen before supply_limit", bob_frozen, mint_account_frozen },
    { "asset.mint: supply_limit", NULL, mint_supply_limit },
    { "asset.mint and asset.burn", NULL, ok_mint_and_burn },
    { "asset.burn: asset_unknown before not_issuer", NULL, burn_asset_unknown },
    { "asset.burn: not_issuer before insufficient_funds", NULL, burn_not_issuer },
    { "asset.burn: insufficient_funds", NULL, burn_insufficient_funds },
    { "asset.create", NULL, ok_asset },
    { "asset.create: role_missing", NULL, asset_role_missing },
    { "asset.create: asset_exists", NULL, asset_exists },
    { "account.create", NULL, ok_create },
    { "account.create: role_missing before account_exists", NULL, create_role_missing },
    { "account.create: account_exists", NULL, create_account_exists },
    { "account.set_signers", NULL, ok_set_signers },
    { "account.freeze", NULL, ok_freeze },
    { "account.freeze: role_missing before account_unknown", NULL, freeze_role_missing },
    { "account.freeze: account_unknown", NULL, freeze_account_unknown },
    { "account.freeze: account_protected", NULL, freeze_account_protected },
    { "kv.put", NULL, ok_put },
    { "kv.put, compare and set", x_is_5, ok_compare_and_set },
    { "kv.put: value_too_large before version_mismatch", NULL, put_value_too_large },
    { "kv.put: version_mismatch, absent", NULL, put_version_mismatch },
    { "kv.put: version_mismatch", x_is_5, put_version_mismatch },
    { "kv.put: version_mismatch, not absent", x_is_5, put_not_absent },
    { "kv.delete", x_is_5, ok_delete },
    { "kv.delete and kv.put", x_is_5, delete_and_put },
    { "kv.put and kv.delete of a new key change nothing", NULL, put_and_delete },
    { "kv.delete: key_unknown before version_mismatch", NULL, delete_key_unknown },
    { "kv.delete: version_mismatch", x_is_5, delete_version_mismatch },
    { "assert available", NULL, assert_available },
    { "assert posted", NULL, assert_posted },
    { "assert balance_seq", NULL, assert_balance_seq },
    { "assert kv_version", NULL, assert_kv_version },
    { "assert kv_value", x_is_5, assert_kv_value },
    { "assert account_version", NULL, assert_account_version },
    { "assert params_version", NULL, assert_params_version },
    { "assert height_max", NULL, assert_height_max },
    { "asserts that hold", x_is_5, assert_all_hold },
    { "the second assert fails, before the operation would", NULL, second_assert },
    { "lane", NULL, ok_lane },
    { "skipped: tx_lane_gap", NULL, lane_gap },
    { "skipped: tx_lane_past", lane_used, lane_past },
    { "skipped: tx_ref_conflict before tx_expired", reference_used, ref_conflict },
    { "skipped: tx_expired", NULL, expired },
    { "skipped: tx_too_early", NULL, too_early },
    { "skipped: tx_window_too_long", NULL, window_too_long },
    { "skipped: tx_unknown_source before tx_not_permitted", NULL, unknown_source },
    { "skipped: tx_source_frozen before tx_not_permitted", alice_frozen, source_frozen },
    { "skipped: tx_not_permitted, a foreign key", NULL, not_permitted_key },
    { "skipped: tx_not_permitted, too little weight", NULL, not_permitted_weight },
    { "skipped: tx_not_permitted, a signature too many", NULL, not_permitted_extra },
    { "skipped: tx_wrong_chain", NULL, wrong_chain },
};

#include "tests/tools/governance_cases.h"
#include "tests/tools/hold_cases.h"

static void make_execute(void)
{
    json_t *vectors = json_object(), *list = json_array();
    fixture_start(&f);
    put_genesis(vectors);
    fixture_stop(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *item = json_object();
        steps = json_array();
        fixture_start(&f);
        if (cases[i].before) cases[i].before();
        run_one(cases[i].build());
        fixture_stop(&f);
        json_object_set_new(item, "name", json_string(cases[i].name));
        json_object_set_new(item, "steps", steps);
        json_array_append_new(list, item);
    }
    json_object_set_new(vectors, "cases", list);
    json_object_set_new(vectors, "governance", make_governance());
    json_object_set_new(vectors, "holds", make_holds());
    save("execute", vectors);
}

/* ---- window ---------------------------------------------------------------------------------- */

/* What the window holds after a step: txids by not_after and txid. */
static void put_window(json_t *step)
{
    json_t *window = json_array();
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(
        f.ledger->store->db, "SELECT txid FROM recent ORDER BY not_after_ms, txid", -1, &s, NULL);
    ASSERT(code == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        append_hex(window, span_of(sqlite3_column_blob(s, 0), 32));
    sqlite3_finalize(s);
    json_object_set_new(step, "window", window);
}

static void window_step(uint64_t time_ms, const uint64_t *not_after, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fixture_tx(&f, ALICE)->not_after_ms = not_after[i];
        add_transfer(&f, ALICE, BOB, 1);
        fixture_add(&f, SIGNED_ALICE);
    }
    f.time_ms = time_ms;
    f.tick = true;
    json_t *step = run();
    put_number(step, "horizon_ms", ledger_head(f.ledger)->header.window_horizon_ms);
    put_window(step);
    json_array_append_new(steps, step);
}

static void window_chain(json_t *chains, const char *name, uint64_t grace_ms, uint64_t sweep_max)
{
    const uint64_t t = FIXTURE_TIME;
    json_t *chain = json_object();
    fixture_prepare(&f);
    f.genesis->params.values[PARAM_window_grace_ms] = grace_ms;
    f.genesis->params.values[PARAM_window_sweep_max] = sweep_max;
    f.genesis->params.values[PARAM_batch_txs_max] = sweep_max / 2;
    fixture_open(&f, NULL);
    put_genesis(chain);
    steps = json_array();
    window_step(t + 1000, (const uint64_t[]){ t + 9000, t + 5000, t + 7000 }, 3);
    window_step(t + 2000, (const uint64_t[]){ t + 1999, t + 2000, t + 602001, t + 602000 }, 4);
    window_step(t + 2999, NULL, 0); /* too soon for a tick */
    window_step(t + 5000, (const uint64_t[]){ t + 30000, t + 30000, t + 30000, t + 29999 }, 4);
    window_step(t + 6000, (const uint64_t[]){ t + 30001, t + 30000, t + 9000 }, 3);
    window_step(t + 7000, (const uint64_t[]){ t + 7000, t + 8000 }, 2);
    window_step(t + 900000, NULL, 0); /* a long idle gap: all are held here */
    window_step(t + 901000, NULL, 0);
    window_step(t + 902000, (const uint64_t[]){ t + 902500 }, 1);
    window_step(t + 903000, NULL, 0);
    window_step(t + 904000, NULL, 0);
    json_object_set_new(chain, "name", json_string(name));
    json_object_set_new(chain, "steps", steps);
    json_array_append_new(chains, chain);
    fixture_stop(&f);
}

static void make_window(void)
{
    json_t *vectors = json_object(), *chains = json_array();
    window_chain(chains, "no grace", 0, 20000);
    window_chain(chains, "a grace of three seconds", 3000, 20000);
    window_chain(chains, "the default grace", 600000, 20000);
    window_chain(chains, "a sweep of eight at most", 0, 8);
    json_object_set_new(vectors, "chains", chains);
    save("window", vectors);
}

/* ---- chain ----------------------------------------------------------------------------------- */

/* Reserved in one block; paid in part by a later one, given back, or left to end by itself. */
static void chain_holds(unsigned i)
{
    static struct id hold;
    static const struct id group = { { 7 } };
    if (i == 4) {
        fixture_tx(&f, BANK);
        add_floor(&f, BANK, CAROL, -500);
        fixture_add(&f, SIGNED_BANK);
    }
    if (i % 7 == 5) {
        struct writer w;
        fixture_tx(&f, ALICE);
        add_hold(&f, ALICE, BOB, 80 + i, BOB, f.time_ms + 9000);
        add_hold(&f, ALICE, CAROL, 20, OTHER, f.time_ms + 90000)->hold_create.group = group;
        fixture_sign(&f, SIGNED_ALICE, &w);
        fixture_add_bytes(&f, writer_span(&w));
        struct transaction *tx = calloc(1, sizeof *tx);
        enum status status = transaction_decode(writer_span(&w), tx, NULL);
        ASSERT(status == STATUS_OK);
        hold = hold_id_of(&tx->txid, 0);
        free(tx);
        writer_free(&w);
    }
    if (i % 14 == 6) {
        fixture_tx(&f, BOB);
        add_post(&f, BOB, &hold, 50);
        fixture_add(&f, SIGNED_BOB);
    }
    if (i % 16 == 7) {
        fixture_tx(&f, OTHER);
        add_group(&f, i % 32 == 7 ? OP_HOLD_POST_GROUP : OP_HOLD_VOID_GROUP, OTHER, &group);
        fixture_add(&f, SIGNED_OTHER);
    }
}

/* One block of a small bank's day; i is its number. */
static void chain_transactions(unsigned i)
{
    static uint8_t bytes[2][SIGNER_BYTES];
    struct id made = sample_id("made", i);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, i % 4 == 0 ? DAVE : BOB, 100 + i);
    fixture_add(&f, SIGNED_ALICE);
    if (i % 3 == 0) {
        fixture_tx(&f, BANK);
        add_account(&f, BANK, &made, &f.keys[i % CAST_KEYS].public_key, bytes[0]);
        add_mint(&f, BANK, i % 2 == 0 ? ALICE : CAROL, 50 * i + 1);
        fixture_add(&f, SIGNED_BANK);
    }
    if (i % 5 == 1) {
        fixture_tx(&f, CAROL);
        add_transfer(&f, CAROL, BOB, 60); /* fails until somebody paid her */
        fixture_add(&f, SIGNED_CAROL_1 | SIGNED_CAROL_3);
    }
    if (i % 5 == 2) {
        fixture_tx(&f, BOB);
        add_put(&f, BOB, i % 2 == 0 ? "rate/eur" : "rate/usd", i % 3 == 0 ? "1.08" : "1.09",
                i % 4 == 3 ? EXPECT_ABSENT : EXPECT_ANY, 0);
        add_delete(&f, BOB, "nothing", EXPECT_ANY, 0);
        if (i % 2 == 0) f.tx->operation_count = 1;
        fixture_add(&f, SIGNED_BOB);
    }
    if (i % 7 == 3) {
        fixture_tx(&f, BANK);
        add_freeze(&f, BANK, DAVE, i % 2 == 1);
        add_asset(&f, BANK, i % 2 == 1 ? "GOLD" : "SILVER");
        fixture_add(&f, SIGNED_BANK);
    }
    if (i % 6 == 4) {
        fixture_tx(&f, BOB);
        f.tx->order = ORDER_LANE;
        f.tx->lane = 1;
        f.tx->seq = state_lane_next(f.ledger->state, &f.cast[BOB], 1);
        f.tx->not_after_ms = TX_TIME_LIMIT - 1;
        f.tx->memo_hash = sample_digest("memo", i);
        fixture_assert(&f, ASSERT_PARAMS_VERSION, BOB)->number = 1;
        add_transfer(&f, BOB, ALICE, 3);
        add_transfer(&f, BOB, BANK, 2);
        fixture_add(&f, SIGNED_BOB);
    }
    if (i % 8 == 5) {
        fixture_tx(&f, ALICE);
        add_transfer(&f, ALICE, BOB, 99999999);
        fixture_add(&f, SIGNED_ALICE);
        fixture_tx(&f, ALICE); /* expired: skipped */
        f.tx->not_after_ms = f.time_ms - 1;
        add_transfer(&f, ALICE, BOB, 1);
        fixture_add(&f, SIGNED_ALICE);
    }
    chain_holds(i);
    if (i % 9 == 6) {
        fixture_tx(&f, BANK);
        add_mint(&f, BANK, BANK, 10);
        add_burn(&f, BANK, 7);
        fixture_add(&f, SIGNED_BANK);
    }
}

static void make_chain(void)
{
    json_t *vectors = json_object();
    fixture_prepare(&f);
    f.genesis->params.values[PARAM_window_grace_ms] = 5000; /* so that entries are swept */
    fixture_open(&f, NULL);
    put_genesis(vectors);
    put_header(vectors, &ledger_head(f.ledger)->header);
    put_digest(vectors, "hash", &ledger_head(f.ledger)->hash);
    steps = json_array();
    while (ledger_head(f.ledger)->header.height < 50) {
        unsigned i = (unsigned)ledger_head(f.ledger)->sequence;
        f.tick = i % 10 == 8;
        f.time_ms = FIXTURE_TIME + 4000 * (uint64_t)(i + 1);
        if (i % 10 < 8) chain_transactions(i);
        json_array_append_new(steps, run());
    }
    json_object_set_new(vectors, "steps", steps);
    fixture_stop(&f);
    save("chain", vectors);
}

int main(int count, char **words)
{
    if (count != 2) {
        (void)fprintf(stderr, "usage: make_execution_vectors FOLDER\n");
        return 2;
    }
    folder = words[1];
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    make_state_tree();
    make_movements();
    make_execute();
    make_window();
    make_chain();
    return 0;
}
