#include "node/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* The mark goes before the owner looks: what is left after that look is sent for again. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct wake *wake = poll->data;
    uint64_t count;
    (void)status;
    (void)events;
    ssize_t size = read(wake->fd, &count, sizeof count);
    if (size < 0) return; /* Heard already. */
    atomic_store(&wake->sent, false);
    wake->heard(wake);
}

enum status wake_open(struct wake *wake, uv_loop_t *loop, void (*heard)(struct wake *wake),
                      void *data)
{
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd < 0) return STATUS_IO;
    wake->heard = heard;
    wake->closed = NULL;
    wake->data = data;
    atomic_init(&wake->sent, false);
    if (uv_poll_init(loop, &wake->poll, wake->fd) != 0) {
        (void)close(wake->fd);
        return STATUS_IO;
    }
    wake->poll.data = wake;
    int started = uv_poll_start(&wake->poll, UV_READABLE, on_readable);
    ASSERT(started == 0); /* Only a handle that is closing is refused. */
    return STATUS_OK;
}

void wake_send(struct wake *wake)
{
    const uint64_t one = 1;
    if (atomic_exchange(&wake->sent, true)) return;
    ssize_t size = write(wake->fd, &one, sizeof one);
    ASSERT(size == sizeof one); /* One mark, one count: it never overflows. */
}

static void on_closed(uv_handle_t *handle)
{
    struct wake *wake = handle->data;
    (void)close(wake->fd);
    if (wake->closed) wake->closed(wake);
}

void wake_close(struct wake *wake, void (*closed)(struct wake *wake))
{
    wake->closed = closed;
    uv_close((uv_handle_t *)&wake->poll, on_closed);
}
