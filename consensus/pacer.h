/* consensus/pacer.h -- who leads a view, and how long a view may take.
 *
 * Leaders take turns in an order that is shuffled once an epoch, so that it does not follow from
 * the validators' ids and cannot be bent by anything that is not decided yet:
 *
 *     order = Fisher-Yates over 0 .. n-1: for i = n-1 down to 1 swap order[i] and order[j], j drawn
 *             from 0 .. i out of the stream of u64 words of
 *             H(witan/leader/v1, chain id 32 | epoch u64 | counter u64), counter = 0, 1, ...
 *             (four words a digest, each little-endian), words >= the largest multiple of i+1 that
 *             fits in 2^64 being skipped
 *     leader(view) = order[view mod n]
 *
 * A view lasts view_ms; from the fourth view after a decision on, longer by view_growth_permille
 * each time, up to view_ms_max, so that a long outage is over two views after its end. One case is
 * exempt from the cap: a chain that is certified but not decided says that views are too short for
 * this network, so beyond PACER_PATIENCE such proposals the limit doubles with every
 * PACER_PATIENCE_STEP more. (Without that, a network slower than the cap would never decide.)
 */
#ifndef CONSENSUS_PACER_H
#define CONSENSUS_PACER_H

#include "consensus/engine.h"

enum { PACER_CALM_VIEWS = 3, PACER_PATIENCE = 32, PACER_PATIENCE_STEP = 8 };

struct pacer {
    uint16_t count;
    uint16_t order[COMMITTEE_MAX];
    uint64_t view_ms;
    uint64_t growth_permille;
    uint64_t view_ms_max;
};

/* Options: view_ms 1000, view_growth_permille 1500, view_ms_max 8000. */
void pacer_init(struct pacer *pacer, const struct engine_config *config);

uint16_t pacer_leader(const struct pacer *pacer, uint64_t view);

/* views: since the last decision, this one included; undecided: proposals that are certified and
 * not decided. */
uint64_t pacer_view_ms(const struct pacer *pacer, uint64_t views, uint64_t undecided);

#endif
