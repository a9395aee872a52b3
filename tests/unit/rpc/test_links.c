#include "rpc/links.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rpc_limits limits;
static struct meter *meter;
static struct links *links;
static int pair[2];

static void open_all(void)
{
    rpc_limits_default(&limits);
    limits.connections_max = 2;
    meter = meter_new(NULL);
    links = links_new(&limits, meter);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void close_all(void)
{
    close(pair[0]);
    close(pair[1]);
    links_free(links);
    meter_free(meter);
}

TestSuite(links, .init = open_all, .fini = close_all);

static bool is_shut(void)
{
    char byte;
    return recv(pair[1], &byte, 1, MSG_DONTWAIT) == 0;
}

Test(links, only_tcp_connections_are_limited)
{
    cr_assert(links_room(links));
    struct link *a = link_open(links, pair[0], TRANSPORT_HTTP);
    struct link *b = link_open(links, pair[0], TRANSPORT_LOCAL);
    cr_assert(links_room(links));
    struct link *c = link_open(links, pair[0], TRANSPORT_HTTP);
    cr_assert_not(links_room(links));
    link_close(a);
    cr_assert(links_room(links));
    link_close(c);
    link_close(b);
}

Test(links, peers_of_the_local_socket)
{
    uint32_t uid, pid;
    struct link *local = link_open(links, pair[0], TRANSPORT_LOCAL);
    link_peer(local, &uid, &pid);
    cr_assert_eq(uid, getuid());
    cr_assert_eq(pid, (uint32_t)getpid());
    cr_assert_eq(link_transport(local), TRANSPORT_LOCAL);
    link_close(local);
}

static void check_deadline(enum link_phase phase, uint64_t ms)
{
    struct link *link = link_open(links, pair[0], TRANSPORT_HTTP);
    link_enter(link, LINK_HEAD, 1000);
    link_enter(link, phase, 1000);
    links_sweep(links, 1000 + ms - 1);
    cr_assert_not(is_shut());
    links_sweep(links, 1000 + ms);
    cr_assert(is_shut());
    cr_assert_eq(links_sweep(links, UINT64_MAX), 1); /* until the library closes it */
    link_close(link);
}

Test(links, heads)
{
    check_deadline(LINK_HEAD, 5000);
}
Test(links, bodies)
{
    check_deadline(LINK_BODY, 15000);
}
Test(links, answers)
{
    check_deadline(LINK_ANSWER, 30000);
}
Test(links, idle)
{
    check_deadline(LINK_IDLE, 60000);
}

Test(links, bodies_count_from_the_head)
{
    struct link *link = link_open(links, pair[0], TRANSPORT_HTTP);
    link_enter(link, LINK_HEAD, 1000);
    link_enter(link, LINK_BODY, 5999);
    links_sweep(links, 15999);
    cr_assert_not(is_shut());
    links_sweep(links, 16000);
    cr_assert(is_shut());
    link_close(link);
}

Test(links, our_own_work_has_no_deadline)
{
    struct link *link = link_open(links, pair[0], TRANSPORT_HTTP);
    link_enter(link, LINK_WORK, 1000);
    cr_assert_eq(links_answering(links), 1);
    links_sweep(links, UINT64_MAX - 1);
    cr_assert_not(is_shut());
    link_enter(link, LINK_IDLE, 1000);
    cr_assert_eq(links_answering(links), 0);
    link_close(link);
}
