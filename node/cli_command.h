/* node/cli_command.h -- the command table: what a command is, and how its line is read.
 *
 * Every command is one row: the path of words that calls it, a sentence, its arguments, its flags
 * with types and defaults, examples, and the function that does it. Parsing, help
 * (node/cli_help.h), docs/reference/cli.md and suggestions for typing errors all come from the
 * rows; a flag that has no row does not exist.
 *
 * Rows stand in groups, one array for a file in node/cli/:
 *
 *     static const struct cli_flag log_level_flags[] = {
 *         { .name = "module", .type = CLI_TEXT, .value = "NAME", .help = "only this module" },
 *         CLI_FLAGS_END,
 *     };
 *     const struct cli_command log_commands[] = {
 *         { .path = "log level", .summary = "Read or set the log level", .arguments = "[LEVEL]",
 *           .arguments_max = 1, .groups = CLI_GROUP_NODE, .flags = log_level_flags,
 *           .run = log_level },
 *         CLI_COMMANDS_END,
 *     };
 *
 * Flags may stand anywhere, `--name value` and `--name=value` are the same, `--` ends them, and a
 * value comes from the flag, else from the flag's environment variable, else from its default.
 * Abbreviations do not work: what a script says today must mean the same tomorrow.
 */
#ifndef NODE_CLI_COMMAND_H
#define NODE_CLI_COMMAND_H

#include "node/cli_exit.h"

struct cli_call;
struct rpc_method;

enum cli_type {
    CLI_SWITCH,   /* no value; --name or --name=false */
    CLI_TEXT,     /* any text */
    CLI_FILE,     /* a path */
    CLI_NUMBER,   /* least .. most */
    CLI_DURATION, /* "5m" */
    CLI_WORD,     /* one of words */
};

struct cli_flag {
    const char *name; /* without the dashes; NULL ends a list */
    char letter;      /* short form, or 0 */
    enum cli_type type;
    const char *value;       /* what help calls the value: "FILE" */
    const char *standard;    /* the default, in the spelling of the flag; NULL for none */
    const char *environment; /* variable that gives the value when the flag does not; or NULL */
    const char *words;       /* CLI_WORD: "admitted|committed|sealed" */
    const char *const *list; /* or its words as an array, ended by NULL */
    uint64_t least, most;    /* CLI_NUMBER; most 0 stands for 2^53 - 1 */
    bool repeat;             /* may be given several times */
    bool required;
    const char *help;
};

#define CLI_FLAGS_END \
    { \
        .name = NULL \
    }

/* Flags that many commands share. Every command has those of CLI_GROUP_ALL: -h, -q, -v. */
enum cli_group {
    CLI_GROUP_ALL = 1,
    CLI_GROUP_HOME = 2,    /* --home --config */
    CLI_GROUP_NODE = 4,    /* --node --timeout, and --home for its socket */
    CLI_GROUP_OUTPUT = 8,  /* --format --json --columns --no-headers --no-trunc -o */
    CLI_GROUP_WRITE = 16,  /* --source --key --client-ref --expires --lane --seq --wait --out */
    CLI_GROUP_SECRET = 32, /* --passphrase-file */
    CLI_GROUP_READ = 64,   /* --agree */
    CLI_GROUP_LAST = 64,
};

enum { CLI_EXAMPLES_MAX = 4, CLI_VALUES_MAX = 64, CLI_ARGUMENTS_MAX = 4096 };

struct cli_command {
    const char *path;      /* "tx transfer"; NULL ends a list */
    const char *summary;   /* one line, without a full stop */
    const char *details;   /* paragraphs for the help page; or NULL */
    const char *arguments; /* "ACCOUNT [ASSET]", or NULL for none */
    uint32_t arguments_min, arguments_max;
    uint32_t groups; /* of enum cli_group; CLI_GROUP_ALL need not be said */
    const struct cli_flag *flags;
    bool settings;      /* takes --section.key=value of witan.conf */
    const char *method; /* the JSON-RPC method behind it: its optional parameters become flags */
    const char *examples[CLI_EXAMPLES_MAX];
    const void *data; /* the handler's own */
    int (*run)(struct cli_call *call);
};

