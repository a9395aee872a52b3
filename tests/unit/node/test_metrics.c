#include "node/metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct buffer text;

static void setup(void)
{
    cr_assert_eq(metrics_start(), STATUS_OK);
}

static void teardown(void)
{
    metrics_stop();
}

static const char *write_all(void)
{
    buffer_free(&text);
    buffer_init(&text, METRICS_TEXT_MAX);
    cr_assert_eq(metrics_write(&text), STATUS_OK);
    cr_assert_eq(buffer_append(&text, span_of("", 1)), STATUS_OK);
    return (const char *)text.data;
}

Test(metrics, counters_and_gauges, .init = setup, .fini = teardown)
{
    metric_add(METRIC_ledger_blocks_total, 0, 3);
    metric_add(METRIC_ledger_blocks_total, 0, 4);
    metric_set(METRIC_ledger_height, 0, 18204);
    metric_set(METRIC_mempool_oldest_seconds, 0, 0.125);
    metric_add(METRIC_consensus_views_total, LABEL_outcome_timeout, 2);
    const char *page = write_all();
    cr_assert(strstr(page, "\nwitan_ledger_blocks_total 7\n"));
    cr_assert(strstr(page, "\nwitan_ledger_height 18204\n"));
    cr_assert(strstr(page, "\nwitan_mempool_oldest_seconds 0.125\n"));
    cr_assert(strstr(page, "\nwitan_consensus_views_total{outcome=\"timeout\"} 2\n"));
    cr_assert(strstr(page, "\nwitan_consensus_views_total{outcome=\"decided\"} 0\n"));
    cr_assert(strstr(page, "# TYPE witan_ledger_blocks_total counter\n"));
    cr_assert_eq(metric_value(METRIC_ledger_blocks_total, 0), 7);
    metric_total(METRIC_ledger_blocks_total, 0, 100);
    cr_assert_eq(metric_value(METRIC_ledger_blocks_total, 0), 100);
}

Test(metrics, large_counters_stay_exact, .init = setup, .fini = teardown)
{
    metric_total(METRIC_ledger_blocks_total, 0, UINT64_C(9007199254740992));
    cr_assert(strstr(write_all(), "\nwitan_ledger_blocks_total 9007199254740992\n"));
}

Test(metrics, histograms, .init = setup, .fini = teardown)
{
    metric_observe(METRIC_journal_sync_seconds, 0, 0.001); /* a bound belongs to its bucket */
    metric_observe(METRIC_journal_sync_seconds, 0, 0.0011);
    metric_observe_ns(METRIC_journal_sync_seconds, 0, 500000000);
    metric_observe(METRIC_journal_sync_seconds, 0, 1000);
    metric_observe(METRIC_journal_sync_seconds, 0, NAN);
    const char *page = write_all();
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_bucket{le=\"0.0005\"} 0\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_bucket{le=\"0.001\"} 1\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_bucket{le=\"0.0025\"} 2\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_bucket{le=\"60\"} 3\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_bucket{le=\"+Inf\"} 4\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_count 4\n"));
    cr_assert(strstr(page, "\nwitan_journal_sync_seconds_sum 1000.5021\n"));
    metric_observe(METRIC_tx_latency_seconds, LABEL_stage_sealed, 0.2);
    page = write_all();
    cr_assert(strstr(page, "\nwitan_tx_latency_seconds_bucket{stage=\"sealed\",le=\"0.25\"} 1\n"));
    cr_assert(strstr(page, "\nwitan_tx_latency_seconds_sum{stage=\"sealed\"} 0.2\n"));
}

Test(metrics, quantiles, .init = setup, .fini = teardown)
{
    cr_assert_eq(metric_quantile(METRIC_db_checkpoint_seconds, 0, 0.5), 0);
    for (int i = 0; i < 100; i++)
        metric_observe(METRIC_db_checkpoint_seconds, 0, i < 90 ? 0.002 : 0.2);
    double p50 = metric_quantile(METRIC_db_checkpoint_seconds, 0, 0.5);
    double p99 = metric_quantile(METRIC_db_checkpoint_seconds, 0, 0.99);
    cr_assert(p50 > 0.001 && p50 <= 0.0025);
    cr_assert(p99 > 0.1 && p99 <= 0.25);
}

