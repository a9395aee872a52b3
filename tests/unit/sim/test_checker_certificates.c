/* Warrants that honest members send: what admits to a view, and what does not. */
#include "checker_fixture.h"

static struct stand *s;
static uint8_t bytes[8192];
static struct writer w;
static struct certificate certificate;
static struct aux_certificate timeouts;

static void begin(uint16_t phases)
{
    s = stand_open(4, phases);
    writer_init_fixed(&w, bytes, sizeof bytes);
}

static void end(enum check_name name)
{
    stand_expect(s, name);
    stand_close(s);
}

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

Test(warrants, the_certificate_of_the_view_before_admits)
{
    begin(2);
    write_high(6, 3);
    write_bool(&w, false);
    send_timeout(7);
    end(CHECK_NONE);
}

Test(warrants, so_does_the_root)
{
    begin(2);
    write_high(0, 0);
    write_bool(&w, false);
    send_timeout(1);
    end(CHECK_NONE);
}

Test(warrants, an_older_certificate_does_not)
{
    begin(2);
    write_high(5, 3);
    write_bool(&w, false);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, a_certificate_of_too_few_does_not)
{
    begin(2);
    write_high(6, 2);
    write_bool(&w, false);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, timeouts_of_the_view_before_admit)
{
    begin(2);
    write_high(3, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 3);
    send_timeout(7);
    end(CHECK_NONE);
}

Test(warrants, timeouts_of_too_few_do_not)
{
    begin(2);
    write_high(2, 3);
    write_bool(&w, true);
    write_timeouts(6, 2, 2);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, timeouts_of_an_older_view_do_not)
{
    begin(2);
    write_high(3, 3);
    write_bool(&w, true);
    write_timeouts(5, 3, 3);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, the_certificate_is_the_highest_that_they_name)
{
    begin(2);
    write_high(2, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 2);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, in_two_phases_nothing_below_it_may_be_extended)
{
    begin(2);
    write_high(2, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 3);
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}

Test(warrants, in_three_phases_the_locks_see_to_that)
{
    begin(3);
    write_high(2, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 3);
    send_timeout(7);
    end(CHECK_NONE);
}

Test(warrants, each_signature_is_over_what_its_signer_names)
{
    begin(2);
    write_high(3, 3);
    write_bool(&w, true);
    write_timeouts(6, 3, 3);
    size_t high = 51 + 1 + 3 * 64;          /* a certificate by three of four */
    size_t aux = high + 1 + high;           /* where the timeouts' numbers stand */
    cr_assert_eq(load_u64(bytes + aux), 1); /* the first member's */
    bytes[aux] = 2;
    send_timeout(7);
    end(CHECK_CERTIFICATE);
}
