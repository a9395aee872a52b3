/* tests/unit/consensus/scenario_base.h -- what every command of a script may use: the cluster, the
 * words of a line, what was printed, and what was signed. Nothing here knows a protocol. */
#ifndef TESTS_SCENARIO_BASE_H
#define TESTS_SCENARIO_BASE_H

#include "tests/unit/consensus/cluster.h"

enum { POOL_MAX = 4096, DROPS_MAX = 32, OPTIONS_MAX = 8, WORDS_MAX = 16, TEXT_MAX = 1 << 18 };

struct words {
    int count;
    char *word[WORDS_MAX];
};

/* A protocol, as far as scripts need to know it. */
struct scenario_engine {
    const char *name;
    enum engine_kind kind;
    enum fault_model faults;
    bool (*lie)(const struct words *words); /* its liars' commands; false: not one of them. NULL:
                                               in its model nobody lies */
    bool (*ask)(const struct words *words); /* questions that only it can answer; or NULL */
    void (*watch)(struct cluster *c);       /* looks at each step, from the start; or NULL */
    /* A message in a drawing; NULL: its kind, index and view. */
    void (*describe)(const struct message *message, char *text, size_t size);
};

struct pool_entry {
    uint16_t signer;
    struct statement statement;
    struct signature signature;
};

struct scenario {
    const struct scenario_engine *engine;
    struct cluster cluster;
    struct engine_option options[OPTIONS_MAX];
    char option_names[OPTIONS_MAX][32];
    size_t options_count;
    bool started;
    bool notes;
    char *text; /* what the commands print */
    size_t text_size;

    /* From here on of the present cluster. */
    bool liars[NODES_MAX];
    struct pool_entry pool[POOL_MAX]; /* all statements that were signed */
    size_t pool_count;
    struct proposal proposals[TXS_MAX]; /* by transaction: the last one proposed */
    struct {
        int kind, from, to;
        uint64_t delay_ms; /* 0: lost */
    } drops[DROPS_MAX];
    size_t drops_count;
    uint64_t reads;                     /* asked so far */
    bool blocked[NODES_MAX][NODES_MAX]; /* from, to */
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

/* ---- Words ---- */

/* The place of the word behind `what`; 0 if there is none. */
static inline int words_find(const struct words *words, const char *what)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->word[i], what) == 0) return i + 1 < words->count ? i + 1 : 0;
    return 0;
}

static inline const char *word(const struct words *words, int i)
{
    return i < words->count ? words->word[i] : "";
}

static inline uint64_t number(const struct words *words, int i)
{
    return strtoull(word(words, i), NULL, 10);
}

/* "012": validators 0, 1 and 2. */
static inline bool list_has(const char *list, uint16_t node)
{
    for (const char *p = list; *p; p++)
        if (*p - '0' == node) return true;
    return false;
}

/* -1: no such kind, or any. */
static inline int kind_named(const char *name)
{
    const struct engine_ops *ops = scenario.cluster.ops;
    for (uint8_t kind = 1; kind < ops->kinds_count; kind++)
        if (strcmp(ops->kinds[kind], name) == 0) return kind;
    return -1;
}

/* ---- What was signed ---- */

static inline void pool_add_signature(uint16_t signer, const struct statement *statement,
                                      const struct signature *signature)
{
    ASSERT(scenario.pool_count < POOL_MAX);
    scenario.pool[scenario.pool_count++] = (struct pool_entry){ signer, *statement, *signature };
}

/* The signature of this statement that was really sent; any_aux: whatever its aux, which is filled
 * in. */
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

static inline void sign_as(uint16_t node, const struct statement *statement,
                           struct signature *signature)
{
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&scenario.cluster.domain, statement, bytes);
    key_sign(&scenario.cluster.secrets[node], TAG_ENGINE, span_of(bytes, sizeof bytes), signature);
}

/* A quorum on this statement, of what was sent and what liars sign, or false. with_aux: signers may
 * differ in aux, and liars put liar_aux there. */
static inline bool gather(struct statement statement, bool with_aux, uint64_t liar_aux,
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
            own.aux = with_aux ? liar_aux : 0;
            sign_as(i, &own, &signature);
        } else if (!pool_find(i, &own, with_aux, &signature)) {
            continue;
        }
        signer_set_add(&certificate->signers, i);
        certificate->signatures[count] = signature;
        out->aux[count++] = own.aux;
    }
    return count == quorum;
}

#endif
