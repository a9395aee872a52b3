#include "node/cli_outbox.h"

#include "format/transaction.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static char dir[PATH_BYTES_MAX];

static void setup(void)
{
    struct problem problem;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    snprintf(root, sizeof root, "/tmp/witan-outbox-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    setenv("XDG_STATE_HOME", root, 1);
    cr_assert_eq(outbox_open(dir, &problem), STATUS_OK, "%s", problem.text);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(cli_outbox, .init = setup, .fini = teardown);

/* A signed transaction with one record, told apart by n; bytes are freed by outbox_entry_free. */
static struct outbox_entry entry_of(uint8_t n)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    struct writer body;
    struct writer out;
    struct secret_key secret;
    struct public_key key;
    struct tx_signature signature;
    uint8_t seed[32] = { n };
    key_from_seed(seed, &secret, &key);
    tx->source.bytes[0] = 1;
    tx->client_ref.bytes[0] = n;
    tx->not_after_ms = 1700000000000;
    tx->operation_count = 1;
    tx->operations[0].code = OP_KV_PUT;
    tx->operations[0].actor = tx->source;
    tx->operations[0].kv_put.key = span_text("k");
    tx->operations[0].kv_put.value = span_text("v");
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&out, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    struct outbox_entry entry = { .txid = transaction_id(writer_span(&body)),
                                  .network = "consortium-1",
                                  .not_after_ms = tx->not_after_ms };
    transaction_sign(&secret, &tx->chain_id, &entry.txid, &signature);
    transaction_write_signed(&out, writer_span(&body), &signature, 1);
    cr_assert_eq(writer_status(&out), STATUS_OK);
    entry.size = writer_span(&out).size;
    entry.bytes = malloc(entry.size);
    memcpy(entry.bytes, writer_span(&out).data, entry.size);
    writer_free(&body);
    writer_free(&out);
    free(tx);
    return entry;
}

static void path_of(const struct digest *txid, char path[PATH_BYTES_MAX])
{
    char hex[65];
    hex_encode(digest_span(txid), hex);
    cr_assert_lt(snprintf(path, PATH_BYTES_MAX, "%.200s/%s.json", dir, hex), PATH_BYTES_MAX);
}

Test(cli_outbox, what_goes_in_comes_out)
{
    struct problem problem;
    struct outbox_entry entry = entry_of(1);
    struct outbox_entry read;
    cr_assert_eq(outbox_add(dir, &entry, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(outbox_read(dir, &entry.txid, &read, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(read.size, entry.size);
    cr_assert_eq(memcmp(read.bytes, entry.bytes, entry.size), 0);
    cr_assert_str_eq(read.network, "consortium-1");
    cr_assert_eq(read.not_after_ms, entry.not_after_ms);
    cr_assert_eq(outbox_add(dir, &entry, &problem), STATUS_OK, "adding again replaces");
    outbox_entry_free(&read);
    outbox_entry_free(&entry);
}

Test(cli_outbox, nobody_else_can_read_it)
{
    struct problem problem;
    struct stat info;
    char path[PATH_BYTES_MAX];
    struct outbox_entry entry = entry_of(1);
    cr_assert_eq(outbox_add(dir, &entry, &problem), STATUS_OK);
    path_of(&entry.txid, path);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(stat(dir, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0700);
    outbox_entry_free(&entry);
}

Test(cli_outbox, the_list_is_sorted_and_passes_over_strangers)
{
    struct problem problem;
    struct digest *txids;
    size_t count;
    cr_assert_eq(outbox_list(dir, &txids, &count, &problem), STATUS_OK);
    cr_assert_eq(count, 0);
    free(txids);
    for (uint8_t n = 1; n <= 5; n++) {
        struct outbox_entry entry = entry_of(n);
        cr_assert_eq(outbox_add(dir, &entry, &problem), STATUS_OK);
        outbox_entry_free(&entry);
    }
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%.200s/notes.json", dir);
    FILE *stranger = fopen(path, "w");
    cr_assert_not_null(stranger);
    fclose(stranger);
    cr_assert_eq(outbox_list(dir, &txids, &count, &problem), STATUS_OK);
    cr_assert_eq(count, 5);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(digest_compare(&txids[i - 1], &txids[i]), 0);
    free(txids);
}

Test(cli_outbox, removing)
{
    struct problem problem;
    struct outbox_entry entry = entry_of(1);
    struct outbox_entry read;
    cr_assert_eq(outbox_add(dir, &entry, &problem), STATUS_OK);
    cr_assert_eq(outbox_remove(dir, &entry.txid, &problem), STATUS_OK);
    cr_assert_eq(outbox_remove(dir, &entry.txid, &problem), STATUS_OK, "twice is no error");
    cr_assert_eq(outbox_read(dir, &entry.txid, &read, &problem), STATUS_NOT_FOUND);
    outbox_entry_free(&entry);
}

Test(cli_outbox, bytes_of_another_transaction_are_refused)
{
    struct problem problem;
    struct outbox_entry entry = entry_of(1);
    struct outbox_entry other = entry_of(2);
    struct outbox_entry mixed = other;
    struct outbox_entry read;
    mixed.bytes = entry.bytes;
    mixed.size = entry.size;
    cr_assert_eq(outbox_add(dir, &mixed, &problem), STATUS_OK);
    cr_assert_eq(outbox_read(dir, &other.txid, &read, &problem), STATUS_MISMATCH);
    outbox_entry_free(&entry);
    outbox_entry_free(&other);
}

Test(cli_outbox, a_damaged_file_is_refused)
{
    static const char bad_hash[] = "{\"format\":\"witan-outbox/1\",\"tx_id\":\"00\",\"network\":"
                                   "\"n\",\"not_after\":0,\"tx\":\"\"}";
    static const char *const texts[] = { "", "{}", "[]", "{\"format\":\"witan-outbox/2\"}",
                                         bad_hash };
    struct problem problem;
    char path[PATH_BYTES_MAX];
    struct outbox_entry entry = entry_of(1);
    struct outbox_entry read;
    path_of(&entry.txid, path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file);
        fputs(texts[i], file);
        fclose(file);
        cr_assert_neq(outbox_read(dir, &entry.txid, &read, &problem), STATUS_OK, "%s", texts[i]);
        cr_assert_null(read.bytes);
    }
    outbox_entry_free(&entry);
}

Test(cli_outbox, without_a_home_there_is_no_outbox)
{
    struct problem problem;
    char nowhere[PATH_BYTES_MAX];
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    cr_assert_eq(outbox_open(nowhere, &problem), STATUS_NOT_FOUND);
    setenv("HOME", root, 1);
    cr_assert_eq(outbox_open(nowhere, &problem), STATUS_OK);
    cr_assert(strstr(nowhere, "/.local/state/witan/outbox"));
}
