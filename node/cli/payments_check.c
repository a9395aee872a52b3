/* node/cli/payments_check.c -- what a file of payments and the ledgers say of each payee. */
#include "node/cli/payments.h"

#include "ledger/audit.h"
#include "ledger/reader.h"
#include "node/cli_amount.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { PAYEES_MAX = 4096, NAME_WIDTH = 24 };

/* ---- what the file says ---- */

static struct payee *payee_of(struct payments_run *run, const struct import_row *row)
{
    for (size_t i = 0; i < run->payee_count; i++)
        if (id_equal(&run->payees[i].account, &row->payee)) return &run->payees[i];
    if (run->payee_count == PAYEES_MAX) return NULL;
    struct payee *payee = &run->payees[run->payee_count++];
    *payee = (struct payee){ .account = row->payee, .same = true };
    snprintf(payee->name, sizeof payee->name, "%.255s", row->to);
    return payee;
}

static enum status add_rows(struct payments_run *run, struct csv *csv, const struct import_map *map,
                            struct import_row *row)
{
    enum status status;
    while ((status = csv_next(csv, &run->problem)) == STATUS_OK) {
        status = import_row_read(map, csv, row, &run->problem);
        if (status != STATUS_OK) return status;
        struct payee *payee = payee_of(run, row);
        if (!payee)
            return problem_set(&run->problem, STATUS_TOO_LARGE, "more than %d payees", PAYEES_MAX);
        payee->orders++;
        payee->sum += row->amount;
        run->orders++;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status payments_read_file(struct payments_run *run)
{
    const struct import_options *options = &run->options;
    struct csv *csv = calloc(1, sizeof *csv);
    struct import_map *map = calloc(1, sizeof *map);
    struct import_row *row = calloc(1, sizeof *row);
    FILE *stream = fopen(options->path, "re");
    enum status status = STATUS_OK;
    run->payees = calloc(PAYEES_MAX, sizeof *run->payees);
    if (!csv || !map || !row || !run->payees) {
        status = STATUS_NO_MEMORY;
        problem_set(&run->problem, status, "out of memory");
    } else if (!stream) {
        status = STATUS_NOT_FOUND;
        problem_set(&run->problem, status, "%s: %s", options->path, strerror(errno));
    }
    if (status == STATUS_OK) {
        map->scale = options->scale;
        map->named = true;
        map->namer = options->treasury;
        snprintf(map->set, sizeof map->set, "%s", options->set);
        snprintf(map->names, sizeof map->names, "%s", options->names);
        status = csv_open(csv, stream, options->delimiter, &run->problem);
        if (status == STATUS_OK)
            status = import_map_open(map, csv, options->columns, &run->problem);
        if (status == STATUS_OK) status = add_rows(run, csv, map, row);
        import_map_close(map);
        csv_close(csv);
    }
    if (stream) fclose(stream);
    free(csv);
    free(map);
    free(row);
    return status;
}

/* ---- what the ledgers say ---- */

static enum status compare_payees(struct payments_run *run, struct ledger_reader *reader)
{
    for (size_t i = 0; i < run->payee_count; i++) {
        struct payee *payee = &run->payees[i];
        struct balance balance = { .seq = 0 };
        enum status status =
            ledger_read_balance(reader, &payee->account, &run->options.asset, &balance);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
        payee->ledger_orders = balance.seq;
        payee->ledger_sum = (uint64_t)balance.posted;
        payee->same = payee->same && payee->ledger_orders == payee->orders && balance.posted >= 0 &&
                      payee->ledger_sum == payee->sum;
    }
    return STATUS_OK;
}

static enum status check_ledger(struct payments_run *run, uint16_t index, struct digest *head)
{
    char path[PATH_BYTES_MAX], name[64];
    snprintf(name, sizeof name, "%u/data/ledger.db", index + 1u);
    testnet_file(&run->net, name, path);
    struct audit_report *report;
    struct audit_options options = { .program = "witan testnet payments" };
    enum status status = audit_verify(&report, run->genesis, path, &options, &run->problem);
    if (status != STATUS_OK) return status;
    *head = report->head_hash;
    if (audit_exit_code(report) != 0)
        status =
            problem_set(&run->problem, STATUS_DIVERGED, "%s: %s", path,
                        report->finding_count > 0 ? report->findings[0].text : report->incomplete);
    audit_report_free(report);
    struct ledger_reader *reader;
    if (status == STATUS_OK) status = ledger_reader_open(&reader, path, NULL, &run->problem);
    if (status != STATUS_OK) return status;
    status = compare_payees(run, reader);
    if (status != STATUS_OK)
        problem_set(&run->problem, status, "%s: %s", path, ledger_reader_error(reader));
    ledger_reader_close(reader);
    return status;
}

enum status payments_check_ledgers(struct payments_run *run)
{
    struct digest first, head;
    enum status status = testnet_stop(&run->net, PAYMENTS_STOP_MS, false, &run->problem);
    for (uint16_t i = 0; status == STATUS_OK && i < run->net.count; i++) {
        status = check_ledger(run, i, &head);
        if (i == 0) first = head;
        if (status == STATUS_OK && !digest_equal(&first, &head))
            status = problem_set(&run->problem, STATUS_DIVERGED,
                                 "ledgers 1 and %u end with different blocks", i + 1u);
    }
    return status;
}

/* ---- figures ---- */

static void print_amount(uint64_t minor)
{
    char digits[24], text[AMOUNT_TEXT];
    snprintf(digits, sizeof digits, "%" PRIu64, minor);
    amount_format(digits, PAYMENTS_SCALE, text);
    printf("  %18s", text);
}

static void print_table(const struct payments_run *run)
{
    printf("%-*s  %8s  %18s  %18s  %s\n", NAME_WIDTH, "payee", "orders", "file", "ledgers", "same");
    for (size_t i = 0; i < run->payee_count; i++) {
        const struct payee *payee = &run->payees[i];
        printf("%-*.*s  %8" PRIu64, NAME_WIDTH, NAME_WIDTH, payee->name, payee->ledger_orders);
        print_amount(payee->sum);
        print_amount(payee->ledger_sum);
        printf("  %s\n", payee->same ? "yes" : "NO");
    }
}

bool payments_print(struct payments_run *run)
{
    uint64_t in_ledger = 0, twice = 0, lost = 0;
    bool same = true;
    for (size_t i = 0; i < run->payee_count; i++) {
        const struct payee *payee = &run->payees[i];
        in_ledger += payee->ledger_orders;
        if (payee->ledger_orders > payee->orders) twice += payee->ledger_orders - payee->orders;
        if (payee->ledger_orders < payee->orders) lost += payee->orders - payee->ledger_orders;
        same = same && payee->same;
    }
    double seconds = (double)run->first.send_us / 1e6;
    uint64_t second_entries = run->entries_second - run->entries_first;
    printf("figure orders_total %" PRIu64 " count\n", run->orders);
    printf("figure orders_committed %" PRIu64 " count\n", in_ledger);
    printf("figure orders_lost %" PRIu64 " count\n", lost);
    printf("figure orders_twice %" PRIu64 " count\n", twice);
    printf("figure orders_rate %.0f orders/s\n",
           seconds > 0 ? (double)run->first.committed / seconds : 0.0);
    printf("figure orders_ms_p50 %.1f ms\n",
           (double)sample_permille(&run->first.latency_us, 500) / 1e3);
    printf("figure orders_ms_p99 %.1f ms\n",
           (double)sample_permille(&run->first.latency_us, 990) / 1e3);
    printf("figure kill_gap_ms %.0f ms\n", (double)run->first.gap_us / 1e3);
    printf("figure second_import_entries %" PRIu64 " count\n", second_entries);
    print_table(run);
    return same && lost == 0 && twice == 0 && in_ledger == run->orders && second_entries == 0 &&
           run->second.found == run->orders &&
           run->first.committed + run->first.found == run->orders;
}
