/* node/import_map.h -- from the columns of a CSV file to a payment.
 *
 * A column is named as it is in the header, or a template puts columns between literal text:
 *
 *     --ref order_id        --to 'bank-{bank_to}'        --memo '{k_symbol} order {order_id}'
 *
 * `{{` and `}}` stand for the braces themselves. Payer and payee are names of an outside system,
 * unless the map says that they are account ids: the id of an account is then made from the name
 * and the set of names it belongs to (named_id_of in genesis/address.h), so that the same name
 * means the same account in every file.
 */
#ifndef NODE_IMPORT_MAP_H
#define NODE_IMPORT_MAP_H

#include "genesis/address.h"
#include "node/import_csv.h"

enum {
    TEMPLATE_PARTS_MAX = 32,
    IMPORT_TEXT_MAX = 1024,
    IMPORT_NAME_MAX = 255,
    IMPORT_SET_MAX = 64
};

/* Alternating literals and columns. */
struct template
{
    size_t count;
    struct template_part {
        int column;    /* or -1: a literal */
        char *literal; /* owned */
    } parts[TEMPLATE_PARTS_MAX];
};

enum import_column {
    IMPORT_FROM,
    IMPORT_TO,
    IMPORT_AMOUNT,
    IMPORT_REF,
    IMPORT_MEMO,
    IMPORT_COLUMNS
};

struct import_map {
    struct template columns[IMPORT_COLUMNS];
    bool has_memo;
    char set[IMPORT_SET_MAX + 1];   /* of payments */
    char names[IMPORT_SET_MAX + 1]; /* set of names */
    unsigned scale;                 /* of the asset */
    bool named;                     /* payers and payees are names; else account ids */
    struct id namer;                /* of names: the account whose names they are */
};

/* texts: the flags' values by import_column; memo may be NULL. STATUS_INVALID names the flag.
 * import_map_close in every case. */
enum status import_map_open(struct import_map *map, const struct csv *csv,
                            const char *const texts[IMPORT_COLUMNS], struct problem *problem);
void import_map_close(struct import_map *map);

/* A payment, read from a row. */
struct import_row {
    uint64_t number; /* of the row, from 1, without the header */
    uint64_t line;
    char from[IMPORT_TEXT_MAX], to[IMPORT_TEXT_MAX], ref[IMPORT_TEXT_MAX], memo[IMPORT_TEXT_MAX];
    struct id payer, payee;
    uint64_t amount;  /* minor units, at least 1 */
    uint8_t key[255]; /* "import/SET/REF" */
    size_t key_size;
};

/* STATUS_INVALID, STATUS_TOO_LARGE; the message names line and column. */
enum status import_row_read(const struct import_map *map, const struct csv *csv,
                            struct import_row *row, struct problem *problem);

#endif
