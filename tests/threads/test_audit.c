/* An audit with threads that verify ahead of it, while the ledger goes on being written. */
#include "ledger/audit.h"
#include "tests/unit/ledger/story.h"
#include <pthread.h>

static struct story story;

static void *write_blocks(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 40; i++) {
        fixture_tx(&story.f, ALICE);
        add_transfer(&story.f, ALICE, BOB, 1);
        story_add(&story, SIGNED_ALICE);
        story.id_count--;
        story_block(&story, 7);
    }
    return NULL;
}

int main(void)
{
    pthread_t writer;
    struct problem problem;
    story_open(&story);
    int code = pthread_create(&writer, NULL, write_blocks, NULL);
    ASSERT(code == 0);
    for (unsigned i = 0; i < 4; i++) {
        struct audit_options options = { .threads = 4 };
        struct audit_report *report = NULL;
        enum status status = audit_verify(&report, story.f.genesis, story.path, &options, &problem);
        if (status != STATUS_OK) (void)fprintf(stderr, "%s\n", problem.text);
        ASSERT(status == STATUS_OK);
        ASSERT(report->complete);
        ASSERT(report->error_count == 0);
        ASSERT(report->last >= STORY_HEIGHT);
        audit_report_free(report);
    }
    code = pthread_join(writer, NULL);
    ASSERT(code == 0);
    story_close(&story);
    return 0;
}
