/* Broken documents, one mistake each, and what is said about them. */
#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_parse, .init = setup);

static json_t *sample_document(size_t plan)
{
    char path[512];
    struct problem problem;
    sample_path(&sample_plans[plan], path);
    json_t *document = json_read_file(path, GENESIS_BYTES_MAX, &problem);
    cr_assert(document != NULL, "%s", problem.text);
    return document;
}

/* Sets (or with NULL deletes) what a JSON Pointer names; "-" appends to an array. */
static void pointer_set(json_t *document, const char *pointer, json_t *value)
{
    char path[128];
    json_t *at = document;
    snprintf(path, sizeof path, "%s", pointer + 1);
    char *name = path;
    for (char *slash = strchr(name, '/'); slash; slash = strchr(name, '/')) {
        *slash = 0;
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(name)) : json_object_get(at, name);
        name = slash + 1;
    }
    int failed;
    if (json_is_array(at) && name[0] == '-')
        failed = json_array_append_new(at, value);
    else if (json_is_array(at))
        failed = value ? json_array_set_new(at, (size_t)atoi(name), value)
                       : json_array_remove(at, (size_t)atoi(name));
    else
        failed = value ? json_object_set_new(at, name, value) : json_object_del(at, name);
    cr_assert_eq(failed, 0, "%s", pointer);
}

static enum status parse(const json_t *document, struct problem *problem)
{
    char *text = json_line(document);
    struct genesis *genesis = NULL;
    enum status status = genesis_parse(span_text(text), &genesis, problem);
    cr_assert_eq(genesis != NULL, status == STATUS_OK);
    genesis_free(genesis);
    free(text);
    return status;
}

static void expect_refused(json_t *document, enum status status, const char *expected)
{
    struct problem problem = { .text = "" };
    enum status found = parse(document, &problem);
    cr_assert_eq(found, status, "%s expected, %s: %s", expected, status_name(found), problem.text);
    cr_assert(strstr(problem.text, expected) == problem.text, "\"%s\", not \"%s\"", problem.text,
              expected);
    json_decref(document);
}

struct broken {
    const char *pointer;
    const char *value; /* JSON, or NULL to delete */
    enum status status;
    const char *expected;
};

static void expect_all_refused(size_t plan, const struct broken *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *document = sample_document(plan);
        json_t *value = cases[i].value ? json_loads(cases[i].value, JSON_DECODE_ANY, NULL) : NULL;
        cr_assert_eq(value == NULL, cases[i].value == NULL, "%s", cases[i].value);
        pointer_set(document, cases[i].pointer, value);
        expect_refused(document, cases[i].status, cases[i].expected);
    }
}

#define COUNT(cases) (sizeof(cases) / sizeof(cases)[0])

