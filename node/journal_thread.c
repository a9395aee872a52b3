#include "node/journal_thread.h"

#include "node/journal_group.h"
#include "node/metrics.h"
#include "node/wake.h"
#include <pthread.h>
#include <stdlib.h>

static const uint64_t safety_sync_ns = 1000000000; /* the longest a change may wait */

/* One thing to do, in order. Bytes that are copied stand behind it. */
struct item {
    struct item *next;
    bool begins_segment;
    uint8_t kind;
    uint64_t number;
    struct blob *blob; /* referenced; the payload is the copied bytes, then these */
    size_t size;
    uint8_t bytes[];
};

enum {
    ITEM_OVERHEAD = 256
}; /* counted for an item besides its payload, so that small ones count */

struct journal_thread {
    struct journal_thread_options options;
    pthread_t thread;
    struct wake wake;

    /* Loop thread only. */
    uint64_t last;          /* highest number given */
    uint64_t reported;      /* highest number reported as durable */
    uint64_t segment_bytes; /* of the segment being filled, queue included */
    bool keeps_safety;      /* there is a safety file, or will be */
    bool stopping;
    bool failure_reported;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work;
    struct item *first;
    struct item **tail;
    bool awaited;       /* somebody waits for one of them */
    size_t queue_bytes; /* of the queue and of the group being written */
    bool has_safety;
    struct safety_state safety;
    struct safety *replacement; /* of the safety file, from the next group on */
    uint64_t cut;
    bool held; /* more is to come that belongs to what waits */
    bool stop;
    uint64_t durable;
    bool failed;
    struct problem problem;
    struct journal_thread_figures figures;
};

/* What the thread takes out of the queue at once. */
struct group {
    struct item *first;
    size_t bytes;
    uint64_t last; /* highest number in it; 0 if it is empty */
    bool has_safety;
    struct safety_state safety;
    struct safety *replacement;
    uint64_t cut;
    bool stop;
};

static void items_free(struct item *item)
{
    while (item) {
        struct item *next = item->next;
        blob_unref(item->blob);
        free(item);
        item = next;
    }
}

/* ---- the thread ---- */

/* Waits for work, or for the time at which the safety file is to be synced. */
static void group_wait(struct journal_thread *thread, bool timed)
{
    if (!timed) {
        pthread_cond_wait(&thread->work, &thread->mutex);
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&thread->work, &thread->mutex, &until);
}

static bool queue_idle(const struct journal_thread *thread)
{
    bool empty =
        !thread->awaited && !thread->has_safety && !thread->replacement && thread->cut == 0;
    return (empty || thread->held) && !thread->stop;
}

/* Wakes the thread if there is something to do: what is held wakes nobody until it is released. */
static void queue_wake(struct journal_thread *thread)
{
    if (!queue_idle(thread)) pthread_cond_signal(&thread->work);
}

/* Takes all that waits; empty if only time has passed. */
static struct group group_take(struct journal_thread *thread, bool timed)
{
    pthread_mutex_lock(&thread->mutex);
    while (queue_idle(thread)) {
        group_wait(thread, timed);
        if (timed && !thread->held) break;
    }
    struct group group = {
        .first = thread->first,
        .bytes = thread->queue_bytes,
        .has_safety = thread->has_safety,
        .safety = thread->safety,
        .replacement = thread->replacement,
        .cut = thread->cut,
        .stop = thread->stop,
    };
    thread->first = NULL;
    thread->tail = &thread->first;
    thread->awaited = false;
    thread->has_safety = false;
    thread->replacement = NULL;
    thread->cut = 0;
    pthread_mutex_unlock(&thread->mutex);
    return group;
}

static enum status item_write(struct journal_thread *thread, const struct item *item,
                              struct problem *problem)
{
    struct span parts[2] = { span_of(item->bytes, item->size), { NULL, 0 } };
    if (item->blob) parts[1] = blob_span(item->blob);
    return group_record(thread->options.journal, thread->options.safety, item->begins_segment,
                        item->kind, parts, 2, item->number, problem);
}

static void figures_update(struct journal_thread *thread, uint64_t records, uint64_t ns)
{
    struct journal_sizes sizes;
    journal_sizes(thread->options.journal, &sizes);
    if (records > 0) {
        metric_observe_ns(METRIC_journal_sync_seconds, 0, ns);
        metric_observe(METRIC_journal_sync_records, 0, (double)records);
    }
    metric_set(METRIC_journal_segments, 0, (double)sizes.segments);
    metric_set(METRIC_journal_bytes, 0, (double)sizes.bytes);
    pthread_mutex_lock(&thread->mutex);
    struct journal_thread_figures *figures = &thread->figures;
    if (records > 0) {
        figures->groups++;
        figures->records += records;
        figures->sync_ns += ns;
        figures->last_sync_ns = ns;
        figures->last_sync_size = records;
    }
    figures->segments = sizes.segments;
    figures->bytes = sizes.bytes;
    pthread_mutex_unlock(&thread->mutex);
}

