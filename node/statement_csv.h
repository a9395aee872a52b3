/* node/statement_csv.h -- an account statement as a file that opens in a spreadsheet.
 *
 *     line,kind,time,height,entry,id,asset,change,posted,reserved_change,reserved,...
 *     0,opening,,1017,0,9f86...,EUR,,120.00,,20.00,,0.00
 *     1,movement,2026-12-02T04:12:09.123Z,1042,3,77f0...,EUR,-40.00,80.00,0.00,20.00,0.00,0.00
 *     ,closing,,1100,,,EUR,-40.00,80.00,0.00,20.00,0.00,0.00
 *
 * RFC 4180, amounts in the asset's units with a point. `opening` is the last movement up to the
 * start of the range and stands for the balance then; in the line `closing` each change is the sum
 * of those above it and each result the last one, so that opening + change = closing in every
 * column can be checked by eye or by formula. No cell comes from a user's text, so none can be a
 * formula; cells are guarded all the same, by csv_cell.
 *
 * The file proves nothing: it is made of the proof (P7) that lies beside it, and `witan verify
 * --csv` makes it again from there.
 */
#ifndef NODE_STATEMENT_CSV_H
#define NODE_STATEMENT_CSV_H

#include "genesis/json.h"
#include "proof/proof.h"
#include <stdio.h>

struct statement_csv {
    const struct statement_proof *statement; /* decoded */
    const char *asset;                       /* as people call it, such as EUR; or its id */
    unsigned scale;                          /* 0: minor units */

    /* One for each movement: when its block was made, or "" if that is not known. May be NULL: a
     * statement has heights, and times are in the headers. */
    const char (*times)[TIME_TEXT];
};

/* Writes the lines; errors are the stream's. */
void statement_csv_write(const struct statement_csv *csv, FILE *stream);

#endif
