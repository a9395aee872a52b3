/* rpc/meter.c -- the RPC's own metrics. */
#include "rpc/meter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const transports[TRANSPORT_COUNT] = { "http", "local" };

static const char *const rejects[REJECT_COUNT] = {
#define X(name) #name,
    REJECT_LIST(X)
#undef X
};

/* Upper bounds of request_seconds, in microseconds. */
static const uint64_t bounds[] = { 250,   1000,   2500,   5000,    10000,   25000,
                                   50000, 100000, 250000, 1000000, 5000000, 30000000 };
enum { BOUNDS = sizeof bounds / sizeof bounds[0] };

struct method_meter {
    atomic_uint_fast64_t calls[TRANSPORT_COUNT][2]; /* [ok] */
    atomic_uint_fast64_t buckets[BOUNDS + 1];       /* not cumulative */
    atomic_uint_fast64_t microseconds;
};

struct meter {
    const struct rpc_method *const *methods;
    size_t method_count;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t rejected[REJECT_COUNT];
    atomic_int connections[TRANSPORT_COUNT];
    struct method_meter method[]; /* method_count + 1: the last is "unknown" */
};

struct meter *meter_new(const struct rpc_method *const *methods, size_t method_count)
{
    struct meter *meter = calloc(1, sizeof *meter + (method_count + 1) * sizeof meter->method[0]);
    if (!meter) return NULL;
    meter->methods = methods;
    meter->method_count = method_count;
    return meter;
}

void meter_free(struct meter *meter)
{
    free(meter);
}

void meter_call(struct meter *meter, size_t method, enum meter_transport transport, bool ok,
                uint64_t microseconds)
{
    ASSERT(method <= meter->method_count);
    struct method_meter *m = &meter->method[method];
    size_t bucket = 0;
    while (bucket < BOUNDS && microseconds > bounds[bucket])
        bucket++;
    atomic_fetch_add(&m->calls[transport][ok], 1);
    atomic_fetch_add(&m->buckets[bucket], 1);
    atomic_fetch_add(&m->microseconds, microseconds);
}

void meter_reject(struct meter *meter, enum meter_reject reason)
{
    atomic_fetch_add(&meter->rejected[reason], 1);
}

void meter_request(struct meter *meter)
{
    atomic_fetch_add(&meter->requests, 1);
}

void meter_connection(struct meter *meter, enum meter_transport transport, int change)
{
    atomic_fetch_add(&meter->connections[transport], change);
}

uint32_t meter_connections(const struct meter *meter, enum meter_transport transport)
{
    int count = atomic_load(&meter->connections[transport]);
    return count > 0 ? (uint32_t)count : 0;
}

void meter_totals(const struct meter *meter, struct meter_totals *totals)
{
    *totals = (struct meter_totals){ .requests = atomic_load(&meter->requests) };
    for (size_t i = 0; i <= meter->method_count; i++) {
        for (size_t t = 0; t < TRANSPORT_COUNT; t++) {
            uint64_t failed = atomic_load(&meter->method[i].calls[t][0]);
            totals->errors += failed;
            totals->calls += failed + atomic_load(&meter->method[i].calls[t][1]);
        }
    }
    for (size_t i = 0; i < REJECT_COUNT; i++)
        totals->rejected += atomic_load(&meter->rejected[i]);
}

/* The first status that is not OK sticks in *status. */
static void append(struct buffer *out, enum status *status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(struct buffer *out, enum status *status, const char *format, ...)
{
    char line[320];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ASSERT(size > 0 && (size_t)size < sizeof line);
    if (*status == STATUS_OK) *status = buffer_append(out, span_of(line, (size_t)size));
}

static const char *name_of(const struct meter *meter, size_t method)
{
    return method < meter->method_count ? meter->methods[method]->name : "unknown";
}

static void write_calls(const struct meter *meter, struct buffer *out, enum status *status)
{
    append(out, status,
           "# HELP witan_rpc_requests_total JSON-RPC calls answered.\n"
           "# TYPE witan_rpc_requests_total counter\n");
    for (size_t i = 0; i <= meter->method_count; i++) {
        for (size_t t = 0; t < TRANSPORT_COUNT; t++) {
            for (size_t ok = 0; ok < 2; ok++) {
                uint64_t count = atomic_load(&meter->method[i].calls[t][ok]);
                if (count == 0) continue;
                append(out, status,
                       "witan_rpc_requests_total{method=\"%s\",transport=\"%s\",result=\"%s\"} "
                       "%" PRIu64 "\n",
                       name_of(meter, i), transports[t], ok ? "ok" : "error", count);
            }
        }
    }
}

static void write_seconds(const struct meter *meter, size_t method, struct buffer *out,
                          enum status *status)
{
    const struct method_meter *m = &meter->method[method];
    const char *name = name_of(meter, method);
    uint64_t total = 0;
    for (size_t b = 0; b <= BOUNDS; b++)
        total += atomic_load(&m->buckets[b]);
    if (total == 0) return;

    uint64_t sum = 0;
    for (size_t b = 0; b < BOUNDS; b++) {
        sum += atomic_load(&m->buckets[b]);
        append(out, status,
               "witan_rpc_request_seconds_bucket{method=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
               (double)bounds[b] / 1e6, min_u64(sum, total));
    }
    append(out, status, "witan_rpc_request_seconds_bucket{method=\"%s\",le=\"+Inf\"} %" PRIu64 "\n",
           name, total);
    append(out, status, "witan_rpc_request_seconds_sum{method=\"%s\"} %.6f\n", name,
           (double)atomic_load(&m->microseconds) / 1e6);
    append(out, status, "witan_rpc_request_seconds_count{method=\"%s\"} %" PRIu64 "\n", name,
           total);
}

enum status meter_write(const struct meter *meter, uint32_t queue, uint32_t waiters,
                        struct buffer *out)
{
    enum status status = STATUS_OK;
    write_calls(meter, out, &status);
    append(out, &status,
           "# HELP witan_rpc_request_seconds From a call's first turn to its answer.\n"
           "# TYPE witan_rpc_request_seconds histogram\n");
    for (size_t i = 0; i <= meter->method_count; i++)
        write_seconds(meter, i, out, &status);

    append(out, &status,
           "# HELP witan_rpc_rejected_total Requests refused before a call was read.\n"
           "# TYPE witan_rpc_rejected_total counter\n");
    for (size_t i = 0; i < REJECT_COUNT; i++)
        append(out, &status, "witan_rpc_rejected_total{reason=\"%s\"} %" PRIu64 "\n", rejects[i],
               (uint64_t)atomic_load(&meter->rejected[i]));

    append(out, &status,
           "# HELP witan_rpc_connections Open connections of clients.\n"
           "# TYPE witan_rpc_connections gauge\n");
    for (size_t t = 0; t < TRANSPORT_COUNT; t++)
        append(out, &status, "witan_rpc_connections{transport=\"%s\"} %" PRIu32 "\n", transports[t],
               meter_connections(meter, (enum meter_transport)t));
    append(out, &status,
           "# HELP witan_rpc_queue Requests that wait for a reader.\n"
           "# TYPE witan_rpc_queue gauge\nwitan_rpc_queue %" PRIu32 "\n",
           queue);
    append(out, &status,
           "# HELP witan_rpc_waiters Requests that wait for a block or a seal.\n"
           "# TYPE witan_rpc_waiters gauge\nwitan_rpc_waiters %" PRIu32 "\n",
           waiters);
    return status;
}
