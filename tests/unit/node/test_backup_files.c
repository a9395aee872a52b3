#include "node/backup_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64], one[PATH_BYTES_MAX], two[PATH_BYTES_MAX];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/witan-backup-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    cr_assert_eq(path_join(one, dir, "one"), STATUS_OK);
    cr_assert_eq(path_join(two, dir, "two"), STATUS_OK);
}

static void teardown(void)
{
    remove_database(one);
    remove_database(two);
    (void)rmdir(dir);
}

/* FIPS 180-2: "abc". */
Test(backup_files, sum_is_sha256, .init = setup, .fini = teardown)
{
    uint64_t size;
    uint8_t sum[32];
    char hex[65];
    struct problem problem;
    cr_assert_eq(file_sum(one, &size, sum, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(file_write(one, span_text("abc"), 0600, false, &problem), STATUS_OK);
    cr_assert_eq(file_sum(one, &size, sum, &problem), STATUS_OK);
    hex_encode(span_of(sum, 32), hex);
    cr_assert_eq(size, 3);
    cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(backup_files, a_copy_has_the_same_bytes, .init = setup, .fini = teardown)
{
    enum { SIZE = 700000 };
    uint8_t *bytes = malloc(SIZE);
    uint8_t sums[2][32];
    uint64_t size;
    struct problem problem;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    cr_assert_eq(file_copy(one, two, 0600, &problem), STATUS_NOT_FOUND);
    cr_assert_not(file_exists(two));
    cr_assert_eq(file_write(one, span_of(bytes, SIZE), 0600, false, &problem), STATUS_OK);
    cr_assert_eq(file_copy(one, two, 0600, &problem), STATUS_OK);
    cr_assert_eq(file_copy(one, two, 0600, &problem), STATUS_EXISTS);
    cr_assert_eq(file_sum(one, &size, sums[0], &problem), STATUS_OK);
    cr_assert_eq(file_sum(two, &size, sums[1], &problem), STATUS_OK);
    cr_assert_eq(size, SIZE);
    cr_assert_arr_eq(sums[0], sums[1], 32);
    free(bytes);
}
