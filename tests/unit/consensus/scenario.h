/* tests/unit/consensus/scenario.h -- scripts for a cluster, with golden answers: one language for
 * all engines. A program plays one engine: scenario_hotstuff.h or scenario_raft.h describes it.
 *
 * A script is a text file. A line that begins with "> " is a command, what follows it is what it
 * must print; "#" begins a comment. WITAN_REWRITE=1 in the environment writes the answers anew;
 * WITAN_MERMAID=DIR draws each script as a sequence diagram in that directory.
 *
 *     engine NAME                 the script is one for this protocol
 *     option NAME VALUE           an engine parameter, before start; it stays until given again
 *     start 4                     as many validators; 10 ms a message, 1 ms a sync. Once more: all
 *                                 is forgotten, and another network begins at 0 ms
 *     notes on|off                print what engines note
 *     submit N TX                 a client gives transaction TX to validator N, who gossips it
 *     give N TX                   the same without gossip, then and later
 *     run MS                      virtual time passes
 *     crash N [torn R]            keeps what is durable, and R records more
 *     restart N                   from its journal
 *     wipe N                      loses its journal (while it is down)
 *     sync N off|on               its disk stops, goes on
 *     anchor N                    it is told what was decided, as after a sync of sealed blocks
 *     transfer N [M]              N is to hand its leadership to M, or to whom it chooses
 *     read N                      a client wants N's latest state; the answer is printed when it
 *                                 comes: what must be executed before
 *     members N LIST [learners LIST]
 *                                 an operator tells N who is to vote and who is to listen
 *     drop KIND FROM TO           loses such messages from now on; * stands for any
 *     delay KIND FROM TO MS       such messages take so much longer from now on
 *     block LIST LIST             loses everything from these to those, but not the other way
 *     cut LIST                    loses everything between these and the others
 *     heal                        no losses and delays any more
 *     state                       view, decided and certified index of each validator
 *     log                         the decided transactions of each validator
 *     idle                        is everything silent for ever?
 *     liar N                      its key signs whatever the next commands want
 *
 * What a liar can say depends on the protocol: scenario_hotstuff.h. The answer to a lie is what
 * check says at each receiver. Questions of one protocol alone: scenario_raft.h. */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include "tests/unit/consensus/scenario_mermaid.h"

/* ---- What goes around ---- */

static inline void scenario_sent(struct cluster *c, uint16_t node, const struct message *message)
{
    struct message_facts facts;
    diagram_message(node, message);
    if (c->ops->check(&c->nodes[node].config, node, message, &facts) == STATUS_OK &&
        facts.has_proposal && message->batch.size == 8)
        scenario.proposals[load_u64(message->batch.data) % TXS_MAX] = facts.proposal;
    if (engine_signs(c->ops, message->statement.kind))
        pool_add_signature(node, &message->statement, &message->signature);
}

static inline void scenario_note(struct cluster *c, uint16_t node, struct span text)
{
    diagram_note(node, text);
    if (!scenario.notes) return;
    say("%6llu %u: %.*s\n", (unsigned long long)c->now_ms, node, (int)text.size, text.data);
}

/* A read's answer is always worth a line: somebody waits for it. */
static inline void scenario_read_answered(struct cluster *c, uint16_t node,
                                          const struct effect *effect)
{
    char text[96];
    unsigned long long number = effect->read.number;
    unsigned long long index = effect->read.index;
    if (effect->read.refused)
        snprintf(text, sizeof text, "read %llu: refused", number);
    else
        snprintf(text, sizeof text, "read %llu: as of %llu", number, index);
    diagram_note(node, span_text(text));
    say("%6llu %u: %s\n", (unsigned long long)c->now_ms, node, text);
}

/* How much longer it takes; UINT64_MAX: lost. */
static inline uint64_t packet_delay(const struct packet *packet)
{
    uint64_t delay_ms = 0;
    if (scenario.blocked[packet->from][packet->to]) return UINT64_MAX;
    if (packet->kind != PACKET_MESSAGE) return 0;
    for (size_t i = 0; i < scenario.drops_count; i++) {
        bool kind = scenario.drops[i].kind < 0 || scenario.drops[i].kind == packet->statement_kind;
        bool from = scenario.drops[i].from < 0 || scenario.drops[i].from == packet->from;
        bool to = scenario.drops[i].to < 0 || scenario.drops[i].to == packet->to;
        if (!kind || !from || !to) continue;
        if (scenario.drops[i].delay_ms == 0) return UINT64_MAX;
        delay_ms += scenario.drops[i].delay_ms;
    }
    return delay_ms;
}

static inline bool scenario_network(struct cluster *c, const struct packet *packet,
                                    uint64_t *delay_ms)
{
    uint64_t more_ms = packet_delay(packet);
    bool passes = more_ms != UINT64_MAX;
    if (passes) *delay_ms += more_ms;
    if (c->nodes[packet->to].up) diagram_packet(packet, passes);
    return passes;
}

/* ---- Beginning ---- */

