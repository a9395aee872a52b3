#include "ledger/reader_query.h"

/* ---- members and validators ----------------------------------------------------------------- */

static void member_of_row(struct query *q, struct member *member)
{
    column_id(q, &member->account);
    column_text(q, member->name, sizeof member->name);
}

enum status ledger_read_members(struct ledger_reader *reader, ledger_on_member *on_member,
                                void *context)
{
    struct query q = query_of(reader, "SELECT account, name FROM member ORDER BY account");
    while (query_row(&q)) {
        struct member member;
        member_of_row(&q, &member);
        if (q.status != STATUS_OK || !on_member(context, &member)) break;
    }
    return query_end(&q);
}

enum status ledger_read_member(struct ledger_reader *reader, const struct id *account,
                               struct member *member)
{
    struct query q = query_of(reader, "SELECT account, name FROM member WHERE account = ?");
    bind_id(&q, account);
    if (query_row(&q)) member_of_row(&q, member);
    return query_end_one(&q);
}

enum status ledger_read_validators(struct ledger_reader *reader, ledger_on_validator *on_validator,
                                   void *context)
{
    struct query q = query_of(reader, "SELECT id, member, seal_key, node_key, endpoint, status "
                                      "FROM validator ORDER BY id");
    while (query_row(&q)) {
        struct validator_row validator;
        column_id(&q, &validator.id);
        column_id(&q, &validator.member);
        column_key(&q, &validator.seal_key);
        column_key(&q, &validator.node_key);
        column_text(&q, validator.endpoint, sizeof validator.endpoint);
        validator.status = (uint8_t)column_u64(&q, UINT8_MAX);
        if (q.status != STATUS_OK || !on_validator(context, &validator)) break;
    }
    return query_end(&q);
}

/* ---- parameters ----------------------------------------------------------------------------- */

enum status ledger_read_params(struct ledger_reader *reader, struct params *params)
{
    /* Values are all of 64 bits; SQLite keeps the same bits with a sign. */
    struct query q = query_of(reader, "SELECT name, value FROM param ORDER BY name");
    memset(params, 0, sizeof *params);
    while (query_row(&q)) {
        char name[sizeof ENGINE_PARAM_PREFIX + ENGINE_PARAM_NAME_MAX];
        column_text(&q, name, sizeof name);
        uint64_t value = (uint64_t)column_i64(&q);
        if (q.status == STATUS_OK && !params_place(params, name, value))
            query_damaged(&q, "a parameter is unknown");
    }
    if (q.status == STATUS_OK && q.rows != 1u + PARAM_COUNT + params->engine_count)
        query_damaged(&q, "a parameter is missing");
    return query_end(&q);
}