Test(metrics, labels_of_the_epoch, .init = setup, .fini = teardown)
{
    static const char *const first[] = { "val1a", "val1b" };
    cr_assert_eq(metrics_labels_set(LABELS_validator, first, 2), STATUS_OK);
    metric_set(METRIC_peer_height, 1, 9);
    metric_set(METRIC_peer_height, 2, 7); /* an index without a name */
    const char *page = write_all();
    cr_assert(strstr(page, "\nwitan_peer_height{validator=\"val1a\"} 0\n"));
    cr_assert(strstr(page, "\nwitan_peer_height{validator=\"val1b\"} 9\n"));
    cr_assert_not(strstr(page, "witan_peer_height{validator=\"\"}"));
    cr_assert_eq(metrics_labels_set(LABELS_validator, first, 2), STATUS_OK);
    cr_assert_eq(metric_value(METRIC_peer_height, 1), 9); /* the same set again */
    static const char *const second[] = { "val1a", "val1c" };
    cr_assert_eq(metrics_labels_set(LABELS_validator, second, 2), STATUS_OK);
    cr_assert_eq(metric_value(METRIC_peer_height, 1), 0); /* somebody else now */
    static const char *many[METRIC_LABEL_VALUES_MAX + 1];
    cr_assert_eq(metrics_labels_set(LABELS_validator, many, METRIC_LABEL_VALUES_MAX + 1),
                 STATUS_FULL);
}

Test(metrics, two_and_three_labels, .init = setup, .fini = teardown)
{
    static const char *const methods[] = { "tx_submit", "tx_status" };
    cr_assert_eq(metrics_labels_set(LABELS_method, methods, 2), STATUS_OK);
    metric_add(METRIC_rpc_requests_total,
               metric_cell3(METRIC_rpc_requests_total, 1, LABEL_transport_unix, LABEL_answer_error),
               5);
    metric_add(METRIC_peer_messages_total,
               metric_cell(METRIC_peer_messages_total, LABEL_frame_engine, LABEL_direction_out), 6);
    const char *page = write_all();
    cr_assert(strstr(page, "\nwitan_rpc_requests_total{method=\"tx_status\",transport=\"unix\","
                           "result=\"error\"} 5\n"));
    cr_assert_not(strstr(page, "method=\"tx_submit\"")); /* not counted yet: not shown */
    cr_assert(strstr(page, "\nwitan_peer_messages_total{kind=\"engine\",direction=\"out\"} 6\n"));
    /* Out of range: nothing happens. */
    metric_add(METRIC_peer_messages_total, metric_cell(METRIC_peer_messages_total, 99, 0), 1);
    metric_add(METRIC_peer_messages_total, UINT32_MAX, 1);
    metric_add(METRIC_ledger_blocks_total, 1, 1);
    cr_assert_eq(metric_value(METRIC_ledger_blocks_total, 0), 0);
}

Test(metrics, information, .init = setup, .fini = teardown)
{
    static const char *const pairs[] = { "version", "0.1.0", "sqlite", "3.40.1", NULL };
    cr_assert_eq(metrics_info_set(METRIC_build_info, pairs), STATUS_OK);
    cr_assert(strstr(write_all(), "\nwitan_build_info{version=\"0.1.0\",sqlite=\"3.40.1\"} 1\n"));
    static const char *const bad[] = { "network", "a\"b", NULL };
    cr_assert_eq(metrics_info_set(METRIC_chain_info, bad), STATUS_INVALID);
}

