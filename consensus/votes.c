#include "consensus/votes.h"

#include <assert.h>

static_assert(VOTES_AHEAD < VOTES_VIEWS, "the window must hold the present view");

size_t votes_size(uint16_t members)
{
    return (size_t)VOTES_KINDS * VOTES_VIEWS * members * sizeof(struct kept_vote);
}

void votes_init(struct votes *votes, void *memory, uint16_t members)
{
    memset(votes, 0, sizeof *votes);
    votes->members = members;
    struct kept_vote *kept = memory;
    for (size_t kind = 0; kind < VOTES_KINDS; kind++)
        for (size_t slot = 0; slot < VOTES_VIEWS; slot++) {
            votes->boxes[kind][slot].kept = kept;
            kept += members;
        }
}

void votes_advance(struct votes *votes, uint64_t view)
{
    votes->present = max_u64(votes->present, view);
}

/* [present - VIEWS + AHEAD + 1, present + AHEAD], written without subtraction below zero. */
static bool inside_window(const struct votes *votes, uint64_t view)
{
    return view > 0 && view <= votes->present + VOTES_AHEAD &&
           view + VOTES_VIEWS > votes->present + VOTES_AHEAD;
}

static size_t box_slot(uint64_t view)
{
    return (size_t)(view % VOTES_VIEWS);
}

static const struct vote_box *find_box(const struct votes *votes, uint8_t kind, uint64_t view)
{
    ASSERT(kind >= 1 && kind <= VOTES_KINDS);
    const struct vote_box *box = &votes->boxes[kind - 1][box_slot(view)];
    return box->view == view ? box : NULL;
}

static bool same_vote(const struct kept_vote *vote, const struct statement *statement)
{
    return vote->index == statement->index && digest_equal(&vote->digest, &statement->digest);
}

enum vote_news votes_add(struct votes *votes, uint16_t from, const struct statement *statement,
                         const struct signature *signature)
{
    ASSERT(from < votes->members);
    ASSERT(statement->kind >= 1 && statement->kind <= VOTES_KINDS);
    if (!inside_window(votes, statement->view)) return VOTE_OUTSIDE;

    struct vote_box *box = &votes->boxes[statement->kind - 1][box_slot(statement->view)];
    if (box->view != statement->view) {
        /* Two views of one window never share a slot: what lies here has left the window. */
        box->view = statement->view;
        memset(&box->signers, 0, sizeof box->signers);
    }
    struct kept_vote *vote = &box->kept[from];
    if (signer_set_has(&box->signers, from)) {
        bool same = same_vote(vote, statement) && vote->aux == statement->aux;
        return same ? VOTE_REPEATED : VOTE_CONTRADICTION;
    }
    signer_set_add(&box->signers, from);
    *vote = (struct kept_vote){ statement->index, statement->aux, statement->digest, *signature };
    return VOTE_COUNTED;
}

uint16_t votes_count(const struct votes *votes, const struct statement *statement)
{
    const struct vote_box *box = find_box(votes, statement->kind, statement->view);
    if (!box) return 0;
    uint16_t count = 0;
    for (uint16_t i = 0; i < votes->members; i++)
        if (signer_set_has(&box->signers, i) && same_vote(&box->kept[i], statement)) count++;
    return count;
}

/* Fills in certificate; aux, if wanted, gets one number for each signer. */
static void certify(const struct votes *votes, const struct statement *statement,
                    struct certificate *certificate, uint64_t *aux)
{
    const struct vote_box *box = find_box(votes, statement->kind, statement->view);
    certificate->statement = *statement;
    certificate->statement.aux = 0;
    certificate->count = votes->members;
    memset(&certificate->signers, 0, sizeof certificate->signers);
    ASSERT(box != NULL);
    uint16_t count = 0;
    for (uint16_t i = 0; i < votes->members; i++) {
        const struct kept_vote *vote = &box->kept[i];
        if (!signer_set_has(&box->signers, i) || !same_vote(vote, statement)) continue;
        signer_set_add(&certificate->signers, i);
        certificate->signatures[count] = vote->signature;
        if (aux) aux[count] = vote->aux;
        count++;
    }
}

void votes_certify(const struct votes *votes, const struct statement *statement,
                   struct certificate *certificate)
{
    certify(votes, statement, certificate, NULL);
}

void votes_certify_aux(const struct votes *votes, const struct statement *statement,
                       struct aux_certificate *certificate)
{
    certify(votes, statement, &certificate->certificate, certificate->aux);
}
