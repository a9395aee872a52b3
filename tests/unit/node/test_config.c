#include "node/config.h"

#include "node/files.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* environ is not const. */
#define TEXT(text) ((char *)(text))

static char home[64];
static char file_path[128];
static struct problem problem;

static void setup(void)
{
    strcpy(home, "/tmp/witan_config_XXXXXX");
    cr_assert(mkdtemp(home));
    snprintf(file_path, sizeof file_path, "%s/config", home);
    cr_assert_eq(directory_create(file_path, 0750, &problem), STATUS_OK);
    snprintf(file_path, sizeof file_path, "%s/config/witan.conf", home);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", home);
    cr_assert_eq(system(command), 0);
}

static enum status load(struct config **config, const char *text, char *const *environment,
                        const char *const *flags)
{
    if (text) cr_assert_eq(file_write(file_path, span_text(text), 0640, true, &problem), STATUS_OK);
    struct config_sources sources = { .home = home, .environment = environment, .flags = flags };
    while (flags && flags[sources.flags_count])
        sources.flags_count++;
    memset(&problem, 0, sizeof problem);
    *config = NULL;
    return config_load(config, &sources, &problem);
}

static struct config *load_text(const char *text)
{
    struct config *config;
    cr_assert_eq(load(&config, text, NULL, NULL), STATUS_OK, "%s", problem.text);
    return config;
}

/* The text is refused, and the message holds all of these. */
static void expect_refused(const char *text, const char *first, const char *second)
{
    struct config *config;
    cr_assert_eq(load(&config, text, NULL, NULL), STATUS_INVALID, "accepted: %s", text);
    cr_assert(strstr(problem.text, first), "\"%s\" lacks \"%s\"", problem.text, first);
    cr_assert(strstr(problem.text, second), "\"%s\" lacks \"%s\"", problem.text, second);
}

static void expect_refused_flag(const char *flag, const char *first, const char *second)
{
    const char *flags[] = { flag, NULL };
    struct config *config;
    cr_assert_eq(load(&config, NULL, NULL, flags), STATUS_INVALID, "accepted: %s", flag);
    cr_assert(strstr(problem.text, first), "\"%s\" lacks \"%s\"", problem.text, first);
    cr_assert(strstr(problem.text, second), "\"%s\" lacks \"%s\"", problem.text, second);
}

Test(config, defaults, .init = setup, .fini = teardown)
{
    struct config *config = load_text(NULL);
    char wanted[128];
    cr_assert_str_eq(config_file(config), "");
    cr_assert_eq(config_number(config, CONFIG_journal_segment_size), 64u << 20);
    cr_assert_eq(config_number(config, CONFIG_peers_retry_max), 30000);
    cr_assert_eq(config_number(config, CONFIG_rpc_batch_items_max), 100);
    cr_assert_eq(config_list_count(config, CONFIG_rpc_listen), 1);
    cr_assert_str_eq(config_list_item(config, CONFIG_rpc_listen, 0), "127.0.0.1:7780");
    cr_assert_eq(config_list_count(config, CONFIG_peers_observers), 0);
    snprintf(wanted, sizeof wanted, "%s/data", home);
    cr_assert_str_eq(config_text(config, CONFIG_node_data_dir), wanted);
    snprintf(wanted, sizeof wanted, "%s/config/genesis.json", home);
    cr_assert_str_eq(config_text(config, CONFIG_node_genesis_file), wanted);
    snprintf(wanted, sizeof wanted, "%s/witan.sock", home);
    cr_assert_str_eq(config_text(config, CONFIG_rpc_socket), wanted);
    cr_assert_str_eq(config_text(config, CONFIG_node_passphrase_file), "");
    for (int key = 0; key < CONFIG_COUNT; key++)
        cr_assert_eq(config_origin(config, (enum config_key)key), ORIGIN_DEFAULT);
    config_free(config);
}

