/* tests/chaos/netemu.c -- links between network namespaces, with delay and damage, in user space.
 *
 *     chaos_netemu SEED NAMESPACE...
 *
 * For a kernel without netem. Each namespace (a name below /run/netns) gets one TUN device
 * `chaos0`; the caller gives the i-th, counted from 0, the address 10.99.0.(i + 1). A packet that
 * leaves one namespace is put into the one that its destination names, when and if the link between
 * the two says so: every ordered pair has a link of its own.
 *
 *     stdin    link FROM TO DELAY_US JITTER_US LOSS DUPLICATE CORRUPT      chances in a million
 *     stdout   ready          once, when all devices exist
 *              ok | bad line  after each line
 *
 * A packet is delayed by DELAY +- JITTER, drawn for it alone, so jitter reorders. The end of stdin
 * ends the program, and with it the devices: nothing is left behind if the driver dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    NODES_MAX = 32,
    PACKET_MAX = 2048,  /* more than the devices' MTU of 1500 */
    WAITING_MAX = 8192, /* packets that are delayed at once; a further one is lost */
    MILLION = 1000000,
    IP_HEADER = 20,
    LINE_MAX_BYTES = 256,
    BURST = 64, /* packets taken from one device before the others have their turn */
};

struct link {
    uint64_t delay_ns, jitter_ns;
    uint32_t loss, duplicate, corrupt; /* in a million */
};

struct packet {
    uint64_t due_ns;
    uint64_t number; /* of equal times the first goes first */
    unsigned target;
    size_t size;
    uint8_t bytes[PACKET_MAX];
};

static struct link links[NODES_MAX][NODES_MAX];
static int devices[NODES_MAX];
static unsigned node_count;

static struct packet *heap[WAITING_MAX]; /* the least due_ns at 0 */
static size_t heap_count;
static uint64_t numbers;
static uint64_t random_state;

