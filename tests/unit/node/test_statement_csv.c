#include "node/statement_csv.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TITLES \
    "line,kind,time,height,entry,id,asset,change,posted,reserved_change,reserved,incoming_change," \
    "incoming\r\n"
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static uint8_t bytes[4 * MOVEMENT_BYTES];
static struct statement_proof statement;
static struct statement_csv csv;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    statement = (struct statement_proof){ .from_height = 10, .to_height = 20 };
    csv = (struct statement_csv){ .statement = &statement, .asset = "EUR", .scale = 2 };
}

TestSuite(statement_csv, .init = setup);

static void add(struct movement movement, uint8_t id)
{
    memset(movement.entry_id.bytes, id, sizeof movement.entry_id.bytes);
    movement.seq = statement.count + 4;
    movement_encode(&movement, bytes + statement.count * MOVEMENT_BYTES);
    statement.count++;
    statement.movements = span_of(bytes, statement.count * MOVEMENT_BYTES);
}

static void expect(const char *wanted)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    cr_assert_not_null(stream);
    statement_csv_write(&csv, stream);
    cr_assert_eq(fclose(stream), 0);
    cr_expect_str_eq(text, wanted);
    free(text);
}

static const struct movement before = {
    .position = (uint64_t)9 << 24, .d_posted = 12000, .posted = 12000, .held_out = 2000
};
static const struct movement paid = {
    .position = (uint64_t)12 << 24 | 3 << 8, .d_posted = -4005, .d_held_out = -2000, .posted = 7995
};

Test(statement_csv, opening_lines_closing)
{
    add(before, 0xaa);
    add(paid, 0xbb);
    expect(TITLES "0,opening,,9,0," ID_A ",EUR,,120.00,,20.00,,0.00\r\n"
                  "1,movement,,12,3," ID_B ",EUR,-40.05,79.95,-20.00,0.00,0.00,0.00\r\n"
                  ",closing,,20,,,EUR,-40.05,79.95,-20.00,0.00,0.00,0.00\r\n");
}

Test(statement_csv, from_the_first_movement_on)
{
    struct movement first = { .position = (uint64_t)11 << 24, .d_posted = 5, .posted = 5 };
    add(first, 0xaa);
    expect(TITLES "0,opening,,10,,,EUR,,0.00,,0.00,,0.00\r\n"
                  "1,movement,,11,0," ID_A ",EUR,0.05,0.05,0.00,0.00,0.00,0.00\r\n"
                  ",closing,,20,,,EUR,0.05,0.05,0.00,0.00,0.00,0.00\r\n");
}

Test(statement_csv, nothing_moved)
{
    expect(TITLES "0,opening,,10,,,EUR,,0.00,,0.00,,0.00\r\n"
                  ",closing,,20,,,EUR,0.00,0.00,0.00,0.00,0.00,0.00\r\n");
}

Test(statement_csv, only_what_was_before)
{
    add(before, 0xaa);
    expect(TITLES "0,opening,,9,0," ID_A ",EUR,,120.00,,20.00,,0.00\r\n"
                  ",closing,,20,,,EUR,0.00,120.00,0.00,20.00,0.00,0.00\r\n");
}

/* What moves in the first block of the range's start is before it: the range is above. */
Test(statement_csv, a_movement_at_the_start_opens)
{
    struct movement at = before;
    at.position = (uint64_t)10 << 24 | 7 << 8;
    add(at, 0xaa);
    expect(TITLES "0,opening,,10,7," ID_A ",EUR,,120.00,,20.00,,0.00\r\n"
                  ",closing,,20,,,EUR,0.00,120.00,0.00,20.00,0.00,0.00\r\n");
}

Test(statement_csv, has_times_where_they_are_known)
{
    static const char times[2][TIME_TEXT] = { "", "2026-12-02T04:12:09.123Z" };
    csv.times = times;
    add(before, 0xaa);
    add(paid, 0xbb);
    expect(TITLES "0,opening,,9,0," ID_A ",EUR,,120.00,,20.00,,0.00\r\n"
                  "1,movement,2026-12-02T04:12:09.123Z,12,3," ID_B
                  ",EUR,-40.05,79.95,-20.00,0.00,0.00,0.00\r\n"
                  ",closing,,20,,,EUR,-40.05,79.95,-20.00,0.00,0.00,0.00\r\n");
}

/* A file that nobody verified may hold anything. */
Test(statement_csv, extremes)
{
    struct movement low = { .position = (uint64_t)9 << 24, .posted = INT64_MIN };
    struct movement high = { .position = (uint64_t)11 << 24,
                             .d_posted = INT64_MIN,
                             .posted = INT64_MAX };
    csv.scale = 0;
    add(low, 0xaa);
    add(high, 0xbb);
    expect(TITLES "0,opening,,9,0," ID_A ",EUR,,-9223372036854775808,,0,,0\r\n"
                  "1,movement,,11,0," ID_B ",EUR,-9223372036854775808,9223372036854775807,0,0,0,"
                  "0\r\n"
                  ",closing,,20,,,EUR,-1,9223372036854775807,0,0,0,0\r\n");
}

/* The asset's name is the only text. The ledger allows letters and digits, and csv_cell guards. */
Test(statement_csv, no_cell_is_a_formula)
{
    csv.asset = "=1+2";
    expect(TITLES "0,opening,,10,,,'=1+2,,0.00,,0.00,,0.00\r\n"
                  ",closing,,20,,,'=1+2,0.00,0.00,0.00,0.00,0.00,0.00\r\n");
}
