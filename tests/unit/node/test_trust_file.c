#include "node/trust_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];
static char path[PATH_BYTES_MAX];
static struct digest chain;

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    snprintf(root, sizeof root, "/tmp/witan-trust-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    cr_assert_eq(path_join(path, root, "trust.json"), STATUS_OK);
    memset(chain.bytes, 0xc4, sizeof chain.bytes);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(trust_file, .init = setup, .fini = teardown);

/* A head of epoch 0; its hashes are told apart by n. */
static struct trust head_of(uint64_t height, uint8_t n)
{
    struct trust trust;
    trust_init(&trust);
    trust.chain_id = chain;
    trust.height = height;
    trust.time_ms = 1000 * height;
    memset(trust.block_hash.bytes, n, sizeof trust.block_hash.bytes);
    memset(trust.history_root.bytes, n + 1, sizeof trust.history_root.bytes);
    return trust;
}

static void open_it(struct trust_file *file)
{
    struct problem problem = { .status = STATUS_OK };
    cr_assert_eq(trust_file_open(file, path, &chain, &problem), STATUS_OK, "%s", problem.text);
}

static void raise_to(uint64_t height, uint8_t n)
{
    struct trust_file file;
    struct trust seen = head_of(height, n);
    open_it(&file);
    cr_assert_eq(trust_file_raise(&file, &seen, NULL), STATUS_OK);
    trust_file_close(&file);
}

static uint64_t remembered(void)
{
    struct trust_file file;
    open_it(&file);
    uint64_t height = file.trust.height;
    trust_file_close(&file);
    return height;
}

static void write_text(const char *text)
{
    cr_assert_eq(file_write(path, span_text(text), 0600, true, NULL), STATUS_OK);
}

Test(trust_file, remembers_nothing_at_first)
{
    cr_expect_eq(remembered(), 0);
    cr_expect(!file_exists(path));
}

Test(trust_file, keeps_what_it_was_given)
{
    struct trust_file file;
    struct stat info;
    raise_to(7, 1);
    open_it(&file);
    cr_expect_eq(file.trust.height, 7);
    cr_expect_eq(file.trust.time_ms, 7000);
    cr_expect_eq(file.trust.block_hash.bytes[31], 1);
    cr_expect_eq(file.trust.history_root.bytes[0], 2);
    trust_file_close(&file);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
}

Test(trust_file, goes_forward_only)
{
    raise_to(7, 1);
    raise_to(5, 2);
    cr_expect_eq(remembered(), 7);
    raise_to(7, 3);
    struct trust_file file;
    open_it(&file);
    cr_expect_eq(file.trust.block_hash.bytes[0], 1, "an equal height changes nothing");
    trust_file_close(&file);
    raise_to(8, 4);
    cr_expect_eq(remembered(), 8);
}

Test(trust_file, nothing_seen_writes_nothing)
{
    raise_to(0, 1);
    cr_expect(!file_exists(path));
}

Test(trust_file, keeps_the_ends_of_epochs)
{
    struct trust_file file;
    struct trust seen = head_of(9, 1);
    struct digest end = { { 0xee } };
    seen.epoch = 1;
    cr_assert_eq(trust_add_boundary(&seen, 4, &end), STATUS_OK);
    open_it(&file);
    cr_assert_eq(trust_file_raise(&file, &seen, NULL), STATUS_OK);
    trust_file_close(&file);
    open_it(&file);
    cr_assert_eq(file.trust.boundary_count, 1);
    cr_expect_eq(file.trust.boundaries[0].height, 4);
    cr_expect(digest_equal(&file.trust.boundaries[0].hash, &end));
    trust_file_close(&file);
    trust_free(&seen);
}

Test(trust_file, refuses_another_chains)
{
    struct trust_file file;
    struct problem problem;
    raise_to(7, 1);
    chain.bytes[0] ^= 1;
    cr_expect_eq(trust_file_open(&file, path, &chain, &problem), STATUS_MISMATCH);
    cr_expect(strstr(problem.text, path) != NULL, "%s", problem.text);
}

Test(trust_file, refuses_what_is_damaged)
{
    static const char *const texts[] = { "",    "{", "[]", "{}", "{\"format\": \"witan-trust/2\"}",
                                         "\xff" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct trust_file file;
        struct problem problem = { .status = STATUS_OK };
        write_text(texts[i]);
        cr_expect_neq(trust_file_open(&file, path, &chain, &problem), STATUS_OK, "%s", texts[i]);
        cr_expect(strstr(problem.text, path) != NULL, "%s", problem.text);
    }
}

Test(trust_file, a_cut_file_is_damaged)
{
    struct buffer text;
    struct trust_file file;
    raise_to(7, 1);
    buffer_init(&text, TRUST_BYTES_MAX);
    cr_assert_eq(file_read(path, &text, NULL), STATUS_OK);
    for (size_t size = 0; size < text.size; size++) {
        cr_assert_eq(file_write(path, span_of(text.data, size), 0600, true, NULL), STATUS_OK);
        cr_expect_neq(trust_file_open(&file, path, &chain, NULL), STATUS_OK, "%zu bytes", size);
    }
    buffer_free(&text);
}

Test(trust_file, without_its_directory_it_cannot_be_opened)
{
    struct trust_file file;
    struct problem problem;
    cr_assert_eq(path_join(path, root, "nowhere/trust.json"), STATUS_OK);
    cr_expect_eq(trust_file_open(&file, path, &chain, &problem), STATUS_IO);
    cr_expect(strstr(problem.text, "nowhere") != NULL, "%s", problem.text);
}

/* Between opening and closing nobody else gets at it: ten processes that each raise it by one from
 * what they read end ten higher. */
Test(trust_file, processes_wait_for_each_other)
{
    enum { PROCESSES = 10 };
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        cr_assert_geq(pids[i], 0);
        if (pids[i] != 0) continue;
        struct trust_file file;
        bool done = trust_file_open(&file, path, &chain, NULL) == STATUS_OK;
        struct trust seen = head_of(file.trust.height + 1, 1);
        usleep(2000);
        done = done && trust_file_raise(&file, &seen, NULL) == STATUS_OK;
        _exit(done ? 0 : 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int state = -1;
        cr_assert_eq(waitpid(pids[i], &state, 0), pids[i]);
        cr_expect_eq(state, 0);
    }
    cr_expect_eq(remembered(), PROCESSES);
}

Test(trust_file, its_usual_place)
{
    char place[PATH_BYTES_MAX];
    struct problem problem;
    struct stat info;
    setenv("XDG_STATE_HOME", root, 1);
    cr_assert_eq(trust_file_place(&chain, place, &problem), STATUS_OK, "%s", problem.text);
    cr_expect(strstr(place, "/witan/trust/c4c4") != NULL, "%s", place);
    cr_expect_eq(strlen(place), strlen(root) + strlen("/witan/trust/") + 64 + strlen(".json"));
    path_parent(path, place);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0700);

    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", root, 1);
    cr_assert_eq(trust_file_place(&chain, place, &problem), STATUS_OK);
    cr_expect(strstr(place, "/.local/state/witan/trust/") != NULL, "%s", place);

    unsetenv("HOME");
    cr_expect_eq(trust_file_place(&chain, place, &problem), STATUS_NOT_FOUND);
}
