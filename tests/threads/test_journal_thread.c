/* The journal's thread: everything becomes durable in order, segments roll and are cut, the safety
 * file follows, and a failure is reported once. */
#include "crypto/key.h"
#include "node/files.h"
#include "node/journal_thread.h"
#include "tests/threads/check.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uv_loop_t loop;
static uint64_t durable;
static int failures;

static void on_durable(void *user, uint64_t number)
{
    (void)user;
    CHECK(number > durable);
    CHECK(failures == 0);
    durable = number;
}

static void on_failed(void *user, const struct problem *problem)
{
    (void)user;
    CHECK(problem->status == STATUS_IO);
    CHECK(problem->text[0] != 0);
    failures++;
}

struct seen {
    uint64_t records, first, last, folds;
};

static enum status on_record(void *user, const struct journal_record *record)
{
    struct seen *seen = user;
    if (seen->records++ == 0) seen->first = record->number;
    seen->last = record->number;
    if (record->kind == JOURNAL_FOLD) {
        seen->folds++;
        return STATUS_OK;
    }
    char text[32];
    snprintf(text, sizeof text, "record %llu|", (unsigned long long)record->number);
    CHECK(record->payload.size >= strlen(text));
    CHECK(memcmp(record->payload.data, text, strlen(text)) == 0);
    return STATUS_OK;
}

static struct journal_options options_of(const char *dir, uint64_t segment_size)
{
    struct journal_options options = { .dir = dir, .segment_size = segment_size };
    memset(options.chain_id.bytes, 7, sizeof options.chain_id.bytes);
    return options;
}

static struct journal_thread *thread_open(const struct journal_options *options,
                                          struct safety *safety, size_t queue_bytes_max)
{
    struct seen seen = { 0 };
    struct journal *journal;
    struct problem problem;
    CHECK(journal_open(&journal, options, on_record, &seen, NULL, &problem) == STATUS_OK);
    struct journal_thread_options wanted = {
        .journal = journal,
        .safety = safety,
        .queue_bytes_max = queue_bytes_max,
        .segment_size = options->segment_size,
        .on_durable = on_durable,
        .on_failed = on_failed,
    };
    struct journal_thread *thread;
    CHECK(journal_thread_start(&thread, &loop, &wanted) == STATUS_OK);
    durable = journal_thread_durable(thread);
    failures = 0;
    return thread;
}

static void append(struct journal_thread *thread, struct blob *body)
{
    char text[32];
    uint64_t wanted = journal_thread_last(thread) + 1;
    snprintf(text, sizeof text, "record %llu|", (unsigned long long)wanted);
    struct span part = span_text(text);
    uint64_t number;
    enum status status;
    while ((status = journal_thread_append(thread, JOURNAL_ENGINE, &part, 1, body, &number)) ==
           STATUS_FULL)
        uv_run(&loop, UV_RUN_ONCE);
    CHECK(status == STATUS_OK);
    CHECK(number == wanted);
}

static void wait_durable(uint64_t number)
{
    while (durable < number && failures == 0)
        uv_run(&loop, UV_RUN_ONCE);
}

/* Rolls and cuts as the replica would. */
static void test_groups(const char *dir)
{
    char path[PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "groups") == STATUS_OK);
    struct journal_options options = options_of(path, 65536);
    struct journal_thread *thread = thread_open(&options, NULL, 1 << 20);
    struct blob *body = blob_new(1000);
    memset(body->data, 'b', body->size);
    int folds = 0;
    for (int i = 0; i < 1000; i++) {
        append(thread, i % 3 == 0 ? body : NULL);
        if (!journal_thread_wants_segment(thread)) continue;
        struct span fold = span_text("fold");
        uint64_t number;
        CHECK(journal_thread_begin_segment(thread, &fold, 1, NULL, &number) == STATUS_OK);
        CHECK(number == journal_thread_last(thread));
        journal_thread_cut(thread, number - 100);
        folds++;
    }
    blob_unref(body);
    CHECK(folds > 3);
    uint64_t last = journal_thread_last(thread);
    wait_durable(last);
    CHECK(durable == last);
    struct journal_thread_figures figures;
    journal_thread_figures(thread, &figures);
    CHECK(figures.records == last);
    CHECK(figures.groups >= 1);
    CHECK(figures.groups <= last);
    CHECK(figures.queue_bytes == 0);
    CHECK(figures.segments <= 3);
    append(thread, NULL); /* Stop makes it durable, too. */
    journal_thread_stop(thread);
    CHECK(durable == last + 1);
    uv_run(&loop, UV_RUN_DEFAULT);

    struct seen seen = { 0 };
    struct problem problem;
    CHECK(journal_scan(&options, on_record, &seen, NULL, &problem) == STATUS_OK);
    CHECK(seen.last == last + 1);
    CHECK(seen.first > 1); /* The old segments are gone ... */
    CHECK(seen.folds >= 1);
    CHECK(seen.records == seen.last - seen.first + 1); /* ... and nothing else. */
}

