#include "genesis/genesis_internal.h"

#include <inttypes.h>

const char *const engine_names[6] = {
    [ENGINE_HOTSTUFF - 1] = "hotstuff", [ENGINE_RAFT - 1] = "raft",
    [ENGINE_PBFT - 1] = "pbft",         [ENGINE_TENDERMINT - 1] = "tendermint",
    [ENGINE_PAXOS - 1] = "paxos",       [ENGINE_ZAB - 1] = "zab",
};

/* Least and most are equal where a choice is reserved by the format but has no code yet. */
static const struct engine_row hotstuff_rows[] = {
    { "phases", 2, 2, 3 },
    { "votes_to", 0, 0, 0 },
    { "view_ms", 1000, 10, 60000 },
    { "view_growth_permille", 1500, 1000, 10000 },
    { "view_ms_max", 8000, 10, 480000 },
    { "undecided_max", 8, 3, 64 },
    { "leader_turn", 1, 1, 1 },
};

static const struct engine_row raft_rows[] = {
    { "heartbeat_ms", 50, 5, 10000 },
    { "election_ms_min", 500, 10, 60000 },
    { "election_ms_max", 1000, 11, 120000 },
    { "lease_ms", 0, 0, 59999 },
};

enum { VIEW_MS_RATIO_MAX = 8, HEARTBEATS_MIN = 2 };

const char *engine_name(enum engine_kind engine)
{
    if (engine < ENGINE_HOTSTUFF || engine > ENGINE_ZAB) return NULL;
    return engine_names[engine - 1];
}

bool engine_find(const char *name, enum engine_kind *engine)
{
    for (size_t i = 0; i < sizeof engine_names / sizeof engine_names[0]; i++) {
        if (strcmp(engine_names[i], name) != 0) continue;
        *engine = (enum engine_kind)(i + 1);
        return true;
    }
    return false;
}

const struct engine_row *engine_rows(enum engine_kind engine, size_t *count)
{
    *count = 0;
    if (engine == ENGINE_HOTSTUFF) {
        *count = sizeof hotstuff_rows / sizeof hotstuff_rows[0];
        return hotstuff_rows;
    }
    if (engine == ENGINE_RAFT) {
        *count = sizeof raft_rows / sizeof raft_rows[0];
        return raft_rows;
    }
    return NULL;
}

const uint64_t *engine_param_find(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->engine_count; i++)
        if (strcmp(params->engine[i].name, name) == 0) return &params->engine[i].value;
    return NULL;
}

bool engine_param_add(struct params *params, const char *name, uint64_t value)
{
    ASSERT(strlen(name) <= ENGINE_PARAM_NAME_MAX);
    if (params->engine_count == ENGINE_PARAMS_MAX || engine_param_find(params, name)) return false;
    size_t at = params->engine_count++;
    for (; at > 0 && strcmp(params->engine[at - 1].name, name) > 0; at--)
        params->engine[at] = params->engine[at - 1];
    memset(&params->engine[at], 0, sizeof params->engine[at]);
    memcpy(params->engine[at].name, name, strlen(name));
    params->engine[at].value = value;
    return true;
}

void engine_params_default(enum engine_kind engine, struct params *params)
{
    size_t count;
    const struct engine_row *rows = engine_rows(engine, &count);
    params->engine_count = 0;
    memset(params->engine, 0, sizeof params->engine);
    for (size_t i = 0; i < count; i++) {
        bool added = engine_param_add(params, rows[i].name, rows[i].standard);
        ASSERT(added);
    }
}

static enum status row_check(const struct engine_row *row, enum engine_kind engine,
                             const struct params *params, struct problem *problem)
{
    const uint64_t *value = engine_param_find(params, row->name);
    if (!value) return problem_set(problem, STATUS_INVALID, "%s: missing", row->name);
    if (*value >= row->least && *value <= row->most) return STATUS_OK;
    if (row->least == row->most)
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "%s: %" PRIu64 " is not built into %s of this version, only %" PRIu64,
                           row->name, *value, engine_name(engine), row->least);
    return problem_set(problem, STATUS_INVALID,
                       "%s: %" PRIu64 " is outside %" PRIu64 " to %" PRIu64, row->name, *value,
                       row->least, row->most);
}

/* All of the table are there and in range; since names are distinct, a larger count means that
 * there is one too many. */
static enum status rows_check(enum engine_kind engine, const struct params *params,
                              struct problem *problem)
{
    size_t count;
    const struct engine_row *rows = engine_rows(engine, &count);
    for (size_t i = 0; i < params->engine_count; i++) {
        bool known = false;
        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(rows[j].name, params->engine[i].name) == 0;
        if (!known)
            return problem_set(problem, STATUS_INVALID, "%s: not a parameter of %s",
                               params->engine[i].name, engine_name(engine));
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = row_check(&rows[i], engine, params, problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* An outage of any length then ends within two views of at most eight times the shortest. */
static enum status hotstuff_relations(const struct params *params, struct problem *problem)
{
    uint64_t shortest = *engine_param_find(params, "view_ms");
    uint64_t longest = *engine_param_find(params, "view_ms_max");
    if (longest < shortest)
        return problem_set(problem, STATUS_INVALID,
                           "view_ms_max: %" PRIu64 " is less than view_ms, %" PRIu64, longest,
                           shortest);
    if (longest > VIEW_MS_RATIO_MAX * shortest)
        return problem_set(problem, STATUS_INVALID,
                           "view_ms_max: %" PRIu64 " is more than 8 x view_ms, %" PRIu64, longest,
                           VIEW_MS_RATIO_MAX * shortest);
    return STATUS_OK;
}

/* Elections need different timeouts to break ties, and time for a heartbeat to arrive. */
static enum status raft_relations(const struct params *params, struct problem *problem)
{
    uint64_t heartbeat = *engine_param_find(params, "heartbeat_ms");
    uint64_t least = *engine_param_find(params, "election_ms_min");
    uint64_t most = *engine_param_find(params, "election_ms_max");
    if (least < HEARTBEATS_MIN * heartbeat)
        return problem_set(problem, STATUS_INVALID,
                           "election_ms_min: %" PRIu64 " is less than 2 x heartbeat_ms, %" PRIu64,
                           least, HEARTBEATS_MIN * heartbeat);
    if (most <= least)
        return problem_set(
            problem, STATUS_INVALID,
            "election_ms_max: %" PRIu64 " is not more than election_ms_min, %" PRIu64, most, least);
    /* A lease that outlives the shortest election would let two leaders answer reads. */
    uint64_t lease = *engine_param_find(params, "lease_ms");
    if (lease >= least)
        return problem_set(problem, STATUS_INVALID,
                           "lease_ms: %" PRIu64 " is not less than election_ms_min, %" PRIu64,
                           lease, least);
    return STATUS_OK;
}

enum status engine_params_check(enum engine_kind engine, const struct params *params,
                                struct problem *problem)
{
    size_t count;
    if (!engine_rows(engine, &count))
        return problem_set(problem, STATUS_UNSUPPORTED, "engine: %s is not built in this version",
                           engine_name(engine) ? engine_name(engine) : "an unknown engine");
    enum status status = rows_check(engine, params, problem);
    if (status != STATUS_OK) return status;
    return engine == ENGINE_HOTSTUFF ? hotstuff_relations(params, problem)
                                     : raft_relations(params, problem);
}
