/* bench_etcd WITAN [--dir DIR] [--seconds N] [--etcd PROGRAM]
 *
 * Witan under Raft beside etcd, on the same disk in one run: three nodes each, a value of 128 bytes
 * put under a new key and the answer awaited, with 1, 64 and 256 clients. First etcd alone, then
 * Witan alone. Prints lines `figure NAME VALUE UNIT`; bench/README.md says what each means.
 *
 * Both are driven alike: by one thread of libcurl, a kept connection for each client, spread over
 * all three nodes, with TLS between nodes. etcd speaks gRPC, which is HTTP/2 with a frame around
 * protobuf: no gateway is in its way. Its clients use TLS, without which libcurl 7.88 does not keep
 * a connection of HTTP/2; Witan's do not, for its RPC listens on loopback only. Witan's clients
 * send signed transactions, and every node verifies each. */
#include "load.h"

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum {
    MEMBERS = 3,
    VALUE_BYTES = PUT_VALUE_BYTES,
    KEY_BYTES = PUT_KEY_BYTES,
    RATE_MAX_1 = 2500, /* bodies are made before the clock starts: so many a second are enough */
    RATE_MAX = 10000,
    READY_S = 20,
};

static void figure(const char *name, unsigned clients, double value, const char *unit)
{
    printf("figure %s_%u %.*f %s\n", name, clients,
           value < 10     ? 3
           : value < 1000 ? 1
                          : 0,
           value, unit);
    (void)fflush(stdout);
}

/* ---- etcd ---- */

struct etcd {
    const char *program;
    char dir[256];
    uint16_t client_ports[MEMBERS], peer_ports[MEMBERS];
    pid_t pids[MEMBERS];
};

/* A port that is free now. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        give_up("no free port");
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void etcd_run(const struct etcd *etcd, int member)
{
    char name[16], data[300], log[300], client[64], peer[64], cluster[256] = "";
    (void)snprintf(name, sizeof name, "m%d", member);
    (void)snprintf(data, sizeof data, "%s/m%d", etcd->dir, member);
    (void)snprintf(log, sizeof log, "%s/m%d.log", etcd->dir, member);
    (void)snprintf(client, sizeof client, "https://127.0.0.1:%u", etcd->client_ports[member]);
    (void)snprintf(peer, sizeof peer, "https://127.0.0.1:%u", etcd->peer_ports[member]);
    for (int i = 0; i < MEMBERS; i++)
        (void)snprintf(cluster + strlen(cluster), sizeof cluster - strlen(cluster),
                       "%sm%d=https://127.0.0.1:%u", i ? "," : "", i, etcd->peer_ports[i]);
    const char *arguments[] = { etcd->program,
                                "--name",
                                name,
                                "--data-dir",
                                data,
                                "--listen-client-urls",
                                client,
                                "--advertise-client-urls",
                                client,
                                "--listen-peer-urls",
                                peer,
                                "--initial-advertise-peer-urls",
                                peer,
                                "--initial-cluster",
                                cluster,
                                "--initial-cluster-state",
                                "new",
                                "--auto-tls",
                                "--peer-auto-tls",
                                "--logger",
                                "zap",
                                "--log-outputs",
                                log,
                                NULL };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* However this program ends, they end too. */
    if (!freopen("/dev/null", "w", stdout) || !freopen(log, "a", stderr)) _exit(127);
    execvp(etcd->program, (char **)(uintptr_t)arguments);
    _exit(127);
}

static void etcd_start(struct etcd *etcd, const char *program, const char *dir)
{
    etcd->program = program;
    (void)snprintf(etcd->dir, sizeof etcd->dir, "%s", dir);
    if (mkdir(dir, 0700) != 0) give_up("%s cannot be made", dir);
    for (int i = 0; i < MEMBERS; i++) {
        etcd->client_ports[i] = free_port();
        etcd->peer_ports[i] = free_port();
    }
    (void)fflush(stdout);
    for (int i = 0; i < MEMBERS; i++) {
        etcd->pids[i] = fork();
        if (etcd->pids[i] == 0) etcd_run(etcd, i);
        if (etcd->pids[i] < 0) give_up("cannot fork");
    }
}

static void remove_tree(const char *dir)
{
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", dir, (char *)NULL);
        _exit(127);
    }
    int status;
    if (child > 0) (void)waitpid(child, &status, 0);
}

static void etcd_stop(struct etcd *etcd)
{
    for (int i = 0; i < MEMBERS; i++)
        (void)kill(etcd->pids[i], SIGTERM);
    for (int i = 0; i < MEMBERS; i++) {
        int status;
        (void)waitpid(etcd->pids[i], &status, 0);
    }
    remove_tree(etcd->dir);
}

