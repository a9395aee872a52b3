#include "ledger/reader_query.h"
#include <stdio.h>

#define NUMBER_MAX ((uint64_t)INT64_MAX)
#define ENTRY_COLUMNS \
    "e.position, e.kind, e.id, e.source, e.client_ref, e.code, e.at, e.data, e.effects, e.leaf"

enum { OPERATION_BITS = 0xff, SQL_MAX = 1024 };

static struct span column_blob_or_none(struct query *q)
{
    if (!column_null(q)) return column_blob(q);
    column_skip(q);
    return (struct span){ NULL, 0 };
}

static void entry_of_row(struct query *q, struct entry_row *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->position = column_u64(q, NUMBER_MAX);
    entry->kind = (uint8_t)column_u64(q, UINT8_MAX);
    column_digest(q, &entry->id);
    entry->has_source = !column_null(q);
    if (entry->has_source) {
        column_id(q, &entry->source);
        column_id(q, &entry->client_ref);
    } else {
        column_skip(q);
        column_skip(q);
    }
    entry->code = (uint16_t)column_u64(q, UINT16_MAX);
    entry->at = (uint8_t)column_u64(q, UINT8_MAX);
    entry->data = column_blob_or_none(q);
    entry->effects = column_blob(q);
    column_digest(q, &entry->leaf);
}

static enum status read_one(struct query *q, ledger_on_entry *on_entry, void *context)
{
    if (query_row(q)) {
        struct entry_row entry;
        entry_of_row(q, &entry);
        if (q->status == STATUS_OK) on_entry(context, &entry);
    }
    return query_end_one(q);
}

enum status ledger_read_entry(struct ledger_reader *reader, const struct digest *id,
                              ledger_on_entry *on_entry, void *context)
{
    struct query q = query_of(reader, "SELECT " ENTRY_COLUMNS " FROM entry e WHERE e.id = ?");
    bind_digest(&q, id);
    return read_one(&q, on_entry, context);
}

enum status ledger_read_entry_at(struct ledger_reader *reader, uint64_t position,
                                 ledger_on_entry *on_entry, void *context)
{
    struct query q = query_of(reader, "SELECT " ENTRY_COLUMNS " FROM entry e WHERE e.position = ?");
    bind_u64(&q, position & ~(uint64_t)OPERATION_BITS);
    return read_one(&q, on_entry, context);
}

enum status ledger_read_entry_place(struct ledger_reader *reader, const struct digest *id,
                                    uint64_t *position, uint16_t *code, uint8_t *at)
{
    struct query q = query_of(reader, "SELECT position, code, at FROM entry WHERE id = ?");
    bind_digest(&q, id);
    if (query_row(&q)) {
        *position = column_u64(&q, NUMBER_MAX);
        *code = (uint16_t)column_u64(&q, UINT16_MAX);
        *at = (uint8_t)column_u64(&q, UINT8_MAX);
    }
    return query_end_one(&q);
}

enum status ledger_read_entries(struct ledger_reader *reader, uint64_t height,
                                ledger_on_entry *on_entry, void *context)
{
    struct query q = query_of(reader, "SELECT " ENTRY_COLUMNS " FROM entry e "
                                      "WHERE e.position BETWEEN ? AND ? ORDER BY e.position");
    bind_u64(&q, position_first(height));
    bind_u64(&q, position_last(height));
    while (query_row(&q)) {
        struct entry_row entry;
        entry_of_row(&q, &entry);
        if (q.status != STATUS_OK || !on_entry(context, &entry)) break;
    }
    return query_end(&q);
}

/* ---- filters -------------------------------------------------------------------------------- */

static enum status movement_position(struct ledger_reader *reader, const struct id *account,
                                     const struct id *asset, uint64_t seq, uint64_t *position)
{
    struct query q = query_of(reader, "SELECT position FROM movement "
                                      "WHERE account = ? AND asset = ? AND seq = ?");
    bind_id(&q, account);
    bind_id(&q, asset);
    bind_u64(&q, seq);
    if (query_row(&q)) *position = column_u64(&q, NUMBER_MAX);
    return query_end_one(&q);
}

/* Movements of a balance are numbered without gaps and their positions only grow, so a position is
 * found by halving, not by walking an index that does not exist. */
enum status movement_seq_at(struct ledger_reader *reader, const struct id *account,
                            const struct id *asset, uint64_t position, uint64_t *seq)
{
    struct balance balance;
    enum status status = ledger_read_balance(reader, account, asset, &balance);
    *seq = 0;
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;

    uint64_t below = 0, above = balance.seq + 1; /* position(below) <= position < position(above) */
    while (above - below > 1) {
        uint64_t middle = below + (above - below) / 2, at = 0;
        status = movement_position(reader, account, asset, middle, &at);
        if (status != STATUS_OK) return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
        if (at <= position)
            below = middle;
        else
            above = middle;
    }
    *seq = below;
    return STATUS_OK;
}

/* Which index leads to the entries, and where the walk begins and ends in it. */
struct walk {
    enum { WALK_REFERENCE, WALK_MOVEMENT, WALK_TOUCH, WALK_OPERATION, WALK_ENTRY } by;
    uint64_t first, last; /* seq for WALK_MOVEMENT, positions for all others */
};

