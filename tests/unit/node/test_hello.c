#include "node/hello.h"

#include "node/frame.h"
#include "tests/unit/node/vectors.h"

static struct secret_key secrets[2];
static struct public_key keys[2];
static uint8_t exporter[32];

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, 'a' + i, sizeof seed);
        key_from_seed(seed, &secrets[i], &keys[i]);
    }
    memset(exporter, 0xee, sizeof exporter);
}

static struct hello hello_of(void)
{
    struct hello hello = { .version = WIRE_VERSION,
                           .role = PEER_VALIDATOR,
                           .state = { .epoch = 3, .height = 4, .sealed = 5, .time_ms = 6 } };
    memset(hello.chain_id.bytes, 1, 32);
    memset(hello.validators_hash.bytes, 2, 32);
    memset(hello.params_hash.bytes, 3, 32);
    strcpy(hello.software, "witan 0.1.0");
    cr_assert_eq(hello_sign(&hello, &secrets[0], HELLO_DIALLED, &keys[1], exporter), STATUS_OK);
    return hello;
}

static size_t hello_bytes(const struct hello *hello, uint8_t bytes[HELLO_BYTES_MAX])
{
    struct writer w;
    writer_init_fixed(&w, bytes, HELLO_BYTES_MAX);
    hello_write(&w, hello);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    return writer_span(&w).size;
}

Test(hello, round_trip, .init = setup)
{
    struct hello hello = hello_of();
    uint8_t bytes[HELLO_BYTES_MAX];
    size_t size = hello_bytes(&hello, bytes);
    cr_assert_eq(size, 2 + 32 + 8 + 32 + 32 + 32 + 1 + 24 + 1 + 11 + 64);
    struct hello back;
    cr_assert_eq(hello_read(span_of(bytes, size), &back), STATUS_OK);
    cr_assert_eq(back.state.epoch, 3);
    cr_assert_eq(back.state.height, 4);
    cr_assert_eq(back.state.sealed, 5);
    cr_assert_eq(back.state.time_ms, 6);
    cr_assert_eq(back.role, PEER_VALIDATOR);
    cr_assert_str_eq(back.software, "witan 0.1.0");
    cr_assert(key_equal(&back.node_key, &keys[0]));
    cr_assert_eq(hello_verify(&back, HELLO_DIALLED, &keys[1], &keys[0], exporter), STATUS_OK);
}

/* Not reflected, not relayed, not replayed into another connection. */
Test(hello, bound_to_its_connection, .init = setup)
{
    struct hello hello = hello_of();
    cr_assert_eq(hello_verify(&hello, HELLO_ACCEPTED, &keys[1], &keys[0], exporter),
                 STATUS_BAD_SIGNATURE);
    cr_assert_eq(hello_verify(&hello, HELLO_DIALLED, &keys[0], &keys[0], exporter),
                 STATUS_BAD_SIGNATURE);
    cr_assert_eq(hello_verify(&hello, HELLO_DIALLED, &keys[1], &keys[1], exporter),
                 STATUS_MISMATCH);
    uint8_t other[32];
    memcpy(other, exporter, sizeof other);
    other[31] ^= 1;
    cr_assert_eq(hello_verify(&hello, HELLO_DIALLED, &keys[1], &keys[0], other),
                 STATUS_BAD_SIGNATURE);
}

/* Every byte is under the signature or is the signature. */
Test(hello, every_byte_counts, .init = setup)
{
    struct hello hello = hello_of();
    uint8_t bytes[HELLO_BYTES_MAX];
    size_t size = hello_bytes(&hello, bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        struct hello back;
        enum status status = hello_read(span_of(bytes, size), &back);
        if (status == STATUS_OK)
            status = hello_verify(&back, HELLO_DIALLED, &keys[1], &keys[0], exporter);
        cr_assert_neq(status, STATUS_OK, "byte %zu", i);
        bytes[i] ^= 1;
    }
}

Test(hello, malformed, .init = setup)
{
    struct hello hello = hello_of();
    uint8_t bytes[HELLO_BYTES_MAX];
    size_t size = hello_bytes(&hello, bytes);
    struct hello back;
    for (size_t cut = 0; cut < size; cut++)
        cr_assert_eq(hello_read(span_of(bytes, cut), &back), STATUS_MALFORMED);
    cr_assert_eq(hello_read(span_of(bytes, size + 1), &back), STATUS_MALFORMED);
    bytes[2 + 32 + 8 + 96] = 2; /* role */
    cr_assert_eq(hello_read(span_of(bytes, size), &back), STATUS_MALFORMED);
    bytes[0] = 9;
    cr_assert_eq(hello_read(span_of(bytes, size), &back), STATUS_UNSUPPORTED);
    cr_assert_eq(back.version, 9);
}

