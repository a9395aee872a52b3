/* rpc/arguments.c -- parameters of a call, checked and decoded from the method's table. */
#include "rpc/arguments.h"
#include "genesis/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 256, PHRASE = 160 };

/* What came, in a few words: never a stranger's long string. */
static const char *got_text(const json_t *value, char text[PHRASE])
{
    char quoted[QUOTE_TEXT];
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_REAL: return "a number with a fraction";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return "null";
    case JSON_INTEGER:
        snprintf(text, PHRASE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return text;
    case JSON_STRING:
        snprintf(text, PHRASE, "\"%s\"", text_quote(json_string_value(value), quoted));
        return text;
    }
    return "something else";
}

static const char *expected_words(const struct rpc_parameter *parameter, char text[PHRASE])
{
    size_t used = 0;
    for (size_t i = 0; parameter->words[i]; i++) {
        int n =
            snprintf(text + used, PHRASE - used, "%s\"%s\"", i ? " or " : "", parameter->words[i]);
        ASSERT(n > 0 && (size_t)n < PHRASE - used);
        used += (size_t)n;
    }
    return text;
}

static const char *expected_text(const struct rpc_parameter *parameter, char text[PHRASE])
{
    switch (parameter->type) {
    case ARGUMENT_HEIGHT: return "a height: an integer from 0 to 2^53 - 1";
    case ARGUMENT_HEIGHT_OR_TAG: return "a height, \"latest\" or \"earliest\"";
    case ARGUMENT_INTEGER:
        snprintf(text, PHRASE, "an integer from %" PRIu64 " to %" PRIu64, parameter->least,
                 parameter->most);
        return text;
    case ARGUMENT_BOOL: return "true or false";
    case ARGUMENT_WORD: return expected_words(parameter, text);
    case ARGUMENT_HASH: return "a hash: 64 lower-case hex digits";
    case ARGUMENT_PUBLIC_KEY: return "a public key: 64 lower-case hex digits";
    case ARGUMENT_ID16: return "32 lower-case hex digits";
    case ARGUMENT_HEX: return "lower-case hex digits, two for each byte";
    case ARGUMENT_ACCOUNT: return "an account id: acc1 and 32 characters with their checksum";
    case ARGUMENT_VALIDATOR: return "a validator id: val1 and 32 characters with their checksum";
    case ARGUMENT_ASSET: return "an asset id: ast1 and 32 characters with their checksum";
    case ARGUMENT_HOLD: return "a hold id: hld1 and 32 characters with their checksum";
    case ARGUMENT_TIME: return "a time such as \"2026-12-02T04:12:09.123Z\"";
    case ARGUMENT_CURSOR: return "a cursor from an earlier page";
    case ARGUMENT_OPERATION: return "the name of an operation such as \"kv.put\"";
    case ARGUMENT_CODE: return "an asset's code: 1 to 12 of A-Z and 0-9";
    case ARGUMENT_TEXT: return "a string of at most 256 bytes";
    case ARGUMENT_OBJECTS: return "an array of objects";
    }
    return "something else";
}

/* "/limit", with RFC 6901's escapes; the name may be a stranger's and is cut. */
static void pointer_of(const char *name, char path[PHRASE])
{
    char quoted[QUOTE_TEXT];
    const char *c = text_quote(name, quoted);
    size_t used = 0;
    path[used++] = '/';
    for (; *c && used + 3 < PHRASE; c++) {
        if (*c == '~' || *c == '/') {
            path[used++] = '~';
            path[used++] = *c == '~' ? '0' : '1';
        } else {
            path[used++] = *c;
        }
    }
    path[used] = 0;
}

static bool text_is_hex(const char *text)
{
    size_t size = strspn(text, "0123456789abcdef");
    return size % 2 == 0 && !text[size];
}

static void fail_type(struct rpc_call *call, const struct rpc_parameter *parameter,
                      const json_t *value)
{
    if (parameter->type == ARGUMENT_HEX && json_is_string(value) &&
        text_is_hex(json_string_value(value))) {
        call_error(call, RPC_ERROR_internal_error, NULL); /* It was right: no memory. */
        return;
    }
    char path[PHRASE], expected[PHRASE], got[PHRASE];
    pointer_of(parameter->name, path);
    call_invalid(call, path, expected_text(parameter, expected),
                 value ? got_text(value, got) : "nothing");
}

