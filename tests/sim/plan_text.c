/* A plan as text: one line for every option, one for every fault (the form is shown in plan.h). */
#include "plan_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 512, WORDS_MAX = 10 };

/* ---- writing ---- */

static void write_lies(uint64_t lies, FILE *file)
{
    const char *before = "";
    if (lies == 0) fputs("none", file);
    for (unsigned i = 0; i < LIE_KINDS; i++) {
        if (!(lies >> i & 1)) continue;
        fprintf(file, "%s%s", before, lie_names[i]);
        before = ",";
    }
}

static void write_option(const struct plan *plan, const struct plan_option *option, FILE *file)
{
    uint64_t value = option_get(plan, option);
    if (option->engine != 0 && option->engine != plan->engine) return;
    fprintf(file, "%s ", option->name);
    if (option->type == OPTION_ENGINE)
        fputs(plan_engines[value], file);
    else if (option->type == OPTION_LIES)
        write_lies(value, file);
    else if (option->type == OPTION_SET)
        fprintf(file, "0x%" PRIx64, value);
    else
        fprintf(file, "%" PRIu64, value);
    putc('\n', file);
}

/* What is zero is left out. */
static void write_fault(const struct fault *fault, FILE *file)
{
    fprintf(file, "fault %" PRIu64 " %" PRIu64 " %s", fault->at_ms, fault->until_ms,
            fault_names[fault->kind]);
    if (fault->node) fprintf(file, " node=%u", fault->node);
    if (fault->nodes) fprintf(file, " nodes=0x%" PRIx64, fault->nodes);
    if (fault->value && fault->kind == FAULT_CLOCK)
        fprintf(file, " value=%" PRId64, (int64_t)fault->value);
    else if (fault->value)
        fprintf(file, " value=%" PRIu64, fault->value);
    if (fault->seed) fprintf(file, " seed=%" PRIu64, fault->seed);
    putc('\n', file);
}

void plan_write(const struct plan *plan, FILE *file)
{
    for (size_t i = 0; i < plan_options_count; i++)
        write_option(plan, &plan_options[i], file);
    for (uint32_t i = 0; i < plan->faults_count; i++)
        write_fault(&plan->faults[i], file);
}

/* ---- reading ---- */

struct parse {
    struct plan *plan;
    unsigned line;
    uint64_t seen; /* options, by their place in the table */
    char *problem; /* 200 bytes */
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct parse *p, const char *format, ...)
{
    va_list arguments;
    char text[160];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(p->problem, 200, "line %u: %s", p->line, text);
    return false;
}

/* Decimal, or hexadecimal behind 0x; nothing before or behind. */
static bool read_number(const char *text, uint64_t *value)
{
    bool hex = text[0] == '0' && text[1] == 'x';
    const char *digits = hex ? text + 2 : text;
    size_t count = strspn(digits, hex ? "0123456789abcdef" : "0123456789");
    if (count == 0 || digits[count] != 0) return false;
    errno = 0;
    *value = strtoull(digits, NULL, hex ? 16 : 10);
    return errno == 0;
}

static int name_index(const char *name, const char *const names[], int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

static bool read_lies(struct parse *p, char *text, uint64_t *lies)
{
    char *rest = NULL;
    *lies = 0;
    if (strcmp(text, "none") == 0) return true;
    for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        int lie = name_index(name, lie_names, LIE_KINDS);
        if (lie < 0) return wrong(p, "there is no lie '%.40s'", name);
        *lies |= 1ull << lie;
    }
    return true;
}

static bool read_option(struct parse *p, char *words[], size_t count)
{
    size_t i = 0;
    while (i < plan_options_count && strcmp(plan_options[i].name, words[0]) != 0)
        i++;
    if (i == plan_options_count) return wrong(p, "there is no option '%.40s'", words[0]);
    const struct plan_option *option = &plan_options[i];
    if (count != 2) return wrong(p, "%s takes one value", option->name);
    if (p->seen >> i & 1) return wrong(p, "%s is given twice", option->name);
    p->seen |= 1ull << i;
    uint64_t value;
    if (option->type == OPTION_LIES) {
        if (!read_lies(p, words[1], &value)) return false;
    } else if (option->type == OPTION_ENGINE) {
        int engine = name_index(words[1], plan_engines, ENGINE_RAFT + 1);
        if (engine <= 0) return wrong(p, "there is no engine '%.40s'", words[1]);
        value = (uint64_t)engine;
    } else if (!read_number(words[1], &value)) {
        return wrong(p, "%s: '%.40s' is not a number", option->name, words[1]);
    }
    if (value < option->least || value > option->most)
        return wrong(p, "%s is not within %" PRIu64 " .. %" PRIu64, option->name, option->least,
                     option->most);
    option_put(p->plan, option, value);
    return true;
}

