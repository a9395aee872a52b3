/* proof/say.h -- a verdict in words, for people.
 *
 *     receipt     transaction 9f86d081... of acc1zsw8j67t0fljjqqfdy027lg63g945sws
 *     chain       consortium-1, id d145d394... computed from the genesis
 *     seal        2 epochs from genesis; 4 of 4 signatures valid (quorum 3) on block 2c26b46b...
 *     VERIFIED    transferred 250.00 EUR to acc1..., result ok, 2026-12-02T04:12:09.123Z
 *
 * Amounts are shown with scale and code where the genesis has the asset, else in minor units with
 * the asset's id: a proof does not carry them.
 */
#ifndef PROOF_SAY_H
#define PROOF_SAY_H

#include "proof/verify.h"

enum { PROOF_SENTENCE_TEXT = 1024, PROOF_REPORT_TEXT = 4096 };

/* One plain sentence: what is established, or which check failed. */
void proof_sentence(const struct verdict *verdict, const struct genesis *genesis,
                    char text[PROOF_SENTENCE_TEXT]);

/* The lines above, each ending in a newline; the last begins with VERIFIED or REFUSED. */
void proof_report(const struct verdict *verdict, const struct genesis *genesis,
                  char text[PROOF_REPORT_TEXT]);

/* {"verified": true, "kind": "receipt", "sentence": ..., "chain_id": ..., "epochs": n,
 * "fault_model": ..., "sealed": [{"height", "epoch", "hash", "time", "signatures", "validators",
 * "quorum"}]}, or {"verified": false, "check": "P3.5", "word": "path", "problem": ...}. New
 * reference; NULL without memory. */
json_t *proof_verdict_json(const struct verdict *verdict, const struct genesis *genesis);

#endif
