/* node/metrics_internal.h -- shared by metrics.c (values) and metrics_text.c (their text). */
#ifndef NODE_METRICS_INTERNAL_H
#define NODE_METRICS_INTERNAL_H

#include "node/metrics.h"

enum { LABEL_DIMENSIONS = 3, BUCKETS_MAX = 20, INFO_TEXT_MAX = 1024 };

enum bucket_set { BUCKETS_none, BUCKETS_seconds, BUCKETS_bytes, BUCKETS_count };

/* Upper bounds of a histogram's buckets, ascending, without +Inf. */
struct bucket_bounds {
    size_t count;
    const double *bounds;
};
struct bucket_bounds metric_buckets(enum metric metric);

/* A set's label name and its present values. */
struct label_values {
    const char *label;
    size_t count;    /* values that exist now */
    size_t capacity; /* values that have cells */
    bool open;       /* filled in at run time */
    const char *const *names;
};
struct label_values label_values(enum label_set set);

size_t metric_cells(enum metric metric);

/* Buckets (not cumulative, +Inf last), their sum, and how many in all. */
struct histogram_view {
    uint64_t buckets[BUCKETS_MAX + 1];
    uint64_t count;
    double sum;
};
void metric_histogram(enum metric metric, uint32_t cell, struct histogram_view *view);

/* Text of the labels of build_info and chain_info: `a="b",c="d"`, or "". */
const char *metric_info_text(enum metric metric);

/* The names must not change under a reader. */
void metrics_names_lock(void);
void metrics_names_unlock(void);

#endif
