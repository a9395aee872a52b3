#include "node/cli/progress.h"

#include <unistd.h>

enum { FIRST_MS = 500, TERMINAL_MS = 200, LINE_MS = 10000 };

const char *cli_grouped(uint64_t number, char text[32])
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *at = text;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) *at++ = ',';
        *at++ = digits[i];
    }
    *at = 0;
    return text;
}

static uint64_t elapsed_ms(const struct cli_progress *progress)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)(now.tv_sec - progress->start.tv_sec) * 1000 +
                 (now.tv_nsec - progress->start.tv_nsec) / 1000000;
    return ms > 0 ? (uint64_t)ms : 0;
}

void cli_progress_start(struct cli_progress *progress, const struct cli_call *call,
                        const char *verb, const char *unit)
{
    *progress = (struct cli_progress){ .verb = verb, .unit = unit };
    progress->quiet = cli_switch(call, "quiet");
    progress->terminal = isatty(STDERR_FILENO) == 1;
    clock_gettime(CLOCK_MONOTONIC, &progress->start);
}

static bool is_due(const struct cli_progress *progress, uint64_t now_ms, unsigned percent)
{
    if (progress->quiet || now_ms < FIRST_MS) return false;
    if (progress->terminal) return now_ms - progress->last_ms >= TERMINAL_MS;
    return now_ms - progress->last_ms >= LINE_MS || percent >= progress->last_percent + 10;
}

void cli_progress_show(struct cli_progress *progress, uint64_t done, uint64_t total)
{
    uint64_t now_ms = elapsed_ms(progress);
    unsigned percent = total > 0 ? (unsigned)(100 * min_u64(done, total) / total) : 0;
    if (!is_due(progress, now_ms, percent)) return;
    char done_text[32];
    char total_text[32];
    char rate_text[32];
    uint64_t rate = done * 1000 / now_ms;
    uint64_t left = total > done && rate > 0 ? (total - done) / rate : 0;
    fprintf(stderr, "%s%s %s of %s %s  %u %%  %s/s  ETA %llu s%s",
            progress->terminal ? "\r\033[K" : "", progress->verb, cli_grouped(done, done_text),
            cli_grouped(total, total_text), progress->unit, percent, cli_grouped(rate, rate_text),
            (unsigned long long)left, progress->terminal ? "" : "\n");
    fflush(stderr);
    progress->shown = true;
    progress->last_ms = now_ms;
    progress->last_percent = percent - percent % 10;
}

void cli_progress_end(struct cli_progress *progress)
{
    if (progress->shown && progress->terminal) fputs("\r\033[K", stderr);
    progress->shown = false;
}
