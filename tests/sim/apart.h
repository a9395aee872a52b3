/* tests/sim/apart.h -- runs in processes of their own.
 *
 * A run that ends in an assertion, a sanitizer or an endless loop takes its process along. So
 * campaigns and the shrinker run plans in children that report through a pipe: what kills a child
 * is a failure with a seed, like any other.
 */
#ifndef SIM_APART_H
#define SIM_APART_H

#include "marks.h"
#include "sim.h"
#include <sys/types.h>

enum { APART_CPU_SECONDS = 900 }; /* of one run; more is an endless loop */

/* What children say. A message is written at once, so the reader never sees a part for long. */
enum apart_kind { APART_BEGUN, APART_RESULT, APART_MARKS };
struct apart_message {
    enum apart_kind kind;
    uint64_t index; /* of the plan */
    union {
        struct sim_result result;
        struct marks marks;
    };
};

/* A child and our end of its pipe. `work` runs in the child, which ends when it returns. False if
 * there is no process to be had. */
struct apart_child {
    pid_t pid;
    int fd;
    double cpu_seconds; /* once it has ended */
};
bool apart_start(struct apart_child *child, void (*work)(void *user, int fd), void *user);

/* In the child, for each plan: APART_BEGUN, the run, APART_RESULT. marks may be NULL. */
void apart_run(int fd, uint64_t index, const struct plan *plan, struct marks *marks);
void apart_send_marks(int fd, const struct marks *marks);

/* The next message; false when the child has said all. Blocks. */
bool apart_receive(struct apart_child *child, struct apart_message *message);

/* Closes the pipe and waits. False with a sentence if it did not end by itself and well. */
bool apart_end(struct apart_child *child, char problem[256]);

/* One run, apart. A crash is a result that has not passed and that no check has found. */
void apart_once(const struct plan *plan, struct sim_result *result);

#endif
