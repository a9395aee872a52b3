/* node/wake.h -- wakes the loop from another thread: uv_async_t without its spinning.
 *
 * While a sender of uv_async_send is between its two marks, libuv's loop turns on the spot until
 * the sender goes on. On a machine with more runnable threads than cores the write to the loop is
 * just where the kernel takes the sender's core away, and the loop burns its time slice. Here a
 * sender is done with its mark before it writes, and the loop never waits for one:
 *
 *     other threads:  leave what is new for the loop -> wake_send
 *     loop:                     heard(wake) once for one send or more -> takes all that is there
 *
 * Sends before the loop comes to it are one wake-up and one system call.
 */
#ifndef NODE_WAKE_H
#define NODE_WAKE_H

#include "crypto/base.h"
#include <stdatomic.h>
#include <uv.h>

struct wake {
    uv_poll_t poll;
    int fd;
    atomic_bool sent; /* and not heard yet */
    void (*heard)(struct wake *wake);
    void (*closed)(struct wake *wake);
    void *data; /* the owner's */
};

/* Of the loop's thread. The memory is the caller's. STATUS_IO: nothing is open. */
enum status wake_open(struct wake *wake, uv_loop_t *loop, void (*heard)(struct wake *wake),
                      void *data);

/* From any thread, until wake_close. */
void wake_send(struct wake *wake);

/* Of the loop's thread, when nobody sends any more. closed (or NULL) is called in a later turn of
 * the loop; the memory must stay until then. */
void wake_close(struct wake *wake, void (*closed)(struct wake *wake));

#endif
