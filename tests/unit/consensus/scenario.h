/* tests/unit/consensus/scenario.h -- scripts for a cluster, with golden answers.
 *
 * A script is a text file. A line that begins with "> " is a command, what follows it is what it
 * must print; "#" begins a comment. WITAN_REWRITE=1 in the environment writes the answers anew.
 *
 *     option NAME VALUE           an engine parameter, before start
 *     start 4                     as many validators; 10 ms a message, 1 ms a sync
 *     notes on|off                print what engines note
 *     submit N TX                 a client gives transaction TX to validator N, who gossips it
 *     give N TX                   the same without gossip, then and later
 *     run MS                      virtual time passes
 *     crash N [torn R]            keeps what is durable, and R records more
 *     restart N                   from its journal
 *     wipe N                      loses its journal (while it is down)
 *     sync N off|on               its disk stops, goes on
 *     drop KIND FROM TO           loses such messages from now on; * stands for any
 *     cut LIST                    loses everything between these and the others
 *     heal                        no losses any more
 *     state                       view, decided and certified index of each validator
 *     log                         the decided transactions of each validator
 *     idle                        is everything silent for ever?
 *     liar N                      its key signs whatever the next commands want
 *     vote KIND N TX to LIST      the liar's vote or commit_vote for a proposal
 *     propose N TX VIEW on PARENT [timeouts HIGH] to LIST
 *     timeout N VIEW on HIGH [timeouts HIGH] to LIST
 *
 * PARENT and HIGH name a proposal by its transaction, or "root"; its certificate is put together
 * from signatures that were really sent, and the liars'. "timeouts HIGH" adds the timeout
 * certificate of the view before, with HIGH's certificate as the one it claims to be the highest
 * ("aux V" behind it: the view that liars claim). The answer is what check says at each receiver.
 */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include "consensus/hotstuff.h"
#include "tests/unit/consensus/cluster.h"

enum { POOL_MAX = 4096, DROPS_MAX = 32, TEXT_MAX = 1 << 18 };

struct pool_entry {
    uint16_t signer;
    struct statement statement;
    struct signature signature;
};

struct scenario {
    struct cluster cluster;
    struct engine_option options[8];
    char option_names[8][32];
    size_t options_count;
    bool started;
    bool notes;
    bool liars[NODES_MAX];
    struct pool_entry pool[POOL_MAX];
    size_t pool_count;
    struct proposal proposals[TXS_MAX]; /* by transaction: the last one proposed */
    struct {
        int kind, from, to;
    } drops[DROPS_MAX];
    size_t drops_count;
    bool side[NODES_MAX];
    char *text; /* what the commands print */
    size_t text_size;
};

static struct scenario scenario;

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(scenario.text + scenario.text_size, TEXT_MAX - scenario.text_size, format,
                         arguments);
    va_end(arguments);
    ASSERT(size >= 0);
    ASSERT(scenario.text_size + (size_t)size < TEXT_MAX);
    scenario.text_size += (size_t)size;
}

/* ---- What goes around ---- */

static inline void pool_add_signature(uint16_t signer, const struct statement *statement,
                                      const struct signature *signature)
{
    ASSERT(scenario.pool_count < POOL_MAX);
    scenario.pool[scenario.pool_count++] = (struct pool_entry){ signer, *statement, *signature };
}

static inline void scenario_sent(struct cluster *c, uint16_t node, const struct message *message)
{
    (void)c;
    struct proposal proposal;
    struct warrant *warrant = calloc(1, sizeof *warrant);
    ASSERT(warrant != NULL);
    if (message->statement.kind == PROPOSAL &&
        proposal_attachment_read(message->attachment, &proposal, warrant) == STATUS_OK)
        scenario.proposals[load_u64(message->batch.data) % TXS_MAX] = proposal;
    free(warrant);
    if (message->statement.kind != SYNC_INFO)
        pool_add_signature(node, &message->statement, &message->signature);
}

static inline void scenario_note(struct cluster *c, uint16_t node, struct span text)
{
    if (!scenario.notes) return;
    say("%6llu %u: %.*s\n", (unsigned long long)c->now_ms, node, (int)text.size, text.data);
}

