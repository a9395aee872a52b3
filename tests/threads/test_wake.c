/* Wakes: what was left before a send is heard of, by however many threads, and sends are merged. */
#include "node/wake.h"
#include "tests/threads/check.h"
#include <pthread.h>

enum { SENDERS = 4, SENDS = 20000 };

static uv_loop_t loop;
static struct wake wake;
static atomic_int left; /* for the loop to take */
static int taken, heard, closed;

static void on_heard(struct wake *it)
{
    CHECK(it == &wake);
    CHECK(it->data == &left);
    heard++;
    taken += atomic_exchange(&left, 0);
}

static void on_closed(struct wake *it)
{
    CHECK(it == &wake);
    closed++;
}

static void *send_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < SENDS; i++) {
        atomic_fetch_add(&left, 1);
        wake_send(&wake);
    }
    return NULL;
}

static void test_merged(void)
{
    for (int i = 0; i < 3; i++) {
        atomic_fetch_add(&left, 1);
        wake_send(&wake);
    }
    uv_run(&loop, UV_RUN_ONCE);
    CHECK(heard == 1);
    CHECK(taken == 3);
    uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(heard == 1);
}

static void test_nothing_is_missed(void)
{
    pthread_t senders[SENDERS];
    taken = heard = 0;
    for (int i = 0; i < SENDERS; i++)
        CHECK(pthread_create(&senders[i], NULL, send_many, NULL) == 0);
    while (taken < SENDERS * SENDS)
        uv_run(&loop, UV_RUN_ONCE);
    for (int i = 0; i < SENDERS; i++)
        CHECK(pthread_join(senders[i], NULL) == 0);
    CHECK(taken == SENDERS * SENDS);
    CHECK(heard <= taken + SENDERS);
}

int main(void)
{
    CHECK(uv_loop_init(&loop) == 0);
    CHECK(wake_open(&wake, &loop, on_heard, &left) == STATUS_OK);
    test_merged();
    test_nothing_is_missed();
    wake_close(&wake, on_closed);
    CHECK(closed == 0); /* In a later turn. */
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(closed == 1);
    CHECK(uv_loop_close(&loop) == 0);
    return 0;
}