static inline void check_engine(const char *name)
{
    if (strcmp(scenario.engine->name, name) != 0) say("this program plays no such engine\n");
}

static inline void add_option(const char *name, uint64_t value)
{
    size_t i = 0;
    while (i < scenario.options_count && strcmp(scenario.option_names[i], name) != 0)
        i++;
    ASSERT(i < OPTIONS_MAX);
    if (i == scenario.options_count) scenario.options_count++;
    snprintf(scenario.option_names[i], sizeof scenario.option_names[i], "%s", name);
    scenario.options[i] = (struct engine_option){ scenario.option_names[i], value };
}

static inline void scenario_start(uint16_t count)
{
    struct cluster *c = &scenario.cluster;
    diagram_flush();
    diagram_start(count, !scenario.started);
    if (scenario.started) cluster_free(c);
    memset(scenario.liars, 0, sizeof scenario.liars);
    memset(scenario.proposals, 0, sizeof scenario.proposals);
    memset(scenario.blocked, 0, sizeof scenario.blocked);
    scenario.pool_count = 0;
    scenario.drops_count = 0;
    scenario.reads = 0;

    cluster_init(c, count, 1);
    c->ops = engine_find_ops(scenario.engine->kind);
    ASSERT(c->ops != NULL);
    c->committee.engine = scenario.engine->kind;
    c->committee.fault_model = scenario.engine->faults;
    c->domain.engine = (uint8_t)scenario.engine->kind;
    c->domain.validators_hash = committee_hash(&c->committee);
    memcpy(c->options, scenario.options, sizeof c->options);
    c->options_count = scenario.options_count;
    c->network = scenario_network;
    c->note = scenario_note;
    c->sent = scenario_sent;
    c->read_answered = scenario_read_answered;
    if (scenario.engine->watch) scenario.engine->watch(c);
    scenario.started = true;
    cluster_start(c);
}

static inline void set_liar(uint16_t node)
{
    if (scenario.engine->lie)
        scenario.liars[node % NODES_MAX] = true;
    else
        say("nobody lies in this model\n");
}

static inline bool command_of_setup(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "engine") == 0)
        check_engine(word(words, 1));
    else if (strcmp(what, "option") == 0)
        add_option(word(words, 1), number(words, 2));
    else if (strcmp(what, "start") == 0)
        scenario_start((uint16_t)number(words, 1));
    else if (strcmp(what, "notes") == 0)
        scenario.notes = strcmp(word(words, 1), "on") == 0;
    else if (strcmp(what, "liar") == 0)
        set_liar((uint16_t)number(words, 1));
    else
        return false;
    return true;
}

/* ---- The network ---- */

static inline int any_or_number(const char *text)
{
    return strcmp(text, "*") == 0 ? -1 : atoi(text);
}

static inline void block(const char *from, const char *to)
{
    for (uint16_t i = 0; i < NODES_MAX; i++)
        for (uint16_t j = 0; j < NODES_MAX; j++)
            if (list_has(from, i) && list_has(to, j)) scenario.blocked[i][j] = true;
}

static inline void cut(const char *list)
{
    for (uint16_t i = 0; i < NODES_MAX; i++)
        for (uint16_t j = 0; j < NODES_MAX; j++)
            scenario.blocked[i][j] = list_has(list, i) != list_has(list, j);
}

static inline void drop(const struct words *words, uint64_t delay_ms)
{
    ASSERT(scenario.drops_count < DROPS_MAX);
    size_t i = scenario.drops_count++;
    scenario.drops[i].kind = kind_named(word(words, 1));
    scenario.drops[i].from = any_or_number(word(words, 2));
    scenario.drops[i].to = any_or_number(word(words, 3));
    scenario.drops[i].delay_ms = delay_ms;
    if (scenario.drops[i].kind < 0 && strcmp(word(words, 1), "*") != 0) say("no such kind\n");
}

static inline bool command_of_network(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "drop") == 0) {
        drop(words, 0);
    } else if (strcmp(what, "delay") == 0) {
        drop(words, number(words, 4));
    } else if (strcmp(what, "block") == 0) {
        block(word(words, 1), word(words, 2));
    } else if (strcmp(what, "cut") == 0) {
        cut(word(words, 1));
    } else if (strcmp(what, "heal") == 0) {
        scenario.drops_count = 0;
        memset(scenario.blocked, 0, sizeof scenario.blocked);
    } else {
        return false;
    }
    return true;
}

/* ---- Clients, life and death ---- */

static inline void give(uint16_t node, uint64_t tx)
{
    struct cluster *c = &scenario.cluster;
    c->tx_last = max_u64(c->tx_last, tx);
    c->quiet = true;
    c->nodes[node].pool[tx] = true;
    struct event event = { .kind = EVENT_TIMER };
    node_step(c, node, &event);
}

