/* rpc/http_rules.h -- which HTTP requests are let in: pure functions, no socket.
 *
 * Host is checked against DNS rebinding (a web page whose name is made to point at 127.0.0.1),
 * Origin against pages of other sites, Content-Type because a browser sends `application/json` to
 * another origin only after asking.
 */
#ifndef RPC_HTTP_RULES_H
#define RPC_HTTP_RULES_H

#include "crypto/base.h"
#include <sys/socket.h>

/* "localhost", an IP literal, or one of allowed; case and port are ignored. */
bool host_allowed(const char *host, const char *const *allowed, size_t count);

enum origin { ORIGIN_SAME, ORIGIN_LISTED, ORIGIN_REFUSED };

/* origin NULL: absent, which is ORIGIN_SAME. LISTED ones get CORS headers. */
enum origin origin_judge(const char *origin, const char *host, const char *const *allowed,
                         size_t count);

/* application/json, which `; charset=utf-8` may follow. NULL is none. */
bool content_type_is_json(const char *text);

/* Copies a client's X-Request-Id if it is 1 to 64 characters of [A-Za-z0-9_-]; else a new one of
 * six characters. */
enum { HTTP_REQUEST_ID_MAX = 64 };
void request_id_choose(const char *given, char id[HTTP_REQUEST_ID_MAX + 1]);

/* A W3C traceparent (55 characters, lower-case hex and dashes), or "". */
enum { TRACE_TEXT = 56 };
void trace_choose(const char *given, char trace[TRACE_TEXT]);

/* "127.0.0.1:7780" or "[::1]:7780". STATUS_MALFORMED, or STATUS_INVALID if it is not loopback;
 * *problem names what the configuration would need. */
enum status listen_address(const char *text, struct sockaddr_storage *address, socklen_t *size,
                           struct problem *problem);

#endif
