#include "rpc/queue.h"

#include <criterion/criterion.h>

static struct rpc_request *request(uintptr_t number)
{
    return (struct rpc_request *)number;
}

Test(queue, first_in_first_out_around_the_ring)
{
    struct queue *q = queue_new(2, 3);
    for (uintptr_t i = 1; i < 20; i += 2) {
        cr_assert(queue_reserve(q));
        queue_push(q, request(i), true);
        queue_push(q, request(i + 1), false);
        cr_assert_eq(queue_size(q), 2);
        cr_assert_eq(queue_pop(q), request(i));
        cr_assert_eq(queue_pop(q), request(i + 1));
    }
    queue_free(q);
}

Test(queue, new_requests_are_bounded_and_waking_ones_are_not)
{
    struct queue *q = queue_new(2, 5);
    cr_assert(queue_reserve(q));
    cr_assert(queue_reserve(q));
    cr_assert_not(queue_reserve(q));
    queue_release(q);
    cr_assert(queue_reserve(q));
    queue_push(q, request(1), true);
    queue_push(q, request(2), true);
    queue_push(q, request(3), false);
    cr_assert_not(queue_reserve(q));
    cr_assert_eq(queue_fresh(q), 2);
    cr_assert_eq(queue_pop(q), request(1));
    cr_assert(queue_reserve(q)); /* a reader took one */
    queue_release(q);
    cr_assert_eq(queue_pop(q), request(2));
    cr_assert_eq(queue_pop(q), request(3));
    queue_free(q);
}

Test(queue, draining_and_closing)
{
    struct queue *q = queue_new(2, 5);
    cr_assert(queue_reserve(q));
    queue_drain(q);
    cr_assert_not(queue_reserve(q));
    queue_push(q, request(1), true); /* had its place before */
    queue_push(q, request(2), false);
    queue_close(q);
    cr_assert_eq(queue_pop(q), request(1));
    cr_assert_eq(queue_pop(q), request(2));
    cr_assert_null(queue_pop(q));
    queue_free(q);
}
