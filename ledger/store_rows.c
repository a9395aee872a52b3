#include "ledger/store.h"
#include "ledger/store_query.h"

/* Blocks, entries, seals and the place that was reached. A store that has failed gives no
 * statement, and the functions do nothing. */

/* ---- history --------------------------------------------------------------------------------- */

void store_write_block(struct store *store, const struct header *header, const struct digest *hash)
{
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_BLOCK);
    if (!s) return;
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, header);
    ASSERT(writer_span(&w).size == HEADER_BYTES);
    set_u64(s, 1, header->height);
    set_digest(s, 2, hash);
    set_u64(s, 3, header->time_ms);
    set_u64(s, 4, header->epoch);
    set_id(s, 5, &header->proposer);
    set_u64(s, 6, header->entry_count);
    set_bytes(s, 7, bytes, sizeof bytes);
    store_run(store, s);
}

void store_write_entry(struct store *store, const struct store_entry *entry)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_ENTRY);
    if (!s) return;
    set_u64(s, 1, entry->position);
    set_u64(s, 2, entry->kind);
    set_digest(s, 3, entry->id);
    set_id_or_null(s, 4, entry->source);
    set_id_or_null(s, 5, entry->client_ref);
    set_u64(s, 6, entry->code);
    set_u64(s, 7, entry->at);
    if (entry->data.data)
        set_bytes(s, 8, entry->data.data, entry->data.size);
    else
        sqlite3_bind_null(s, 8);
    set_bytes(s, 9, entry->effects.data, entry->effects.size);
    set_digest(s, 10, entry->leaf);
    store_append(store, HISTORY_ENTRY, s);
}

void store_write_operation(struct store *store, const struct store_operation *operation)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_OPERATION);
    if (!s) return;
    set_u64(s, 1, operation->position);
    set_u64(s, 2, operation->kind);
    set_id(s, 3, operation->actor);
    set_id_or_null(s, 4, operation->other);
    set_id_or_null(s, 5, operation->asset);
    if (operation->has_amount)
        set_u64(s, 6, operation->amount);
    else
        sqlite3_bind_null(s, 6);
    store_append(store, HISTORY_OPERATION, s);
}

void store_write_touch(struct store *store, const struct id *account, uint64_t position)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_TOUCH);
    if (!s) return;
    set_id(s, 1, account);
    set_u64(s, 2, position);
    store_append(store, HISTORY_TOUCH, s);
}

void store_write_movement(struct store *store, const struct movement *movement)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_MOVEMENT);
    if (!s) return;
    set_id(s, 1, &movement->account);
    set_id(s, 2, &movement->asset);
    set_u64(s, 3, movement->seq);
    set_u64(s, 4, movement->position);
    set_i64(s, 5, movement->d_posted);
    set_i64(s, 6, movement->d_held_out);
    set_i64(s, 7, movement->d_held_in);
    set_i64(s, 8, movement->posted);
    set_i64(s, 9, movement->held_out);
    set_i64(s, 10, movement->held_in);
    store_append(store, HISTORY_MOVEMENT, s);
}

void store_write_history(struct store *store, unsigned level, uint64_t index,
                         const struct digest *hash)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_HISTORY);
    if (!s) return;
    set_u64(s, 1, level);
    set_u64(s, 2, index);
    set_digest(s, 3, hash);
    store_run(store, s);
}

void store_write_epoch(struct store *store, uint64_t number, uint64_t first_height,
                       const struct committee *committee, const struct params *params)
{
    struct writer w, p;
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_EPOCH);
    if (!s) return;
    writer_init(&w, COMMITTEE_BYTES_MAX);
    writer_init(&p, PARAMS_BYTES_MAX);
    committee_encode(committee, &w);
    params_encode(params, &p);
    if (writer_status(&w) != STATUS_OK || writer_status(&p) != STATUS_OK)
        store_fail(store, STATUS_NO_MEMORY, "out of memory");
    set_u64(s, 1, number);
    set_u64(s, 2, first_height);
    set_u64(s, 3, committee->fault_model);
    set_u64(s, 4, committee->engine);
    set_u64(s, 5, committee->count);
    set_u64(s, 6, committee_quorum(committee));
    set_bytes(s, 7, writer_span(&w).data, writer_span(&w).size);
    set_bytes(s, 8, writer_span(&p).data, writer_span(&p).size);
    store_run(store, s);
    writer_free(&w);
    writer_free(&p);
}

bool store_read_block(struct store *store, uint64_t height, struct header *header,
                      struct digest *hash)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_BLOCK);
    if (!s) return false;
    set_u64(s, 1, height);
    if (!store_row(store, s)) return false;
    struct reader r =
        reader_of(span_of(sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)));
    header_read(&r, header);
    if (reader_end(&r) != STATUS_OK)
        store_fail(store, STATUS_DAMAGED, "ledger.db: the header of block %llu does not decode",
                   (unsigned long long)height);
    get_digest(store, s, 1, hash);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