/* A record that nobody waits for goes with the next one, in its place; and at the end. */
static void test_later(const char *dir)
{
    char path[PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "later") == STATUS_OK);
    struct journal_options options = options_of(path, 65536);
    struct journal_thread *thread = thread_open(&options, NULL, 1 << 20);
    for (uint64_t wanted = 1; wanted < 4; wanted += 2) {
        char text[32];
        snprintf(text, sizeof text, "record %llu|", (unsigned long long)wanted);
        struct blob *blob = blob_copy(span_text(text));
        uint64_t number;
        CHECK(journal_thread_append_later(thread, JOURNAL_SEAL, blob, &number) == STATUS_OK);
        CHECK(number == wanted);
        blob_unref(blob);
        usleep(20000); /* Time enough to write it, if it would: see test_held. */
        uv_run(&loop, UV_RUN_NOWAIT);
        CHECK(durable == wanted - 1);
        if (wanted > 1) break;
        append(thread, NULL);
        wait_durable(2);
    }
    journal_thread_stop(thread);
    CHECK(durable == 3);
    uv_run(&loop, UV_RUN_DEFAULT);
    struct seen seen = { 0 };
    struct problem problem;
    CHECK(journal_scan(&options, on_record, &seen, NULL, &problem) == STATUS_OK);
    CHECK(seen.records == 3);
}

static void test_safety(const char *dir)
{
    char path[PATH_BYTES_MAX];
    char safety_path[PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "with_safety") == STATUS_OK);
    CHECK(path_join(safety_path, dir, "safety") == STATUS_OK);
    struct journal_options options = options_of(path, 65536);
    struct secret_key secret;
    struct public_key key;
    key_generate(&secret, &key);
    struct problem problem;
    CHECK(safety_create(safety_path, &key, &options.chain_id, &problem) == STATUS_OK);
    struct safety *safety;
    struct safety_state state;
    CHECK(safety_open(&safety, safety_path, &key, &options.chain_id, &state, NULL, &problem) ==
          STATUS_OK);
    struct journal_thread *thread = thread_open(&options, safety, 0);
    for (uint64_t view = 1; view <= 50; view++) {
        append(thread, NULL);
        state.highest[2].slot = view;
        journal_thread_safety(thread, &state);
    }
    wait_durable(50);
    journal_thread_stop(thread);
    uv_run(&loop, UV_RUN_DEFAULT);

    CHECK(safety_open(&safety, safety_path, &key, &options.chain_id, &state, NULL, &problem) ==
          STATUS_OK);
    CHECK(state.highest[2].slot == 50);
    CHECK(state.journal_record == 50);
    CHECK(state.counter > 2);
    safety_close(safety);
}

/* Another key's safety file in the middle of it: what waited for the old one is dropped, and what
 * comes later is in the new one alone. */
static void test_safety_replaced(const char *dir)
{
    char path[PATH_BYTES_MAX];
    char paths[2][PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "replaced") == STATUS_OK);
    CHECK(path_join(paths[0], dir, "safety_old") == STATUS_OK);
    CHECK(path_join(paths[1], dir, "safety_new") == STATUS_OK);
    struct journal_options options = options_of(path, 65536);
    struct problem problem;
    struct public_key keys[2];
    struct safety *safety[2];
    struct safety_state states[2];
    for (int i = 0; i < 2; i++) {
        struct secret_key secret;
        key_generate(&secret, &keys[i]);
        CHECK(safety_create(paths[i], &keys[i], &options.chain_id, &problem) == STATUS_OK);
        CHECK(safety_open(&safety[i], paths[i], &keys[i], &options.chain_id, &states[i], NULL,
                          &problem) == STATUS_OK);
    }
    struct journal_thread *thread = thread_open(&options, safety[0], 0);
    journal_thread_hold(thread); /* Record and state in one group. */
    append(thread, NULL);
    states[0].highest[2].slot = 7;
    journal_thread_safety(thread, &states[0]);
    journal_thread_release(thread);
    wait_durable(1);
    journal_thread_hold(thread);
    append(thread, NULL);
    states[0].highest[2].slot = 8;
    journal_thread_safety(thread, &states[0]);
    journal_thread_replace_safety(thread, safety[1]);
    states[1].highest[2].slot = 1;
    journal_thread_safety(thread, &states[1]);
    journal_thread_release(thread);
    wait_durable(2);
    journal_thread_stop(thread);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++) {
        CHECK(safety_open(&safety[i], paths[i], &keys[i], &options.chain_id, &states[i], NULL,
                          &problem) == STATUS_OK);
        safety_close(safety[i]);
    }
    CHECK(states[0].highest[2].slot == 7);
    CHECK(states[0].journal_record == 1);
    CHECK(states[1].highest[2].slot == 1);
    CHECK(states[1].journal_record == 2);
}

