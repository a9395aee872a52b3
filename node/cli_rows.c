#include "node/cli_rows.h"

#include "crypto/codec.h"
#include "genesis/json.h"
#include "node/cli_amount.h"
#include <stdlib.h>
#include <strings.h>

/* ---- columns ---- */

static bool add_column(struct cli_rows *rows, const struct cli_column *columns, size_t count,
                       const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        bool same =
            strlen(columns[i].title) == size && strncasecmp(columns[i].title, name, size) == 0;
        if (!same) continue;
        if (rows->column_count < ROWS_COLUMNS_MAX) rows->columns[rows->column_count++] = columns[i];
        return true;
    }
    return false;
}

enum status rows_init(struct cli_rows *rows, const struct cli_column *columns, size_t count,
                      const char *filter, struct problem *problem)
{
    ASSERT(count <= ROWS_COLUMNS_MAX);
    memset(rows, 0, sizeof *rows);
    if (!filter) {
        memcpy(rows->columns, columns, count * sizeof *columns);
        rows->column_count = count;
        return STATUS_OK;
    }
    while (*filter) {
        size_t size = strcspn(filter, ",");
        if (!add_column(rows, columns, count, filter, size)) {
            char names[320] = "";
            for (size_t i = 0; i < count; i++) {
                if (i > 0) strncat(names, ", ", sizeof names - strlen(names) - 1);
                strncat(names, columns[i].title, sizeof names - strlen(names) - 1);
            }
            return problem_set(problem, STATUS_INVALID, "no column \"%.*s\"; there are %s",
                               (int)min_u64(size, 60), filter, names);
        }
        filter += size + (filter[size] == ',' ? 1 : 0);
    }
    return STATUS_OK;
}

void rows_free(struct cli_rows *rows)
{
    for (size_t i = 0; i < rows->row_count * rows->column_count; i++)
        free(rows->cells[i]);
    free(rows->cells);
    memset(rows, 0, sizeof *rows);
}

bool rows_right(enum cell_kind kind)
{
    return kind == CELL_NUMBER || kind == CELL_AMOUNT || kind == CELL_COUNT;
}

/* ---- cells ---- */

const json_t *json_at(const json_t *object, const char *path)
{
    char name[64];
    while (object && *path) {
        size_t size = strcspn(path, ".");
        ASSERT(size < sizeof name);
        memcpy(name, path, size);
        name[size] = 0;
        object = json_object_get(object, name);
        path += size + (path[size] == '.' ? 1 : 0);
    }
    return object;
}

void text_calm(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = ' ';
}

static bool is_calm(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) return false;
    return utf8_valid(span_of(bytes, size));
}

char *record_text(const char *hex)
{
    size_t digits = strlen(hex);
    size_t size = digits / 2;
    uint8_t *bytes = malloc(size + 1);
    char *text = malloc(digits + 5);
    if (bytes && text) {
        bool text_like = hex_decode(hex, digits, bytes, size) && is_calm(bytes, size) &&
                         strncmp((const char *)bytes, "hex:", min_u64(size, 4)) != 0;
        if (text_like || size == 0) {
            memcpy(text, bytes, size);
            text[size] = 0;
        } else {
            memcpy(text, "hex:", 4);
            memcpy(text + 4, hex, digits + 1);
        }
        free(bytes);
        return text;
    }
    free(bytes);
    free(text);
    return NULL;
}

char *record_hex(const char *text)
{
    if (strncmp(text, "hex:", 4) == 0) {
        const char *digits = text + 4;
        size_t size = strlen(digits);
        if (size % 2 != 0 || strspn(digits, "0123456789abcdef") != size) return NULL;
        return strdup(digits);
    }
    size_t size = strlen(text);
    char *hex = malloc(2 * size + 1);
    if (hex) hex_encode(span_of(text, size), hex);
    return hex;
}

/* A value that is no object: as it is shown in a cell. */
static char *scalar_text(const json_t *value)
{
    char number[32];
    if (json_is_string(value)) return strdup(json_string_value(value));
    if (json_is_true(value)) return strdup("yes");
    if (json_is_false(value)) return strdup("no");
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        return strdup(number);
    }
    if (!value || json_is_null(value)) return strdup("");
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* Items of a list, joined by commas; of objects, their member `name`. */
static char *list_text(const json_t *list, const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) return NULL;
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)list, index, item)
    {
        char *part = scalar_text(name ? json_object_get(item, name) : item);
        if (part) fprintf(stream, "%s%s", index > 0 ? "," : "", part);
        free(part);
    }
    if (fclose(stream) == 0) return text;
    free(text);
    return NULL;
}