static enum status group_write(struct journal_thread *thread, struct group *group,
                               uint64_t *safety_synced_ns, struct problem *problem)
{
    struct journal *journal = thread->options.journal;
    uint64_t before = journal_durable(journal);
    enum status status = STATUS_OK;
    if (group->replacement) {
        safety_close(thread->options.safety);
        thread->options.safety = group->replacement;
    }
    for (const struct item *item = group->first; item && status == STATUS_OK; item = item->next)
        status = item_write(thread, item, problem);
    uint64_t start = uv_hrtime();
    if (status == STATUS_OK) status = journal_sync(journal, problem);
    uint64_t ns = uv_hrtime() - start;
    bool sync_safety = group->stop || uv_hrtime() - *safety_synced_ns >= safety_sync_ns;
    if (status == STATUS_OK)
        status =
            group_end(journal, thread->options.safety, group->has_safety ? &group->safety : NULL,
                      sync_safety, group->cut, problem);
    if (sync_safety) *safety_synced_ns = uv_hrtime();
    if (status == STATUS_OK) figures_update(thread, journal_durable(journal) - before, ns);
    return status;
}

/* Tells the loop: how far all is durable, or that it is over. */
static void group_report(struct journal_thread *thread, const struct group *group,
                         enum status status, const struct problem *problem)
{
    pthread_mutex_lock(&thread->mutex);
    thread->queue_bytes -= group->bytes;
    if (status == STATUS_OK) {
        thread->durable = journal_durable(thread->options.journal);
    } else {
        thread->failed = true;
        thread->problem = *problem;
    }
    pthread_mutex_unlock(&thread->mutex);
    wake_send(&thread->wake);
}

static void *thread_main(void *argument)
{
    struct journal_thread *thread = argument;
    uint64_t safety_synced_ns = uv_hrtime();
    for (;;) {
        const struct safety *safety = thread->options.safety;
        struct group group = group_take(thread, safety && safety_changed(safety));
        struct problem problem = { STATUS_IO, "the journal failed" };
        enum status status = group_write(thread, &group, &safety_synced_ns, &problem);
        items_free(group.first);
        group_report(thread, &group, status, &problem);
        if (status != STATUS_OK || group.stop) return NULL;
    }
}

/* ---- the loop thread ---- */

static void on_wake(struct wake *wake)
{
    struct journal_thread *thread = wake->data;
    pthread_mutex_lock(&thread->mutex);
    uint64_t durable = thread->durable;
    bool failed = thread->failed;
    struct problem problem = thread->problem;
    pthread_mutex_unlock(&thread->mutex);

    if (durable > thread->reported) {
        thread->reported = durable;
        thread->options.on_durable(thread->options.user, durable);
    }
    if (failed && !thread->failure_reported) {
        thread->failure_reported = true;
        thread->options.on_failed(thread->options.user, &problem);
    }
}

static void on_closed(struct wake *wake)
{
    struct journal_thread *thread = wake->data;
    pthread_mutex_destroy(&thread->mutex);
    pthread_cond_destroy(&thread->work);
    free(thread);
}

enum status journal_thread_start(struct journal_thread **out, uv_loop_t *loop,
                                 const struct journal_thread_options *options)
{
    struct journal_thread *thread = calloc(1, sizeof *thread);
    if (!thread) return STATUS_NO_MEMORY;
    if (wake_open(&thread->wake, loop, on_wake, thread) != STATUS_OK) {
        free(thread);
        return STATUS_IO;
    }
    thread->options = *options;
    thread->keeps_safety = options->safety != NULL;
    if (thread->options.queue_bytes_max == 0) thread->options.queue_bytes_max = JOURNAL_PENDING_MAX;
    struct journal_sizes sizes;
    journal_sizes(options->journal, &sizes);
    thread->segment_bytes = sizes.segment_bytes;
    thread->last = thread->reported = thread->durable = journal_last(options->journal);
    thread->figures.segments = sizes.segments;
    thread->figures.bytes = sizes.bytes;
    thread->tail = &thread->first;

    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->work, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&thread->thread, NULL, thread_main, thread) != 0) {
        wake_close(&thread->wake, on_closed);
        return STATUS_IO;
    }
    pthread_setname_np(thread->thread, "journal");
    *out = thread;
    return STATUS_OK;
}

