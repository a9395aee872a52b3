/* tests/epochs/setup.h -- the beginning and the end of a run. */
#ifndef TESTS_EPOCHS_SETUP_H
#define TESTS_EPOCHS_SETUP_H

#include "epochs.h"

struct setup {
    bool trace, no_faults;
    struct figures *figures;
};

void setup_begin(struct world *w, const struct setup *setup, uint64_t seed);
void setup_end(struct world *w);

#endif
