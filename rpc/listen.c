/* rpc/listen.c -- listening sockets. */
#include "rpc/listen.h"
#include "rpc/http_rules.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static enum status fail(int descriptor, const char *what, const char *where,
                        struct problem *problem)
{
    int error = errno;
    if (descriptor >= 0) close(descriptor);
    enum status status = error == EADDRINUSE ? STATUS_BUSY : STATUS_IO;
    return problem_set(problem, status, "%s %s: %s", what, where, strerror(error));
}

static uint16_t port_of(int descriptor)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

enum status listen_tcp(const char *text, int *descriptor, uint16_t *port, struct problem *problem)
{
    struct sockaddr_storage address;
    socklen_t size;
    enum status status = listen_address(text, &address, &size, problem);
    if (status != STATUS_OK) return status;

    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(fd, "socket for", text, problem);
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return fail(fd, "socket options of", text, problem);
    if (bind(fd, (const struct sockaddr *)&address, size) != 0)
        return fail(fd, "rpc.listen", text, problem);
    if (listen(fd, BACKLOG) != 0) return fail(fd, "rpc.listen", text, problem);
    *descriptor = fd;
    *port = port_of(fd);
    return STATUS_OK;
}

/* Somebody answers at this path. */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool served = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    close(fd);
    return served;
}

static enum status clear_path(const struct sockaddr_un *address, struct problem *problem)
{
    struct stat info;
    const char *path = address->sun_path;
    if (lstat(path, &info) != 0) return STATUS_OK;
    if (!S_ISSOCK(info.st_mode))
        return problem_set(problem, STATUS_INVALID, "rpc.socket %s: a file that is no socket",
                           path);
    if (is_served(address))
        return problem_set(problem, STATUS_BUSY, "rpc.socket %s: served by another process", path);
    if (unlink(path) != 0) return fail(-1, "rpc.socket", path, problem);
    return STATUS_OK;
}

enum status listen_local(const char *path, uint32_t mode, int *descriptor, struct problem *problem)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof address.sun_path)
        return problem_set(problem, STATUS_INVALID,
                           "rpc.socket %s: the path must have 1 to %zu characters", path,
                           sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, size + 1);
    enum status status = clear_path(&address, problem);
    if (status != STATUS_OK) return status;

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(fd, "socket for", path, problem);
    /* Before bind: the file never exists with a wider mode, not even for a moment. */
    if (fchmod(fd, mode) != 0) return fail(fd, "mode of", path, problem);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return fail(fd, "rpc.socket", path, problem);
    /* After bind: the umask may have taken more than was wanted. */
    if (chmod(path, mode) != 0) return fail(fd, "mode of", path, problem);
    if (listen(fd, BACKLOG) != 0) return fail(fd, "rpc.socket", path, problem);
    *descriptor = fd;
    return STATUS_OK;
}
