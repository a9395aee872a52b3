/* bench/network.h -- a fresh network of real validators for a benchmark, and what it costs.
 *
 * The network is made, started and removed by the `witan` program under test; the benchmark only
 * reads its ports and process ids, and looks at the processes from outside: /proc for CPU, memory
 * and written bytes, the folders for disk, /metrics for what happened inside.
 */
#ifndef BENCH_NETWORK_H
#define BENCH_NETWORK_H

#include "node/testnet.h"
#include "rpc/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct network {
    const char *program;
    const char *engine; /* NULL: the default one */
    char dir[256];
    struct testnet net;
    struct rpc_client *clients[TESTNET_NODES_MAX]; /* over the local sockets */
};

_Noreturn static inline void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct network *network_to_remove; /* by give_up */
static void network_remove(struct network *network);

_Noreturn static inline void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    if (network_to_remove) network_remove(network_to_remove);
    exit(1);
}

static inline uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline double seconds_since(uint64_t start_ns)
{
    return (double)(now_ns() - start_ns) / 1e9;
}

static inline void sleep_ms(unsigned ms)
{
    struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };
    nanosleep(&time, NULL);
}

/* Runs `witan testnet VERB --dir DIR ...` quietly; false if it failed. */
static inline bool network_run(struct network *network, const char *verb, const char *more)
{
    char count[16] = "";
    (void)snprintf(count, sizeof count, "%s", more ? more : "");
    const char *arguments[12] = { network->program, "testnet", verb, "--dir", network->dir };
    size_t n = 5;
    if (strcmp(verb, "create") == 0) {
        arguments[n++] = "--validators";
        arguments[n++] = count;
        arguments[n++] = network->engine ? "--engine" : NULL;
        arguments[n++] = network->engine;
    }
    arguments[n] = NULL;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(127);
        execv(network->program, (char **)(uintptr_t)arguments);
        _exit(127);
    }
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static void network_remove(struct network *network)
{
    network_to_remove = NULL;
    for (uint16_t i = 0; i < network->net.count; i++)
        if (network->clients[i]) rpc_client_close(network->clients[i]);
    if (!network_run(network, "stop", NULL) || !network_run(network, "clean", NULL))
        (void)fprintf(stderr, "%s is left behind\n", network->dir);
}

static inline void network_connect(struct network *network)
{
    struct problem problem;
    for (uint16_t i = 0; i < network->net.count; i++) {
        char home[PATH_BYTES_MAX];
        char url[PATH_BYTES_MAX + 32];
        testnet_home(&network->net, i, home);
        (void)snprintf(url, sizeof url, "unix:%s/witan.sock", home);
        if (rpc_client_open(&network->clients[i], url, 60000, &problem) != STATUS_OK)
            give_up("%s", problem.text);
    }
}

static inline void network_start(struct network *network, const char *program, const char *dir,
                                 uint16_t validators, const char *engine)
{
    struct problem problem;
    char count[16];
    memset(network, 0, sizeof *network);
    network->program = program;
    network->engine = engine;
    (void)snprintf(network->dir, sizeof network->dir, "%s", dir);
    (void)snprintf(count, sizeof count, "%u", validators);
    if (!network_run(network, "create", count)) give_up("the network cannot be created in %s", dir);
    network_to_remove = network;
    if (!network_run(network, "start", NULL)) give_up("the network does not start");
    if (testnet_load(&network->net, dir, &problem) != STATUS_OK) give_up("%s", problem.text);
    network_connect(network);
}

static inline json_t *network_call(struct network *network, uint16_t node, const char *method,
                                   json_t *params)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *result = rpc_client_call(network->clients[node], method, params, &failure);
    json_decref(params);
    if (!result) give_up("%s: %s", method, failure.text);
    return result;
}

/* Transactions that wait on a node. */
static inline uint64_t network_waiting(struct network *network, uint16_t node)
{
    json_t *result = network_call(network, node, "mempool_status", NULL);
    uint64_t txs = (uint64_t)json_integer_value(json_object_get(result, "txs"));
    json_decref(result);
    return txs;
}

/* Until nothing waits anywhere and all have sealed the same block. */
static inline void network_settle(struct network *network, unsigned timeout_s)
{
    struct testnet_heads heads;
    struct problem problem;
    uint64_t start = now_ns();
    for (uint16_t i = 0; i < network->net.count; i++)
        while (network_waiting(network, i) > 0) {
            if (seconds_since(start) > timeout_s) give_up("transactions wait for ever");
            sleep_ms(20);
        }
    if (testnet_await_level(&network->net, timeout_s * 1000, &heads, &problem) != STATUS_OK)
        give_up("the heads differ: %s", problem.text);
}

/* ---- from outside ---- */

struct usage {
    double cpu_seconds; /* of all validators */
    uint64_t written_bytes, disk_bytes;
    double rss_mib_max;
};

