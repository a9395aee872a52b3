/* node/import_accounts.c -- the accounts of an import, by id. */
#include "node/import_accounts.h"

#include "crypto/codec.h"
#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

/* Where the id is, or where it would be. */
static size_t slot_of(const struct import_accounts *accounts, const struct id *id)
{
    size_t mask = accounts->slot_count - 1;
    size_t slot = (size_t)load_u64(id->bytes) & mask;
    while (accounts->slots[slot] != 0 &&
           !id_equal(&accounts->list[accounts->slots[slot] - 1].id, id))
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow_slots(struct import_accounts *accounts)
{
    size_t count = accounts->slot_count ? 2 * accounts->slot_count : SLOTS_FIRST;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots) return false;
    free(accounts->slots);
    accounts->slots = slots;
    accounts->slot_count = count;
    for (size_t i = 0; i < accounts->count; i++)
        slots[slot_of(accounts, &accounts->list[i].id)] = (uint32_t)i + 1;
    return true;
}

static bool grow_list(struct import_accounts *accounts)
{
    size_t capacity = accounts->capacity ? 2 * accounts->capacity : SLOTS_FIRST;
    if (capacity > UINT32_MAX) return false;
    struct import_account *list = realloc(accounts->list, capacity * sizeof *list);
    if (!list) return false;
    accounts->list = list;
    accounts->capacity = capacity;
    return true;
}

struct import_account *import_accounts_find(const struct import_accounts *accounts,
                                            const struct id *id)
{
    if (accounts->slot_count == 0) return NULL;
    uint32_t index = accounts->slots[slot_of(accounts, id)];
    return index ? &accounts->list[index - 1] : NULL;
}

struct import_account *import_accounts_add(struct import_accounts *accounts, const struct id *id)
{
    /* At most half full, so that searches stay short. */
    if (2 * (accounts->count + 1) > accounts->slot_count && !grow_slots(accounts)) return NULL;
    size_t slot = slot_of(accounts, id);
    if (accounts->slots[slot]) return &accounts->list[accounts->slots[slot] - 1];
    if (accounts->count == accounts->capacity && !grow_list(accounts)) return NULL;
    struct import_account *account = &accounts->list[accounts->count++];
    *account = (struct import_account){ .id = *id };
    accounts->slots[slot] = (uint32_t)accounts->count;
    return account;
}

void import_accounts_free(struct import_accounts *accounts)
{
    free(accounts->list);
    free(accounts->slots);
    *accounts = (struct import_accounts){ .list = NULL };
}
