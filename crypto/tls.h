/* crypto/tls.h -- mutual TLS 1.3 between nodes, on memory buffers; no sockets here.
 *
 * Each node makes a self-signed Ed25519 certificate in memory at start from its node key; what is
 * pinned is the raw public key, through a callback that says whether this key may connect. Dates in
 * certificates are not enforced, session tickets and resumption are off (a resumed session would
 * prove no key). A connection counts only after the hello (node/peers) that both sides sign over
 * tls_exporter.
 *
 *     bytes from socket -> tls_feed -> tls_read  -> plaintext frames
 *     plaintext frames  -> tls_write -> tls_drain -> bytes to socket
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include "crypto/key.h"

struct tls_context; /* one a process */
struct tls;         /* one a connection */

/* STATUS_CRYPTO if OpenSSL refuses. The context outlives its connections; node_key is copied.
 * may_connect decides about the other side's raw Ed25519 key during the handshake. */
enum status tls_context_new(struct tls_context **context, const struct secret_key *node_key,
                            bool (*may_connect)(void *user, const struct public_key *key),
                            void *user);
void tls_context_free(struct tls_context *context);

enum status tls_new(struct tls **tls, struct tls_context *context, bool server);
void tls_free(struct tls *tls);

/* Hands over bytes that came from the socket. STATUS_FULL, and nothing taken, if more than 256 KiB
 * would wait unread; STATUS_CLOSED once the connection is at its end. */
enum status tls_feed(struct tls *tls, struct span ciphertext);

/* Goes on with the handshake. STATUS_OK when it is finished, STATUS_BUSY while it needs more bytes
 * from the other side, anything else is the end of the connection: STATUS_REFUSED if the other
 * side's key may not connect, STATUS_MALFORMED on a TLS error. Drain after each call (an error has
 * its alert). In TLS 1.3 the client is finished before the server has seen its certificate: that
 * the server refuses it shows as an error of the client's first tls_read. */
enum status tls_handshake(struct tls *tls);

/* Up to size bytes of plaintext, size > 0. *read is 0 and STATUS_BUSY when nothing is there or the
 * handshake is not finished; STATUS_CLOSED after close_notify, after tls_shutdown and after an
 * error; STATUS_MALFORMED on a TLS error. */
enum status tls_read(struct tls *tls, void *bytes, size_t size, size_t *read);

/* Encrypts all of plaintext into the outgoing buffer. STATUS_BUSY before the handshake is finished.
 * The buffer is as large as what nobody drains: the caller bounds it by tls_pending. */
enum status tls_write(struct tls *tls, struct span plaintext);

/* Moves up to size bytes that are to be sent to the socket into bytes; *drained may be 0. */
enum status tls_drain(struct tls *tls, void *bytes, size_t size, size_t *drained);
size_t tls_pending(const struct tls *tls); /* bytes that wait to be drained */

/* Sends close_notify (drain after); then the connection is closed in both directions. */
void tls_shutdown(struct tls *tls);

/* The other side's key, after the handshake. */
bool tls_peer_key(const struct tls *tls, struct public_key *key);

/* RFC 8446, section 7.5: 32 bytes that both ends of this connection share and nobody else.
 * STATUS_BUSY before the handshake is finished. */
enum status tls_exporter(struct tls *tls, const char *label, uint8_t out[32]);

/* The last error of this connection, for logs; never NULL. */
const char *tls_error(const struct tls *tls);

#endif
