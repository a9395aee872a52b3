#include "apart.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in the child ---- */

/* The parent has gone: nobody is left to tell. */
static void write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) _exit(1);
        at += written;
        size -= (size_t)written;
    }
}

static void send_message(int fd, const struct apart_message *message)
{
    write_all(fd, message, sizeof *message);
}

/* SIGPROF ends a process that has computed for so long. */
static void limit_cpu(int seconds)
{
    struct itimerval timer = { .it_value.tv_sec = seconds };
    setitimer(ITIMER_PROF, &timer, NULL);
}

void apart_run(int fd, uint64_t index, const struct plan *plan, struct marks *marks)
{
    struct sim_view view = { .marks = marks };
    struct apart_message message = { .kind = APART_BEGUN, .index = index };
    send_message(fd, &message);
    limit_cpu(APART_CPU_SECONDS);
    sim_run(plan, &view, &message.result);
    limit_cpu(0);
    message.kind = APART_RESULT;
    send_message(fd, &message);
}

void apart_send_marks(int fd, const struct marks *marks)
{
    struct apart_message message = { .kind = APART_MARKS, .marks = *marks };
    send_message(fd, &message);
}

/* ---- in the parent ---- */

bool apart_start(struct apart_child *child, void (*work)(void *user, int fd), void *user)
{
    int ends[2];
    fflush(NULL); /* Or the child would print again what waits in our buffers. */
    if (pipe(ends) != 0) return false;
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        close(ends[0]);
        signal(SIGPIPE, SIG_DFL);
        work(user, ends[1]);
        sim_end();
        exit(0); /* Sanitizers look for leaks on the way out. */
    }
    close(ends[1]);
    *child = (struct apart_child){ .pid = pid, .fd = ends[0] };
    return true;
}

bool apart_receive(struct apart_child *child, struct apart_message *message)
{
    char *at = (char *)message;
    size_t missing = sizeof *message;
    while (missing > 0) {
        ssize_t got = read(child->fd, at, missing);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        missing -= (size_t)got;
    }
    return true;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

bool apart_end(struct apart_child *child, char problem[256])
{
    struct rusage usage;
    int status = 0;
    close(child->fd);
    pid_t ended;
    do
        ended = wait4(child->pid, &status, 0, &usage);
    while (ended < 0 && errno == EINTR);
    if (ended < 0) {
        snprintf(problem, 256, "the process cannot be waited for: %s", strerror(errno));
        return false;
    }
    child->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        snprintf(problem, 256, "no end within %d s of CPU time", APART_CPU_SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(problem, 256, "the process died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(problem, 256, "the process ended with exit code %d", WEXITSTATUS(status));
    return false;
}

static void run_one(void *user, int fd)
{
    apart_run(fd, 0, user, NULL);
}

void apart_once(const struct plan *plan, struct sim_result *result)
{
    struct apart_child child;
    struct apart_message message;
    struct plan copy = *plan;
    bool answered = false;
    memset(result, 0, sizeof *result);
    if (!apart_start(&child, run_one, &copy)) {
        snprintf(result->problem, sizeof result->problem, "no process: %s", strerror(errno));
        return;
    }
    while (apart_receive(&child, &message)) {
        if (message.kind != APART_RESULT) continue;
        *result = message.result;
        answered = true;
    }
    char problem[256] = "the process ended without a result";
    if (apart_end(&child, problem) && answered) return;
    memset(result, 0, sizeof *result);
    memcpy(result->problem, problem, sizeof problem);
}