static char *amount_text(const struct cli_rows *rows, const json_t *object, const json_t *value)
{
    const char *asset = json_string_value(json_object_get(object, "asset"));
    const char *minor = json_string_value(value);
    unsigned scale = 0;
    char text[AMOUNT_TEXT];
    if (!minor) return scalar_text(value);
    const json_t *own = json_object_get(object, "scale");
    if (own)
        scale = (unsigned)json_integer_value(own);
    else if (!asset || !rows->scale_of || !rows->scale_of(rows->context, asset, &scale))
        return strdup(minor);
    if (scale > AMOUNT_SCALE_MAX) return strdup(minor);
    amount_format(minor, scale, text);
    return strdup(text);
}

static char *cell_text(const struct cli_rows *rows, const struct cli_column *column,
                       const json_t *object)
{
    const json_t *value = json_at(object, column->path);
    char number[32];
    switch (column->kind) {
    case CELL_AMOUNT: return amount_text(rows, object, value);
    case CELL_RECORD:
        return json_is_string(value) ? record_text(json_string_value(value)) : strdup("");
    case CELL_COUNT:
        snprintf(number, sizeof number, "%zu", json_array_size(value));
        return strdup(number);
    case CELL_OPERATIONS: return list_text(value, "op");
    default: break;
    }
    return json_is_array(value) ? list_text(value, NULL) : scalar_text(value);
}

enum status rows_add(struct cli_rows *rows, const json_t *object)
{
    if (rows->row_count == rows->row_capacity) {
        size_t capacity = rows->row_capacity ? 2 * rows->row_capacity : 64;
        char **cells = realloc(rows->cells, capacity * rows->column_count * sizeof *cells);
        if (!cells) return STATUS_NO_MEMORY;
        rows->cells = cells;
        rows->row_capacity = capacity;
    }
    char **row = rows->cells + rows->row_count * rows->column_count;
    for (size_t i = 0; i < rows->column_count; i++) {
        row[i] = cell_text(rows, &rows->columns[i], object);
        if (!row[i]) {
            while (i > 0)
                free(row[--i]);
            return STATUS_NO_MEMORY;
        }
        text_calm(row[i]);
    }
    rows->row_count++;
    return STATUS_OK;
}

const char *rows_cell(const struct cli_rows *rows, size_t row, size_t column)
{
    ASSERT(row < rows->row_count);
    ASSERT(column < rows->column_count);
    return rows->cells[row * rows->column_count + column];
}

/* ---- plain forms ---- */

static bool is_number(const char *text)
{
    if (*text == '-') text++;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0) return false;
    text += digits;
    if (*text == '.') text += 1 + strspn(text + 1, "0123456789");
    return *text == 0;
}

void csv_cell(const char *text, FILE *stream)
{
    bool guard = strchr("=+-@\t\r", text[0]) && text[0] && !is_number(text);
    bool quote = strpbrk(text, "\",\r\n") != NULL;
    if (quote) fputc('"', stream);
    if (guard) fputc('\'', stream);
    for (; *text; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    if (quote) fputc('"', stream);
}

void rows_csv(const struct cli_rows *rows, bool headers, FILE *stream)
{
    for (size_t c = 0; headers && c < rows->column_count; c++) {
        if (c > 0) fputc(',', stream);
        csv_cell(rows->columns[c].title, stream);
        if (c + 1 == rows->column_count) fputs("\r\n", stream);
    }
    for (size_t r = 0; r < rows->row_count; r++) {
        for (size_t c = 0; c < rows->column_count; c++) {
            if (c > 0) fputc(',', stream);
            csv_cell(rows_cell(rows, r, c), stream);
        }
        fputs("\r\n", stream);
    }
}

void rows_plain(const struct cli_rows *rows, bool headers, FILE *stream)
{
    for (size_t c = 0; headers && c < rows->column_count; c++)
        fprintf(stream, "%s%s", rows->columns[c].title, c + 1 == rows->column_count ? "\n" : "\t");
    for (size_t r = 0; r < rows->row_count; r++)
        for (size_t c = 0; c < rows->column_count; c++)
            fprintf(stream, "%s%s", rows_cell(rows, r, c),
                    c + 1 == rows->column_count ? "\n" : "\t");
}
