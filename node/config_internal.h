/* node/config_internal.h -- what the configuration's sources share; nobody else includes this.
 *
 *     config.c           the table, values with their types, reading them
 *     config_sources.c   defaults, file, environment and flags, in this order
 *     config_file.c      witan.conf through libconfig
 *     config_check.c     rules across keys; the annotated sample
 */
#ifndef NODE_CONFIG_INTERNAL_H
#define NODE_CONFIG_INTERNAL_H

#include "node/config.h"
#include "node/files.h"

struct config_value {
    enum config_origin origin;
    unsigned line;   /* in the file */
    char *text;      /* text, path */
    uint64_t number; /* number, size, time, bool */
    char **items;    /* list */
    size_t items_count;
};

struct config {
    char file[PATH_BYTES_MAX];   /* that was read; "" if none */
    char folder[PATH_BYTES_MAX]; /* where relative paths of file and defaults begin */
    const char *home;            /* during config_load */
    struct config_value values[CONFIG_COUNT];
};

/* Where a value comes from, for messages: "witan.conf line 12: " or "--rpc.listen: ". */
struct config_place {
    enum config_origin origin;
    const char *source; /* file, variable or flag */
    unsigned line;
};

/* Sets a value from its flag spelling. */
enum status config_set_text(struct config *config, enum config_key key, const char *text,
                            const struct config_place *place, struct problem *problem);

/* Sets typed values; the type has been checked, the range is checked here. Lists are copied. */
enum status config_set_number(struct config *config, enum config_key key, uint64_t number,
                              const struct config_place *place, struct problem *problem);
enum status config_set_list(struct config *config, enum config_key key, const char *const *items,
                            size_t count, const struct config_place *place,
                            struct problem *problem);

enum status config_fail(struct problem *problem, const struct config_place *place, const char *name,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

enum status config_no_memory(struct problem *problem);

/* "section.name" of this length; CONFIG_COUNT if unknown. */
enum config_key config_find(const char *full, size_t size);
enum status config_unknown(struct problem *problem, const struct config_place *place,
                           const char *full);

/* config_file.c: scans, parses and applies config->file. */
enum status config_file_apply(struct config *config, struct span text, struct problem *problem);

#endif
