/* Genesis and disks as `init` leaves them, made once and copied for every node; the beginning and
 * the end of a run. */
#include "sim_internal.h"

#include "ledger/schema.h"
#include <sqlite3.h>

#include "keys.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- what is the same in every run with these numbers ---- */

enum { IMAGES_MAX = DISKS_MAX - REPLICAS_MAX, CACHE_ENTRIES = 65536 };

struct image {
    uint16_t nodes, engine, phases, heartbeat_ms, election_ms_min, election_ms_max, lease_ms;
    bool real_keys; /* signatures in the genesis differ */
    struct genesis *genesis;
    struct secret_key seal_keys[MEMBERS_MAX];
    struct disk *disk;
};

static struct image images[IMAGES_MAX];
static unsigned images_count;
static unsigned images_made; /* ever: when there is no room the oldest one goes */
static struct verify_cache *cache;

/* The views are for auditors, who open the file with tools of their own: no line of the node reads
 * one. But they are two thirds of what SQLite parses whenever a node opens its ledger again. */
static void drop_views(const char *path)
{
    sqlite3 *db;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "sim");
    ASSERT(code == SQLITE_OK);
    for (const struct schema_object *view = schema_views; view->name; view++) {
        char text[64];
        snprintf(text, sizeof text, "DROP VIEW %s", view->name);
        code = sqlite3_exec(db, text, NULL, NULL, NULL);
        ASSERT(code == SQLITE_OK);
    }
    code = sqlite3_close(db);
    ASSERT(code == SQLITE_OK);
}

