#include "proof/check.h"

static const struct {
    const char *name, *number, *word, *text;
} rows[CHECK_COUNT] = { [CHECK_NONE] = { "", "", "", "" },
#define X(name, number, word, text) [CHECK_##name] = { number " " word, number, word, text },
                        PROOF_CHECK_LIST(X)
#undef X
};

const char *proof_check_number(enum proof_check check)
{
    return rows[check].number;
}

const char *proof_check_word(enum proof_check check)
{
    return rows[check].word;
}

const char *proof_check_text(enum proof_check check)
{
    return rows[check].text;
}

const char *proof_check_name(enum proof_check check)
{
    return rows[check].name;
}

bool proof_check_find(const char *name, enum proof_check *check)
{
    for (unsigned i = CHECK_NONE + 1; i < CHECK_COUNT; i++) {
        if (strcmp(rows[i].name, name) != 0) continue;
        *check = (enum proof_check)i;
        return true;
    }
    return false;
}
