#include "node/metrics.h"

#include "node/metrics_internal.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const double bounds_seconds[] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                         0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                         1,      2.5,     5,      10,    30,     60 };
static const double bounds_bytes[] = { 256,    1024,    4096,    16384,   65536,
                                       262144, 1048576, 4194304, 16777216 };
static const double bounds_count[] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
static const struct bucket_bounds bounds[] = {
    [BUCKETS_none] = { 0, NULL },
    [BUCKETS_seconds] = { COUNT_OF(bounds_seconds), bounds_seconds },
    [BUCKETS_bytes] = { COUNT_OF(bounds_bytes), bounds_bytes },
    [BUCKETS_count] = { COUNT_OF(bounds_count), bounds_count },
};

static const struct metric_info infos[METRIC_COUNT] = {
#define METRIC(type, name, buckets, a, b, c, help) \
    { #name, help, METRIC_##type, { LABELS_##a, LABELS_##b, LABELS_##c } },
#include "node/metrics.def"
};

static const enum bucket_set bucket_sets[METRIC_COUNT] = {
#define METRIC(type, name, buckets, a, b, c, help) BUCKETS_##buckets,
#include "node/metrics.def"
};

/* The values of the closed sets, as arrays of names. */
#define LABELS_BEGIN(set, label) static const char *const names_##set[] = {
#define LABEL(set, value) #value,
#define LABELS_END(set) \
    } \
    ;
#include "node/metrics.def"

/* Room for the values that come at run time. */
enum { OPEN_SETS = 3, METHODS_MAX = 128, STATEMENTS_MAX = 16, NAME_MAX_BYTES = 64 };

static struct {
    size_t count;
    char text[METRIC_LABEL_VALUES_MAX][NAME_MAX_BYTES];
    const char *names[METRIC_LABEL_VALUES_MAX];
} open_sets[OPEN_SETS];

static const struct {
    const char *label;
    size_t capacity;
} open_infos[OPEN_SETS] = { { "validator", METRIC_LABEL_VALUES_MAX },
                            { "method", METHODS_MAX },
                            { "kind", STATEMENTS_MAX } };

static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;
static char info_texts[2][INFO_TEXT_MAX]; /* build_info, chain_info */

/* All values, 64 bits each: a counter's number, a gauge's double; for a histogram the buckets, then
 * the sum as a double. */
typedef atomic_uint_least64_t slot;
static slot *_Atomic slots;
static size_t offsets[METRIC_COUNT + 1];

const struct metric_info *metric_info(enum metric metric)
{
    ASSERT(metric < METRIC_COUNT);
    return &infos[metric];
}

struct bucket_bounds metric_buckets(enum metric metric)
{
    return bounds[bucket_sets[metric]];
}

