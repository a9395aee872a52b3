#include "node/cli_command.h"

#include "genesis/json.h"
#include <stdlib.h>

/* ---- the table ---- */

static bool path_is(const char *path, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(path, words[i], length) != 0) return false;
        path += length;
        if (*path != (i + 1 < count ? ' ' : 0)) return false;
        path++;
    }
    return count > 0;
}

const struct cli_command *cli_find(const struct cli_table *table, const char *const *words,
                                   size_t count, size_t *used)
{
    for (size_t length = count < 2 ? count : 2; length > 0; length--) {
        for (size_t i = 0; i < table->section_count; i++) {
            const struct cli_command *command = table->sections[i].commands;
            for (; command->path; command++) {
                if (!path_is(command->path, words, length)) continue;
                *used = length;
                return command;
            }
        }
    }
    return NULL;
}

static const struct cli_section *section_find(const struct cli_table *table, const char *noun)
{
    for (size_t i = 0; i < table->section_count; i++)
        if (noun[0] && strcmp(table->sections[i].noun, noun) == 0) return &table->sections[i];
    return NULL;
}

static const struct cli_flag *flag_in(const struct cli_flag *flags, const char *name)
{
    for (; flags && flags->name; flags++)
        if (strcmp(flags->name, name) == 0) return flags;
    return NULL;
}

const struct cli_flag *cli_flag_find(const struct cli_call *call, const char *name)
{
    const struct cli_command *command = call->command;
    const struct cli_flag *flag = flag_in(command->flags, name);
    if (!flag) flag = flag_in(call->method_flags, name);
    for (uint32_t group = CLI_GROUP_ALL; !flag && group <= CLI_GROUP_LAST; group <<= 1)
        if ((command->groups | CLI_GROUP_ALL) & group)
            flag = flag_in(cli_group_flags((enum cli_group)group), name);
    return flag;
}

static const struct cli_flag *flag_by_letter(const struct cli_call *call, char letter)
{
    const struct cli_flag *flag = call->command->flags;
    for (; flag && flag->name; flag++)
        if (flag->letter == letter) return flag;
    for (uint32_t group = CLI_GROUP_ALL; group <= CLI_GROUP_LAST; group <<= 1) {
        if (!((call->command->groups | CLI_GROUP_ALL) & group)) continue;
        for (flag = cli_group_flags((enum cli_group)group); flag->name; flag++)
            if (flag->letter == letter) return flag;
    }
    return NULL;
}

/* ---- reading a line ---- */

struct line {
    int argc;
    char **argv;
    int at;
    struct cli_call *call;
    struct problem *problem;
};

/* Flags of any group that take a value, for the part of the line before the command is known. */
static bool takes_value(const char *token)
{
    if (token[0] != '-' || strchr(token, '=')) return false;
    for (uint32_t group = CLI_GROUP_ALL; group <= CLI_GROUP_LAST; group <<= 1) {
        const struct cli_flag *flag = cli_group_flags((enum cli_group)group);
        for (; flag->name; flag++) {
            bool same = token[1] == '-' ? strcmp(token + 2, flag->name) == 0
                                        : token[1] == flag->letter && !token[2] && flag->letter;
            if (same) return flag->type != CLI_SWITCH;
        }
    }
    return false;
}

/* The first two tokens that are no flags, and where they stand. */
static size_t find_words(int argc, char **argv, const char *words[2], int places[2])
{
    size_t count = 0;
    for (int i = 1; i < argc && count < 2; i++) {
        if (strcmp(argv[i], "--") == 0) break;
        if (argv[i][0] == '-' && argv[i][1]) {
            if (takes_value(argv[i])) i++;
            continue;
        }
        places[count] = i;
        words[count++] = argv[i];
    }
    return count;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) return true;
    return false;
}

static enum status add_value(struct cli_call *call, const struct cli_flag *flag, const char *text,
                             struct problem *problem)
{
    if (call->value_count == call->value_capacity) {
        size_t capacity = call->value_capacity ? 2 * call->value_capacity : 16;
        struct cli_value *values = realloc(call->values, capacity * sizeof *values);
        if (!values) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
        call->values = values;
        call->value_capacity = capacity;
    }
    for (size_t i = 0; i < call->value_count && !flag->repeat; i++)
        if (call->values[i].flag == flag)
            return problem_set(problem, STATUS_INVALID, "--%s is given twice", flag->name);
    call->values[call->value_count++] = (struct cli_value){ flag, text, true };
    return STATUS_OK;
}

