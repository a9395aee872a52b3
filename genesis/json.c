#include "genesis/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { ASKED_MAX = sizeof((struct json_fields *)0)->asked / sizeof(char *) };

/* "/accounts/3" and "low" give "/accounts/3/low"; a slash or tilde in a name is escaped as RFC 6901
 * wants, and the whole is cut to fit. */
static void pointer_append(const char *path, const char *name, char *pointer, size_t size)
{
    size_t used = (size_t)snprintf(pointer, size, "%s/", path);
    for (const char *c = name; *c && used + 3 < size; c++) {
        if (*c == '~' || *c == '/') {
            pointer[used++] = '~';
            pointer[used++] = *c == '~' ? '0' : '1';
        } else {
            pointer[used++] = *c;
        }
    }
    if (used < size) pointer[used] = 0;
}

void json_fail(struct json_fields *fields, const char *name, enum status status, const char *format,
               ...)
{
    if (fields->failed) return;
    fields->failed = true;
    fields->status = status;

    char quoted[QUOTE_TEXT];
    char pointer[sizeof fields->path + 2 * QUOTE_TEXT];
    if (name)
        pointer_append(fields->path, text_quote(name, quoted), pointer, sizeof pointer);
    else
        snprintf(pointer, sizeof pointer, "%s", fields->path[0] ? fields->path : "document");

    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    problem_set(fields->problem, status, "%s: %s", pointer, text);
}

struct json_fields json_fields_of(const json_t *value, const char *path, struct problem *problem)
{
    struct json_fields fields = { .object = value, .problem = problem };
    snprintf(fields.path, sizeof fields.path, "%s", path);
    if (!value) {
        fields.failed = true;
        fields.status = STATUS_MALFORMED;
    } else if (!json_is_object(value)) {
        json_fail(&fields, NULL, STATUS_MALFORMED, "not an object");
    }
    return fields;
}

static bool was_asked(const struct json_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->asked_count; i++)
        if (strcmp(fields->asked[i], name) == 0) return true;
    return false;
}

const json_t *json_member_optional(struct json_fields *fields, const char *name)
{
    if (fields->failed) return NULL;
    ASSERT(fields->asked_count < ASKED_MAX);
    fields->asked[fields->asked_count++] = name;
    return json_object_get(fields->object, name);
}

/* A member of the object that looks like a misspelling of name. */
static const char *misspelling_of(const struct json_fields *fields, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)fields->object, key, value)
    {
        if (!was_asked(fields, key) && nearest_name(name, &key, 1)) return key;
    }
    return NULL;
}

const json_t *json_member(struct json_fields *fields, const char *name)
{
    const json_t *value = json_member_optional(fields, name);
    if (value || fields->failed) return value;

    char quoted[QUOTE_TEXT];
    const char *misspelling = misspelling_of(fields, name);
    if (misspelling)
        json_fail(fields, name, STATUS_MALFORMED, "missing; there is \"%s\"",
                  text_quote(misspelling, quoted));
    else
        json_fail(fields, name, STATUS_MALFORMED, "missing");
    return NULL;
}

const char *json_text(struct json_fields *fields, const char *name, size_t size_max)
{
    const json_t *value = json_member(fields, name);
    if (!value) return "";
    if (!json_is_string(value)) {
        json_fail(fields, name, STATUS_MALFORMED, "not a string");
        return "";
    }
    if (json_string_length(value) > size_max) {
        json_fail(fields, name, STATUS_TOO_LARGE, "longer than %zu bytes", size_max);
        return "";
    }
    return json_string_value(value);
}

void json_text_into(struct json_fields *fields, const char *name, char *text, size_t text_size)
{
    ASSERT(text_size > 0);
    const char *value = json_text(fields, name, text_size - 1);
    size_t size = strlen(value);
    memcpy(text, value, size);
    memset(text + size, 0, text_size - size);
}

size_t json_choice(struct json_fields *fields, const char *name, const char *const *words,
                   size_t count)
{
    const char *text = json_text(fields, name, SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) return i;

    char quoted[QUOTE_TEXT];
    const char *nearest = nearest_name(text, words, count);
    text_quote(text, quoted);
    if (nearest)
        json_fail(fields, name, STATUS_INVALID, "\"%s\" is not known here; did you mean \"%s\"?",
                  quoted, nearest);
    else
        json_fail(fields, name, STATUS_INVALID, "\"%s\" is not known here", quoted);
    return 0;
}

