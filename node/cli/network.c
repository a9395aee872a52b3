#include "node/cli/network.h"

#include <errno.h>
#include <stdlib.h>

enum status cli_network_dir(const struct cli_call *call, const char *name, char dir[PATH_BYTES_MAX],
                            struct problem *problem)
{
    const char *wanted = cli_text(call, "dir");
    const char *base = getenv("TMPDIR");
    if (wanted) {
        snprintf(dir, PATH_BYTES_MAX, "%s", wanted);
        return STATUS_OK;
    }
    snprintf(dir, PATH_BYTES_MAX, "%s/witan-%s.XXXXXX", base && base[0] ? base : "/tmp", name);
    return mkdtemp(dir) ? STATUS_OK
                        : problem_set(problem, STATUS_IO, "%s: %s", dir, strerror(errno));
}
