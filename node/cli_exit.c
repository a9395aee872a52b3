#include "node/cli_exit.h"

static const struct cli_exit_row rows[] = {
#define X(name, number, restart, meaning) { #name, number, restart, meaning },
    CLI_EXIT_LIST(X)
#undef X
};

const struct cli_exit_row *cli_exit_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct cli_exit_row *cli_exit_row(int number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == number) return &rows[i];
    return NULL;
}

int cli_exit_of_status(enum status status)
{
    switch (status) {
    case STATUS_OK: return CLI_EXIT_DONE;
    case STATUS_NO_MEMORY: return CLI_EXIT_SYSTEM;
    case STATUS_IO: return CLI_EXIT_IO;
    case STATUS_BUSY: return CLI_EXIT_BUSY;
    case STATUS_NOT_FOUND: return CLI_EXIT_NOT_FOUND;
    case STATUS_PERMISSION: return CLI_EXIT_FORBIDDEN;
    case STATUS_REFUSED:
    case STATUS_CONFLICT: return CLI_EXIT_REFUSED;
    case STATUS_DAMAGED: return CLI_EXIT_DAMAGED;
    case STATUS_DIVERGED: return CLI_EXIT_UNVERIFIED;
    default: return CLI_EXIT_FAILED;
    }
}