uint64_t json_u64(struct json_fields *fields, const char *name, uint64_t most)
{
    const json_t *value = json_member(fields, name);
    if (!value) return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        json_fail(fields, name, STATUS_MALFORMED, "not an integer of 0 or more");
        return 0;
    }
    uint64_t number = (uint64_t)json_integer_value(value);
    if (number <= most) return number;
    json_fail(fields, name, STATUS_INVALID, "%" PRIu64 " is more than %" PRIu64, number, most);
    return 0;
}

bool json_bool(struct json_fields *fields, const char *name)
{
    const json_t *value = json_member(fields, name);
    if (value && !json_is_boolean(value))
        json_fail(fields, name, STATUS_MALFORMED, "neither true nor false");
    return json_is_true(value);
}

uint64_t json_amount(struct json_fields *fields, const char *name)
{
    const json_t *value = json_member(fields, name);
    if (!value) return 0;
    uint64_t amount;
    if (json_is_string(value) && amount_decode(json_string_value(value), &amount)) return amount;
    json_fail(fields, name, STATUS_MALFORMED,
              "not an amount: a string of decimal digits such as \"2500\", below 2^63");
    return 0;
}

uint64_t json_time(struct json_fields *fields, const char *name)
{
    const json_t *value = json_member(fields, name);
    if (!value) return 0;
    uint64_t time_ms;
    if (json_is_string(value) && time_decode(json_string_value(value), &time_ms)) return time_ms;
    json_fail(fields, name, STATUS_MALFORMED,
              "not a time: a string such as \"2026-12-01T09:00:00.000Z\"");
    return 0;
}

void json_hex(struct json_fields *fields, const char *name, uint8_t *bytes, size_t size)
{
    memset(bytes, 0, size);
    const json_t *value = json_member(fields, name);
    if (!value) return;
    const char *text = json_string_value(value); /* NULL if it is not a string */
    if (text && hex_decode(text, json_string_length(value), bytes, size)) return;
    memset(bytes, 0, size);
    json_fail(fields, name, STATUS_MALFORMED, "not a string of %zu lower-case hex digits",
              2 * size);
}

void json_address(struct json_fields *fields, const char *name, enum address_kind kind,
                  struct id *id)
{
    memset(id, 0, sizeof *id);
    const json_t *value = json_member(fields, name);
    if (!value) return;
    const char *text = json_string_value(value);
    enum status status = text ? address_decode(kind, text, id) : STATUS_MALFORMED;
    if (status == STATUS_OK) return;

    char quoted[QUOTE_TEXT];
    text = text_quote(text ? text : "", quoted);
    const char *prefix = address_prefix(kind);
    if (status == STATUS_INVALID)
        json_fail(fields, name, status, "\"%s\" is an address of another kind, not %s1...", text,
                  prefix);
    else
        json_fail(fields, name, status,
                  "\"%s\" is not an address (%s1... of 36 characters; its "
                  "checksum finds typing errors)",
                  text, prefix);
}

void json_key(struct json_fields *fields, const char *name, struct public_key *key)
{
    json_hex(fields, name, key->bytes, sizeof key->bytes);
    if (!fields->failed && !key_valid(key))
        json_fail(fields, name, STATUS_BAD_KEY, "not a valid Ed25519 key");
}

void json_expect(struct json_fields *fields, const char *name, const char *word)
{
    char quoted[QUOTE_TEXT];
    const char *text = json_text(fields, name, SIZE_MAX);
    if (!fields->failed && strcmp(text, word) != 0)
        json_fail(fields, name, STATUS_UNSUPPORTED, "\"%s\", not \"%s\"", text_quote(text, quoted),
                  word);
}

const json_t *json_array_of(struct json_fields *fields, const char *name, size_t count_max)
{
    const json_t *value = json_member(fields, name);
    if (!value) return NULL;
    if (!json_is_array(value)) {
        json_fail(fields, name, STATUS_MALFORMED, "not an array");
        return NULL;
    }
    if (json_array_size(value) <= count_max) return value;
    json_fail(fields, name, STATUS_TOO_LARGE, "%zu items, more than %zu", json_array_size(value),
              count_max);
    return NULL;
}

static void unknown_fail(struct json_fields *fields, const char *key)
{
    const char *nearest = nearest_name(key, fields->asked, fields->asked_count);
    if (nearest)
        json_fail(fields, key, STATUS_MALFORMED, "unknown member; did you mean \"%s\"?", nearest);
    else
        json_fail(fields, key, STATUS_MALFORMED, "unknown member");
}

enum status json_fields_done(struct json_fields *fields)
{
    if (fields->failed) return fields->status;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)fields->object, key, value)
    {
        if (was_asked(fields, key)) continue;
        unknown_fail(fields, key);
        return fields->status;
    }
    return STATUS_OK;
}