static inline bool scenario_network(struct cluster *c, const struct packet *packet,
                                    uint64_t *delay_ms)
{
    (void)c;
    (void)delay_ms;
    if (scenario.side[packet->from] != scenario.side[packet->to]) return false;
    if (packet->kind != PACKET_MESSAGE) return true;
    for (size_t i = 0; i < scenario.drops_count; i++) {
        bool kind = scenario.drops[i].kind < 0 || scenario.drops[i].kind == packet->statement_kind;
        bool from = scenario.drops[i].from < 0 || scenario.drops[i].from == packet->from;
        bool to = scenario.drops[i].to < 0 || scenario.drops[i].to == packet->to;
        if (kind && from && to) return false;
    }
    return true;
}

/* ---- Forgery, as far as a liar's own key and what others have signed allow ---- */

static inline void sign_as(uint16_t node, const struct statement *statement,
                           struct signature *signature)
{
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&scenario.cluster.domain, statement, bytes);
    key_sign(&scenario.cluster.secrets[node], TAG_ENGINE, span_of(bytes, sizeof bytes), signature);
}

static inline bool pool_find(uint16_t signer, struct statement *statement, bool any_aux,
                             struct signature *signature)
{
    for (size_t i = 0; i < scenario.pool_count; i++) {
        const struct pool_entry *entry = &scenario.pool[i];
        struct statement wanted = *statement;
        if (any_aux) wanted.aux = entry->statement.aux;
        if (entry->signer != signer || !statement_equal(&entry->statement, &wanted)) continue;
        *statement = wanted;
        *signature = entry->signature;
        return true;
    }
    return false;
}

/* A quorum on this statement, or false. liar_aux: what liars put into aux (timeouts). */
static inline bool gather(struct statement statement, bool timeouts, uint64_t liar_aux,
                          struct aux_certificate *out)
{
    struct certificate *certificate = &out->certificate;
    memset(out, 0, sizeof *out);
    certificate->statement = statement;
    certificate->count = scenario.cluster.count;
    uint16_t quorum = committee_quorum(&scenario.cluster.committee);
    uint16_t count = 0;
    for (uint16_t i = 0; i < scenario.cluster.count && count < quorum; i++) {
        struct statement own = statement;
        struct signature signature;
        if (scenario.liars[i]) {
            own.aux = timeouts ? liar_aux : 0;
            sign_as(i, &own, &signature);
        } else if (!pool_find(i, &own, timeouts, &signature)) {
            continue;
        }
        signer_set_add(&certificate->signers, i);
        certificate->signatures[count] = signature;
        out->aux[count++] = own.aux;
    }
    return count == quorum;
}

static inline bool certificate_named(const char *name, struct certificate *certificate)
{
    if (strcmp(name, "root") == 0) {
        certificate_of_root(&scenario.cluster.nodes[0].config, certificate);
        return true;
    }
    const struct proposal *proposal = &scenario.proposals[strtoull(name, NULL, 10) % TXS_MAX];
    static struct aux_certificate gathered;
    bool found = gather(proposal_statement(VOTE, proposal), false, 0, &gathered);
    *certificate = gathered.certificate;
    return found;
}

struct words {
    int count;
    char *word[16];
};

static inline int words_find(const struct words *words, const char *what)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->word[i], what) == 0) return i + 1 < words->count ? i + 1 : 0;
    return 0;
}

static inline uint64_t number(const struct words *words, int i)
{
    return i < words->count ? strtoull(words->word[i], NULL, 10) : 0;
}

static inline bool list_has(const char *list, uint16_t node)
{
    for (const char *p = list; *p; p++)
        if (*p - '0' == node) return true;
    return false;
}

/* The warrant that a command describes; false (and said so) if nobody could have it. */
static inline bool forge_warrant(const struct words *words, uint64_t view, struct warrant *warrant)
{
    int on = words_find(words, "on");
    int timeouts = words_find(words, "timeouts");
    int aux = words_find(words, "aux");
    memset(warrant, 0, sizeof *warrant);
    if (!certificate_named(words->word[on], &warrant->high)) {
        say("no quorum for %s\n", words->word[on]);
        return false;
    }
    if (!timeouts) return true;
    warrant->has_timeouts = true;
    struct statement statement = { .kind = TIMEOUT, .view = view - 1 };
    bool found = certificate_named(words->word[timeouts], &warrant->timeouts.high) &&
                 gather(statement, true, aux ? number(words, aux) : 0, &warrant->timeouts.timeouts);
    if (!found) say("no quorum of timeouts\n");
    return found;
}

