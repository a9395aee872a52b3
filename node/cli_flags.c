#include "node/cli_command.h"

#include "rpc/method.h"
#include <stdlib.h>

/* ---- flags that many commands share ---- */

static const struct cli_flag flags_all[] = {
    { .name = "help", .letter = 'h', .type = CLI_SWITCH, .help = "show this help" },
    { .name = "quiet", .letter = 'q', .type = CLI_SWITCH, .help = "print only errors and data" },
    { .name = "verbose",
      .letter = 'v',
      .type = CLI_SWITCH,
      .help = "print request ids and times on stderr" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_home[] = {
    { .name = "home",
      .type = CLI_FILE,
      .value = "DIR",
      .environment = "WITAN_HOME",
      .help = "a self-contained home; without it /etc/witan and /var/lib/witan" },
    { .name = "config",
      .type = CLI_FILE,
      .value = "FILE",
      .environment = "WITAN_CONFIG",
      .help = "settings; without it HOME/config/witan.conf or /etc/witan/witan.conf" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_node[] = {
    { .name = "node",
      .type = CLI_TEXT,
      .value = "URL,...",
      .environment = "WITAN_NODE",
      .help =
          "unix:PATH or http://HOST:PORT; of several the first one that can answers; without it "
          "the home's socket, the system's socket or http://127.0.0.1:7780" },
    { .name = "timeout",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "30s",
      .environment = "WITAN_TIMEOUT",
      .help = "longest time of one call" },
    { .name = "home",
      .type = CLI_FILE,
      .value = "DIR",
      .environment = "WITAN_HOME",
      .help = "the home whose socket and keys are used" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_output[] = {
    { .name = "format",
      .type = CLI_WORD,
      .words = "table|json|ndjson|csv|plain",
      .standard = "table",
      .environment = "WITAN_FORMAT",
      .help = "shape of the output; csv guards cells that begin with = + - @" },
    { .name = "json",
      .type = CLI_SWITCH,
      .help = "the same as --format json: the method's result" },
    { .name = "columns",
      .type = CLI_TEXT,
      .value = "A,B",
      .help = "only these columns, in this order" },
    { .name = "no-headers", .type = CLI_SWITCH, .help = "no line with the columns' names" },
    { .name = "no-trunc", .type = CLI_SWITCH, .help = "never shorten a cell to the terminal" },
    { .name = "output",
      .letter = 'o',
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write the data there instead of stdout" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_write[] = {
    { .name = "source",
      .type = CLI_TEXT,
      .value = "ID|KEYNAME",
      .help = "account that pays for and orders the transaction; default: the first key's" },
    { .name = "key",
      .type = CLI_FILE,
      .value = "FILE",
      .repeat = true,
      .help = "key file that signs; default: config/NAME.json of the home for --source NAME" },
    { .name = "client-ref",
      .type = CLI_TEXT,
      .value = "HEX32",
      .help = "your reference, unique for the source; default: a new UUIDv7" },
    { .name = "expires",
      .type = CLI_DURATION,
      .value = "TIME",
      .standard = "5m",
      .help = "how long from now it may be executed" },
    { .name = "lane",
      .type = CLI_NUMBER,
      .value = "N",
      .most = UINT32_MAX,
      .help = "order it in this lane of the source; needs --seq" },
    { .name = "seq",
      .type = CLI_NUMBER,
      .value = "N",
      .least = 1,
      .help = "its number in the lane" },
    { .name = "wait",
      .type = CLI_WORD,
      .words = "admitted|committed|sealed",
      .standard = "committed",
      .help = "what to wait for" },
    { .name = "out",
      .type = CLI_FILE,
      .value = "FILE",
      .help = "write the signed bytes there and send nothing" },
    { .name = "dry-run",
      .type = CLI_SWITCH,
      .help = "print the transaction and neither sign nor send it" },
    { .name = "json", .type = CLI_SWITCH, .help = "print only how it ended, as JSON" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_secret[] = {
    { .name = "passphrase-file",
      .type = CLI_FILE,
      .value = "FILE",
      .help = "opens encrypted key files; mode 0600; /dev/stdin reads it from a pipe" },
    CLI_FLAGS_END,
};

static const struct cli_flag flags_read[] = {
    { .name = "agree",
      .type = CLI_NUMBER,
      .value = "N",
      .least = 1,
      .most = 64,
      .standard = "1",
      .help = "ask the nodes of --node until N give the same answer, else exit 7" },
    CLI_FLAGS_END,
};

const struct cli_flag *cli_group_flags(enum cli_group group)
{
    switch (group) {
    case CLI_GROUP_ALL: return flags_all;
    case CLI_GROUP_HOME: return flags_home;
    case CLI_GROUP_NODE: return flags_node;
    case CLI_GROUP_OUTPUT: return flags_output;
    case CLI_GROUP_WRITE: return flags_write;
    case CLI_GROUP_SECRET: return flags_secret;
    case CLI_GROUP_READ: return flags_read;
    }
    return flags_all + sizeof flags_all / sizeof flags_all[0] - 1;
}

/* ---- flags that are parameters of a method ---- */

static const struct {
    const char *name, *help;
} parameter_help[] = {
    { "account", "of this account" },
    { "asset", "of this asset" },
    { "at_height", "at the end of this block" },
    { "at_time", "at this time" },
    { "client_ref", "with this reference of the source" },
    { "code", "with this code" },
    { "consistency", "whose word counts" },
    { "cursor", "go on where the page before ended (its next_cursor)" },
    { "entries", "how much of the entries" },
    { "epoch", "up to this epoch; default: the current one" },
    { "from_height", "from this block on" },
    { "from_time", "from this time on, RFC 3339" },
    { "hash", "by the block's hash" },
    { "height", "of this block, or latest, or earliest" },
    { "hold", "of this hold, hld1..." },
    { "issuer", "of this issuer" },
    { "key", "with this key: text, or hex: and digits" },
    { "lane", "with this number" },
    { "limit", "rows of a page" },
    { "min_height", "answer from this height or later" },
    { "module", "only this module" },
    { "not_after", "the transaction's not_after" },
    { "op", "with an operation of this name" },
    { "order", "by height" },
    { "prefix", "keys that begin with this text, or hex: and digits" },
    { "proposal", "with this number" },
    { "public_key", "with this signer" },
    { "raw", "with the bytes" },
    { "result", "by outcome" },
    { "role", "with this role" },
    { "seal", "with the seal" },
    { "source", "of this source" },
    { "status", "with this status" },
    { "timeout_ms", "how long the node may wait before it answers" },
    { "to_height", "up to this block" },
    { "to_time", "up to this time, RFC 3339" },
    { "until", "what to wait for" },
    { "validator", "with this id, val1..." },
    { "withhold", "leave transaction and effects out" },
};

static const char *help_of(const char *parameter)
{
    for (size_t i = 0; i < sizeof parameter_help / sizeof parameter_help[0]; i++)
        if (strcmp(parameter_help[i].name, parameter) == 0) return parameter_help[i].help;
    return "a parameter of the method";
}

static const char *placeholder_of(enum argument_type type)
{
    switch (type) {
    case ARGUMENT_HEIGHT:
    case ARGUMENT_HEIGHT_OR_TAG: return "HEIGHT";
    case ARGUMENT_INTEGER: return "N";
    case ARGUMENT_ACCOUNT: return "ACCOUNT";
    case ARGUMENT_ASSET: return "ASSET";
    case ARGUMENT_VALIDATOR: return "VALIDATOR";
    case ARGUMENT_TIME: return "TIME";
    case ARGUMENT_HASH:
    case ARGUMENT_PUBLIC_KEY: return "HEX64";
    case ARGUMENT_ID16: return "HEX32";
    default: return "TEXT";
    }
}

const struct rpc_method *cli_method(const char *name)
{
    const struct rpc_method *found = NULL;
    for (size_t i = 0; i < rpc_method_count; i++)
        if (strcmp(rpc_methods[i]->name, name) == 0) found = rpc_methods[i];
    ASSERT(found != NULL);
    return found;
}

size_t cli_method_required(const char *name)
{
    const struct rpc_method *method = cli_method(name);
    size_t count = 0;
    for (size_t i = 0; i < method->parameter_count; i++)
        count += method->parameters[i].required ? 1 : 0;
    return count;
}

/* "from_height" as the flag "from-height"; name has room for 32 characters. */
static const char *flag_name_of(const char *parameter, char name[32])
{
    size_t length = strlen(parameter);
    ASSERT(length < 32);
    for (size_t i = 0; i <= length; i++)
        name[i] = (char)(parameter[i] == '_' ? '-' : parameter[i]);
    return name;
}

static void flag_of(const struct rpc_parameter *parameter, struct cli_flag *flag, char name[32],
                    char standard[24])
{
    *flag = (struct cli_flag){ .name = flag_name_of(parameter->name, name),
                               .type = CLI_TEXT,
                               .value = placeholder_of(parameter->type),
                               .help = help_of(parameter->name) };
    if (parameter->type == ARGUMENT_BOOL) flag->type = CLI_SWITCH;
    if (parameter->type == ARGUMENT_WORD) {
        flag->type = CLI_WORD;
        flag->list = parameter->words;
        if (parameter->has_standard) flag->standard = parameter->words[parameter->standard];
    }
    if (parameter->type == ARGUMENT_INTEGER) {
        flag->type = CLI_NUMBER;
        flag->least = parameter->least;
        flag->most = parameter->most;
        if (parameter->has_standard) {
            char digits[24];
            size_t at = sizeof digits - 1;
            digits[at] = 0;
            uint64_t rest = parameter->standard;
            do {
                digits[--at] = (char)('0' + rest % 10);
                rest /= 10;
            } while (rest > 0);
            memcpy(standard, digits + at, sizeof digits - at);
            flag->standard = standard;
        }
    }
}

struct cli_flag *cli_method_flags(const char *name)
{
    const struct rpc_method *method = cli_method(name);
    size_t count = method->parameter_count;
    enum { TEXT_BYTES = 32 + 24 };
    struct cli_flag *flags = calloc(count + 1, sizeof *flags + TEXT_BYTES);
    if (!flags) return NULL;
    char *texts = (char *)(flags + count + 1);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (method->parameters[i].required) continue;
        char *text = texts + used * TEXT_BYTES;
        flag_of(&method->parameters[i], &flags[used], text, text + 32);
        used++;
    }
    return flags;
}
