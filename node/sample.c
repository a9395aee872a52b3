/* node/sample.c -- a bag of measured values, and its percentiles. */
#include "node/sample.h"

#include <stdlib.h>

void sample_add(struct sample *sample, uint64_t value)
{
    if (sample->count == sample->capacity) {
        size_t capacity = sample->capacity ? 2 * sample->capacity : 1024;
        uint64_t *larger = realloc(sample->values, capacity * sizeof *larger);
        if (!larger) return;
        sample->values = larger;
        sample->capacity = capacity;
    }
    sample->values[sample->count++] = value;
    sample->sorted = false;
}

void sample_free(struct sample *sample)
{
    free(sample->values);
    *sample = (struct sample){ .values = NULL };
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t sample_permille(struct sample *sample, unsigned permille)
{
    ASSERT(permille <= 1000);
    if (sample->count == 0) return 0;
    if (!sample->sorted) qsort(sample->values, sample->count, sizeof *sample->values, by_value);
    sample->sorted = true;
    size_t rank = (sample->count * permille + 999) / 1000;
    return sample->values[rank > 0 ? rank - 1 : 0];
}
