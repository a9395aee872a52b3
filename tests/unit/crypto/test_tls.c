#include "crypto/tls.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>

/* Two nodes that know each other: each allows one key, which a test may change. */
struct node {
    struct secret_key secret;
    struct public_key key;
    struct public_key allowed;
    unsigned asked; /* how often may_connect was called */
    struct tls_context *context;
};

static struct node alice;
static struct node bob;
static struct tls *client; /* Alice dials */
static struct tls *server; /* Bob */

static bool may_connect(void *user, const struct public_key *key)
{
    struct node *node = user;
    node->asked++;
    return key_equal(key, &node->allowed);
}

static void node_start(struct node *node)
{
    key_generate(&node->secret, &node->key);
    cr_assert_eq(tls_context_new(&node->context, &node->secret, may_connect, node), STATUS_OK);
}

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    node_start(&alice);
    node_start(&bob);
    alice.allowed = bob.key;
    bob.allowed = alice.key;
    cr_assert_eq(tls_new(&client, alice.context, false), STATUS_OK);
    cr_assert_eq(tls_new(&server, bob.context, true), STATUS_OK);
}

static void stop(void)
{
    tls_free(client);
    tls_free(server);
    tls_context_free(alice.context);
    tls_context_free(bob.context);
}

TestSuite(tls, .init = start, .fini = stop);

/* Carries what waits in one end to the other, in pieces of at most `piece` bytes; how much. */
static size_t carry(struct tls *from, struct tls *to, size_t piece)
{
    static uint8_t bytes[65536];
    size_t total = 0;
    while (tls_pending(from) > 0) {
        size_t drained;
        cr_assert_eq(tls_drain(from, bytes, piece, &drained), STATUS_OK);
        cr_assert_gt(drained, 0);
        total += drained;
        enum status status = tls_feed(to, span_of(bytes, drained));
        cr_assert(status == STATUS_OK || status == STATUS_CLOSED);
    }
    return total;
}

struct outcome {
    enum status client;
    enum status server;
};

static struct outcome handshake(size_t piece)
{
    struct outcome outcome = { STATUS_BUSY, STATUS_BUSY };
    for (int round = 0; round < 10; round++) {
        if (outcome.client == STATUS_BUSY) outcome.client = tls_handshake(client);
        carry(client, server, piece);
        if (outcome.server == STATUS_BUSY) outcome.server = tls_handshake(server);
        carry(server, client, piece);
    }
    return outcome;
}

static void connect(void)
{
    struct outcome outcome = handshake(65536);
    cr_assert_eq(outcome.client, STATUS_OK, "%s", tls_error(client));
    cr_assert_eq(outcome.server, STATUS_OK, "%s", tls_error(server));
}

/* What one read of up to 100 bytes gives. */
static enum status read_status(struct tls *tls)
{
    uint8_t bytes[100];
    size_t size;
    enum status status = tls_read(tls, bytes, sizeof bytes, &size);
    if (status != STATUS_OK) cr_assert_eq(size, 0);
    return status;
}

static void expect_text(struct tls *tls, const char *text)
{
    uint8_t bytes[100];
    size_t size;
    cr_assert_eq(tls_read(tls, bytes, sizeof bytes, &size), STATUS_OK);
    cr_assert(span_equal(span_of(bytes, size), span_text(text)));
}

Test(tls, two_members_meet_and_know_each_other)
{
    struct public_key key;
    cr_assert_not(tls_peer_key(client, &key));
    cr_assert_not(tls_peer_key(server, &key));
    connect();
    cr_assert(tls_peer_key(client, &key));
    cr_assert(key_equal(&key, &bob.key));
    cr_assert(tls_peer_key(server, &key));
    cr_assert(key_equal(&key, &alice.key));
    cr_assert_eq(alice.asked, 1);
    cr_assert_eq(bob.asked, 1);
    cr_assert_str_eq(tls_error(client), "no error");

    cr_assert_eq(tls_write(client, span_text("hello")), STATUS_OK);
    cr_assert_eq(tls_write(server, span_text("hi")), STATUS_OK);
    carry(client, server, 65536);
    carry(server, client, 65536);
    expect_text(server, "hello");
    expect_text(client, "hi");
    cr_assert_eq(read_status(server), STATUS_BUSY);
    cr_assert_eq(read_status(client), STATUS_BUSY);
}

