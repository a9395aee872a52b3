#include "node/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_BYTES_DEFAULT = 1024 * 1024, REPEATS_PER_SECOND = 50 };

/* Counts of one event in the present second. */
struct repeats {
    atomic_uint_fast64_t second;
    atomic_uint_fast32_t seen;
    atomic_uint_fast32_t suppressed; /* not yet reported */
};

/* One logger a process: stderr is one, too. */
static struct {
    atomic_bool running;
    atomic_int levels[LOG_MODULE_COUNT];
    atomic_int format;
    struct repeats repeats[LOG_EVENT_COUNT];
    atomic_uint_fast64_t lines[LEVEL_TRACE + 1];
    atomic_uint_fast64_t repeated;
    atomic_uint_fast64_t dropped;
    int fd;
    bool journald;
    uint64_t (*wall_ms)(void);
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work;   /* for the thread: something waits, or stop */
    pthread_cond_t idle;   /* for log_flush: all is written */
    uint8_t *ring;
    size_t capacity, start, size;
    bool writing;
    bool stop;
    uint64_t dropped_reported;
} logger = { .mutex = PTHREAD_MUTEX_INITIALIZER,
             .work = PTHREAD_COND_INITIALIZER,
             .idle = PTHREAD_COND_INITIALIZER };

static uint64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the queue ---- */

/* Copies a whole line into the ring, or counts it as lost. */
static void line_enqueue(const char *line, size_t size)
{
    pthread_mutex_lock(&logger.mutex);
    if (!logger.ring || logger.size + size > logger.capacity) {
        atomic_fetch_add(&logger.dropped, 1);
    } else {
        size_t at = (logger.start + logger.size) % logger.capacity;
        size_t first = logger.capacity - at < size ? logger.capacity - at : size;
        memcpy(logger.ring + at, line, first);
        memcpy(logger.ring, line + first, size - first);
        logger.size += size;
        pthread_cond_signal(&logger.work);
    }
    pthread_mutex_unlock(&logger.mutex);
}

static void line_write(enum log_event_id event, const struct log_field *fields)
{
    char line[LOG_LINE_MAX];
    size_t size = log_format_line(line, (enum log_format)atomic_load(&logger.format),
                                  logger.wall_ms(), logger.journald, event, fields);
    atomic_fetch_add(&logger.lines[log_events[event].level], 1);
    line_enqueue(line, size);
}

static void repeats_report(enum log_event_id event, uint32_t suppressed)
{
    line_write(LOG_EVENT_log_repeated,
               (const struct log_field[]){ LOG_TEXT("repeated", log_events[event].name),
                                           LOG_U64("n", suppressed), LOG_END });
}

/* May this event have a line of its own? Also reports what the last second swallowed. */
static bool repeats_allow(enum log_event_id event)
{
    struct repeats *repeats = &logger.repeats[event];
    uint64_t second = logger.wall_ms() / 1000;
    uint64_t seen_second = atomic_load(&repeats->second);
    if (second != seen_second &&
        atomic_compare_exchange_strong(&repeats->second, &seen_second, second)) {
        atomic_store(&repeats->seen, 0);
        uint32_t suppressed = (uint32_t)atomic_exchange(&repeats->suppressed, 0);
        if (suppressed > 0) repeats_report(event, suppressed);
    }
    if (atomic_fetch_add(&repeats->seen, 1) < REPEATS_PER_SECOND) return true;
    atomic_fetch_add(&repeats->suppressed, 1);
    atomic_fetch_add(&logger.repeated, 1);
    return false;
}

bool log_enabled(enum log_event_id event)
{
    const struct log_event_info *info = &log_events[event];
    return atomic_load(&logger.running) &&
           (int)info->level <= atomic_load(&logger.levels[info->module]);
}

void log_event(enum log_event_id event, const struct log_field *fields)
{
    if (log_enabled(event) && repeats_allow(event)) line_write(event, fields);
}

/* ---- the thread ---- */

/* A full or closed stderr must not stop a node: what cannot be written is lost. */
static void bytes_write(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(logger.fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            atomic_fetch_add(&logger.dropped, 1);
            return;
        }
        bytes += written;
        size -= (size_t)written;
    }
}

/* Reports lost lines, once there is room again. Called with the mutex held. */
static size_t dropped_line(char line[LOG_LINE_MAX])
{
    uint64_t dropped = atomic_load(&logger.dropped);
    uint64_t news = dropped - logger.dropped_reported;
    if (news == 0) return 0;
    logger.dropped_reported = dropped;
    return log_format_line(line, (enum log_format)atomic_load(&logger.format), logger.wall_ms(),
                           logger.journald, LOG_EVENT_log_dropped,
                           (const struct log_field[]){ LOG_U64("n", news), LOG_END });
}

/* Repeats of events that did not come again: nobody else would report them. */
static void repeats_sweep(bool all)
{
    uint64_t second = logger.wall_ms() / 1000;
    for (int event = 0; event < LOG_EVENT_COUNT; event++) {
        struct repeats *repeats = &logger.repeats[event];
        if (atomic_load(&repeats->suppressed) == 0) continue;
        if (!all && atomic_load(&repeats->second) == second) continue;
        uint32_t suppressed = (uint32_t)atomic_exchange(&repeats->suppressed, 0);
        if (suppressed > 0) repeats_report((enum log_event_id)event, suppressed);
    }
}

