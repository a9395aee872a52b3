/* tests/faults/flood.c -- throws garbage frames at a node's peer port.
 *
 *     cc -o flood flood.c -lssl -lcrypto
 *     flood PORT FRAMES            as a stranger: bytes that are no TLS at all
 *     flood PORT FRAMES SEED_HEX   as a member: TLS with a certificate of this node key, then
 *                                  frames of every kind and of lengths true and absurd
 *
 * A frame is what node/frame.h says: u32 length, u8 kind, payload. The node closes the connection
 * when it has seen enough, and may refuse the next one for a while; each attempt counts its frames
 * all the same, because they were sent. Prints how many frames in how many connections.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAMES_A_CONNECTION = 500, PAYLOAD_MAX = 200, PATIENCE_S = 2 };

static uint32_t state = 12345;

static uint32_t draw(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* A frame with a length that is true, or with one that no honest node would send. */
static size_t frame(uint8_t *bytes)
{
    uint32_t size = draw() % PAYLOAD_MAX;
    uint32_t claimed = draw() % 8 ? size : draw() << 8;
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(claimed >> (8 * i));
    bytes[4] = (uint8_t)(draw() % 14);
    for (uint32_t i = 0; i < size; i++)
        bytes[5 + i] = (uint8_t)draw();
    return 5 + size;
}

static int dial(const char *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)atoi(port)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { PATIENCE_S, 0 };
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

/* ---- a member's certificate ---- */

static SSL_CTX *member(const char *hex)
{
    uint8_t seed[32];
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) return NULL;
        seed[i] = (uint8_t)byte;
    }
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    X509 *certificate = X509_new();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!key || !certificate || !context) return NULL;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    if (X509_sign(certificate, key, NULL) == 0) return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    if (SSL_CTX_use_certificate(context, certificate) != 1) return NULL;
    if (SSL_CTX_use_PrivateKey(context, key) != 1) return NULL;
    return context;
}

/* ---- one connection ---- */

static long send_plain(int fd, long frames)
{
    uint8_t bytes[5 + PAYLOAD_MAX];
    long sent = 0;
    while (sent < frames) {
        size_t size = frame(bytes);
        sent++;
        if (send(fd, bytes, size, MSG_NOSIGNAL) < 0) break;
    }
    return sent;
}

static long send_tls(int fd, SSL_CTX *context, long frames)
{
    uint8_t bytes[5 + PAYLOAD_MAX];
    long sent = 0;
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1)
        while (sent < frames) {
            size_t size = frame(bytes);
            sent++;
            if (SSL_write(ssl, bytes, (int)size) <= 0) break;
        }
    SSL_free(ssl);
    return sent > 0 ? sent : 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 64;
    long wanted = atol(argv[2]);
    long frames = 0;
    long connections = 0;
    long refused = 0;
    SSL_CTX *context = argc > 3 ? member(argv[3]) : NULL;
    if (argc > 3 && !context) return 65;
    signal(SIGPIPE, SIG_IGN);
    while (frames < wanted && refused < 1000) {
        int fd = dial(argv[1]);
        if (fd < 0) {
            refused++;
            usleep(10000);
            continue;
        }
        long some = wanted - frames < FRAMES_A_CONNECTION ? wanted - frames : FRAMES_A_CONNECTION;
        frames += context ? send_tls(fd, context, some) : send_plain(fd, some);
        connections++;
        close(fd);
    }
    printf("%ld frames in %ld connections\n", frames, connections);
    return frames >= wanted ? 0 : 1;
}