/* Only a clock may be off by less than nothing. */
static bool read_value(const char *text, struct fault *fault)
{
    bool negative = fault->kind == FAULT_CLOCK && text[0] == '-';
    uint64_t value;
    if (!read_number(negative ? text + 1 : text, &value) || value > INT64_MAX) return false;
    fault->value = negative ? 0 - value : value;
    return true;
}

static bool read_field(struct parse *p, char *word, struct fault *fault)
{
    char *equals = strchr(word, '=');
    if (!equals) return wrong(p, "'%.40s' is not NAME=VALUE", word);
    *equals = 0;
    uint64_t value = 0;
    bool good;
    if (strcmp(word, "value") == 0)
        good = read_value(equals + 1, fault);
    else
        good = read_number(equals + 1, &value);
    if (strcmp(word, "node") == 0) good = good && value < REPLICAS_MAX;
    if (!good) return wrong(p, "%s: '%.40s' is not a number for it", word, equals + 1);
    if (strcmp(word, "node") == 0)
        fault->node = (uint16_t)value;
    else if (strcmp(word, "nodes") == 0)
        fault->nodes = value;
    else if (strcmp(word, "seed") == 0)
        fault->seed = value;
    else if (strcmp(word, "value") != 0)
        return wrong(p, "a fault has no '%.40s'", word);
    return true;
}

static bool read_fault(struct parse *p, char *words[], size_t count)
{
    struct fault fault = { 0 };
    if (count < 4) return wrong(p, "a fault is: fault AT UNTIL KIND ...");
    if (!read_number(words[1], &fault.at_ms) || !read_number(words[2], &fault.until_ms))
        return wrong(p, "a fault begins and ends at a number of milliseconds");
    int kind = name_index(words[3], fault_names, FAULT_KINDS);
    if (kind < 0) return wrong(p, "there is no fault '%.40s'", words[3]);
    fault.kind = (enum fault_kind)kind;
    for (size_t i = 4; i < count; i++)
        if (!read_field(p, words[i], &fault)) return false;
    if (p->plan->faults_count == PLAN_FAULTS_MAX)
        return wrong(p, "more than %d faults", PLAN_FAULTS_MAX);
    plan_add(p->plan, &fault);
    return true;
}

static bool read_line(struct parse *p, char *line)
{
    char *words[WORDS_MAX], *rest = NULL;
    size_t count = 0;
    line[strcspn(line, "#\r\n")] = 0;
    for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count == WORDS_MAX) return wrong(p, "more than %d words", WORDS_MAX);
        words[count++] = word;
    }
    if (count == 0) return true;
    bool fault = strcmp(words[0], "fault") == 0;
    return fault ? read_fault(p, words, count) : read_option(p, words, count);
}

/* All who may not break, if the text does not say who is healed first. */
static void complete(struct parse *p)
{
    struct plan *plan = p->plan;
    for (size_t i = 0; i < plan_options_count; i++)
        if (plan_options[i].offset == offsetof(struct plan, core) && (p->seen >> i & 1)) return;
    plan->core = set_of_first(plan->nodes) & ~(plan->liars | plan->twins | plan->frail);
}

bool plan_read(struct plan *plan, FILE *file, char problem[200])
{
    struct parse p = { .plan = plan, .problem = problem };
    char line[LINE_BYTES];
    plan_calm(plan, 1, 4);
    while (fgets(line, sizeof line, file)) {
        p.line++;
        if (!strchr(line, '\n') && !feof(file))
            return wrong(&p, "longer than %d bytes", LINE_BYTES - 2);
        if (!read_line(&p, line)) return false;
    }
    if (ferror(file)) return wrong(&p, "cannot be read: %s", strerror(errno));
    complete(&p);
    return plan_allowed(plan, problem);
}
