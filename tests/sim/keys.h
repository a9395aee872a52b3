/* tests/sim/keys.h -- signatures by a fast MAC on most seeds, by Ed25519 on some.
 *
 * The linker gives key_sign, key_verify and their like to keys.c (--wrap). With the MAC a signature
 * is SipHash over tag and statement under the public key: cheap, different for every key and
 * statement, and made in the simulation only by those who hold the secret key. With Ed25519 the
 * calls go on to the real ones.
 */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include "crypto/key.h"

/* For all that follows. Real at the start of the program. */
void keys_use_mac(bool mac);

#endif
