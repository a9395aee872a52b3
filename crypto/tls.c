#include "crypto/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEED_MAX = 256 * 1024 };  /* ciphertext that may wait to be read */
enum { KEEP_MAX = 1024 * 1024 }; /* outgoing memory kept once it is drained */
enum { SEED_BYTES = 32, EXPORTER_BYTES = 32 };

struct tls_context {
    SSL_CTX *ssl;
    bool (*may_connect)(void *user, const struct public_key *key);
    void *user;
};

struct tls {
    struct tls_context *context;
    SSL *ssl; /* owns both buffers */
    BIO *incoming;
    BIO *outgoing;
    size_t outgoing_peak;       /* the most that waited since the buffer was made */
    struct public_key peer_key; /* the one that may_connect allowed */
    bool peer_allowed;
    bool peer_refused;
    bool closed; /* an error or close_notify: nothing more is read or written */
    char error[160];
};

static const char *error_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "no reason given";
}

/* The raw Ed25519 key of a certificate. */
static bool certificate_key(X509 *certificate, struct public_key *key)
{
    EVP_PKEY *pkey = certificate ? X509_get0_pubkey(certificate) : NULL;
    if (!pkey || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519) return false;
    size_t size = sizeof key->bytes;
    return EVP_PKEY_get_raw_public_key(pkey, key->bytes, &size) == 1 && size == sizeof key->bytes;
}

/* Takes the place of OpenSSL's chain building: dates, names and issuers mean nothing here, only the
 * key does. That the other side holds its secret is proven by TLS itself (CertificateVerify). */
static int on_certificate(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_app_data(ssl);
    struct public_key key;
    if (certificate_key(X509_STORE_CTX_get0_cert(store), &key) && key_valid(&key) &&
        tls->context->may_connect(tls->context->user, &key)) {
        tls->peer_key = key;
        tls->peer_allowed = true;
        return 1;
    }
    tls->peer_refused = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

/* No resumption of any kind, no renegotiation, one version, one signature algorithm. */
static bool context_restrict(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, on_certificate, NULL);
    SSL_CTX_set_max_cert_list(ssl, 16 * 1024);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_max_early_data(ssl, 0) == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, "ed25519") == 1;
}

/* What X.509 wants to see: the key is all that anyone looks at. */
static bool certificate_fill(X509 *certificate, EVP_PKEY *pkey)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           ASN1_TIME_set_string(X509_getm_notBefore(certificate), "19700101000000Z") == 1 &&
           ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"witan", -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, pkey) == 1 && X509_sign(certificate, pkey, NULL) > 0;
}

static bool context_identify(SSL_CTX *ssl, const struct secret_key *node_key)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, node_key->bytes, SEED_BYTES);
    X509 *certificate = X509_new();
    bool done = pkey && certificate && certificate_fill(certificate, pkey) &&
                SSL_CTX_use_certificate(ssl, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(ssl, pkey) == 1;
    X509_free(certificate); /* the context holds references of its own */
    EVP_PKEY_free(pkey);
    return done;
}

enum status tls_context_new(struct tls_context **context, const struct secret_key *node_key,
                            bool (*may_connect)(void *user, const struct public_key *key),
                            void *user)
{
    ASSERT(may_connect != NULL);
    *context = NULL;
    struct tls_context *made = calloc(1, sizeof *made);
    if (!made) return STATUS_NO_MEMORY;
    made->may_connect = may_connect;
    made->user = user;
    ERR_clear_error();
    made->ssl = SSL_CTX_new(TLS_method());
    if (!made->ssl || !context_restrict(made->ssl) || !context_identify(made->ssl, node_key)) {
        tls_context_free(made);
        return STATUS_CRYPTO;
    }
    *context = made;
    return STATUS_OK;
}

void tls_context_free(struct tls_context *context)
{
    if (!context) return;
    SSL_CTX_free(context->ssl);
    free(context);
}

enum status tls_new(struct tls **tls, struct tls_context *context, bool server)
{
    *tls = NULL;
    struct tls *made = calloc(1, sizeof *made);
    if (!made) return STATUS_NO_MEMORY;
    made->context = context;
    ERR_clear_error();
    made->ssl = SSL_new(context->ssl);
    made->incoming = BIO_new(BIO_s_mem());
    made->outgoing = BIO_new(BIO_s_mem());
    if (!made->ssl || !made->incoming || !made->outgoing) {
        BIO_free(made->incoming);
        BIO_free(made->outgoing);
        SSL_free(made->ssl);
        free(made);
        return STATUS_NO_MEMORY;
    }
    SSL_set_bio(made->ssl, made->incoming, made->outgoing);
    SSL_set_app_data(made->ssl, made);
    if (server)
        SSL_set_accept_state(made->ssl);
    else
        SSL_set_connect_state(made->ssl);
    *tls = made;
    return STATUS_OK;
}

void tls_free(struct tls *tls)
{
    if (!tls) return;
    SSL_free(tls->ssl);
    free(tls);
}

