#include "node/import.h"

#include "tests/unit/rpc/loopback.h"
#include <criterion/criterion.h>

static char path[64];
static struct secret_key secret;
static struct import_options options;
static struct import_report report;
static struct problem problem;
static const char *urls[] = { "http://127.0.0.1:1" }; /* nobody listens there */
static unsigned ticks;

static void file(const char *text)
{
    FILE *stream = fopen(path, "w");
    cr_assert_not_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void open_all(void)
{
    struct public_key unused;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    snprintf(path, sizeof path, "/tmp/witan-import-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    key_generate(&secret, &unused);
    options = (struct import_options){ .path = path,
                                       .delimiter = ',',
                                       .columns = { "from", "to", "amount", "ref", NULL },
                                       .set = "unit",
                                       .names = "accounts",
                                       .key = &secret,
                                       .scale = 2,
                                       .named = true,
                                       .fund = true,
                                       .urls = urls,
                                       .url_count = 1,
                                       .in_flight = 4 };
}

static void close_all(void)
{
    import_report_free(&report);
    unlink(path);
}

TestSuite(import, .init = open_all, .fini = close_all, .timeout = 60);

static enum status run(void)
{
    return import_run(&options, &report, &problem);
}

/* What is wrong with the file is found before any node is asked. */
static void refused(const char *text, enum status wanted, const char *words)
{
    file(text);
    cr_assert_eq(run(), wanted, "%s", problem.text);
    cr_assert_neq(strstr(problem.text, words), NULL, "%s", problem.text);
    cr_assert_eq(report.stage, IMPORT_READ);
    cr_assert_eq(report.accounts_created, 0);
    import_report_free(&report);
}

Test(import, a_wrong_file_is_refused_before_anything_is_sent)
{
    refused("", STATUS_MALFORMED, "empty");
    refused("from,to,amount\n", STATUS_INVALID, "no column \"ref\"");
    refused("from,to,amount,ref\na,b,1,1\na,b,x,2\n", STATUS_INVALID, "line 3, --amount");
    refused("from,to,amount,ref\na,b,1,1\na,b,2\n", STATUS_MALFORMED, "line 3");
    refused("from,to,amount,ref\na,b,1,1\na,c,2,1\n", STATUS_INVALID, "1 rows repeat");
}

Test(import, a_file_that_is_not_there)
{
    options.path = "/nowhere/payments.csv";
    cr_assert_eq(run(), STATUS_NOT_FOUND);
    cr_assert_neq(strstr(problem.text, "/nowhere/payments.csv"), NULL);
}

Test(import, options_that_are_wrong)
{
    file("from,to,amount,ref\n");
    options.set = "";
    cr_assert_eq(run(), STATUS_INVALID);
    options.set = "a/b";
    cr_assert_eq(run(), STATUS_INVALID);
    options.set = "unit";
    options.names = "01234567890123456789012345678901234567890123456789012345678901234";
    cr_assert_eq(run(), STATUS_INVALID);
    options.names = "accounts";
    options.delimiter = '"';
    cr_assert_eq(run(), STATUS_INVALID);
}

/* The same reference of two payers is two payments: records belong to their payer. Nobody answers,
 * so it ends in the stage after. */
static bool stop_later(void *context, const struct import_report *now)
{
    (void)context;
    ticks++;
    return now->stage > IMPORT_READ;
}

Test(import, it_can_be_stopped)
{
    file("from,to,amount,ref\na,b,1,1\nb,a,1,1\n");
    options.tick = stop_later;
    cr_assert_eq(run(), STATUS_CLOSED, "%s", problem.text);
    cr_assert_eq(report.rows, 2);
    cr_assert_eq(report.stage, IMPORT_ACCOUNTS);
    cr_assert(ticks > 0);
}

Test(import, a_file_without_rows_needs_no_node)
{
    file("from,to,amount,ref\n");
    cr_assert_eq(run(), STATUS_OK, "%s", problem.text);
    cr_assert_eq(report.stage, IMPORT_DONE);
    cr_assert_eq(report.rows, 0);
}

Test(import, every_stage_has_a_word)
{
    for (unsigned stage = IMPORT_READ; stage <= IMPORT_DONE; stage++)
        cr_assert(strlen(import_stage_word((enum import_stage)stage)) > 0);
}
