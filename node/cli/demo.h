/* node/cli/demo.h -- the money of the demo: a treasury pays Alice, Alice pays Bob. */
#ifndef NODE_CLI_DEMO_H
#define NODE_CLI_DEMO_H

#include "node/draft.h"
#include "node/sample.h"
#include "node/testnet.h"
#include "rpc/sender.h"

enum { DEMO_UNITS = 100 }; /* of a transfer: 1.00 EUR */

struct demo_bank {
    struct genesis *genesis; /* the network's; freed by demo_bank_close */
    struct secret_key key;   /* the treasury's, which signs for Alice and Bob, too */
    struct public_key public_key;
    struct id treasury, alice, bob, asset;
    char urls[TESTNET_NODES_MAX][TESTNET_URL];
    const char *url_list[TESTNET_NODES_MAX];
    size_t url_count;
    struct transaction *tx; /* scratch */
    bool (*stop)(void);     /* asked while sending */
};

/* How a round of transfers went. */
struct demo_round {
    uint32_t wanted, sent;
    uint32_t ok;              /* committed (or sealed) with result ok */
    struct sample latency_us; /* freed by the caller */
    char problem[256];        /* of the first one that was not */
};

enum status demo_bank_open(struct demo_bank *bank, const struct testnet *net,
                           struct problem *problem);
void demo_bank_close(struct demo_bank *bank);

/* Alice, Bob, the asset EUR, and money for Alice; one transaction. */
enum status demo_bank_found(struct demo_bank *bank, struct problem *problem);

/* count transfers from Alice to Bob through all nodes in turn. */
enum status demo_bank_transfers(struct demo_bank *bank, uint32_t count, uint32_t in_flight,
                                enum submit_until until, struct demo_round *round,
                                struct problem *problem);

/* One signed transfer (bytes.data is malloc). */
enum status demo_bank_transfer(struct demo_bank *bank, struct span *bytes, struct digest *txid,
                               uint64_t *not_after_ms);

#endif