struct label_values label_values(enum label_set set)
{
    if (set == LABELS_none) return (struct label_values){ "", 1, 1, false, NULL };
    if (set >= LABELS_validator && set < LABELS_validator + OPEN_SETS) {
        size_t i = (size_t)(set - LABELS_validator);
        return (struct label_values){ open_infos[i].label, open_sets[i].count,
                                      open_infos[i].capacity, true, open_sets[i].names };
    }
    switch (set) {
#define LABELS_BEGIN(name, label) \
    case LABELS_##name: \
        return (struct label_values){ label, COUNT_OF(names_##name), COUNT_OF(names_##name), \
                                      false, names_##name };
#include "node/metrics.def"
    default: break;
    }
    ASSERT(set < LABELS_COUNT); /* Every set of the table has a case above. */
    return (struct label_values){ 0 };
}

size_t metric_cells(enum metric metric)
{
    size_t cells = 1;
    for (int i = 0; i < LABEL_DIMENSIONS; i++)
        cells *= label_values(infos[metric].labels[i]).capacity;
    return cells;
}

static size_t cell_slots(enum metric metric)
{
    return infos[metric].type == METRIC_HISTOGRAM ? metric_buckets(metric).count + 2 : 1;
}

enum status metrics_start(void)
{
    size_t total = 0;
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        offsets[metric] = total;
        total += metric_cells((enum metric)metric) * cell_slots((enum metric)metric);
    }
    offsets[METRIC_COUNT] = total;
    slot *memory = calloc(total, sizeof *memory);
    if (!memory) return STATUS_NO_MEMORY;
    free(atomic_exchange(&slots, memory));
    return STATUS_OK;
}

void metrics_stop(void)
{
    free(atomic_exchange(&slots, (slot *)NULL));
}

/* The first slot of a cell, or NULL if there is none. */
static slot *cell_at(enum metric metric, uint32_t cell)
{
    ASSERT(metric < METRIC_COUNT);
    slot *memory = atomic_load_explicit(&slots, memory_order_acquire);
    size_t at = offsets[metric] + cell * cell_slots(metric);
    if (!memory || at >= offsets[metric + 1]) return NULL;
    return memory + at;
}

uint32_t metric_cell3(enum metric metric, uint32_t a, uint32_t b, uint32_t c)
{
    const enum label_set *labels = infos[metric].labels;
    size_t counts[LABEL_DIMENSIONS];
    for (int i = 0; i < LABEL_DIMENSIONS; i++)
        counts[i] = label_values(labels[i]).capacity;
    if (a >= counts[0] || b >= counts[1] || c >= counts[2])
        return UINT32_MAX; /* No such cell: updates do nothing. */
    return (uint32_t)((a * counts[1] + b) * counts[2] + c);
}

uint32_t metric_cell(enum metric metric, uint32_t a, uint32_t b)
{
    return metric_cell3(metric, a, b, 0);
}

uint32_t metric_label_find(enum label_set set, const char *value, uint32_t otherwise)
{
    struct label_values values = label_values(set);
    ASSERT(!values.open);
    ASSERT(values.names != NULL || values.count == 0);
    for (size_t i = 0; i < values.count; i++)
        if (strcmp(values.names[i], value) == 0) return (uint32_t)i;
    return otherwise;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void metric_add(enum metric metric, uint32_t cell, uint64_t count)
{
    ASSERT(infos[metric].type == METRIC_COUNTER);
    slot *at = cell_at(metric, cell);
    if (at) atomic_fetch_add_explicit(at, count, memory_order_relaxed);
}

void metric_total(enum metric metric, uint32_t cell, uint64_t total)
{
    ASSERT(infos[metric].type == METRIC_COUNTER);
    slot *at = cell_at(metric, cell);
    if (at) atomic_store_explicit(at, total, memory_order_relaxed);
}

void metric_set(enum metric metric, uint32_t cell, double value)
{
    ASSERT(infos[metric].type == METRIC_GAUGE);
    slot *at = cell_at(metric, cell);
    if (at) atomic_store_explicit(at, bits_of(value), memory_order_relaxed);
}

void metric_observe(enum metric metric, uint32_t cell, double value)
{
    ASSERT(infos[metric].type == METRIC_HISTOGRAM);
    slot *at = cell_at(metric, cell);
    if (!at || !isfinite(value)) return;
    struct bucket_bounds buckets = metric_buckets(metric);
    size_t bucket = 0;
    while (bucket < buckets.count && value > buckets.bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(at + bucket, 1, memory_order_relaxed);
    slot *sum = at + buckets.count + 1;
    uint_least64_t before = atomic_load_explicit(sum, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(sum, &before, bits_of(double_of(before) + value))) {
    }
}

void metric_observe_ns(enum metric metric, uint32_t cell, uint64_t ns)
{
    metric_observe(metric, cell, (double)ns / 1e9);
}

void metric_histogram(enum metric metric, uint32_t cell, struct histogram_view *view)
{
    *view = (struct histogram_view){ 0 };
    slot *at = cell_at(metric, cell);
    if (!at) return;
    size_t count = metric_buckets(metric).count;
    for (size_t i = 0; i <= count; i++) {
        view->buckets[i] = atomic_load_explicit(at + i, memory_order_relaxed);
        view->count += view->buckets[i];
    }
    view->sum = double_of(atomic_load_explicit(at + count + 1, memory_order_relaxed));
}

double metric_value(enum metric metric, uint32_t cell)
{
    if (infos[metric].type == METRIC_HISTOGRAM) {
        struct histogram_view view;
        metric_histogram(metric, cell, &view);
        return (double)view.count;
    }
    slot *at = cell_at(metric, cell);
    if (!at) return 0;
    uint64_t bits = atomic_load_explicit(at, memory_order_relaxed);
    return infos[metric].type == METRIC_GAUGE ? double_of(bits) : (double)bits;
}

double metric_quantile(enum metric metric, uint32_t cell, double quantile)
{
    ASSERT(infos[metric].type == METRIC_HISTOGRAM);
    struct histogram_view view;
    metric_histogram(metric, cell, &view);
    if (view.count == 0) return 0;
    struct bucket_bounds buckets = metric_buckets(metric);
    double rank = quantile * (double)view.count;
    double below = 0;
    for (size_t i = 0; i < buckets.count; i++) {
        double here = (double)view.buckets[i];
        if (here > 0 && below + here >= rank) {
            double low = i == 0 ? 0 : buckets.bounds[i - 1];
            return low + (buckets.bounds[i] - low) * (rank - below) / here;
        }
        below += here;
    }
    return buckets.bounds[buckets.count - 1]; /* In +Inf: all that is known is "more than this". */
}

/* ---- names ---- */

void metrics_names_lock(void)
{
    pthread_mutex_lock(&names_mutex);
}

void metrics_names_unlock(void)
{
    pthread_mutex_unlock(&names_mutex);
}

/* An index of this set is somebody else now. */
static void cells_clear(enum label_set set)
{
    slot *memory = atomic_load(&slots);
    if (!memory) return;
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        bool uses = false;
        for (int i = 0; i < LABEL_DIMENSIONS; i++)
            uses |= infos[metric].labels[i] == set;
        for (size_t at = offsets[metric]; uses && at < offsets[metric + 1]; at++)
            atomic_store_explicit(memory + at, 0, memory_order_relaxed);
    }
}

enum status metrics_labels_set(enum label_set set, const char *const *names, size_t count)
{
    ASSERT(set >= LABELS_validator);
    ASSERT(set < LABELS_validator + OPEN_SETS);
    size_t i = (size_t)(set - LABELS_validator);
    if (count > open_infos[i].capacity) return STATUS_FULL;
    pthread_mutex_lock(&names_mutex);
    bool changed = count != open_sets[i].count;
    for (size_t k = 0; k < count; k++) {
        const char *name = names[k] ? names[k] : "";
        changed |= strncmp(open_sets[i].text[k], name, NAME_MAX_BYTES - 1) != 0;
        snprintf(open_sets[i].text[k], NAME_MAX_BYTES, "%s", name);
        open_sets[i].names[k] = open_sets[i].text[k];
    }
    open_sets[i].count = count;
    if (changed && set == LABELS_validator) cells_clear(set);
    pthread_mutex_unlock(&names_mutex);
    return STATUS_OK;
}

static char *info_text_of(enum metric metric)
{
    ASSERT(metric == METRIC_build_info || metric == METRIC_chain_info);
    return info_texts[metric == METRIC_chain_info];
}

const char *metric_info_text(enum metric metric)
{
    bool is_info = metric == METRIC_build_info || metric == METRIC_chain_info;
    return is_info ? info_text_of(metric) : "";
}

enum status metrics_info_set(enum metric metric, const char *const *pairs)
{
    char text[INFO_TEXT_MAX];
    size_t size = 0;
    text[0] = 0;
    for (; pairs[0] && pairs[1]; pairs += 2) {
        /* These are our own words and names checked elsewhere: no quotes, no line ends. */
        if (strpbrk(pairs[1], "\"\\\n")) return STATUS_INVALID;
        int added = snprintf(text + size, sizeof text - size, "%s%s=\"%s\"", size > 0 ? "," : "",
                             pairs[0], pairs[1]);
        if (added < 0 || (size_t)added >= sizeof text - size) return STATUS_TOO_LARGE;
        size += (size_t)added;
    }
    pthread_mutex_lock(&names_mutex);
    memcpy(info_text_of(metric), text, size + 1);
    pthread_mutex_unlock(&names_mutex);
    metric_set(metric, 0, 1);
    return STATUS_OK;
}
