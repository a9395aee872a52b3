/* node/cli_help.h -- help texts, made from the command table.
 *
 * The same rows give `witan -h`, `witan NOUN`, `witan NOUN VERB -h` and docs/reference/cli.md
 * (`witan help --markdown`), so that no page can say what the program does not do.
 */
#ifndef NODE_CLI_HELP_H
#define NODE_CLI_HELP_H

#include "crypto/codec.h"
#include "node/cli_command.h"

/* Each appends to *out: STATUS_OK, STATUS_NO_MEMORY, STATUS_TOO_LARGE. */

/* The program: every noun and bare verb with its sentence. */
enum status cli_help_program(const struct cli_table *table, struct buffer *out);

/* A noun: its verbs and the first two examples. */
enum status cli_help_noun(const struct cli_table *table, const char *noun, struct buffer *out);

/* A command: synopsis, what it does, its flags by group, examples. */
enum status cli_help_command(const struct cli_command *command, struct buffer *out);

/* The whole reference as Markdown. */
enum status cli_help_markdown(const struct cli_table *table, struct buffer *out);

#endif
