/* proof/trust.h -- the highest sealed block that was accepted, remembered.
 *
 * A proof is judged by itself. What it cannot show is that nobody made another past with seal keys
 * that were stolen long after they had been rotated. Whoever remembers one sealed head, and where
 * the epochs before it ended, closes that gap: such a past ends an epoch elsewhere.
 *
 * One record for each chain; the files and their places are the command line's. As text:
 *
 *     {"format": "witan-trust/1", "chain_id": hash, "height": n, "epoch": n, "hash": hash,
 *      "history_root": hash, "time": time, "boundaries": [{"height": n, "hash": hash}, ...]}
 *
 * boundaries[e] ended epoch e; there are as many as the head's epoch.
 */
#ifndef PROOF_TRUST_H
#define PROOF_TRUST_H

#include "format/block.h"
#include <jansson.h>

enum { TRUST_BYTES_MAX = 2 * 1024 * 1024 };

struct trust_boundary {
    uint64_t height;
    struct digest hash;
};

struct trust {
    struct digest chain_id;
    uint64_t height; /* 0: nothing is remembered yet */
    uint64_t epoch;
    uint64_t time_ms;
    struct digest block_hash;
    struct digest history_root;
    uint32_t boundary_count; /* = epoch */
    struct trust_boundary *boundaries;
};

void trust_init(struct trust *trust);
void trust_free(struct trust *trust);

/* Does a sealed block, or a block proven to be in a sealed history, fit? It does not if it has the
 * remembered height and another hash; is lower and not earlier, or of a later epoch; is higher and
 * not later, or of an earlier epoch; or lies outside of the heights that its epoch is remembered to
 * have had. CHECK_TRUST is what the verifier reports. text (may be NULL) says what and where. */
enum { TRUST_TEXT = 256 };
bool trust_fits(const struct trust *trust, const struct header *header, const struct digest *hash,
                char text[TRUST_TEXT]);

/* Does the end of an epoch fit? It does not if another block is remembered for it, or if the head
 * shows that the epoch ended elsewhere. trust_fits is asked besides. */
bool trust_fits_boundary(const struct trust *trust, const struct header *header,
                         const struct digest *hash, char text[TRUST_TEXT]);

/* Makes room for one more boundary and appends it. STATUS_NO_MEMORY, STATUS_FULL. */
enum status trust_add_boundary(struct trust *trust, uint64_t height, const struct digest *hash);

/* Takes over a higher head with its boundaries; *changed (may be NULL) says whether it was higher.
 * seen must have been found to fit. STATUS_NO_MEMORY, STATUS_MISMATCH (another chain). */
enum status trust_update(struct trust *trust, const struct trust *seen, bool *changed);

/* The text form. Strict: what is unknown, out of order or missing is refused. */
json_t *trust_json(const struct trust *trust);
enum status trust_from_json(const json_t *json, struct trust *trust, struct problem *problem);
enum status trust_parse(struct span text, struct trust *trust, struct problem *problem);

#endif
