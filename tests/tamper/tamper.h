/* tests/tamper/tamper.h -- one bit of a file is turned: who notices?
 *
 *     ledger.db                      audit_verify            (tests/tamper/ledger.c)
 *     proof files, their armour      proof_load and          (tests/tamper/proof.c)
 *     and twins, statements          proof_verify
 *
 * A flip is *detected* if the auditor or the verifier refuses the file; *harmless* if everything
 * that the file says is what it said before, which is shown by reading all of it (unused bytes of a
 * page, a space in a twin); *missed* else. A crash and a hang are misses, too.
 */
#ifndef TESTS_TAMPER_TAMPER_H
#define TESTS_TAMPER_TAMPER_H

#include "crypto/codec.h"

enum flip { FLIP_DETECTED, FLIP_HARMLESS, FLIP_MISSED };

enum { FLIP_TEXT = 240 };

/* ---- a ledger ---- */

/* Makes tests/unit/ledger/world.h in a file, audits it and remembers what it says; a good ledger
 * that is not clean ends the program. */
void ledger_prepare(void);
uint64_t ledger_bits(void);

/* Before the first flip, in each process: a copy of the file of its own. */
void ledger_begin(void);
/* keep: where to copy the file to while the bit is turned, or NULL. */
enum flip ledger_flip(uint64_t bit, const char *keep, char text[FLIP_TEXT]);
void ledger_end(void);
void ledger_done(void);

/* ---- proofs ---- */

/* Reads the good files of tests/vectors/proofs, in their three forms. */
void proofs_prepare(const char *folder);
uint64_t proofs_bits(void);

/* Bit number bit of all files, one behind another. */
enum flip proofs_flip(uint64_t bit, char text[FLIP_TEXT]);
void proofs_done(void);

#endif
