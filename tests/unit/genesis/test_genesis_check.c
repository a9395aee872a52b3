/* Rules about validators and members that a document of text cannot easily break, because the
 * proof of possession breaks first: built documents, signed again after the change. */
#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_check, .init = setup);

static const struct sample_plan *const four = &sample_plans[0];

static void sign_all(struct genesis *g, const struct sample_plan *plan)
{
    for (unsigned i = 0; i < g->committee.count; i++)
        sample_possess(g, plan, i, i + 1);
}

/* Seals, expects a status and the beginning of the message, frees. */
static void expect(struct genesis *g, enum status status, const char *expected)
{
    struct problem problem = { .text = "" };
    enum status found = genesis_seal(g, &problem);
    cr_assert_eq(found, status, "%s expected, %s: %s", expected, status_name(found), problem.text);
    cr_assert(strstr(problem.text, expected) == problem.text, "\"%s\", not \"%s\"", problem.text,
              expected);
    genesis_free(g);
}

Test(genesis_check, the_samples_are_good)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        expect(sample_draft(&sample_plans[i]), STATUS_OK, "");
}

Test(genesis_check, head)
{
    struct genesis *g = sample_draft(four);
    g->time_ms = UINT64_C(253402300799999);
    expect(g, STATUS_OK, "");
    g = sample_draft(four);
    g->time_ms = UINT64_C(253402300800000);
    expect(g, STATUS_INVALID, "/time: later than");
    g = sample_draft(four);
    g->purpose = (enum purpose)0;
    expect(g, STATUS_INVALID, "/purpose: ");
    g = sample_draft(four);
    g->purpose = (enum purpose)3;
    expect(g, STATUS_INVALID, "/purpose: ");
    g = sample_draft(four);
    g->committee.fault_model = (enum fault_model)0;
    expect(g, STATUS_INVALID, "/fault_model: ");
    g = sample_draft(four);
    g->committee.engine = (enum engine_kind)77;
    expect(g, STATUS_INVALID, "/engine: kind 77 is not known");
    g = sample_draft(four);
    g->params.version = 2;
    expect(g, STATUS_INVALID, "/params: version 2, not 1");
    g = sample_draft(four);
    memset(g->network, 'a', sizeof g->network);
    expect(g, STATUS_INVALID, "/network: not 1 to 32 of");
}

/* n below four is for tests only; the model without lies may have fewer. */
Test(genesis_check, byzantine_production_needs_four)
{
    struct genesis *g = sample_draft(four);
    g->purpose = PURPOSE_PRODUCTION;
    g->params.values[PARAM_validators_min] = 4;
    expect(g, STATUS_OK, "");

    g = sample_draft(four);
    g->purpose = PURPOSE_PRODUCTION;
    g->params.values[PARAM_validators_min] = 3;
    expect(g, STATUS_INVALID, "/params/validators_min: 3 is less than");

    g = sample_draft(four);
    g->purpose = PURPOSE_PRODUCTION;
    g->params.values[PARAM_validators_min] = 4;
    g->committee.count = 3;
    expect(g, STATUS_INVALID, "/validators: 3 tolerate no Byzantine fault");

    g = sample_draft(four);
    g->committee.count = 3;
    expect(g, STATUS_OK, "");

    g = sample_draft(&sample_plans[1]);
    g->purpose = PURPOSE_PRODUCTION;
    expect(g, STATUS_OK, "");

    g = sample_draft(four);
    g->committee.count = 0;
    expect(g, STATUS_INVALID, "/validators: empty");
    g = sample_draft(four);
    g->committee.count = COMMITTEE_MAX + 1;
    expect(g, STATUS_TOO_LARGE, "/validators: 256 items, more than 255");
}

