#include "node/testnet.h"

#include "node/key_load.h"
#include "node/safety.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct testnet net;
static struct problem problem;
static struct testnet_options options;

static void open_all(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    snprintf(dir, sizeof dir, "/tmp/witan-testnet-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    options = (struct testnet_options){
        .dir = dir, .network = "unit", .validators = 4, .engine = ENGINE_HOTSTUFF
    };
}

static void close_all(void)
{
    struct testnet made;
    if (testnet_load(&made, dir, &problem) == STATUS_OK) (void)testnet_remove(&made, &problem);
    (void)rmdir(dir);
}

TestSuite(testnet, .init = open_all, .fini = close_all, .timeout = 60);

static void create(void)
{
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_OK, "%s", problem.text);
}

static const char *file(const char *name)
{
    static char path[PATH_BYTES_MAX];
    testnet_file(&net, name, path);
    return path;
}

static const char *document_path(void)
{
    static char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/testnet.json", dir);
    return path;
}

Test(testnet, homes_are_complete)
{
    create();
    static const char *const names[] = { "config/witan.conf",    "config/genesis.json",
                                         "config/seal_key.json", "config/node_key.json",
                                         "data/safety",          "data/FORMAT" };
    for (unsigned i = 1; i <= 4; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            char name[64];
            snprintf(name, sizeof name, "%u/%s", i, names[k]);
            cr_assert(file_exists(file(name)), "%s", name);
        }
    struct stat info;
    cr_assert_eq(stat(file("1/config/seal_key.json"), &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(stat(file("keys/treasury.json"), &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
}

Test(testnet, the_genesis_is_for_tests_and_names_the_treasury)
{
    create();
    struct genesis *genesis;
    cr_assert_eq(genesis_load(file("3/config/genesis.json"), &genesis, &problem), STATUS_OK);
    cr_assert_eq(genesis->purpose, PURPOSE_TEST);
    cr_assert_eq(genesis->committee.count, 4);
    bool found = false;
    struct secret_key secret;
    struct public_key public_key;
    cr_assert_eq(testnet_treasury_key(&net, &secret, &problem), STATUS_OK);
    key_public(&secret, &public_key);
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        if (!id_equal(&genesis->accounts[i].id, &net.treasury)) continue;
        found = true;
        cr_assert_eq(genesis->accounts[i].roles, ROLE_ALL);
        cr_assert(key_equal(&genesis->accounts[i].signers[0].key, &public_key));
    }
    cr_assert(found);
    genesis_free(genesis);
}

/* Logs name peers by their index in the set; the folders are numbered alike. */
Test(testnet, folder_n_is_validator_n_of_the_set)
{
    create();
    struct genesis *genesis;
    cr_assert_eq(genesis_load(file("1/config/genesis.json"), &genesis, &problem), STATUS_OK);
    for (uint16_t i = 0; i < net.count; i++) {
        char name[64], endpoint[32];
        struct safety *safety;
        struct safety_state state;
        snprintf(name, sizeof name, "%u/data/safety", i + 1u);
        cr_assert_eq(safety_open(&safety, file(name), &genesis->committee.validators[i].seal_key,
                                 &genesis->chain_id, &state, NULL, &problem),
                     STATUS_OK);
        safety_close(safety);
        snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", net.nodes[i].peer_port);
        cr_assert_str_eq(genesis->validators[i].endpoint, endpoint);
    }
    genesis_free(genesis);
}

Test(testnet, it_is_read_as_it_was_written)
{
    create();
    cr_assert_eq(testnet_note_pid(&net, 2, 12345, &problem), STATUS_OK);
    struct testnet read;
    cr_assert_eq(testnet_load(&read, dir, &problem), STATUS_OK);
    cr_assert_str_eq(read.network, "unit");
    cr_assert_str_eq(read.engine, "hotstuff");
    cr_assert(id_equal(&read.treasury, &net.treasury));
    cr_assert_eq(read.count, 4);
    for (uint16_t i = 0; i < 4; i++) {
        cr_assert_eq(read.nodes[i].rpc_port, net.nodes[i].rpc_port);
        cr_assert_eq(read.nodes[i].peer_port, net.nodes[i].peer_port);
        cr_assert_eq(read.nodes[i].pid, i == 2 ? 12345 : 0);
    }
}

/* Two programs may note processes of different nodes at once. */
Test(testnet, a_note_keeps_what_others_noted)
{
    create();
    struct testnet other = net;
    cr_assert_eq(testnet_note_pid(&net, 0, 111, &problem), STATUS_OK);
    cr_assert_eq(testnet_note_pid(&other, 1, 222, &problem), STATUS_OK);
    cr_assert_eq(other.nodes[0].pid, 111);
    cr_assert_eq(testnet_note_pid(&net, 0, 0, &problem), STATUS_OK);
    cr_assert_eq(net.nodes[1].pid, 222);
}

Test(testnet, ports_as_asked_for)
{
    options.port_base = 41000;
    create();
    cr_assert_eq(net.nodes[0].rpc_port, 41000);
    cr_assert_eq(net.nodes[0].peer_port, 41001);
    cr_assert_eq(net.nodes[3].peer_port, 41007);
    char url[TESTNET_URL];
    testnet_url(&net, 3, url);
    cr_assert_str_eq(url, "http://127.0.0.1:41006");
}

Test(testnet, free_ports_differ)
{
    create();
    for (uint16_t i = 1; i < 4; i++)
        cr_assert_eq(net.nodes[i].rpc_port, net.nodes[i - 1].peer_port + 1);
    cr_assert(net.nodes[0].rpc_port >= 1024);
}

Test(testnet, a_folder_holds_one_network)
{
    create();
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_EXISTS);
    cr_assert_neq(strstr(problem.text, "unit"), NULL);
}

Test(testnet, what_cannot_be_made)
{
    options.validators = 0;
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_INVALID);
    options.validators = TESTNET_NODES_MAX + 1;
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_INVALID);
    options.validators = 4;
    options.port_base = 65530;
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_INVALID);
    options.port_base = 0;
    options.network = "Not A Name";
    cr_assert_neq(testnet_create(&net, &options, &problem), STATUS_OK);
    options.network = "unit";
    options.phases = 7;
    cr_assert_neq(testnet_create(&net, &options, &problem), STATUS_OK);
    cr_assert_not(file_exists(document_path()));
}

