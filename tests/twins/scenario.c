#include "twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PALETTE_MAX = 3 };

static uint8_t instances;
static uint16_t count;
static uint8_t set_of[PARTITIONS_MAX][INSTANCES_MAX];

/* ---- Partitions ---- */

/* Restricted growth strings: each instance joins a set that exists, or opens the next one. */
static void grow_partition(uint8_t sets[INSTANCES_MAX], uint8_t next, uint8_t used)
{
    if (next == instances) {
        memcpy(set_of[count++], sets, INSTANCES_MAX);
        return;
    }
    for (uint8_t set = 0; set <= used && set < SETS_MAX; set++) {
        sets[next] = set;
        grow_partition(sets, (uint8_t)(next + 1), set == used ? (uint8_t)(used + 1) : used);
    }
}

void scenario_tables(uint8_t of_instances)
{
    uint8_t sets[INSTANCES_MAX] = { 0 };
    instances = of_instances;
    count = 0;
    grow_partition(sets, 0, 0);
}

uint16_t partitions_count(void)
{
    return count;
}

bool same_set(uint16_t partition, uint8_t a, uint8_t b)
{
    return set_of[partition][a] == set_of[partition][b];
}

/* ---- Names ---- */

const char *instance_name(const struct scenario *s, uint8_t instance)
{
    static const char *const names[] = { "A", "B", "C", "D", "E", "F", "G" };
    static const char *const seconds[] = { "A'", "B'", "C'", "D'", "E'", "F'", "G'" };
    return is_second(s, instance) ? seconds[member_of(s, instance)] : names[instance];
}

void partition_text(const struct scenario *s, uint16_t partition, char text[64])
{
    size_t size = 0;
    for (uint8_t set = 0; set < SETS_MAX; set++) {
        bool any = false;
        for (uint8_t i = 0; i < instances_of(s); i++) {
            if (set_of[partition][i] != set) continue;
            size += (size_t)snprintf(text + size, 64 - size, "%s%s",
                                     any ? "," : (set > 0 ? " {" : "{"), instance_name(s, i));
            any = true;
        }
        if (any) size += (size_t)snprintf(text + size, 64 - size, "}");
    }
}

void scenario_write(const struct scenario *s, char id[ID_SIZE])
{
    size_t size =
        (size_t)snprintf(id, ID_SIZE, "n%ut%up%uc%ua%ue%ul%ux%xq%us%uo%u", s->members, s->twins,
                         s->phases, s->three_chain ? 3U : 2U, s->amnesia, s->eavesdrop, s->late,
                         s->late_to, s->ending, s->stale, s->order);
    for (uint8_t r = 0; r < s->rounds; r++) {
        const struct round *round = &s->round[r];
        size += (size_t)snprintf(id + size, ID_SIZE - size, "-%c%s", 'A' + round->leader,
                                 round->forget ? "f" : "");
        for (uint8_t p = 0; p < s->phases; p++)
            size +=
                (size_t)snprintf(id + size, ID_SIZE - size, p ? ".%u" : "%u", round->partition[p]);
    }
}

static bool read_round(const char **at, struct scenario *s)
{
    if (s->rounds == ROUNDS_MAX) return false;
    struct round *round = &s->round[s->rounds++];
    int leader = *(*at)++ - 'A';
    if (leader < 0 || leader >= s->members) return false;
    round->leader = (uint8_t)leader;
    round->forget = **at == 'f';
    if (round->forget) (*at)++;
    for (uint8_t p = 0; p < s->phases; p++) {
        if (p > 0 && *(*at)++ != '.') return false;
        char *end;
        unsigned long partition = strtoul(*at, &end, 10);
        if (end == *at || partition >= count) return false;
        round->partition[p] = (uint16_t)partition;
        *at = end;
    }
    return true;
}

bool scenario_read(const char *id, struct scenario *s)
{
    unsigned n, t, p, c, a, e, l, x, q, st, o;
    int used = 0;
    memset(s, 0, sizeof *s);
    if (sscanf(id, "n%ut%up%uc%ua%ue%ul%ux%xq%us%uo%u%n", &n, &t, &p, &c, &a, &e, &l, &x, &q, &st,
               &o, &used) != 11)
        return false;
    if (n < 1 || n > MEMBERS_MAX || t > n || n + t > INSTANCES_MAX) return false;
    if (p < 1 || p > PHASES_MAX || (c != 2 && c != 3)) return false;
    if (l >= LATE_KINDS || q >= ENDING_KINDS || st >= STALE_KINDS) return false;
    *s = (struct scenario){ .members = (uint8_t)n,
                            .twins = (uint8_t)t,
                            .phases = (uint8_t)p,
                            .three_chain = c == 3,
                            .amnesia = a != 0,
                            .eavesdrop = e != 0,
                            .late = (enum late)l,
                            .late_to = (uint16_t)x,
                            .ending = (enum ending)q,
                            .stale = (enum stale)st,
                            .order = o };
    scenario_tables(instances_of(s));
    const char *at = id + used;
    while (*at == '-') {
        at++;
        if (!read_round(&at, s)) return false;
    }
    return *at == '\0' && s->rounds > 0;
}

/* ---- Symmetry ---- */

/* A partition under a renaming, written as growth string again, and compared: < 0 if the renamed
 * one comes before. Instance i is now called names[i]. */
