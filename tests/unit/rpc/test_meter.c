#include "rpc/meter.h"

#include <criterion/criterion.h>

static const struct rpc_method one = { METHOD_BARE("one", ACCESS_READ) };
static const struct rpc_method two = { METHOD_BARE("two", ACCESS_READ) };
static const struct rpc_method *const methods[] = { &one, &two };

static char text[65536];

static void write_text(const struct meter *meter)
{
    struct buffer out;
    buffer_init(&out, sizeof text);
    cr_assert_eq(meter_write(meter, 3, 4, &out), STATUS_OK);
    memcpy(text, out.data, out.size);
    text[out.size] = 0;
    buffer_free(&out);
}

static void has(const char *line)
{
    cr_assert(strstr(text, line), "no line %s in\n%s", line, text);
}

Test(meter, counts)
{
    struct meter *meter = meter_new(methods, 2);
    meter_call(meter, 0, TRANSPORT_HTTP, true, 900);
    meter_call(meter, 0, TRANSPORT_HTTP, true, 40000000);
    meter_call(meter, 0, TRANSPORT_LOCAL, false, 250);
    meter_call(meter, 2, TRANSPORT_HTTP, false, 1);
    meter_reject(meter, REJECT_host);
    meter_request(meter);
    meter_connection(meter, TRANSPORT_HTTP, 2);
    meter_connection(meter, TRANSPORT_HTTP, -1);
    write_text(meter);
    has("witan_rpc_requests_total{method=\"one\",transport=\"http\",result=\"ok\"} 2\n");
    has("witan_rpc_requests_total{method=\"one\",transport=\"local\",result=\"error\"} 1\n");
    has("witan_rpc_requests_total{method=\"unknown\",transport=\"http\",result=\"error\"} 1\n");
    has("witan_rpc_request_seconds_bucket{method=\"one\",le=\"0.00025\"} 1\n");
    has("witan_rpc_request_seconds_bucket{method=\"one\",le=\"0.001\"} 2\n");
    has("witan_rpc_request_seconds_bucket{method=\"one\",le=\"30\"} 2\n");
    has("witan_rpc_request_seconds_bucket{method=\"one\",le=\"+Inf\"} 3\n");
    has("witan_rpc_request_seconds_sum{method=\"one\"} 40.001150\n");
    has("witan_rpc_request_seconds_count{method=\"one\"} 3\n");
    has("witan_rpc_rejected_total{reason=\"host\"} 1\n");
    has("witan_rpc_rejected_total{reason=\"body_max\"} 0\n");
    has("witan_rpc_connections{transport=\"http\"} 1\n");
    has("witan_rpc_queue 3\n");
    has("witan_rpc_waiters 4\n");
    cr_assert_null(strstr(text, "method=\"two\""));

    struct meter_totals totals;
    meter_totals(meter, &totals);
    cr_assert_eq(totals.calls, 4);
    cr_assert_eq(totals.errors, 2);
    cr_assert_eq(totals.rejected, 1);
    cr_assert_eq(totals.requests, 1);
    meter_free(meter);
}

/* Every sample line belongs to the last TYPE, and each name has one HELP and one TYPE. */
Test(meter, the_text_format)
{
    struct meter *meter = meter_new(methods, 2);
    meter_call(meter, 1, TRANSPORT_HTTP, true, 900);
    write_text(meter);
    char name[128] = "";
    size_t types = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "# TYPE %127s", name) == 1) types++;
        if (line[0] == '#') continue;
        cr_assert_eq(strncmp(line, name, strlen(name)), 0, "%s after %s", line, name);
    }
    cr_assert_eq(types, 6);
    meter_free(meter);
}

Test(meter, a_text_that_does_not_fit)
{
    struct meter *meter = meter_new(methods, 2);
    struct buffer out;
    buffer_init(&out, 200);
    cr_assert_eq(meter_write(meter, 0, 0, &out), STATUS_TOO_LARGE);
    buffer_free(&out);
    meter_free(meter);
}