Test(config, without_home)
{
    struct config_sources sources = { .home = NULL };
    struct config *config;
    cr_assert_eq(config_load(&config, &sources, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_str_eq(config_text(config, CONFIG_node_data_dir), "/var/lib/witan");
    cr_assert_str_eq(config_text(config, CONFIG_node_seal_key_file), "/etc/witan/seal_key.json");
    cr_assert_str_eq(config_text(config, CONFIG_rpc_socket), "");
    config_free(config);
    sources.file = "/no/such/file";
    cr_assert_eq(config_load(&config, &sources, &problem), STATUS_NOT_FOUND);
    cr_assert(strstr(problem.text, "/no/such/file"));
}

/* flag > environment > file > default, key by key. */
Test(config, precedence, .init = setup, .fini = teardown)
{
    const char *text = "rpc: { batch_items_max = 1; waiters_max = 2; readers = 3; };\n";
    char *environment[] = { TEXT("WITAN_RPC_BATCH_ITEMS_MAX=11"),
                            TEXT("WITAN_RPC_WAITERS_MAX=12"),
                            TEXT("PATH=/bin"),
                            TEXT("WITAN_HOME=/x"),
                            TEXT("WITAN_NODE=unix:/x"),
                            NULL };
    const char *flags[] = { "rpc.batch_items_max=21", NULL };
    struct config *config;
    cr_assert_eq(load(&config, text, environment, flags), STATUS_OK, "%s", problem.text);
    cr_assert_eq(config_number(config, CONFIG_rpc_batch_items_max), 21);
    cr_assert_eq(config_number(config, CONFIG_rpc_waiters_max), 12);
    cr_assert_eq(config_number(config, CONFIG_rpc_readers), 3);
    cr_assert_eq(config_number(config, CONFIG_rpc_queue_max), 256);
    char origin[64];
    config_origin_text(config, CONFIG_rpc_batch_items_max, origin, sizeof origin);
    cr_assert_str_eq(origin, "flag");
    config_origin_text(config, CONFIG_rpc_waiters_max, origin, sizeof origin);
    cr_assert_str_eq(origin, "environment");
    config_origin_text(config, CONFIG_rpc_readers, origin, sizeof origin);
    cr_assert_str_eq(origin, "file line 1");
    config_origin_text(config, CONFIG_rpc_queue_max, origin, sizeof origin);
    cr_assert_str_eq(origin, "default");
    config_free(config);
}

Test(config, every_type, .init = setup, .fini = teardown)
{
    struct config *config =
        load_text("/* a comment\n over lines with 12345678901234567890 and @include */\n"
                  "node: { name = \"bank-a\"; # 99999999999\n"
                  "  genesis_file = \"sub/g.json\"; node_key_file = \"/abs/key.json\"; };\n"
                  "peers: { listen = [ \"0.0.0.0:1\", \"[::]:2\" ]; retry_min = \"250ms\"; };\n"
                  "journal: { segment_size = \"4MiB\"; };\n"
                  "log: { modules = ( \"engine=debug\" ); level = \"warn\"; };\n"
                  "rpc: { listen = [ ]; };\n");
    char wanted[128];
    cr_assert_str_eq(config_text(config, CONFIG_node_name), "bank-a");
    snprintf(wanted, sizeof wanted, "%s/config/sub/g.json", home);
    cr_assert_str_eq(config_text(config, CONFIG_node_genesis_file), wanted);
    cr_assert_str_eq(config_text(config, CONFIG_node_node_key_file), "/abs/key.json");
    cr_assert_eq(config_list_count(config, CONFIG_peers_listen), 2);
    cr_assert_str_eq(config_list_item(config, CONFIG_peers_listen, 1), "[::]:2");
    cr_assert_eq(config_number(config, CONFIG_peers_retry_min), 250);
    cr_assert_eq(config_number(config, CONFIG_journal_segment_size), 4u << 20);
    cr_assert_eq(config_list_count(config, CONFIG_rpc_listen), 0);
    char value[64];
    config_value_text(config, CONFIG_peers_listen, value, sizeof value);
    cr_assert_str_eq(value, "0.0.0.0:1,[::]:2");
    config_value_text(config, CONFIG_journal_segment_size, value, sizeof value);
    cr_assert_str_eq(value, "4MiB");
    config_value_text(config, CONFIG_peers_retry_min, value, sizeof value);
    cr_assert_str_eq(value, "250ms");
    cr_assert_str_eq(config_file(config), file_path);
    config_free(config);
}

Test(config, mistakes_in_the_file, .init = setup, .fini = teardown)
{
    expect_refused("rpc: {\n  batch_itms_max = 5;\n};\n", "line 2", "rpc.batch_items_max");
    expect_refused("rcp: { listen = [ ]; };\n", "line 1", "unknown section");
    expect_refused("rpc = 5;\n", "line 1", "section");
    expect_refused("rpc: { batch_items_max = \"5\"; };\n", "rpc.batch_items_max", "wants a number");
    expect_refused("rpc: { batch_items_max = -1; };\n", "rpc.batch_items_max", "negative");
    expect_refused("rpc: { batch_items_max = 0; };\n", "0 is not between 1 and 10000", "line 1");
    expect_refused("rpc: { batch_items_max = 1.5; };\n", "rpc.batch_items_max", "wants a number");
    expect_refused("rpc: { body_max = 1048576; };\n", "rpc.body_max", "in quotes");
    expect_refused("rpc: { body_max = \"1MB\"; };\n", "\"1MB\"", "64KiB");
    expect_refused("rpc: { body_max = \"1GiB\"; };\n", "1GiB is not between", "64MiB");
    expect_refused("peers: { retry_min = \"1 s\"; };\n", "\"1 s\"", "500ms");
    expect_refused("peers: { listen = \"0.0.0.0:1\"; };\n", "peers.listen", "list");
    expect_refused("peers: { listen = [ 5 ]; };\n", "peers.listen", "list");
    expect_refused("node: { name = 5; };\n", "node.name", "text");
    expect_refused("node: { name = \"a\"; name = \"b\"; };\n", "line 1", "duplicate");
    expect_refused("node: { name = \"a\" ", "line 1", "syntax");
}

/* libconfig would cut the number and follow the include. */
Test(config, the_two_traps, .init = setup, .fini = teardown)
{
    expect_refused("\nrpc: { waiters_max = 4294967297; };\n", "line 2", "more than 9 digits");
    expect_refused("rpc: { waiters_max = 0x100000001; };\n", "line 1", "digits");
    expect_refused("rpc: { waiters_max = 4294967297L; };\n", "line 1", "digits");
    expect_refused("\n\n@include \"other.conf\"\n", "line 3", "@include");
    expect_refused("/* x */ @include \"other.conf\"\n", "line 1", "@include");
    struct config *config = load_text("node: { name = \"@include 12345678901\"; };\n");
    cr_assert_str_eq(config_text(config, CONFIG_node_name), "@include 12345678901");
    config_free(config);
    /* A NUL byte would hide what stands behind it. */
    static const char with_nul[] = "node: { name = \"a\"; };\0rpc: { listen = 5; };";
    cr_assert_eq(
        file_write(file_path, span_of(with_nul, sizeof with_nul - 1), 0640, true, &problem),
        STATUS_OK);
    cr_assert_eq(load(&config, NULL, NULL, NULL), STATUS_INVALID);
    cr_assert(strstr(problem.text, "NUL"));
}

Test(config, mistakes_elsewhere, .init = setup, .fini = teardown)
{
    expect_refused_flag("rpc.batch_itms_max=5", "--rpc.batch_itms_max", "rpc.batch_items_max");
    expect_refused_flag("rpc.batch_items_max", "--rpc.batch_items_max", "value");
    expect_refused_flag("rpc.batch_items_max=five", "--rpc.batch_items_max", "\"five\"");
    expect_refused_flag("rpc.batch_items_max=99999999999999999999", "--rpc", "not a number");
    expect_refused_flag("nonsense=1", "--nonsense", "unknown key");
    char *wrong_key[] = { TEXT("WITAN_RPC_BATCH_ITMS_MAX=5"), NULL };
    struct config *config;
    cr_assert_eq(load(&config, NULL, wrong_key, NULL), STATUS_INVALID);
    cr_assert(strstr(problem.text, "WITAN_RPC_BATCH_ITMS_MAX"), "%s", problem.text);
    char *wrong_value[] = { TEXT("WITAN_JOURNAL_SEGMENT_SIZE=big"), NULL };
    cr_assert_eq(load(&config, NULL, wrong_value, NULL), STATUS_INVALID);
    cr_assert(strstr(problem.text, "WITAN_JOURNAL_SEGMENT_SIZE"), "%s", problem.text);
    char *not_ours[] = { TEXT("WITAN_SERVICE_HOST=10.0.0.1"), TEXT("WITAN_PORT=tcp://10.0.0.1"),
                         TEXT("WITAN_"), NULL };
    cr_assert_eq(load(&config, NULL, not_ours, NULL), STATUS_OK);
    config_free(config);
}

Test(config, lists_with_commas, .init = setup, .fini = teardown)
{
    const char *flags[] = { "rpc.allowed_hosts= a.example, b.example ,", "rpc.listen=", NULL };
    struct config *config;
    cr_assert_eq(load(&config, NULL, NULL, flags), STATUS_OK, "%s", problem.text);
    cr_assert_eq(config_list_count(config, CONFIG_rpc_allowed_hosts), 2);
    cr_assert_str_eq(config_list_item(config, CONFIG_rpc_allowed_hosts, 1), "b.example");
    cr_assert_eq(config_list_count(config, CONFIG_rpc_listen), 0);
    config_free(config);
}

#define NODE_KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

Test(config, observers_may_be_dialled, .init = setup, .fini = teardown)
{
    struct public_key key;
    const char *endpoint;
    cr_assert(config_observer_read(NODE_KEY "=10.0.0.1:7790", &key, &endpoint));
    cr_assert_str_eq(endpoint, "10.0.0.1:7790");
    cr_assert_eq(key.bytes[0], 0xd7);
    cr_assert(config_observer_read(NODE_KEY, &key, &endpoint));
    cr_assert_str_eq(endpoint, "");
}

Test(config, rules_across_keys, .init = setup, .fini = teardown)
{
    expect_refused_flag("rpc.listen=0.0.0.0:7780", "rpc.listen", "loopback");
    expect_refused_flag("rpc.listen=[::]:7780", "rpc.listen", "loopback");
    expect_refused_flag("rpc.listen=10.0.0.1:7780", "rpc.listen", "tokens");
    expect_refused_flag("rpc.listen=7780", "rpc.listen", "not an address");
    expect_refused_flag("peers.listen=0.0.0.0", "peers.listen", "not an address");
    expect_refused_flag("peers.retry_min=60s", "retry_min", "retry_max");
    expect_refused_flag("disk.critical=4GiB", "disk.critical", "disk.low");
    expect_refused_flag("node.role=leader", "node.role", "leader");
    expect_refused_flag("node.chain_id=1234", "node.chain_id", "64");
    expect_refused_flag("log.level=loud", "log.level", "loud");
    expect_refused_flag("log.format=xml", "log.format", "xml");
    expect_refused_flag("log.modules=motor=debug", "log.modules", "motor=debug");
    expect_refused_flag("rpc.allowed_origins=*", "rpc.allowed_origins", "origin");
    expect_refused_flag("peers.observers=abcd", "peers.observers", "node key");
    expect_refused_flag("peers.observers=" NODE_KEY "=nowhere", "peers.observers", "node key");
    expect_refused_flag("peers.observers=" NODE_KEY "=", "peers.observers", "node key");
    expect_refused_flag("peers.addresses=bank-b=1.2.3.4:5", "peers.addresses", "val1");
    static const char *const good[] = { "rpc.listen=[::1]:7780,127.0.0.2:1,localhost:5",
                                        "log.modules=engine=debug,rpc=error", "log.format=json",
                                        "disk.critical=0B",
                                        "peers.observers=" NODE_KEY "=10.0.0.1:7790," NODE_KEY };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *flags[] = { good[i], NULL };
        struct config *config;
        cr_assert_eq(load(&config, NULL, NULL, flags), STATUS_OK, "%s", problem.text);
        config_free(config);
    }
}

Test(config, differences, .init = setup, .fini = teardown)
{
    struct config *a =
        load_text("log: { level = \"warn\"; }; peers: { listen = [ \"0.0.0.0:1\" ]; };");
    struct config *b =
        load_text("log: { level = \"info\"; }; peers: { listen = [ \"0.0.0.0:2\" ]; };");
    for (int key = 0; key < CONFIG_COUNT; key++) {
        bool wanted = key == CONFIG_log_level || key == CONFIG_peers_listen;
        cr_assert_eq(config_differs(a, b, (enum config_key)key), wanted);
    }
    config_free(a);
    config_free(b);
}

Test(config, one_value_is_adopted, .init = setup, .fini = teardown)
{
    struct config *a = load_text("log: { level = \"warn\"; }; disk: { low = \"1GiB\"; };");
    struct config *b = load_text("log: { level = \"info\"; }; disk: { low = \"3GiB\"; };");
    config_adopt(a, b, CONFIG_log_level);
    cr_assert_str_eq(config_text(a, CONFIG_log_level), "info");
    cr_assert_str_eq(config_text(b, CONFIG_log_level), "warn");
    cr_assert(config_differs(a, b, CONFIG_disk_low));
    config_free(b);
    cr_assert_str_eq(config_text(a, CONFIG_log_level), "info");
    config_free(a);
}

/* The sample is a configuration, and says nothing but the defaults. */
Test(config, sample, .init = setup, .fini = teardown)
{
    struct buffer sample;
    buffer_init(&sample, CONFIG_FILE_MAX);
    cr_assert_eq(config_sample(&sample), STATUS_OK);
    cr_assert_eq(buffer_append(&sample, span_of("", 1)), STATUS_OK);
    struct config *defaults = load_text(NULL);
    struct config *loaded = load_text((const char *)sample.data);
    for (int i = 0; i < CONFIG_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        cr_assert_eq(config_origin(loaded, key), ORIGIN_FILE, "%s", config_info(key)->full);
        bool of_home = key == CONFIG_node_data_dir || key == CONFIG_rpc_socket;
        if (!of_home)
            cr_assert_not(config_differs(defaults, loaded, key), "%s", config_info(key)->full);
    }
    config_free(defaults);
    config_free(loaded);
    buffer_free(&sample);
}

Test(config, the_page_has_every_key)
{
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/config.md", "r");
    cr_assert(file, "docs/reference/config.md is missing");
    static char page[1 << 18];
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = 0;
    fclose(file);
    for (int i = 0; i < CONFIG_COUNT; i++) {
        const struct config_info *info = config_info((enum config_key)i);
        char row[512];
        snprintf(row, sizeof row, "| `%s` | `%s` | %s | %s |\n", info->full,
                 info->standard[0] ? info->standard : " ", info->reload ? "reload" : "restart",
                 info->help);
        cr_assert(strstr(page, row), "docs/reference/config.md lacks this line:\n%s", row);
    }
    size_t rows = 0;
    for (const char *at = page; (at = strstr(at, "\n| `")); at++)
        rows++;
    cr_assert_eq(rows, CONFIG_COUNT, "the page names a key that does not exist");
}
