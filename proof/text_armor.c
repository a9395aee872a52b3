/* Base64 between two lines, and which form a file has. */
#include "proof/text.h"

#include "genesis/json.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { LINE_BYTES = 48, LINE_CHARS = 64 };

/* ---- writing --------------------------------------------------------------------------------- */

/* At most three bytes as four characters. */
static void encode_group(const uint8_t *bytes, size_t size, char group[4])
{
    uint32_t bits = (uint32_t)bytes[0] << 16;
    if (size > 1) bits |= (uint32_t)bytes[1] << 8;
    if (size > 2) bits |= bytes[2];
    memset(group, '=', 4);
    for (unsigned i = 0; i <= size; i++)
        group[i] = alphabet[bits >> (18 - 6 * i) & 63];
}

static void write_line(struct writer *w, struct span bytes)
{
    char line[LINE_CHARS + 1];
    size_t used = 0;
    for (size_t i = 0; i < bytes.size; i += 3, used += 4)
        encode_group(bytes.data + i, bytes.size - i < 3 ? bytes.size - i : 3, line + used);
    line[used++] = '\n';
    write_bytes(w, span_of(line, used));
}

void proof_armor_write(struct writer *w, struct span bytes)
{
    write_bytes(w, span_text(PROOF_ARMOR_BEGIN "\n"));
    for (size_t i = 0; i < bytes.size; i += LINE_BYTES) {
        size_t left = bytes.size - i;
        write_line(w, span_of(bytes.data + i, left < LINE_BYTES ? left : LINE_BYTES));
    }
    write_bytes(w, span_text(PROOF_ARMOR_END "\n"));
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The next line without its end; false behind the last one. */
static bool next_line(struct span *rest, struct span *line)
{
    if (rest->size == 0) return false;
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    size_t used = end ? size + 1 : size;
    *line = span_of(rest->data, size);
    if (end && size > 0 && line->data[size - 1] == '\r') line->size--;
    *rest = span_of(rest->data + used, rest->size - used);
    return true;
}

/* Four characters as one to three bytes; 0 if they are not a group. */
static size_t decode_group(const uint8_t *group, uint8_t bytes[3])
{
    size_t count = group[3] != '=' ? 4 : group[2] != '=' ? 3 : 2;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *at = i < count && group[i] ? strchr(alphabet, group[i]) : NULL;
        if (i < count && !at) return 0;
        bits = bits << 6 | (at ? (uint32_t)(at - alphabet) : 0);
    }
    for (size_t i = 0; i < 3; i++)
        bytes[i] = (uint8_t)(bits >> (16 - 8 * i));
    for (size_t i = count - 1; i < 3; i++)
        if (bytes[i] != 0) return 0; /* bits that no byte uses */
    return count - 1;
}

/* One line of base64, whole groups, padded only at its end; *last if the next one must be the end.
 */
static bool read_line(struct writer *w, struct span line, bool *last)
{
    if (*last || line.size == 0 || line.size % 4 != 0 || line.size > LINE_CHARS) return false;
    *last = line.size < LINE_CHARS;
    for (size_t i = 0; i < line.size; i += 4) {
        uint8_t bytes[3];
        size_t count = decode_group(line.data + i, bytes);
        if (count == 0) return false;
        if (count < 3 && i + 4 < line.size) return false;
        if (count < 3) *last = true;
        write_bytes(w, span_of(bytes, count));
    }
    return true;
}

enum status proof_armor_read(struct span text, struct writer *w, struct problem *problem)
{
    struct span line;
    size_t number = 1;
    bool last = false;
    if (!next_line(&text, &line) || !span_equal(line, span_text(PROOF_ARMOR_BEGIN)))
        return problem_set(problem, STATUS_MALFORMED, "line 1: not " PROOF_ARMOR_BEGIN);
    for (;;) {
        number++;
        if (!next_line(&text, &line))
            return problem_set(problem, STATUS_MALFORMED,
                               "line %zu: " PROOF_ARMOR_END " is missing", number);
        if (span_equal(line, span_text(PROOF_ARMOR_END))) break;
        if (!read_line(w, line, &last))
            return problem_set(problem, STATUS_MALFORMED,
                               "line %zu: not 64 characters of base64, or fewer in the last line",
                               number);
    }
    if (text.size > 0)
        return problem_set(problem, STATUS_MALFORMED, "something stands behind the last line");
    if (writer_status(w) == STATUS_OK) return STATUS_OK;
    return problem_set(problem, writer_status(w), "%s", status_text(writer_status(w)));
}

/* ---- any form -------------------------------------------------------------------------------- */

static bool begins_with(struct span file, const char *text)
{
    size_t size = strlen(text);
    return file.size >= size && memcmp(file.data, text, size) == 0;
}

static enum status load_json(struct span file, struct writer *w, struct problem *problem)
{
    struct problem own;
    json_t *json = json_read(file, PROOF_TEXT_BYTES_MAX, &own);
    if (!json) return problem_set(problem, own.status, "%s", own.text);
    enum status status = proof_from_json(json, w, problem);
    json_decref(json);
    return status;
}

enum status proof_load(struct span file, struct writer *w, struct problem *problem)
{
    if (begins_with(file, "WTNPROOF")) {
        write_bytes(w, file);
        if (writer_status(w) == STATUS_OK) return STATUS_OK;
        return problem_set(problem, writer_status(w), "%s", status_text(writer_status(w)));
    }
    if (begins_with(file, "-----")) return proof_armor_read(file, w, problem);
    size_t at = 0;
    while (at < file.size && strchr(" \t\r\n", file.data[at]) && file.data[at])
        at++;
    if (at < file.size && file.data[at] == '{') return load_json(file, w, problem);
    return problem_set(problem, STATUS_MALFORMED,
                       "not a proof: neither WTNPROOF nor " PROOF_ARMOR_BEGIN " nor JSON");
}
