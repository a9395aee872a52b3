#include "node/cli_outbox.h"

#include "format/transaction.h"
#include "genesis/json.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum status outbox_open(char dir[PATH_BYTES_MAX], struct problem *problem)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    enum status status = STATUS_NOT_FOUND;
    if (state && state[0] == '/')
        status = path_join(dir, state, "witan/outbox");
    else if (home && home[0] == '/')
        status = path_join(dir, home, ".local/state/witan/outbox");
    if (status != STATUS_OK)
        return problem_set(problem, status,
                           "no place for the outbox: neither XDG_STATE_HOME nor HOME is set");
    return directory_create(dir, 0700, problem);
}

static enum status file_of(const char *dir, const struct digest *txid, char path[PATH_BYTES_MAX],
                           struct problem *problem)
{
    char name[72];
    hex_encode(digest_span(txid), name);
    memcpy(name + 64, ".json", 6);
    if (path_join(path, dir, name) == STATUS_OK) return STATUS_OK;
    return problem_set(problem, STATUS_TOO_LARGE, "the path of the outbox is too long");
}

enum status outbox_add(const char *dir, const struct outbox_entry *entry, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    char txid[65];
    enum status status = file_of(dir, &entry->txid, path, problem);
    if (status != STATUS_OK) return status;
    hex_encode(digest_span(&entry->txid), txid);
    json_t *document = json_pack("{s:s, s:s, s:s, s:o, s:o}",                     //
                                 "format", "witan-outbox/1",                      //
                                 "tx_id", txid,                                   //
                                 "network", entry->network,                       //
                                 "not_after", json_time_new(entry->not_after_ms), //
                                 "tx", json_hex_new(span_of(entry->bytes, entry->size)));
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    status = file_write(path, span_text(text), 0600, true, problem);
    free(text);
    return status;
}

enum status outbox_remove(const char *dir, const struct digest *txid, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    enum status status = file_of(dir, txid, path, problem);
    if (status != STATUS_OK) return status;
    if (unlink(path) == 0 || errno == ENOENT) return STATUS_OK;
    return problem_set(problem, STATUS_IO, "%s: %s", path, strerror(errno));
}

void outbox_entry_free(struct outbox_entry *entry)
{
    free(entry->bytes);
    memset(entry, 0, sizeof *entry);
}

/* The bytes of "tx", and whether they are of this transaction. */
static enum status read_bytes_of(const char *hex, struct outbox_entry *entry,
                                 struct problem *problem)
{
    struct refusal refusal;
    size_t digits = strlen(hex);
    entry->size = digits / 2;
    entry->bytes = malloc(entry->size + 1);
    struct transaction *tx = malloc(sizeof *tx);
    enum status status = entry->bytes && tx ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK && !hex_decode(hex, digits, entry->bytes, entry->size))
        status = STATUS_MALFORMED;
    if (status == STATUS_OK)
        status = transaction_decode(span_of(entry->bytes, entry->size), tx, &refusal);
    if (status == STATUS_OK && !digest_equal(&tx->txid, &entry->txid)) status = STATUS_MISMATCH;
    free(tx);
    if (status == STATUS_OK) return status;
    return problem_set(problem, status, "/tx: %s", status_text(status));
}

static enum status read_document(const json_t *document, struct outbox_entry *entry,
                                 struct problem *problem)
{
    struct json_fields fields = json_fields_of(document, "", problem);
    struct digest txid;
    json_expect(&fields, "format", "witan-outbox/1");
    json_hex(&fields, "tx_id", txid.bytes, sizeof txid.bytes);
    json_text_into(&fields, "network", entry->network, sizeof entry->network);
    entry->not_after_ms = json_time(&fields, "not_after");
    const char *hex = json_text(&fields, "tx", OUTBOX_FILE_MAX);
    enum status status = json_fields_done(&fields);
    if (status == STATUS_OK && !digest_equal(&txid, &entry->txid))
        status = problem_set(problem, STATUS_MISMATCH, "/tx_id: not the one of the file's name");
    return status == STATUS_OK ? read_bytes_of(hex, entry, problem) : status;
}

enum status outbox_read(const char *dir, const struct digest *txid, struct outbox_entry *entry,
                        struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    memset(entry, 0, sizeof *entry);
    entry->txid = *txid;
    enum status status = file_of(dir, txid, path, problem);
    if (status != STATUS_OK) return status;
    json_t *document = json_read_file(path, OUTBOX_FILE_MAX, problem);
    if (!document) return problem->status;
    status = read_document(document, entry, problem);
    json_decref(document);
    if (status != STATUS_OK) outbox_entry_free(entry);
    return status;
}

static int is_entry(const struct dirent *entry)
{
    uint8_t bytes[32];
    return strlen(entry->d_name) == 69 && strcmp(entry->d_name + 64, ".json") == 0 &&
           hex_decode(entry->d_name, 64, bytes, sizeof bytes);
}

enum status outbox_list(const char *dir, struct digest **txids, size_t *count,
                        struct problem *problem)
{
    struct dirent **entries;
    int found = scandir(dir, &entries, is_entry, alphasort);
    if (found < 0) return problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
    *txids = calloc((size_t)found + 1, sizeof **txids);
    *count = *txids ? (size_t)found : 0;
    for (int i = 0; i < found; i++) {
        if (*txids) (void)hex_decode(entries[i]->d_name, 64, (*txids)[i].bytes, 32);
        free(entries[i]);
    }
    free(entries);
    return *txids ? STATUS_OK : problem_set(problem, STATUS_NO_MEMORY, "out of memory");
}
