#include "proof/text.h"

#include <criterion/criterion.h>

static void expect_round_trip(size_t size)
{
    uint8_t bytes[300];
    struct writer text, again;
    struct problem problem = { .text = "" };
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + size);
    writer_init(&text, 4096);
    writer_init(&again, 4096);
    proof_armor_write(&text, span_of(bytes, size));
    cr_assert_eq(proof_armor_read(writer_span(&text), &again, &problem), STATUS_OK, "%zu: %s", size,
                 problem.text);
    cr_expect(span_equal(writer_span(&again), span_of(bytes, size)), "%zu bytes", size);
    writer_free(&again);
    writer_free(&text);
}

Test(text_armor, gives_back_any_number_of_bytes)
{
    for (size_t size = 0; size < 300; size++)
        expect_round_trip(size);
}

#define BEGIN PROOF_ARMOR_BEGIN "\n"
#define END PROOF_ARMOR_END "\n"

static enum status read_text(const char *text, struct writer *w)
{
    struct problem problem = { .text = "" };
    writer_init(w, 4096);
    enum status status = proof_armor_read(span_text(text), w, &problem);
    cr_expect_eq(status != STATUS_OK, problem.text[0] != '\0', "%s", text);
    return status;
}

static void expect_bytes(const char *text, const char *bytes)
{
    struct writer w;
    cr_expect_eq(read_text(text, &w), STATUS_OK, "%s", text);
    cr_expect(span_equal(writer_span(&w), span_text(bytes)), "%s", text);
    writer_free(&w);
}

static void expect_malformed(const char *text)
{
    struct writer w;
    cr_expect_eq(read_text(text, &w), STATUS_MALFORMED, "accepted: %s", text);
    writer_free(&w);
}

Test(text_armor, reads_the_vectors_of_rfc_4648)
{
    expect_bytes(BEGIN "Zg==\n" END, "f");
    expect_bytes(BEGIN "Zm8=\n" END, "fo");
    expect_bytes(BEGIN "Zm9v\n" END, "foo");
    expect_bytes(BEGIN "Zm9vYg==\n" END, "foob");
    expect_bytes(BEGIN "Zm9vYmE=\n" END, "fooba");
    expect_bytes(BEGIN "Zm9vYmFy\n" END, "foobar");
    expect_bytes(BEGIN END, "");
    expect_bytes(PROOF_ARMOR_BEGIN "\r\nZm9v\r\n" PROOF_ARMOR_END "\r\n", "foo");
    expect_bytes(BEGIN "Zm9v\n" PROOF_ARMOR_END, "foo");
}

#define LINE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

Test(text_armor, refuses_all_that_it_would_not_write)
{
    expect_malformed("");
    expect_malformed(BEGIN);
    expect_malformed(BEGIN "Zm9v\n");
    expect_malformed("Zm9v\n" END);
    expect_malformed(BEGIN "Zm9v\n" END "\n");
    expect_malformed(BEGIN "Zm9v\n" END "more");
    expect_malformed(" " BEGIN "Zm9v\n" END);
    expect_malformed(BEGIN "\nZm9v\n" END);
    expect_malformed(BEGIN "Zm9\n" END);
    expect_malformed(BEGIN "Zm9v Zm9v\n" END);
    expect_malformed(BEGIN "Zm9v\nZm9v\n" END); /* a short line is the last */
    expect_malformed(BEGIN "Zg==\nZg==\n" END);
    expect_malformed(BEGIN "Zg==Zg==\n" END);
    expect_malformed(BEGIN "Zh==\n" END); /* bits that no byte uses */
    expect_malformed(BEGIN "Zm9=\n" END);
    expect_malformed(BEGIN "Z===\n" END);
    expect_malformed(BEGIN "====\n" END);
    expect_malformed(BEGIN "Zm=v\n" END);
    expect_malformed(BEGIN "Zm-_\n" END);
    expect_malformed(BEGIN LINE "AAAA\n" END);
    expect_malformed(BEGIN LINE "\n" LINE "AAAA\n" END);
}

Test(text_armor, knows_the_forms_apart)
{
    struct writer w;
    struct problem problem;
    writer_init(&w, 4096);
    cr_expect_eq(proof_load(span_text("WTNPROOFwhatever"), &w, &problem), STATUS_OK);
    cr_expect(span_equal(writer_span(&w), span_text("WTNPROOFwhatever")));
    cr_expect_eq(proof_load(span_text(""), &w, &problem), STATUS_MALFORMED);
    cr_expect_eq(proof_load(span_text("hello"), &w, &problem), STATUS_MALFORMED);
    cr_expect_eq(proof_load(span_text("-----BEGIN"), &w, &problem), STATUS_MALFORMED);
    cr_expect_eq(proof_load(span_text(" {\"format\":1}"), &w, &problem), STATUS_MALFORMED);
    cr_expect(strstr(problem.text, "/format"), "%s", problem.text);
    cr_expect_eq(proof_load(span_text("{"), &w, &problem), STATUS_MALFORMED);
    cr_expect(strstr(problem.text, "line 1"), "%s", problem.text);
    writer_free(&w);
    writer_init(&w, 4);
    cr_expect_eq(proof_load(span_text("WTNPROOFwhatever"), &w, &problem), STATUS_TOO_LARGE);
    writer_free(&w);
}
