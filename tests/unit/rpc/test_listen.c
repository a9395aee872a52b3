#include "rpc/listen.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[108];

static void open_all(void)
{
    snprintf(path, sizeof path, "/tmp/witan-listen-%d.sock", (int)getpid());
    unlink(path);
}

static void close_all(void)
{
    unlink(path);
}

TestSuite(listen, .init = open_all, .fini = close_all);

Test(listen, a_free_port_and_one_in_use)
{
    int first, second;
    uint16_t port, other;
    struct problem problem;
    cr_assert_eq(listen_tcp("127.0.0.1:0", &first, &port, &problem), STATUS_OK);
    cr_assert(port > 0);
    char text[32];
    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    cr_assert_eq(listen_tcp(text, &second, &other, &problem), STATUS_BUSY);
    cr_assert(strstr(problem.text, text));
    close(first);
    cr_assert_eq(listen_tcp(text, &second, &other, &problem), STATUS_OK);
    cr_assert_eq(other, port);
    close(second);
    cr_assert_eq(listen_tcp("0.0.0.0:0", &second, &other, &problem), STATUS_INVALID);
}

Test(listen, the_local_socket_has_exactly_its_mode)
{
    int fd;
    struct problem problem;
    struct stat info;
    mode_t before = umask(0);
    cr_assert_eq(listen_local(path, 0600, &fd, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    close(fd);
    umask(0077);
    cr_assert_eq(listen_local(path, 0660, &fd, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0660);
    close(fd);
    umask(before);
}

Test(listen, what_lies_in_the_way)
{
    int first, second;
    struct problem problem;
    cr_assert_eq(listen_local(path, 0600, &first, &problem), STATUS_OK);
    cr_assert_eq(listen_local(path, 0600, &second, &problem), STATUS_BUSY); /* served */
    close(first);                                                           /* as after a crash */
    cr_assert_eq(listen_local(path, 0600, &second, &problem), STATUS_OK);
    close(second);
    unlink(path);
    FILE *file = fopen(path, "w"); /* no socket: not ours to remove */
    fputs("precious", file);
    fclose(file);
    cr_assert_eq(listen_local(path, 0600, &second, &problem), STATUS_INVALID);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_size, 8);
}

Test(listen, wrong_paths)
{
    int fd;
    struct problem problem;
    char longer[200];
    memset(longer, 'a', sizeof longer);
    longer[0] = '/';
    longer[199] = 0;
    cr_assert_eq(listen_local("", 0600, &fd, &problem), STATUS_INVALID);
    cr_assert_eq(listen_local(longer, 0600, &fd, &problem), STATUS_INVALID);
    cr_assert_eq(listen_local("/nowhere/at/all/x.sock", 0600, &fd, &problem), STATUS_IO);
    cr_assert(strstr(problem.text, "/nowhere/at/all/x.sock"));
}
