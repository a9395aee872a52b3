#include "tests/unit/ledger/governance_story.h"
#include "tests/unit/rpc/story_harness.h"

/* The chain of four epochs, and behind it proposal 4 (remove 2), which nobody wanted in time, and
 * proposal 5 (freeze BOB, a member), which is open with one no. */
static struct epoch_story epochs;
static struct node_view *view;

static void see(unsigned validator, bool by_key)
{
    struct peer_view *peer = &view->peers[view->peer_count++];
    *peer = (struct peer_view){ .role = by_key ? NODE_OBSERVER : NODE_VALIDATOR, .height = 12 };
    peer->node_key = sample_key(200 + validator).public_key;
    peer->has_validator = !by_key;
    peer->validator = sample_id("validator", validator);
}

static void open_all(void)
{
    struct problem problem = { .text = "" };
    struct span text = openrpc_text();
    struct fixture *f = &epochs.f;
    epoch_story_open(&epochs);
    struct action remove = remove_validator(2);
    cr_assert_eq(propose(f, BANK, &remove, 1), RESULT_ok);
    f->time_ms += GOVERNANCE_TERM + 1;
    struct action freeze = set_frozen(f, BOB, true);
    cr_assert_eq(propose(f, ALICE, &freeze, 1), RESULT_ok);
    cr_assert_eq(ballot(f, OTHER, 5, VOTE_NO), RESULT_ok);

    harness_open(&h);
    h.node->backend.genesis = f->genesis;
    h.reader.deadline_ms = UINT64_MAX;
    enum status status = ledger_reader_open(&h.reader.ledger, epochs.path, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    document = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(document);

    view = &h.node->view;
    view->peer_count = 0;
    view->has_validator = true;
    view->validator = sample_id("validator", 0);
    see(2, false);
    see(3, false);
}

static void close_all(void)
{
    json_decref(answer);
    json_decref(document);
    ledger_reader_close(h.reader.ledger);
    harness_close(&h);
    epoch_story_close(&epochs);
}

TestSuite(gov, .init = open_all, .fini = close_all);

/* ---- gov_list, gov_get ---- */

Test(gov, an_enacted_proposal)
{
    const json_t *o = call("gov_get", "{\"proposal\":1}");
    cr_assert_str_eq(text_at(o, "status"), "enacted");
    cr_assert_str_eq(text_at(o, "class"), "critical");
    cr_assert_str_eq(text_at(o, "enacted"), "3.0");
    cr_assert_str_eq(text_at(o, "code"), "ok");
    cr_assert_null(json_object_get(o, "at"));
    cr_assert_not_null(json_object_get(o, "passed"));
    cr_assert_null(json_object_get(o, "activate"), "at once");
    cr_assert_null(json_object_get(o, "rationale_hash"), "none");
    cr_assert_eq(size_at(o, "actions"), 2);
    cr_assert_str_eq(text_at(o, "actions/0/action"), "validator.add");
    cr_assert_str_eq(text_at(o, "actions/1/name"), "max_idle_ms");
    cr_assert_eq(size_at(o, "ballots"), 3);
    cr_assert_eq(number_at(o, "yes"), 3);
    cr_assert_eq(number_at(o, "yes_needed"), 3);
    cr_assert_str_eq(text_at(o, "threshold"), "2/3");
}

Test(gov, an_open_proposal_and_one_past_its_deadline)
{
    const json_t *o = call("gov_get", "{\"proposal\":5}");
    cr_assert_str_eq(text_at(o, "status"), "open");
    cr_assert_str_eq(text_at(o, "class"), "critical", "BOB is a member");
    cr_assert_eq(number_at(o, "yes"), 1);
    cr_assert_eq(number_at(o, "no"), 1);
    cr_assert_eq(number_at(o, "members"), 4);
    cr_assert_null(json_object_get(o, "enacted"));
    o = call("gov_get", "{\"proposal\":4}");
    cr_assert_str_eq(text_at(o, "status"), "rejected", "its record says open, its time is over");
}

Test(gov, a_proposal_that_is_not_there)
{
    const json_t *error = call_fails("not_found", "gov_get", "{\"proposal\":6}");
    cr_assert_str_eq(text_at(error, "what"), "proposal");
    cr_assert_str_eq(text_at(error, "key"), "6");
    call_fails("not_found", "gov_get", "{\"proposal\":0}");
    call_fails("invalid_params", "gov_get", "{}");
}

static void expect_numbers(const char *filters, const char *wanted)
{
    char words[64] = "", cursor[300] = "";
    for (unsigned pages = 0; pages < 10; pages++) {
        const json_t *o = call("gov_list", "{\"limit\":2%s%s}", filters, cursor);
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(o, "items"), i, item)
        {
            size_t used = strlen(words);
            snprintf(words + used, sizeof words - used, "%s%d", used ? " " : "",
                     (int)number_at(item, "proposal"));
        }
        const char *next = json_string_value(json_object_get(o, "next_cursor"));
        if (!next) break;
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", next);
    }
    cr_assert_str_eq(words, wanted, "%s", filters);
}

