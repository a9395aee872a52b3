/* crypto/sum.h -- do two bags hold the same strings? A keyed sum that no order changes.
 *
 * Each string becomes a number of 128 bits by SipHash under a key drawn at random; the numbers are
 * added up, in two halves, and the strings counted. Two bags with one sum are the same but for
 * chance below 2^-60, also if an adversary chose both, as long as he has not seen the key: it is
 * drawn after the bags are fixed, lives in memory, and no sum leaves the process. An audit compares
 * tables by it that would cost too much to write down twice. (ledger/audit_bags.h)
 */
#ifndef CRYPTO_SUM_H
#define CRYPTO_SUM_H

#include "crypto/codec.h"

struct sum_key {
    uint8_t bytes[16];
};

struct sum {
    uint64_t count, halves[2];
};

void sum_key_draw(struct sum_key *key);

/* A sum of nothing is all zeros. */
void sum_add(struct sum *sum, const struct sum_key *key, struct span bytes);
bool sum_equal(const struct sum *a, const struct sum *b);

#endif
