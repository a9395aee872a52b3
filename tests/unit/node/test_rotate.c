/* The steps of a rotation, and every place in which a crash can interrupt them. */
#include "node/rotate.h"

#include "node/key_load.h"
#include "node/safety.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct rotation rotation;
static struct secret_key old_secret, new_secret;
static struct public_key old_key, new_key;
static const struct digest chain = { { 5 } };

static void in_dir(char path[PATH_BYTES_MAX], const char *name)
{
    cr_assert_eq(path_join(path, dir, name), STATUS_OK);
}

static void make_key(const char *path, const struct secret_key *secret)
{
    struct problem problem;
    struct id id = { { 1 } };
    char *text = key_file_format(KEY_SEAL, "a", &id, secret, (struct span){ NULL, 0 }, &problem);
    cr_assert_eq(file_write(path, span_text(text), 0600, false, &problem), STATUS_OK);
    free(text);
}

static void setup(void)
{
    char key[PATH_BYTES_MAX];
    struct problem problem;
    crypto_start(NULL);
    snprintf(dir, sizeof dir, "/tmp/witan-rotate-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    in_dir(key, "seal_key.json");
    cr_assert_eq(rotation_paths(&rotation, key, dir), STATUS_OK);
    key_generate(&old_secret, &old_key);
    key_generate(&new_secret, &new_key);
    make_key(rotation.key, &old_secret);
    cr_assert_eq(safety_create(rotation.safety, &old_key, &chain, &problem), STATUS_OK);
}

static void teardown(void)
{
    (void)unlink(rotation.key);
    (void)unlink(rotation.key_next);
    (void)unlink(rotation.key_old);
    (void)unlink(rotation.safety);
    (void)unlink(rotation.safety_next);
    (void)rmdir(dir);
}

static enum status begin(void)
{
    struct id id = { { 1 } };
    struct problem problem;
    return rotation_begin(&rotation, KEY_SEAL, "a", &id, &new_secret, (struct span){ NULL, 0 },
                          &chain, &problem);
}

static bool key_is(const char *path, const struct public_key *key)
{
    struct key_file file;
    struct problem problem;
    return key_load_public(path, &file, &problem) == STATUS_OK && key_equal(&file.public_key, key);
}

static bool safety_is(const struct public_key *key)
{
    struct safety *safety;
    struct safety_state state;
    struct problem problem;
    if (safety_open(&safety, rotation.safety, key, &chain, &state, NULL, &problem) != STATUS_OK)
        return false;
    safety_close(safety);
    return true;
}

static void is_over(void)
{
    cr_assert(key_is(rotation.key, &new_key));
    cr_assert(safety_is(&new_key));
    cr_assert_not(file_exists(rotation.key_next));
    cr_assert_not(file_exists(rotation.key_old));
    cr_assert_not(file_exists(rotation.safety_next));
}

Test(rotate, names, .init = setup, .fini = teardown)
{
    struct rotation r;
    cr_assert_eq(rotation_paths(&r, "/a/k.json", "/d"), STATUS_OK);
    cr_assert_str_eq(r.key_next, "/a/k.next.json");
    cr_assert_str_eq(r.key_old, "/a/k.old.json");
    cr_assert_str_eq(r.safety_next, "/d/safety.next");
    cr_assert_eq(rotation_paths(&r, "/a/key", NULL), STATUS_OK);
    cr_assert_str_eq(r.key_next, "/a/key.next");
    cr_assert_str_eq(r.safety, "");
}

Test(rotate, begins_once_and_finishes, .init = setup, .fini = teardown)
{
    struct stat info;
    struct problem problem;
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert(rotation_under_way(&rotation));
    cr_assert_eq(stat(rotation.key_next, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(begin(), STATUS_EXISTS);
    cr_assert_eq(rotation_resume(&rotation, &problem), STATUS_OK);
    cr_assert(key_is(rotation.key, &old_key), "nothing was interrupted");
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_OK);
    is_over();
}

Test(rotate, abandoned_before_it_is_in_force_only, .init = setup, .fini = teardown)
{
    struct problem problem;
    cr_assert_eq(rotation_abandon(&rotation, &problem), STATUS_OK);
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(rotation_abandon(&rotation, &problem), STATUS_OK);
    cr_assert_not(file_exists(rotation.key_next));
    cr_assert_not(file_exists(rotation.safety_next));
    cr_assert(key_is(rotation.key, &old_key));
    cr_assert(safety_is(&old_key));
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(rename(rotation.safety_next, rotation.safety), 0);
    cr_assert_eq(rotation_abandon(&rotation, &problem), STATUS_CONFLICT);
}

/* The crash comes after step i; the next start finishes. */
Test(rotate, every_crash_is_finished, .init = setup, .fini = teardown)
{
    for (int step = 1; step <= 4; step++) {
        struct problem problem;
        cr_assert_eq(begin(), STATUS_OK);
        cr_assert_eq(rename(rotation.safety_next, rotation.safety), 0);
        if (step >= 2) cr_assert_eq(link(rotation.key, rotation.key_old), 0);
        if (step >= 3) cr_assert_eq(rename(rotation.key_next, rotation.key), 0);
        if (step >= 4) cr_assert_eq(truncate(rotation.key_old, 0), 0);
        cr_assert_eq(rotation_resume(&rotation, &problem), STATUS_OK, "step %d", step);
        is_over();
        cr_assert_eq(rotation_resume(&rotation, &problem), STATUS_OK);
        is_over();
        teardown();
        setup();
    }
}

/* A safety file without its key is what a crash between the two leaves: it is made anew. */
Test(rotate, half_a_beginning_is_none, .init = setup, .fini = teardown)
{
    struct problem problem;
    cr_assert_eq(safety_create(rotation.safety_next, &old_key, &chain, &problem), STATUS_OK);
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_OK);
    is_over();
}

/* Without its safety file nobody knows what a key has promised: it does not come into force. */
Test(rotate, not_without_a_safety_file, .init = setup, .fini = teardown)
{
    struct problem problem;
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(unlink(rotation.safety_next), 0);
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_NOT_FOUND);
    cr_assert(key_is(rotation.key, &old_key));
    cr_assert(safety_is(&old_key));
}

Test(rotate, a_lost_key_and_safety_file_are_not_needed, .init = setup, .fini = teardown)
{
    struct problem problem;
    cr_assert_eq(unlink(rotation.key), 0);
    cr_assert_eq(unlink(rotation.safety), 0);
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_OK);
    is_over();
}

/* The old inode's bytes, through a descriptor that was open before. */
Test(rotate, the_old_secret_is_overwritten, .init = setup, .fini = teardown)
{
    struct problem problem;
    FILE *old = fopen(rotation.key, "r");
    cr_assert_eq(begin(), STATUS_OK);
    cr_assert_eq(rotation_finish(&rotation, &problem), STATUS_OK);
    int c;
    size_t size = 0;
    for (; (c = fgetc(old)) != EOF; size++)
        cr_assert_eq(c, 0);
    cr_assert_gt(size, 64);
    fclose(old);
}

/* A second name that a crash and a change of mind left must not cost the key in use. */
Test(rotate, a_second_name_is_not_wiped, .init = setup, .fini = teardown)
{
    struct problem problem;
    cr_assert_eq(link(rotation.key, rotation.key_old), 0);
    cr_assert_eq(rotation_resume(&rotation, &problem), STATUS_OK);
    cr_assert_not(file_exists(rotation.key_old));
    cr_assert(key_is(rotation.key, &old_key));
}
