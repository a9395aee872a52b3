#include "proof/twin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- writing --------------------------------------------------------------------------------- */

json_t *twin_put(json_t *object, const char *name, json_t *value)
{
    if (object && json_object_set_new(object, name, value) == 0) return object;
    if (!object) json_decref(value);
    json_decref(object);
    return NULL;
}

json_t *twin_append(json_t *array, json_t *item)
{
    if (array && json_array_append_new(array, item) == 0) return array;
    if (!array) json_decref(item);
    json_decref(array);
    return NULL;
}

json_t *twin_word(const char *word)
{
    return word ? json_string(word) : NULL;
}

json_t *twin_number(uint64_t value)
{
    return value <= TWIN_NUMBER_MAX ? json_integer((json_int_t)value) : NULL;
}

json_t *twin_time(uint64_t time_ms)
{
    char text[TIME_TEXT];
    uint64_t again;
    time_encode(time_ms, text);
    /* What lies behind the year 9999 is shown as its last millisecond. */
    return time_decode(text, &again) && again == time_ms ? json_string(text) : NULL;
}

json_t *twin_amount(uint64_t amount)
{
    return amount <= INT64_MAX ? json_amount_new(amount) : NULL;
}

json_t *twin_signed(int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return json_string(text);
}

json_t *twin_position(uint64_t position)
{
    char text[POSITION_TEXT];
    if (position >> 63 != 0) return NULL;
    position_text(position, text);
    return json_string(text);
}

json_t *twin_hash(const struct digest *hash)
{
    return json_hex_new(digest_span(hash));
}

json_t *twin_path(const struct proof_path *path)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < path->count; i++)
        list = twin_append(list, twin_hash(&path->hashes[i]));
    return list;
}

/* ---- reading --------------------------------------------------------------------------------- */

void twin_pointer(const char *path, const char *name, char pointer[TWIN_POINTER])
{
    (void)snprintf(pointer, TWIN_POINTER, "%s/%s", path, name);
}

void twin_pointer_item(const char *path, size_t index, char pointer[TWIN_POINTER])
{
    (void)snprintf(pointer, TWIN_POINTER, "%s/%zu", path, index);
}

struct json_fields twin_object(struct json_fields *fields, const char *name)
{
    char pointer[TWIN_POINTER];
    twin_pointer(fields->path, name, pointer);
    return json_fields_of(json_member(fields, name), pointer, fields->problem);
}

/* An optional sign, then digits without leading zeros; no "-0". */
static bool signed_decode(const char *text, int64_t *value)
{
    bool negative = *text == '-';
    const char *digits = text + negative;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > 19 || digits[count] != '\0') return false;
    if (digits[0] == '0' && (count > 1 || negative)) return false;
    uint64_t number = 0; /* 19 digits are less than 2^64 */
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (uint64_t)(digits[i] - '0');
    if (number > (uint64_t)INT64_MAX + negative) return false;
    *value = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

int64_t twin_read_signed(struct json_fields *fields, const char *name)
{
    int64_t value = 0;
    const json_t *member = json_member(fields, name);
    const char *text = json_string_value(member);
    if (member && !(text && signed_decode(text, &value)))
        json_fail(fields, name, STATUS_MALFORMED, "not a string such as \"-2500\"");
    return value;
}

uint64_t twin_read_position(struct json_fields *fields, const char *name)
{
    uint64_t position = 0;
    const json_t *member = json_member(fields, name);
    const char *text = json_string_value(member);
    if (member && !(text && position_decode(text, &position)))
        json_fail(fields, name, STATUS_MALFORMED, "not a string such as \"1042.3.0\"");
    return position;
}

struct digest twin_read_hash(struct json_fields *fields, const char *name)
{
    struct digest hash;
    json_hex(fields, name, hash.bytes, sizeof hash.bytes);
    return hash;
}

void twin_write_hex(struct writer *w, struct json_fields *fields, const char *name, size_t max)
{
    const json_t *member = json_member(fields, name);
    const char *text = json_string_value(member);
    size_t size = json_string_length(member) / 2;
    if (!member) return;
    if (size > max) {
        json_fail(fields, name, STATUS_TOO_LARGE, "more than %zu bytes", max);
        return;
    }
    uint8_t *bytes = malloc(size + 1);
    if (!bytes)
        json_fail(fields, name, STATUS_NO_MEMORY, "out of memory");
    else if (!text || !hex_decode(text, json_string_length(member), bytes, size))
        json_fail(fields, name, STATUS_MALFORMED, "not lower-case hex digits, two a byte");
    else
        write_bytes(w, span_of(bytes, size));
    free(bytes);
}

unsigned twin_read_word(struct json_fields *fields, const char *name,
                        const char *(*word)(unsigned number), unsigned limit)
{
    char quoted[QUOTE_TEXT];
    const char *text = json_text(fields, name, SIZE_MAX);
    for (unsigned i = 0; i < limit; i++)
        if (word(i) && strcmp(word(i), text) == 0) return i;
    json_fail(fields, name, STATUS_INVALID, "\"%s\" is not known here", text_quote(text, quoted));
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *twin_entry_kind_word(unsigned kind)
{
    static const char *const words[] = { NULL, "transaction", "hold_expiry", "enactment",
                                         "recovery" };
    return kind < sizeof words / sizeof *words ? words[kind] : NULL;
}

const char *twin_object_word(unsigned kind)
{
    switch (kind) {
    case RECORD_ACCOUNT: return "account";
    case RECORD_ASSET: return "asset";
    case RECORD_BALANCE: return "balance";
    case RECORD_HOLD: return "hold";
    case RECORD_KV: return "kv";
    case RECORD_WINDOW: return "window";
    case RECORD_LANE: return "lane";
    case RECORD_GOVERNANCE: return "governance";
    default: return NULL;
    }
}

const char *twin_code_word(unsigned code)
{
    const char *word = result_name((uint16_t)code);
    return strcmp(word, "unknown") == 0 ? NULL : word;
}

const char *twin_flag_word(unsigned bit)
{
    static const char *const words[] = { "epoch_end", "tick", "recovery" };
    return bit < sizeof words / sizeof *words ? words[bit] : NULL;
}

const char *twin_fault_model_word(unsigned fault_model)
{
    static const char *const words[] = { NULL, "byzantine", "crash" };
    return fault_model < sizeof words / sizeof *words ? words[fault_model] : NULL;
}

const char *twin_engine_word(unsigned engine)
{
    return engine_name((enum engine_kind)engine);
}
