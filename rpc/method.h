/* rpc/method.h -- one entry of the method table, and what a handler is given.
 *
 * Everything a caller may get wrong about a call is checked from this table, before the handler
 * runs: unknown, missing and ill-typed parameters, ranges, words, checksums of ids, access. The
 * handler gets decoded arguments in the table's order, defaults filled in, and answers with a
 * result:
 *
 *     static json_t *kv_get(struct rpc_call *call)
 *     {
 *         const struct argument *owner = call_argument(call, "owner");
 *         ...
 *         if (status == STATUS_NOT_FOUND) return call_not_found(call, "record", text, height);
 *         if (status != STATUS_OK) return call_status(call, status);
 *         return json_pack("{s:o, s:o}", "owner", value_address(ADDRESS_ACCOUNT, &owner->id),
 *                          "value", value_hex(value));
 *     }
 *
 *     static const struct rpc_parameter kv_get_parameters[] = {
 *         PARAMETER_REQUIRED("owner", ARGUMENT_ACCOUNT),
 *         PARAMETER_REQUIRED("key", ARGUMENT_HEX),
 *         PARAMETERS_READ,
 *     };
 *     const struct rpc_method method_kv_get = {
 *         METHOD("kv_get", ACCESS_READ, kv_get_parameters), .reads = true, .handle = kv_get,
 *     };
 *
 * **Results.** A new reference to an object, members in the order of openrpc.json, optional members
 * left out when they do not apply. rpc/value.h makes the scalar values; all of jansson's functions
 * that take over references accept NULL, so that lack of memory anywhere ends in a NULL result.
 *
 * **Errors.** A handler returns NULL after call_error(...) or one of the helpers, which all return
 * NULL themselves. NULL without an error is answered as internal_error.
 *
 * **Ledger.** A method with `reads` set runs inside one snapshot (ledger_reader_begin to _end) of
 * the thread's own reader, with the time limit of one read armed; call->reader is that reader.
 * Waiting for min_height, and for what consistency asks, is done by the dispatcher before the
 * handler runs, for every method that has the parameter of that name: handlers do not look at
 * min_height, consistency or timeout_ms.
 *
 * **Threads.** Handlers run on the reader threads (8 MiB of stack), several at once; they share
 * nothing but the backend, whose functions may be called from any thread. They never wait.
 */
#ifndef RPC_METHOD_H
#define RPC_METHOD_H

#include "genesis/address.h"
#include "rpc/backend.h"
#include "rpc/errors.h"
#include "rpc/value.h"

struct ledger_reader;
struct rpc_call;

enum rpc_access { ACCESS_NONE, ACCESS_READ, ACCESS_SUBMIT, ACCESS_ADMIN };
const char *rpc_access_word(enum rpc_access access);

/* JSON type and shape on the left; the member of struct argument that it fills on the right. */
enum argument_type {
    ARGUMENT_HEIGHT,        /* number: an integer below 2^53 */
    ARGUMENT_HEIGHT_OR_TAG, /* number, or "latest" HEIGHT_LATEST, "earliest" HEIGHT_EARLIEST */
    ARGUMENT_INTEGER,       /* number: least .. most */
    ARGUMENT_BOOL,          /* flag */
    ARGUMENT_WORD,          /* number: the index in the parameter's words */
    ARGUMENT_HASH,          /* digest */
    ARGUMENT_PUBLIC_KEY,    /* key (any 32 bytes) */
    ARGUMENT_ID16,          /* id: 32 hex digits */
    ARGUMENT_HEX,           /* bytes: any number of them */
    ARGUMENT_ACCOUNT,       /* id */
    ARGUMENT_VALIDATOR,     /* id */
    ARGUMENT_ASSET,         /* id */
    ARGUMENT_HOLD,          /* id */
    ARGUMENT_TIME,          /* number: milliseconds */
    ARGUMENT_CURSOR,        /* text: at most 256 characters; its meaning is the method's */
    ARGUMENT_OPERATION,     /* text: shape of an operation's name; not looked up */
    ARGUMENT_CODE,          /* text: an asset's code, 1 to 12 of A-Z 0-9 */
    ARGUMENT_TEXT,          /* text: at most 256 bytes */
    ARGUMENT_OBJECTS,       /* list: an array of objects; their members are the method's */
};

#define HEIGHT_LIMIT ((uint64_t)1 << 53) /* JSON integers are below this */
#define HEIGHT_LATEST UINT64_MAX
#define HEIGHT_EARLIEST (UINT64_MAX - 1)

struct argument {
    bool given; /* false: the default, or zeros if there is none */
    union {
        uint64_t number;
        bool flag;
        struct digest digest;
        struct public_key key;
        struct id id;
        struct span bytes;  /* owned by the call */
        const char *text;   /* owned by the request; NULL if not given */
        const json_t *list; /* owned by the request */
    };
};

struct rpc_parameter {
    const char *name;
    enum argument_type type;
    bool required;
    uint64_t standard;        /* default of a number, flag or word */
    bool has_standard;        /* openrpc.json states a default */
    uint64_t least, most;     /* ARGUMENT_INTEGER */
    const char *const *words; /* ARGUMENT_WORD, NULL-terminated */
};

#define PARAMETER_REQUIRED(name_, type_) \
    { \
        .name = (name_), .type = (type_), .required = true \
    }
#define PARAMETER_OPTIONAL(name_, type_) \
    { \
        .name = (name_), .type = (type_) \
    }
