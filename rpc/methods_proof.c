/* rpc/methods_proof.c -- proofs of history: block_seal, epoch_prove, history_prove, tx_receipt,
 * evidence_list.
 *
 * Each answers the JSON twin of a proof file (proof/text.h); what goes into it is ledger/prove.h's.
 * Proofs of the state are in methods_state.c and methods_statement.c.
 */
#include "ledger/prove.h"
#include "proof/text.h"
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include "rpc/state_wait.h"

#include <stdio.h>

/* The twin, or the error of a proof that could not be built. Frees the prover. */
static json_t *answer(struct rpc_call *call, struct prover *p, enum status status)
{
    json_t *twin = NULL;
    if (status == STATUS_OK)
        twin = proof_json(&p->proof);
    else if (status == STATUS_NO_QUORUM)
        call_not_sealed(call, p);
    else
        call_status(call, status);
    prover_free(p);
    return twin;
}

/* ---- block_seal ----------------------------------------------------------------------------- */

static json_t *block_seal(struct rpc_call *call)
{
    struct argument height = *call_argument(call, "height");
    struct ledger_read_head head;
    struct block_row block;
    if (!height.given || height.number == HEIGHT_LATEST) {
        /* The latest that has a seal: that is what a light client asks for. */
        enum status status = ledger_read_sealed_height(call->reader, &height.number);
        if (status != STATUS_OK) return call_status(call, status);
        height.given = true;
    }
    if (!call_block(call, &height, &head, &block)) return NULL;
    struct prover p;
    prover_init(&p, call->reader);
    return answer(call, &p, prove_seal(&p, block.header.height));
}

static const struct rpc_parameter block_seal_parameters[] = {
    PARAMETER_HEIGHT_OR_TAG("height"),
};

const struct rpc_method method_block_seal = {
    METHOD("block_seal", ACCESS_READ, block_seal_parameters),
    .reads = true,
    .handle = block_seal,
};

/* ---- epoch_prove ---------------------------------------------------------------------------- */

static json_t *epoch_prove(struct rpc_call *call)
{
    const struct argument *wanted = call_argument(call, "epoch");
    struct ledger_read_head head;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    uint64_t epoch = wanted->given ? wanted->number : head.header.epoch;
    struct prover p;
    prover_init(&p, call->reader);
    status = prove_epochs(&p, epoch);
    if (status == STATUS_NOT_FOUND) {
        char text[24];
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)epoch);
        prover_free(&p);
        return call_not_found(call, "epoch", text, head.header.height);
    }
    return answer(call, &p, status);
}

static const struct rpc_parameter epoch_prove_parameters[] = {
    { .name = "epoch", .type = ARGUMENT_INTEGER, .most = HEIGHT_LIMIT - 1 },
};

const struct rpc_method method_epoch_prove = {
    METHOD("epoch_prove", ACCESS_READ, epoch_prove_parameters),
    .reads = true,
    .handle = epoch_prove,
};

/* ---- history_prove -------------------------------------------------------------------------- */

static json_t *history_prove(struct rpc_call *call)
{
    uint64_t from = call_argument(call, "from_height")->number;
    uint64_t to = call_argument(call, "to_height")->number;
    struct ledger_read_head head;
    if (from == 0)
        return call_invalid(call, "/from_height", "1 or more: block 0 is the genesis", "0");
    if (from >= to) return call_invalid(call, "/to_height", "above from_height", "not above it");
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    if (to > head.header.height)
        return call_error(call, RPC_ERROR_height_not_reached,
                          json_pack("{s:o, s:o}", "height", value_height(to), "ledger_height",
                                    value_height(head.header.height)));
    struct prover p;
    prover_init(&p, call->reader);
    return answer(call, &p, prove_history(&p, from, to));
}

static const struct rpc_parameter history_prove_parameters[] = {
    PARAMETER_REQUIRED("from_height", ARGUMENT_HEIGHT),
    PARAMETER_REQUIRED("to_height", ARGUMENT_HEIGHT),
};

const struct rpc_method method_history_prove = {
    METHOD("history_prove", ACCESS_READ, history_prove_parameters),
    .reads = true,
    .handle = history_prove,
};

/* ---- tx_receipt ----------------------------------------------------------------------------- */

static json_t *tx_receipt(struct rpc_call *call)
{
    const struct digest *id = &call_argument(call, "tx_id")->digest;
    char text[2 * sizeof id->bytes + 1];
    struct ledger_read_head head;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    struct prover p;
    prover_init(&p, call->reader);
    status = prove_receipt(&p, id, call_argument(call, "withhold")->flag);
    if (status != STATUS_NOT_FOUND) return answer(call, &p, status);
    prover_free(&p);
    hex_encode(digest_span(id), text);
    return call_not_found(call, "entry", text, head.header.height);
}

static const struct rpc_parameter tx_receipt_parameters[] = {
    PARAMETER_REQUIRED("tx_id", ARGUMENT_HASH),
    PARAMETER_FLAG("withhold", false),
};

const struct rpc_method method_tx_receipt = {
    METHOD("tx_receipt", ACCESS_READ, tx_receipt_parameters),
    .reads = true,
    .handle = tx_receipt,
};

/* ---- evidence_list -------------------------------------------------------------------------- */

struct evidence_page {
    struct rpc_call *call;
    json_t *items; /* NULL after running out of memory */
    uint64_t left;
    struct digest last; /* id of the last item */
    bool more;
    enum status status;
};

/* Each item is a proof of its own. */
static bool add_evidence(void *context, const struct evidence_row *row)
{
    struct evidence_page *page = context;
    struct prover p;
    page->more = page->left == 0;
    if (page->more) return false;
    page->left--;
    page->last = row->id;
    prover_init(&p, page->call->reader);
    page->status = prove_evidence(&p, row);
    if (page->status == STATUS_OK) page->items = json_and(page->items, proof_json(&p.proof));
    prover_free(&p);
    return page->status == STATUS_OK && page->items;
}

static json_t *evidence_list(struct rpc_call *call)
{
    struct evidence_page page = { .call = call, .left = call_argument(call, "limit")->number };
    struct ledger_read_head head;
    struct digest after;
    bool resumed = false;
    if (!cursor_read(call, after.bytes, sizeof after.bytes, &resumed)) return NULL;
    enum status status = ledger_read_head(call->reader, &head);
    page.items = json_array();
    if (status == STATUS_OK)
        status = ledger_read_evidence(call->reader, resumed ? &after : NULL,
                                      (uint32_t)page.left + 1, add_evidence, &page);
    if (status == STATUS_OK) status = page.status;
    if (status != STATUS_OK) {
        json_decref(page.items);
        return call_status(call, status);
    }
    json_t *next =
        page.more ? cursor_make(call, page.last.bytes, sizeof page.last.bytes) : json_null();
    json_t *o = json_with(json_object(), "items", page.items);
    o = json_with(o, "next_cursor", next);
    return json_with(o, "ledger_height", value_height(head.header.height));
}

static const struct rpc_parameter evidence_list_parameters[] = {
    PARAMETERS_PAGE,
};

const struct rpc_method method_evidence_list = {
    METHOD("evidence_list", ACCESS_READ, evidence_list_parameters),
    .reads = true,
    .handle = evidence_list,
};
