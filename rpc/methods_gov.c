/* rpc/methods_gov.c -- gov_list, gov_get, gov_preview, epoch_list. */
#include "rpc/cursor.h"
#include "rpc/json_gov.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A cursor is the number of the page's last item. */
static bool number_after(struct page *page, struct rpc_call *call)
{
    uint8_t payload[8];
    if (!cursor_read(call, payload, sizeof payload, &page->resumed)) return false;
    if (page->resumed) page->resume = load_u64(payload);
    page->by_version = true;
    page->items = json_array();
    return true;
}

/* ---- gov_list, gov_get ---------------------------------------------------------------------- */

enum { PROPOSAL_BYTES = 1024 }; /* of a page, for each */

struct proposals {
    struct page page;
    struct rpc_call *call;
    struct gov_facts *facts;
    uint8_t wanted; /* enum proposal_status, or 0 */
    enum status status;
};

static bool add_proposal(void *context, const struct proposal_row *proposal)
{
    struct proposals *list = context;
    uint8_t shown = proposal_status_at(&proposal->record, list->facts->time_ms);
    if (list->wanted != 0 && shown != list->wanted) return true;
    if (page_is_full(&list->page)) return false;
    json_t *item = json_proposal(list->call->reader, proposal, list->facts, &list->status);
    if (list->status != STATUS_OK) return false;
    list->page.last_key = proposal->number;
    return page_add(&list->page, item, PROPOSAL_BYTES);
}

static json_t *gov_list_with(struct rpc_call *call, struct gov_facts *facts)
{
    const struct argument *wanted = call_argument(call, "status");
    struct proposals list = { .call = call, .facts = facts };
    if (wanted->given) list.wanted = (uint8_t)(wanted->number + PROPOSAL_OPEN);
    struct page *page = &list.page;
    if (!page_start(page, call) || !number_after(page, call)) return NULL;
    enum status status = gov_facts_read(call->reader, facts);
    /* What a proposal counts as depends on the time too, so it is chosen here. */
    if (status == STATUS_OK)
        status = ledger_read_proposals(call->reader, 0, page->resumed ? page->resume : 0,
                                       UINT32_MAX, add_proposal, &list);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static json_t *gov_list(struct rpc_call *call)
{
    struct gov_facts *facts = malloc(sizeof *facts);
    json_t *o = facts ? gov_list_with(call, facts) : NULL;
    free(facts);
    return o;
}

static const char *const words_status[] = { "open",   "passed",    "rejected", "enacted",
                                            "failed", "withdrawn", NULL };

static const struct rpc_parameter gov_list_parameters[] = {
    PARAMETER_WORD_OPTIONAL("status", words_status),
    PARAMETERS_PAGE,
};

const struct rpc_method method_gov_list = {
    METHOD("gov_list", ACCESS_READ, gov_list_parameters),
    .reads = true,
    .handle = gov_list,
};

static bool proposal_read(struct rpc_call *call, uint64_t number, struct proposal_row *proposal)
{
    struct ledger_read_head head;
    enum status status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK) status = ledger_read_proposal(call->reader, number, proposal);
    if (status == STATUS_OK) return true;
    if (status == STATUS_NOT_FOUND) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, number);
        call_not_found(call, "proposal", text, head.header.height);
    } else {
        call_status(call, status);
    }
    return false;
}

static json_t *gov_get_with(struct rpc_call *call, struct proposal_row *proposal,
                            struct gov_facts *facts)
{
    if (!proposal_read(call, call_argument(call, "proposal")->number, proposal)) return NULL;
    enum status status = gov_facts_read(call->reader, facts);
    json_t *o = NULL;
    if (status == STATUS_OK) o = json_proposal(call->reader, proposal, facts, &status);
    return status == STATUS_OK ? o : call_status(call, status);
}

static json_t *gov_get(struct rpc_call *call)
{
    struct proposal_row *proposal = malloc(sizeof *proposal);
    struct gov_facts *facts = malloc(sizeof *facts);
    json_t *o = proposal && facts ? gov_get_with(call, proposal, facts) : NULL;
    free(proposal);
    free(facts);
    return o;
}

static const struct rpc_parameter gov_get_parameters[] = {
    PARAMETER_REQUIRED("proposal", ARGUMENT_HEIGHT),
    PARAMETERS_READ,
};

const struct rpc_method method_gov_get = {
    METHOD("gov_get", ACCESS_READ, gov_get_parameters),
    .reads = true,
    .handle = gov_get,
};

/* ---- gov_preview ---------------------------------------------------------------------------- */

/* Too large for a stack, together. */
struct previewing {
    struct proposal_row proposal;
    struct action actions[ACTIONS_MAX];
    uint8_t count;
    struct preview preview;
    struct gov_facts facts;
    struct node_view view;
};

static bool actions_read(struct rpc_call *call, const json_t *list, struct previewing *p)
{
    size_t count = json_array_size(list);
    if (count < 1 || count > ACTIONS_MAX) {
        call_invalid(call, "/actions", "a list of 1 to 10 actions", "another number of them");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct problem problem = { .text = "" };
        if (action_from_json(json_array_get(list, i), &p->actions[i], &problem) == STATUS_OK)
            continue;
        call_error(call, RPC_ERROR_tx_malformed,
                   json_pack("{s:i, s:s}", "action", (int)i, "detail", problem.text));
        return false;
    }
    p->count = (uint8_t)count;
    return true;
}