static void wait_for_work(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    while (logger.size == 0 && !logger.stop)
        if (pthread_cond_timedwait(&logger.work, &logger.mutex, &until) != 0) return;
}

static void *thread_main(void *unused)
{
    (void)unused;
    static uint8_t chunk[64 * 1024]; /* only this thread's */
    pthread_mutex_lock(&logger.mutex);
    for (;;) {
        wait_for_work();
        if (logger.size == 0) {
            bool stop = logger.stop;
            pthread_mutex_unlock(&logger.mutex);
            repeats_sweep(stop);
            pthread_mutex_lock(&logger.mutex);
            if (stop && logger.size == 0) break;
            continue;
        }
        size_t size = logger.capacity - logger.start;
        if (size > logger.size) size = logger.size;
        if (size > sizeof chunk) size = sizeof chunk;
        memcpy(chunk, logger.ring + logger.start, size);
        logger.start = (logger.start + size) % logger.capacity;
        logger.size -= size;
        logger.writing = true;
        char line[LOG_LINE_MAX];
        /* Between two lines only: a chunk may end inside one. */
        size_t line_size = logger.size == 0 ? dropped_line(line) : 0;
        pthread_mutex_unlock(&logger.mutex);
        bytes_write(chunk, size);
        if (line_size > 0) bytes_write((const uint8_t *)line, line_size);
        pthread_mutex_lock(&logger.mutex);
        logger.writing = false;
        if (logger.size == 0) pthread_cond_broadcast(&logger.idle);
    }
    pthread_cond_broadcast(&logger.idle);
    pthread_mutex_unlock(&logger.mutex);
    return NULL;
}

/* ---- start and stop ---- */

/* systemd says in the environment which file is its journal: then it writes the time itself, and
 * wants a priority. */
static bool fd_is_journald(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    char *end;
    if (!stream || fstat(fd, &info) != 0) return false;
    unsigned long device = strtoul(stream, &end, 10);
    if (end == stream || *end != ':') return false;
    const char *rest = end + 1;
    unsigned long inode = strtoul(rest, &end, 10);
    return end != rest && info.st_dev == device && info.st_ino == inode;
}

void log_configure(const struct log_options *options)
{
    enum log_format format = options->format;
    if (format == LOG_FORMAT_AUTO)
        format = isatty(options->fd) ? LOG_FORMAT_TEXT : LOG_FORMAT_LOGFMT;
    atomic_store(&logger.format, (int)format);
    for (int module = 0; module < LOG_MODULE_COUNT; module++)
        atomic_store(&logger.levels[module],
                     (int)(options->has_level[module] ? options->levels[module] : options->level));
}

static void counters_reset(void)
{
    for (int event = 0; event < LOG_EVENT_COUNT; event++) {
        atomic_store(&logger.repeats[event].second, 0);
        atomic_store(&logger.repeats[event].seen, 0);
        atomic_store(&logger.repeats[event].suppressed, 0);
    }
    for (int level = 0; level <= LEVEL_TRACE; level++)
        atomic_store(&logger.lines[level], 0);
    atomic_store(&logger.repeated, 0);
    atomic_store(&logger.dropped, 0);
}

enum status log_start(const struct log_options *options)
{
    ASSERT(!atomic_load(&logger.running));
    logger.capacity = options->queue_bytes > 0 ? options->queue_bytes : QUEUE_BYTES_DEFAULT;
    logger.ring = malloc(logger.capacity);
    if (!logger.ring) return STATUS_NO_MEMORY;
    logger.start = logger.size = 0;
    logger.stop = false;
    logger.dropped_reported = 0;
    logger.fd = options->fd;
    logger.journald = fd_is_journald(options->fd);
    logger.wall_ms = options->wall_ms ? options->wall_ms : clock_wall_ms;
    counters_reset();
    log_configure(options);
    if (pthread_create(&logger.thread, NULL, thread_main, NULL) != 0) {
        free(logger.ring);
        logger.ring = NULL;
        return STATUS_IO;
    }
    pthread_setname_np(logger.thread, "log");
    atomic_store(&logger.running, true);
    return STATUS_OK;
}

void log_flush(void)
{
    pthread_mutex_lock(&logger.mutex);
    while (atomic_load(&logger.running) && (logger.size > 0 || logger.writing))
        pthread_cond_wait(&logger.idle, &logger.mutex);
    pthread_mutex_unlock(&logger.mutex);
}

void log_stop(void)
{
    if (!atomic_exchange(&logger.running, false)) return;
    pthread_mutex_lock(&logger.mutex);
    logger.stop = true;
    pthread_cond_signal(&logger.work);
    pthread_mutex_unlock(&logger.mutex);
    pthread_join(logger.thread, NULL);
    pthread_mutex_lock(&logger.mutex); /* A late caller may still be on its way. */
    free(logger.ring);
    logger.ring = NULL;
    pthread_mutex_unlock(&logger.mutex);
}

void log_figures(struct log_figures *figures)
{
    for (int level = 0; level <= LEVEL_TRACE; level++)
        figures->lines[level] = atomic_load(&logger.lines[level]);
    figures->dropped = atomic_load(&logger.dropped);
    figures->repeated = atomic_load(&logger.repeated);
}