Test(tls, meets_byte_by_byte)
{
    struct outcome outcome = handshake(1);
    cr_assert_eq(outcome.client, STATUS_OK);
    cr_assert_eq(outcome.server, STATUS_OK);
    tls_write(client, span_text("slowly"));
    carry(client, server, 1);
    expect_text(server, "slowly");
}

Test(tls, nothing_is_read_or_written_before_the_handshake)
{
    uint8_t out[32];
    cr_assert_eq(tls_write(client, span_text("early")), STATUS_BUSY);
    cr_assert_eq(read_status(client), STATUS_BUSY);
    cr_assert_eq(tls_exporter(client, "EXPORTER-test", out), STATUS_BUSY);
    cr_assert_eq(tls_pending(client), 0);
    cr_assert_eq(tls_handshake(client), STATUS_BUSY);
    cr_assert_gt(tls_pending(client), 0);
    cr_assert_eq(tls_handshake(server), STATUS_BUSY);
    cr_assert_eq(tls_pending(server), 0, "a server does not speak first");
}

Test(tls, the_server_refuses_a_foreign_key)
{
    bob.allowed.bytes[0] ^= 1;
    struct outcome outcome = handshake(65536);
    struct public_key key;
    cr_assert_eq(outcome.server, STATUS_REFUSED);
    cr_assert_not_null(strstr(tls_error(server), "may not connect"));
    cr_assert_not(tls_peer_key(server, &key));
    cr_assert_eq(read_status(client), STATUS_MALFORMED, "the alert arrives after the client's end");
    cr_assert_eq(tls_write(client, span_text("x")), STATUS_CLOSED);
    cr_assert_eq(tls_write(server, span_text("x")), STATUS_CLOSED);
    cr_assert_eq(tls_handshake(server), STATUS_CLOSED);
    cr_assert_eq(tls_feed(server, span_text("x")), STATUS_CLOSED);
}

Test(tls, the_client_refuses_a_foreign_key)
{
    alice.allowed.bytes[0] ^= 1;
    struct outcome outcome = handshake(65536);
    struct public_key key;
    cr_assert_eq(outcome.client, STATUS_REFUSED);
    cr_assert_eq(outcome.server, STATUS_MALFORMED);
    cr_assert_eq(bob.asked, 0, "it never came so far");
    cr_assert_not(tls_peer_key(client, &key));
    cr_assert_not(tls_peer_key(server, &key));
}

Test(tls, both_ends_export_the_same_bytes_and_no_other_connection_does)
{
    uint8_t a[32];
    uint8_t b[32];
    uint8_t other[32];
    connect();
    cr_assert_eq(tls_exporter(client, "EXPORTER-witan-hello-v1", a), STATUS_OK);
    cr_assert_eq(tls_exporter(server, "EXPORTER-witan-hello-v1", b), STATUS_OK);
    cr_assert_arr_eq(a, b, 32);
    cr_assert_eq(tls_exporter(client, "EXPORTER-witan-other", other), STATUS_OK);
    cr_assert_neq(memcmp(a, other, 32), 0);

    tls_free(client);
    tls_free(server);
    cr_assert_eq(tls_new(&client, alice.context, false), STATUS_OK);
    cr_assert_eq(tls_new(&server, bob.context, true), STATUS_OK);
    connect();
    cr_assert_eq(tls_exporter(client, "EXPORTER-witan-hello-v1", other), STATUS_OK);
    cr_assert_neq(memcmp(a, other, 32), 0);
}

enum { LARGE = 5 * 1024 * 1024 };

