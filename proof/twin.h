/* proof/twin.h -- values of the JSON twin, for the files that write and read it.
 *
 * New values are NULL without memory and where the number has no form in the twin (beyond 2^53-1, a
 * time after the year 9999, an unknown word); twin_put and twin_append pass that on, so that one
 * check at the end is enough.
 */
#ifndef PROOF_TWIN_H
#define PROOF_TWIN_H

#include "format/effect_list.h"
#include "genesis/json.h"
#include "proof/text.h"

#define TWIN_FORMAT "witan-proof/1"

/* ---- writing --------------------------------------------------------------------------------- */

/* The object with one more member, or NULL; both take over what they are given. */
json_t *twin_put(json_t *object, const char *name, json_t *value);
json_t *twin_append(json_t *array, json_t *item);

json_t *twin_word(const char *word);
json_t *twin_number(uint64_t value);
json_t *twin_time(uint64_t time_ms);
json_t *twin_amount(uint64_t amount);
json_t *twin_signed(int64_t value);
json_t *twin_position(uint64_t position);
json_t *twin_hash(const struct digest *hash);
json_t *twin_path(const struct proof_path *path);

/* The list of effects; of bytes that were decoded. (text_effects.c) */
json_t *twin_effects(struct span effects);

/* ---- reading --------------------------------------------------------------------------------- */

enum { TWIN_POINTER = 120 };
#define TWIN_NUMBER_MAX (((uint64_t)1 << 53) - 1)

/* The JSON Pointer of a member, and of an item; cut to fit. */
void twin_pointer(const char *path, const char *name, char pointer[TWIN_POINTER]);
void twin_pointer_item(const char *path, size_t index, char pointer[TWIN_POINTER]);

/* The fields of a member that is an object. */
struct json_fields twin_object(struct json_fields *fields, const char *name);

/* Each reads a required member, and the writers of them writes it. */
int64_t twin_read_signed(struct json_fields *fields, const char *name);
uint64_t twin_read_position(struct json_fields *fields, const char *name);
struct digest twin_read_hash(struct json_fields *fields, const char *name);
void twin_write_hex(struct writer *w, struct json_fields *fields, const char *name, size_t max);

/* The number of a word among those that word(0) ... word(limit - 1) name; NULLs are skipped. */
unsigned twin_read_word(struct json_fields *fields, const char *name,
                        const char *(*word)(unsigned number), unsigned limit);

/* Appends the bytes of a list of effects. (text_effects.c) */
enum status twin_write_effects(struct writer *w, const json_t *list, const char *path,
                               struct problem *problem);

/* Words of the twin, by number; NULL beyond the list. */
const char *twin_entry_kind_word(unsigned kind);
const char *twin_object_word(unsigned kind);
const char *twin_code_word(unsigned code);
const char *twin_flag_word(unsigned bit);
const char *twin_fault_model_word(unsigned fault_model);
const char *twin_engine_word(unsigned engine);

#endif
