#include "crypto/blob.h"

#include <criterion/criterion.h>
#include <pthread.h>

Test(blob, holds_its_bytes_until_the_last_reference_goes)
{
    struct blob *blob = blob_copy(span_text("batch"));
    cr_assert_not_null(blob);
    cr_assert_eq(blob_ref(blob), blob);
    blob_unref(blob);
    cr_assert(span_equal(blob_span(blob), span_text("batch")));
    cr_assert_eq(atomic_load(&blob->references), 1);
    blob_unref(blob);
}

Test(blob, may_be_empty)
{
    struct blob *blob = blob_copy(span_of(NULL, 0));
    cr_assert_not_null(blob);
    cr_assert_eq(blob_span(blob).size, 0);
    blob_unref(blob);
}

Test(blob, null_is_allowed)
{
    cr_assert_null(blob_ref(NULL));
    blob_unref(NULL);
}

Test(blob, a_size_that_would_overflow_is_refused)
{
    cr_assert_null(blob_new(SIZE_MAX));
    cr_assert_null(blob_new(SIZE_MAX - 1));
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *share(void *argument)
{
    struct blob *blob = argument;
    for (int i = 0; i < ROUNDS; i++)
        blob_unref(blob_ref(blob));
    return NULL;
}

Test(blob, is_counted_right_by_several_threads)
{
    struct blob *blob = blob_copy(span_text("shared"));
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, share, blob), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(atomic_load(&blob->references), 1);
    blob_unref(blob);
}
