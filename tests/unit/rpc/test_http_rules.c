#include "crypto/key.h"
#include "rpc/http_rules.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static const char *const names[] = { "node.example", "https://console.example" };

Test(http_rules, hosts)
{
    static const char *const good[] = { "localhost",     "LocalHost:1",  "127.0.0.1",
                                        "10.0.0.1:7780", "localhost:",   "[::1]",
                                        "[fe80::1]:80",  "node.example", "Node.Example:443" };
    static const char *const bad[] = { "",
                                       ":80",
                                       "example",
                                       "localhost.",

                                       "[::1",
                                       "::1",
                                       "[localhost]",
                                       "127.0.0.1.",
                                       "1.2.3.4.5",
                                       "[127.0.0.1]",
                                       "localhost:80x",
                                       "localhost:123456",
                                       "node.example.evil",
                                       "a@localhost" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert(host_allowed(good[i], names, 1), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_not(host_allowed(bad[i], names, 1), "%s", bad[i]);
    }
    cr_assert_not(host_allowed(NULL, names, 1));
    cr_assert_not(host_allowed("node.example", names, 0));
}

Test(http_rules, origins)
{
    const char *const *listed = names + 1;
    cr_assert_eq(origin_judge(NULL, "a", listed, 1), ORIGIN_SAME);
    cr_assert_eq(origin_judge("http://localhost:7780", "localhost:7780", listed, 1), ORIGIN_SAME);
    cr_assert_eq(origin_judge("HTTP://LOCALHOST", "localhost", listed, 1), ORIGIN_SAME);
    cr_assert_eq(origin_judge("https://console.example", "localhost", listed, 1), ORIGIN_LISTED);
    cr_assert_eq(origin_judge("http://console.example", "localhost", listed, 1), ORIGIN_REFUSED);
    cr_assert_eq(origin_judge("null", "null", listed, 1), ORIGIN_REFUSED);
    cr_assert_eq(origin_judge("http://localhost:1", "localhost:2", listed, 1), ORIGIN_REFUSED);
    cr_assert_eq(origin_judge("", "localhost", listed, 1), ORIGIN_REFUSED);
    cr_assert_eq(origin_judge("http://localhost", NULL, listed, 1), ORIGIN_REFUSED);
}

Test(http_rules, content_types)
{
    static const char *const good[] = { "application/json", " Application/Json ",
                                        "application/json;charset=utf-8",
                                        "application/json ; CHARSET=\"UTF-8\"" };
    static const char *const bad[] = { "",
                                       "text/json",
                                       "application/jsonp",
                                       "application/json;",
                                       "application/json; charset=utf-16",
                                       "application/json; charset=utf-8; x=1",
                                       "application/json, text/plain" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert(content_type_is_json(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not(content_type_is_json(bad[i]), "%s", bad[i]);
    cr_assert_not(content_type_is_json(NULL));
}

Test(http_rules, request_ids)
{
    char id[HTTP_REQUEST_ID_MAX + 1], other[HTTP_REQUEST_ID_MAX + 1];
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    request_id_choose("AZaz09_-", id);
    cr_assert_str_eq(id, "AZaz09_-");
    char long_id[66];
    memset(long_id, 'a', sizeof long_id);
    long_id[64] = 0;
    request_id_choose(long_id, id);
    cr_assert_str_eq(id, long_id);
    long_id[64] = 'a';
    long_id[65] = 0;
    static const char *const bad[] = { NULL, "", "a b", "a\r\nX: y", "caf\xc3\xa9", "a.b" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        request_id_choose(bad[i], id);
        cr_assert_eq(strlen(id), 6);
        request_id_choose(bad[i], other);
        cr_assert_str_neq(id, other);
    }
    request_id_choose(long_id, id);
    cr_assert_eq(strlen(id), 6);
}

Test(http_rules, traces)
{
    static const char good[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    char trace[TRACE_TEXT];
    trace_choose(good, trace);
    cr_assert_str_eq(trace, good);
    trace_choose("00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", trace);
    cr_assert_str_empty(trace);
    trace_choose("short", trace);
    cr_assert_str_empty(trace);
    trace_choose(NULL, trace);
    cr_assert_str_empty(trace);
}

Test(http_rules, addresses)
{
    static const char *const good[] = { "127.0.0.1:7780", "127.1.2.3:0", "[::1]:65535" };
    static const char *const malformed[] = {
        "127.0.0.1", "localhost:7780", ":7780", "127.0.0.1:",      "127.0.0.1:65536",
        "::1:7780",  "[::1]",          "",      "127.0.0.1:7780 ", "[127.0.0.1]:1"
    };
    static const char *const outside[] = { "0.0.0.0:7780", "10.0.0.1:7780", "[::]:7780",
                                           "[fe80::1]:7780" };
    struct sockaddr_storage address;
    socklen_t size;
    struct problem problem;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert_eq(listen_address(good[i], &address, &size, NULL), STATUS_OK, "%s", good[i]);
    cr_assert_eq(((struct sockaddr_in6 *)&address)->sin6_port, htons(65535));
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        cr_assert_eq(listen_address(malformed[i], &address, &size, &problem), STATUS_MALFORMED,
                     "%s", malformed[i]);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        cr_assert_eq(listen_address(outside[i], &address, &size, &problem), STATUS_INVALID, "%s",
                     outside[i]);
        cr_assert(strstr(problem.text, outside[i]));
        cr_assert(strstr(problem.text, "rpc.listen"));
    }
}
