/* genesis/json.h -- the one strict JSON reader, over jansson.
 *
 * Genesis, key files, validator.json, requests and reports all come through here: depth is counted
 * before parsing (jansson recurses), duplicate members, NUL, invalid UTF-8, floats and integers
 * beyond 64 bits are refused. Field access names what is wrong by its JSON Pointer.
 */
#ifndef GENESIS_JSON_H
#define GENESIS_JSON_H

#include "crypto/key.h"
#include "genesis/address.h"
#include <jansson.h>

enum { JSON_DEPTH_MAX = 32 };

/* Parses text of at most bytes_max bytes. NULL and *problem (with line and column, or the offset)
 * if it is not exactly one JSON value. The caller owns the reference. */
json_t *json_read(struct span text, size_t bytes_max, struct problem *problem);

/* Reads and parses a file. STATUS_NOT_FOUND, STATUS_IO, STATUS_TOO_LARGE, STATUS_MALFORMED. */
json_t *json_read_file(const char *path, size_t bytes_max, struct problem *problem);

/* An object being taken apart: each member is asked for once, json_object_done refuses what was
 * not asked for and suggests the nearest name. Errors stick: the first one is kept in problem. */
struct json_fields {
    const json_t *object;
    char path[128]; /* JSON Pointer of the object itself, "" for the document */
    const char *asked[40];
    size_t asked_count;
    struct problem *problem;
    bool failed;
    enum status status; /* of the failure */
};

/* Fails at once if value is not an object. NULL stands for a member whose absence is recorded
 * already: these fields count as failed, and the record stays as it is. */
struct json_fields json_fields_of(const json_t *value, const char *path, struct problem *problem);

const json_t *json_member(struct json_fields *fields, const char *name);          /* required */
const json_t *json_member_optional(struct json_fields *fields, const char *name); /* or NULL */

/* Each reads a required member of the named type; zeros and a recorded problem otherwise. */
const char *json_text(struct json_fields *fields, const char *name, size_t size_max);
void json_text_into(struct json_fields *fields, const char *name, char *text, size_t text_size);
size_t json_choice(struct json_fields *fields, const char *name, const char *const *words,
                   size_t count); /* index of the word; 0 after a failure */
uint64_t json_u64(struct json_fields *fields, const char *name, uint64_t most);
bool json_bool(struct json_fields *fields, const char *name);
uint64_t json_amount(struct json_fields *fields, const char *name); /* decimal string, < 2^63 */
uint64_t json_time(struct json_fields *fields, const char *name);   /* RFC 3339 -> ms */
void json_hex(struct json_fields *fields, const char *name, uint8_t *bytes, size_t size);
void json_address(struct json_fields *fields, const char *name, enum address_kind kind,
                  struct id *id);
void json_key(struct json_fields *fields, const char *name, struct public_key *key); /* valid */
void json_expect(struct json_fields *fields, const char *name, const char *word);    /* this one */
const json_t *json_array_of(struct json_fields *fields, const char *name, size_t count_max);

/* Records a problem at member `name` of these fields (NULL: at the object itself), unless there is
 * one already. */
void json_fail(struct json_fields *fields, const char *name, enum status status, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* Unknown members are refused here. STATUS_OK if nothing failed. */
enum status json_fields_done(struct json_fields *fields);

/* RFC 3339 UTC with three decimals: "2026-12-01T09:00:00.000Z", years 1970 to 9999. The formats
 * allow times up to 2^48 ms, in the year 10889: what lies behind 9999 is shown as its last
 * millisecond. */
enum { TIME_TEXT = 25 };
void time_encode(uint64_t time_ms, char text[TIME_TEXT]);
bool time_decode(const char *text, uint64_t *time_ms);

/* Digits without sign or leading zeros, at most 2^63-1. */
bool amount_decode(const char *text, uint64_t *amount);

/* Foreign text made fit for a message: control characters replaced, cut to 99 bytes between two
 * characters. Returns quoted. */
enum { QUOTE_TEXT = 100 };
const char *text_quote(const char *text, char quoted[QUOTE_TEXT]);

/* The nearest of names (edit distance at most a third of its length), or NULL. */
const char *nearest_name(const char *name, const char *const *names, size_t count);

/* New values; NULL without memory (or if text is not UTF-8), which json_pack passes on. */
json_t *json_hex_new(struct span bytes);
json_t *json_address_new(enum address_kind kind, const struct id *id);
json_t *json_amount_new(uint64_t amount);
json_t *json_time_new(uint64_t time_ms);

/* One line, members in insertion order; the caller frees. NULL without memory. */
char *json_line(const json_t *value);

#endif
