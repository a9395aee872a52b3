/* rpc/http_rules.c -- which HTTP requests are let in. */
#include "rpc/http_rules.h"
#include "crypto/key.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { HOST_MAX = 255 };

/* The host of "host", "host:port" or "[v6]:port" without port and brackets; false if malformed. */
static bool host_split(const char *text, char host[HOST_MAX + 1], bool *bracketed)
{
    const char *end;
    *bracketed = text[0] == '[';
    const char *rest;
    if (*bracketed) {
        text++;
        end = strchr(text, ']');
        if (!end) return false;
        rest = end + 1;
    } else {
        end = text + strcspn(text, ":");
        rest = end;
    }
    size_t size = (size_t)(end - text);
    if (size == 0 || size > HOST_MAX) return false;
    memcpy(host, text, size);
    host[size] = 0;
    if (*rest == 0) return true;
    if (*rest != ':') return false;
    size_t digits = strspn(rest + 1, "0123456789");
    return digits <= 5 && rest[1 + digits] == 0;
}

static bool is_ip_literal(const char *host, bool bracketed)
{
    uint8_t bytes[16];
    return inet_pton(bracketed ? AF_INET6 : AF_INET, host, bytes) == 1;
}

bool host_allowed(const char *text, const char *const *allowed, size_t count)
{
    char host[HOST_MAX + 1];
    bool bracketed;
    if (!text || !host_split(text, host, &bracketed)) return false;
    if (is_ip_literal(host, bracketed)) return true;
    if (bracketed) return false;
    if (strcasecmp(host, "localhost") == 0) return true;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(host, allowed[i]) == 0) return true;
    return false;
}

enum origin origin_judge(const char *origin, const char *host, const char *const *allowed,
                         size_t count)
{
    if (!origin) return ORIGIN_SAME;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(origin, allowed[i]) == 0) return ORIGIN_LISTED;
    const char *authority = strstr(origin, "://");
    if (!authority || !host) return ORIGIN_REFUSED;
    return strcasecmp(authority + 3, host) == 0 ? ORIGIN_SAME : ORIGIN_REFUSED;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

bool content_type_is_json(const char *text)
{
    static const char type[] = "application/json", charset[] = "charset=";
    if (!text) return false;
    text = skip_blanks(text);
    if (strncasecmp(text, type, sizeof type - 1) != 0) return false;
    text = skip_blanks(text + sizeof type - 1);
    if (*text == 0) return true;
    if (*text != ';') return false;
    text = skip_blanks(text + 1);
    if (strncasecmp(text, charset, sizeof charset - 1) != 0) return false;
    text += sizeof charset - 1;
    if (strncasecmp(text, "utf-8", 5) == 0)
        text += 5;
    else if (strncasecmp(text, "\"utf-8\"", 7) == 0)
        text += 7;
    else
        return false;
    return *skip_blanks(text) == 0;
}

static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

void request_id_choose(const char *given, char id[HTTP_REQUEST_ID_MAX + 1])
{
    size_t size = given ? strspn(given, id_letters) : 0;
    if (size >= 1 && size <= HTTP_REQUEST_ID_MAX && given[size] == 0) {
        memcpy(id, given, size + 1);
        return;
    }
    uint8_t bytes[6];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        id[i] = id_letters[bytes[i] % 64];
    id[sizeof bytes] = 0;
}

void trace_choose(const char *given, char trace[TRACE_TEXT])
{
    trace[0] = 0;
    if (!given || strlen(given) != TRACE_TEXT - 1) return;
    if (strspn(given, "0123456789abcdef-") != TRACE_TEXT - 1) return;
    memcpy(trace, given, TRACE_TEXT);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void address_fill(const char *host, bool bracketed, uint16_t port,
                         struct sockaddr_storage *address, socklen_t *size)
{
    memset(address, 0, sizeof *address);
    if (bracketed) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        inet_pton(AF_INET6, host, &v6->sin6_addr);
        *size = sizeof *v6;
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)address;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        inet_pton(AF_INET, host, &v4->sin_addr);
        *size = sizeof *v4;
    }
}

enum status listen_address(const char *text, struct sockaddr_storage *address, socklen_t *size,
                           struct problem *problem)
{
    char host[HOST_MAX + 1];
    bool bracketed;
    const char *colon = strrchr(text, ':');
    bool well = host_split(text, host, &bracketed) && is_ip_literal(host, bracketed) && colon &&
                colon[1] != 0 && (!bracketed || colon[-1] == ']');
    unsigned long port = well ? strtoul(colon + 1, NULL, 10) : 0;
    if (!well || port > 65535)
        return problem_set(problem, STATUS_MALFORMED,
                           "rpc.listen: \"%s\" is not an address such as 127.0.0.1:7780", text);
    address_fill(host, bracketed, (uint16_t)port, address, size);
    if (is_loopback(address)) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID,
                       "rpc.listen: %s is not a loopback address; this version has neither tokens "
                       "nor TLS, so put a proxy of your own in front of 127.0.0.1",
                       text);
}
