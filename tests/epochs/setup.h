/* tests/epochs/setup.h -- the beginning and the end of a run. */
#ifndef TESTS_EPOCHS_SETUP_H
#define TESTS_EPOCHS_SETUP_H

#include "epochs.h"

enum lengths { LENGTHS_BOTH, LENGTHS_SHORT, LENGTHS_LONG };

struct setup {
    bool trace, no_faults;
    enum lengths lengths;
    struct figures *figures;
};

void setup_begin(struct world *w, const struct setup *setup, uint64_t seed);
void setup_end(struct world *w);

#endif
