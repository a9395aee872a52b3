/* The manifest of a backup: what is written is read, and nothing else is. */
#include "node/backup.h"

#include "genesis/json.h"
#include <criterion/criterion.h>

static struct backup_manifest sample(void)
{
    struct backup_manifest m = { .software = "witan 1",
                                 .network = "consortium-1",
                                 .chain_id = { { 1 } },
                                 .height = 18204,
                                 .sealed_height = 18203,
                                 .epoch = 2,
                                 .time_ms = 1796115540123,
                                 .block_hash = { { 2 } },
                                 .state_root = { { 3 } },
                                 .file_count = 2 };
    m.files[0] = (struct backup_file){ "ledger.db", 4096, { 4 } };
    m.files[1] = (struct backup_file){ "genesis.json", 77, { 5 } };
    return m;
}

Test(backup, manifest_is_read_as_written)
{
    struct backup_manifest m = sample();
    struct backup_manifest read;
    struct problem problem;
    json_t *json = backup_manifest_json(&m);
    cr_assert_eq(backup_manifest_read(json, &read, &problem), STATUS_OK);
    cr_assert_str_eq(read.network, m.network);
    cr_assert_eq(read.height, m.height);
    cr_assert_eq(read.sealed_height, m.sealed_height);
    cr_assert_eq(read.epoch, m.epoch);
    cr_assert_eq(read.time_ms, m.time_ms);
    cr_assert(digest_equal(&read.chain_id, &m.chain_id));
    cr_assert(digest_equal(&read.block_hash, &m.block_hash));
    cr_assert(digest_equal(&read.state_root, &m.state_root));
    cr_assert_eq(read.file_count, 2);
    cr_assert_str_eq(read.files[1].name, "genesis.json");
    cr_assert_eq(read.files[1].size, 77);
    cr_assert_eq(read.files[0].sha256[0], 4);
    json_decref(json);
}

Test(backup, wrong_manifests_are_refused)
{
    static const char *const members[] = { "format",     "network",    "chain_id", "height",
                                           "block_hash", "state_root", "time",     "files" };
    struct backup_manifest m = sample();
    struct backup_manifest read;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct problem problem = { .status = STATUS_OK };
        json_t *json = backup_manifest_json(&m);
        json_object_del(json, members[i]);
        cr_assert_neq(backup_manifest_read(json, &read, &problem), STATUS_OK, "%s", members[i]);
        json_object_set_new(json, members[i], json_string("../../etc/passwd"));
        problem = (struct problem){ .status = STATUS_OK };
        if (strcmp(members[i], "network") != 0)
            cr_assert_neq(backup_manifest_read(json, &read, &problem), STATUS_OK, "%s", members[i]);
        json_decref(json);
    }
}

/* A name is one of three, never a path. */
Test(backup, foreign_names_are_refused)
{
    static const char *const names[] = { "../ledger.db", "seal_key.json", "safety", "" };
    struct backup_manifest m = sample();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct backup_manifest read;
        struct problem problem = { .status = STATUS_OK };
        snprintf(m.files[1].name, sizeof m.files[1].name, "%s", names[i]);
        json_t *json = backup_manifest_json(&m);
        cr_assert_neq(backup_manifest_read(json, &read, &problem), STATUS_OK, "%s", names[i]);
        json_decref(json);
    }
}