#define PARAMETER_INTEGER(name_, standard_, least_, most_) \
    { \
        .name = (name_), .type = ARGUMENT_INTEGER, .standard = (standard_), .has_standard = true, \
        .least = (least_), .most = (most_) \
    }
#define PARAMETER_FLAG(name_, standard_) \
    { \
        .name = (name_), .type = ARGUMENT_BOOL, .standard = (standard_), .has_standard = true \
    }
/* words_: a NULL-terminated array of words; standard_ its index. */
#define PARAMETER_WORD(name_, words_, standard_) \
    { \
        .name = (name_), .type = ARGUMENT_WORD, .words = (words_), .standard = (standard_), \
        .has_standard = true \
    }
/* A word without a default. */
#define PARAMETER_WORD_OPTIONAL(name_, words_) \
    { \
        .name = (name_), .type = ARGUMENT_WORD, .words = (words_) \
    }
/* The default of openrpc.json is "latest". */
#define PARAMETER_HEIGHT_OR_TAG(name_) \
    { \
        .name = (name_), .type = ARGUMENT_HEIGHT_OR_TAG, .standard = HEIGHT_LATEST, \
    }

/* *read*: min_height, timeout_ms. The dispatcher acts on them. */
#define PARAMETERS_READ \
    PARAMETER_OPTIONAL("min_height", ARGUMENT_HEIGHT), \
        PARAMETER_INTEGER("timeout_ms", 0, 0, RPC_WAIT_MS_MAX)

/* *page*: limit, cursor. */
#define PARAMETERS_PAGE \
    PARAMETER_INTEGER("limit", 50, 1, RPC_PAGE_MAX), PARAMETER_OPTIONAL("cursor", ARGUMENT_CURSOR)

/* *range*: from_height, to_height, order (0 asc, 1 desc), limit, cursor. */
#define PARAMETERS_RANGE \
    PARAMETER_OPTIONAL("from_height", ARGUMENT_HEIGHT), \
        PARAMETER_OPTIONAL("to_height", ARGUMENT_HEIGHT), \
        PARAMETER_WORD("order", words_order, ORDER_DESCENDING), PARAMETERS_PAGE

enum { RPC_WAIT_MS_MAX = 30000, RPC_PAGE_MAX = 500, RPC_RANGE_BLOCKS_MAX = 10000 };
enum { RPC_PARAMETERS_MAX = 16 };
enum { ORDER_ASCENDING = 0, ORDER_DESCENDING = 1 };
extern const char *const words_order[]; /* "asc", "desc" */

/* consistency: what this node has executed, or everything that is decided when the call comes. The
 * dispatcher acts on it. */
enum consistency { CONSISTENCY_LOCAL, CONSISTENCY_LINEARIZABLE };
extern const char *const words_consistency[];
#define PARAMETERS_CONSISTENCY PARAMETER_WORD("consistency", words_consistency, CONSISTENCY_LOCAL)

typedef json_t *rpc_handle(struct rpc_call *call);

struct rpc_method {
    const char *name;
    enum rpc_access access;
    const struct rpc_parameter *parameters;
    size_t parameter_count;
    bool reads; /* wants a ledger snapshot: call->reader */
    bool waits; /* may take time by its nature: refused inside a batch */
    rpc_handle *handle;
};

#define METHOD(name_, access_, parameters_) \
    .name = (name_), .access = (access_), .parameters = (parameters_), \
    .parameter_count = sizeof(parameters_) / sizeof((parameters_)[0])
#define METHOD_BARE(name_, access_) .name = (name_), .access = (access_)

/* All methods, in the order of openrpc.json (rpc/methods.c). */
extern const struct rpc_method *const rpc_methods[];
extern const size_t rpc_method_count;

/* What a handler sees of its call. */
struct rpc_call {
    const struct rpc_method *method;
    const struct rpc_backend *backend;
    const struct rpc_limits *limits;
    struct ledger_reader *reader; /* with `reads`; else NULL */
    enum rpc_access granted;      /* by the way the request came in */
    bool in_batch;
    const char *request_id;
    struct argument arguments[RPC_PARAMETERS_MAX]; /* as in method->parameters */

    enum rpc_error error; /* set by call_error */
    json_t *error_data;

    /* For methods that answer later (rpc/request.h): a handler that has armed a wait returns NULL
     * with `later` set and is called again, with turn one higher, when the wait is over. */
    struct rpc_request *request;
    bool later;
    unsigned turn;
    void *state; /* the method's own, from turn to turn; state_free is called at the end */
    void (*state_free)(void *state);
};

/* The argument of that name. The name is the program's own: an unknown one is an ASSERT. */
const struct argument *call_argument(const struct rpc_call *call, const char *name);

/* Records an error and returns NULL. data: an object, taken over; NULL for none. The first error
 * stays. */
json_t *call_error(struct rpc_call *call, enum rpc_error error, json_t *data);

/* invalid_params: path is a JSON Pointer ("/height"), expected and got are short phrases. */
json_t *call_invalid(struct rpc_call *call, const char *path, const char *expected,
                     const char *got);

/* not_found: what is a word ("account"), key the text that was asked for. */
json_t *call_not_found(struct rpc_call *call, const char *what, const char *key,
                       uint64_t ledger_height);

/* For a status of the ledger reader that is not OK: TIMEOUT becomes limit_exceeded `read_time`,
 * BUSY unavailable, everything else internal_error. */
json_t *call_status(struct rpc_call *call, enum status status);

#endif
