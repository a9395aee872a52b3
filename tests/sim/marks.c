#include "marks.h"

#include "node/frame.h"
#include <ctype.h>
#include <inttypes.h>

enum { HEX_WORD_MIN = 8, KIND_BYTES = 16, CACHE_SLOTS = 1024, LINE_COLUMNS = 76 };

static const struct {
    const char *name, *pattern;
    int engine; /* 0: all say so */
} table[] = {
#define MARK(name, pattern) { #name, pattern, 0 },
#define MARK_OF(engine, name, pattern) { #name, pattern, ENGINE_##engine },
#include "marks.def"
#undef MARK
#undef MARK_OF
};
enum { TABLE_SIZE = sizeof table / sizeof table[0] };
_Static_assert((int)TABLE_SIZE <= (int)MARKS_MAX, "every row has a counter");

size_t marks_known(void)
{
    return TABLE_SIZE;
}

const char *marks_name(size_t mark)
{
    return table[mark].name;
}

void marks_clear(struct marks *marks)
{
    memset(marks, 0, sizeof *marks);
}

/* ---- sentences without their numbers ---- */

static size_t word_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]))
        length++;
    return length;
}

static bool is_hexadecimal(const char *word, size_t length)
{
    bool digit = false;
    for (size_t i = 0; i < length; i++) {
        if (!isxdigit((unsigned char)word[i])) return false;
        digit = digit || isdigit((unsigned char)word[i]);
    }
    return digit && length >= HEX_WORD_MIN;
}

void marks_normalise(const char *text, char normal[MARK_TEXT_BYTES])
{
    size_t out = 0;
    bool inside = false; /* a word that is not hexadecimal */
    while (*text && out < MARK_TEXT_BYTES - 1) {
        size_t length = inside ? 0 : word_length(text);
        size_t digits = strspn(text, "0123456789");
        if (is_hexadecimal(text, length)) digits = length;
        inside = isalnum((unsigned char)*text) && digits != length;
        normal[out++] = digits > 0 ? '#' : *text;
        text += digits > 0 ? digits : 1;
    }
    normal[out] = 0;
}

/* '*' stands for anything, also nothing. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

/* ---- counting ---- */

static void count_other(struct marks *marks, const char *normal, uint64_t count)
{
    uint32_t i = 0;
    while (i < marks->others_count && strcmp(marks->others[i].text, normal) != 0)
        i++;
    if (i == MARKS_OTHERS_MAX) {
        marks->beyond += count;
        return;
    }
    if (i == marks->others_count) {
        marks->others_count++;
        marks->others[i].count = 0;
        memcpy(marks->others[i].text, normal, MARK_TEXT_BYTES);
    }
    marks->others[i].count += count;
}

static size_t table_find(const char *normal)
{
    size_t row = 0;
    while (row < TABLE_SIZE && !fits(table[row].pattern, normal))
        row++;
    return row;
}

/* The same few sentences come millions of times: which row one belongs to is remembered. A slot
 * that another sentence has taken is only looked up again. */
