#include "consensus/pacer.h"
#include "tests/unit/crypto/vectors.h"

static struct committee committee;
static struct engine_option options[3];

static struct pacer pacer_with(uint16_t members, uint64_t ms, uint64_t growth, uint64_t ms_max)
{
    struct pacer pacer;
    committee.count = members;
    options[0] = (struct engine_option){ "view_ms", ms };
    options[1] = (struct engine_option){ "view_growth_permille", growth };
    options[2] = (struct engine_option){ "view_ms_max", ms_max };
    struct engine_config config = { .committee = &committee,
                                    .options = options,
                                    .options_count = 3 };
    pacer_init(&pacer, &config);
    return pacer;
}

Test(pacer, leader_order_vectors)
{
    json_t *document = vectors_load("consensus");
    struct engine_config config = { .committee = &committee };
    vector_into(document, "chain_id", config.domain.chain_id.bytes, 32);
    config.domain.epoch = vector_number(document, "epoch");
    size_t i;
    json_t *vector;
    json_array_foreach((json_t *)vector_list(document, "leader_orders"), i, vector)
    {
        struct pacer pacer;
        committee.count = (uint16_t)vector_number(vector, "n");
        pacer_init(&pacer, &config);
        const json_t *order = vector_list(vector, "order");
        cr_assert_eq(json_array_size(order), committee.count);
        for (uint64_t view = 0; view < 2 * (uint64_t)committee.count; view++) {
            json_int_t leader = json_integer_value(json_array_get(order, view % committee.count));
            cr_expect_eq(pacer_leader(&pacer, view), leader);
        }
    }
    json_decref(document);
}

Test(pacer, everybody_leads_once_in_n_views)
{
    struct pacer pacer = pacer_with(255, 1000, 1500, 8000);
    bool led[255] = { false };
    for (uint64_t view = 1000; view < 1255; view++) {
        uint16_t leader = pacer_leader(&pacer, view);
        cr_assert_lt(leader, 255);
        cr_expect_not(led[leader]);
        led[leader] = true;
    }
}

Test(pacer, order_depends_on_the_epoch)
{
    struct pacer first, second;
    committee.count = 100;
    struct engine_config config = { .committee = &committee };
    pacer_init(&first, &config);
    config.domain.epoch = 1;
    pacer_init(&second, &config);
    cr_expect_neq(memcmp(first.order, second.order, sizeof first.order), 0);
}

Test(pacer, views_grow_after_three_and_are_capped)
{
    struct pacer pacer = pacer_with(4, 1000, 1500, 4000);
    const uint64_t expected[] = { 1000, 1000, 1000, 1000, 1500, 2250, 3375, 4000, 4000 };
    for (uint64_t views = 0; views < 9; views++)
        cr_expect_eq(pacer_view_ms(&pacer, views, 0), expected[views], "view %llu",
                     (unsigned long long)views);
    cr_expect_eq(pacer_view_ms(&pacer, UINT64_MAX, 0), 4000);
}

Test(pacer, odd_options_are_made_sane)
{
    struct pacer pacer = pacer_with(4, 0, 0, 0);
    cr_expect_eq(pacer_view_ms(&pacer, 100, 0), 1);
    pacer = pacer_with(4, 1000, 1000, 10);
    cr_expect_eq(pacer_view_ms(&pacer, 100, 0), 1000, "no growth, and the cap is not below");
    pacer = pacer_with(4, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    cr_expect_eq(pacer_view_ms(&pacer, 100, 0), 3600 * 1000);
}

Test(pacer, long_undecided_chain_overrides_the_cap)
{
    struct pacer pacer = pacer_with(4, 1000, 1500, 8000);
    cr_expect_eq(pacer_view_ms(&pacer, 1, PACER_PATIENCE), 1000);
    cr_expect_eq(pacer_view_ms(&pacer, 1, PACER_PATIENCE + 1), 16000);
    cr_expect_eq(pacer_view_ms(&pacer, 1, PACER_PATIENCE + PACER_PATIENCE_STEP), 32000);
    cr_expect_eq(pacer_view_ms(&pacer, 1, UINT64_MAX), 3600 * 1000);
}

Test(pacer, standard_options)
{
    struct pacer pacer;
    committee.count = 4;
    struct engine_config config = { .committee = &committee };
    pacer_init(&pacer, &config);
    cr_expect_eq(pacer.view_ms, 1000);
    cr_expect_eq(pacer.growth_permille, 1500);
    cr_expect_eq(pacer.view_ms_max, 8000);
}
