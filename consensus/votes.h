/* consensus/votes.h -- statements counted until a quorum of members has made the same one.
 *
 * One box for each kind and view, one place in the box for each member: the first statement of a
 * member is kept, a repetition is nothing new, and a second, different one is a contradiction that
 * is reported and not counted. So a member has one voice however often it speaks, a liar cannot
 * push out what honest members said, and there is no limit on different digests to choose or to
 * attack: a box never holds more than n statements.
 *
 * Boxes exist for a window of VOTES_VIEWS views around the present one. What lies outside is not
 * stored: the past is of no use, and whoever is really ahead proves it with a certificate. Memory
 * is therefore fixed at open, kinds x VOTES_VIEWS x n places, whatever is sent to us.
 *
 * Two statements are the same vote if they differ in nothing but aux, and the certificate that
 * comes out carries each member's aux (timeouts: the view of its highest certificate).
 */
#ifndef CONSENSUS_VOTES_H
#define CONSENSUS_VOTES_H

#include "crypto/certificate.h"

enum {
    VOTES_VIEWS = 32, /* how many views the window holds */
    VOTES_AHEAD = 16, /* how far it reaches beyond the present view */
    VOTES_KINDS = 4,  /* statement kinds 1 .. VOTES_KINDS are counted */
};

/* One member's statement without its kind and view, which are the box's. */
struct kept_vote {
    uint64_t index;
    uint64_t aux;
    struct digest digest;
    struct signature signature;
};

struct vote_box {
    uint64_t view; /* 0: never used (no member speaks in view 0) */
    struct signer_set signers;
    struct kept_vote *kept; /* one for each member */
};

struct votes {
    uint16_t members;
    uint64_t present; /* the window is [present + VOTES_AHEAD - VOTES_VIEWS + 1, + VOTES_AHEAD] */
    struct vote_box boxes[VOTES_KINDS][VOTES_VIEWS];
};

/* Bytes for the votes of a committee of that size. */
size_t votes_size(uint16_t members);

/* memory: votes_size(members) bytes, aligned for any type; borrowed as long as the votes live. */
void votes_init(struct votes *votes, void *memory, uint16_t members);

/* Moves the window; never backwards. */
void votes_advance(struct votes *votes, uint64_t view);

enum vote_news {
    VOTE_COUNTED,       /* a new voice */
    VOTE_REPEATED,      /* said before, in the same words (another aux is other words) */
    VOTE_CONTRADICTION, /* the member has said something else in this view; not counted */
    VOTE_OUTSIDE,       /* a view outside the window; not stored */
};

enum vote_news votes_add(struct votes *votes, uint16_t from, const struct statement *statement,
                         const struct signature *signature);

/* How many members have made this statement (whatever their aux). */
uint16_t votes_count(const struct votes *votes, const struct statement *statement);

/* Everybody who made this statement, as a certificate; the caller has counted a quorum. */
void votes_certify(const struct votes *votes, const struct statement *statement,
                   struct certificate *certificate);
void votes_certify_aux(const struct votes *votes, const struct statement *statement,
                       struct aux_certificate *certificate);

#endif
