#include "node/workers.h"

#include "node/wake.h"

#include <pthread.h>
#include <stdlib.h>

enum { WORKERS_MAX = 256 };

/* Jobs in order of arrival. */
struct job_list {
    struct worker_job *first;
    struct worker_job **last;
};

struct workers {
    unsigned count;
    unsigned queue_max;
    unsigned waiting; /* loop thread only: submitted and not given back */
    pthread_t threads[WORKERS_MAX];
    struct wake wake;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work;
    unsigned idle; /* threads that wait for work */
    struct job_list urgent;
    struct job_list queue;
    unsigned urgent_run; /* urgent jobs since the last other one */
    struct job_list finished;
    bool stopping;

    /* Loop thread only. */
    void (*begin)(void *user);
    void (*end)(void *user);
    void *user;
};

static void list_init(struct job_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_add(struct job_list *list, struct worker_job *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static struct worker_job *list_take(struct job_list *list)
{
    struct worker_job *job = list->first;
    if (!job) return NULL;
    list->first = job->next;
    if (!list->first) list->last = &list->first;
    return job;
}

/* The whole list; the given one is empty afterwards. */
static struct worker_job *list_take_all(struct job_list *list)
{
    struct worker_job *first = list->first;
    list_init(list);
    return first;
}

static struct worker_job *next_job(struct workers *workers)
{
    bool others_turn = workers->urgent_run >= URGENT_RUN && workers->queue.first;
    struct worker_job *job = others_turn ? NULL : list_take(&workers->urgent);
    workers->urgent_run = job ? workers->urgent_run + 1 : 0;
    return job ? job : list_take(&workers->queue);
}

static void *worker_main(void *argument)
{
    struct workers *workers = argument;
    pthread_mutex_lock(&workers->mutex);
    while (!workers->stopping) {
        struct worker_job *job = next_job(workers);
        if (!job) {
            workers->idle++;
            pthread_cond_wait(&workers->work, &workers->mutex);
            workers->idle--;
            continue;
        }
        pthread_mutex_unlock(&workers->mutex);
        job->run(job);
        pthread_mutex_lock(&workers->mutex);
        bool first = !workers->finished.first;
        list_add(&workers->finished, job);
        if (first) wake_send(&workers->wake); /* Whoever takes the first takes all. */
    }
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

static void give_back(struct workers *workers, struct worker_job *job, bool finished)
{
    while (job) {
        struct worker_job *next = job->next; /* done may free the job */
        workers->waiting--;
        job->done(job, finished);
        job = next;
    }
}

/* Several wake-ups may be one, so everything that is finished is taken each time. */
static void on_wake(struct wake *wake)
{
    struct workers *workers = wake->data;
    pthread_mutex_lock(&workers->mutex);
    struct worker_job *finished = list_take_all(&workers->finished);
    pthread_mutex_unlock(&workers->mutex);
    if (!finished) return;
    if (workers->begin) workers->begin(workers->user);
    give_back(workers, finished, true);
    if (workers->end) workers->end(workers->user);
}

static void on_closed(struct wake *wake)
{
    struct workers *workers = wake->data;
    pthread_mutex_destroy(&workers->mutex);
    pthread_cond_destroy(&workers->work);
    free(workers);
}

static void threads_join(struct workers *workers, unsigned count)
{
    pthread_mutex_lock(&workers->mutex);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->mutex);
    for (unsigned i = 0; i < count; i++)
        pthread_join(workers->threads[i], NULL);
}

enum status workers_start(struct workers **out, uv_loop_t *loop, unsigned count, unsigned queue_max)
{
    if (count > WORKERS_MAX || queue_max == 0) return STATUS_INVALID;
    struct workers *workers = calloc(1, sizeof *workers);
    if (!workers) return STATUS_NO_MEMORY;
    workers->count = count;
    workers->queue_max = queue_max;
    list_init(&workers->urgent);
    list_init(&workers->queue);
    list_init(&workers->finished);
    if (wake_open(&workers->wake, loop, on_wake, workers) != STATUS_OK) {
        free(workers);
        return STATUS_IO;
    }
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->work, NULL);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&workers->threads[i], NULL, worker_main, workers) == 0) continue;
        threads_join(workers, i);
        wake_close(&workers->wake, on_closed);
        return STATUS_IO;
    }
    *out = workers;
    return STATUS_OK;
}

void workers_name(struct workers *workers, const char *name)
{
    for (unsigned i = 0; i < workers->count; i++)
        pthread_setname_np(workers->threads[i], name);
}

void workers_around(struct workers *workers, void (*begin)(void *user), void (*end)(void *user),
                    void *user)
{
    workers->begin = begin;
    workers->end = end;
    workers->user = user;
}

static enum status submit(struct workers *workers, struct worker_job *job, struct job_list *list)
{
    ASSERT(!workers->stopping); /* Only this thread sets it. */
    if (workers->waiting >= workers->queue_max) return STATUS_FULL;
    workers->waiting++;
    if (workers->count == 0) job->run(job);
    pthread_mutex_lock(&workers->mutex);
    list_add(workers->count == 0 ? &workers->finished : list, job);
    bool wanted = workers->idle > 0;
    pthread_mutex_unlock(&workers->mutex);
    /* Behind the lock, so that whoever is woken finds it open. */
    if (workers->count == 0) wake_send(&workers->wake);
    if (wanted) pthread_cond_signal(&workers->work);
    return STATUS_OK;
}

enum status workers_submit(struct workers *workers, struct worker_job *job)
{
    return submit(workers, job, &workers->queue);
}

enum status workers_submit_urgent(struct workers *workers, struct worker_job *job)
{
    return submit(workers, job, &workers->urgent);
}

unsigned workers_waiting(const struct workers *workers)
{
    return workers->waiting;
}

void workers_stop(struct workers *workers)
{
    threads_join(workers, workers->count);
    give_back(workers, list_take_all(&workers->finished), true);
    give_back(workers, list_take_all(&workers->urgent), false);
    give_back(workers, list_take_all(&workers->queue), false);
    ASSERT(workers->waiting == 0);
    wake_close(&workers->wake, on_closed);
}