static inline bool command_of_life(const struct words *words)
{
    struct cluster *c = &scenario.cluster;
    const char *what = words->word[0];
    uint16_t node = (uint16_t)number(words, 1);
    if (strcmp(what, "submit") == 0) {
        cluster_submit(c, node, number(words, 2));
    } else if (strcmp(what, "give") == 0) {
        give(node, number(words, 2));
    } else if (strcmp(what, "run") == 0) {
        cluster_run(c, number(words, 1));
    } else if (strcmp(what, "crash") == 0) {
        cluster_crash(c, node, number(words, 3));
    } else if (strcmp(what, "restart") == 0) {
        cluster_restart(c, node);
    } else if (strcmp(what, "wipe") == 0) {
        cluster_wipe(c, node);
    } else if (strcmp(what, "anchor") == 0) {
        cluster_anchor(c, node, c->nodes[node].executed);
    } else if (strcmp(what, "sync") == 0) {
        c->nodes[node].sync_stopped = strcmp(word(words, 2), "off") == 0;
        node_release(c, node);
    } else {
        return false;
    }
    return true;
}

/* ---- What a host asks of its engine ---- */

static inline struct signer_set set_of(const char *list)
{
    struct signer_set set = { { 0 } };
    for (uint16_t i = 0; i < NODES_MAX; i++)
        if (list_has(list, i)) signer_set_add(&set, i);
    return set;
}

static inline bool command_of_events(const struct words *words)
{
    struct cluster *c = &scenario.cluster;
    const char *what = words->word[0];
    uint16_t node = (uint16_t)number(words, 1);
    struct members members = { .voters = set_of(word(words, 2)) };
    struct event event = { .kind = EVENT_TRANSFER };
    if (strcmp(what, "transfer") == 0) {
        event.transfer = words->count > 2 ? (uint16_t)number(words, 2) : VALIDATOR_NONE;
    } else if (strcmp(what, "read") == 0) {
        event.kind = EVENT_READ;
        event.read = ++scenario.reads;
    } else if (strcmp(what, "members") == 0) {
        int learners = words_find(words, "learners");
        if (learners) members.learners = set_of(word(words, learners));
        event.kind = EVENT_MEMBERS;
        event.members = &members;
    } else {
        return false;
    }
    node_step(c, node, &event);
    return true;
}

/* ---- Questions ---- */

static inline void say_state(void)
{
    struct cluster *c = &scenario.cluster;
    for (uint16_t i = 0; i < c->count; i++) {
        struct engine_status status;
        if (!c->nodes[i].up) {
            say("%u: down\n", i);
            continue;
        }
        c->ops->status(c->nodes[i].engine, &status);
        say("%u: view %llu decided %llu certified %llu%s\n", i, (unsigned long long)status.view,
            (unsigned long long)status.index_decided, (unsigned long long)status.index_high,
            status.conflicts ? " conflicts seen" : "");
    }
}

static inline void say_log(void)
{
    struct cluster *c = &scenario.cluster;
    for (uint16_t i = 0; i < c->count; i++) {
        say("%u:", i);
        for (uint64_t index = 1; index <= c->nodes[i].executed; index++)
            say(" %llu", (unsigned long long)c->decisions[index].tx);
        say("\n");
    }
}

static inline bool command_of_questions(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "state") == 0)
        say_state();
    else if (strcmp(what, "log") == 0)
        say_log();
    else if (strcmp(what, "idle") == 0)
        say("%s\n", cluster_is_idle(&scenario.cluster) ? "yes" : "no");
    else
        return false;
    return true;
}

/* ---- Playing ---- */

static inline void command(const struct words *words)
{
    diagram_command(words);
    if (command_of_setup(words)) return;
    if (!scenario.started) {
        say("start first\n");
        return;
    }
    const struct scenario_engine *engine = scenario.engine;
    if (command_of_network(words) || (engine->lie && engine->lie(words))) return;
    bool known = command_of_life(words) || command_of_events(words) ||
                 command_of_questions(words) || (engine->ask && engine->ask(words));
    if (!known) say("unknown command\n");
    if (scenario.cluster.failure[0]) say("FAILED: %s\n", scenario.cluster.failure);
}

static inline void command_line(char *line)
{
    struct words words = { 0 };
    for (char *next = strtok(line, " \n"); next && words.count < WORDS_MAX;
         next = strtok(NULL, " \n"))
        words.word[words.count++] = next;
    if (words.count > 0) command(&words);
}

/* Runs a script. Returns the text that the file should have; the caller frees it. drawing: where
 * the diagram goes, or NULL. */
static inline char *scenario_play(const struct scenario_engine *engine, FILE *script, FILE *drawing)
{
    memset(&scenario, 0, sizeof scenario);
    diagram.file = drawing;
    diagram.count = 0;
    scenario.engine = engine;
    scenario.text = calloc(1, TEXT_MAX);
    ASSERT(scenario.text != NULL);
    char line[256];
    while (fgets(line, sizeof line, script)) {
        bool kept = line[0] == '>' || line[0] == '#' || line[0] == '\n';
        if (kept) say("%s", line);
        if (line[0] == '#') diagram_comment(line);
        if (line[0] == '>') command_line(line + 1);
    }
    diagram_flush();
    diagram.file = NULL;
    if (scenario.started) cluster_free(&scenario.cluster);
    return scenario.text;
}

#endif
