#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void expect_bad(enum engine_kind engine, const struct params *params, enum status status,
                       const char *fragment)
{
    struct problem problem = { .text = "" };
    cr_assert_eq(engine_params_check(engine, params, &problem), status, "%s", problem.text);
    cr_assert(strstr(problem.text, fragment) == problem.text, "\"%s\", not \"%s\"", problem.text,
              fragment);
}

static void expect_good(enum engine_kind engine, const struct params *params)
{
    struct problem problem = { .text = "" };
    cr_assert_eq(engine_params_check(engine, params, &problem), STATUS_OK, "%s", problem.text);
}

static struct params defaults(enum engine_kind engine)
{
    struct params params;
    params_default(&params);
    engine_params_default(engine, &params);
    return params;
}

static void set(struct params *params, const char *name, uint64_t value)
{
    for (size_t i = 0; i < params->engine_count; i++) {
        if (strcmp(params->engine[i].name, name) != 0) continue;
        params->engine[i].value = value;
        return;
    }
    cr_assert_fail("no parameter %s", name);
}

Test(engines, names)
{
    static const char *const names[] = { "hotstuff", "raft", "pbft", "tendermint", "paxos", "zab" };
    for (size_t i = 0; i < 6; i++) {
        enum engine_kind engine;
        cr_assert(engine_find(names[i], &engine));
        cr_assert_eq(engine, i + 1);
        cr_assert_str_eq(engine_name(engine), names[i]);
    }
    enum engine_kind engine = ENGINE_RAFT;
    cr_assert(!engine_find("hotstuf", &engine));
    cr_assert(!engine_find("", &engine));
    cr_assert_eq(engine, ENGINE_RAFT);
    cr_assert(engine_name((enum engine_kind)0) == NULL);
    cr_assert(engine_name((enum engine_kind)7) == NULL);
}

Test(engines, defaults_are_good_and_sorted)
{
    static const enum engine_kind built[] = { ENGINE_HOTSTUFF, ENGINE_RAFT };
    for (size_t i = 0; i < 2; i++) {
        struct params params = defaults(built[i]);
        expect_good(built[i], &params);
        for (size_t j = 1; j < params.engine_count; j++)
            cr_assert_lt(strcmp(params.engine[j - 1].name, params.engine[j].name), 0);
    }
    struct params params = defaults(ENGINE_HOTSTUFF);
    cr_assert_eq(params.engine_count, 7);
    cr_assert_eq(*engine_param_find(&params, "view_ms"), 1000);
    cr_assert_eq(*engine_param_find(&params, "phases"), 2);
    cr_assert(engine_param_find(&params, "heartbeat_ms") == NULL);
    params = defaults(ENGINE_RAFT);
    cr_assert_eq(params.engine_count, 4);
    cr_assert_eq(*engine_param_find(&params, "election_ms_max"), 1000);
    cr_assert_eq(*engine_param_find(&params, "lease_ms"), 0);
}

/* Every row by itself: its ends are allowed, what lies beyond is not. Where a relation to another
 * parameter is narrower than the range, this moves the other one too. */
Test(engines, ranges_of_hotstuff)
{
    static const struct {
        const char *name;
        uint64_t least, most;
        enum status status;
    } rows[] = {
        { "phases", 2, 3, STATUS_INVALID },
        { "votes_to", 0, 0, STATUS_UNSUPPORTED },
        { "leader_turn", 1, 1, STATUS_UNSUPPORTED },
        { "view_growth_permille", 1000, 10000, STATUS_INVALID },
        { "undecided_max", 3, 64, STATUS_INVALID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct params params = defaults(ENGINE_HOTSTUFF);
        set(&params, rows[i].name, rows[i].least);
        expect_good(ENGINE_HOTSTUFF, &params);
        set(&params, rows[i].name, rows[i].most);
        expect_good(ENGINE_HOTSTUFF, &params);
        set(&params, rows[i].name, rows[i].most + 1);
        expect_bad(ENGINE_HOTSTUFF, &params, rows[i].status, rows[i].name);
        if (rows[i].least == 0) continue;
        set(&params, rows[i].name, rows[i].least - 1);
        expect_bad(ENGINE_HOTSTUFF, &params, rows[i].status, rows[i].name);
    }
}

Test(engines, what_is_not_built_says_so)
{
    struct params params = defaults(ENGINE_HOTSTUFF);
    set(&params, "votes_to", 1);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_UNSUPPORTED,
               "votes_to: 1 is not built into hotstuff of this version, only 0");
    for (int engine = ENGINE_PBFT; engine <= ENGINE_ZAB; engine++)
        expect_bad((enum engine_kind)engine, &params, STATUS_UNSUPPORTED, "engine: ");
    expect_bad((enum engine_kind)99, &params, STATUS_UNSUPPORTED, "engine: an unknown engine");
}

