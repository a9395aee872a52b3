/* tests/faults/disk.c -- a preload library that makes the journal's disk slow or broken, and writes
 * down in which order a node wrote, synced and spoke.
 *
 *     cc -shared -fPIC -o disk.so disk.c
 *     LD_PRELOAD=$PWD/disk.so FAULT_SYNC_MS=200 witan testnet start ...
 *
 *     FAULT_SYNC_MS   every fdatasync of the journal takes so much longer
 *     FAULT_EIO_FILE  as soon as this file exists, it fails with EIO
 *     FAULT_LOG_DIR   what happens is appended to DIR/PID, a line each:
 *
 *         W hex          bytes written to the journal
 *         B, S           its fdatasync begins; has succeeded
 *         T kind hex     an engine's statement (57 bytes) is handed to TLS
 *         H hex          a seal vote's block hash (32 bytes) is handed to TLS
 *
 * Only for tests; the node knows nothing of it. Frames are node/frame.h: u32 length
 * (little-endian), u8 kind.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_ENGINE = 3, FRAME_SEAL_VOTES = 5, HEAD = 5, STATEMENT = 57, VOTE = 114, KEPT = 2048 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

/* ---- the log ---- */

static int log_fd(void)
{
    static int fd = -2;
    static pid_t owner;
    const char *dir = getenv("FAULT_LOG_DIR");
    if (fd != -2 && owner == getpid()) return fd;
    char path[512];
    owner = getpid();
    (void)snprintf(path, sizeof path, "%s/%ld", dir ? dir : "", (long)owner);
    fd = dir ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    return fd;
}

static void log_line(const char *what, const uint8_t *bytes, size_t size)
{
    int fd = log_fd();
    if (fd < 0) return;
    char *line = malloc(strlen(what) + 2 * size + 2);
    if (!line) abort();
    int at = sprintf(line, "%s", what);
    for (size_t i = 0; i < size; i++)
        at += sprintf(line + at, "%02x", bytes[i]);
    line[at++] = '\n';
    if (write(fd, line, (size_t)at) != at) abort();
    free(line);
}

/* ---- the journal ---- */

static int is_journal(int fd)
{
    char link[64];
    char path[512];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return strstr(path, "/data/journal/") != NULL;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);
    if (!next) *(void **)&next = real("pwrite");
    if (!is_journal(fd)) return next(fd, bytes, size, offset);
    pthread_mutex_lock(&mutex);
    ssize_t written = next(fd, bytes, size, offset);
    if (written > 0) log_line("W ", bytes, (size_t)written);
    pthread_mutex_unlock(&mutex);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

static void delay(void)
{
    const char *text = getenv("FAULT_SYNC_MS");
    long ms = text ? atol(text) : 0;
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    if (ms > 0) nanosleep(&time, NULL);
}

int fdatasync(int fd)
{
    static int (*next)(int);
    if (!next) *(void **)&next = real("fdatasync");
    if (!is_journal(fd)) return next(fd);
    const char *broken = getenv("FAULT_EIO_FILE");
    if (broken && access(broken, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&mutex);
    log_line("B", NULL, 0);
    pthread_mutex_unlock(&mutex);
    delay();
    int result = next(fd);
    pthread_mutex_lock(&mutex);
    if (result == 0) log_line("S", NULL, 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

/* ---- what is said to peers ---- */

/* Frames do not end where writes end: a reader for each connection. */
struct stream {
    void *ssl;
    uint8_t head[HEAD];
    size_t head_size;
    uint32_t length, seen;
    uint8_t kept[KEPT]; /* the beginning of the payload */
};
static struct stream streams[64];

static struct stream *stream_of(void *ssl)
{
    struct stream *unused = NULL;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        if (streams[i].ssl == ssl) return &streams[i];
        if (!streams[i].ssl && !unused) unused = &streams[i];
    }
    if (!unused) abort();
    memset(unused, 0, sizeof *unused);
    unused->ssl = ssl;
    return unused;
}

static void frame_said(const struct stream *s)
{
    if (s->head[4] == FRAME_ENGINE && s->length >= STATEMENT) {
        char what[16];
        (void)snprintf(what, sizeof what, "T %u ", s->kept[0]);
        log_line(what, s->kept, STATEMENT);
    }
    if (s->head[4] != FRAME_SEAL_VOTES) return;
    for (size_t at = 2; at + VOTE <= s->length && at + VOTE <= KEPT; at += VOTE)
        log_line("H ", s->kept + at + 16, 32);
}

static void stream_take(struct stream *s, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (s->head_size < HEAD) {
            s->head[s->head_size++] = bytes[i];
            if (s->head_size < HEAD) continue;
            s->length = (uint32_t)s->head[0] | (uint32_t)s->head[1] << 8 |
                        (uint32_t)s->head[2] << 16 | (uint32_t)s->head[3] << 24;
            s->seen = 0;
        } else {
            if (s->seen < KEPT) s->kept[s->seen] = bytes[i];
            s->seen++;
        }
        if (s->seen < s->length) continue;
        frame_said(s);
        s->head_size = 0;
    }
}

int SSL_write_ex(void *ssl, const void *bytes, size_t size, size_t *written)
{
    static int (*next)(void *, const void *, size_t, size_t *);
    if (!next) *(void **)&next = real("SSL_write_ex");
    pthread_mutex_lock(&mutex);
    stream_take(stream_of(ssl), bytes, size);
    pthread_mutex_unlock(&mutex);
    return next(ssl, bytes, size, written);
}

void SSL_free(void *ssl)
{
    static void (*next)(void *);
    if (!next) *(void **)&next = real("SSL_free");
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        if (streams[i].ssl == ssl) streams[i].ssl = NULL;
    pthread_mutex_unlock(&mutex);
    next(ssl);
}
