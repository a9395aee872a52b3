#include "node/import_internal.h"

#include "tests/unit/rpc/loopback.h"
#include <criterion/criterion.h>

static struct loopback l;
static struct import im;
static struct import_options options;
static struct import_report report;
static struct problem problem;
static const char *urls[2];
static size_t answers, results;

static void open_all(void)
{
    loopback_options(&l);
    l.options.socket = NULL;
    loopback_start(&l);
    urls[0] = "http://127.0.0.1:1"; /* nobody listens there */
    urls[1] = l.url;
    options = (struct import_options){ .urls = urls, .url_count = 2 };
    im = (struct import){ .options = &options, .report = &report, .problem = &problem };
    cr_assert_eq(import_clients_open(&im), STATUS_OK);
}

static void close_all(void)
{
    import_clients_close(&im);
    if (l.server) rpc_stop(l.server);
    fake_free(l.node);
}

TestSuite(import_ask, .init = open_all, .fini = close_all, .timeout = 60);

static enum status on_answer(void *context, size_t index, const json_t *result)
{
    (void)context;
    cr_assert_eq(index, answers);
    answers++;
    results += result != NULL;
    return STATUS_OK;
}

static json_t *questions(size_t count)
{
    json_t *params = json_array();
    for (size_t i = 0; i < count; i++) {
        char id[65];
        struct digest digest = sample_digest("nobody's", i);
        hex_encode(digest_span(&digest), id);
        json_array_append_new(params, json_pack("{s:s}", "tx_id", id));
    }
    return params;
}

Test(import_ask, the_node_that_answers_is_found_and_remembered)
{
    cr_assert_eq(import_ask(&im, "tx_status", questions(IMPORT_BATCH), on_answer, NULL), STATUS_OK,
                 "%s", problem.text);
    cr_assert_eq(answers, IMPORT_BATCH);
    cr_assert_eq(results, IMPORT_BATCH);
    cr_assert_eq(im.client, 1);
}

Test(import_ask, nothing_to_ask)
{
    cr_assert_eq(import_ask(&im, "tx_status", json_array(), on_answer, NULL), STATUS_OK);
    cr_assert_eq(answers, 0);
}

static bool stop(void *context, const struct import_report *now)
{
    (void)context;
    (void)now;
    return true;
}

Test(import_ask, it_can_be_stopped_while_nobody_answers)
{
    options.url_count = 1;
    options.tick = stop;
    cr_assert_eq(import_ask(&im, "tx_status", questions(1), on_answer, NULL), STATUS_CLOSED);
    cr_assert_eq(answers, 0);
    options.url_count = 2;
}

static enum status refuse(void *context, size_t index, const json_t *result)
{
    (void)context;
    (void)result;
    return index == 2 ? STATUS_INVALID : STATUS_OK;
}

Test(import_ask, the_first_bad_answer_ends_it)
{
    cr_assert_eq(import_ask(&im, "tx_status", questions(5), refuse, NULL), STATUS_INVALID);
}
