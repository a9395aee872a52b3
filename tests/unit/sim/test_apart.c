/* Processes of their own: what they say arrives, and however they end, it is told. */
#include "tests/sim/apart.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static struct apart_message message;

static void says_two(void *user, int fd)
{
    struct marks marks;
    marks_clear(&marks);
    marks.counts[3] = *(const uint64_t *)user;
    apart_send_marks(fd, &marks);
    marks.counts[3]++;
    apart_send_marks(fd, &marks);
}

static void exits(void *user, int fd)
{
    (void)fd;
    _exit(*(const int *)user);
}

static void aborts(void *user, int fd)
{
    uint64_t five = 5;
    (void)user;
    says_two(&five, fd);
    abort();
}

Test(apart, messages_arrive_in_order)
{
    struct apart_child child;
    uint64_t value = 7;
    char problem[256];
    cr_assert(apart_start(&child, says_two, &value));
    cr_assert(apart_receive(&child, &message));
    cr_assert_eq(message.kind, APART_MARKS);
    cr_assert_eq(message.marks.counts[3], 7);
    cr_assert(apart_receive(&child, &message));
    cr_assert_eq(message.marks.counts[3], 8);
    cr_assert(!apart_receive(&child, &message));
    cr_assert(apart_end(&child, problem));
    cr_assert(child.cpu_seconds >= 0 && child.cpu_seconds < 60);
}

Test(apart, an_exit_code_is_told)
{
    struct apart_child child;
    int code = 3;
    char problem[256];
    cr_assert(apart_start(&child, exits, &code));
    cr_assert(!apart_receive(&child, &message));
    cr_assert(!apart_end(&child, problem));
    cr_assert(strstr(problem, "exit code 3") != NULL, "%s", problem);
}

Test(apart, a_signal_is_told_and_what_was_said_before_is_there)
{
    struct apart_child child;
    char problem[256];
    cr_assert(apart_start(&child, aborts, NULL));
    cr_assert(apart_receive(&child, &message));
    cr_assert(apart_receive(&child, &message));
    cr_assert_eq(message.marks.counts[3], 6);
    cr_assert(!apart_receive(&child, &message));
    cr_assert(!apart_end(&child, problem));
    cr_assert(strstr(problem, "signal 6") != NULL || strstr(problem, "exit code") != NULL, "%s",
              problem);
}
