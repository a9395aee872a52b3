/* Prometheus' text format, version 0.0.4. */
#include "node/log.h"
#include "node/metrics_internal.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const type_names[] = { "counter", "gauge", "histogram" };

enum { LABELS_TEXT = 512 };

struct text {
    struct buffer *out;
    enum status status; /* sticky */
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
    char line[2048];
    if (text->status != STATUS_OK) return;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof line) {
        text->status = STATUS_TOO_LARGE;
        return;
    }
    text->status = buffer_append(text->out, span_of(line, (size_t)size));
}

/* Enough digits to read the same number back, and no more than needed; whole numbers as such. */
static const char *number(double value, char text[32])
{
    if (value > -1e17 && value < 1e17 && value == (double)(int64_t)value) {
        snprintf(text, 32, "%.0f", value);
        return text;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    return text;
}

/* The labels of a cell, `a="x",b="y"`; false if one of its values does not exist. */
static bool cell_labels(enum metric metric, uint32_t cell, char text[LABELS_TEXT])
{
    const struct metric_info *info = metric_info(metric);
    size_t place[LABEL_DIMENSIONS];
    for (int i = LABEL_DIMENSIONS - 1; i >= 0; i--) {
        size_t capacity = label_values(info->labels[i]).capacity;
        place[i] = cell % capacity;
        cell /= (uint32_t)capacity;
    }
    size_t size = 0;
    text[0] = 0;
    for (int i = 0; i < LABEL_DIMENSIONS; i++) {
        if (info->labels[i] == LABELS_none) continue;
        struct label_values values = label_values(info->labels[i]);
        if (place[i] >= values.count || values.names[place[i]][0] == 0) return false;
        int added = snprintf(text + size, LABELS_TEXT - size, "%s%s=\"%s\"", size > 0 ? "," : "",
                             values.label, values.names[place[i]]);
        if (added < 0 || (size_t)added >= LABELS_TEXT - size) return false;
        size += (size_t)added;
    }
    return true;
}

/* Every cell of a metric without labels, with one closed set, or of a gauge or counter for each
 * validator; of large products and of the methods only what has been counted. */
static bool cell_shown(enum metric metric, uint32_t cell)
{
    const struct metric_info *info = metric_info(metric);
    bool one_label = info->labels[1] == LABELS_none;
    if (one_label && info->labels[0] != LABELS_method) return true;
    return metric_value(metric, cell) != 0;
}

static void put_histogram(struct text *text, enum metric metric, uint32_t cell, const char *labels)
{
    const char *name = metric_info(metric)->name;
    const char *comma = labels[0] ? "," : "";
    struct histogram_view view;
    metric_histogram(metric, cell, &view);
    struct bucket_bounds buckets = metric_buckets(metric);
    uint64_t below = 0;
    char digits[32];
    for (size_t i = 0; i < buckets.count; i++) {
        below += view.buckets[i];
        put(text, "witan_%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
            number(buckets.bounds[i], digits), below);
    }
    put(text, "witan_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, view.count);
    const char *open = labels[0] ? "{" : "";
    const char *close = labels[0] ? "}" : "";
    put(text, "witan_%s_sum%s%s%s %s\n", name, open, labels, close, number(view.sum, digits));
    put(text, "witan_%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, view.count);
}

static void put_cell(struct text *text, enum metric metric, uint32_t cell)
{
    char labels[LABELS_TEXT];
    const struct metric_info *info = metric_info(metric);
    if (!cell_labels(metric, cell, labels) || !cell_shown(metric, cell)) return;
    if (info->type == METRIC_HISTOGRAM) {
        put_histogram(text, metric, cell, labels);
        return;
    }
    char digits[32];
    const char *shown = labels[0] ? labels : metric_info_text(metric);
    put(text, "witan_%s%s%s%s %s\n", info->name, shown[0] ? "{" : "", shown, shown[0] ? "}" : "",
        number(metric_value(metric, cell), digits));
}

static void put_metric(struct text *text, enum metric metric)
{
    const struct metric_info *info = metric_info(metric);
    put(text, "# HELP witan_%s %s\n# TYPE witan_%s %s\n", info->name, info->help, info->name,
        type_names[info->type]);
    size_t cells = metric_cells(metric);
    for (uint32_t cell = 0; cell < cells; cell++)
        put_cell(text, metric, cell);
}

/* ---- process_*, under the names that every Prometheus client uses ---- */

static void put_process(struct text *text, const char *type, const char *name, const char *help,
                        double value)
{
    char digits[32];
    put(text, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s %s\n", name, help, name, type,
        name, number(value, digits));
}

static double open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) return 0;
    double count = -1; /* the one that reads the directory */
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* Fields of /proc/self/stat, counted from the one behind the command's closing parenthesis. */
static bool stat_fields(double fields[24])
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file) return false;
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = 0;
    char *at = strrchr(line, ')');
    if (!at || at[1] == 0) return false;
    at += 3; /* over the state's letter */
    for (int i = 1; i < 24; i++)
        fields[i] = strtod(at, &at);
    return true;
}

static double boot_time_seconds(void)
{
    struct timespec boot;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)(now.tv_sec - boot.tv_sec) + (double)(now.tv_nsec - boot.tv_nsec) / 1e9;
}

static void put_process_metrics(struct text *text)
{
    enum { UTIME = 11, STIME = 12, THREADS = 17, START = 19, VSIZE = 20, RSS = 21 };
    double fields[24];
    struct rlimit limit;
    if (!stat_fields(fields)) return;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    put_process(text, "counter", "cpu_seconds_total", "CPU time of the process.",
                (fields[UTIME] + fields[STIME]) / ticks);
    put_process(text, "gauge", "resident_memory_bytes", "Memory in use.",
                fields[RSS] * (double)sysconf(_SC_PAGESIZE));
    put_process(text, "gauge", "virtual_memory_bytes", "Address space.", fields[VSIZE]);
    put_process(text, "gauge", "threads", "Threads.", fields[THREADS]);
    put_process(text, "gauge", "start_time_seconds", "When the process started.",
                (double)(int64_t)(boot_time_seconds() + fields[START] / ticks + 0.5));
    put_process(text, "gauge", "open_fds", "Open file descriptors.", open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        put_process(text, "gauge", "max_fds", "The limit of open file descriptors.",
                    (double)limit.rlim_cur);
}

static void log_counters_take(void)
{
    struct log_figures figures;
    log_figures(&figures);
    for (uint32_t level = 0; level <= LEVEL_TRACE; level++)
        metric_total(METRIC_log_messages_total, level, figures.lines[level]);
    metric_total(METRIC_log_dropped_total, 0, figures.dropped);
}

enum status metrics_write(struct buffer *out)
{
    struct text text = { .out = out, .status = STATUS_OK };
    log_counters_take();
    metrics_names_lock();
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        put_metric(&text, (enum metric)metric);
    metrics_names_unlock();
    put_process_metrics(&text);
    return text.status;
}
