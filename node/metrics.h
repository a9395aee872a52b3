/* node/metrics.h -- counters, gauges and histograms, and their text for Prometheus.
 *
 * One table (node/metrics.def) names every metric with its help and its labels; labels come from
 * closed sets only, so that nobody outside can make a new time series. Updates are atomic, from any
 * thread. Names carry the prefix `witan_`, base units, and `_total` on counters.
 *
 *     metric_add(METRIC_consensus_views_total, LABEL_outcome_timeout, 1);
 *     metric_add(METRIC_crypto_verify_total, metric_cell(METRIC_crypto_verify_total,
 *                LABEL_verified_vote, LABEL_verdict_ok), 1);
 *     metric_set(METRIC_ledger_height, 0, (double)height);
 *     metric_observe(METRIC_journal_sync_seconds, 0, seconds);
 *
 * A cell is one combination of label values: 0 without labels, the value's number with one,
 * metric_cell with two or three.
 */
#ifndef NODE_METRICS_H
#define NODE_METRICS_H

#include "crypto/codec.h"

/* The values of each closed set: LABEL_outcome_decided, ... */
#define LABELS_BEGIN(set, label) \
    enum label_##set \
    {
#define LABEL(set, value) LABEL_##set##_##value,
#define LABELS_END(set) \
    LABEL_##set##_COUNT \
    } \
    ;
#include "node/metrics.def"

/* The sets. LABELS_validator, _method, _statement get their values by metrics_labels_set. */
enum label_set {
    LABELS_none,
    LABELS_validator, /* ids of the present set, by index */
    LABELS_method,    /* the RPC methods, by their place in the table */
    LABELS_statement, /* kinds of the engine's statements, by number */
#define LABELS_BEGIN(set, label) LABELS_##set,
#include "node/metrics.def"
    LABELS_COUNT
};

enum metric {
#define METRIC(type, name, buckets, a, b, c, help) METRIC_##name,
#include "node/metrics.def"
    METRIC_COUNT
};

enum { METRIC_LABEL_VALUES_MAX = 256, METRICS_TEXT_MAX = 4 * 1024 * 1024 };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_info {
    const char *name; /* without the prefix */
    const char *help;
    enum metric_type type;
    enum label_set labels[3];
};
const struct metric_info *metric_info(enum metric metric);

/* Takes the memory. Until then, and after metrics_stop, updates do nothing. */
enum status metrics_start(void);
void metrics_stop(void);

/* The names of a set that only start or an epoch knows (copied, at most METRIC_LABEL_VALUES_MAX).
 * Changing the validators sets their cells to zero: an index is somebody else now. */
enum status metrics_labels_set(enum label_set set, const char *const *names, size_t count);

/* Values of build_info and chain_info, which are always 1: pairs of label and value, NULL at the
 * end. Copied. */
enum status metrics_info_set(enum metric metric, const char *const *pairs);

/* The cell of a metric with two or three labels. */
uint32_t metric_cell(enum metric metric, uint32_t a, uint32_t b);
uint32_t metric_cell3(enum metric metric, uint32_t a, uint32_t b, uint32_t c);

/* The number of a word within a closed set, or `otherwise` if it is none of them. */
uint32_t metric_label_find(enum label_set set, const char *value, uint32_t otherwise);

/* A cell out of range does nothing. */
void metric_add(enum metric metric, uint32_t cell, uint64_t count);     /* counter */
void metric_set(enum metric metric, uint32_t cell, double value);       /* gauge */
void metric_observe(enum metric metric, uint32_t cell, double value);   /* histogram */
void metric_observe_ns(enum metric metric, uint32_t cell, uint64_t ns); /* histogram, seconds */

/* Counters that are kept elsewhere (figures of threads): sets the total. */
void metric_total(enum metric metric, uint32_t cell, uint64_t total);

/* For tests and RPC: the present value of a counter or gauge; of a histogram, how many. */
double metric_value(enum metric metric, uint32_t cell);

/* The estimate of a quantile (0..1) of a histogram cell, by linear interpolation; 0 if empty. */
double metric_quantile(enum metric metric, uint32_t cell, double quantile);

/* Prometheus text format 0.0.4, process_* included, appended to out. */
enum status metrics_write(struct buffer *out);

#endif