Test(metrics, process, .init = setup, .fini = teardown)
{
    const char *page = write_all();
    static const char *const names[] = {
        "cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds",
        "max_fds",           "start_time_seconds"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "\nprocess_%s ", names[i]);
        const char *at = strstr(page, wanted);
        cr_assert(at, "%s", wanted);
        cr_assert_geq(strtod(at + strlen(wanted), NULL), 0);
    }
    const char *memory = strstr(page, "\nprocess_resident_memory_bytes ");
    cr_assert_gt(strtod(memory + 31, NULL), 100000);
}

/* Each metric's lines stand together, after HELP and TYPE; names and values are well-formed. */
Test(metrics, format, .init = setup, .fini = teardown)
{
    const char *page = write_all();
    char current[128] = "";
    for (const char *at = page; *at;) {
        const char *end = strchr(at, '\n');
        cr_assert(end);
        char line[512];
        cr_assert_lt(end - at, (ptrdiff_t)sizeof line);
        memcpy(line, at, (size_t)(end - at));
        line[end - at] = 0;
        at = end + 1;
        if (strncmp(line, "# HELP ", 7) == 0) {
            cr_assert_eq(sscanf(line + 7, "%127s", current), 1);
            continue;
        }
        if (strncmp(line, "# TYPE ", 7) == 0) {
            cr_assert_eq(strncmp(line + 7, current, strlen(current)), 0);
            continue;
        }
        cr_assert_eq(strncmp(line, current, strlen(current)), 0, "%s", line);
        const char *value = strrchr(line, ' ');
        char *value_end;
        strtod(value + 1, &value_end);
        cr_assert_eq(*value_end, 0, "%s", line);
    }
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = metric_info((enum metric)i);
        size_t size = strlen(info->name);
        bool total = size > 6 && strcmp(info->name + size - 6, "_total") == 0;
        cr_assert_eq(total, info->type == METRIC_COUNTER, "%s", info->name);
    }
}

Test(metrics, words)
{
    cr_assert_eq(metric_label_find(LABELS_refusal, "wrong_chain", 99), LABEL_refusal_wrong_chain);
    cr_assert_eq(metric_label_find(LABELS_refusal, "nonsense", LABEL_refusal_other),
                 LABEL_refusal_other);
}

static void *count_up(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10000; i++) {
        metric_add(METRIC_ledger_blocks_total, 0, 1);
        metric_observe(METRIC_db_checkpoint_seconds, 0, 0.5);
    }
    return NULL;
}

Test(metrics, threads, .init = setup, .fini = teardown)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, count_up, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(metric_value(METRIC_ledger_blocks_total, 0), 40000);
    cr_assert_eq(metric_value(METRIC_db_checkpoint_seconds, 0), 40000);
    cr_assert(strstr(write_all(), "\nwitan_db_checkpoint_seconds_sum 20000\n"));
}

Test(metrics, without_memory_nothing_happens)
{
    metric_add(METRIC_ledger_blocks_total, 0, 1);
    metric_set(METRIC_ledger_height, 0, 1);
    metric_observe(METRIC_db_checkpoint_seconds, 0, 1);
    cr_assert_eq(metric_value(METRIC_ledger_height, 0), 0);
}

Test(metrics, the_page_has_every_metric)
{
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/metrics.md", "r");
    cr_assert(file, "docs/reference/metrics.md is missing");
    static char page[1 << 18];
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = 0;
    fclose(file);
    static const char *const types[] = { "counter", "gauge", "histogram" };
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = metric_info((enum metric)i);
        char row[256];
        snprintf(row, sizeof row, "\n| `witan_%s` | %s |", info->name, types[info->type]);
        const char *at = strstr(page, row);
        cr_assert(at, "docs/reference/metrics.md lacks %s", row);
        const char *end = strchr(at + 1, '\n');
        const char *help = strstr(at, info->help);
        cr_assert(help && help < end, "docs/reference/metrics.md says something else about %s",
                  info->name);
    }
    size_t rows = 0;
    for (const char *at = page; (at = strstr(at, "\n| `witan_")); at++)
        rows++;
    cr_assert_eq(rows, METRIC_COUNT, "the page names a metric that does not exist");
}
