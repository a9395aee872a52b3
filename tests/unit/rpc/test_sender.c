#include "rpc/sender.h"
#include "tests/unit/rpc/loopback.h"

#include <criterion/criterion.h>

enum { NODES = 3, ITEMS_MAX = 200 };
static struct loopback l[NODES];
static const char *urls[NODES];
static struct sender_options options;

/* What is sent, and what came of it. */
static struct item {
    uint8_t bytes[1024];
    size_t size;
    struct digest txid;
    uint32_t done;
    enum submit_end end;
    uint32_t attempts;
    size_t node;
    char kind[48];
} items[ITEMS_MAX];
static uint32_t item_count, given, under_way, under_way_most, asked_later;
static bool stop_now;

static enum sender_next next(void *context, struct send_item *item)
{
    (void)context;
    if (given == item_count) return SENDER_END;
    if (asked_later > 0) {
        asked_later--;
        return SENDER_LATER;
    }
    struct item *one = &items[given++];
    *item = (struct send_item){ .user = one,
                                .bytes = span_of(one->bytes, one->size),
                                .txid = one->txid,
                                .not_after_ms = 1796115600000 };
    under_way++;
    if (under_way > under_way_most) under_way_most = under_way;
    return SENDER_ITEM;
}

static void done(void *context, const struct send_item *item, const struct send_result *result)
{
    struct item *one = item->user;
    (void)context;
    under_way--;
    one->done++;
    one->end = result->end;
    one->attempts = result->attempts;
    one->node = result->node;
    snprintf(one->kind, sizeof one->kind, "%s", result->failure->kind);
}

static bool stop(void *context)
{
    (void)context;
    return stop_now;
}

static void prepare(uint32_t count)
{
    item_count = count;
    for (uint32_t i = 0; i < count; i++) {
        char *hex = fake_transaction(i + 1, &items[i].txid);
        items[i].size = strlen(hex) / 2;
        cr_assert(hex_decode(hex, strlen(hex), items[i].bytes, items[i].size));
        free(hex);
    }
}

static void open_all(void)
{
    for (size_t i = 0; i < NODES; i++) {
        loopback_options(&l[i]);
        l[i].options.socket = NULL;
        loopback_start(&l[i]);
        l[i].node->mode = FAKE_COMMIT;
        urls[i] = l[i].url;
    }
    options = (struct sender_options){ .urls = urls,
                                       .url_count = NODES,
                                       .in_flight = 8,
                                       .until = SUBMIT_UNTIL_COMMITTED,
                                       .next = next,
                                       .done = done,
                                       .stop = stop };
}

static void close_all(void)
{
    for (size_t i = 0; i < NODES; i++) {
        if (l[i].server) rpc_stop(l[i].server);
        fake_free(l[i].node);
    }
}

TestSuite(sender, .init = open_all, .fini = close_all, .timeout = 60);

static void run(void)
{
    struct problem problem = { .status = STATUS_OK };
    cr_assert_eq(sender_run(&options, &problem), STATUS_OK, "%s", problem.text);
    for (uint32_t i = 0; i < item_count; i++)
        cr_assert_eq(items[i].done, stop_now && i >= given ? 0 : 1, "item %u", i);
}

static void all_end(enum submit_end end)
{
    for (uint32_t i = 0; i < item_count; i++)
        cr_assert_eq(items[i].end, end, "item %u", i);
}

Test(sender, nothing_to_send)
{
    run();
}

Test(sender, all_are_committed_once_and_spread_over_the_nodes)
{
    prepare(ITEMS_MAX);
    run();
    all_end(SUBMIT_END_COMMITTED);
    for (size_t i = 0; i < NODES; i++)
        cr_assert(l[i].node->submits >= ITEMS_MAX / NODES - 1, "node %zu: %u", i,
                  l[i].node->submits);
    cr_assert_eq(under_way_most, 8);
}

Test(sender, one_at_a_time)
{
    options.in_flight = 1;
    prepare(20);
    run();
    all_end(SUBMIT_END_COMMITTED);
    cr_assert_eq(under_way_most, 1);
}

Test(sender, a_dead_node_costs_nothing_but_time)
{
    rpc_stop(l[1].server);
    l[1].server = NULL;
    prepare(60);
    run();
    all_end(SUBMIT_END_COMMITTED);
    for (uint32_t i = 0; i < item_count; i++)
        cr_assert_neq(items[i].node, 1);
}

Test(sender, a_node_that_catches_up_is_passed_over)
{
    l[0].node->mode = FAKE_UNAVAILABLE;
    l[2].node->mode = FAKE_BUSY;
    prepare(30);
    run();
    all_end(SUBMIT_END_COMMITTED);
    cr_assert(l[1].node->submits >= 30);
}

Test(sender, a_refusal_is_reported_with_its_kind)
{
    for (size_t i = 0; i < NODES; i++) {
        l[i].node->mode = FAKE_REFUSE;
        l[i].node->refusal = (struct refusal){ .code = REFUSAL_tx_bad_signature };
    }
    prepare(10);
    run();
    all_end(SUBMIT_END_REFUSED);
    for (uint32_t i = 0; i < item_count; i++) {
        cr_assert_str_eq(items[i].kind, "tx_bad_signature");
        cr_assert_eq(items[i].attempts, 1);
    }
}

Test(sender, it_asks_again_when_there_is_nothing_for_now)
{
    asked_later = 2;
    prepare(3);
    run();
    all_end(SUBMIT_END_COMMITTED);
}

Test(sender, stopped_it_leaves_what_is_under_way_open)
{
    for (size_t i = 0; i < NODES; i++)
        l[i].node->mode = FAKE_ADMIT;
    stop_now = true;
    prepare(20);
    run();
    cr_assert(given < item_count);
    for (uint32_t i = 0; i < given; i++)
        cr_assert_eq(items[i].end, SUBMIT_END_OPEN);
}

Test(sender, patience_has_an_end)
{
    for (size_t i = 0; i < NODES; i++)
        l[i].node->mode = FAKE_UNAVAILABLE;
    options.patience_ms = 300;
    prepare(5);
    run();
    all_end(SUBMIT_END_OPEN);
}

Test(sender, an_address_that_is_none_is_refused)
{
    struct problem problem = { .status = STATUS_OK };
    urls[1] = "ftp://127.0.0.1:1";
    prepare(1);
    cr_assert_eq(sender_run(&options, &problem), STATUS_INVALID);
    cr_assert_neq(strstr(problem.text, "ftp://"), NULL);
    cr_assert_eq(items[0].done, 0);
}