Test(gov, lists_are_paged_and_chosen_by_what_a_proposal_counts_as)
{
    expect_numbers("", "5 4 3 2 1");
    expect_numbers(",\"status\":\"open\"", "5");
    expect_numbers(",\"status\":\"rejected\"", "4");
    expect_numbers(",\"status\":\"enacted\"", "3 2 1");
    expect_numbers(",\"status\":\"failed\"", "");
    call_fails("invalid_params", "gov_list", "{\"status\":\"maybe\"}");
    call_fails("cursor_invalid", "gov_list", "{\"cursor\":\"xxxx\"}");
}

/* ---- gov_preview ---- */

static const char *action_text(const struct action *action)
{
    static char text[2048];
    json_t *json = action_json(action);
    char *line = json_dumps(json, JSON_COMPACT);
    snprintf(text, sizeof text, "%s", line);
    free(line);
    json_decref(json);
    return text;
}

Test(gov, preview_of_a_removal)
{
    struct action remove = remove_validator(2);
    const json_t *o = call("gov_preview", "{\"actions\":[%s]}", action_text(&remove));
    cr_assert_str_eq(text_at(o, "code"), "ok");
    cr_assert_str_eq(text_at(o, "class"), "critical");
    cr_assert_eq(number_at(o, "yes_needed"), 3);
    cr_assert(json_is_true(json_object_get(o, "ends_epoch")));
    cr_assert_eq(number_at(o, "before/validators"), 4);
    cr_assert_eq(number_at(o, "before/quorum"), 3);
    cr_assert_eq(number_at(o, "before/live"), 3);
    cr_assert_eq(number_at(o, "before/tolerates"), 0);
    cr_assert_eq(number_at(o, "after/validators"), 3);
    cr_assert_eq(number_at(o, "after/live"), 2);
    cr_assert_eq(size_at(o, "machines"), 4);
    unsigned gone = 0;
    for (size_t i = 0; i < 4; i++) {
        const json_t *machine = json_array_get(json_object_get(o, "machines"), i);
        cr_assert(json_is_true(json_object_get(machine, "before")));
        gone += json_is_false(json_object_get(machine, "after"));
    }
    cr_assert_eq(gone, 1);
}

Test(gov, preview_knows_a_new_machine_by_its_node_key)
{
    struct action add = add_validator(&epochs.f, 5);
    const json_t *o = call("gov_preview", "{\"actions\":[%s]}", action_text(&add));
    cr_assert_str_eq(text_at(o, "code"), "ok");
    cr_assert_eq(number_at(o, "after/validators"), 5);
    cr_assert_eq(number_at(o, "after/quorum"), 4);
    cr_assert_eq(number_at(o, "after/live"), 3);
    cr_assert_eq(number_at(o, "after/tolerates"), -1);
    see(5, true);
    o = call("gov_preview", "{\"actions\":[%s]}", action_text(&add));
    cr_assert_eq(number_at(o, "after/live"), 4);
    cr_assert_eq(number_at(o, "after/tolerates"), 0);
    cr_assert_eq(number_at(o, "before/live"), 3);
}

Test(gov, preview_of_a_list_that_does_not_hold)
{
    const json_t *o = call("gov_preview",
                           "{\"actions\":[{\"action\":\"params.set\",\"name\":\"unsealed_max\","
                           "\"value\":8},{\"action\":\"member.remove\",\"account\":\"%s\"},"
                           "{\"action\":\"params.set\",\"name\":\"max_idle_ms\",\"value\":0}]}",
                           "acc1zsw8j67t0fljjqqfdy027lg63g945sws");
    cr_assert_str_eq(text_at(o, "code"), "action_invalid");
    cr_assert_eq(number_at(o, "at"), 1);
    cr_assert_str_eq(text_at(o, "actions/0/result"), "ok");
    cr_assert_str_eq(text_at(o, "actions/1/result"), "action_invalid");
    cr_assert_str_eq(text_at(o, "actions/1/reason"), "member_unknown");
    cr_assert_str_eq(text_at(o, "actions/1/detail"), "it is no member");
    cr_assert_null(json_object_get(json_array_get(json_object_get(o, "actions"), 0), "reason"));
    cr_assert_str_eq(text_at(o, "actions/2/result"), "not_judged");
    cr_assert_eq(number_at(o, "after/validators"), number_at(o, "before/validators"));
}