/* ---- one more machine ---- */

static const char *text_of(const char *name)
{
    static char text[16384];
    struct buffer buffer;
    buffer_init(&buffer, sizeof text - 1);
    cr_assert_eq(file_read(file(name), &buffer, &problem), STATUS_OK, "%s", problem.text);
    snprintf(text, sizeof text, "%.*s", (int)buffer.size, (const char *)buffer.data);
    buffer_free(&buffer);
    return text;
}

static void node_key_of(unsigned number, char hex[65])
{
    char name[64];
    struct key_file key;
    snprintf(name, sizeof name, "%u/config/node_key.json", number);
    cr_assert_eq(key_load_public(file(name), &key, &problem), STATUS_OK, "%s", problem.text);
    hex_encode(span_of(key.public_key.bytes, 32), hex);
}

Test(testnet, an_added_machine_has_a_home_like_the_others_but_is_in_no_set)
{
    create();
    cr_assert_eq(testnet_add(&net, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(net.count, 5);
    struct testnet loaded;
    cr_assert_eq(testnet_load(&loaded, dir, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(loaded.count, 5);
    cr_assert_eq(loaded.nodes[4].peer_port, net.nodes[4].peer_port);
    for (unsigned i = 0; i < 4; i++)
        cr_assert_neq(loaded.nodes[4].rpc_port, loaded.nodes[i].rpc_port);

    struct genesis *genesis;
    struct key_file seal;
    cr_assert_eq(genesis_load(file("5/config/genesis.json"), &genesis, &problem), STATUS_OK);
    cr_assert_eq(genesis->committee.count, 4);
    cr_assert_eq(key_load_public(file("5/config/seal_key.json"), &seal, &problem), STATUS_OK);
    cr_assert(seal.has_id);
    cr_assert_eq(committee_find_id(&genesis->committee, &seal.id), VALIDATOR_NONE);
    genesis_free(genesis);
    cr_assert(file_exists(file("5/data/safety")));
    cr_assert(file_exists(file("5/data/FORMAT")));
}

Test(testnet, every_machine_lists_every_other_one_as_an_observer)
{
    create();
    cr_assert_eq(testnet_add(&net, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(testnet_add(&net, &problem), STATUS_OK, "%s", problem.text);
    for (unsigned reader = 1; reader <= 6; reader++) {
        char name[64];
        snprintf(name, sizeof name, "%u/config/witan.conf", reader);
        for (unsigned other = 1; other <= 6; other++) {
            char hex[65];
            node_key_of(other, hex);
            cr_assert(reader == other || strstr(text_of(name), hex), "%u in %u", other, reader);
        }
    }
}

Test(testnet, what_somebody_wrote_into_the_settings_stays)
{
    create();
    char changed[17000];
    snprintf(changed, sizeof changed, "# mine\n%s", text_of("2/config/witan.conf"));
    const char *path = file("2/config/witan.conf");
    cr_assert_eq(file_write(path, span_text(changed), 0644, true, &problem), STATUS_OK);
    cr_assert_eq(testnet_add(&net, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(strncmp(text_of("2/config/witan.conf"), "# mine\n", 7), 0);
}

Test(testnet, nothing_is_added_where_the_settings_have_no_observers)
{
    create();
    const char *path = file("2/config/witan.conf");
    cr_assert_eq(file_write(path, span_text("# none\n"), 0644, true, &problem), STATUS_OK);
    cr_assert_eq(testnet_add(&net, &problem), STATUS_INVALID);
    cr_assert_neq(strstr(problem.text, "2/config/witan.conf"), NULL, "%s", problem.text);
    cr_assert_eq(net.count, 4);
    struct testnet loaded;
    cr_assert_eq(testnet_load(&loaded, dir, &problem), STATUS_OK);
    cr_assert_eq(loaded.count, 4);
    cr_assert_not(file_exists(file("5")), "what is left is in the way of the next attempt");
}

Test(testnet, there_is_an_end_to_adding)
{
    options.validators = TESTNET_NODES_MAX;
    create();
    cr_assert_eq(testnet_add(&net, &problem), STATUS_FULL);
}

Test(testnet, a_folder_without_the_document_is_no_network)
{
    cr_assert_eq(testnet_load(&net, dir, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(testnet_load(&net, "/nowhere/at/all", &problem), STATUS_NOT_FOUND);
    snprintf(net.dir, sizeof net.dir, "%s", dir);
    cr_assert_eq(testnet_remove(&net, &problem), STATUS_NOT_FOUND);
    cr_assert(file_exists(dir));
}

static void document(const char *text)
{
    const char *path = document_path();
    cr_assert_eq(file_write(path, span_text(text), 0644, true, &problem), STATUS_OK);
}

Test(testnet, a_document_that_is_wrong_is_refused_by_field)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        { "{}", "format" },
        { "{\"format\":\"witan-testnet/2\",\"network\":\"u\",\"engine\":\"hotstuff\","
          "\"treasury\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\",\"nodes\":[]}",
          "format" },
        { "{\"format\":\"witan-testnet/1\",\"network\":\"u\",\"engine\":\"hotstuff\","
          "\"treasury\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\",\"nodes\":[]}",
          "/nodes" },
        { "{\"format\":\"witan-testnet/1\",\"network\":\"u\",\"engine\":\"hotstuff\","
          "\"treasury\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\",\"nodes\":[{\"rpc_port\":0,"
          "\"peer_port\":2,\"pid\":0}]}",
          "rpc_port" },
        { "{\"format\":\"witan-testnet/1\",\"network\":\"u\",\"engine\":\"hotstuff\","
          "\"treasury\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\",\"nodes\":[{\"rpc_port\":1,"
          "\"peer_port\":2,\"pid\":0,\"more\":1}]}",
          "more" },
        { "not json", "testnet.json" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        document(cases[i].text);
        cr_assert_neq(testnet_load(&net, dir, &problem), STATUS_OK, "case %zu", i);
        cr_assert_neq(strstr(problem.text, cases[i].wanted), NULL, "case %zu: %s", i, problem.text);
    }
    unlink(document_path());
}

Test(testnet, removed_with_all_it_holds)
{
    create();
    cr_assert_eq(testnet_remove(&net, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_not(file_exists(dir));
}
