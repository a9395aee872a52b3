/* tests/chaos/clock.c -- preloaded into a node, shifts its calendar by what a file says.
 *
 *     CHAOS_CLOCK=FILE LD_PRELOAD=chaos_clock.so witan start ...
 *
 * FILE holds one int64_t in this machine's byte order: milliseconds to add to CLOCK_REALTIME. It is
 * mapped, so that the clock jumps the moment the driver writes a new number. Monotonic clocks are
 * left alone, as they are by whoever sets a machine's clock. Without the variable nothing is
 * shifted.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MS_NS = 1000000 };
#define SECOND_NS ((int64_t)1000000000)

/* A deadline later than this (in 2001, or after 31 years of uptime) was read from the calendar. */
enum { CALENDAR_SECONDS_MIN = 1000000000 };

typedef int gettime_function(clockid_t, struct timespec *);
typedef int timedwait_function(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

static gettime_function *real_gettime;
static timedwait_function *real_timedwait;
static const _Atomic int64_t *shift; /* NULL: none */

__attribute__((constructor)) static void clock_open(void)
{
    *(void **)(&real_gettime) = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **)(&real_timedwait) = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    const char *path = getenv("CHAOS_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (map != MAP_FAILED) shift = map;
}

static int64_t shift_ns(void)
{
    return shift ? atomic_load_explicit(shift, memory_order_relaxed) * MS_NS : 0;
}

static void add(struct timespec *time, int64_t ns)
{
    int64_t sum = (int64_t)time->tv_sec * SECOND_NS + time->tv_nsec + ns;
    if (sum < 0) sum = 0;
    time->tv_sec = (time_t)(sum / SECOND_NS);
    time->tv_nsec = (long)(sum % SECOND_NS);
}

int clock_gettime(clockid_t id, struct timespec *time)
{
    /* A library's constructor may ask before ours has run. */
    if (!real_gettime) *(void **)(&real_gettime) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_gettime(id, time);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) add(time, shift_ns());
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

/* The kernel waits by the true calendar: a deadline that was made from the shifted one goes back. A
 * machine whose clock jumps moves both, so this keeps the wait as long as its caller meant it. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    struct timespec real = *until;
    if (real.tv_sec > CALENDAR_SECONDS_MIN) add(&real, -shift_ns());
    return real_timedwait(condition, mutex, &real);
}
