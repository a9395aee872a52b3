/* Warrants that honest members send: what admits to a view, and what does not. */
#include "checker_suite.h"

static uint8_t bytes[8192];
static struct writer w;
static struct certificate certificate;
static struct aux_certificate timeouts;

static void open_warrant(void)
{
    suite_open();
    writer_init_fixed(&w, bytes, sizeof bytes);
}
TestSuite(warrants, .init = open_warrant, .fini = suite_close);

/* A certificate of votes in this view, by so many. */
static void write_high(uint64_t view, uint16_t signers)
{
    struct statement statement = statement_of(VOTE, view, 'a');
    if (view == 0) statement = (struct statement){ .kind = VOTE, .digest = digest_letter('r') };
    stand_certify(s, &statement, signers, &certificate);
    certificate_write(&w, &certificate);
}

/* Timeouts of this view by so many, member i naming view i + 1; and a certificate of view `named`.
 */
static void write_timeouts(uint64_t view, uint16_t signers, uint64_t named)
{
    memset(&timeouts, 0, sizeof timeouts);
    timeouts.certificate.statement = (struct statement){ .kind = TIMEOUT, .view = view };
    timeouts.certificate.count = s->plan.nodes;
    for (uint16_t i = 0; i < signers; i++) {
        struct statement statement = { .kind = TIMEOUT, .view = view, .aux = i + 1u };
        signer_set_add(&timeouts.certificate.signers, i);
        timeouts.certificate.signatures[i] = stand_sign(s, i, &statement);
        timeouts.aux[i] = statement.aux;
    }
    aux_certificate_write(&w, &timeouts);
    write_high(named, 3);
}

/* What was written, as the attachment of a timeout of this view that its sender has promised. */
static void send_timeout(uint64_t view)
{
    struct message message = { .statement = { .kind = TIMEOUT, .view = view },
                               .attachment = writer_span(&w) };
    stand_promise(s, 1, TIMEOUT, view, 0);
    stand_durable(s, 1);
    message_write(stand_write(s), &message);
    checker_sent(s->checker, 1, FRAME_ENGINE, stand_span(s));
}

/* A certificate of view `high`, by so many; timeouts, if any: of this view, by so many, who name a
 * certificate of that view. */
static const struct warrant_row {
    const char *what;
    uint16_t phases;
    uint64_t high;
    uint16_t signers;
    uint64_t timeouts;
    uint16_t timeouts_signers;
    uint64_t named;
    uint64_t view; /* to which it is to admit */
    enum check_name found;
} warrant_rows[] = {
    { "the certificate of the view before", 2, 6, 3, 0, 0, 0, 7, CHECK_NONE },
    { "the root", 2, 0, 0, 0, 0, 0, 1, CHECK_NONE },
    { "an older certificate", 2, 5, 3, 0, 0, 0, 7, CHECK_CERTIFICATE },
    { "a certificate of too few", 2, 6, 2, 0, 0, 0, 7, CHECK_CERTIFICATE },
    { "timeouts of the view before", 2, 3, 3, 6, 3, 3, 7, CHECK_NONE },
    { "timeouts of too few", 2, 2, 3, 6, 2, 2, 7, CHECK_CERTIFICATE },
    { "timeouts of an older view", 2, 3, 3, 5, 3, 3, 7, CHECK_CERTIFICATE },
    { "timeouts with less than they name", 2, 2, 3, 6, 3, 2, 7, CHECK_CERTIFICATE },
    { "less than the timeouts name", 2, 2, 3, 6, 3, 3, 7, CHECK_CERTIFICATE },
    { "the same in three phases: locks see to that", 3, 2, 3, 6, 3, 3, 7, CHECK_NONE },
};

Test(warrants, some_admit_to_a_view_and_others_do_not)
{
    for (size_t i = 0; i < sizeof warrant_rows / sizeof warrant_rows[0]; i++) {
        const struct warrant_row *row = &warrant_rows[i];
        suite_again(4, row->phases);
        writer_init_fixed(&w, bytes, sizeof bytes);
        write_high(row->high, row->signers);
        write_bool(&w, row->timeouts != 0);
        if (row->timeouts != 0) write_timeouts(row->timeouts, row->timeouts_signers, row->named);
        send_timeout(row->view);
        cr_expect_eq(s->found, row->found, "%s: %s", row->what, s->text);
    }
}

Test(warrants, each_signature_is_over_what_its_signer_names)
{
    write_high(3, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 3);
    size_t high = 51 + 1 + 3 * 64;          /* a certificate by three of four */
    size_t aux = high + 1 + high;           /* where the timeouts' numbers stand */
    cr_assert_eq(load_u64(bytes + aux), 1); /* the first member's */
    bytes[aux] = 2;
    send_timeout(7);
    stand_expect(s, CHECK_CERTIFICATE);
}