static uint64_t held_slot; /* what the safety file said when record 2 was reported */
static const char *held_path;

static void on_held_durable(void *user, uint64_t number)
{
    const struct public_key *key = user;
    struct digest chain_id;
    struct safety *safety;
    struct safety_state state;
    struct problem problem;
    memset(chain_id.bytes, 7, sizeof chain_id.bytes);
    CHECK(safety_open(&safety, held_path, key, &chain_id, &state, NULL, &problem) == STATUS_OK);
    safety_close(safety);
    if (number == 2) held_slot = state.highest[2].slot;
    durable = number;
}

/* What is enqueued while the thread is held goes together: a record is never reported before the
 * safety file knows what it promises. */
static void test_held(const char *dir)
{
    char path[PATH_BYTES_MAX];
    char safety_path[PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "held") == STATUS_OK);
    CHECK(path_join(safety_path, dir, "held_safety") == STATUS_OK);
    held_path = safety_path;
    struct journal_options options = options_of(path, 65536);
    struct secret_key secret;
    struct public_key key;
    key_generate(&secret, &key);
    struct problem problem;
    struct safety *safety;
    struct safety_state state;
    CHECK(safety_create(safety_path, &key, &options.chain_id, &problem) == STATUS_OK);
    CHECK(safety_open(&safety, safety_path, &key, &options.chain_id, &state, NULL, &problem) ==
          STATUS_OK);
    struct journal *journal;
    CHECK(journal_open(&journal, &options, on_record, &(struct seen){ 0 }, NULL, &problem) ==
          STATUS_OK);
    struct journal_thread_options wanted = { .journal = journal,
                                             .safety = safety,
                                             .segment_size = 65536,
                                             .on_durable = on_held_durable,
                                             .on_failed = on_failed,
                                             .user = &key };
    struct journal_thread *thread;
    CHECK(journal_thread_start(&thread, &loop, &wanted) == STATUS_OK);
    durable = 0;
    journal_thread_hold(thread);
    append(thread, NULL);
    append(thread, NULL);
    /* Time enough to take them, if it would: that it does not take them leaves no trace to wait
     * for. A slow machine can only make this see less; what is right never fails by it. */
    usleep(50000);
    uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(durable == 0);
    state.highest[2].slot = 42;
    journal_thread_safety(thread, &state);
    journal_thread_release(thread);
    wait_durable(2);
    CHECK(held_slot == 42);
    journal_thread_stop(thread);
    uv_run(&loop, UV_RUN_DEFAULT);
}

/* A file that may not grow stands for a full disk: the write fails, once and for ever. */
static void test_failure(const char *dir)
{
    char path[PATH_BYTES_MAX];
    CHECK(path_join(path, dir, "failing") == STATUS_OK);
    struct journal_options options = options_of(path, 65536);
    struct journal_thread *thread = thread_open(&options, NULL, 0);
    append(thread, NULL);
    wait_durable(1);

    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    struct rlimit small = { 65536, before.rlim_max };
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    struct blob *body = blob_new(100000);
    memset(body->data, 'x', body->size);
    append(thread, body);
    while (failures == 0)
        uv_run(&loop, UV_RUN_ONCE);
    CHECK(durable == 1);
    struct span part = span_text("late");
    CHECK(journal_thread_append(thread, JOURNAL_ENGINE, &part, 1, NULL, NULL) == STATUS_IO);
    blob_unref(body);
    journal_thread_stop(thread);
    CHECK(failures == 1);
    CHECK(durable == 1);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    uv_run(&loop, UV_RUN_DEFAULT);
}

int main(void)
{
    CHECK(crypto_start(NULL) == STATUS_OK);
    CHECK(uv_loop_init(&loop) == 0);
    char dir[] = "/tmp/witan_test_XXXXXX";
    CHECK(mkdtemp(dir));
    test_groups(dir);
    test_later(dir);
    test_safety(dir);
    test_safety_replaced(dir);
    test_held(dir);
    test_failure(dir);
    CHECK(uv_loop_close(&loop) == 0);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(system(command) == 0);
    return 0;
}
