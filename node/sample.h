/* node/sample.h -- a bag of measured values, and its percentiles. */
#ifndef NODE_SAMPLE_H
#define NODE_SAMPLE_H

#include "crypto/base.h"

struct sample {
    uint64_t *values;
    size_t count, capacity;
    bool sorted;
};

/* A value is left out if memory runs out: a figure is not worth a failure. */
void sample_add(struct sample *sample, uint64_t value);
void sample_free(struct sample *sample);

/* The smallest value that at least this share of a thousand does not exceed (500: the median);
 * 0 of an empty bag. Sorts the bag when first asked. */
uint64_t sample_permille(struct sample *sample, unsigned permille);

#endif