static enum status unknown_flag(const struct cli_call *call, const char *name,
                                struct problem *problem)
{
    const char *names[CLI_VALUES_MAX * 4];
    size_t count = 0;
    const struct cli_flag *lists[8] = { call->command->flags, call->method_flags };
    size_t list_count = 2;
    for (uint32_t group = CLI_GROUP_ALL; group <= CLI_GROUP_LAST; group <<= 1)
        if ((call->command->groups | CLI_GROUP_ALL) & group)
            lists[list_count++] = cli_group_flags((enum cli_group)group);
    for (size_t i = 0; i < list_count; i++)
        for (const struct cli_flag *flag = lists[i]; flag && flag->name; flag++)
            if (count < sizeof names / sizeof names[0]) names[count++] = flag->name;
    char quoted[QUOTE_TEXT];
    const char *nearest = nearest_name(name, names, count);
    if (nearest)
        return problem_set(problem, STATUS_INVALID, "no flag --%s here; did you mean --%s?",
                           text_quote(name, quoted), nearest);
    return problem_set(problem, STATUS_INVALID, "no flag --%s here", text_quote(name, quoted));
}

/* --name, --name=value, --name value. */
static enum status read_flag(struct line *line, const struct cli_flag *flag, const char *shown,
                             const char *value)
{
    if (!value && flag->type == CLI_SWITCH) value = "true";
    if (!value) {
        if (line->at + 1 >= line->argc)
            return problem_set(line->problem, STATUS_INVALID, "%s needs a value", shown);
        value = line->argv[++line->at];
    }
    enum status status = cli_value_check(flag, shown, value, line->problem);
    return status != STATUS_OK ? status : add_value(line->call, flag, value, line->problem);
}

static enum status read_long(struct line *line, const char *token)
{
    char name[80];
    const char *equals = strchr(token, '=');
    size_t length = equals ? (size_t)(equals - token) : strlen(token);
    if (length >= sizeof name) length = sizeof name - 1;
    memcpy(name, token, length);
    name[length] = 0;
    if (line->call->command->settings && strchr(name, '.')) {
        if (!equals) return problem_set(line->problem, STATUS_INVALID, "write --%s=VALUE", name);
        line->call->settings[line->call->setting_count++] = token;
        return STATUS_OK;
    }
    const struct cli_flag *flag = cli_flag_find(line->call, name);
    if (!flag) return unknown_flag(line->call, name, line->problem);
    char shown[96] = "--";
    strncat(shown, name, sizeof shown - 3);
    return read_flag(line, flag, shown, equals ? equals + 1 : NULL);
}

static enum status read_token(struct line *line, bool *only_arguments)
{
    char *token = line->argv[line->at];
    if (*only_arguments || token[0] != '-' || !token[1]) {
        line->call->arguments[line->call->argument_count++] = token;
        return STATUS_OK;
    }
    if (token[1] == '-' && !token[2]) {
        *only_arguments = true;
        return STATUS_OK;
    }
    if (token[1] == '-') return read_long(line, token + 2);
    char shown[3] = { '-', token[1], 0 };
    const struct cli_flag *flag = token[2] ? NULL : flag_by_letter(line->call, token[1]);
    char quoted[QUOTE_TEXT];
    if (!flag)
        return problem_set(line->problem, STATUS_INVALID, "no flag %s here",
                           text_quote(token, quoted));
    return read_flag(line, flag, shown, NULL);
}

