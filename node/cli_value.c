/* Values of flags: whether a text is one, and which one holds. */
#include "genesis/json.h"
#include "node/cli_command.h"
#include "node/units.h"
#include <stdlib.h>

#define NUMBER_MOST (((uint64_t)1 << 53) - 1)

/* ---- checking ---- */

bool cli_word_in(const struct cli_flag *flag, const char *value)
{
    for (const char *const *word = flag->list; word && *word; word++)
        if (strcmp(*word, value) == 0) return true;
    size_t length = strlen(value);
    const char *at = flag->words;
    while (at && *at) {
        size_t size = strcspn(at, "|");
        if (size == length && memcmp(at, value, size) == 0) return true;
        at += size + (at[size] == '|' ? 1 : 0);
    }
    return false;
}

static bool number_of(const char *text, uint64_t *number)
{
    uint64_t value = 0;
    if (!text[0]) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > NUMBER_MOST / 10) return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *number = value;
    return value <= NUMBER_MOST;
}

static void words_text(const struct cli_flag *flag, char *text, size_t size)
{
    text[0] = 0;
    if (flag->words) {
        size_t length = min_u64(strlen(flag->words), size - 1);
        memcpy(text, flag->words, length);
        text[length] = 0;
    }
    for (const char *const *word = flag->list; word && *word; word++) {
        if (text[0]) strncat(text, "|", size - strlen(text) - 1);
        strncat(text, *word, size - strlen(text) - 1);
    }
}

enum status cli_value_check(const struct cli_flag *flag, const char *origin, const char *text,
                            struct problem *problem)
{
    char quoted[QUOTE_TEXT];
    char words[200];
    uint64_t number = 0;
    uint64_t most = flag->most ? flag->most : NUMBER_MOST;
    switch (flag->type) {
    case CLI_SWITCH:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) return STATUS_OK;
        return problem_set(problem, STATUS_INVALID, "%s takes no value, or true or false", origin);
    case CLI_NUMBER:
        if (number_of(text, &number) && number >= flag->least && number <= most) return STATUS_OK;
        return problem_set(
            problem, STATUS_INVALID, "%s must be a number from %llu to %llu, not \"%s\"", origin,
            (unsigned long long)flag->least, (unsigned long long)most, text_quote(text, quoted));
    case CLI_DURATION:
        if (duration_parse(text, &number)) return STATUS_OK;
        return problem_set(problem, STATUS_INVALID,
                           "%s must be a time such as 500ms, 10s or 5m, not \"%s\"", origin,
                           text_quote(text, quoted));
    case CLI_WORD:
        if (cli_word_in(flag, text)) return STATUS_OK;
        words_text(flag, words, sizeof words);
        return problem_set(problem, STATUS_INVALID, "%s must be one of %s, not \"%s\"", origin,
                           words, text_quote(text, quoted));
    default:
        if (text[0]) return STATUS_OK;
        return problem_set(problem, STATUS_INVALID, "%s must not be empty", origin);
    }
}

/* ---- asking ---- */

bool cli_has(const struct cli_call *call, const char *name)
{
    return cli_flag_find(call, name) != NULL;
}

bool cli_given(const struct cli_call *call, const char *name)
{
    return cli_count(call, name) > 0;
}

size_t cli_count(const struct cli_call *call, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < call->value_count; i++)
        count += strcmp(call->values[i].flag->name, name) == 0 ? 1 : 0;
    return count;
}

const char *cli_item(const struct cli_call *call, const char *name, size_t index)
{
    for (size_t i = 0; i < call->value_count; i++)
        if (strcmp(call->values[i].flag->name, name) == 0 && index-- == 0)
            return call->values[i].text;
    return NULL;
}

const char *cli_text(const struct cli_call *call, const char *name)
{
    const struct cli_flag *flag = cli_flag_find(call, name);
    ASSERT(flag != NULL);
    size_t count = cli_count(call, name);
    if (count > 0) return cli_item(call, name, count - 1);
    const char *value = flag->environment ? getenv(flag->environment) : NULL;
    return value && value[0] ? value : flag->standard;
}

bool cli_switch(const struct cli_call *call, const char *name)
{
    const char *text = cli_text(call, name);
    return text && strcmp(text, "true") == 0;
}

uint64_t cli_number(const struct cli_call *call, const char *name)
{
    const char *text = cli_text(call, name);
    uint64_t number = 0;
    if (!text) return 0;
    bool read = cli_flag_find(call, name)->type == CLI_DURATION ? duration_parse(text, &number)
                                                                : number_of(text, &number);
    ASSERT(read);
    return number;
}

const char *cli_argument(const struct cli_call *call, size_t index)
{
    return index < call->argument_count ? call->arguments[index] : NULL;
}