Test(tls, large_transfers_in_both_directions)
{
    uint8_t *sent = malloc(LARGE);
    uint8_t *got = malloc(LARGE);
    connect();
    for (int direction = 0; direction < 2; direction++) {
        struct tls *from = direction ? server : client;
        struct tls *to = direction ? client : server;
        random_bytes(sent, LARGE);
        cr_assert_eq(tls_write(from, span_of(sent, LARGE)), STATUS_OK);
        cr_assert_gt(tls_pending(from), LARGE);
        size_t received = 0;
        while (received < LARGE) {
            uint8_t piece[40000];
            size_t drained;
            cr_assert_eq(tls_drain(from, piece, sizeof piece, &drained), STATUS_OK);
            if (drained > 0) cr_assert_eq(tls_feed(to, span_of(piece, drained)), STATUS_OK);
            for (size_t size = 1; size > 0; received += size)
                tls_read(to, got + received, LARGE - received + 1, &size);
            cr_assert(drained > 0 || received == LARGE, "it got stuck at %zu", received);
        }
        cr_assert_eq(received, LARGE);
        cr_assert_eq(memcmp(sent, got, LARGE), 0);
        cr_assert_eq(tls_pending(from), 0);
    }
    tls_write(client, span_text("still there"));
    carry(client, server, 65536);
    expect_text(server, "still there");
    free(sent);
    free(got);
}

/* glibc serves what is large by mmap and counts it. (Under AddressSanitizer it counts nothing.) */
Test(tls, a_large_message_does_not_keep_its_memory)
{
    static uint8_t bytes[LARGE];
    static uint8_t drained[LARGE + LARGE / 8];
    size_t size;
    connect();
    size_t before = mallinfo2().hblkhd;
    tls_write(client, span_of(bytes, sizeof bytes));
    tls_drain(client, drained, sizeof drained, &size);
    cr_assert_gt(size, LARGE);
    cr_assert_eq(tls_pending(client), 0);
    cr_assert_lt(mallinfo2().hblkhd, before + 1024 * 1024);
}

Test(tls, unread_ciphertext_is_bounded)
{
    static uint8_t bytes[64 * 1024];
    connect();
    size_t fed = 0;
    enum status status;
    while ((status = tls_feed(server, span_of(bytes, sizeof bytes))) == STATUS_OK)
        fed += sizeof bytes;
    cr_assert_eq(status, STATUS_FULL);
    cr_assert_eq(fed, 256 * 1024);
    cr_assert_eq(tls_feed(server, span_of(bytes, 1)), STATUS_FULL);
    cr_assert_eq(tls_feed(server, span_of(bytes, 0)), STATUS_OK);
    cr_assert_eq(tls_feed(client, span_of(bytes, 256 * 1024 + 1)), STATUS_FULL);
}

Test(tls, garbage_instead_of_a_handshake_ends_the_connection)
{
    static const char *const garbage[] = { "GET / HTTP/1.1\r\nHost: witan\r\n\r\n",
                                           "\x16\x03\x01\xff\xff garbage",
                                           "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
                                           "\xff\xff\xff\xff\xff\xff\xff\xff" };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct tls *tls;
        cr_assert_eq(tls_new(&tls, bob.context, true), STATUS_OK);
        tls_feed(tls, span_of(garbage[i], strlen(garbage[i])));
        cr_assert_eq(tls_handshake(tls), STATUS_MALFORMED, "%zu", i);
        cr_assert_str_neq(tls_error(tls), "no error");
        cr_assert_eq(tls_handshake(tls), STATUS_CLOSED);
        tls_free(tls);
    }
}