bool store_read_last_height(struct store *store, uint64_t *height)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_LAST_HEIGHT);
    if (!s || !store_row(store, s)) return false;
    bool found = sqlite3_column_type(s, 0) != SQLITE_NULL;
    *height = get_u64(s, 0);
    sqlite3_reset(s);
    return found;
}

bool store_read_history(struct store *store, unsigned level, uint64_t index, struct digest *hash)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_HISTORY);
    if (!s) return false;
    set_u64(s, 1, level);
    set_u64(s, 2, index);
    if (!store_row(store, s)) return false;
    get_digest(store, s, 0, hash);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

static struct reader reader_of_column(sqlite3_stmt *s, int at)
{
    return reader_of(span_of(sqlite3_column_blob(s, at), (size_t)sqlite3_column_bytes(s, at)));
}

bool store_read_epoch(struct store *store, uint64_t number, struct committee *committee,
                      struct params *params, uint64_t *first_height)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_EPOCH);
    if (!s) return false;
    set_u64(s, 1, number);
    if (!store_row(store, s)) return false;
    struct reader r = reader_of_column(s, 0);
    if (committee_decode(&r, committee) != STATUS_OK || reader_end(&r) != STATUS_OK)
        store_fail(store, STATUS_DAMAGED,
                   "ledger.db: the validator set of epoch %llu does not decode",
                   (unsigned long long)number);
    r = reader_of_column(s, 1);
    if (params && (params_decode(&r, params) != STATUS_OK || reader_end(&r) != STATUS_OK))
        store_fail(store, STATUS_DAMAGED, "ledger.db: the parameters of epoch %llu do not decode",
                   (unsigned long long)number);
    if (first_height) *first_height = get_u64(s, 2);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}

bool store_read_entry(struct store *store, const struct digest *id, uint64_t *position)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_ENTRY);
    if (!s) return false;
    set_digest(s, 1, id);
    if (!store_row(store, s)) return false;
    *position = get_u64(s, 0);
    sqlite3_reset(s);
    return true;
}

void store_write_evidence(struct store *store, const struct digest *id, uint8_t kind,
                          uint64_t height, struct span data)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_EVIDENCE);
    if (!s) return;
    set_digest(s, 1, id);
    set_u64(s, 2, kind);
    set_u64(s, 3, height);
    set_bytes(s, 4, data.data, data.size);
    store_run(store, s);
}

void store_write_seal(struct store *store, uint64_t height, const struct seal_signature *signature)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_SEAL);
    if (!s) return;
    set_u64(s, 1, height);
    set_u64(s, 2, signature->validator);
    set_bytes(s, 3, signature->signature.bytes, sizeof signature->signature.bytes);
    store_run(store, s);
}

uint16_t store_count_seal(struct store *store, uint64_t height)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_COUNT_SEAL);
    if (!s) return 0;
    set_u64(s, 1, height);
    if (!store_row(store, s)) return 0;
    uint64_t count = get_u64(s, 0);
    sqlite3_reset(s);
    return (uint16_t)min_u64(count, UINT16_MAX);
}

uint64_t store_read_sealed(struct store *store)
{
    uint64_t height = 0;
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_SEALED);
    if (!s) return 0;
    while (store_row(store, s)) {
        if (get_u64(s, 1) < get_u64(s, 2)) continue;
        height = get_u64(s, 0);
        sqlite3_reset(s);
        break;
    }
    return height;
}

/* ---- the place ------------------------------------------------------------------------------- */

void store_write_place(struct store *store, const struct store_place *place, struct span genesis)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_WRITE_PLACE);
    if (!s) return;
    set_digest(s, 1, &place->chain_id);
    set_bytes(s, 2, genesis.data, genesis.size);
    set_u64(s, 3, place->height);
    set_u64(s, 4, place->epoch);
    set_u64(s, 5, place->sequence);
    store_run(store, s);
}

void store_move_place(struct store *store, uint64_t height, uint64_t epoch, uint64_t sequence)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_MOVE_PLACE);
    if (!s) return;
    set_u64(s, 1, height);
    set_u64(s, 2, epoch);
    set_u64(s, 3, sequence);
    store_run(store, s);
}

bool store_read_place(struct store *store, struct store_place *place)
{
    sqlite3_stmt *s = store_statement(store, STATEMENT_READ_PLACE);
    if (!s || !store_row(store, s)) return false;
    get_digest(store, s, 0, &place->chain_id);
    place->height = get_u64(s, 1);
    place->epoch = get_u64(s, 2);
    place->sequence = get_u64(s, 3);
    sqlite3_reset(s);
    return store->status == STATUS_OK;
}
