/* tests/unit/consensus/scenario_mermaid.h -- a script as a Mermaid sequence diagram.
 *
 * Between what happens in one millisecond no order is worth showing, so what several validators say
 * or note in it in the same words becomes one line. Arrows that end in a cross were lost, or not
 * believed. */
#ifndef TESTS_SCENARIO_MERMAID_H
#define TESTS_SCENARIO_MERMAID_H

#include "tests/unit/consensus/scenario_base.h"

enum { LINES_MAX = 256 };

struct diagram_line {
    bool note;
    bool written;
    uint16_t from;
    uint32_t reached, lost; /* sets of receivers */
    char text[160];
};

static struct {
    FILE *file; /* NULL: nobody wants to see it */
    uint64_t at_ms;
    struct diagram_line lines[LINES_MAX]; /* of the present millisecond */
    size_t count;
} diagram;

static inline bool same_words(const struct diagram_line *a, const struct diagram_line *b)
{
    return a->note == b->note && a->lost == 0 && b->lost == 0 && strcmp(a->text, b->text) == 0;
}

static inline void diagram_arrows(const struct diagram_line *line)
{
    for (uint16_t to = 0; to < scenario.cluster.count; to++) {
        if (line->reached >> to & 1)
            fprintf(diagram.file, "    V%u->>V%u: %s\n", line->from, to, line->text);
        if (line->lost >> to & 1)
            fprintf(diagram.file, "    V%u-xV%u: %s\n", line->from, to, line->text);
    }
}

/* Everybody who has this line; they are written with it. What one says to several one by one is
 * said once, to all of them. */
static inline uint32_t diagram_voices(size_t first, uint32_t *reached)
{
    uint32_t voices = 0;
    *reached = 0;
    for (size_t i = first; i < diagram.count; i++) {
        struct diagram_line *line = &diagram.lines[i];
        if (i > first && (line->written || !same_words(line, &diagram.lines[first]))) continue;
        line->written = true;
        voices |= UINT32_C(1) << line->from;
        *reached |= line->reached;
    }
    return voices;
}

static inline void diagram_together(const struct diagram_line *line, uint32_t voices,
                                    uint32_t reached)
{
    const char *between = "";
    bool one = reached != 0 && (reached & (reached - 1)) == 0;
    fprintf(diagram.file, "    Note over V0,V%u: %llu ms: ", scenario.cluster.count - 1U,
            (unsigned long long)diagram.at_ms);
    for (uint16_t i = 0; i < scenario.cluster.count; i++) {
        if (!(voices >> i & 1)) continue;
        fprintf(diagram.file, "%s%u", between, i);
        between = ", ";
    }
    for (uint16_t i = 0; one && i < scenario.cluster.count; i++)
        if (reached >> i & 1) fprintf(diagram.file, " to %u", i);
    fprintf(diagram.file, "%s: %s\n", line->note || one ? "" : " to all", line->text);
}

static inline void diagram_flush(void)
{
    for (size_t i = 0; i < diagram.count; i++) {
        struct diagram_line *line = &diagram.lines[i];
        if (line->written) continue;
        uint32_t reached;
        uint32_t voices = diagram_voices(i, &reached);
        bool alone = voices == UINT32_C(1) << line->from;
        if (alone) line->reached = reached;
        if (!alone)
            diagram_together(line, voices, reached);
        else if (line->note)
            fprintf(diagram.file, "    Note over V%u: %llu ms: %s\n", line->from,
                    (unsigned long long)diagram.at_ms, line->text);
        else
            diagram_arrows(line);
    }
    diagram.count = 0;
}

static inline struct diagram_line *diagram_add(bool note, uint16_t from)
{
    if (diagram.count == LINES_MAX || diagram.at_ms != scenario.cluster.now_ms) diagram_flush();
    diagram.at_ms = scenario.cluster.now_ms;
    struct diagram_line *line = &diagram.lines[diagram.count++];
    *line = (struct diagram_line){ .note = note, .from = from };
    return line;
}

/* Whoever sends it tells next whom it reaches (diagram_packet). */
static inline void diagram_message(uint16_t from, const struct message *message)
{
    if (!diagram.file) return;
    const struct statement *statement = &message->statement;
    struct diagram_line *line = diagram_add(false, from);
    if (scenario.engine->describe) {
        scenario.engine->describe(message, line->text, sizeof line->text);
        return;
    }
    int size =
        snprintf(line->text, sizeof line->text, "%s", scenario.cluster.ops->kinds[statement->kind]);
    if (statement->index > 0)
        size += snprintf(line->text + size, sizeof line->text - (size_t)size, " of %llu",
                         (unsigned long long)statement->index);
    if (statement->view > 0)
        snprintf(line->text + size, sizeof line->text - (size_t)size, " in view %llu",
                 (unsigned long long)statement->view);
}

static inline void diagram_reaches(uint16_t to, bool reaches)
{
    if (!diagram.file || diagram.count == 0) return;
    struct diagram_line *line = &diagram.lines[diagram.count - 1];
    uint32_t bit = UINT32_C(1) << to;
    if (reaches)
        line->reached |= bit;
    else
        line->lost |= bit;
}

static inline void diagram_packet(const struct packet *packet, bool reaches)
{
    if (!diagram.file || packet->kind == PACKET_GOSSIP) return;
    if (packet->kind == PACKET_FETCH || packet->kind == PACKET_FETCHED) {
        struct diagram_line *line = diagram_add(false, packet->from);
        snprintf(line->text, sizeof line->text, "%s",
                 packet->kind == PACKET_FETCH ? "fetch" : "the proposal that was asked for");
    }
    diagram_reaches(packet->to, reaches);
}

/* Notes that only repeat what an arrow says are left out. */
static inline void diagram_note(uint16_t node, struct span text)
{
    static const char *const said[] = { "propose", "vote",   "commit vote",
                                        "help",    "append", "ask for" };
    if (!diagram.file) return;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (text.size >= strlen(said[i]) && memcmp(text.data, said[i], strlen(said[i])) == 0)
            return;
    struct diagram_line *line = diagram_add(true, node);
    snprintf(line->text, sizeof line->text, "%.*s", (int)text.size, text.data);
}

/* A command of the script, as a band over all. */
static inline void diagram_command(const struct words *words)
{
    static const char *const silent[] = { "engine", "option", "start", "notes", "run",
                                          "state",  "log",    "idle",  "roles" };
    if (!diagram.file || !scenario.started) return;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        if (strcmp(words->word[0], silent[i]) == 0) return;
    diagram_flush();
    fprintf(diagram.file, "    Note over V0,V%u: %llu ms:", scenario.cluster.count - 1U,
            (unsigned long long)scenario.cluster.now_ms);
    for (int i = 0; i < words->count; i++)
        fprintf(diagram.file, " %s", words->word[i]);
    fprintf(diagram.file, "\n");
}

static inline void diagram_comment(const char *line)
{
    if (!diagram.file) return;
    diagram_flush();
    fprintf(diagram.file, "%%%%%s", line + 1);
}

/* A new cluster: only the first one of a script has its participants named. */
static inline void diagram_start(uint16_t count, bool first)
{
    if (!diagram.file) return;
    if (first) fprintf(diagram.file, "sequenceDiagram\n");
    for (uint16_t i = 0; i < count && first; i++)
        fprintf(diagram.file, "    participant V%u as validator %u\n", i, i);
    if (!first)
        fprintf(diagram.file, "    Note over V0,V%u: once more from the start\n", count - 1U);
}

#endif
