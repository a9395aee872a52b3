/* What is written is read as it was; what nobody writes is refused. The bytes themselves are in
 * the vectors (test_raft_vectors.c). */
#include "tests/unit/consensus/lone.h"

static uint8_t bytes[16 * 1024];
static struct writer w;
static struct raft_record *record;

static void setup(void)
{
    lone_configure(5);
    writer_init_fixed(&w, bytes, sizeof bytes);
    record = calloc(1, sizeof *record);
    cr_assert_not_null(record);
}

static void teardown(void)
{
    free(record);
}

TestSuite(raft_codec, .init = setup, .fini = teardown);

static struct members some_members(void)
{
    struct members members = { .joint = true };
    signer_set_add(&members.voters, 0);
    signer_set_add(&members.voters, COMMITTEE_MAX - 1);
    signer_set_add(&members.learners, 3);
    signer_set_add(&members.old, 2);
    return members;
}

Test(raft_codec, members)
{
    struct members members = some_members();
    members_write(&w, &members);
    cr_expect_eq(writer_span(&w).size, MEMBERS_BYTES);
    struct reader r = reader_of(writer_span(&w));
    struct members read;
    members_read(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_expect_eq(memcmp(&members, &read, sizeof read), 0);
}

Test(raft_codec, members_digests_differ_with_each_set)
{
    struct members members = some_members();
    struct digest digest = members_digest(&members);
    for (int i = 0; i < 4; i++) {
        struct members other = members;
        if (i == 0) other.joint = false;
        if (i == 1) signer_set_add(&other.voters, 7);
        if (i == 2) signer_set_add(&other.learners, 7);
        if (i == 3) signer_set_add(&other.old, 7);
        struct digest another = members_digest(&other);
        cr_expect_not(digest_equal(&digest, &another));
    }
}

static enum status read_entry(struct log_entry *entry)
{
    struct reader r = reader_of(writer_span(&w));
    log_entry_read(&r, entry);
    return reader_end(&r);
}

Test(raft_codec, entries)
{
    struct log_entry entry = entry_on(NULL, 4, "batch");
    struct log_entry read;
    log_entry_write(&w, &entry);
    cr_assert_eq(read_entry(&read), STATUS_OK);
    cr_expect(digest_equal(&read.digest, &entry.digest), "the digest is computed");
    cr_expect_not(read.has_members);
    struct members members = some_members();
    struct log_entry change = members_on(&entry, 5, &members);
    writer_init_fixed(&w, bytes, sizeof bytes);
    log_entry_write(&w, &change);
    cr_assert_eq(read_entry(&read), STATUS_OK);
    cr_expect(read.has_members);
    cr_expect_eq(memcmp(&members, &read.members, sizeof members), 0);
}

Test(raft_codec, an_entry_names_the_members_that_it_brings)
{
    struct members members = some_members();
    struct log_entry change = members_on(NULL, 5, &members);
    signer_set_add(&change.members.voters, 9);
    struct log_entry read;
    log_entry_write(&w, &change);
    cr_expect_eq(read_entry(&read), STATUS_MISMATCH);
}

Test(raft_codec, entries_that_cannot_be)
{
    const struct log_entry good = entry_on(NULL, 4, "batch");
    struct log_entry read;
    for (int i = 0; i < 5; i++) {
        struct log_entry bad = good;
        if (i == 0) bad.proposal.index = 0;
        if (i == 1) bad.proposal.index = TERM_LIMIT;
        if (i == 2) bad.proposal.view = 0;
        if (i == 3) bad.proposal.view = TERM_LIMIT;
        if (i == 4) bad.proposal.parent_view = 5;
        writer_init_fixed(&w, bytes, sizeof bytes);
        log_entry_write(&w, &bad);
        cr_expect_eq(read_entry(&read), STATUS_INVALID, "%d", i);
    }
}

/* Every attachment and record, cut short or with a byte too many. */
static void expect_exact(enum status (*read)(struct span))
{
    struct span whole = writer_span(&w);
    cr_expect_eq(read(whole), STATUS_OK);
    for (size_t size = 0; size < whole.size; size++)
        cr_expect_neq(read(span_of(bytes, size)), STATUS_OK, "%zu of %zu bytes", size, whole.size);
    bytes[whole.size] = 0;
    cr_expect_neq(read(span_of(bytes, whole.size + 1)), STATUS_OK, "a byte too many");
    writer_init_fixed(&w, bytes, sizeof bytes);
}

static enum status read_append(struct span span)
{
    struct append append;
    return append_read(span, &append);
}

static enum status read_refusal(struct span span)
{
    struct refusal refusal;
    return refusal_read(span, &refusal);
}

static enum status read_record(struct span span)
{
    return raft_record_read(span, record);
}

Test(raft_codec, attachments)
{
    struct append append = { .before_view = 3, .commit = 7, .round = 9 };
    append_write(&w, &append);
    expect_exact(read_append);
    append.has_entry = true;
    append.entry = entry_on(NULL, 4, "batch");
    append_write(&w, &append);
    struct append read;
    cr_assert_eq(append_read(writer_span(&w), &read), STATUS_OK);
    cr_expect_eq(read.before_view, 3);
    cr_expect_eq(read.commit, 7);
    cr_expect_eq(read.round, 9);
    expect_exact(read_append);
    struct refusal refusal = { .last = 5, .conflict_view = 2, .conflict_first = 3 };
    refusal_write(&w, &refusal);
    expect_exact(read_refusal);
}

Test(raft_codec, records)
{
    struct log_entry one = entry_on(NULL, 4, "one");
    struct log_entry two = entry_on(&one, 4, "two");
    record_write_term(&w, 7, 3);
    expect_exact(read_record);
    cr_expect_eq(record->term, 7);
    cr_expect_eq(record->voted_for, 3);
    record_write_entry(&w, &one);
    expect_exact(read_record);
    record_write_commit(&w, 5);
    expect_exact(read_record);
    cr_expect_eq(record->commit, 5);
    struct log_base base = { .digest = lone_config.root, .members = some_members() };
    record_write_log(&w, &base, 2);
    log_entry_write(&w, &one);
    log_entry_write(&w, &two);
    expect_exact(read_record);
    record_write_log(&w, &base, 0);
    expect_exact(read_record);
}

Test(raft_codec, records_of_another_version_or_kind)
{
    record_write_commit(&w, 5);
    struct span whole = writer_span(&w);
    for (unsigned value = 0; value < 256; value++) {
        bytes[0] = (uint8_t)value;
        cr_expect_eq(read_record(whole) == STATUS_OK, value == 1, "version %u", value);
    }
    bytes[0] = 1;
    for (unsigned value = 5; value < 256; value++) {
        bytes[1] = (uint8_t)value;
        cr_expect_neq(read_record(whole), STATUS_OK, "type %u", value);
    }
    bytes[1] = 0;
    cr_expect_neq(read_record(whole), STATUS_OK);
}

Test(raft_codec, a_term_record_is_bounded)
{
    record_write_term(&w, TERM_LIMIT, VALIDATOR_NONE);
    cr_expect_neq(read_record(writer_span(&w)), STATUS_OK);
}

Test(raft_codec, a_log_record_has_consecutive_entries)
{
    struct log_entry one = entry_on(NULL, 4, "one");
    struct log_entry two = entry_on(&one, 4, "two");
    struct log_base base = { .digest = lone_config.root };
    record_write_log(&w, &base, 2);
    log_entry_write(&w, &two);
    log_entry_write(&w, &one);
    cr_expect_eq(read_record(writer_span(&w)), STATUS_INVALID);
    writer_init_fixed(&w, bytes, sizeof bytes);
    base.index = TERM_LIMIT;
    record_write_log(&w, &base, 0);
    cr_expect_eq(read_record(writer_span(&w)), STATUS_INVALID);
    writer_init_fixed(&w, bytes, sizeof bytes);
    base.index = 0;
    record_write_log(&w, &base, LOG_MAX);
    cr_expect_neq(read_record(writer_span(&w)), STATUS_OK, "more than fit");
    writer_init_fixed(&w, bytes, sizeof bytes);
    record_write_log(&w, &base, UINT32_MAX);
    cr_expect_neq(read_record(writer_span(&w)), STATUS_OK);
}

/* Every single bit of a record turned over: refused or read, never more than that. */
Test(raft_codec, damaged_records)
{
    struct members members = some_members();
    struct log_entry one = entry_on(NULL, 4, "one");
    struct log_entry two = members_on(&one, 4, &members);
    struct log_base base = { .digest = lone_config.root, .members = members };
    record_write_log(&w, &base, 2);
    log_entry_write(&w, &one);
    log_entry_write(&w, &two);
    struct span whole = writer_span(&w);
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)read_record(whole);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_eq(read_record(whole), STATUS_OK);
}
