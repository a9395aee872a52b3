/* Workers: every job comes back once, in the loop, with and without threads. */
#include "node/workers.h"
#include "tests/threads/check.h"
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum { JOBS = 2000 };

struct work {
    struct worker_job job;
    uint64_t input, output;
    int back;
    bool finished;
};

static struct work works[JOBS];
static int given_back;
static struct workers *workers;
static int resubmit_left;

static void work_run(struct worker_job *job)
{
    struct work *work = (struct work *)job;
    for (int i = 0; i < 100; i++)
        work->output = work->output * 31 + work->input;
}

static void work_done(struct worker_job *job, bool finished)
{
    struct work *work = (struct work *)job;
    work->back++;
    work->finished = finished;
    given_back++;
    if (resubmit_left > 0) {
        resubmit_left--;
        CHECK(workers_submit(workers, job) == STATUS_OK);
    }
}

static void works_prepare(void)
{
    memset(works, 0, sizeof works);
    given_back = 0;
    for (int i = 0; i < JOBS; i++) {
        works[i].job.run = work_run;
        works[i].job.done = work_done;
        works[i].input = (uint64_t)i + 1;
    }
}

static void run_until_back(uv_loop_t *loop, int count)
{
    while (given_back < count)
        uv_run(loop, UV_RUN_ONCE);
}

static void test_all_come_back(unsigned threads)
{
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    works_prepare();
    CHECK(workers_start(&workers, &loop, threads, JOBS) == STATUS_OK);
    for (int i = 0; i < JOBS; i++)
        CHECK(workers_submit(workers, &works[i].job) == STATUS_OK);
    CHECK(given_back == 0); /* Never from inside submit. */
    struct work one_more = { .job = { work_run, work_done, NULL } };
    CHECK(workers_submit(workers, &one_more.job) == STATUS_FULL);
    run_until_back(&loop, JOBS);
    for (int i = 0; i < JOBS; i++) {
        CHECK(works[i].back == 1);
        CHECK(works[i].finished);
        CHECK(works[i].output != 0);
    }
    CHECK(workers_waiting(workers) == 0);
    workers_stop(workers);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

/* `done` may submit again, and a single worker keeps the order. */
static void test_resubmit(void)
{
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    works_prepare();
    resubmit_left = 50;
    CHECK(workers_start(&workers, &loop, 1, 1) == STATUS_OK);
    CHECK(workers_submit(workers, &works[0].job) == STATUS_OK);
    run_until_back(&loop, 51);
    CHECK(works[0].back == 51);
    workers_stop(workers);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

static atomic_bool gate, begun;
static int order[JOBS];

static void gate_run(struct worker_job *job)
{
    (void)job;
    atomic_store(&begun, true);
    while (!atomic_load(&gate))
        sched_yield();
}

static void order_done(struct worker_job *job, bool finished)
{
    CHECK(finished);
    order[given_back++] = (int)((struct work *)job - works);
}

/* One worker, held until all are there: the urgent ones go first, in their order, but one of the
 * others follows each run of them. */
static void test_urgent(void)
{
    enum { OTHERS = 10, URGENT = 3 * URGENT_RUN, ALL = OTHERS + URGENT };
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    works_prepare();
    atomic_store(&gate, false);
    atomic_store(&begun, false);
    struct work first = { .job = { gate_run, work_done, NULL } };
    CHECK(workers_start(&workers, &loop, 1, JOBS) == STATUS_OK);
    CHECK(workers_submit(workers, &first.job) == STATUS_OK);
    while (!atomic_load(&begun))
        sched_yield();
    for (int i = 0; i < ALL; i++) {
        works[i].job.done = order_done;
        CHECK((i < OTHERS ? workers_submit(workers, &works[i].job)
                          : workers_submit_urgent(workers, &works[i].job)) == STATUS_OK);
    }
    given_back = -1; /* The first one is not counted. */
    atomic_store(&gate, true);
    run_until_back(&loop, ALL);
    int urgent = OTHERS;
    int other = 0;
    for (int i = 0; i < ALL; i++) {
        bool others_turn = i % (URGENT_RUN + 1) == URGENT_RUN || urgent == ALL;
        CHECK(order[i] == (others_turn ? other++ : urgent++));
    }
    workers_stop(workers);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

/* Stopping gives everything back, run or not. */
static void test_stop(void)
{
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    works_prepare();
    CHECK(workers_start(&workers, &loop, 2, JOBS) == STATUS_OK);
    for (int i = 0; i < JOBS; i++)
        CHECK(workers_submit(workers, &works[i].job) == STATUS_OK);
    workers_stop(workers);
    CHECK(given_back == JOBS);
    for (int i = 0; i < JOBS; i++)
        CHECK(works[i].finished == (works[i].output != 0));
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

static int around_begun, around_ended, around_back;

static void around_begin(void *user)
{
    CHECK(user == works);
    CHECK(around_begun == around_ended);
    around_begun++;
    around_back = given_back;
}

static void around_end(void *user)
{
    CHECK(user == works);
    around_ended++;
    CHECK(around_begun == around_ended);
    CHECK(given_back > around_back); /* Never around nothing. */
}

/* All that is finished comes back inside one pair of calls. */
static void test_around(unsigned threads)
{
    uv_loop_t loop;
    around_begun = around_ended = 0;
    CHECK(uv_loop_init(&loop) == 0);
    works_prepare();
    CHECK(workers_start(&workers, &loop, threads, JOBS) == STATUS_OK);
    workers_around(workers, around_begin, around_end, works);
    for (int i = 0; i < JOBS; i++)
        CHECK(workers_submit(workers, &works[i].job) == STATUS_OK);
    run_until_back(&loop, JOBS);
    CHECK(around_begun >= 1);
    CHECK(around_begun == around_ended);
    if (threads == 0) CHECK(around_begun == 1);
    workers_stop(workers);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

int main(void)
{
    test_all_come_back(0);
    test_all_come_back(1);
    test_all_come_back(4);
    test_around(0);
    test_around(4);
    test_resubmit();
    test_urgent();
    test_stop();
    return 0;
}
