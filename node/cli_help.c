#include "node/cli_help.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 100, FLAG_COLUMN = 30, NAME_COLUMN = 16 };

/* A page being written; the first error sticks. */
struct page {
    struct buffer *out;
    enum status status;
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct page *page, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof text) size = (int)sizeof text - 1;
    if (page->status == STATUS_OK)
        page->status = buffer_append(page->out, span_of(text, (size_t)size));
}

/* Text from column `indent` on, broken at spaces; the first line begins at column `at`. */
static void put_wrapped(struct page *page, const char *text, size_t at, size_t indent)
{
    for (; at < indent; at++)
        put(page, " ");
    while (*text) {
        size_t room = WIDTH - indent;
        size_t size = strlen(text);
        if (size > room) {
            size = room;
            while (size > 0 && text[size] != ' ')
                size--;
            if (size == 0) size = room;
        }
        put(page, "%.*s\n", (int)size, text);
        text += size;
        while (*text == ' ')
            text++;
        for (size_t i = 0; *text && i < indent; i++)
            put(page, " ");
    }
}

static void flag_left(const struct cli_flag *flag, char *text, size_t size)
{
    char words[160] = "";
    const char *value = flag->value;
    if (flag->type == CLI_WORD) {
        snprintf(words, sizeof words, "%s", flag->words ? flag->words : "");
        for (const char *const *word = flag->list; word && *word; word++) {
            if (words[0]) strncat(words, "|", sizeof words - strlen(words) - 1);
            strncat(words, *word, sizeof words - strlen(words) - 1);
        }
        value = words;
    }
    if (flag->type == CLI_NUMBER && !value) value = "N";
    if (flag->type == CLI_DURATION && !value) value = "TIME";
    if (flag->type == CLI_FILE && !value) value = "FILE";
    if (flag->type == CLI_TEXT && !value) value = "TEXT";
    char letter[5] = "";
    if (flag->letter) snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    snprintf(text, size, "%s--%s%s%s", letter, flag->name, value ? " " : "", value ? value : "");
}

static void flag_right(const struct cli_flag *flag, char *text, size_t size)
{
    snprintf(text, size, "%s", flag->help);
    size_t used = strlen(text);
    if (flag->required) used += (size_t)snprintf(text + used, size - used, "; required");
    if (flag->repeat) used += (size_t)snprintf(text + used, size - used, "; repeatable");
    if (flag->standard)
        used += (size_t)snprintf(text + used, size - used, "; default %s", flag->standard);
    if (flag->environment) snprintf(text + used, size - used, " [%s]", flag->environment);
}

static void put_flags(struct page *page, const char *title, const struct cli_flag *flags)
{
    if (!flags || !flags->name) return;
    put(page, "\n%s:\n", title);
    for (; flags->name; flags++) {
        char left[240];
        char right[512];
        flag_left(flags, left, sizeof left);
        flag_right(flags, right, sizeof right);
        size_t length = strlen(left) + 2;
        put(page, "  %s", left);
        if (length + 2 > FLAG_COLUMN) {
            put(page, "\n");
            length = 0;
        }
        put_wrapped(page, right, length, FLAG_COLUMN);
    }
}

static const struct {
    enum cli_group group;
    const char *title;
} groups[] = {
    { CLI_GROUP_WRITE, "Transaction" }, { CLI_GROUP_SECRET, "Keys" },
    { CLI_GROUP_READ, "Agreement" },    { CLI_GROUP_NODE, "Node" },
    { CLI_GROUP_HOME, "Home" },         { CLI_GROUP_OUTPUT, "Output" },
    { CLI_GROUP_ALL, "Always" },
};

enum { GROUP_COUNT = sizeof groups / sizeof groups[0] };

static void put_synopsis(struct page *page, const struct cli_command *command)
{
    put(page, "witan %s%s%s [FLAGS]%s", command->path, command->arguments ? " " : "",
        command->arguments ? command->arguments : "",
        command->settings ? " [--SECTION.KEY=VALUE]..." : "");
}