/* An item with a copy of the parts; NULL if the heap refuses. */
static struct item *item_new(const struct span *parts, size_t parts_count, size_t size)
{
    struct item *item = malloc(sizeof *item + size);
    if (!item) return NULL;
    *item = (struct item){ .size = size };
    size_t at = 0;
    for (size_t i = 0; i < parts_count; i++) {
        if (parts[i].size == 0) continue;
        memcpy(item->bytes + at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    return item;
}

static enum status enqueue(struct journal_thread *thread, bool begins_segment, bool awaited,
                           uint8_t kind, const struct span *parts, size_t parts_count,
                           struct blob *blob, uint64_t *number)
{
    ASSERT(!thread->stopping);
    size_t size = 0;
    for (size_t i = 0; i < parts_count; i++)
        size += parts[i].size;
    size_t total = size + (blob ? blob->size : 0);
    if (total > JOURNAL_PAYLOAD_MAX) return STATUS_TOO_LARGE;
    struct item *item = item_new(parts, parts_count, size);
    if (!item) return STATUS_NO_MEMORY;
    item->begins_segment = begins_segment;
    item->kind = kind;
    item->blob = blob_ref(blob);

    pthread_mutex_lock(&thread->mutex);
    bool failed = thread->failed;
    bool fits = thread->queue_bytes + total + ITEM_OVERHEAD <= thread->options.queue_bytes_max;
    if (fits && !failed) {
        item->number = ++thread->last;
        *thread->tail = item;
        thread->tail = &item->next;
        thread->queue_bytes += total + ITEM_OVERHEAD;
        thread->awaited = thread->awaited || awaited;
        queue_wake(thread);
    }
    pthread_mutex_unlock(&thread->mutex);

    if (failed || !fits) {
        items_free(item);
        return failed ? STATUS_IO : STATUS_FULL;
    }
    if (begins_segment) thread->segment_bytes = JOURNAL_HEAD_BYTES;
    thread->segment_bytes += total + JOURNAL_RECORD_OVERHEAD + 3; /* half the padding */
    if (number) *number = thread->last;
    return STATUS_OK;
}

enum status journal_thread_append(struct journal_thread *thread, uint8_t kind,
                                  const struct span *parts, size_t parts_count, struct blob *blob,
                                  uint64_t *number)
{
    return enqueue(thread, false, true, kind, parts, parts_count, blob, number);
}

enum status journal_thread_append_later(struct journal_thread *thread, uint8_t kind,
                                        struct blob *blob, uint64_t *number)
{
    return enqueue(thread, false, false, kind, NULL, 0, blob, number);
}

enum status journal_thread_begin_segment(struct journal_thread *thread, const struct span *parts,
                                         size_t parts_count, struct blob *blob, uint64_t *number)
{
    return enqueue(thread, true, true, JOURNAL_FOLD, parts, parts_count, blob, number);
}

bool journal_thread_wants_segment(const struct journal_thread *thread)
{
    return thread->segment_bytes >= thread->options.segment_size;
}

void journal_thread_hold(struct journal_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->held = true;
    pthread_mutex_unlock(&thread->mutex);
}

void journal_thread_release(struct journal_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->held = false;
    bool wanted = !queue_idle(thread);
    pthread_mutex_unlock(&thread->mutex);
    /* Behind the lock, so that the thread finds it open. */
    if (wanted) pthread_cond_signal(&thread->work);
}

void journal_thread_safety(struct journal_thread *thread, const struct safety_state *state)
{
    if (!thread->keeps_safety) return;
    pthread_mutex_lock(&thread->mutex);
    thread->safety = *state;
    thread->has_safety = true;
    queue_wake(thread);
    pthread_mutex_unlock(&thread->mutex);
}

void journal_thread_replace_safety(struct journal_thread *thread, struct safety *safety)
{
    pthread_mutex_lock(&thread->mutex);
    safety_close(thread->replacement);
    thread->replacement = safety;
    thread->has_safety = false;
    queue_wake(thread);
    pthread_mutex_unlock(&thread->mutex);
    thread->keeps_safety = true;
}

void journal_thread_cut(struct journal_thread *thread, uint64_t up_to)
{
    pthread_mutex_lock(&thread->mutex);
    if (up_to > thread->cut) thread->cut = up_to;
    queue_wake(thread);
    pthread_mutex_unlock(&thread->mutex);
}

uint64_t journal_thread_last(const struct journal_thread *thread)
{
    return thread->last;
}

uint64_t journal_thread_durable(const struct journal_thread *thread)
{
    return thread->reported;
}

void journal_thread_figures(struct journal_thread *thread, struct journal_thread_figures *figures)
{
    pthread_mutex_lock(&thread->mutex);
    *figures = thread->figures;
    figures->queue_bytes = thread->queue_bytes;
    pthread_mutex_unlock(&thread->mutex);
}

void journal_thread_stop(struct journal_thread *thread)
{
    ASSERT(!thread->stopping);
    thread->stopping = true;
    pthread_mutex_lock(&thread->mutex);
    thread->stop = true;
    queue_wake(thread);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->thread, NULL);

    on_wake(&thread->wake); /* What was reported last. */
    items_free(thread->first);
    thread->first = NULL;
    journal_close(thread->options.journal);
    safety_close(thread->options.safety);
    safety_close(thread->replacement); /* Only after a failure. */
    wake_close(&thread->wake, on_closed);
}
