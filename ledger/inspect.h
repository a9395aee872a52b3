/* ledger/inspect.h -- a ledger.db from outside: how large, and whether SQLite finds it sound.
 *
 * For `witan ledger info` and `witan ledger check`, on a node that is stopped or running. What is
 * checked here is the file; whether its contents are true is the audit's question (ledger/audit.h).
 */
#ifndef LEDGER_INSPECT_H
#define LEDGER_INSPECT_H

#include "ledger/reader.h"

enum { INSPECT_TABLES_MAX = 64, INSPECT_NAME_MAX = 48 };

struct table_size {
    char name[INSPECT_NAME_MAX]; /* table or index */
    uint64_t rows;               /* of a table that is small enough to count; else UINT64_MAX */
    uint64_t pages, bytes;       /* 0 if SQLite was built without dbstat */
    uint64_t payload;            /* bytes of content in them */
};

struct ledger_info {
    struct ledger_read_head head;
    struct digest chain_id;
    uint64_t entries;
    uint64_t file_bytes, free_bytes; /* pages in the file, and those of them that are unused */
    bool sized;                      /* bytes of the tables are known */
    uint32_t table_count;
    struct table_size tables[INSPECT_TABLES_MAX]; /* by bytes, largest first */
};

enum status ledger_inspect(struct ledger_reader *reader, struct ledger_info *info);

/* SQLite's own check of the file (quick_check): every page, every record's shape, no index against
 * its table. found is called with each sentence, at most limit times; none: the file is sound. */
enum status ledger_check_file(struct ledger_reader *reader, uint32_t limit,
                              void (*found)(void *context, const char *sentence), void *context);

#endif