Test(gov, preview_of_a_proposal)
{
    const json_t *o = call("gov_preview", "{\"proposal\":5}");
    cr_assert_str_eq(text_at(o, "code"), "ok");
    cr_assert_str_eq(text_at(o, "class"), "critical");
    cr_assert(json_is_false(json_object_get(o, "ends_epoch")));
    o = call("gov_preview", "{\"proposal\":3}");
    cr_assert_str_eq(text_at(o, "code"), "action_invalid", "it is enacted already");
    call_fails("not_found", "gov_preview", "{\"proposal\":99}");
}

Test(gov, preview_wants_one_of_both_and_well_formed_actions)
{
    call_fails("invalid_params", "gov_preview", "{}");
    call_fails("invalid_params", "gov_preview", "{\"actions\":[],\"proposal\":1}");
    call_fails("invalid_params", "gov_preview", "{\"actions\":[]}");
    call_fails("invalid_params", "gov_preview", "{\"actions\":[1]}");
    call_fails("invalid_params", "gov_preview", "{\"actions\":{}}");
    call_fails("invalid_params", "gov_preview", "{\"actions\":[{},{},{},{},{},{},{},{},{},{},{}]}");
    const json_t *error =
        call_fails("tx_malformed", "gov_preview",
                   "{\"actions\":[{\"action\":\"params.set\",\"name\":\"max_idle_ms\","
                   "\"value\":0},{\"action\":\"params.put\"}]}");
    cr_assert_eq(number_at(error, "action"), 1);
    cr_assert_not_null(strstr(text_at(error, "detail"), "params.set"));
}

/* ---- epoch_list ---- */

Test(gov, epochs_and_their_ends)
{
    static const struct {
        int first, last, validators;
    } wanted[EPOCH_COUNT] = { { 0, 3, 4 }, { 4, 6, 5 }, { 7, 7, 5 }, { 8, -1, 4 } };
    const json_t *o = call("epoch_list", "{}");
    cr_assert_eq(size_at(o, "items"), EPOCH_COUNT);
    for (size_t i = 0; i < EPOCH_COUNT; i++) {
        const json_t *epoch = json_array_get(json_object_get(o, "items"), i);
        cr_assert_eq(number_at(epoch, "epoch"), (json_int_t)i);
        cr_assert_eq(number_at(epoch, "first_height"), wanted[i].first);
        cr_assert_eq(size_at(epoch, "validators"), (size_t)wanted[i].validators);
        if (wanted[i].last < 0)
            cr_assert(json_is_null(json_object_get(epoch, "last_height")));
        else
            cr_assert_eq(number_at(epoch, "last_height"), wanted[i].last);
    }
    cr_assert(json_is_null(json_object_get(o, "next_cursor")));
}

Test(gov, pages_of_epochs_say_the_same)
{
    char cursor[300] = "";
    json_int_t number = 0;
    for (unsigned pages = 0; pages < 10; pages++) {
        const json_t *o = call("epoch_list", "{\"limit\":1%s}", cursor);
        cr_assert_eq(size_at(o, "items"), 1);
        cr_assert_eq(number_at(o, "items/0/epoch"), number++);
        const char *next = json_string_value(json_object_get(o, "next_cursor"));
        cr_assert_eq(json_is_null(at(o, "items/0/last_height")), next == NULL);
        if (!next) break;
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", next);
    }
    cr_assert_eq(number, EPOCH_COUNT);
}

/* ---- validator_list over epochs ---- */

Test(gov, validators_with_their_status_and_nodes)
{
    const json_t *o = call("validator_list", "{}");
    unsigned removed = 0, connected = 0, described = 0;
    cr_assert_eq(size_at(o, "items"), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *item = json_array_get(json_object_get(o, "items"), i);
        removed += strcmp(text_at(item, "status"), "removed") == 0;
        connected += json_is_true(json_object_get(item, "connected"));
        const json_t *node = json_object_get(item, "node");
        described += node != NULL;
    }
    cr_assert_eq(removed, 1);
    cr_assert_eq(connected, 2, "validators 2 and 3");
    cr_assert_eq(described, 2);
    o = call("validator_list", "{\"height\":2}");
    cr_assert_eq(size_at(o, "items"), 4, "the set of that height");
}