static enum status read_tokens(struct line *line, size_t used, const int places[2])
{
    bool only_arguments = false;
    for (line->at = 1; line->at < line->argc; line->at++) {
        if (line->at == places[0] || (used > 1 && line->at == places[1])) continue;
        enum status status = read_token(line, &only_arguments);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* What only the whole line shows: counts, required flags, the environment's values. */
static enum status check_line(const struct cli_call *call, struct problem *problem)
{
    const struct cli_command *command = call->command;
    if (call->argument_count < command->arguments_min)
        return problem_set(problem, STATUS_INVALID, "too few arguments: witan %s %s", command->path,
                           command->arguments ? command->arguments : "");
    if (call->argument_count > command->arguments_max) {
        char quoted[QUOTE_TEXT];
        return problem_set(problem, STATUS_INVALID, "\"%s\" is one argument too many",
                           text_quote(call->arguments[command->arguments_max], quoted));
    }
    for (const struct cli_flag *flag = command->flags; flag && flag->name; flag++)
        if (flag->required && !cli_text(call, flag->name))
            return problem_set(problem, STATUS_INVALID, "--%s is missing", flag->name);
    for (uint32_t group = CLI_GROUP_ALL; group <= CLI_GROUP_LAST; group <<= 1) {
        if (!((command->groups | CLI_GROUP_ALL) & group)) continue;
        for (const struct cli_flag *flag = cli_group_flags((enum cli_group)group); flag->name;
             flag++) {
            const char *value = flag->environment ? getenv(flag->environment) : NULL;
            if (!value || !value[0] || cli_given(call, flag->name)) continue;
            enum status status = cli_value_check(flag, flag->environment, value, problem);
            if (status != STATUS_OK) return status;
        }
    }
    return STATUS_OK;
}

/* No command has these words: which were meant? */
static enum cli_parsed no_command(const struct cli_table *table, const char *const *words,
                                  size_t count, struct problem *problem)
{
    const char *names[CLI_VALUES_MAX * 4];
    size_t name_count = 0;
    char quoted[QUOTE_TEXT];
    const struct cli_section *section = section_find(table, words[0]);
    if (section && count > 1) {
        for (size_t i = 0; i < table->section_count; i++) {
            if (strcmp(table->sections[i].noun, words[0]) != 0) continue;
            const struct cli_command *command = table->sections[i].commands;
            for (; command->path && name_count < sizeof names / sizeof names[0]; command++)
                names[name_count++] = command->path + strlen(words[0]) + 1;
        }
        const char *nearest = nearest_name(words[1], names, name_count);
        if (nearest)
            problem_set(problem, STATUS_INVALID,
                        "no command \"%s %s\"; did you mean \"witan %s %s\"?", words[0],
                        text_quote(words[1], quoted), words[0], nearest);
        else
            problem_set(problem, STATUS_INVALID, "no command \"%s %s\"; witan %s -h lists them",
                        words[0], text_quote(words[1], quoted), words[0]);
        return CLI_PARSED_WRONG;
    }
    for (size_t i = 0; i < table->section_count; i++) {
        if (name_count == sizeof names / sizeof names[0]) break;
        if (table->sections[i].noun[0]) {
            names[name_count++] = table->sections[i].noun;
            continue;
        }
        const struct cli_command *command = table->sections[i].commands;
        for (; command->path && name_count < sizeof names / sizeof names[0]; command++)
            if (!strchr(command->path, ' ')) names[name_count++] = command->path;
    }
    const char *nearest = nearest_name(words[0], names, name_count);
    if (nearest)
        problem_set(problem, STATUS_INVALID, "no command \"%s\"; did you mean \"witan %s\"?",
                    text_quote(words[0], quoted), nearest);
    else
        problem_set(problem, STATUS_INVALID, "no command \"%s\"; witan help lists them",
                    text_quote(words[0], quoted));
    return CLI_PARSED_WRONG;
}

enum cli_parsed cli_parse(const struct cli_table *table, int argc, char **argv,
                          struct cli_call *call, const char **noun, struct problem *problem)
{
    memset(call, 0, sizeof *call);
    call->table = table;
    call->help = asks_for_help(argc, argv);
    *noun = "";
    const char *words[2];
    int places[2] = { 0, 0 };
    size_t count = find_words(argc, argv, words, places);
    if (count == 0) return CLI_PARSED_HELP;
    size_t used = 0;
    call->command = cli_find(table, words, count, &used);
    const struct cli_section *section = section_find(table, words[0]);
    if (!call->command && section && (count == 1 || call->help)) {
        *noun = section->noun;
        return CLI_PARSED_HELP;
    }
    if (!call->command) return no_command(table, words, count, problem);
    if (call->help) return CLI_PARSED_HELP;

    call->arguments = calloc((size_t)argc + 1, sizeof *call->arguments);
    call->settings = calloc((size_t)argc + 1, sizeof *call->settings);
    bool made = call->arguments && call->settings;
    if (made && call->command->method) {
        call->method_flags = cli_method_flags(call->command->method);
        made = call->method_flags != NULL;
    }
    if (!made) {
        problem_set(problem, STATUS_NO_MEMORY, "out of memory");
        return CLI_PARSED_WRONG;
    }
    struct line line = { argc, argv, 0, call, problem };
    enum status status = read_tokens(&line, used, places);
    if (status == STATUS_OK) status = check_line(call, problem);
    return status == STATUS_OK ? CLI_PARSED : CLI_PARSED_WRONG;
}

void cli_call_free(struct cli_call *call)
{
    free(call->arguments);
    free(call->settings);
    free(call->values);
    free(call->method_flags);
    memset(call, 0, sizeof *call);
}