/* Checks the message at each receiver, and delivers it where it is believed. */
static inline void forge_deliver(uint16_t from, const char *list, const struct message *message)
{
    struct cluster *c = &scenario.cluster;
    for (uint16_t i = 0; i < c->count; i++) {
        if (!list_has(list, i) || !c->nodes[i].up) continue;
        struct message_facts facts;
        enum status status = c->ops->check(&c->nodes[i].config, from, message, &facts);
        say("%u: %s\n", i, status_name(status));
        if (status != STATUS_OK) continue;
        if (facts.has_proposal) node_hold(&c->nodes[i], &facts.proposal);
        struct event event = { .kind = EVENT_MESSAGE, .from = from, .message = message };
        node_step(c, i, &event);
    }
}

static inline void forge_send(uint16_t from, struct statement *statement, struct span attachment,
                              struct span batch, const char *list)
{
    struct message message = { .statement = *statement, .attachment = attachment, .batch = batch };
    sign_as(from, statement, &message.signature);
    pool_add_signature(from, statement, &message.signature);
    forge_deliver(from, list, &message);
}

static inline void forge_proposal(const struct words *words)
{
    static struct warrant warrant;
    static uint8_t bytes[ATTACHMENT_BYTES_MAX];
    uint16_t from = (uint16_t)number(words, 1);
    uint64_t tx = number(words, 2);
    uint64_t view = number(words, 3);
    if (!forge_warrant(words, view, &warrant)) return;
    uint8_t batch[8];
    struct proposal proposal = { .index = warrant.high.statement.index + 1,
                                 .view = view,
                                 .parent_view = warrant.high.statement.view,
                                 .parent = warrant.high.statement.digest,
                                 .batch = batch_of(&scenario.cluster, tx) };
    scenario.proposals[tx] = proposal;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    proposal_write(&w, &proposal);
    warrant_write(&w, &warrant.high, warrant.has_timeouts ? &warrant.timeouts : NULL);
    struct statement statement = proposal_statement(PROPOSAL, &proposal);
    forge_send(from, &statement, writer_span(&w), batch_bytes(tx, batch),
               words->word[words_find(words, "to")]);
}

static inline void forge_timeout(const struct words *words)
{
    static struct warrant warrant;
    static uint8_t bytes[ATTACHMENT_BYTES_MAX];
    uint16_t from = (uint16_t)number(words, 1);
    uint64_t view = number(words, 2);
    if (!forge_warrant(words, view, &warrant)) return;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    warrant_write(&w, &warrant.high, warrant.has_timeouts ? &warrant.timeouts : NULL);
    struct statement statement = { .kind = TIMEOUT,
                                   .view = view,
                                   .aux = warrant.high.statement.view };
    forge_send(from, &statement, writer_span(&w), span_of(NULL, 0),
               words->word[words_find(words, "to")]);
}

static inline int kind_named(const char *name)
{
    for (uint8_t kind = 1; kind < hotstuff_ops.kinds_count; kind++)
        if (strcmp(hotstuff_ops.kinds[kind], name) == 0) return kind;
    return -1;
}

static inline void forge_vote(const struct words *words)
{
    const struct proposal *proposal = &scenario.proposals[number(words, 3) % TXS_MAX];
    struct statement statement =
        proposal_statement((enum hotstuff_kind)kind_named(words->word[1]), proposal);
    forge_send((uint16_t)number(words, 2), &statement, span_of(NULL, 0), span_of(NULL, 0),
               words->word[words_find(words, "to")]);
}

/* ---- Commands ---- */

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

static inline int any_or_number(const char *word)
{
    return strcmp(word, "*") == 0 ? -1 : atoi(word);
}