Test(genesis_check, endpoints)
{
    static const struct {
        const char *endpoint;
        bool good;
    } cases[] = {
        { "10.0.0.1:7790", true },
        { "node-1.bank.example:1", true },
        { "NODE:65535", true },
        { "[2001:db8::1]:7790", true },
        { "[::ffff:10.0.0.1]:7790", true },
        { "", false },
        { "10.0.0.1", false },
        { ":7790", false },
        { "host:", false },
        { "host:0", false },
        { "host:65536", false },
        { "host:07790", false },
        { "host:+1", false },
        { "host:77 90", false },
        { "ho st:7790", false },
        { "host_1:7790", false },
        { "2001:db8::1:7790", false },
        { "[]:7790", false },
        { "[2001:db8::1:7790", false },
        { "[host]:7790", false },
        { "http://host:7790", false },
        { "host\n:7790", false },
        { "h\xc3\xb6st:7790", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct genesis *g = sample_draft(four);
        snprintf(g->validators[2].endpoint, sizeof g->validators[2].endpoint, "%s",
                 cases[i].endpoint);
        if (cases[i].good)
            expect(g, STATUS_OK, "");
        else
            expect(g, STATUS_INVALID, "/validators/2/endpoint: not host:port");
    }
    struct genesis *g = sample_draft(four);
    memset(g->validators[2].endpoint, 'h', ENDPOINT_MAX);
    memcpy(g->validators[2].endpoint + 253, ":1", 3);
    expect(g, STATUS_OK, "");
    g = sample_draft(four);
    memset(g->validators[2].endpoint, 'h', sizeof g->validators[2].endpoint);
    expect(g, STATUS_INVALID, "/validators/2/endpoint: not host:port");
    g = sample_draft(four);
    strcpy(g->validators[0].endpoint, g->validators[3].endpoint);
    struct problem problem = { .text = "" };
    cr_assert_eq(genesis_seal(g, &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "/endpoint: the same as in /validators/") != NULL);
    genesis_free(g);
}

Test(genesis_check, validators)
{
    struct genesis *g = sample_draft(four);
    memset(&g->committee.validators[1].id, 0, sizeof(struct id));
    sign_all(g, four);
    expect(g, STATUS_INVALID, "/validators/1/id: zero means none");

    g = sample_draft(four);
    g->committee.validators[3].id = g->committee.validators[0].id;
    sign_all(g, four);
    expect(g, STATUS_INVALID, "/validators/3/id: the same as in /validators/0");

    g = sample_draft(four);
    g->validators[2].possession.bytes[5] ^= 1;
    expect(g, STATUS_BAD_SIGNATURE, "/validators/2/possession: not the seal key's signature");

    g = sample_draft(four); /* a proof for one validator does not serve another */
    g->validators[2].possession = g->validators[1].possession;
    expect(g, STATUS_BAD_SIGNATURE, "/validators/2/possession: ");

    g = sample_draft(four); /* two validators of one member are allowed */
    g->committee.validators[1].member = g->committee.validators[0].member;
    sign_all(g, four);
    expect(g, STATUS_OK, "");
}

Test(genesis_check, the_three_kinds_of_keys_are_never_shared)
{
    struct genesis *g = sample_draft(four);
    g->validators[2].node_key = g->validators[1].node_key;
    sign_all(g, four);
    expect(g, STATUS_INVALID, "/validators/2/node_key: is also /validators/1/node_key");

    g = sample_draft(four);
    g->validators[2].node_key = g->committee.validators[2].seal_key;
    sign_all(g, four);
    expect(g, STATUS_INVALID, "/validators/2/seal_key: is also /validators/2/node_key");

    g = sample_draft(four);
    g->validators[1].node_key = g->committee.validators[3].seal_key;
    sign_all(g, four);
    expect(g, STATUS_INVALID, "/validators/3/seal_key: is also /validators/1/node_key");

    g = sample_draft(four);
    g->committee.validators[1].seal_key = g->committee.validators[0].seal_key;
    sample_possess(g, four, 1, 1);
    expect(g, STATUS_INVALID, "/validators/1/seal_key: is also /validators/0/seal_key");

    g = sample_draft(four);
    g->accounts[0].signers[1].key = g->committee.validators[2].seal_key;
    expect(g, STATUS_INVALID,
           "/accounts/0/signers/1/key: is also /validators/2/seal_key; seal, node and account");

    g = sample_draft(four);
    g->accounts[4].signers[0].key = g->validators[0].node_key;
    expect(g, STATUS_INVALID, "/accounts/4/signers/0/key: is also /validators/0/node_key");

    g = sample_draft(four); /* but accounts may share theirs */
    g->accounts[4].signers[0].key = g->accounts[0].signers[0].key;
    expect(g, STATUS_OK, "");
}

Test(genesis_check, members)
{
    struct genesis *g = sample_draft(four);
    strcpy(g->members[3].name, g->members[1].name);
    expect(g, STATUS_INVALID, "/members/3/name: the same as in /members/1");

    g = sample_draft(four);
    strcpy(g->members[1].name, "\xc3");
    expect(g, STATUS_INVALID, "/members/1/name: not 1 to 64 bytes of UTF-8");

    g = sample_draft(four);
    memset(g->members[1].name, 'n', sizeof g->members[1].name);
    expect(g, STATUS_INVALID, "/members/1/name: not 1 to 64 bytes of UTF-8");

    g = sample_draft(four);
    memset(g->members[1].name, 'n', MEMBER_NAME_MAX);
    expect(g, STATUS_OK, "");

    g = sample_draft(four);
    g->member_count = 0;
    expect(g, STATUS_INVALID, "/members: empty");

    g = sample_draft(four);
    struct member *members = realloc(g->members, (CHAIN_MEMBERS_MAX + 1) * sizeof *g->members);
    cr_assert(members != NULL);
    g->members = members;
    for (unsigned i = g->member_count; i <= CHAIN_MEMBERS_MAX; i++) {
        members[i] = members[0];
        store_u32(members[i].account.bytes, i);
    }
    g->member_count = CHAIN_MEMBERS_MAX + 1;
    expect(g, STATUS_TOO_LARGE, "/members: more than 1024");
}