static inline uint64_t proc_number(int64_t pid, const char *file, const char *name)
{
    char path[64];
    char line[256];
    uint64_t value = 0;
    (void)snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, file);
    FILE *stream = fopen(path, "r");
    if (!stream) return 0;
    while (fgets(line, sizeof line, stream))
        if (strncmp(line, name, strlen(name)) == 0) value = strtoull(line + strlen(name), NULL, 10);
    (void)fclose(stream);
    return value;
}

/* utime and stime of a stat file (a process or a thread), in seconds; its name if wanted. */
static inline double proc_cpu(const char *path, char name[32])
{
    char line[1024];
    FILE *stream = fopen(path, "r");
    if (!stream) return 0;
    char *text = fgets(line, sizeof line, stream);
    (void)fclose(stream);
    char *open = text ? strchr(text, '(') : NULL;
    char *close = text ? strrchr(text, ')') : NULL;
    if (!open || !close) return 0;
    if (name) (void)snprintf(name, 32, "%.*s", (int)(close - open - 1), open + 1);
    unsigned long user = 0;
    unsigned long kernel = 0;
    /* Behind the name: state and ten numbers, then the two. */
    if (sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) !=
        2)
        return 0;
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* Bytes of all files below a folder, as allocated. */
static inline uint64_t folder_bytes(const char *path)
{
    uint64_t bytes = 0;
    DIR *dir = opendir(path);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char child[PATH_BYTES_MAX];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >= (int)sizeof child)
            continue;
        if (lstat(child, &info) != 0) continue;
        bytes += S_ISDIR(info.st_mode) ? folder_bytes(child) : (uint64_t)info.st_blocks * 512;
    }
    (void)closedir(dir);
    return bytes;
}

static inline void network_usage(const struct network *network, struct usage *usage)
{
    *usage = (struct usage){ 0 };
    for (uint16_t i = 0; i < network->net.count; i++) {
        int64_t pid = network->net.nodes[i].pid;
        char path[PATH_BYTES_MAX + 8];
        (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
        usage->cpu_seconds += proc_cpu(path, NULL);
        usage->written_bytes += proc_number(pid, "io", "write_bytes:");
        double rss = (double)proc_number(pid, "status", "VmRSS:") / 1024;
        if (rss > usage->rss_mib_max) usage->rss_mib_max = rss;
        char home[PATH_BYTES_MAX];
        testnet_home(&network->net, i, home);
        (void)snprintf(path, sizeof path, "%s/data", home);
        usage->disk_bytes += folder_bytes(path);
    }
}

/* ---- from inside ---- */

/* Sum and count of a histogram, or a counter's value in sum. */
struct measure {
    double sum, count;
};

static inline char *network_metrics(struct network *network, uint16_t node)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    long http_status;
    char *text = rpc_client_get(network->clients[node], "/metrics", &http_status, &failure);
    if (!text) give_up("/metrics: %s", failure.text);
    return text;
}

static inline double metric_value(const char *text, const char *name, const char *suffix,
                                  const char *labels)
{
    char wanted[160];
    int size = snprintf(wanted, sizeof wanted, "\n%s%s%s ", name, suffix, labels);
    const char *place = strstr(text, wanted);
    return place ? strtod(place + size, NULL) : 0;
}

static inline struct measure metric_measure(const char *text, const char *name, const char *labels)
{
    return (struct measure){ metric_value(text, name, "_sum", labels),
                             metric_value(text, name, "_count", labels) };
}

/* CPU seconds by thread name, over all validators, added to a small table. */
enum { THREADS_MAX = 32 };
struct thread_time {
    char name[32];
    double seconds;
    double switches; /* to another thread, wanted and unwanted */
};

/* Of a thread. */
static inline double proc_switches(int64_t pid, const char *task)
{
    char file[64];
    (void)snprintf(file, sizeof file, "task/%.20s/status", task);
    return (double)(proc_number(pid, file, "voluntary_ctxt_switches:") +
                    proc_number(pid, file, "nonvoluntary_ctxt_switches:"));
}

static inline void thread_times(const struct network *network,
                                struct thread_time table[THREADS_MAX])
{
    memset(table, 0, THREADS_MAX * sizeof *table);
    for (uint16_t i = 0; i < network->net.count; i++) {
        char path[320];
        (void)snprintf(path, sizeof path, "/proc/%lld/task", (long long)network->net.nodes[i].pid);
        DIR *dir = opendir(path);
        if (!dir) continue;
        for (struct dirent *entry; (entry = readdir(dir));) {
            char stat_path[600];
            char name[32] = "";
            if (entry->d_name[0] == '.') continue;
            (void)snprintf(stat_path, sizeof stat_path, "%s/%s/stat", path, entry->d_name);
            double seconds = proc_cpu(stat_path, name);
            double switches = proc_switches(network->net.nodes[i].pid, entry->d_name);
            for (size_t k = 0; name[0] && k < THREADS_MAX; k++) {
                if (table[k].name[0] && strcmp(table[k].name, name) != 0) continue;
                (void)snprintf(table[k].name, sizeof table[k].name, "%s", name);
                table[k].seconds += seconds;
                table[k].switches += switches;
                break;
            }
        }
        (void)closedir(dir);
    }
}

#endif