static void fail_unknown(struct rpc_call *call, const char *name)
{
    const char *names[RPC_PARAMETERS_MAX];
    for (size_t i = 0; i < call->method->parameter_count; i++)
        names[i] = call->method->parameters[i].name;
    const char *nearest = nearest_name(name, names, call->method->parameter_count);

    char path[PHRASE];
    pointer_of(name, path);
    json_t *data = json_pack("{s:s, s:s, s:s}", "path", path, "expected",
                             "a parameter of this method", "got", "an unknown name");
    if (nearest) json_object_set_new(data, "did_you_mean", json_string(nearest));
    call_error(call, RPC_ERROR_invalid_params, data);
}

static bool read_integer(const json_t *value, uint64_t least, uint64_t most, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *number = (uint64_t)json_integer_value(value);
    return *number >= least && *number <= most;
}

static bool read_height_or_tag(const json_t *value, uint64_t *number)
{
    const char *text = json_string_value(value);
    if (!text) return read_integer(value, 0, HEIGHT_LIMIT - 1, number);
    if (strcmp(text, "latest") == 0)
        *number = HEIGHT_LATEST;
    else if (strcmp(text, "earliest") == 0)
        *number = HEIGHT_EARLIEST;
    else
        return false;
    return true;
}

static bool read_word(const struct rpc_parameter *parameter, const char *text, uint64_t *number)
{
    for (size_t i = 0; parameter->words[i]; i++) {
        if (strcmp(parameter->words[i], text) != 0) continue;
        *number = i;
        return true;
    }
    return false;
}

/* false without memory too; fail_type tells that from a wrong text. */
static bool read_hex(const char *text, struct span *bytes)
{
    if (!text_is_hex(text)) return false;
    size_t size = strlen(text) / 2;
    uint8_t *data = malloc(size + 1);
    if (!data) return false;
    bool decoded = hex_decode(text, 2 * size, data, size);
    ASSERT(decoded);
    *bytes = span_of(data, size);
    return true;
}

static bool text_is_operation(const char *text)
{
    size_t noun = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    if (noun < 1 || noun > 16) return false;
    if (!text[noun]) return true;
    if (text[noun] != '.') return false;
    const char *verb = text + noun + 1;
    size_t size = strspn(verb, "abcdefghijklmnopqrstuvwxyz_");
    return size >= 1 && size <= 32 && !verb[size];
}

static bool text_is_code(const char *text)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return size >= 1 && size <= 12 && !text[size];
}

static bool read_address(enum argument_type type, const char *text, struct id *id)
{
    enum address_kind kind = type == ARGUMENT_ACCOUNT     ? ADDRESS_ACCOUNT
                             : type == ARGUMENT_VALIDATOR ? ADDRESS_VALIDATOR
                             : type == ARGUMENT_ASSET     ? ADDRESS_ASSET
                                                          : ADDRESS_HOLD;
    return address_decode(kind, text, id) == STATUS_OK;
}

static bool read_text(const char *text, bool allowed, struct argument *argument)
{
    argument->text = text;
    return allowed;
}

/* Types whose value is a string. */
static bool read_string(const struct rpc_parameter *parameter, const json_t *value,
                        struct argument *argument)
{
    const char *text = json_string_value(value);
    if (!text) return false;
    size_t size = json_string_length(value);
    switch (parameter->type) {
    case ARGUMENT_WORD: return read_word(parameter, text, &argument->number);
    case ARGUMENT_HASH: return hex_decode(text, size, argument->digest.bytes, 32);
    case ARGUMENT_PUBLIC_KEY: return hex_decode(text, size, argument->key.bytes, 32);
    case ARGUMENT_ID16: return hex_decode(text, size, argument->id.bytes, 16);
    case ARGUMENT_HEX: return read_hex(text, &argument->bytes);
    case ARGUMENT_ACCOUNT:
    case ARGUMENT_VALIDATOR:
    case ARGUMENT_ASSET:
    case ARGUMENT_HOLD: return read_address(parameter->type, text, &argument->id);
    case ARGUMENT_TIME: return time_decode(text, &argument->number);
    case ARGUMENT_CURSOR:
    case ARGUMENT_TEXT: return read_text(text, size <= TEXT_MAX, argument);
    case ARGUMENT_OPERATION: return read_text(text, text_is_operation(text), argument);
    case ARGUMENT_CODE: return read_text(text, text_is_code(text), argument);
    default: return false;
    }
}