static size_t table_row(const char *normal)
{
    static struct {
        char text[MARK_TEXT_BYTES];
        size_t row;
    } cache[CACHE_SLOTS];
    uint32_t hash = 2166136261u;
    for (const char *c = normal; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    size_t slot = hash % CACHE_SLOTS;
    if (strcmp(cache[slot].text, normal) != 0) {
        memcpy(cache[slot].text, normal, MARK_TEXT_BYTES);
        cache[slot].row = table_find(normal);
    }
    return cache[slot].row;
}

void marks_text(struct marks *marks, const char *kind, const char *text)
{
    char sentence[MARK_TEXT_BYTES + KIND_BYTES];
    char normal[MARK_TEXT_BYTES];
    snprintf(sentence, sizeof sentence, "%s %s", kind, text);
    marks_normalise(sentence, normal);
    size_t row = table_row(normal);
    if (row < TABLE_SIZE)
        marks->counts[row]++;
    else
        count_other(marks, normal, 1);
}

/* Frames that every run sends in any number say nothing. */
static void count_send(struct marks *marks, uint8_t frame)
{
    bool rare = frame == FRAME_FETCH || frame == FRAME_FETCHED || frame == FRAME_ANCHOR ||
                frame == FRAME_SYNC_REQUEST || frame == FRAME_TICK_WISH;
    if (rare) marks_text(marks, "sends", frame_name(frame));
}

static const char *const read_names[] = {
    [READ_READY] = "ready",
    [READ_LATE] = "late",
    [READ_FULL] = "full",
    [READ_UNSUPPORTED] = "unsupported",
};

void marks_output(struct marks *marks, const struct output *output)
{
    switch (output->kind) {
    case OUTPUT_NOTE: marks_text(marks, "note", output->text); return;
    case OUTPUT_PEER_BROKE: marks_text(marks, "broke", output->text); return;
    case OUTPUT_STOP: marks_text(marks, "stop", output->text); return;
    case OUTPUT_ANSWER: marks_text(marks, "refused", refusal_name(output->refusal.code)); return;
    case OUTPUT_READ: marks_text(marks, "read", read_names[output->read]); return;
    case OUTPUT_LEFT: marks_text(marks, "left", refusal_name(output->refusal.code)); return;
    case OUTPUT_SEND: count_send(marks, output->type); return;
    case OUTPUT_SERVE_BLOCKS: marks_text(marks, "does", "serve-blocks"); return;
    case OUTPUT_EXECUTE_BLOCK: marks_text(marks, "does", "execute-block"); return;
    case OUTPUT_CUT: marks_text(marks, "does", "cut"); return;
    case OUTPUT_EPOCH_ENDED: marks_text(marks, "does", "epoch"); return;
    case OUTPUT_APPEND:
        if (output->starts_segment) marks_text(marks, "does", "fold");
        return;
    case OUTPUT_CHECK:
    case OUTPUT_ADMIT:
    case OUTPUT_EXECUTE:
    case OUTPUT_SEALED:
    case OUTPUT_COMMITTED: return;
    }
}

void marks_merge(struct marks *marks, const struct marks *more)
{
    for (size_t i = 0; i < MARKS_MAX; i++)
        marks->counts[i] += more->counts[i];
    for (uint32_t i = 0; i < more->others_count; i++)
        count_other(marks, more->others[i].text, more->others[i].count);
    marks->beyond += more->beyond;
}

/* ---- the report ---- */

size_t marks_reached(const struct marks *marks)
{
    size_t reached = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++)
        reached += marks->counts[i] > 0;
    return reached;
}

/* Has this engine run? Not if none of its own marks was reached. */
static bool has_run(const struct marks *marks, int engine)
{
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (table[i].engine == engine && marks->counts[i] > 0) return true;
    return engine == 0;
}

static size_t marks_expected(const struct marks *marks)
{
    size_t expected = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++)
        expected += has_run(marks, table[i].engine);
    return expected;
}

static void print_missing(const struct marks *marks, FILE *file)
{
    int column = fprintf(file, "    not reached:");
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (marks->counts[i] > 0 || !has_run(marks, table[i].engine)) continue;
        if (column > LINE_COLUMNS) column = fprintf(file, "\n       ") - 1;
        column += fprintf(file, " %s", table[i].name);
    }
    fprintf(file, "%s\n", marks_reached(marks) == marks_expected(marks) ? " none" : "");
}

void marks_print(const struct marks *marks, FILE *file)
{
    fprintf(file, "marks: %zu of %zu reached\n", marks_reached(marks), marks_expected(marks));
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (marks->counts[i] > 0)
            fprintf(file, "    %-24s %12" PRIu64 "\n", table[i].name, marks->counts[i]);
    print_missing(marks, file);
    for (uint32_t i = 0; i < marks->others_count; i++)
        fprintf(file, "    other %12" PRIu64 "  %s\n", marks->others[i].count,
                marks->others[i].text);
    if (marks->beyond > 0) fprintf(file, "    others without room %" PRIu64 "\n", marks->beyond);
}
