#include "format/result.h"

const char *refusal_name(enum refusal_code code)
{
    switch (code) {
    case REFUSAL_none: return "none";
    case REFUSAL_duplicate: return "duplicate";
#define X(name, number) \
    case REFUSAL_##name: return #name;
        REFUSAL_LIST(X)
#undef X
    }
    return "unknown";
}

const char *result_name(uint16_t code)
{
    switch (code) {
#define X(name, number) \
    case number: return #name;
        RESULT_LIST(X)
#undef X
    default: return "unknown";
    }
}