static void put_command(struct page *page, const struct cli_command *command)
{
    put(page, "%s.\n\nUsage: ", command->summary);
    put_synopsis(page, command);
    put(page, "\n");
    if (command->details) {
        put(page, "\n");
        put_wrapped(page, command->details, 0, 0);
    }
    put_flags(page, "Flags", command->flags);
    if (command->method) {
        struct cli_flag *flags = cli_method_flags(command->method);
        if (!flags) page->status = STATUS_NO_MEMORY;
        put_flags(page, "Query", flags);
        free(flags);
    }
    for (size_t i = 0; i < GROUP_COUNT; i++)
        if ((command->groups | CLI_GROUP_ALL) & groups[i].group)
            put_flags(page, groups[i].title, cli_group_flags(groups[i].group));
    for (size_t i = 0; i < CLI_EXAMPLES_MAX && command->examples[i]; i++)
        put(page, "%s  witan %s\n", i == 0 ? "\nExamples:\n" : "", command->examples[i]);
}

enum status cli_help_command(const struct cli_command *command, struct buffer *out)
{
    struct page page = { out, STATUS_OK };
    put_command(&page, command);
    return page.status;
}

static void put_row(struct page *page, const char *name, const char *summary)
{
    put(page, "  %s ", name);
    put_wrapped(page, summary, strlen(name) + 3, NAME_COLUMN + 2);
}

/* The first two examples of its verbs. */
static void put_noun_examples(struct page *page, const struct cli_table *table, const char *noun)
{
    size_t shown = 0;
    for (size_t i = 0; i < table->section_count; i++) {
        if (strcmp(table->sections[i].noun, noun) != 0) continue;
        const struct cli_command *command = table->sections[i].commands;
        for (; command->path && shown < 2; command++)
            if (command->examples[0])
                put(page, "%s  witan %s\n", shown++ == 0 ? "\nExamples:\n" : "",
                    command->examples[0]);
    }
}

/* Several sections may share a noun; the first one's sentence stands for it. */
static bool is_repeated(const struct cli_table *table, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(table->sections[i].noun, table->sections[index].noun) == 0) return true;
    return false;
}

enum status cli_help_noun(const struct cli_table *table, const char *noun, struct buffer *out)
{
    struct page page = { out, STATUS_OK };
    bool found = false;
    for (size_t i = 0; i < table->section_count; i++) {
        const struct cli_section *section = &table->sections[i];
        if (strcmp(section->noun, noun) != 0) continue;
        if (!found)
            put(&page, "%s.\n\nUsage: witan %s VERB [ARGUMENTS] [FLAGS]\n\n", section->summary,
                noun);
        found = true;
        for (const struct cli_command *command = section->commands; command->path; command++)
            put_row(&page, command->path + strlen(noun) + 1, command->summary);
    }
    if (!found) return page.status;
    put_noun_examples(&page, table, noun);
    put(&page, "\nwitan %s VERB -h explains a verb.\n", noun);
    return page.status;
}

enum status cli_help_program(const struct cli_table *table, struct buffer *out)
{
    struct page page = { out, STATUS_OK };
    put(&page, "Witan keeps a ledger that a group of organisations shares.\n\n"
               "Usage: witan NOUN VERB [ARGUMENTS] [FLAGS]\n\nCommands:\n");
    for (size_t i = 0; i < table->section_count; i++) {
        const struct cli_section *section = &table->sections[i];
        if (section->noun[0]) continue;
        for (const struct cli_command *command = section->commands; command->path; command++)
            put_row(&page, command->path, command->summary);
    }
    put(&page, "\nNouns with verbs:\n");
    for (size_t i = 0; i < table->section_count; i++)
        if (table->sections[i].noun[0] && !is_repeated(table, i))
            put_row(&page, table->sections[i].noun, table->sections[i].summary);
    put(&page, "\nExamples:\n  witan status\n  witan balance get acc1... EUR\n\n"
               "witan NOUN lists its verbs, -h anywhere explains, witan explain WORD says what an "
               "error means.\n");
    return page.status;
}

