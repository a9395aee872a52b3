#include "node/statement_csv.h"

#include "node/cli_amount.h"
#include "node/cli_rows.h"
#include <inttypes.h>

static const char titles[] = "line,kind,time,height,entry,id,asset,change,posted,reserved_change,"
                             "reserved,incoming_change,incoming\r\n";

/* ---- cells ---- */

/* Every cell but the first of a line. */
static void put_text(const char *text, FILE *stream)
{
    fputc(',', stream);
    csv_cell(text, stream);
}

static void put_number(uint64_t number, FILE *stream)
{
    fprintf(stream, ",%" PRIu64, number);
}

static void put_amount(const struct statement_csv *csv, int64_t minor, FILE *stream)
{
    char digits[24];
    char text[AMOUNT_TEXT];
    snprintf(digits, sizeof digits, "%" PRId64, minor);
    amount_format(digits, csv->scale, text);
    put_text(text, stream);
}

/* changes: of a movement or of the range; NULL for the opening, which has none. */
static void put_amounts(const struct statement_csv *csv, const struct movement *changes,
                        const struct movement *results, FILE *stream)
{
    const int64_t change[] = { changes ? changes->d_posted : 0, changes ? changes->d_held_out : 0,
                               changes ? changes->d_held_in : 0 };
    const int64_t result[] = { results->posted, results->held_out, results->held_in };
    for (size_t i = 0; i < 3; i++) {
        if (changes)
            put_amount(csv, change[i], stream);
        else
            fputc(',', stream);
        put_amount(csv, result[i], stream);
    }
    fputs("\r\n", stream);
}

/* ---- lines ---- */

static void put_movement(const struct statement_csv *csv, uint32_t index,
                         const struct movement *movement, uint32_t line, bool opens, FILE *stream)
{
    char id[2 * sizeof movement->entry_id.bytes + 1];
    hex_encode(digest_span(&movement->entry_id), id);
    fprintf(stream, "%u", line);
    put_text(opens ? "opening" : "movement", stream);
    put_text(csv->times ? csv->times[index] : "", stream);
    put_number(position_height(movement->position), stream);
    put_number(position_entry(movement->position), stream);
    put_text(id, stream);
    put_text(csv->asset, stream);
    put_amounts(csv, opens ? NULL : movement, movement, stream);
}

/* Before the first movement there was nothing: its line says so, and the sums still tie. */
static void put_nothing(const struct statement_csv *csv, FILE *stream)
{
    static const struct movement nothing;
    fputs("0,opening,", stream);
    put_number(csv->statement->from_height, stream);
    fputs(",,", stream);
    put_text(csv->asset, stream);
    put_amounts(csv, NULL, &nothing, stream);
}

static void put_closing(const struct statement_csv *csv, const struct movement *opening,
                        const struct movement *last, FILE *stream)
{
    /* Unsigned, for sums of a file that nobody verified may go beyond 64 bits. */
    struct movement changes = {
        .d_posted = (int64_t)((uint64_t)last->posted - (uint64_t)opening->posted),
        .d_held_out = (int64_t)((uint64_t)last->held_out - (uint64_t)opening->held_out),
        .d_held_in = (int64_t)((uint64_t)last->held_in - (uint64_t)opening->held_in),
    };
    fputs(",closing,", stream);
    put_number(csv->statement->to_height, stream);
    fputs(",,", stream);
    put_text(csv->asset, stream);
    put_amounts(csv, &changes, last, stream);
}

void statement_csv_write(const struct statement_csv *csv, FILE *stream)
{
    const struct statement_proof *statement = csv->statement;
    struct movement opening = { 0 };
    struct movement last = { 0 };
    fputs(titles, stream);
    for (uint32_t i = 0; i < statement->count; i++) {
        last = statement_movement(statement, i);
        bool opens = i == 0 && position_height(last.position) <= statement->from_height;
        if (opens) opening = last;
        if (i == 0 && !opens) put_nothing(csv, stream);
        put_movement(csv, i, &last, opening.seq > 0 ? i : i + 1, opens, stream);
    }
    if (statement->count == 0) put_nothing(csv, stream);
    put_closing(csv, &opening, &last, stream);
}
