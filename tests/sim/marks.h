/* tests/sim/marks.h -- coverage marks: has this ever happened in a campaign?
 *
 * The product says in notes, refusals and reasons to stop what it has come to. Each kind of
 * sentence that is expected stands in marks.def under a name; a campaign counts them and lists
 * those that no seed has reached, which is where the simulator is blind. Nothing is added to the
 * product for it.
 *
 * Of an engine that has not run nothing is expected.
 *
 * Sentences are compared without their numbers: runs of digits, and long hexadecimal words, become
 * '#'. What no pattern fits is kept, one example each, so that the table can be completed.
 */
#ifndef SIM_MARKS_H
#define SIM_MARKS_H

#include "node/replica.h"
#include <stdio.h>

enum { MARKS_MAX = 128, MARKS_OTHERS_MAX = 32, MARK_TEXT_BYTES = 120 };

/* Without pointers: a worker process sends it through a pipe as it is. */
struct marks {
    uint64_t counts[MARKS_MAX]; /* by place in the table */
    uint32_t others_count;
    struct {
        uint64_t count;
        char text[MARK_TEXT_BYTES]; /* normalised */
    } others[MARKS_OTHERS_MAX];
    uint64_t beyond; /* others that found no room */
};

void marks_clear(struct marks *marks);

/* Counts what an output of a replica says: NOTE, PEER_BROKE, STOP, ANSWER, LEFT; others are none of
 * its business. To be called with every output. */
void marks_output(struct marks *marks, const struct output *output);

/* The same for a text that is already at hand; kind is "note", "broke", "stop" or "refused". */
void marks_text(struct marks *marks, const char *kind, const char *text);

/* Adds what another process has seen. */
void marks_merge(struct marks *marks, const struct marks *more);

size_t marks_known(void); /* rows of the table */
const char *marks_name(size_t mark);
size_t marks_reached(const struct marks *marks);

/* "marks: 30 of 41 reached" (of those that the engines that ran can reach) and how often, those
 * that were not, and what no pattern fits. */
void marks_print(const struct marks *marks, FILE *file);

/* Numbers out of a text; for tests. */
void marks_normalise(const char *text, char normal[MARK_TEXT_BYTES]);

#endif