/* ---- the reference page ---- */

static void put_cell(struct page *page, const char *text)
{
    for (; *text; text++)
        put(page, *text == '|' ? "\\|" : "%c", *text);
}

static void put_flag_rows(struct page *page, const struct cli_flag *flags)
{
    if (!flags || !flags->name) return;
    put(page, "\n| flag | meaning |\n|---|---|\n");
    for (; flags->name; flags++) {
        char left[240];
        char right[512];
        flag_left(flags, left, sizeof left);
        flag_right(flags, right, sizeof right);
        put(page, "| `");
        put_cell(page, left);
        put(page, "` | ");
        put_cell(page, right);
        put(page, " |\n");
    }
}

static void put_group_names(struct page *page, const struct cli_command *command)
{
    bool first = true;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (groups[i].group == CLI_GROUP_ALL || !(command->groups & groups[i].group)) continue;
        put(page, "%s%s", first ? "\nShared flags: " : ", ", groups[i].title);
        first = false;
    }
    if (!first) put(page, ".\n");
}

static void put_command_section(struct page *page, const struct cli_command *command)
{
    put(page, "\n### witan %s\n\n%s.\n\n```\n", command->path, command->summary);
    put_synopsis(page, command);
    put(page, "\n```\n");
    if (command->details) put(page, "\n%s\n", command->details);
    put_flag_rows(page, command->flags);
    if (command->method) {
        struct cli_flag *flags = cli_method_flags(command->method);
        if (!flags) page->status = STATUS_NO_MEMORY;
        put(page, "\nShows the result of `%s`.\n", command->method);
        put_flag_rows(page, flags);
        free(flags);
    }
    put_group_names(page, command);
    for (size_t i = 0; i < CLI_EXAMPLES_MAX && command->examples[i]; i++)
        put(page, "%switan %s\n", i == 0 ? "\n```\n" : "", command->examples[i]);
    if (command->examples[0]) put(page, "```\n");
}

enum status cli_help_markdown(const struct cli_table *table, struct buffer *out)
{
    struct page page = { out, STATUS_OK };
    put(&page, "# Command line\n\n"
               "This page is the output of `witan help --markdown`; a test compares them.\n\n"
               "`witan NOUN VERB [ARGUMENTS] [FLAGS]`. Data goes to stdout, everything else to "
               "stderr. Flags may stand\nanywhere, `--name value` and `--name=value` are the same, "
               "`--` ends them. A flag wins over its environment\nvariable (in brackets), and that "
               "over the default.\n\n## Shared flags\n");
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        put(&page, "\n### %s\n", groups[i].title);
        put_flag_rows(&page, cli_group_flags(groups[i].group));
    }
    put(&page, "\n## Exit codes\n\n| code | name | meaning | `start` may be restarted |\n"
               "|---|---|---|---|\n");
    for (size_t i = 0; cli_exit_at(i); i++) {
        const struct cli_exit_row *row = cli_exit_at(i);
        put(&page, "| %d | %s | %s | %s |\n", row->number, row->name, row->meaning,
            row->restart ? "yes" : "no");
    }
    put(&page, "| 128 + n | | Killed by signal n; 134 is a broken invariant. | yes |\n");
    for (size_t i = 0; i < table->section_count; i++) {
        const struct cli_section *section = &table->sections[i];
        if (!is_repeated(table, i))
            put(&page, "\n## %s\n\n%s.\n", section->noun[0] ? section->noun : "Bare verbs",
                section->summary);
        for (const struct cli_command *command = section->commands; command->path; command++)
            put_command_section(&page, command);
    }
    return page.status;
}