static int compare_renamed(uint16_t partition, const uint8_t *names)
{
    uint8_t moved[INSTANCES_MAX];
    uint8_t renumbered[SETS_MAX] = { UINT8_MAX, UINT8_MAX, UINT8_MAX };
    uint8_t used = 0;
    for (uint8_t i = 0; i < instances; i++)
        moved[names[i]] = set_of[partition][i];
    for (uint8_t i = 0; i < instances; i++) {
        if (renumbered[moved[i]] == UINT8_MAX) renumbered[moved[i]] = used++;
        int difference = renumbered[moved[i]] - set_of[partition][i];
        if (difference != 0) return difference;
    }
    return 0;
}

static int compare_round(const struct scenario *s, const struct round *round, const uint8_t *names)
{
    int leader = member_of(s, names[round->leader]) - round->leader;
    if (leader != 0) return leader;
    for (uint8_t p = 0; p < s->phases; p++) {
        int difference = compare_renamed(round->partition[p], names);
        if (difference != 0) return difference;
    }
    return 0;
}

static bool next_order(uint8_t *names, uint8_t n)
{
    int i = n - 2;
    while (i >= 0 && names[i] > names[i + 1])
        i--;
    if (i < 0) return false;
    int j = n - 1;
    while (names[j] < names[i])
        j--;
    uint8_t name = names[i];
    names[i] = names[j];
    names[j] = name;
    for (int low = i + 1, high = n - 1; low < high; low++, high--) {
        name = names[low];
        names[low] = names[high];
        names[high] = name;
    }
    return true;
}

static bool is_first_of(const struct scenario *s, uint8_t rounds, const uint8_t *names)
{
    for (uint8_t r = 0; r < rounds; r++) {
        int difference = compare_round(s, &s->round[r], names);
        if (difference != 0) return difference > 0;
    }
    return true;
}

bool scenario_is_first(const struct scenario *s, uint8_t rounds)
{
    uint8_t honest = 0;
    while (is_honest(s, honest))
        honest++;
    uint8_t names[INSTANCES_MAX];
    for (uint8_t i = 0; i < instances; i++)
        names[i] = i;
    bool alike =
        s->twins == 1 && !s->eavesdrop && s->stale == STALE_NO && s->ending != ENDING_FIRST;
    do {
        if (!is_first_of(s, rounds, names)) return false;
        if (!alike) continue;
        uint8_t swapped[INSTANCES_MAX];
        memcpy(swapped, names, sizeof swapped);
        swapped[s->members - 1] = names[s->members];
        swapped[s->members] = names[s->members - 1];
        if (!is_first_of(s, rounds, swapped)) return false;
    } while (next_order(names, honest));
    return true;
}

/* ---- Chance ---- */

uint64_t random_below(uint64_t *state, uint64_t below)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

/* Two branches grow only if the same sets meet again: in most scenarios all rounds are made of a
 * few partitions. */
struct palette {
    uint64_t count; /* 0: any partition, each time */
    uint16_t list[PALETTE_MAX];
};

static void draw_palette(struct palette *palette, uint64_t *random)
{
    bool few = random_below(random, 2) == 0;
    palette->count = few ? 1 + random_below(random, PALETTE_MAX) : 0;
    for (uint64_t i = 0; i < palette->count; i++)
        palette->list[i] = (uint16_t)random_below(random, count);
}

static uint16_t draw_partition(const struct palette *palette, uint64_t *random)
{
    if (palette->count == 0) return (uint16_t)random_below(random, count);
    uint64_t choice = random_below(random, palette->count + 1);
    return choice == palette->count ? 0 : palette->list[choice]; /* 0: everybody */
}

/* Members that lie lead more often than their share, for much depends on their turn. */
void scenario_draw(struct scenario *s, uint64_t *random)
{
    s->eavesdrop = !s->amnesia && random_below(random, 2) == 0;
    s->late = (enum late)random_below(random, LATE_KINDS);
    bool some = random_below(random, 3) > 0;
    s->late_to = UINT16_MAX;
    if (some) s->late_to = (uint16_t)random_below(random, UINT64_C(1) << instances);
    s->ending = (enum ending)random_below(random, ENDING_KINDS);
    bool stale = !s->amnesia && random_below(random, 4) == 0;
    s->stale = stale ? (enum stale)(1 + random_below(random, STALE_KINDS - 1)) : STALE_NO;
    s->order = random_below(random, 2) == 0 ? 0 : 1 + (uint32_t)random_below(random, 1 << 30);
    uint64_t calm = random_below(random, 4); /* of four rounds so many are without a partition */
    struct palette palette;
    draw_palette(&palette, random);
    for (uint8_t r = 0; r < s->rounds; r++) {
        struct round *round = &s->round[r];
        bool liar = random_below(random, 3) == 0;
        round->leader = (uint8_t)random_below(random, s->members);
        if (liar) round->leader = (uint8_t)(s->members - 1);
        round->forget = s->amnesia && random_below(random, 2) == 0;
        for (uint8_t p = 0; p < s->phases; p++)
            round->partition[p] = draw_partition(&palette, random);
        if (random_below(random, 4) < calm) memset(round->partition, 0, sizeof round->partition);
    }
}
