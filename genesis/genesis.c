#include "genesis/genesis_internal.h"

#include <stdlib.h>

const char *const role_names[3] = { "registrar", "issuer", "freezer" };
const char *const asset_flag_names[3] = { "fixed_supply", "needs_authorisation", "clawback" };
const char *const fault_model_names[2] = { "byzantine", "crash" };
const char *const purpose_names[2] = { "production", "test" };

/* A chain that tolerates one crash has three validators; a test chain may have one. */
enum { CRASH_VALIDATORS_MIN = 3 };

void *genesis_array(size_t count, size_t size)
{
    return calloc(count > 0 ? count : 1, size);
}

struct genesis *genesis_blank(void)
{
    return calloc(1, sizeof(struct genesis));
}

void genesis_free(struct genesis *genesis)
{
    if (!genesis) return;
    free(genesis->validators);
    free(genesis->members);
    free(genesis->accounts);
    free(genesis->assets);
    free(genesis->balances);
    free(genesis);
}

struct genesis *genesis_new(const char *network, enum purpose purpose, uint64_t time_ms,
                            enum engine_kind engine, enum fault_model fault_model)
{
    struct genesis *genesis = genesis_blank();
    if (!genesis) return NULL;
    if (strlen(network) <= NETWORK_NAME_MAX) memcpy(genesis->network, network, strlen(network));
    genesis->time_ms = time_ms;
    genesis->purpose = purpose;
    genesis->committee.fault_model = fault_model;
    genesis->committee.engine = engine;
    params_default(&genesis->params);
    engine_params_default(engine, &genesis->params);
    if (fault_model == FAULT_CRASH)
        genesis->params.values[PARAM_validators_min] = CRASH_VALIDATORS_MIN;
    if (purpose == PURPOSE_TEST) genesis->params.values[PARAM_validators_min] = 1;
    return genesis;
}

static enum status chain_id_set(struct genesis *genesis, struct problem *problem)
{
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    enum status status = writer_status(&w);
    if (status == STATUS_OK)
        genesis->chain_id = digest_of(TAG_GENESIS, writer_span(&w));
    else
        problem_set(problem, status, "document: %s", status_text(status));
    writer_free(&w);
    return status;
}

enum status genesis_seal(struct genesis *genesis, struct problem *problem)
{
    if (genesis->committee.count > COMMITTEE_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "/validators: %u items, more than %d",
                           genesis->committee.count, COMMITTEE_MAX);
    struct genesis_order order;
    enum status status = genesis_sort(genesis, &order);
    if (status == STATUS_OK)
        status = genesis_check(genesis, &order, problem);
    else
        problem_set(problem, status, "document: %s", status_text(status));
    genesis_order_free(&order);
    if (status != STATUS_OK) return status;

    for (uint32_t i = 0; i < genesis->account_count; i++)
        signers_sort(&genesis->accounts[i]);
    return chain_id_set(genesis, problem);
}

static enum status document_parse(const json_t *document, struct genesis **result,
                                  struct problem *problem)
{
    struct genesis *genesis = genesis_blank();
    if (!genesis) return problem_set(problem, STATUS_NO_MEMORY, "document: out of memory");
    enum status status = genesis_read(document, genesis, problem);
    if (status == STATUS_OK) status = genesis_seal(genesis, problem);
    if (status == STATUS_OK)
        *result = genesis;
    else
        genesis_free(genesis);
    return status;
}

enum status genesis_parse(struct span text, struct genesis **genesis, struct problem *problem)
{
    struct problem own;
    if (!problem) problem = &own;
    json_t *document = json_read(text, GENESIS_BYTES_MAX, problem);
    if (!document) return problem->status;
    enum status status = document_parse(document, genesis, problem);
    json_decref(document);
    return status;
}

enum status genesis_load(const char *path, struct genesis **genesis, struct problem *problem)
{
    struct problem own;
    if (!problem) problem = &own;
    json_t *document = json_read_file(path, GENESIS_BYTES_MAX, problem);
    if (!document) return problem->status;
    struct problem inner;
    enum status status = document_parse(document, genesis, &inner);
    json_decref(document);
    if (status != STATUS_OK) problem_set(problem, status, "%s: %s", path, inner.text);
    return status;
}
