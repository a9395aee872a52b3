/* node/testnet_process.c -- the processes of a test network: started, watched, signalled. */
#include "node/testnet.h"

#include "rpc/client.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 10, ANSWER_MS = 1000, CMDLINE_MAX = 2 * PATH_BYTES_MAX, DESCRIPTORS_KEPT = 3 };

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void step(void)
{
    const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };
    nanosleep(&pause, NULL);
}

/* ---- is it ours? ---- */

static size_t read_proc(int64_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    if (got <= 0) return 0;
    text[got] = 0;
    return (size_t)got;
}

/* The words after the program's name are `start --home DIR/N`. A process that has ended but was
 * not waited for has no command line. */
static bool runs_home(int64_t pid, const char *home)
{
    char line[CMDLINE_MAX];
    size_t size = read_proc(pid, "cmdline", line, sizeof line);
    const char *wanted[] = { "start", "--home", home };
    size_t at = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at += strlen(line + at) + 1;
        if (at >= size || strcmp(line + at, wanted[i]) != 0) return false;
    }
    return true;
}

/* /proc/PID/stat: "pid (name) S ..."; T is stopped. */
static bool is_paused(int64_t pid)
{
    char text[512];
    if (read_proc(pid, "stat", text, sizeof text) == 0) return false;
    const char *end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] == 'T';
}

enum testnet_state testnet_state(const struct testnet *net, uint16_t index)
{
    int64_t pid = net->nodes[index].pid;
    char home[PATH_BYTES_MAX];
    testnet_home(net, index, home);
    /* Ours by birth, perhaps: then it must be waited for, or it stays in the process table. */
    if (pid > 0) (void)waitpid((pid_t)pid, NULL, WNOHANG);
    if (pid <= 0 || !runs_home(pid, home)) return TESTNET_DOWN;
    return is_paused(pid) ? TESTNET_PAUSED : TESTNET_UP;
}

/* ---- starting ---- */

static enum status spawn(const char *program, const char *home, const char *log, pid_t *pid)
{
    char *argv[] = { (char *)(uintptr_t) "witan", (char *)(uintptr_t) "start",
                     (char *)(uintptr_t) "--home", (char *)(uintptr_t)home, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0) return STATUS_NO_MEMORY;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return STATUS_NO_MEMORY;
    }
    /* A session of its own: the terminal's signals are not meant for it. Nothing of ours stays
     * open in it, whatever libraries have opened. */
    int code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF);
    if (code == 0) code = posix_spawnattr_setsigmask(&attributes, &none);
    if (code == 0) code = posix_spawnattr_setsigdefault(&attributes, &all);
    if (code == 0) code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code =
            posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0640);
    if (code == 0) code = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, DESCRIPTORS_KEPT);
    if (code == 0) code = posix_spawn(pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = code;
    return code == 0 ? STATUS_OK : STATUS_IO;
}

enum status testnet_spawn(struct testnet *net, uint16_t index, struct problem *problem)
{
    if (testnet_state(net, index) != TESTNET_DOWN)
        return problem_set(problem, STATUS_BUSY, "node %u runs already, process %lld", index + 1u,
                           (long long)net->nodes[index].pid);
    char program[PATH_BYTES_MAX], home[PATH_BYTES_MAX], log[PATH_BYTES_MAX], name[16];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (size < 0) return problem_set(problem, STATUS_IO, "/proc/self/exe: %s", strerror(errno));
    program[size] = 0;
    testnet_home(net, index, home);
    snprintf(name, sizeof name, "%u/log", index + 1u);
    testnet_file(net, name, log);
    pid_t pid;
    if (spawn(program, home, log, &pid) != STATUS_OK)
        return problem_set(problem, STATUS_IO, "%s cannot be started: %s", program,
                           strerror(errno));
    net->nodes[index].pid = pid;
    return testnet_note_pid(net, index, pid, problem);
}

/* ---- ending ---- */