Test(tls, random_garbage_never_passes)
{
    for (int i = 0; i < 200; i++) {
        uint8_t bytes[600];
        struct tls *tls;
        random_bytes(bytes, sizeof bytes);
        if (i % 2 == 0) memcpy(bytes, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
        cr_assert_eq(tls_new(&tls, bob.context, i % 4 < 2), STATUS_OK);
        tls_handshake(tls);
        tls_feed(tls, span_of(bytes, sizeof bytes));
        enum status status = tls_handshake(tls);
        cr_assert(status == STATUS_MALFORMED || status == STATUS_BUSY);
        tls_free(tls);
    }
}

Test(tls, a_flipped_bit_in_a_record_ends_the_connection)
{
    uint8_t bytes[100];
    size_t size;
    connect();
    tls_write(client, span_text("pay 100"));
    tls_drain(client, bytes, sizeof bytes, &size);
    bytes[size - 1] ^= 1;
    tls_feed(server, span_of(bytes, size));
    cr_assert_eq(read_status(server), STATUS_MALFORMED);
    cr_assert_eq(read_status(server), STATUS_CLOSED);
    carry(server, client, 65536);
    cr_assert_eq(read_status(client), STATUS_MALFORMED, "the alert says so");
}

Test(tls, a_replayed_record_ends_the_connection)
{
    uint8_t bytes[100];
    size_t size;
    connect();
    tls_write(client, span_text("pay 100"));
    tls_drain(client, bytes, sizeof bytes, &size);
    tls_feed(server, span_of(bytes, size));
    tls_feed(server, span_of(bytes, size));
    expect_text(server, "pay 100");
    cr_assert_eq(read_status(server), STATUS_MALFORMED);
}

Test(tls, shutdown_tells_the_other_side)
{
    connect();
    tls_write(client, span_text("last words"));
    tls_shutdown(client);
    cr_assert_eq(tls_write(client, span_text("more")), STATUS_CLOSED);
    cr_assert_eq(read_status(client), STATUS_CLOSED);
    tls_shutdown(client);
    carry(client, server, 65536);
    expect_text(server, "last words");
    cr_assert_eq(read_status(server), STATUS_CLOSED);
    cr_assert_eq(tls_write(server, span_text("reply")), STATUS_CLOSED);
}

Test(tls, shutdown_before_the_handshake_says_nothing)
{
    tls_shutdown(client);
    cr_assert_eq(tls_pending(client), 0);
}

Test(tls, nothing_written_is_nothing_sent)
{
    connect();
    cr_assert_eq(tls_write(client, span_of(NULL, 0)), STATUS_OK);
    cr_assert_eq(tls_pending(client), 0);
    uint8_t byte;
    size_t drained = 7;
    cr_assert_eq(tls_drain(client, &byte, 1, &drained), STATUS_OK);
    cr_assert_eq(drained, 0);
}

Test(tls, freeing_nothing_is_harmless)
{
    tls_free(NULL);
    tls_context_free(NULL);
}

/* A stranger: OpenSSL without our settings, as the server's other side. */
struct stranger {
    SSL_CTX *context;
    SSL *ssl;
};

static struct stranger stranger_start(void)
{
    struct stranger stranger = { .context = SSL_CTX_new(TLS_client_method()) };
    stranger.ssl = SSL_new(stranger.context);
    SSL_set_bio(stranger.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(stranger.ssl);
    return stranger;
}

static void stranger_stop(struct stranger *stranger)
{
    SSL_free(stranger->ssl);
    SSL_CTX_free(stranger->context);
}

/* A key and a certificate for it, signed by itself. */
static void stranger_identify(struct stranger *stranger, EVP_PKEY *pkey, const EVP_MD *digest)
{
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, pkey);
    cr_assert_gt(X509_sign(certificate, pkey, digest), 0);
    SSL_use_certificate(stranger->ssl, certificate);
    SSL_use_PrivateKey(stranger->ssl, pkey);
    X509_free(certificate);
    EVP_PKEY_free(pkey);
}

/* Shakes hands with the server; what the server thinks of it. */
static enum status stranger_meet(struct stranger *stranger)
{
    uint8_t bytes[16384];
    enum status status = STATUS_BUSY;
    for (int round = 0; round < 6 && status == STATUS_BUSY; round++) {
        SSL_do_handshake(stranger->ssl);
        int size = BIO_read(SSL_get_wbio(stranger->ssl), bytes, sizeof bytes);
        if (size > 0) tls_feed(server, span_of(bytes, (size_t)size));
        status = tls_handshake(server);
        size_t drained;
        tls_drain(server, bytes, sizeof bytes, &drained);
        if (drained > 0) BIO_write(SSL_get_rbio(stranger->ssl), bytes, (int)drained);
    }
    return status;
}

Test(tls, a_client_without_a_certificate_is_refused)
{
    struct stranger stranger = stranger_start();
    struct public_key key;
    cr_assert_eq(stranger_meet(&stranger), STATUS_MALFORMED);
    cr_assert_not_null(strstr(tls_error(server), "certificate"), "%s", tls_error(server));
    cr_assert_not(tls_peer_key(server, &key));
    cr_assert_eq(bob.asked, 0);
    stranger_stop(&stranger);
}

Test(tls, a_client_with_another_kind_of_key_is_refused)
{
    struct stranger stranger = stranger_start();
    stranger_identify(&stranger, EVP_EC_gen("P-256"), EVP_sha256());
    cr_assert_neq(stranger_meet(&stranger), STATUS_OK);
    cr_assert_eq(bob.asked, 0);
    stranger_stop(&stranger);
}

/* Alice's certificate is no secret, but who shows it without her key does not pass: here her public
 * key with a secret that is not hers. */
Test(tls, a_stolen_certificate_is_worth_nothing)
{
    struct stranger stranger = stranger_start();
    struct secret_key other;
    struct public_key key;
    EVP_PKEY *pkey = NULL;
    key_generate(&other, &key);
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, other.bytes, 32),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, alice.key.bytes, 32),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "ED25519", NULL);
    cr_assert_eq(EVP_PKEY_fromdata_init(maker), 1);
    cr_assert_eq(EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_KEYPAIR, parts), 1);
    EVP_PKEY_CTX_free(maker);
    stranger_identify(&stranger, pkey, NULL);
    cr_assert_eq(stranger_meet(&stranger), STATUS_MALFORMED);
    cr_assert_eq(bob.asked, 1, "the key is known, the proof is missing");
    cr_assert_not_null(strstr(tls_error(server), "signature"), "%s", tls_error(server));
    cr_assert_not(tls_peer_key(server, &key));
    stranger_stop(&stranger);
}