static inline void scenario_start(uint16_t count)
{
    struct cluster *c = &scenario.cluster;
    cluster_init(c, count, 1);
    memcpy(c->options, scenario.options, sizeof c->options);
    c->options_count = scenario.options_count;
    c->network = scenario_network;
    c->note = scenario_note;
    c->sent = scenario_sent;
    scenario.started = true;
    cluster_start(c);
}

static inline void give(uint16_t node, uint64_t tx)
{
    struct cluster *c = &scenario.cluster;
    c->tx_last = max_u64(c->tx_last, tx);
    c->quiet = true;
    c->nodes[node].pool[tx] = true;
    struct event event = { .kind = EVENT_TIMER };
    node_step(c, node, &event);
}

static inline bool command_of_network(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "drop") == 0) {
        ASSERT(scenario.drops_count < DROPS_MAX);
        scenario.drops[scenario.drops_count].kind = kind_named(words->word[1]);
        scenario.drops[scenario.drops_count].from = any_or_number(words->word[2]);
        scenario.drops[scenario.drops_count++].to = any_or_number(words->word[3]);
    } else if (strcmp(what, "cut") == 0) {
        for (uint16_t i = 0; i < NODES_MAX; i++)
            scenario.side[i] = list_has(words->word[1], i);
    } else if (strcmp(what, "heal") == 0) {
        scenario.drops_count = 0;
        memset(scenario.side, 0, sizeof scenario.side);
    } else {
        return false;
    }
    return true;
}

static inline bool command_of_forgery(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "liar") == 0)
        scenario.liars[number(words, 1)] = true;
    else if (strcmp(what, "propose") == 0)
        forge_proposal(words);
    else if (strcmp(what, "timeout") == 0)
        forge_timeout(words);
    else if (strcmp(what, "vote") == 0)
        forge_vote(words);
    else
        return false;
    return true;
}

static inline void add_option(const char *name, uint64_t value)
{
    size_t i = scenario.options_count++;
    ASSERT(i < 8);
    snprintf(scenario.option_names[i], sizeof scenario.option_names[i], "%s", name);
    scenario.options[i] = (struct engine_option){ scenario.option_names[i], value };
}

static inline void command(const struct words *words)
{
    struct cluster *c = &scenario.cluster;
    const char *what = words->word[0];
    uint16_t node = (uint16_t)number(words, 1);
    if (command_of_network(words) || command_of_forgery(words)) return;
    if (strcmp(what, "option") == 0) {
        add_option(words->word[1], number(words, 2));
    } else if (strcmp(what, "start") == 0) {
        scenario_start(node);
    } else if (strcmp(what, "notes") == 0) {
        scenario.notes = strcmp(words->word[1], "on") == 0;
    } else if (strcmp(what, "submit") == 0) {
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
    } else if (strcmp(what, "sync") == 0) {
        c->nodes[node].sync_stopped = strcmp(words->word[2], "off") == 0;
        node_release(c, node);
    } else if (strcmp(what, "state") == 0) {
        say_state();
    } else if (strcmp(what, "log") == 0) {
        say_log();
    } else if (strcmp(what, "idle") == 0) {
        say("%s\n", cluster_is_idle(c) ? "yes" : "no");
    } else {
        say("unknown command\n");
    }
    if (c->failure[0]) say("FAILED: %s\n", c->failure);
}

static inline void command_line(char *line)
{
    struct words words = { 0 };
    for (char *word = strtok(line, " \n"); word && words.count < 16; word = strtok(NULL, " \n"))
        words.word[words.count++] = word;
    if (words.count > 0) command(&words);
}

/* Runs a script. Returns the text that the file should have; the caller frees it. */
static inline char *scenario_play(FILE *script)
{
    memset(&scenario, 0, sizeof scenario);
    scenario.text = calloc(1, TEXT_MAX);
    ASSERT(scenario.text != NULL);
    char line[256];
    while (fgets(line, sizeof line, script)) {
        bool kept = line[0] == '>' || line[0] == '#' || line[0] == '\n';
        if (kept) say("%s", line);
        if (line[0] == '>') command_line(line + 1);
    }
    if (scenario.started) cluster_free(&scenario.cluster);
    return scenario.text;
}

#endif
