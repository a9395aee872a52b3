/* node/cli/read.h -- the commands that show what a method answers.
 *
 * A row of the table names the method; a view says which parameters are arguments and which members
 * are columns. Everything else is the same for all of them: optional parameters are flags, assets
 * are typed as codes, record keys as text, a page that is not the last says how to go on.
 */
#ifndef NODE_CLI_READ_H
#define NODE_CLI_READ_H

#include "genesis/address.h"
#include "node/cli/table.h"

struct cli_view {
    const char *positional[3]; /* names of parameters, in the order of the arguments */
    const char *items;         /* path of the list in the result; NULL: the result is one object */
    const struct cli_column *columns;
    size_t column_count;
    int (*judge)(const json_t *result); /* the exit code of what was shown; NULL: 0 */
};

/* For `run` of a row whose `data` is a view. */
int cli_read(struct cli_call *call);

/* The parameters of the row's method as the line gives them, for commands that do more with the
 * answer; or NULL after an error that is printed. New reference. */
json_t *cli_read_params(const struct cli_call *call, const struct cli_view *view, int *exit_code);

#define CLI_VIEW_COLUMNS(columns_) \
    .columns = (columns_), .column_count = sizeof(columns_) / sizeof((columns_)[0])

/* ---- names that people type ---- */

/* "acc1...", or the name of a key file, or of a file of key export, whose account is meant.
 * STATUS_INVALID, STATUS_NOT_FOUND. */
enum status cli_account(const struct cli_call *call, const char *text, struct id *id,
                        struct problem *problem);

/* The key file of that name: the text itself if it is a path, else NAME.json here, in the home's
 * config/ or keys/, or in ~/.config/witan/keys. STATUS_NOT_FOUND. */
enum status cli_key_path(const struct cli_call *call, const char *name, char path[PATH_BYTES_MAX],
                         struct problem *problem);

struct cli_asset {
    struct id id;
    char text[ADDRESS_TEXT];
    char code[13];
    unsigned scale;
};

/* "EUR", "EUR:acc1..." or "ast1...", looked up on the node. false after an error that is printed;
 * *exit_code then is set. */
bool cli_asset(struct rpc_client *client, const char *text, struct cli_asset *asset,
               int *exit_code);

/* Scales of assets that were asked for already; for CELL_AMOUNT. */
struct cli_scales {
    struct rpc_client *client;
    struct cli_asset known[32];
    size_t count;
};
bool cli_scales_of(void *context, const char *asset, unsigned *scale);

#endif