Test(hello, longest_software, .init = setup)
{
    struct hello hello = hello_of();
    memset(hello.software, 's', SOFTWARE_MAX);
    hello.software[SOFTWARE_MAX] = 0;
    cr_assert_eq(hello_sign(&hello, &secrets[0], HELLO_DIALLED, &keys[1], exporter), STATUS_OK);
    uint8_t bytes[HELLO_BYTES_MAX];
    size_t size = hello_bytes(&hello, bytes);
    struct hello back;
    cr_assert_eq(hello_read(span_of(bytes, size), &back), STATUS_OK);
    bytes[size - 64 - SOFTWARE_MAX - 1] = SOFTWARE_MAX + 1;
    cr_assert_eq(hello_read(span_of(bytes, size), &back), STATUS_MALFORMED);
}

Test(hello, ping)
{
    struct ping ping = { .pong = true,
                         .token = UINT64_MAX,
                         .state = { .epoch = 1, .height = 2, .sealed = 3, .time_ms = 4 } };
    uint8_t bytes[64];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    ping_write(&w, &ping);
    cr_assert_eq(writer_span(&w).size, PING_BYTES);
    struct ping back;
    cr_assert_eq(ping_read(writer_span(&w), &back), STATUS_OK);
    cr_assert(back.pong);
    cr_assert_eq(back.token, UINT64_MAX);
    cr_assert_eq(back.state.sealed, 3);
    cr_assert_eq(ping_read(span_of(bytes, PING_BYTES - 1), &back), STATUS_MALFORMED);
    cr_assert_eq(ping_read(span_of(bytes, PING_BYTES + 1), &back), STATUS_MALFORMED);
    bytes[0] = 2;
    cr_assert_eq(ping_read(span_of(bytes, PING_BYTES), &back), STATUS_MALFORMED);
}

Test(hello, bye)
{
    struct bye bye = { .reason = "wrong_chain", .ours = "aa", .yours = "bb" };
    uint8_t bytes[512];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    bye_write(&w, &bye);
    struct span written = writer_span(&w);
    struct bye back;
    cr_assert_eq(bye_read(written, &back), STATUS_OK);
    cr_assert_str_eq(back.reason, "wrong_chain");
    cr_assert_str_eq(back.ours, "aa");
    cr_assert_str_eq(back.yours, "bb");
    cr_assert_eq(bye_read(span_of(bytes, written.size - 1), &back), STATUS_MALFORMED);
    bytes[0] = 33; /* a reason that does not fit */
    cr_assert_eq(bye_read(span_of(bytes, sizeof bytes), &back), STATUS_MALFORMED);
}

/* Bytes that another implementation has made. */
Test(hello, vectors, .init = setup)
{
    json_t *vectors = vectors_load(WITAN_VECTORS "/wire.json");
    const json_t *v = json_object_get(vectors, "hello");
    struct hello hello = { .version = WIRE_VERSION,
                           .role = (enum peer_role)vector_number(v, "role") };
    uint8_t seed[32];
    struct secret_key secret;
    struct public_key own;
    struct public_key other;
    vector_bytes(v, "seed", seed, 32);
    key_from_seed(seed, &secret, &own);
    vector_bytes(v, "other_key", other.bytes, 32);
    vector_bytes(v, "exporter", exporter, 32);
    vector_bytes(v, "chain_id", hello.chain_id.bytes, 32);
    vector_bytes(v, "validators_hash", hello.validators_hash.bytes, 32);
    vector_bytes(v, "params_hash", hello.params_hash.bytes, 32);
    hello.state = (struct peer_state){ vector_number(v, "epoch"), vector_number(v, "height"),
                                       vector_number(v, "sealed"), vector_number(v, "time_ms") };
    strcpy(hello.software, vector_text(v, "software"));
    enum hello_direction direction = (enum hello_direction)vector_number(v, "direction");
    cr_assert_eq(hello_sign(&hello, &secret, direction, &other, exporter), STATUS_OK);
    uint8_t bytes[HELLO_BYTES_MAX];
    uint8_t wanted[HELLO_BYTES_MAX];
    size_t size = hello_bytes(&hello, bytes);
    cr_assert_eq(vector_bytes(v, "bytes", wanted, sizeof wanted), size);
    cr_assert_arr_eq(bytes, wanted, size);

    v = json_object_get(vectors, "ping");
    struct ping ping = { true, vector_number(v, "token"), hello.state };
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    ping_write(&w, &ping);
    size = vector_bytes(v, "bytes", wanted, sizeof wanted);
    cr_assert(span_equal(writer_span(&w), span_of(wanted, size)));

    v = json_object_get(vectors, "bye");
    size = vector_bytes(v, "bytes", wanted, sizeof wanted);
    struct bye bye;
    cr_assert_eq(bye_read(span_of(wanted, size), &bye), STATUS_OK);
    cr_assert_str_eq(bye.reason, vector_text(v, "reason"));
    cr_assert_str_eq(bye.ours, vector_text(v, "ours"));
    cr_assert_str_eq(bye.yours, vector_text(v, "yours"));

    v = json_object_get(vectors, "frame");
    size = vector_bytes(v, "bytes", wanted, sizeof wanted);
    frame_head_encode(bytes, (enum frame_kind)vector_number(v, "kind"),
                      vector_bytes(v, "payload", bytes + FRAME_HEAD_BYTES, 512));
    cr_assert_arr_eq(bytes, wanted, size);
    json_decref(vectors);
}