Test(genesis_parse, head)
{
    static const struct broken cases[] = {
        { "/format", "\"witan-genesis/2\"", STATUS_UNSUPPORTED,
          "/format: \"witan-genesis/2\", not" },
        { "/format", "1", STATUS_MALFORMED, "/format: not a string" },
        { "/network", "\"\"", STATUS_INVALID, "/network: not 1 to 32 of" },
        { "/network", "\"Consortium\"", STATUS_INVALID, "/network: not 1 to 32 of" },
        { "/network", "\"a b\"", STATUS_INVALID, "/network: not 1 to 32 of" },
        { "/network", "\"123456789012345678901234567890123\"", STATUS_TOO_LARGE,
          "/network: longer than 32 bytes" },
        { "/network", "\"other\"", STATUS_BAD_SIGNATURE, "/validators/0/possession: " },
        { "/time", "\"2026-01-01\"", STATUS_MALFORMED, "/time: not a time" },
        { "/time", "1767225600000", STATUS_MALFORMED, "/time: not a time" },
        { "/purpose", "\"testing\"", STATUS_INVALID, "/purpose: \"testing\" is not known here" },
        { "/fault_model", "\"byzantin\"", STATUS_INVALID,
          "/fault_model: \"byzantin\" is not known here; did you mean \"byzantine\"?" },
        { "/fault_model", "\"crash\"", STATUS_INVALID, "/engine: hotstuff is for the fault model" },
        { "/engine", "\"hotstaff\"", STATUS_INVALID,
          "/engine: \"hotstaff\" is not known here; did you mean \"hotstuff\"?" },
        { "/engine", "\"pbft\"", STATUS_UNSUPPORTED, "/engine: pbft is not built in this version" },
        { "/engine", "\"zab\"", STATUS_UNSUPPORTED, "/engine: zab is not built in this version" },
        { "/extra", "1", STATUS_MALFORMED, "/extra: unknown member" },
        { "/memberz", "[]", STATUS_MALFORMED,
          "/memberz: unknown member; did you mean \"members\"?" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

Test(genesis_parse, nothing_may_be_absent)
{
    static const char *const pointers[] = {
        "/format",
        "/network",
        "/time",
        "/purpose",
        "/fault_model",
        "/engine",
        "/engine_params",
        "/params",
        "/members",
        "/validators",
        "/accounts",
        "/assets",
        "/balances",
        "/engine_params/phases",
        "/engine_params/leader_turn",
        "/params/tx_bytes_max",
        "/params/gov_routine",
        "/params/gov_term_ms_max",
        "/members/1/account",
        "/members/1/name",
        "/validators/2/id",
        "/validators/2/member",
        "/validators/2/endpoint",
        "/validators/2/seal_key",
        "/validators/2/node_key",
        "/validators/2/possession",
        "/accounts/3/id",
        "/accounts/3/roles",
        "/accounts/3/low",
        "/accounts/3/medium",
        "/accounts/3/high",
        "/accounts/3/signers",
        "/accounts/3/signers/0/key",
        "/accounts/3/signers/0/weight",
        "/assets/0/id",
        "/assets/0/issuer",
        "/assets/0/code",
        "/assets/0/scale",
        "/assets/0/flags",
        "/assets/0/max_supply",
        "/assets/0/supply",
        "/balances/0/account",
        "/balances/0/asset",
        "/balances/0/posted",
    };
    for (size_t i = 0; i < COUNT(pointers); i++) {
        char expected[128];
        json_t *document = sample_document(0);
        pointer_set(document, pointers[i], NULL);
        snprintf(expected, sizeof expected, "%s: missing", pointers[i]);
        expect_refused(document, STATUS_MALFORMED, expected);
    }
}

Test(genesis_parse, unknown_members_everywhere)
{
    static const char *const objects[] = {
        "",           "/engine_params",        "/params",
        "/members/0", "/validators/3",         "/accounts/4",
        "/assets/0",  "/accounts/4/signers/0", "/balances/0",
    };
    for (size_t i = 0; i < COUNT(objects); i++) {
        char pointer[64], expected[128];
        json_t *document = sample_document(0);
        snprintf(pointer, sizeof pointer, "%s/surprise", objects[i]);
        snprintf(expected, sizeof expected, "%s: unknown member", pointer);
        pointer_set(document, pointer, json_true());
        expect_refused(document, STATUS_MALFORMED, expected);
    }
}

Test(genesis_parse, params)
{
    static const struct broken cases[] = {
        { "/params", "[]", STATUS_MALFORMED, "/params: not an object" },
        { "/params/tx_bytes_max", "\"65536\"", STATUS_MALFORMED,
          "/params/tx_bytes_max: not an integer" },
        { "/params/tx_bytes_max", "-1", STATUS_MALFORMED, "/params/tx_bytes_max: not an integer" },
        { "/params/tx_bytes_max", "1023", STATUS_INVALID,
          "/params/tx_bytes_max: 1023 is outside 1024 to 1048576" },
        { "/params/gov_routine", "1", STATUS_MALFORMED, "/params/gov_routine: not a string" },
        { "/params/gov_routine", "\"half\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"1/\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"/2\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"1/2/3\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"01/2\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"1/4294967296\"", STATUS_MALFORMED,
          "/params/gov_routine: not a fraction" },
        { "/params/gov_routine", "\"2/2\"", STATUS_INVALID,
          "/params/gov_routine: 2/2 is not below 1" },
        { "/params/gov_critical", "\"0/0\"", STATUS_INVALID, "/params/gov_critical: 0/0 is not" },
        { "/params/window_sweep_max", "19999", STATUS_INVALID,
          "/params/window_sweep_max: 19999 is less" },
        { "/params/validators_min", "5", STATUS_INVALID,
          "/validators: 4, fewer than /params/validators_min, 5" },
        { "/params/validators_max", "3", STATUS_INVALID,
          "/validators: 4, more than /params/validators_max, 3" },
        { "/engine_params", "7", STATUS_MALFORMED, "/engine_params: not an object" },
        { "/engine_params/phases", "4", STATUS_INVALID,
          "/engine_params/phases: 4 is outside 2 to 3" },
        { "/engine_params/votes_to", "1", STATUS_UNSUPPORTED,
          "/engine_params/votes_to: 1 is not built" },
        { "/engine_params/leader_turn", "2", STATUS_UNSUPPORTED,
          "/engine_params/leader_turn: 2 is not" },
        { "/engine_params/view_ms", "\"1s\"", STATUS_MALFORMED,
          "/engine_params/view_ms: not an integer" },
        { "/engine_params/view_ms_max", "8001", STATUS_INVALID,
          "/engine_params/view_ms_max: 8001 is more than 8 x view_ms, 8000" },
        { "/engine_params/heartbeat_ms", "50", STATUS_MALFORMED,
          "/engine_params/heartbeat_ms: unknown member" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

/* One of another sample, so well-formed, but not in this document. */
#define OTHER_ACCOUNT "\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\""
#define ZEROS_32 "\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ZERO_ACCOUNT "\"acc1qqqqqqqqqqqqqqqqqqqqqqqqqq8z2cz8\""

Test(genesis_parse, members)
{
    static const struct broken cases[] = {
        { "/members", "[]", STATUS_INVALID, "/members: empty" },
        { "/members", "{}", STATUS_MALFORMED, "/members: not an array" },
        { "/members/1", "\"bank\"", STATUS_MALFORMED, "/members/1: not an object" },
        { "/members/1/account", "\"acc1\"", STATUS_MALFORMED,
          "/members/1/account: \"acc1\" is not" },
        { "/members/1/account", OTHER_ACCOUNT, STATUS_INVALID,
          "/members/1/account: there is no such account in /accounts" },
        { "/members/1/name", "\"\"", STATUS_INVALID, "/members/1/name: not 1 to 64 bytes" },
        { "/members/1/name", "\"a\\u001bb\"", STATUS_INVALID,
          "/members/1/name: not 1 to 64 bytes" },
        { "/members/1/name", "\"a\\u007f\"", STATUS_INVALID, "/members/1/name: not 1 to 64 bytes" },
        { "/members/1/name", "5", STATUS_MALFORMED, "/members/1/name: not a string" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

Test(genesis_parse, validators)
{
    static const struct broken cases[] = {
        { "/validators", "[]", STATUS_INVALID, "/validators: empty" },
        { "/validators/3/id", OTHER_ACCOUNT, STATUS_INVALID, "/validators/3/id: " },
        { "/validators/3/member", OTHER_ACCOUNT, STATUS_INVALID,
          "/validators/3/member: there is no such member in /members" },
        { "/validators/3/endpoint", "\"bank-d\"", STATUS_INVALID,
          "/validators/3/endpoint: not host:port" },
        { "/validators/3/seal_key", ZEROS_32, STATUS_BAD_KEY,
          "/validators/3/seal_key: not a valid" },
        { "/validators/3/node_key", ZEROS_32, STATUS_BAD_KEY,
          "/validators/3/node_key: not a valid" },
        { "/validators/3/node_key", "\"00\"", STATUS_MALFORMED,
          "/validators/3/node_key: not a string of 64" },
        { "/validators/3/possession", ZEROS_32, STATUS_MALFORMED,
          "/validators/3/possession: not a string of 128" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

Test(genesis_parse, accounts)
{
    static const struct broken cases[] = {
        { "/accounts/1/id", "7", STATUS_MALFORMED, "/accounts/1/id: " },
        { "/accounts/1/roles", "\"issuer\"", STATUS_MALFORMED, "/accounts/1/roles: not an array" },
        { "/accounts/1/roles", "[\"issuers\"]", STATUS_INVALID,
          "/accounts/1/roles: item 0, \"issuers\", is not known here; did you mean \"issuer\"?" },
        { "/accounts/1/roles", "[\"issuer\",\"issuer\"]", STATUS_INVALID,
          "/accounts/1/roles: \"issuer\" stands there twice" },
        { "/accounts/1/roles", "[7]", STATUS_INVALID, "/accounts/1/roles: item 0, " },
        { "/accounts/1/low", "0", STATUS_INVALID, "/accounts/1/low: 0, at least 1" },
        { "/accounts/1/low", "65536", STATUS_INVALID, "/accounts/1/low: 65536 is more than 65535" },
        { "/accounts/1/high", "4", STATUS_INVALID, "/accounts/1/high: 4 " },
        { "/accounts/1/metadata", "\"00\"", STATUS_MALFORMED,
          "/accounts/1/metadata: not a string of 64" },
        { "/accounts/1/metadata", "null", STATUS_MALFORMED,
          "/accounts/1/metadata: not a string of 64" },
        { "/accounts/1/signers", "[]", STATUS_INVALID, "/accounts/1/signers: 0, not 1 to 20" },
        { "/accounts/1/signers/0", "[]", STATUS_MALFORMED, "/accounts/1/signers/0: not an object" },
        { "/accounts/1/signers/0/weight", "0", STATUS_INVALID,
          "/accounts/1/signers/0/weight: 0, not" },
        { "/accounts/1/signers/0/weight", "256", STATUS_INVALID,
          "/accounts/1/signers/0/weight: 256 is more than 255" },
        { "/accounts/1/signers/0/key", ZEROS_32, STATUS_BAD_KEY,
          "/accounts/1/signers/0/key: not a valid" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

Test(genesis_parse, money)
{
    static const struct broken cases[] = {
        { "/assets/0/id", OTHER_ACCOUNT, STATUS_INVALID, "/assets/0/id: " },
        { "/assets/0/code", "\"\"", STATUS_INVALID, "/assets/0/code: not 1 to 12 of" },
        { "/assets/0/code", "\"eur\"", STATUS_INVALID, "/assets/0/code: not 1 to 12 of" },
        { "/assets/0/code", "\"ABCDEFGHIJKLM\"", STATUS_TOO_LARGE,
          "/assets/0/code: longer than 12 bytes" },
        { "/assets/0/code", "\"USD\"", STATUS_MISMATCH, "/assets/0/id: issuer and code make ast1" },
        { "/assets/0/issuer", OTHER_ACCOUNT, STATUS_MISMATCH,
          "/assets/0/id: issuer and code make" },
        { "/assets/0/scale", "13", STATUS_INVALID, "/assets/0/scale: 13 is more than 12" },
        { "/assets/0/flags", "[\"clawback\"]", STATUS_UNSUPPORTED,
          "/assets/0/flags: flags are not built" },
        { "/assets/0/flags", "[\"frozen\"]", STATUS_INVALID,
          "/assets/0/flags: item 0, \"frozen\"" },
        { "/assets/0/max_supply", "9000", STATUS_MALFORMED, "/assets/0/max_supply: not an amount" },
        { "/assets/0/max_supply", "\"0\"", STATUS_INVALID, "/assets/0/max_supply: not 1 to" },
        { "/assets/0/max_supply", "\"99999999999\"", STATUS_INVALID,
          "/assets/0/supply: 100000000000 is more than max_supply, 99999999999" },
        { "/assets/0/supply", "\"100000000001\"", STATUS_MISMATCH,
          "/assets/0/supply: 100000000001, but its balances sum to 100000000000" },
        { "/balances/0/posted", "\"0\"", STATUS_INVALID, "/balances/0/posted: not 1 to" },
        { "/balances/0/posted", "\"9223372036854775808\"", STATUS_MALFORMED,
          "/balances/0/posted: not an amount" },
        { "/balances/0/posted", "\"100000000001\"", STATUS_MISMATCH,
          "/balances/0/posted: more than the supply of its asset" },
        { "/balances/0/posted", "\"1\"", STATUS_MISMATCH,
          "/assets/0/supply: 100000000000, but its balances sum to 1" },
        { "/balances/0/account", OTHER_ACCOUNT, STATUS_INVALID,
          "/balances/0/account: there is no such" },
        { "/balances/0/asset", "\"ast19hwvcfc55mcqkf0vv3vlszd6xc0gtjxz\"", STATUS_INVALID,
          "/balances/0/asset: there is no such asset in /assets" },
        { "/balances/0", NULL, STATUS_MISMATCH, "/assets/0/supply: " },
        { "/assets/0", NULL, STATUS_INVALID, "/balances/0/asset: there is no such asset" },
    };
    expect_all_refused(0, cases, COUNT(cases));
}

Test(genesis_parse, raft)
{
    static const struct broken cases[] = {
        { "/fault_model", "\"byzantine\"", STATUS_INVALID,
          "/engine: raft survives crashes but no lies" },
        { "/engine_params/heartbeat_ms", "0", STATUS_INVALID,
          "/engine_params/heartbeat_ms: 0 is outside" },
        { "/engine_params/view_ms", "1000", STATUS_MALFORMED,
          "/engine_params/view_ms: unknown member" },
    };
    expect_all_refused(1, cases, COUNT(cases));
}

/* The place is the one in the operator's file, though everything is sorted before the checks. */
Test(genesis_parse, places_are_the_documents)
{
    for (size_t place = 0; place < 5; place++) {
        char pointer[64], expected[128];
        json_t *document = sample_document(0);
        json_t *accounts = json_object_get(document, "accounts");
        json_t *first = json_incref(json_array_get(accounts, 0));
        json_array_remove(accounts, 0);
        json_array_insert_new(accounts, place, first);
        snprintf(pointer, sizeof pointer, "/accounts/%zu/low", place);
        snprintf(expected, sizeof expected, "/accounts/%zu/low: 0, at least 1", place);
        pointer_set(document, pointer, json_integer(0));
        expect_refused(document, STATUS_INVALID, expected);
    }
}

Test(genesis_parse, duplicates)
{
    static const struct {
        const char *from, *to;
        const char *expected;
    } cases[] = {
        { "members/0", "/members/-", "/members/4/account: the same as in /members/0" },
        { "accounts/2", "/accounts/-", "/accounts/5/id: the same as in /accounts/2" },
        { "assets/0", "/assets/-", "/assets/1/id: the same as in /assets/0" },
        { "balances/0", "/balances/-",
          "/balances/1: the same account and asset as in /balances/0" },
        { "validators/1", "/validators/-", "/validators/4/id: the same as in /validators/1" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *document = sample_document(0);
        char list[32];
        const char *slash = strchr(cases[i].from, '/');
        snprintf(list, sizeof list, "%.*s", (int)(slash - cases[i].from), cases[i].from);
        json_t *item = json_array_get(json_object_get(document, list), (size_t)atoi(slash + 1));
        pointer_set(document, cases[i].to, json_deep_copy(item));
        expect_refused(document, STATUS_INVALID, cases[i].expected);
    }
}

Test(genesis_parse, twenty_signers_and_one_more)
{
    for (int count = SIGNERS_MAX; count <= SIGNERS_MAX + 1; count++) {
        json_t *document = sample_document(2);
        json_t *signers = json_array();
        for (int i = 0; i < count; i++) {
            char what[32];
            snprintf(what, sizeof what, "extra %d", i);
            struct public_key key = sample_key(&sample_plans[2], what, NULL);
            json_array_append_new(
                signers,
                json_pack("{s:o, s:i}", "key", json_hex_new(span_of(key.bytes, 32)), "weight", 1));
        }
        pointer_set(document, "/accounts/0/signers", signers);
        if (count > SIGNERS_MAX) {
            expect_refused(document, STATUS_TOO_LARGE,
                           "/accounts/0/signers: 21 items, more than 20");
            continue;
        }
        struct problem problem = { .text = "" };
        cr_assert_eq(parse(document, &problem), STATUS_OK, "%s", problem.text);
        json_decref(document);
    }
}

Test(genesis_parse, too_many_validators)
{
    json_t *document = sample_document(0);
    json_t *one = json_array_get(json_object_get(document, "validators"), 0);
    for (int i = 4; i <= COMMITTEE_MAX; i++)
        pointer_set(document, "/validators/-", json_deep_copy(one));
    expect_refused(document, STATUS_TOO_LARGE, "/validators: 256 items, more than 255");
}

Test(genesis_parse, text_is_strict)
{
    struct genesis *genesis = NULL;
    struct problem problem;
    cr_assert_eq(genesis_parse(span_text("{\"format\":1.5}"), &genesis, &problem),
                 STATUS_MALFORMED);
    cr_assert_eq(genesis_parse(span_text(""), &genesis, &problem), STATUS_MALFORMED);
    cr_assert_eq(genesis_parse(span_text("[]"), &genesis, &problem), STATUS_MALFORMED);
    cr_assert_str_eq(problem.text, "document: not an object");
    cr_assert_eq(genesis_parse(span_text("[]"), &genesis, NULL), STATUS_MALFORMED);
    cr_assert(genesis == NULL);
}

Test(genesis_parse, fractions)
{
    static const char *const texts[] = { "0/1", "1/2", "4294967294/4294967295" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        char text[FRACTION_TEXT];
        uint64_t fraction;
        cr_assert(fraction_decode(texts[i], &fraction));
        fraction_encode(fraction, text);
        cr_assert_str_eq(text, texts[i]);
    }
    uint64_t fraction = 7;
    cr_assert(!fraction_decode("", &fraction));
    cr_assert(!fraction_decode("123456789012345678901234567890/2", &fraction));
    cr_assert_eq(fraction, 7);
}