static bool is_objects(const json_t *value)
{
    bool right = json_is_array(value);
    for (size_t i = 0; i < json_array_size(value) && right; i++)
        right = json_is_object(json_array_get(value, i));
    return right;
}

static bool read_value(const struct rpc_parameter *parameter, const json_t *value,
                       struct argument *argument)
{
    switch (parameter->type) {
    case ARGUMENT_HEIGHT: return read_integer(value, 0, HEIGHT_LIMIT - 1, &argument->number);
    case ARGUMENT_HEIGHT_OR_TAG: return read_height_or_tag(value, &argument->number);
    case ARGUMENT_INTEGER:
        return read_integer(value, parameter->least, parameter->most, &argument->number);
    case ARGUMENT_BOOL: argument->flag = json_is_true(value); return json_is_boolean(value);
    case ARGUMENT_OBJECTS: argument->list = value; return is_objects(value);
    default: return read_string(parameter, value, argument);
    }
}

static void set_standard(const struct rpc_parameter *parameter, struct argument *argument)
{
    memset(argument, 0, sizeof *argument);
    if (parameter->type == ARGUMENT_BOOL)
        argument->flag = parameter->standard != 0;
    else
        argument->number = parameter->standard;
}

/* value NULL: not given. */
static bool read_argument(struct rpc_call *call, size_t i, const json_t *value)
{
    const struct rpc_parameter *parameter = &call->method->parameters[i];
    struct argument *argument = &call->arguments[i];
    set_standard(parameter, argument);
    if (!value && !parameter->required) return true;
    struct argument got;
    memset(&got, 0, sizeof got);
    if (!value || !read_value(parameter, value, &got)) {
        fail_type(call, parameter, value);
        return false;
    }
    *argument = got;
    argument->given = true;
    return true;
}

static bool read_object(struct rpc_call *call, const json_t *params)
{
    const struct rpc_method *method = call->method;
    size_t found = 0;
    for (size_t i = 0; i < method->parameter_count; i++) {
        const json_t *value = json_object_get(params, method->parameters[i].name);
        if (!read_argument(call, i, value)) return false;
        if (value) found++;
    }
    if (found == json_object_size(params)) return true;

    const char *name;
    json_t *value;
    json_object_foreach((json_t *)params, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < method->parameter_count; i++)
            known |= strcmp(method->parameters[i].name, name) == 0;
        if (known) continue;
        fail_unknown(call, name);
        return false;
    }
    return true;
}

static bool read_array(struct rpc_call *call, const json_t *params)
{
    const struct rpc_method *method = call->method;
    if (json_array_size(params) > method->parameter_count) {
        char path[PHRASE], expected[PHRASE];
        snprintf(path, sizeof path, "/%zu", method->parameter_count);
        snprintf(expected, sizeof expected, "at most %zu parameters", method->parameter_count);
        call_invalid(call, path, expected, "more");
        return false;
    }
    for (size_t i = 0; i < method->parameter_count; i++) {
        const json_t *value = json_array_get(params, i);
        if (json_is_null(value) && !method->parameters[i].required) value = NULL;
        if (!read_argument(call, i, value)) return false;
    }
    return true;
}

bool arguments_read(struct rpc_call *call, const json_t *params)
{
    ASSERT(call->method->parameter_count <= RPC_PARAMETERS_MAX);
    if (json_is_array(params)) return read_array(call, params);
    if (!params || json_is_object(params)) return read_object(call, params);
    char got[PHRASE];
    call_invalid(call, "", "an object or an array", got_text(params, got));
    return false;
}

void arguments_free(struct rpc_call *call)
{
    for (size_t i = 0; call->method && i < call->method->parameter_count; i++)
        if (call->method->parameters[i].type == ARGUMENT_HEX)
            free((void *)(uintptr_t)call->arguments[i].bytes.data);
    memset(call->arguments, 0, sizeof call->arguments);
}
