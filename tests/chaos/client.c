/* chaos_client NETWORK SEED CLIENTS PACE_MS HISTORY
 *
 * CLIENTS concurrent clients of the test network in the folder NETWORK (made by `witan testnet
 * create`), who speak to the validators' local sockets and write what they do to HISTORY. Prints
 * `ready` once accounts and money exist. Ends when stdin does: operations under way are finished or
 * given up, and `done OPERATIONS` is the last line.
 */
#include "client.h"

#include "node/testnet.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, URL_BYTES = PATH_BYTES_MAX + 32 };

void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("chaos_client: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void bank_urls(struct bank *bank, const struct testnet *net)
{
    bank->node_count = net->count;
    for (uint16_t i = 0; i < net->count; i++) {
        char home[PATH_BYTES_MAX];
        char *url = malloc(URL_BYTES);
        if (!url) give_up("out of memory");
        testnet_home(net, i, home);
        (void)snprintf(url, URL_BYTES, "unix:%s/witan.sock", home);
        bank->urls[i] = url;
    }
}

static void bank_open(struct bank *bank, const char *dir)
{
    static const uint8_t code[12] = "EUR";
    struct testnet net;
    struct problem problem;
    struct genesis *genesis;
    char path[PATH_BYTES_MAX];
    if (testnet_load(&net, dir, &problem) != STATUS_OK) give_up("%s", problem.text);
    bank_urls(bank, &net);
    testnet_file(&net, "1/config/genesis.json", path);
    if (genesis_load(path, &genesis, &problem) != STATUS_OK) give_up("%s", problem.text);
    bank->chain_id = genesis->chain_id;
    genesis_free(genesis);
    if (testnet_treasury_key(&net, &bank->treasury_key, &problem) != STATUS_OK)
        give_up("%s", problem.text);
    bank->treasury = net.treasury;
    key_generate(&bank->payer_key, &bank->payer_public);
    bank->asset = asset_id_of(&bank->treasury, code);
    address_encode(ADDRESS_ASSET, &bank->asset, bank->asset_text);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        random_bytes(bank->accounts[i].bytes, sizeof bank->accounts[i].bytes);
        address_encode(ADDRESS_ACCOUNT, &bank->accounts[i], bank->account_text[i]);
    }
}

static void bank_close(struct bank *bank)
{
    for (size_t i = 0; i < bank->node_count; i++)
        free((void *)(uintptr_t)bank->urls[i]);
    key_wipe(&bank->treasury_key);
    key_wipe(&bank->payer_key);
    if (fclose(bank->history) != 0) give_up("writing the history");
}

static void *client_main(void *worker)
{
    run_day(worker);
    return NULL;
}

static void wait_for_end_of_stdin(void)
{
    char unused[64];
    while (read(STDIN_FILENO, unused, sizeof unused) > 0) {
    }
}

static uint64_t run(struct bank *bank, uint64_t seed, unsigned clients)
{
    static struct worker workers[CLIENTS_MAX];
    pthread_t threads[CLIENTS_MAX];
    uint64_t operations = 0;
    for (unsigned i = 0; i < clients; i++)
        worker_open(&workers[i], bank, i, seed * CLIENTS_MAX + i);
    if (!run_setup(&workers[0])) give_up("accounts and money could not be made");
    (void)puts("ready");
    (void)fflush(stdout);
    for (unsigned i = 0; i < clients; i++)
        if (pthread_create(&threads[i], NULL, client_main, &workers[i]) != 0)
            give_up("a thread cannot be started");
    wait_for_end_of_stdin();
    atomic_store(&bank->stop, true);
    for (unsigned i = 0; i < clients; i++) {
        pthread_join(threads[i], NULL);
        operations += workers[i].operations;
        worker_close(&workers[i]);
    }
    return operations;
}

int main(int argc, char **argv)
{
    static struct bank bank;
    struct problem problem;
    unsigned long clients = argc == 6 ? strtoul(argv[3], NULL, 10) : 0;
    if (clients == 0 || clients > CLIENTS_MAX) {
        (void)fputs("usage: chaos_client NETWORK SEED CLIENTS PACE_MS HISTORY\n", stderr);
        return 64;
    }
    if (crypto_start(&problem) != STATUS_OK) give_up("%s", problem.text);
    if (rpc_client_start() != STATUS_OK) give_up("libcurl does not start");
    bank_open(&bank, argv[1]);
    bank.pace_ms = (unsigned)strtoul(argv[4], NULL, 10);
    bank.history = fopen(argv[5], "we");
    if (!bank.history) give_up("%s cannot be written", argv[5]);
    (void)setvbuf(bank.history, NULL, _IOLBF, 65536);
    uint64_t operations = run(&bank, strtoull(argv[2], NULL, 10), (unsigned)clients);
    bank_close(&bank);
    printf("done %" PRIu64 "\n", operations);
    return 0;
}