static void give_up(const char *what)
{
    (void)fprintf(stderr, "chaos_netemu: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* SplitMix64. */
static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool chance(uint32_t in_a_million)
{
    return in_a_million > 0 && draw() % MILLION < in_a_million;
}

/* ---- packets that wait ---- */

static bool sooner(const struct packet *a, const struct packet *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void swap(size_t a, size_t b)
{
    struct packet *packet = heap[a];
    heap[a] = heap[b];
    heap[b] = packet;
}

static void heap_add(struct packet *packet)
{
    size_t at = heap_count++;
    heap[at] = packet;
    for (; at > 0 && sooner(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(at, (at - 1) / 2);
}

static struct packet *heap_take(void)
{
    struct packet *first = heap[0];
    heap[0] = heap[--heap_count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_count; child++)
            if (sooner(heap[child], heap[least])) least = child;
        if (least == at) return first;
        swap(at, least);
        at = least;
    }
}

/* ---- the way of a packet ---- */

/* A packet for a device that is down, or whose queue is full, is lost like any other. */
static void deliver(unsigned target, const uint8_t *bytes, size_t size)
{
    ssize_t written = write(devices[target], bytes, size);
    (void)written;
}

static void deliver_due(void)
{
    uint64_t now = now_ns();
    while (heap_count > 0 && heap[0]->due_ns <= now) {
        struct packet *packet = heap_take();
        deliver(packet->target, packet->bytes, packet->size);
        free(packet);
    }
}

static void delay(const struct link *link, unsigned target, const uint8_t *bytes, size_t size)
{
    struct packet *packet = heap_count < WAITING_MAX ? malloc(sizeof *packet) : NULL;
    if (!packet) return;
    uint64_t wait = link->delay_ns + link->jitter_ns;
    if (link->jitter_ns > 0) wait -= draw() % (2 * link->jitter_ns + 1);
    packet->due_ns = now_ns() + wait;
    packet->number = numbers++;
    packet->target = target;
    packet->size = size;
    memcpy(packet->bytes, bytes, size);
    heap_add(packet);
}

static void carry(const struct link *link, unsigned target, const uint8_t *bytes, size_t size)
{
    if (link->delay_ns + link->jitter_ns > 0)
        delay(link, target, bytes, size);
    else
        deliver(target, bytes, size);
}

/* The node with the address 10.99.0.(i + 1), or node_count. */
static unsigned target_of(const uint8_t *bytes, size_t size)
{
    static const uint8_t prefix[3] = { 10, 99, 0 };
    if (size < IP_HEADER || bytes[0] >> 4 != 4) return node_count;
    if (memcmp(bytes + 16, prefix, sizeof prefix) != 0 || bytes[19] == 0) return node_count;
    return bytes[19] - 1u < node_count ? bytes[19] - 1u : node_count;
}

/* The header stays whole, so that the packet arrives, and the checksum of TCP has to find it. */
static void damage(uint8_t *bytes, size_t size)
{
    if (size <= IP_HEADER) return;
    size_t at = IP_HEADER + draw() % (size - IP_HEADER);
    uint8_t bit = (uint8_t)(1u << draw() % 8);
    bytes[at] = (uint8_t)(bytes[at] ^ bit);
}

static void take_from(unsigned source)
{
    uint8_t bytes[PACKET_MAX];
    for (int i = 0; i < BURST; i++) {
        ssize_t got = read(devices[source], bytes, sizeof bytes);
        if (got <= 0) return;
        size_t size = (size_t)got;
        unsigned target = target_of(bytes, size);
        if (target == node_count || target == source) continue;
        const struct link *link = &links[source][target];
        if (chance(link->loss)) continue;
        bool twice = chance(link->duplicate);
        if (chance(link->corrupt)) damage(bytes, size);
        carry(link, target, bytes, size);
        if (twice) carry(link, target, bytes, size);
    }
}

/* ---- commands ---- */

enum { FROM, TO, DELAY_US, JITTER_US, LOSS, DUPLICATE, CORRUPT, NUMBERS };

static bool command(const char *line)
{
    static const char word[] = "link";
    uint32_t fields[NUMBERS];
    if (strncmp(line, word, sizeof word - 1) != 0) return false;
    const char *at = line + sizeof word - 1;
    for (size_t i = 0; i < NUMBERS; i++) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (end == at || number > UINT32_MAX) return false;
        fields[i] = (uint32_t)number;
        at = end;
    }
    if (*at || fields[FROM] >= node_count || fields[TO] >= node_count) return false;
    if (fields[JITTER_US] > fields[DELAY_US]) return false;
    links[fields[FROM]][fields[TO]] = (struct link){
        .delay_ns = (uint64_t)fields[DELAY_US] * 1000,
        .jitter_ns = (uint64_t)fields[JITTER_US] * 1000,
        .loss = fields[LOSS],
        .duplicate = fields[DUPLICATE],
        .corrupt = fields[CORRUPT],
    };
    return true;
}

/* false at the end of stdin. */
static bool take_commands(void)
{
    static char line[LINE_MAX_BYTES];
    static size_t size;
    char bytes[LINE_MAX_BYTES];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n' && size < sizeof line - 1) {
            line[size++] = bytes[i];
            continue;
        }
        line[size] = 0;
        size = 0;
        (void)puts(command(line) ? "ok" : "bad line");
        (void)fflush(stdout);
    }
    return true;
}

/* ---- all of it ---- */

static int device_open(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "/run/netns/%s", name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) give_up(path);
    (void)close(space);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) give_up("/dev/net/tun");
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "chaos0");
    if (ioctl(device, TUNSETIFF, &request) != 0) give_up("TUNSETIFF");
    return device;
}

static void wait_for(struct pollfd *fds)
{
    struct timespec wait = { .tv_sec = 0 };
    if (heap_count > 0) {
        uint64_t now = now_ns();
        uint64_t ns = heap[0]->due_ns > now ? heap[0]->due_ns - now : 0;
        wait.tv_sec = (time_t)(ns / 1000000000u);
        wait.tv_nsec = (long)(ns % 1000000000u);
    }
    if (ppoll(fds, node_count + 1, heap_count > 0 ? &wait : NULL, NULL) < 0 && errno != EINTR)
        give_up("ppoll");
}

int main(int argc, char **argv)
{
    struct pollfd fds[NODES_MAX + 1];
    if (argc < 3 || argc - 2 > NODES_MAX) {
        (void)fputs("usage: chaos_netemu SEED NAMESPACE...\n", stderr);
        return 64;
    }
    random_state = strtoull(argv[1], NULL, 10);
    node_count = (unsigned)argc - 2;
    for (unsigned i = 0; i < node_count; i++) {
        devices[i] = device_open(argv[i + 2]);
        fds[i] = (struct pollfd){ .fd = devices[i], .events = POLLIN };
    }
    fds[node_count] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) {
        wait_for(fds);
        for (unsigned i = 0; i < node_count; i++)
            if (fds[i].revents & POLLIN) take_from(i);
        if (fds[node_count].revents && !take_commands()) return 0;
        deliver_due();
    }
}
