/* node/config.h -- this machine's settings: witan.conf, environment, flags.
 *
 * libconfig's syntax. Precedence, key by key: flag > environment > file > default. One key, three
 * spellings: `rpc.batch_items_max` in the file, `WITAN_RPC_BATCH_ITEMS_MAX=50`,
 * `--rpc.batch_items_max=50`; lists are comma-separated in the last two. An unknown key, a wrong
 * type or a value out of range is an error with its place and the nearest key. What all validators
 * must share (timeouts, limits, quotas) is not here but in the genesis.
 *
 * The table is node/config.def; `config sample` and docs/reference/config.md come from it.
 *
 * Two traps of libconfig 1.5 are closed by a scan before it parses: it cuts integers of more than
 * 32 bits silently, so numbers of more than nine digits outside strings are refused, and it follows
 * @include, which is refused so that every value has one origin.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include "crypto/codec.h"
#include "node/units.h"

/* text; path (text, relative to the file's folder); bool; number; size ("64KiB"); time ("500ms");
 * list (of text). */
enum config_type {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_BOOL,
    CONFIG_NUMBER,
    CONFIG_SIZE,
    CONFIG_TIME,
    CONFIG_LIST,
};

enum config_key {
#define KEY(section, name, type, standard, least, most, reload, help) CONFIG_##section##_##name,
#include "node/config.def"
    CONFIG_COUNT
};

struct config_info {
    const char *section, *name;
    const char *full; /* "section.name" */
    enum config_type type;
    const char *standard; /* as in the other spellings: text, "64KiB", "true", "a,b" */
    uint64_t least, most; /* number, size (bytes), time (ms) */
    bool reload;          /* a reload applies it; else a restart */
    const char *help;
};
const struct config_info *config_info(enum config_key key);

enum config_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

enum { CONFIG_FILE_MAX = 256 * 1024, CONFIG_LIST_MAX = 256, CONFIG_TEXT_MAX = 4095 };

struct config;

struct config_sources {
    const char *home;         /* --home, or NULL: /etc/witan and /var/lib/witan */
    const char *file;         /* --config, or NULL: HOME/config/witan.conf or the one in /etc/witan;
                                 then, and only then, it may be missing */
    const char *const *flags; /* "rpc.batch_items_max=50"; unknown keys are errors */
    size_t flags_count;
    char *const
        *environment; /* as environ; other WITAN_ variables (HOME, CONFIG, NODE, CA,
                         TOKEN_FILE, TIMEOUT, FORMAT) are left alone, unknown ones refused */
};

/* STATUS_NOT_FOUND, STATUS_IO, STATUS_MALFORMED, STATUS_INVALID; *problem says where ("witan.conf
 * line 12: ..."). All of them are exit code 10. */
enum status config_load(struct config **config, const struct config_sources *sources,
                        struct problem *problem);
void config_free(struct config *config);

/* Text and path; a path is absolute or relative to the working directory already, "" if unset. With
 * a home: node.data_dir stands for HOME/data, rpc.socket for HOME/witan.sock unless set. */
const char *config_text(const struct config *config, enum config_key key);
bool config_bool(const struct config *config, enum config_key key);
uint64_t config_number(const struct config *config, enum config_key key); /* number, bytes, ms */
size_t config_list_count(const struct config *config, enum config_key key);
const char *config_list_item(const struct config *config, enum config_key key, size_t index);

/* An item of peers.observers: a node key in hex, or such a key "=host:port". endpoint points into
 * the text, at its end if there is none. False: it is neither. */
bool config_observer_read(const char *text, struct public_key *key, const char **endpoint);

enum config_origin config_origin(const struct config *config, enum config_key key);

/* The value in its text spelling ("64KiB"), into text; "origin" in words ("default", "file line
 * 12", "environment", "flag"). */
void config_value_text(const struct config *config, enum config_key key, char *text, size_t size);
void config_origin_text(const struct config *config, enum config_key key, char *text, size_t size);

/* The file that was read, "" if none; where its folder is. */
const char *config_file(const struct config *config);

/* Checks beyond single values: listen addresses parse, rpc.listen is loopback only (any other needs
 * tokens, which this release does not have), disk.critical below disk.low, log levels and modules
 * known. Part of config_load; STATUS_INVALID. */
enum status config_check(const struct config *config, struct problem *problem);

/* Moves the value of a key from one configuration into another, which gets its own in exchange. */
void config_adopt(struct config *config, struct config *other, enum config_key key);

/* Keys whose value differs between two configurations. */
bool config_differs(const struct config *a, const struct config *b, enum config_key key);

/* The annotated default file. */
enum status config_sample(struct buffer *out);

#endif
