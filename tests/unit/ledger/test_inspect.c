#include "ledger/inspect.h"
#include "tests/unit/ledger/story.h"
#include <criterion/criterion.h>

static struct story story;
static struct ledger_reader *reader;

static void open_reader(void)
{
    struct problem problem;
    cr_assert_eq(ledger_reader_open(&reader, story.path, NULL, &problem), STATUS_OK, "%s",
                 problem.text);
}

static void open_story(void)
{
    story_open(&story);
    open_reader();
}

static void close_story(void)
{
    ledger_reader_close(reader);
    story_close(&story);
}

TestSuite(inspect, .init = open_story, .fini = close_story);

static const struct table_size *table(const struct ledger_info *info, const char *name)
{
    for (uint32_t i = 0; i < info->table_count; i++)
        if (strcmp(info->tables[i].name, name) == 0) return &info->tables[i];
    return NULL;
}

Test(inspect, sizes_and_counts)
{
    struct ledger_info *info = malloc(sizeof *info);
    cr_assert_eq(ledger_inspect(reader, info), STATUS_OK, "%s", ledger_reader_error(reader));
    cr_assert_eq(info->head.header.height, STORY_HEIGHT);
    cr_assert(digest_equal(&info->chain_id, &story.f.genesis->chain_id));
    cr_assert_eq(info->entries, story.id_count);
    cr_assert_gt(info->file_bytes, 0);
    cr_assert_leq(info->free_bytes, info->file_bytes);
    cr_assert_not_null(table(info, "block"));
    cr_assert_not_null(table(info, "entry_by_id"));
    cr_assert_eq(table(info, "account")->rows, CAST_COUNT + 1);
    cr_assert_eq(table(info, "validator")->rows, 4);
    cr_assert_eq(table(info, "entry")->rows, UINT64_MAX, "large tables are not counted");
    if (info->sized) {
        uint64_t sum = 0;
        for (uint32_t i = 0; i < info->table_count; i++) {
            sum += info->tables[i].bytes;
            if (i > 0) cr_assert_geq(info->tables[i - 1].bytes, info->tables[i].bytes);
        }
        cr_assert_eq(sum + info->free_bytes, info->file_bytes);
    }
    free(info);
}

static void keep_sentence(void *context, const char *sentence)
{
    unsigned *count = context;
    cr_assert_neq(sentence[0], '\0');
    ++*count;
}

Test(inspect, a_sound_file_has_nothing_to_say)
{
    unsigned count = 0;
    cr_assert_eq(ledger_check_file(reader, 10, keep_sentence, &count), STATUS_OK);
    cr_assert_eq(count, 0);
}

Test(inspect, a_damaged_page_is_found)
{
    unsigned count = 0;
    size_t size;
    ledger_reader_close(reader);
    story_rest(&story);
    uint8_t *page = edit_blob(
        story.path, "SELECT CAST(rootpage AS BLOB) FROM sqlite_schema WHERE name = 'leaf'", &size);
    char digits[24] = "";
    memcpy(digits, page, size);
    free(page);
    FILE *file = fopen(story.path, "r+b");
    fseek(file, (atol(digits) - 1) * 4096, SEEK_SET);
    fputs("this was a page of the file", file);
    fclose(file);
    open_reader();
    enum status status = ledger_check_file(reader, 10, keep_sentence, &count);
    cr_assert(status == STATUS_DAMAGED || (status == STATUS_OK && count > 0), "%s, %u",
              status_name(status), count);
}
