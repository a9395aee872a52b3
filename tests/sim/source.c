#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct source_item *item_at(const struct source *source, uint64_t index)
{
    return source->items ? &source->items[index] : NULL;
}

static uint64_t turned(const struct source *source, uint64_t index)
{
    return source->reverse_of ? source->reverse_of - 1 - index : index;
}

/* ---- plans ---- */

void source_plan(void *user, uint64_t index, struct plan *plan)
{
    const struct source *source = user;
    const struct source_item *item = item_at(source, turned(source, index));
    uint64_t seed = item ? item->seed : source->from + turned(source, index);
    uint16_t nodes = item ? item->nodes : source->nodes;
    if (item && item->plan)
        *plan = *item->plan;
    else if (source->mode == SOURCE_FAR_BEHIND)
        plan_far_behind(plan, seed, nodes);
    else if (source->mode == SOURCE_BEYOND)
        plan_beyond(plan, seed);
    else if (source->mode == SOURCE_RAFT)
        plan_draw_raft(plan, seed, nodes);
    else
        plan_draw(plan, seed, nodes);
}

static void print_command(const struct source *source, const struct source_item *item,
                          const struct plan *plan, const char *flag)
{
    static const char *const modes[] = { "", " --far-behind", " --beyond", " --engine raft" };
    if (item && item->plan)
        printf("    ./dev sim --plan %s %s\n", item->path, flag);
    else
        printf("    ./dev sim --from %" PRIu64 " --seeds 1 --nodes %u%s %s\n", plan->seed,
               item ? item->nodes : source->nodes, modes[source->mode], flag);
}

void source_failed(void *user, uint64_t index, const struct plan *plan,
                   const struct sim_result *result)
{
    const struct source *source = user;
    const struct source_item *item = item_at(source, turned(source, index));
    const char *check = "crash";
    if (result->check != CHECK_NONE) check = check_names[result->check];
    if (result->passed) check = "no violation";
    if (item && item->plan) printf("plan %s, ", item->path);
    printf("seed %" PRIu64 " (%u members, ", plan->seed, plan->nodes);
    if (plan_is_raft(plan))
        printf("raft %u/%u/%u, lease %u", plan->heartbeat_ms, plan->election_ms_min,
               plan->election_ms_max, plan->lease_ms);
    else
        printf("%u phases", plan->phases);
    printf(", %" PRIu32 " faults", plan->faults_count);
    if (plan->liars) printf(", liars 0x%" PRIx64, plan->liars);
    if (plan->twins) printf(", twins 0x%" PRIx64, plan->twins);
    if (plan->frail) printf(", frail 0x%" PRIx64, plan->frail);
    printf(") failed at %" PRIu64 " ms: %s: %s\n", result->virtual_ms, check, result->problem);
    if (item && item->what[0]) printf("    once broke: %s\n", item->what);
    print_command(source, item, plan, "--trace");
    print_command(source, item, plan, "--shrink");
}

/* ---- files ---- */

void source_free(struct source *source)
{
    for (uint64_t i = 0; i < source->items_count; i++)
        free(source->items[i].plan);
    free(source->items);
    source->items = NULL;
    source->items_count = 0;
}

static bool complain(const char *path, const char *text)
{
    fprintf(stderr, "witan_sim: %s: %s\n", path, text);
    return false;
}

/* The next item, cleared; NULL if there is no room. */
static struct source_item *item_add(struct source *source)
{
    if (!source->items) source->items = calloc(SOURCE_ITEMS_MAX, sizeof *source->items);
    if (!source->items || source->items_count == SOURCE_ITEMS_MAX) return NULL;
    return &source->items[source->items_count++];
}

static bool item_read_plan(struct source_item *item, const char *path)
{
    char problem[200];
    FILE *file = fopen(path, "r");
    if (!file) return complain(path, strerror(errno));
    item->plan = calloc(1, sizeof *item->plan);
    bool good = item->plan && plan_read(item->plan, file, problem);
    fclose(file);
    if (!good) return complain(path, item->plan ? problem : "out of memory");
    item->seed = item->plan->seed;
    item->nodes = item->plan->nodes;
    snprintf(item->path, sizeof item->path, "%s", path);
    return true;
}

bool source_read_plan(struct source *source, const char *path)
{
    struct source_item *item = item_add(source);
    if (!item) return complain(path, "out of memory");
    return item_read_plan(item, path);
}

static bool line_read_plan(struct source_item *item, const char *list, const char *name)
{
    char path[SOURCE_PATH_MAX];
    const char *slash = strrchr(list, '/');
    int folder = slash && name[0] != '/' ? (int)(slash + 1 - list) : 0;
    int length = snprintf(path, sizeof path, "%.*s%s", folder, list, name);
    if (length >= (int)sizeof path) return complain(list, "a path is too long");
    return item_read_plan(item, path);
}

/* True also for a line that says nothing. */
static bool line_read(struct source *source, const char *list, const char *line)
{
    char first[16], second[256];
    int behind = 0;
    if (line[strspn(line, " \t\r\n")] == 0 || line[0] == '#') return true;
    if (sscanf(line, "%15s %255s %n", first, second, &behind) != 2) return false;
    struct source_item *item = item_add(source);
    if (!item) return false;
    snprintf(item->what, sizeof item->what, "%.*s", (int)strcspn(line + behind, "\r\n"),
             line + behind);
    if (strcmp(first, "plan") == 0) return line_read_plan(item, list, second);
    char *end_of_nodes, *end_of_seed;
    errno = 0;
    unsigned long nodes = strtoul(first, &end_of_nodes, 10);
    item->seed = strtoull(second, &end_of_seed, 10);
    item->nodes = (uint16_t)nodes;
    return errno == 0 && *end_of_nodes == 0 && *end_of_seed == 0 && nodes <= MEMBERS_MAX;
}

bool source_read_list(struct source *source, const char *path)
{
    char line[1024], problem[80];
    unsigned number = 0;
    FILE *file = fopen(path, "r");
    if (!file) return complain(path, strerror(errno));
    bool good = true;
    while (good && fgets(line, sizeof line, file)) {
        number++;
        good = line_read(source, path, line);
    }
    bool broken = ferror(file) != 0;
    fclose(file);
    if (broken) return complain(path, "cannot be read");
    if (good && source->items_count == 0) return complain(path, "names no seed and no plan");
    snprintf(problem, sizeof problem, "line %u is no run: NODES SEED what, or plan PATH what",
             number);
    return good || complain(path, problem);
}
