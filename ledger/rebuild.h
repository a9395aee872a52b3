/* ledger/rebuild.h -- a new ledger.db out of another one's raw blocks.
 *
 * A node whose state is damaged, or that stopped because its execution differed, makes its ledger
 * again (`witan ledger rebuild`): every transaction is executed again from the genesis, and nothing
 * of the old file is believed but the bytes of headers, transactions and signatures.
 *
 * Where execution gives another header than the old file holds, and that header is covered by a
 * seal, the old file's transactions or the genesis are wrong: STATUS_DIVERGED. Above the last seal
 * it is the old node's own mistake, and the new ledger simply ends before it; the node executes the
 * rest from its journal or from its peers.
 */
#ifndef LEDGER_REBUILD_H
#define LEDGER_REBUILD_H

#include "ledger/ledger.h"

struct rebuild_options {
    uint64_t last; /* highest height to copy; 0 = all there are */
    /* Called after each block; false stops (STATUS_CLOSED), the new file is sound and shorter. */
    bool (*progress)(void *context, uint64_t height, uint64_t last);
    void *context;
};

struct rebuild_result {
    uint64_t height;        /* of the new ledger */
    uint64_t source_height; /* of the old one */
    uint64_t sealed_height; /* of the new one */
    uint64_t signatures;    /* copied; all are verified */
    uint64_t dropped;       /* signatures that do not verify */
    char stopped[320];      /* why it ends below source_height; "" if it does not */
};

/* target must not exist (STATUS_EXISTS). After an error it is left as far as it came, complete and
 * usable up to result->height. STATUS_NOT_FOUND, STATUS_MISMATCH (another chain), STATUS_DIVERGED,
 * STATUS_DAMAGED, STATUS_IO, STATUS_NO_MEMORY. options may be NULL. */
enum status ledger_rebuild(const char *source, const char *target, const struct genesis *genesis,
                           const struct rebuild_options *options, struct rebuild_result *result,
                           struct problem *problem);

#endif
