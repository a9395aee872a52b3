/* rpc/client_internal.h -- one exchange in its three parts, for those who do not wait in it.
 *
 * rpc/client.c prepares, performs and concludes one call at a time; rpc/sender.c has the middle
 * part done by libcurl's multi interface for many clients at once.
 */
#ifndef RPC_CLIENT_INTERNAL_H
#define RPC_CLIENT_INTERNAL_H

#include "rpc/client.h"
#include <curl/curl.h>

enum { CLIENT_URL_MAX = 1024 };

struct rpc_client {
    CURL *curl;
    struct curl_slist *headers;
    char url[CLIENT_URL_MAX];  /* as given */
    char base[CLIENT_URL_MAX]; /* without a path */
    char path[256];            /* where calls go */
    uint32_t timeout_ms;
    uint64_t next_id;
    struct rpc_buffer {
        char *bytes;
        size_t size;
    } answer;
    char request_id[65];
    bool sent; /* a connection stood, and the request went out on it, whole or in part */
    struct rpc_client *spare; /* the next node of the list; owned */
    struct rpc_client *asked; /* of the first one: that which was asked last */
};

/* Sets the handle up for a request to path, or for a POST of body (which must live until the
 * exchange is concluded). */
CURLcode client_prepare(struct rpc_client *client, const char *path);
CURLcode client_prepare_post(struct rpc_client *client, const char *body);

/* After the transfer: fills in what the answer's head said; false and *failure if none came. */
bool client_conclude(struct rpc_client *client, CURLcode code, struct rpc_failure *failure);

/* The body of the answer, borrowed until the next request. */
struct span client_answer(const struct rpc_client *client);

#endif