/* Even with the right key. */
Test(tls, an_older_version_is_refused)
{
    struct stranger stranger = stranger_start();
    stranger_identify(&stranger,
                      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, alice.secret.bytes, 32),
                      NULL);
    SSL_set_max_proto_version(stranger.ssl, TLS1_2_VERSION);
    cr_assert_eq(stranger_meet(&stranger), STATUS_MALFORMED);
    stranger_stop(&stranger);
}

static unsigned tickets;

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    tickets++;
    return 0;
}

/* A stranger who holds Alice's key: it is let in, and gets nothing to come back with. */
Test(tls, no_session_ticket_is_ever_sent)
{
    struct stranger stranger = stranger_start();
    SSL_CTX_set_session_cache_mode(stranger.context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(stranger.context, on_ticket);
    stranger_identify(&stranger,
                      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, alice.secret.bytes, 32),
                      NULL);
    cr_assert_eq(stranger_meet(&stranger), STATUS_OK, "%s", tls_error(server));

    uint8_t bytes[1000];
    size_t size;
    tls_write(server, span_text("welcome"));
    tls_drain(server, bytes, sizeof bytes, &size);
    BIO_write(SSL_get_rbio(stranger.ssl), bytes, (int)size);
    cr_assert_eq(SSL_read(stranger.ssl, bytes, sizeof bytes), 7);
    cr_assert_eq(memcmp(bytes, "welcome", 7), 0);
    cr_assert_eq(tickets, 0);
    cr_assert_not(SSL_SESSION_is_resumable(SSL_get0_session(stranger.ssl)));
    stranger_stop(&stranger);
}

Test(tls, a_context_needs_someone_to_ask, .signal = SIGABRT)
{
    struct tls_context *context;
    tls_context_new(&context, &alice.secret, NULL, NULL);
}
