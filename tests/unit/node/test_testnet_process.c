#include "node/testnet.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], home[PATH_BYTES_MAX];
static struct testnet net;
static struct problem problem;

static void open_all(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    snprintf(dir, sizeof dir, "/tmp/witan-process-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    struct testnet_options options = {
        .dir = dir, .network = "unit", .validators = 1, .engine = ENGINE_HOTSTUFF
    };
    cr_assert_eq(testnet_create(&net, &options, &problem), STATUS_OK, "%s", problem.text);
    testnet_home(&net, 0, home);
}

static void close_all(void)
{
    struct problem ignored;
    (void)testnet_stop(&net, 2000, true, &ignored);
    (void)testnet_remove(&net, &ignored);
}

TestSuite(testnet_process, .init = open_all, .fini = close_all, .timeout = 60);

/* A process that has nothing to do with any of this. */
static pid_t stranger(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sleep", "sleep", "1000", (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* `sh` runs a script named "start": its command line is "sh start --home HOME". */
static pid_t pretend(const char *of_home)
{
    char script[PATH_BYTES_MAX];
    snprintf(script, sizeof script, "%s/start", dir);
    cr_assert_eq(
        file_write(script, span_text("while :; do sleep 0.05; done\n"), 0644, true, &problem),
        STATUS_OK);
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(dir) != 0) _exit(126);
        execl("/bin/sh", "sh", "start", "--home", of_home, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static enum testnet_state await_state(enum testnet_state wanted)
{
    enum testnet_state state = testnet_state(&net, 0);
    for (unsigned i = 0; i < 2000 && state != wanted; i++) {
        usleep(2000);
        state = testnet_state(&net, 0);
    }
    return state;
}

Test(testnet_process, nothing_runs_at_first)
{
    cr_assert_eq(testnet_state(&net, 0), TESTNET_DOWN);
    cr_assert_eq(testnet_signal(&net, 0, SIGTERM, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(testnet_await_end(&net, 0, 0, &problem), STATUS_OK);
    cr_assert_eq(testnet_stop(&net, 0, false, &problem), STATUS_OK);
}

Test(testnet_process, its_own_process_is_known_by_the_command_line)
{
    net.nodes[0].pid = pretend(home);
    cr_assert_eq(await_state(TESTNET_UP), TESTNET_UP);
    cr_assert_eq(testnet_spawn(&net, 0, &problem), STATUS_BUSY);
    cr_assert_eq(testnet_await_end(&net, 0, 20, &problem), STATUS_TIMEOUT);
    cr_assert_eq(testnet_signal(&net, 0, SIGSTOP, &problem), STATUS_OK);
    cr_assert_eq(await_state(TESTNET_PAUSED), TESTNET_PAUSED);
    cr_assert_eq(testnet_stop(&net, 5000, false, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(testnet_state(&net, 0), TESTNET_DOWN);
    cr_assert_eq(net.nodes[0].pid, 0);
}

/* The id of a process that ended may belong to a stranger by now. */
Test(testnet_process, a_stranger_is_never_signalled)
{
    pid_t strangers[] = { stranger(), pretend("/another/home"), getpid() };
    for (size_t i = 0; i < 3; i++) {
        usleep(50000); /* until exec has set the command line */
        net.nodes[0].pid = strangers[i];
        cr_assert_eq(testnet_state(&net, 0), TESTNET_DOWN, "stranger %zu", i);
        cr_assert_eq(testnet_signal(&net, 0, SIGKILL, &problem), STATUS_NOT_FOUND);
        cr_assert_eq(testnet_stop(&net, 0, true, &problem), STATUS_OK);
        cr_assert_eq(kill(strangers[i], 0), 0, "stranger %zu lives", i);
    }
    for (size_t i = 0; i < 2; i++) {
        kill(strangers[i], SIGKILL);
        waitpid(strangers[i], NULL, 0);
    }
}

Test(testnet_process, a_killed_child_is_seen_to_have_ended)
{
    net.nodes[0].pid = pretend(home);
    cr_assert_eq(await_state(TESTNET_UP), TESTNET_UP);
    cr_assert_eq(testnet_signal(&net, 0, SIGKILL, &problem), STATUS_OK);
    cr_assert_eq(testnet_await_end(&net, 0, 5000, &problem), STATUS_OK);
}

/* The program that runs these tests is no witan: it ends at once, and the message says where to
 * look. */
Test(testnet_process, an_end_is_noticed_while_waiting_for_an_answer)
{
    cr_assert_eq(testnet_spawn(&net, 0, &problem), STATUS_OK, "%s", problem.text);
    cr_assert(net.nodes[0].pid > 0);
    enum status status = testnet_await_answer(&net, 0, "/livez", 20000, &problem);
    cr_assert_eq(status, STATUS_CLOSED, "%s", problem.text);
    cr_assert_neq(strstr(problem.text, "/1/log"), NULL);
    struct testnet read;
    cr_assert_eq(testnet_load(&read, dir, &problem), STATUS_OK);
    cr_assert_eq(read.nodes[0].pid, net.nodes[0].pid);
}

Test(testnet_process, nobody_answers)
{
    struct testnet_heads heads;
    testnet_heads(&net, &heads);
    cr_assert_eq(heads.answering, 0);
    cr_assert_not(heads.equal);
    cr_assert_not(heads.level);
    cr_assert_eq(testnet_await_level(&net, 50, &heads, &problem), STATUS_TIMEOUT);
}