/* etcdserverpb.PutRequest { bytes key = 1; bytes value = 2; } in a gRPC frame: compressed u8 = 0 |
 * length u32, big-endian. */
enum { PUT_BYTES = 2 + KEY_BYTES + 3 + VALUE_BYTES, FRAME_BYTES = 5 + PUT_BYTES };

static char *etcd_body(uint64_t number)
{
    uint8_t *frame = calloc(1, FRAME_BYTES);
    if (!frame) give_up("out of memory");
    uint8_t *at = frame;
    *at++ = 0;
    uint32_t size = htonl(PUT_BYTES);
    memcpy(at, &size, 4);
    at += 4;
    *at++ = 1 << 3 | 2;
    *at++ = KEY_BYTES;
    store_u64(at, number);
    at += KEY_BYTES;
    *at++ = 2 << 3 | 2;
    *at++ = (VALUE_BYTES & 0x7f) | 0x80;
    *at++ = VALUE_BYTES >> 7;
    random_bytes(at, VALUE_BYTES);
    return (char *)frame;
}

/* An error has no message, only a status in the trailers. */
static bool grpc_is_good(const struct load_client *client)
{
    return client->answer_size > 5 && client->answer[0] == 0;
}

static struct load_target etcd_target(const struct etcd *etcd)
{
    struct load_target target = { .count = MEMBERS,
                                  .http_version = CURL_HTTP_VERSION_2TLS,
                                  .body_size = FRAME_BYTES,
                                  .answer_is_good = grpc_is_good };
    target.headers = curl_slist_append(NULL, "Content-Type: application/grpc");
    target.headers = curl_slist_append(target.headers, "TE: trailers");
    for (int i = 0; i < MEMBERS; i++)
        (void)snprintf(target.urls[i], sizeof target.urls[i],
                       "https://127.0.0.1:%u/etcdserverpb.KV/Put", etcd->client_ports[i]);
    return target;
}

/* ---- one run ---- */

struct outcome {
    double rate, p50, p99;
};

/* CPU seconds of some processes, and of this one. */
static double cpu_of(const pid_t pids[MEMBERS])
{
    double seconds = 0;
    for (int i = 0; i < MEMBERS; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pids[i]);
        seconds += proc_cpu(path, NULL);
    }
    return seconds;
}

static double own_cpu(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void figure_cpu(const char *who, const char *whose, unsigned clients, double seconds,
                       size_t puts)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s_%s_us_put", who, whose);
    figure(name, clients, seconds * 1e6 / (double)puts, "us");
}

static struct outcome measure(struct load *load, const char *who, const pid_t pids[MEMBERS],
                              unsigned clients, unsigned seconds)
{
    double nodes_before = cpu_of(pids);
    double own_before = own_cpu();
    uint64_t start = now_ns();
    while (!load->paused || !load_idle(load)) {
        load->paused = seconds_since(start) >= seconds || load->bodies_next == load->bodies_count;
        load_turn(load, 100);
    }
    double elapsed = seconds_since(start);
    double nodes = cpu_of(pids) - nodes_before;
    double own = own_cpu() - own_before;
    if (load->failed > 0)
        give_up("%s: %zu of %zu failed: %s", who, load->failed, load->done, load->problem);
    struct outcome outcome = { (double)load->done / elapsed, load_percentile(load, 0.50),
                               load_percentile(load, 0.99) };
    char name[64];
    (void)snprintf(name, sizeof name, "%s_put_rate", who);
    figure(name, clients, outcome.rate, "1/s");
    (void)snprintf(name, sizeof name, "%s_put_ms_p50", who);
    figure(name, clients, outcome.p50, "ms");
    (void)snprintf(name, sizeof name, "%s_put_ms_p99", who);
    figure(name, clients, outcome.p99, "ms");
    figure_cpu(who, "nodes", clients, nodes, load->done);
    figure_cpu(who, "client", clients, own, load->done);
    if (load->again > 0) printf("# %zu were sent again\n", load->again);
    load_close(load);
    return outcome;
}

static const unsigned clients[] = { 1, 64, 256 };
enum { RUNS = sizeof clients / sizeof clients[0] };

static size_t bodies_count(unsigned in_flight, unsigned seconds)
{
    return (size_t)seconds * (in_flight == 1 ? RATE_MAX_1 : RATE_MAX);
}

static char **bodies_new(size_t count)
{
    char **bodies = calloc(count, sizeof *bodies);
    if (!bodies) give_up("out of memory");
    return bodies;
}

