#include "node/units.h"

#include <criterion/criterion.h>

Test(units, durations)
{
    uint64_t ms;
    cr_assert(duration_parse("500ms", &ms));
    cr_assert_eq(ms, 500);
    cr_assert(duration_parse("2s", &ms));
    cr_assert_eq(ms, 2000);
    cr_assert(duration_parse("5m", &ms));
    cr_assert_eq(ms, 300000);
    cr_assert(duration_parse("24h", &ms));
    cr_assert_eq(ms, 86400000);
    cr_assert(duration_parse("90d", &ms));
    cr_assert_eq(ms, UINT64_C(7776000000));
    static const char *const bad[] = { "",
                                       "5",
                                       "s",
                                       "5 s",
                                       " 5s",
                                       "5s ",
                                       "-5s",
                                       "5S",
                                       "5sm",
                                       "0x5s",
                                       "18446744073709551616ms",
                                       "18446744073709551615s" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(duration_parse(bad[i], &ms), "%s", bad[i]);
}

Test(units, sizes)
{
    uint64_t bytes;
    cr_assert(size_parse("100B", &bytes));
    cr_assert_eq(bytes, 100);
    cr_assert(size_parse("64KiB", &bytes));
    cr_assert_eq(bytes, 65536);
    cr_assert(size_parse("2GiB", &bytes));
    cr_assert_eq(bytes, UINT64_C(2147483648));
    static const char *const bad[] = {
        "", "64", "64KB", "64kib", "1.5MiB", "99999999999999999GiB"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(size_parse(bad[i], &bytes), "%s", bad[i]);
}

Test(units, formats_read_back)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       999,
                                       1000,
                                       1023,
                                       1024,
                                       60000,
                                       86400000,
                                       1u << 20,
                                       UINT64_C(3) << 30,
                                       UINT64_C(1) << 40,
                                       123456789 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[24];
        uint64_t back;
        duration_format(values[i], text);
        cr_assert(duration_parse(text, &back), "%s", text);
        cr_assert_eq(back, values[i]);
        size_format(values[i], text);
        cr_assert(size_parse(text, &back), "%s", text);
        cr_assert_eq(back, values[i]);
    }
    char text[24];
    duration_format(300000, text);
    cr_assert_str_eq(text, "5m");
    size_format(65536, text);
    cr_assert_str_eq(text, "64KiB");
}

Test(units, endpoints)
{
    char host[256];
    uint16_t port;
    cr_assert(endpoint_parse("127.0.0.1:7790", host, &port));
    cr_assert_str_eq(host, "127.0.0.1");
    cr_assert_eq(port, 7790);
    cr_assert(endpoint_parse("[::1]:1", host, &port));
    cr_assert_str_eq(host, "::1");
    cr_assert(endpoint_parse("bank-b.example:65535", host, &port));
    static const char *const bad[] = { "",
                                       ":",
                                       "host",
                                       "host:",
                                       ":80",
                                       "host:65536",
                                       "host:-1",
                                       "host:80x",
                                       "::1:80",
                                       "[::1]",
                                       "host:18446744073709551617" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(endpoint_parse(bad[i], host, &port), "%s", bad[i]);
    char long_name[400];
    memset(long_name, 'a', sizeof long_name);
    memcpy(long_name + 300, ":80", 4);
    cr_assert_not(endpoint_parse(long_name, host, &port));
}

Test(units, loopback)
{
    cr_assert(host_is_loopback("127.0.0.1"));
    cr_assert(host_is_loopback("127.8.9.1"));
    cr_assert(host_is_loopback("::1"));
    cr_assert(host_is_loopback("localhost"));
    cr_assert_not(host_is_loopback("0.0.0.0"));
    cr_assert_not(host_is_loopback("::"));
    cr_assert_not(host_is_loopback("128.0.0.1"));
    cr_assert_not(host_is_loopback("localhost.example"));
    cr_assert_not(host_is_loopback(""));
}
