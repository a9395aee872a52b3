#include "rpc/health.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct node_view view;
static struct health_query query;
static char text[HEALTH_TEXT_MAX];

static void open_all(void)
{
    memset(&view, 0, sizeof view);
    memset(&query, 0, sizeof query);
    for (size_t i = 0; i < HEALTH_COUNT; i++)
        view.checks[i].ok = true;
}

TestSuite(health, .init = open_all);

static bool ready(void)
{
    struct buffer out;
    buffer_init(&out, sizeof text - 1);
    bool is_ready = health_ready(&view, &query, &out);
    memcpy(text, out.data, out.size);
    text[out.size] = 0;
    buffer_free(&out);
    return is_ready;
}

Test(health, alive_for_ten_seconds)
{
    view.loop_age_ms = 10000;
    cr_assert(health_live(&view));
    view.loop_age_ms = 10001;
    cr_assert_not(health_live(&view));
}

Test(health, all_checks_pass)
{
    cr_assert(ready());
    cr_assert_str_eq(text, "ready\n");
    query.verbose = true;
    cr_assert(ready());
    cr_assert_str_eq(text,
                     "[+]genesis ok\n[+]data ok\n[+]sync ok\n[+]quorum ok\n[+]progress ok\n"
                     "[+]seal ok\n[+]votes ok\n[+]disk ok\n[+]clock ok\n[+]drain ok\nready\n");
}

Test(health, each_check_counts)
{
    for (size_t i = 0; i < HEALTH_COUNT; i++) {
        char line[64];
        view.checks[i].ok = false;
        cr_assert_not(ready());
        snprintf(line, sizeof line, "[-]%s failed\nnot ready\n", health_name((enum health_index)i));
        cr_assert_str_eq(text, line);
        query.excluded[i] = true;
        cr_assert(ready());
        query.excluded[i] = false;
        view.checks[i].ok = true;
    }
}

Test(health, details)
{
    view.checks[HEALTH_disk].ok = false;
    snprintf(view.checks[HEALTH_disk].detail, sizeof view.checks[HEALTH_disk].detail,
             "1.1 GiB free, 2 GiB wanted");
    cr_assert_not(ready());
    cr_assert_str_eq(text, "[-]disk 1.1 GiB free, 2 GiB wanted\nnot ready\n");
}

Test(health, behind_max_replaces_the_nodes_own_limit)
{
    view.height = 100;
    view.target_height = 110;
    view.checks[HEALTH_sync].ok = false;
    cr_assert_not(ready());
    cr_assert(health_query_add(&query, "behind_max", "10"));
    cr_assert(ready());
    cr_assert(health_query_add(&query, "behind_max", "9"));
    cr_assert_not(ready());
    cr_assert_str_eq(text, "[-]sync 10 blocks behind, at most 9\nnot ready\n");
    view.target_height = 0; /* nobody has shown a height */
    cr_assert(ready());
}

Test(health, queries)
{
    cr_assert(health_query_add(&query, "verbose", NULL));
    cr_assert(health_query_add(&query, "verbose", ""));
    cr_assert(health_query_add(&query, "exclude", "disk"));
    cr_assert(query.excluded[HEALTH_disk]);
    cr_assert_not(health_query_add(&query, "exclude", "dusk"));
    cr_assert_not(health_query_add(&query, "exclude", NULL));
    cr_assert_not(health_query_add(&query, "verbose", "yes"));
    cr_assert_not(health_query_add(&query, "behind_max", "-1"));
    cr_assert_not(health_query_add(&query, "behind_max", NULL));
    cr_assert_not(health_query_add(&query, "other", "1"));
}

Test(health, as_json)
{
    view.checks[HEALTH_clock].ok = false;
    json_t *json = health_json(&view);
    cr_assert(json_is_false(json_object_get(json, "ready")));
    cr_assert_eq(json_array_size(json_object_get(json, "checks")), HEALTH_COUNT);
    json_decref(json);
}