/* After a fatal error the connection is only drained (its alert) and freed. */
static enum status tls_fail(struct tls *tls, enum status status, const char *reason)
{
    tls->closed = true;
    snprintf(tls->error, sizeof tls->error, "%s", reason);
    return status;
}

enum status tls_feed(struct tls *tls, struct span ciphertext)
{
    if (tls->closed) return STATUS_CLOSED;
    if (ciphertext.size > FEED_MAX - BIO_ctrl_pending(tls->incoming)) return STATUS_FULL;
    if (ciphertext.size == 0) return STATUS_OK;
    int written = BIO_write(tls->incoming, ciphertext.data, (int)ciphertext.size);
    return written == (int)ciphertext.size ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Why the last call of OpenSSL gave nothing. */
static enum status tls_outcome(struct tls *tls, int returned)
{
    switch (SSL_get_error(tls->ssl, returned)) {
    case SSL_ERROR_WANT_READ: return STATUS_BUSY;
    case SSL_ERROR_ZERO_RETURN: return tls_fail(tls, STATUS_CLOSED, "closed by the other side");
    default: break;
    }
    if (tls->peer_refused)
        return tls_fail(tls, STATUS_REFUSED, "the other side's key may not connect");
    return tls_fail(tls, STATUS_MALFORMED, error_reason());
}

enum status tls_handshake(struct tls *tls)
{
    if (tls->closed) return STATUS_CLOSED;
    ERR_clear_error();
    int returned = SSL_do_handshake(tls->ssl);
    if (returned != 1) return tls_outcome(tls, returned);
    if (!tls->peer_allowed) return tls_fail(tls, STATUS_REFUSED, "no certificate was shown");
    return STATUS_OK;
}

enum status tls_read(struct tls *tls, void *bytes, size_t size, size_t *read)
{
    ASSERT(size > 0);
    *read = 0;
    if (tls->closed) return STATUS_CLOSED;
    if (!SSL_is_init_finished(tls->ssl)) return STATUS_BUSY;
    ERR_clear_error();
    int returned = SSL_read_ex(tls->ssl, bytes, size, read);
    return returned == 1 ? STATUS_OK : tls_outcome(tls, returned);
}

enum status tls_write(struct tls *tls, struct span plaintext)
{
    if (tls->closed) return STATUS_CLOSED;
    if (!SSL_is_init_finished(tls->ssl)) return STATUS_BUSY;
    if (plaintext.size == 0) return STATUS_OK;
    ERR_clear_error();
    size_t written = 0; /* all or an error: the outgoing buffer is memory and never blocks */
    int returned = SSL_write_ex(tls->ssl, plaintext.data, plaintext.size, &written);
    if (returned != 1 || written != plaintext.size)
        return tls_fail(tls, STATUS_CRYPTO, error_reason());
    if (tls_pending(tls) > tls->outgoing_peak) tls->outgoing_peak = tls_pending(tls);
    return STATUS_OK;
}

/* OpenSSL's memory buffers only grow. One big message must not cost its size for ever, so a drained
 * buffer that was big is replaced by a new one. */
static void outgoing_renew(struct tls *tls)
{
    if (tls->outgoing_peak <= KEEP_MAX) return;
    BIO *fresh = BIO_new(BIO_s_mem());
    if (!fresh) return;
    SSL_set0_wbio(tls->ssl, fresh);
    tls->outgoing = fresh;
    tls->outgoing_peak = 0;
}

enum status tls_drain(struct tls *tls, void *bytes, size_t size, size_t *drained)
{
    *drained = 0;
    if (size == 0 || tls_pending(tls) == 0) return STATUS_OK;
    int read = BIO_read(tls->outgoing, bytes, size > INT_MAX ? INT_MAX : (int)size);
    if (read <= 0) return STATUS_CRYPTO;
    *drained = (size_t)read;
    if (tls_pending(tls) == 0) outgoing_renew(tls);
    return STATUS_OK;
}

size_t tls_pending(const struct tls *tls)
{
    return BIO_ctrl_pending(tls->outgoing);
}

void tls_shutdown(struct tls *tls)
{
    if (tls->closed || !SSL_is_init_finished(tls->ssl)) return;
    ERR_clear_error();
    SSL_shutdown(tls->ssl); /* queues close_notify; the answer is not waited for */
    tls->closed = true;
}

bool tls_peer_key(const struct tls *tls, struct public_key *key)
{
    if (!tls->peer_allowed || !SSL_is_init_finished(tls->ssl)) return false;
    *key = tls->peer_key;
    return true;
}

enum status tls_exporter(struct tls *tls, const char *label, uint8_t out[32])
{
    if (!SSL_is_init_finished(tls->ssl)) return STATUS_BUSY;
    ERR_clear_error();
    int done =
        SSL_export_keying_material(tls->ssl, out, EXPORTER_BYTES, label, strlen(label), NULL, 0, 0);
    return done == 1 ? STATUS_OK : STATUS_CRYPTO;
}

const char *tls_error(const struct tls *tls)
{
    return tls->error[0] ? tls->error : "no error";
}