static enum status choose_walk(struct ledger_reader *reader, const struct entry_filter *filter,
                               struct walk *walk)
{
    walk->first = filter->first;
    walk->last = filter->last;
    if (filter->source && filter->client_ref) {
        walk->by = WALK_REFERENCE;
    } else if (filter->account && filter->asset) {
        uint64_t before = 0;
        enum status status = STATUS_OK;
        walk->by = WALK_MOVEMENT;
        if (filter->first > 0)
            status =
                movement_seq_at(reader, filter->account, filter->asset, filter->first - 1, &before);
        if (status == STATUS_OK)
            status =
                movement_seq_at(reader, filter->account, filter->asset, filter->last, &walk->last);
        walk->first = before + 1;
        return status;
    } else if (filter->account || filter->source) {
        walk->by = WALK_TOUCH;
    } else if (filter->operation) {
        walk->by = WALK_OPERATION;
        walk->last |= OPERATION_BITS; /* the operations of the last entry, too */
    } else {
        walk->by = WALK_ENTRY;
    }
    return STATUS_OK;
}

static const char *const walk_from[] = {
    [WALK_REFERENCE] = "entry e WHERE e.source = ?1 AND e.client_ref = ?2 "
                       "AND e.position BETWEEN ?4 AND ?5",
    [WALK_MOVEMENT] = "movement m CROSS JOIN entry e ON e.position = m.position "
                      "WHERE m.account = ?3 AND m.asset = ?6 AND m.seq BETWEEN ?4 AND ?5",
    [WALK_TOUCH] = "touch t CROSS JOIN entry e ON e.position = t.position "
                   "WHERE t.account = ?3 AND t.position BETWEEN ?4 AND ?5",
    [WALK_OPERATION] = "operation o CROSS JOIN entry e ON e.position = (o.position & ~255) "
                       "WHERE o.kind = ?7 AND o.position BETWEEN ?4 AND ?5",
    [WALK_ENTRY] = "entry e WHERE e.position BETWEEN ?4 AND ?5",
};

static const char *const walk_order[] = {
    [WALK_REFERENCE] = "e.position", [WALK_MOVEMENT] = "m.seq",   [WALK_TOUCH] = "t.position",
    [WALK_OPERATION] = "o.position", [WALK_ENTRY] = "e.position",
};

static const char *outcome_condition(enum entry_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OK: return " AND e.code = 0";
    case OUTCOME_FAILED: return " AND e.code <> 0";
    case OUTCOME_ANY: break;
    }
    return "";
}

static void write_sql(const struct entry_filter *filter, const struct walk *walk, char sql[SQL_MAX])
{
    bool check_source = filter->source && walk->by != WALK_REFERENCE;
    bool check_account = filter->account && walk->by == WALK_REFERENCE;
    bool check_operation = filter->operation && walk->by != WALK_OPERATION;
    int size = snprintf(
        sql, SQL_MAX, "SELECT " ENTRY_COLUMNS " FROM %s%s%s%s%s%s ORDER BY %s%s",
        walk_from[walk->by], check_source ? " AND e.source = ?1" : "",
        check_account ? " AND EXISTS (SELECT 1 FROM touch t WHERE t.account = ?3 "
                        "AND t.position = e.position)"
                      : "",
        check_operation ? " AND EXISTS (SELECT 1 FROM operation o WHERE o.kind = ?7 "
                          "AND o.position BETWEEN e.position AND e.position + 255)"
                        : "",
        outcome_condition(filter->outcome), filter->transactions_only ? " AND e.kind = 1" : "",
        walk_order[walk->by], filter->descending ? " DESC" : "");
    ASSERT(size > 0 && size < SQL_MAX);
}

/* Parameters are numbered, and SQLite wants all up to the highest: unused ones stay NULL. */
static void bind_at(struct query *q, int index, const struct id *id)
{
    if (!id || index > sqlite3_bind_parameter_count(q->statement)) return;
    q->bound = index - 1;
    bind_id(q, id);
}

static void bind_number_at(struct query *q, int index, uint64_t number)
{
    if (index > sqlite3_bind_parameter_count(q->statement)) return;
    q->bound = index - 1;
    bind_u64(q, number);
}

static void bind_filter(struct query *q, const struct entry_filter *filter, const struct walk *walk)
{
    if (q->status != STATUS_OK) return;
    bind_at(q, 1, filter->source);
    bind_at(q, 2, filter->client_ref);
    bind_at(q, 3, filter->account ? filter->account : filter->source);
    bind_number_at(q, 4, walk->first);
    bind_number_at(q, 5, walk->last);
    bind_at(q, 6, filter->asset);
    bind_number_at(q, 7, filter->operation);
}

enum status ledger_read_filtered(struct ledger_reader *reader, const struct entry_filter *filter,
                                 ledger_on_entry *on_entry, void *context)
{
    struct walk walk;
    char sql[SQL_MAX];
    enum status status = choose_walk(reader, filter, &walk);
    if (status != STATUS_OK) return status;

    write_sql(filter, &walk, sql);
    struct query q = query_of(reader, sql);
    bind_filter(&q, filter, &walk);
    uint64_t previous = UINT64_MAX;
    uint32_t count = 0;
    while (count < filter->limit && query_row(&q)) {
        struct entry_row entry;
        entry_of_row(&q, &entry);
        if (q.status != STATUS_OK) break;
        if (entry.position == previous) continue; /* several operations of the kind asked for */
        previous = entry.position;
        count++;
        if (!on_entry(context, &entry)) break;
    }
    return query_end(&q);
}
