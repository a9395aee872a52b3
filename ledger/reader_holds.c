/* Holds: those that wait, and where the others were made and ended. */
#include "ledger/reader_query.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX)
#define HOLD_COLUMNS "id, version, payer, payee, arbiter, asset, amount, expires_ms, group_id, lock"

static void hold_of_row(struct query *q, struct hold *hold)
{
    column_id(q, &hold->id);
    hold->version = column_u64(q, NUMBER_MAX);
    column_id(q, &hold->payer);
    column_id(q, &hold->payee);
    column_id(q, &hold->arbiter);
    column_id(q, &hold->asset);
    hold->amount = column_u64(q, NUMBER_MAX);
    hold->expires_ms = column_u64(q, NUMBER_MAX);
    column_id(q, &hold->group);
    column_digest(q, &hold->lock);
}

enum status ledger_read_hold(struct ledger_reader *reader, const struct id *id, struct hold *hold)
{
    struct query q = query_of(reader, "SELECT " HOLD_COLUMNS " FROM hold WHERE id = ?");
    bind_id(&q, id);
    if (query_row(&q)) hold_of_row(&q, hold);
    return query_end_one(&q);
}

static void bind_after(struct query *q, const struct id *after)
{
    bind_blob(q, after ? span_of(after->bytes, sizeof after->bytes) : span_of("", 0));
}

/* Nobody is payer and payee of one hold, so the two halves share no row. */
enum status ledger_read_holds(struct ledger_reader *reader, const struct id *account,
                              const struct id *group, const struct id *after, uint32_t limit,
                              ledger_on_hold *on_hold, void *context)
{
    ASSERT((account == NULL) != (group == NULL));
    const char *sql = account ? "SELECT " HOLD_COLUMNS " FROM hold WHERE payer = ? AND id > ? "
                                "UNION ALL "
                                "SELECT " HOLD_COLUMNS " FROM hold WHERE payee = ? AND id > ? "
                                "ORDER BY id LIMIT ?"
                              : "SELECT " HOLD_COLUMNS " FROM hold "
                                "WHERE group_id = ? AND id > ? ORDER BY id LIMIT ?";
    struct query q = query_of(reader, sql);
    bind_id(&q, account ? account : group);
    bind_after(&q, after);
    if (account) {
        bind_id(&q, account);
        bind_after(&q, after);
    }
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct hold hold;
        hold_of_row(&q, &hold);
        if (q.status != STATUS_OK || !on_hold(context, &hold)) break;
    }
    return query_end(&q);
}

enum status ledger_read_hold_end(struct ledger_reader *reader, const struct id *id, uint64_t *made,
                                 uint64_t *ended)
{
    struct query q = query_of(reader, "SELECT made, ended FROM hold_end WHERE id = ?");
    bind_id(&q, id);
    if (query_row(&q)) {
        *made = column_u64(&q, NUMBER_MAX);
        *ended = column_u64(&q, NUMBER_MAX);
    }
    return query_end_one(&q);
}