/* A data directory with a ledger at height 0. Copies of it lie on other disks. */
static void image_disk(struct image *image, unsigned number)
{
    char path[48];
    snprintf(path, sizeof path, "/sim/%u/ledger.db", number);
    image->disk = disk_new(number);
    struct problem problem = { .status = STATUS_OK };
    struct ledger_options options = { .cache_bytes = 1024 * 1024, .vfs = "sim" };
    struct ledger *ledger;
    enum status status = ledger_open(&ledger, image->genesis, path, &options, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    ASSERT(status == STATUS_OK);
    ledger_close(ledger);
    drop_views(path);
}

static bool image_serves(const struct image *image, const struct plan *plan)
{
    bool engine = image->engine == plan->engine && image->phases == plan->phases &&
                  image->heartbeat_ms == plan->heartbeat_ms &&
                  image->election_ms_min == plan->election_ms_min &&
                  image->election_ms_max == plan->election_ms_max &&
                  image->lease_ms == plan->lease_ms;
    return engine && image->nodes == plan->nodes && image->real_keys == plan->real_keys;
}

static void image_free(struct image *image)
{
    genesis_free(image->genesis);
    disk_free(image->disk);
}

static const struct image *image_of(const struct plan *plan)
{
    for (unsigned i = 0; i < images_count; i++)
        if (image_serves(&images[i], plan)) return &images[i];
    unsigned place = images_made++ % IMAGES_MAX;
    struct image *image = &images[place];
    if (place < images_count)
        image_free(image);
    else
        images_count++;
    *image = (struct image){ .nodes = plan->nodes,
                             .engine = plan->engine,
                             .phases = plan->phases,
                             .heartbeat_ms = plan->heartbeat_ms,
                             .election_ms_min = plan->election_ms_min,
                             .election_ms_max = plan->election_ms_max,
                             .lease_ms = plan->lease_ms,
                             .real_keys = plan->real_keys };
    image->genesis = workload_genesis_of(plan, image->seal_keys);
    ASSERT(image->genesis != NULL);
    image_disk(image, REPLICAS_MAX + place);
    return image;
}

void sim_end(void)
{
    for (unsigned i = 0; i < images_count; i++)
        image_free(&images[i]);
    images_count = images_made = 0;
    verify_cache_free(cache);
    cache = NULL;
}

/* ---- a run ---- */

static void on_violation(void *user, enum check_name name, const char *text)
{
    sim_fail(user, name, "%s", text);
}

static void node_paths(struct sim_node *node)
{
    snprintf(node->journal_dir, sizeof node->journal_dir, "/sim/%u/journal", node->number);
    snprintf(node->safety_path, sizeof node->safety_path, "/sim/%u/safety", node->number);
    snprintf(node->ledger_path, sizeof node->ledger_path, "/sim/%u/ledger.db", node->number);
}

/* What `init` does besides the ledger. */
static void node_disk(struct sim *sim, struct sim_node *node, const struct image *image)
{
    node->disk = disk_clone(image->disk, node->number);
    struct problem problem = { .status = STATUS_OK };
    struct public_key key;
    key_public(&sim->seal_keys[node->member], &key);
    enum status status = safety_create(node->safety_path, &key, &sim->genesis->chain_id, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    ASSERT(status == STATUS_OK);
}

static void node_liar(struct sim *sim, struct sim_node *node)
{
    struct liar_config config = { .plan = sim->plan,
                                  .genesis = sim->genesis,
                                  .seal_key = &sim->seal_keys[node->member],
                                  .replica = node->number,
                                  .member = node->member,
                                  .seed = sim->plan->seed,
                                  .send = net_send,
                                  .user = sim };
    node->liar = liar_new(&config);
    ASSERT(node->liar != NULL);
    struct sim_event event = { .type = SIM_LIAR, .node = node->number };
    queue_push(sim, LIAR_MS, &event);
}

static void node_new(struct sim *sim, uint16_t n, uint16_t member, const struct image *image)
{
    const struct plan *plan = sim->plan;
    struct sim_node *node = &sim->nodes[n];
    node->number = n;
    node->member = member;
    node->liar_member = plan->liars >> member & 1;
    node->twin = plan->twins >> member & 1;
    node->honest = !node->liar_member && !node->twin;
    node->frail = plan->frail >> member & 1;
    sim->of_member[member][sim->of_member_count[member]++] = n;
    uint64_t skew = stream_between(&sim->clock, 0, 2 * (uint64_t)plan->skew_ms_max);
    node->skew_ms = node->first_skew_ms = (int64_t)skew - (int64_t)plan->skew_ms_max;
    node_paths(node);
    node_disk(sim, node, image);
    if (node->liar_member) node_liar(sim, node);
}

static void streams_begin(struct sim *sim)
{
    uint64_t seed = sim->plan->seed;
    sim->net = stream_of(seed, STREAM_NET);
    sim->disk = stream_of(seed, STREAM_DISK);
    sim->threads = stream_of(seed, STREAM_THREADS);
    sim->life = stream_of(seed, STREAM_LIFE);
    sim->load = stream_of(seed, STREAM_CLIENTS);
    sim->clock = stream_of(seed, STREAM_CLOCK);
    sim->reading = stream_of(seed, STREAM_READ);
}

static void nodes_begin(struct sim *sim, const struct image *image)
{
    uint16_t twin = sim->plan->nodes;
    for (uint16_t member = 0; member < sim->plan->nodes; member++)
        node_new(sim, member, member, image);
    for (uint16_t member = 0; member < sim->plan->nodes; member++)
        if (sim->plan->twins >> member & 1) node_new(sim, twin++, member, image);
    for (uint16_t n = 0; n < sim->replicas && !sim->failed; n++)
        life_open(sim, n);
}

static void faults_begin(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan->faults_count; i++) {
        struct sim_event event = { .type = SIM_FAULT_BEGIN, .number = i };
        queue_push(sim, sim->plan->faults[i].at_ms, &event);
    }
    struct sim_event ping = { .type = SIM_PING };
    queue_push(sim, PING_MS, &ping);
}

void setup_begin(struct sim *sim)
{
    const struct plan *plan = sim->plan;
    memory_configure();
    disk_register_vfs();
    keys_use_mac(!plan->real_keys);
    const struct image *image = image_of(plan);
    if (!cache) cache = verify_cache_new(CACHE_ENTRIES);
    ASSERT(cache != NULL);
    sim->cache = plan->real_keys ? cache : NULL;
    sim->genesis = image->genesis;
    sim->seal_keys = image->seal_keys;
    sim->replicas = plan_replicas(plan);
    streams_begin(sim);
    sim->trace = trace_new(plan, sim->view->text, sim->view->mermaid, sim->view->last);
    sim->checker = checker_new(plan, sim->genesis, on_violation, sim);
    sim->workload = workload_new(plan, sim->genesis);
    ASSERT(sim->trace != NULL);
    ASSERT(sim->checker != NULL);
    ASSERT(sim->workload != NULL);
    clients_begin(sim);
    client_reads_begin(sim);
    faults_begin(sim);
    nodes_begin(sim, image);
}

void setup_end(struct sim *sim)
{
    struct sim_result *result = sim->result;
    result->height = checker_height(sim->checker);
    result->committed = checker_committed(sim->checker);
    result->virtual_ms = sim->now_ms;
    for (uint16_t n = 0; n < sim->replicas; n++)
        life_free(sim, &sim->nodes[n]);
    clients_end(sim);
    queue_clear(sim);
    trace_hash(sim->trace, result->trace);
    trace_free(sim->trace);
    checker_free(sim->checker);
    workload_free(sim->workload);
    keys_use_mac(false);
    memory_trim();
}
