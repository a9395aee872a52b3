/* rpc/methods_tx.c -- tx_get, tx_list, tx_decode: what is in the ledger or in the bytes. Submission
 * and waiting are in methods_submit.c. */
#include "format/transaction_json.h"
#include "rpc/json_entry.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include <stdlib.h>

/* ---- tx_get --------------------------------------------------------------------------------- */

struct one_tx {
    struct rpc_call *call;
    uint64_t sealed_height;
    bool raw;
    bool transaction; /* the id is a transaction's, not a system entry's */
    enum status status;
    json_t *result;
};

static bool make_tx(void *context, const struct entry_row *entry)
{
    struct one_tx *one = context;
    struct block_row block;
    uint64_t height = position_height(entry->position);
    one->transaction = entry->kind == ENTRY_TRANSACTION;
    if (!one->transaction) return false;
    one->status = ledger_read_block(one->call->reader, height, &block);
    if (one->status == STATUS_OK)
        one->result =
            json_transaction(entry->data, entry, &block, height <= one->sealed_height, one->raw);
    return false;
}

static json_t *tx_get(struct rpc_call *call)
{
    const struct digest *txid = &call_argument(call, "tx_id")->digest;
    char text[2 * sizeof txid->bytes + 1];
    struct ledger_read_head head;
    struct one_tx one = { .call = call, .raw = call_argument(call, "raw")->flag };
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    one.sealed_height = head.sealed_height;
    status = ledger_read_entry(call->reader, txid, make_tx, &one);
    if (status == STATUS_OK) status = one.transaction ? one.status : STATUS_NOT_FOUND;
    hex_encode(digest_span(txid), text);
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "transaction", text, head.header.height);
    if (status != STATUS_OK) return call_status(call, status);
    return one.result;
}

static const struct rpc_parameter tx_get_parameters[] = {
    PARAMETER_REQUIRED("tx_id", ARGUMENT_HASH),
    PARAMETER_FLAG("raw", false),
    PARAMETERS_READ,
};

const struct rpc_method method_tx_get = {
    METHOD("tx_get", ACCESS_READ, tx_get_parameters),
    .reads = true,
    .handle = tx_get,
};

/* ---- tx_list -------------------------------------------------------------------------------- */

static const char *const words_result[] = { "ok", "failed", NULL };

struct tx_page {
    struct page page;
    struct rpc_call *call;
    struct block_row block; /* of the last item: neighbours share it */
    bool has_block;
    enum status status;
};

static bool add_tx(void *context, const struct entry_row *entry)
{
    struct tx_page *list = context;
    uint64_t height = position_height(entry->position);
    if (page_is_full(&list->page)) return false;
    if (!list->has_block || list->block.header.height != height)
        list->status = ledger_read_block(list->call->reader, height, &list->block);
    list->has_block = list->status == STATUS_OK;
    if (!list->has_block) return false;
    list->page.last_key = entry->position;
    bool sealed = height <= list->page.head.sealed_height;
    json_t *item = json_transaction(entry->data, entry, &list->block, sealed, false);
    return page_add(&list->page, item, entry->data.size + entry->effects.size);
}

static const struct id *id_argument(const struct rpc_call *call, const char *name)
{
    const struct argument *argument = call_argument(call, name);
    return argument->given ? &argument->id : NULL;
}

static bool tx_filter_of(struct rpc_call *call, struct entry_filter *filter)
{
    const struct argument *operation = call_argument(call, "op");
    const struct argument *result = call_argument(call, "result");
    *filter = (struct entry_filter){
        .account = id_argument(call, "account"),
        .source = id_argument(call, "source"),
        .client_ref = id_argument(call, "client_ref"),
        .transactions_only = true,
    };
    if (result->given) filter->outcome = result->number == 0 ? OUTCOME_OK : OUTCOME_FAILED;
    if (filter->client_ref && !filter->source) {
        call_invalid(call, "/client_ref", "only together with source", "no source");
        return false;
    }
    if (operation->given && !operation_find(operation->text, &filter->operation)) {
        call_invalid(call, "/op", "the name of an operation", operation->text);
        return false;
    }
    return true;
}

static json_t *tx_list(struct rpc_call *call)
{
    struct tx_page list = { .call = call };
    struct page *page = &list.page;
    struct entry_filter filter;
    if (!tx_filter_of(call, &filter)) return NULL;
    /* A filter by result alone walks over everything that does not fit. */
    bool selective =
        filter.account || filter.source || filter.operation || filter.outcome == OUTCOME_ANY;
    if (!page_start(page, call) || !page_range(page, call, selective, true)) return NULL;
    enum status status = STATUS_OK;
    if (page_positions(page, &filter))
        status = ledger_read_filtered(call->reader, &filter, add_tx, &list);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static const struct rpc_parameter tx_list_parameters[] = {
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT), PARAMETER_OPTIONAL("source", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("client_ref", ARGUMENT_ID16), PARAMETER_OPTIONAL("op", ARGUMENT_OPERATION),
    PARAMETER_WORD_OPTIONAL("result", words_result), PARAMETER_OPTIONAL("from_time", ARGUMENT_TIME),
    PARAMETER_OPTIONAL("to_time", ARGUMENT_TIME),    PARAMETERS_RANGE,
};

const struct rpc_method method_tx_list = {
    METHOD("tx_list", ACCESS_READ, tx_list_parameters),
    .reads = true,
    .handle = tx_list,
};

/* ---- tx_decode ------------------------------------------------------------------------------ */

static json_t *malformed(struct rpc_call *call, const struct refusal *refusal)
{
    json_t *data = json_with(json_object(), "offset", value_height(refusal->offset));
    if (refusal->operation < TX_OPERATIONS_MAX)
        data = json_with(data, "op", value_height(refusal->operation));
    data = json_with(data, "detail", json_string(refusal->detail));
    return call_error(call, RPC_ERROR_tx_malformed, data);
}

static json_t *tx_decode(struct rpc_call *call)
{
    struct refusal refusal = { 0 };
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return NULL;
    enum status status = transaction_decode(call_argument(call, "tx")->bytes, tx, &refusal);
    json_t *o = status == STATUS_OK ? transaction_json(tx) : malformed(call, &refusal);
    free(tx);
    return o;
}

static const struct rpc_parameter tx_decode_parameters[] = {
    PARAMETER_REQUIRED("tx", ARGUMENT_HEX),
};

const struct rpc_method method_tx_decode = {
    METHOD("tx_decode", ACCESS_READ, tx_decode_parameters),
    .handle = tx_decode,
};