Test(engines, views_of_hotstuff)
{
    struct params params = defaults(ENGINE_HOTSTUFF);
    set(&params, "view_ms", 10);
    set(&params, "view_ms_max", 10);
    expect_good(ENGINE_HOTSTUFF, &params);
    set(&params, "view_ms_max", 80);
    expect_good(ENGINE_HOTSTUFF, &params);
    set(&params, "view_ms_max", 81);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID,
               "view_ms_max: 81 is more than 8 x view_ms, 80");
    set(&params, "view_ms_max", 9);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID, "view_ms_max: 9 is outside 10 to 480000");
    set(&params, "view_ms", 9);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID, "view_ms: 9 is outside 10 to 60000");
    set(&params, "view_ms", 60000);
    set(&params, "view_ms_max", 480000);
    expect_good(ENGINE_HOTSTUFF, &params);
    set(&params, "view_ms_max", 59999);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID,
               "view_ms_max: 59999 is less than view_ms, 60000");
    set(&params, "view_ms", UINT64_MAX);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID, "view_ms: ");
}

Test(engines, timeouts_of_raft)
{
    struct params params = defaults(ENGINE_RAFT);
    set(&params, "heartbeat_ms", 250);
    expect_good(ENGINE_RAFT, &params);
    set(&params, "heartbeat_ms", 251);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID,
               "election_ms_min: 500 is less than 2 x heartbeat_ms, 502");
    set(&params, "heartbeat_ms", 4);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "heartbeat_ms: 4 is outside 5 to 10000");
    set(&params, "heartbeat_ms", 50);
    set(&params, "election_ms_max", 501);
    expect_good(ENGINE_RAFT, &params);
    set(&params, "election_ms_max", 500);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID,
               "election_ms_max: 500 is not more than election_ms_min, 500");
    set(&params, "election_ms_max", 120001);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "election_ms_max: 120001 is outside");
    set(&params, "election_ms_min", 60001);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "election_ms_min: 60001 is outside");
}

Test(engines, a_lease_of_raft_ends_before_an_election_can)
{
    struct params params = defaults(ENGINE_RAFT);
    set(&params, "lease_ms", 499);
    expect_good(ENGINE_RAFT, &params);
    set(&params, "lease_ms", 500);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID,
               "lease_ms: 500 is not less than election_ms_min, 500");
    set(&params, "lease_ms", 60000);
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "lease_ms: 60000 is outside 0 to 59999");
}

Test(engines, all_and_only_their_own)
{
    struct params params = defaults(ENGINE_RAFT);
    expect_bad(ENGINE_HOTSTUFF, &params, STATUS_INVALID,
               "election_ms_max: not a parameter of hotstuff");
    params = defaults(ENGINE_RAFT);
    params.engine_count--;
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "lease_ms: missing");
    params = defaults(ENGINE_RAFT);
    cr_assert(engine_param_add(&params, "extra", 1));
    expect_bad(ENGINE_RAFT, &params, STATUS_INVALID, "extra: not a parameter of raft");
}

Test(engines, parameters_are_added_in_order)
{
    struct params params;
    params_default(&params);
    cr_assert(engine_param_add(&params, "b", 2));
    cr_assert(engine_param_add(&params, "c", 3));
    cr_assert(engine_param_add(&params, "a", 1));
    cr_assert(!engine_param_add(&params, "b", 9), "once only");
    for (uint64_t i = 0; i < 3; i++)
        cr_assert_eq(params.engine[i].value, i + 1);
    for (unsigned i = 3; i < ENGINE_PARAMS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "x%u", i);
        cr_assert(engine_param_add(&params, name, i));
    }
    cr_assert(!engine_param_add(&params, "one_too_many", 0));
    cr_assert_eq(params.engine_count, ENGINE_PARAMS_MAX);
}