/* Until a put through each member succeeds. */
static void etcd_await(const struct etcd *etcd, struct load *load)
{
    uint64_t start = now_ns();
    for (bool ready = false; !ready;) {
        char **bodies = bodies_new(MEMBERS);
        for (uint64_t i = 0; i < MEMBERS; i++)
            bodies[i] = etcd_body(UINT64_MAX - i);
        struct load_target target = etcd_target(etcd);
        load_open_target(load, &target, MEMBERS, bodies, MEMBERS);
        while (load->done < MEMBERS)
            load_turn(load, 100);
        ready = load->failed == 0;
        if (!ready && seconds_since(start) > READY_S) give_up("etcd: %s", load->problem);
        load_close(load);
        if (!ready) sleep_ms(100);
    }
}

static void run_etcd(const char *program, const char *dir, unsigned seconds, struct load *load,
                     struct outcome outcomes[RUNS])
{
    struct etcd etcd;
    uint64_t keys = 0;
    etcd_start(&etcd, program, dir);
    etcd_await(&etcd, load);
    for (int run = 0; run < RUNS; run++) {
        size_t count = bodies_count(clients[run], seconds);
        char **bodies = bodies_new(count);
        for (size_t i = 0; i < count; i++)
            bodies[i] = etcd_body(++keys);
        struct load_target target = etcd_target(&etcd);
        load_open_target(load, &target, clients[run], bodies, count);
        outcomes[run] = measure(load, "etcd", etcd.pids, clients[run], seconds);
    }
    etcd_stop(&etcd);
}

static void run_witan(const char *program, const char *dir, unsigned seconds, struct load *load,
                      struct outcome outcomes[RUNS])
{
    static struct network network;
    static struct workload w;
    network_start(&network, program, dir, MEMBERS, "raft");
    workload_open(&w, &network);
    pid_t pids[MEMBERS];
    for (int i = 0; i < MEMBERS; i++)
        pids[i] = (pid_t)network.net.nodes[i].pid;
    for (int run = 0; run < RUNS; run++) {
        size_t count = bodies_count(clients[run], seconds);
        char **bodies = bodies_new(count);
        for (size_t i = 0; i < count; i++)
            bodies[i] = put_body(&w);
        load_open(load, &network, clients[run], bodies, count);
        outcomes[run] = measure(load, "witan", pids, clients[run], seconds);
        network_settle(&network, 60);
    }
    network_remove(&network);
}

static void run(const char *witan, const char *etcd, const char *dir, unsigned seconds)
{
    struct outcome theirs[RUNS], ours[RUNS];
    char folder[300];
    struct load *load = calloc(1, sizeof *load);
    if (!load) give_up("out of memory");
    printf("# %d nodes each and the clients on %ld cores; values of %d bytes; %u s a run\n",
           MEMBERS, sysconf(_SC_NPROCESSORS_ONLN), VALUE_BYTES, seconds);
    (void)snprintf(folder, sizeof folder, "%s-etcd", dir);
    run_etcd(etcd, folder, seconds, load, theirs);
    (void)snprintf(folder, sizeof folder, "%s-witan", dir);
    run_witan(witan, folder, seconds, load, ours);
    for (int i = 0; i < RUNS; i++) {
        figure("etcd_ratio", clients[i], ours[i].rate / theirs[i].rate, "1");
        figure("etcd_p99_ratio", clients[i], ours[i].p99 / theirs[i].p99, "1");
    }
    free(load);
}

static void usage(void)
{
    (void)fputs("usage: bench_etcd WITAN [--dir DIR] [--seconds N] [--etcd PROGRAM]\n"
                "WITAN is the program to be measured; DIR-etcd and DIR-witan must not exist\n",
                stderr);
    exit(64);
}

int main(int argc, char **argv)
{
    static char dir[64];
    const char *folder = dir, *etcd = "etcd";
    unsigned seconds = 8;
    (void)snprintf(dir, sizeof dir, "/tmp/witan-bench-%ld", (long)getpid());
    if (argc < 2 || argv[1][0] == '-') usage();
    char program[PATH_MAX];
    if (!realpath(argv[1], program)) give_up("no such program: %s", argv[1]);
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc) usage();
        unsigned long number = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--dir") == 0)
            folder = argv[i + 1];
        else if (strcmp(argv[i], "--etcd") == 0)
            etcd = argv[i + 1];
        else if (strcmp(argv[i], "--seconds") == 0 && number > 0 && number <= 60)
            seconds = (unsigned)number;
        else
            usage();
    }
    struct problem problem;
    if (crypto_start(&problem) != STATUS_OK) give_up("%s", problem.text);
    if (rpc_client_start() != STATUS_OK) give_up("libcurl does not start");
    run(program, etcd, folder, seconds);
    return 0;
}
