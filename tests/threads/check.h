/* tests/threads/check.h -- for programs with threads, which Criterion and ThreadSanitizer do not
 * run together: a condition that must hold, or the program ends with file, line and condition. */
#ifndef TESTS_THREADS_CHECK_H
#define TESTS_THREADS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

#endif