/* Those of the call, or those of a proposal. */
static bool subject_read(struct rpc_call *call, struct previewing *p)
{
    const struct argument *list = call_argument(call, "actions");
    const struct argument *number = call_argument(call, "proposal");
    if (list->given == number->given) {
        call_invalid(call, "/actions", "either actions or a proposal",
                     list->given ? "both" : "neither");
        return false;
    }
    if (list->given) return actions_read(call, list->list, p);
    if (!proposal_read(call, number->number, &p->proposal)) return false;
    p->count = p->proposal.record.action_count;
    memcpy(p->actions, p->proposal.record.actions, p->count * sizeof p->actions[0]);
    return true;
}

static json_t *gov_preview_with(struct rpc_call *call, struct previewing *p)
{
    struct ledger_read_head head;
    if (!subject_read(call, p)) return NULL;
    enum status status = gov_facts_read(call->reader, &p->facts);
    if (status == STATUS_OK) status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK)
        status = ledger_read_preview(call->reader, p->actions, p->count, &p->preview);
    if (status != STATUS_OK) return call_status(call, status);
    call->backend->view(call->backend->context, &p->view);
    const struct preview_subject subject = { p->actions, p->count, &p->preview };
    json_t *o = json_preview(call->reader, &subject, &p->facts, &p->view);
    return json_with(o, "ledger_height", value_height(head.header.height));
}

static json_t *gov_preview(struct rpc_call *call)
{
    struct previewing *p = malloc(sizeof *p);
    json_t *o = p ? gov_preview_with(call, p) : NULL;
    free(p);
    return o;
}

static const struct rpc_parameter gov_preview_parameters[] = {
    PARAMETER_OPTIONAL("actions", ARGUMENT_OBJECTS),
    PARAMETER_OPTIONAL("proposal", ARGUMENT_HEIGHT),
};

const struct rpc_method method_gov_preview = {
    METHOD("gov_preview", ACCESS_READ, gov_preview_parameters),
    .reads = true,
    .handle = gov_preview,
};

/* ---- epoch_list ----------------------------------------------------------------------------- */

/* An epoch ends where the next begins, so an item is finished when the next row comes. */
struct epochs {
    struct page page;
    json_t *open; /* the epoch whose end is not known yet */
    uint64_t number;
};

static json_t *epoch_json(const struct epoch_row *epoch)
{
    const struct committee *set = &epoch->committee;
    json_t *validators = json_array();
    for (uint16_t i = 0; i < set->count; i++)
        validators = json_and(validators, value_address(ADDRESS_VALIDATOR, &set->validators[i].id));
    struct digest hash = committee_hash(set);
    json_t *o = json_with(json_object(), "epoch", value_height(epoch->number));
    o = json_with(o, "first_height", value_height(epoch->first_height));
    o = json_with(o, "last_height", json_null());
    o = json_with(o, "engine", json_string(engine_name(set->engine)));
    o = json_with(o, "fault_model", json_string(fault_model_word((uint8_t)set->fault_model)));
    o = json_with(o, "quorum", value_height(committee_quorum(set)));
    o = json_with(o, "max_faulty", value_height(committee_max_faulty(set)));
    o = json_with(o, "validators_hash", value_hash(&hash));
    o = json_with(o, "params_version", json_number(epoch->params.version));
    return json_with(o, "validators", validators);
}

/* Takes the epoch in hand into the page. */
static bool close_epoch(struct epochs *list, json_t *last_height)
{
    json_t *item = json_with(list->open, "last_height", last_height);
    list->open = NULL;
    list->page.last_key = list->number;
    return page_add(&list->page, item, sizeof(struct committee));
}

static bool add_epoch(void *context, const struct epoch_row *epoch)
{
    struct epochs *list = context;
    if (list->open && !close_epoch(list, value_height(epoch->first_height - 1))) return false;
    if (page_is_full(&list->page)) return false;
    list->open = epoch_json(epoch);
    list->number = epoch->number;
    return list->open != NULL;
}

static json_t *epoch_list(struct rpc_call *call)
{
    struct epochs list = { .open = NULL };
    struct page *page = &list.page;
    if (!page_start(page, call) || !number_after(page, call)) return NULL;
    uint64_t from = page->resumed ? page->resume + 1 : 0;
    enum status status = ledger_read_epochs(call->reader, from, page_limit(page), add_epoch, &list);
    if (status == STATUS_OK && list.open)
        close_epoch(&list, json_null());
    else
        json_decref(list.open);
    return page_finish(page, call, status);
}

static const struct rpc_parameter epoch_list_parameters[] = {
    PARAMETERS_PAGE,
};

const struct rpc_method method_epoch_list = {
    METHOD("epoch_list", ACCESS_READ, epoch_list_parameters),
    .reads = true,
    .handle = epoch_list,
};
