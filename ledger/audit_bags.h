/* ledger/audit_bags.h -- the history that execution gives, as sums instead of rows. Part of an
 * audit; nobody else includes this.
 *
 * Three quarters of what a ledger stores is history: entries, operations, touches, movements, with
 * their indexes. To write it all down a second time only to compare it would cost as much as
 * executing it. So the ledger that is executed again throws each such row, as it would be written,
 * into a bag, and at the end the file's rows are thrown into another:
 *
 *     execution --rows--> bag \
 *                              equal? and the file's rows stand in order
 *     file -----rows---> bag  /
 *
 * Equal bags hold the same rows (crypto/sum.h), and rows in order are those that a search finds. An
 * index is compared with its own table in the same way. A bag does not say which row differs: if
 * one does, the audit is done again with everything written down.
 */
#ifndef LEDGER_AUDIT_BAGS_H
#define LEDGER_AUDIT_BAGS_H

#include "ledger/audit_rows.h"

/* Empty bags under a new key. NULL without memory. */
struct audit_bags *audit_bags_new(void);
void audit_bags_free(struct audit_bags *bags);

/* What the ledger is opened with; lives as long as the bags. */
const struct history_sink *audit_bags_sink(struct audit_bags *bags);

/* Whether a table is one of those four. */
bool audit_bags_have(const char *table);

/* The file's table against its bag. keys: leading columns, by which it stands in order. */
bool audit_bags_table(struct row_sides *sides, const char *table, const char *sql, int keys);

/* Whether two queries on the file, of an index and of its table, give the same rows, those of the
 * index in order. */
bool audit_bags_index(struct row_sides *sides, const char *index, const char *by_index,
                      const char *by_table);

#endif