enum status testnet_signal(const struct testnet *net, uint16_t index, int number,
                           struct problem *problem)
{
    if (testnet_state(net, index) == TESTNET_DOWN)
        return problem_set(problem, STATUS_NOT_FOUND, "node %u does not run", index + 1u);
    if (kill((pid_t)net->nodes[index].pid, number) != 0)
        return problem_set(problem, STATUS_IO, "node %u, process %lld: %s", index + 1u,
                           (long long)net->nodes[index].pid, strerror(errno));
    return STATUS_OK;
}

enum status testnet_await_end(struct testnet *net, uint16_t index, uint64_t timeout_ms,
                              struct problem *problem)
{
    uint64_t until_ms = clock_ms() + timeout_ms;
    while (testnet_state(net, index) != TESTNET_DOWN) {
        if (clock_ms() >= until_ms)
            return problem_set(problem, STATUS_TIMEOUT, "node %u, process %lld, has not ended",
                               index + 1u, (long long)net->nodes[index].pid);
        step();
    }
    return net->nodes[index].pid == 0 ? STATUS_OK : testnet_note_pid(net, index, 0, problem);
}

static enum status stop_late(struct testnet *net, uint16_t index, struct problem *problem)
{
    enum { KILLED_MS = 10000 };
    enum status status = testnet_signal(net, index, SIGKILL, problem);
    if (status == STATUS_NOT_FOUND) status = STATUS_OK;
    return status == STATUS_OK ? testnet_await_end(net, index, KILLED_MS, problem) : status;
}

enum status testnet_stop(struct testnet *net, uint64_t timeout_ms, bool kill_late,
                         struct problem *problem)
{
    enum status first = STATUS_OK;
    struct problem other;
    uint64_t until_ms = clock_ms() + timeout_ms;
    for (uint16_t i = 0; i < net->count; i++) {
        /* A paused process hears SIGTERM only when it goes on. */
        if (testnet_state(net, i) == TESTNET_DOWN) continue;
        (void)testnet_signal(net, i, SIGTERM, &other);
        (void)testnet_signal(net, i, SIGCONT, &other);
    }
    for (uint16_t i = 0; i < net->count; i++) {
        uint64_t now = clock_ms();
        enum status status = testnet_await_end(net, i, until_ms > now ? until_ms - now : 0, &other);
        if (status == STATUS_TIMEOUT && kill_late) status = stop_late(net, i, &other);
        if (status != STATUS_OK && first == STATUS_OK) {
            first = status;
            *problem = other;
        }
    }
    return first;
}

/* ---- watching ---- */

static bool asked_well(struct rpc_client *client, const char *path, char *answer, size_t size)
{
    long http_status = 0;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    char *body = rpc_client_get(client, path, &http_status, &failure);
    snprintf(answer, size, "%s", body ? body : failure.text);
    free(body);
    rpc_failure_clear(&failure);
    return http_status == 200;
}

static enum status await(const struct testnet *net, uint16_t index, struct rpc_client *client,
                         const char *path, uint64_t timeout_ms, struct problem *problem)
{
    uint64_t until_ms = clock_ms() + timeout_ms;
    char answer[256] = "";
    while (!asked_well(client, path, answer, sizeof answer)) {
        if (testnet_state(net, index) == TESTNET_DOWN)
            return problem_set(problem, STATUS_CLOSED, "node %u has ended; %s/%u/log says why",
                               index + 1u, net->dir, index + 1u);
        if (clock_ms() >= until_ms)
            return problem_set(problem, STATUS_TIMEOUT, "node %u, %s: %s", index + 1u, path,
                               answer);
        step();
    }
    return STATUS_OK;
}

enum status testnet_await_answer(const struct testnet *net, uint16_t index, const char *path,
                                 uint64_t timeout_ms, struct problem *problem)
{
    char url[TESTNET_URL];
    struct rpc_client *client;
    testnet_url(net, index, url);
    enum status status = rpc_client_open(&client, url, ANSWER_MS, problem);
    if (status != STATUS_OK) return status;
    status = await(net, index, client, path, timeout_ms, problem);
    rpc_client_close(client);
    return status;
}