#define CLI_COMMANDS_END \
    { \
        .path = NULL \
    }

/* A group of commands under one noun, or the bare verbs. */
struct cli_section {
    const char *noun;    /* "tx"; "" for bare verbs */
    const char *summary; /* of the noun */
    const struct cli_command *commands;
};

struct cli_table {
    const struct cli_section *sections;
    size_t section_count;
};

struct cli_value {
    const struct cli_flag *flag;
    const char *text; /* NULL: not given and no default */
    bool given;       /* on the command line */
};

/* A command line, read. Borrows argv and the environment. */
struct cli_call {
    const struct cli_table *table;
    const struct cli_command *command;
    const char **arguments; /* those that are no flags, argument_count of them */
    size_t argument_count;
    struct cli_value *values; /* by flag, in the order given; repeated ones several times */
    size_t value_count, value_capacity;
    const char **settings; /* "rpc.listen=..." */
    size_t setting_count;
    struct cli_flag *method_flags; /* made from the method's parameters */
    bool help;
};

/* What cli_parse found. */
enum cli_parsed {
    CLI_PARSED,
    CLI_PARSED_HELP, /* -h, a noun alone, or nothing: call->command may be NULL; *noun says which */
    CLI_PARSED_WRONG, /* *problem says what */
};

/* Reads argv[1..]. noun gets the noun that help is wanted for ("" for the program). End with
 * cli_call_free in every case. */
enum cli_parsed cli_parse(const struct cli_table *table, int argc, char **argv,
                          struct cli_call *call, const char **noun, struct problem *problem);
void cli_call_free(struct cli_call *call);

/* A command by its words, e.g. {"tx", "transfer"}; used is how many of them its path has. */
const struct cli_command *cli_find(const struct cli_table *table, const char *const *words,
                                   size_t count, size_t *used);

/* The flags of a group, ended by a row without name. */
const struct cli_flag *cli_group_flags(enum cli_group group);

/* The flag of that name for this command, or NULL. */
const struct cli_flag *cli_flag_find(const struct cli_call *call, const char *name);

/* The row of a method. One that is not in the table of rpc/methods.h is an ASSERT. */
const struct rpc_method *cli_method(const char *name);

/* The flags made of a method's optional parameters (heap, ended by a row without name; free() it),
 * or NULL without memory. */
struct cli_flag *cli_method_flags(const char *method);
/* How many of a method's parameters are required. */
size_t cli_method_required(const char *method);

/* The value of a flag: the last one given, the environment's or the default's; NULL for none. The
 * flag must be one of the command's. Types were checked when the line was read. */
const char *cli_text(const struct cli_call *call, const char *name);
bool cli_switch(const struct cli_call *call, const char *name);
uint64_t cli_number(const struct cli_call *call, const char *name); /* 0 for none; durations: ms */
bool cli_given(const struct cli_call *call, const char *name);      /* on the command line */
/* Does the command have such a flag at all? */
bool cli_has(const struct cli_call *call, const char *name);

/* Repeated flags: how many values, and one of them. */
size_t cli_count(const struct cli_call *call, const char *name);
const char *cli_item(const struct cli_call *call, const char *name, size_t index);

/* An argument, or NULL beyond the last. */
const char *cli_argument(const struct cli_call *call, size_t index);

/* Is text a value of the flag's type? STATUS_INVALID and a sentence that begins with origin, the
 * flag or variable it came from. */
enum status cli_value_check(const struct cli_flag *flag, const char *origin, const char *text,
                            struct problem *problem);

/* Is value one of the flag's words? */
bool cli_word_in(const struct cli_flag *flag, const char *value);

#endif
