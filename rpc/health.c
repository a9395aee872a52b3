/* rpc/health.c -- /livez, /readyz and node_health. */
#include "rpc/health.h"
#include "genesis/json.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[HEALTH_COUNT] = {
#define X(name) #name,
    HEALTH_LIST(X)
#undef X
};

const char *health_name(enum health_index index)
{
    ASSERT(index < HEALTH_COUNT);
    return names[index];
}

static bool exclude(struct health_query *query, const char *name)
{
    for (size_t i = 0; name && i < HEALTH_COUNT; i++) {
        if (strcmp(names[i], name) != 0) continue;
        query->excluded[i] = true;
        return true;
    }
    return false;
}

bool health_query_add(struct health_query *query, const char *name, const char *value)
{
    if (strcmp(name, "verbose") == 0) {
        query->verbose = true;
        return !value || value[0] == 0;
    }
    if (strcmp(name, "exclude") == 0) return exclude(query, value);
    if (strcmp(name, "behind_max") != 0) return false;
    query->has_behind_max = true;
    return value && amount_decode(value, &query->behind_max);
}

bool health_live(const struct node_view *view)
{
    return view->loop_age_ms <= HEALTH_LOOP_AGE_MS_MAX;
}

static struct health_check check_at(const struct node_view *view, const struct health_query *query,
                                    size_t i)
{
    struct health_check check = view->checks[i];
    if (i != HEALTH_sync || !query->has_behind_max) return check;
    uint64_t behind = view->target_height > view->height ? view->target_height - view->height : 0;
    check.ok = behind <= query->behind_max;
    snprintf(check.detail, sizeof check.detail, "%" PRIu64 " blocks behind, at most %" PRIu64,
             behind, query->behind_max);
    return check;
}

static void append_line(struct buffer *out, bool ok, const char *name, const char *detail)
{
    char line[160];
    int size = snprintf(line, sizeof line, "[%c]%s %s\n", ok ? '+' : '-', name,
                        ok          ? "ok"
                        : detail[0] ? detail
                                    : "failed");
    ASSERT(size > 0 && (size_t)size < sizeof line);
    buffer_append(out, span_of(line, (size_t)size));
}

bool health_ready(const struct node_view *view, const struct health_query *query,
                  struct buffer *out)
{
    bool ready = true;
    for (size_t i = 0; i < HEALTH_COUNT; i++) {
        struct health_check check = check_at(view, query, i);
        bool counts = !query->excluded[i];
        if (counts && !check.ok) ready = false;
        if (counts && (query->verbose || !check.ok))
            append_line(out, check.ok, names[i], check.detail);
    }
    buffer_append(out, span_text(ready ? "ready\n" : "not ready\n"));
    return ready;
}

json_t *health_json(const struct node_view *view)
{
    bool ready = true;
    json_t *checks = json_array();
    for (size_t i = 0; i < HEALTH_COUNT; i++) {
        const struct health_check *check = &view->checks[i];
        ready &= check->ok;
        json_array_append_new(checks, json_pack("{s:s, s:b, s:s}", "name", names[i], "ok",
                                                check->ok, "detail", check->detail));
    }
    if (json_array_size(checks) != HEALTH_COUNT) {
        json_decref(checks);
        return NULL;
    }
    return json_pack("{s:b, s:o}", "ready", ready, "checks", checks);
}
