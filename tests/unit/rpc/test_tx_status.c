#include "rpc/tx_status.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct tx_status status;
static struct tx_status_extra extra;

static char *text(void)
{
    json_t *json = tx_status_json(&status, &extra);
    char *line = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return line;
}

static void is(const char *expected)
{
    char *line = text();
    cr_assert_str_eq(line, expected);
    free(line);
}

#define ID "\"tx_id\":\"0100000000000000000000000000000000000000000000000000000000000000\","

static void open_all(void)
{
    memset(&status, 0, sizeof status);
    memset(&extra, 0, sizeof extra);
    status.txid.bytes[0] = 1;
    status.place.ledger_height = 1042;
    status.place.ledger_time_ms = 1796115600000;
}

TestSuite(tx_status, .init = open_all);

Test(tx_status, unknown)
{
    is("{" ID "\"status\":\"unknown\",\"final\":false,\"sealed\":false,\"ledger_height\":1042,"
       "\"ledger_time\":\"2026-12-01T09:00:00.000Z\"}");
}

Test(tx_status, pending)
{
    status.state = TX_PENDING;
    status.not_after_ms = 1796115600001;
    extra = (struct tx_status_extra){ .has_duplicate = true, .timed_out = true };
    is("{" ID "\"status\":\"pending\",\"final\":false,\"sealed\":false,\"ledger_height\":1042,"
       "\"ledger_time\":\"2026-12-01T09:00:00.000Z\",\"not_after\":\"2026-12-01T09:00:00.001Z\","
       "\"duplicate\":false,\"timed_out\":true}");
}

Test(tx_status, committed_and_sealed)
{
    status.state = TX_COMMITTED;
    status.not_after_ms = 5; /* no longer of interest */
    status.place.position = position_of(1041, 3, 0);
    status.place.block_time_ms = 1796115599000;
    status.place.sealed_height = 1040;
    cr_assert(tx_status_final(&status));
    cr_assert_not(tx_status_sealed(&status));
    status.place.sealed_height = 1041;
    cr_assert(tx_status_sealed(&status));
    is("{" ID "\"status\":\"committed\",\"final\":true,\"sealed\":true,\"ledger_height\":1042,"
       "\"ledger_time\":\"2026-12-01T09:00:00.000Z\",\"location\":{\"height\":1041,\"entry\":3,"
       "\"position\":\"1041.3\",\"block_hash\":"
       "\"0000000000000000000000000000000000000000000000000000000000000000\","
       "\"time\":\"2026-12-01T08:59:59.000Z\"},\"result\":{\"code\":\"ok\"}}");
}

Test(tx_status, expired)
{
    status.state = TX_EXPIRED;
    status.not_after_ms = 1796115500000;
    cr_assert(tx_status_final(&status));
    cr_assert_not(tx_status_sealed(&status));
    is("{" ID "\"status\":\"expired\",\"final\":true,\"sealed\":false,\"ledger_height\":1042,"
       "\"ledger_time\":\"2026-12-01T09:00:00.000Z\",\"not_after\":\"2026-12-01T08:58:20.000Z\"}");
}
