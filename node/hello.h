/* node/hello.h -- the first frame of each side: who speaks, about which chain, bound to this
 * connection.
 *
 *     wire version u16 | chain id 32 | epoch u64 | validators_hash 32 | params_hash 32 |
 *     node key 32 | role u8 | height u64 | sealed u64 | time_ms u64 | text8 software | signature 64
 *
 * The signature (tag witan/hello/v1, by the node key) is over `chain id | direction u8 | own node
 * key | other's node key | exporter 32 | hello fields`: not to be replayed into another connection,
 * not to be reflected, not to be relayed by a man in the middle. A different epoch or height never
 * refuses: whoever is behind fetches. Another chain or wire version does, by name.
 *
 * Also here, the two other small payloads that connections themselves exchange: ping and bye.
 */
#ifndef NODE_HELLO_H
#define NODE_HELLO_H

#include "crypto/codec.h"

enum { WIRE_VERSION = 1, SOFTWARE_MAX = 64, HELLO_BYTES_MAX = 1024 };
#define HELLO_EXPORTER "EXPORTER-witan-hello-v1"

/* Which end of the connection speaks. */
enum hello_direction { HELLO_DIALLED = 0, HELLO_ACCEPTED = 1 };

enum peer_role { PEER_OBSERVER = 0, PEER_VALIDATOR = 1 };

/* What a node says about itself in hello and ping. */
struct peer_state {
    uint64_t epoch;
    uint64_t height; /* executed */
    uint64_t sealed;
    uint64_t time_ms; /* wall clock */
};

struct hello {
    uint16_t version;
    struct digest chain_id;
    struct digest validators_hash;
    struct digest params_hash;
    struct public_key node_key;
    enum peer_role role;
    struct peer_state state;
    char software[SOFTWARE_MAX + 1];
    struct signature signature;
};

/* Signs as the owner of node_key, which also becomes hello->node_key. */
enum status hello_sign(struct hello *hello, const struct secret_key *node_key,
                       enum hello_direction direction, const struct public_key *other,
                       const uint8_t exporter[32]);

/* `direction` is the sender's end; `self` our own key; `other` the key that TLS has proven.
 * STATUS_MISMATCH: hello names another key than TLS. STATUS_BAD_SIGNATURE. */
enum status hello_verify(const struct hello *hello, enum hello_direction direction,
                         const struct public_key *self, const struct public_key *other,
                         const uint8_t exporter[32]);

void hello_write(struct writer *w, const struct hello *hello);

/* STATUS_UNSUPPORTED with only hello->version set if the version is another one (its layout is
 * unknown then); STATUS_MALFORMED. */
enum status hello_read(struct span bytes, struct hello *hello);

/* Every 5 s when idle, answered at once: u8 pong | u64 token | epoch u64 | height u64 | sealed u64
 * | time_ms u64 (41 bytes). The token comes back unchanged and tells the round trip. */
struct ping {
    bool pong;
    uint64_t token;
    struct peer_state state;
};
enum { PING_BYTES = 41 };
void ping_write(struct writer *w, const struct ping *ping);
enum status ping_read(struct span bytes, struct ping *ping);

/* The last frame, best effort: text8 reason | text8 ours | text8 yours. Reasons are constant words:
 * wrong_chain, wrong_version, bad_hello, duplicate, closing, malformed, too_slow. */
struct bye {
    char reason[33];
    char ours[129];  /* the sender's value */
    char yours[129]; /* the receiver's value, as the sender saw it */
};
void bye_write(struct writer *w, const struct bye *bye);
enum status bye_read(struct span bytes, struct bye *bye);

#endif
