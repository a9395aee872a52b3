#include "node/log_config.h"

#include <criterion/criterion.h>

static void options_of(const char *const *flags, size_t count, struct log_options *options)
{
    char *environment[] = { NULL };
    struct config *config = NULL;
    struct problem problem;
    struct config_sources sources = {
        .home = "/nonexistent", .flags = flags, .flags_count = count, .environment = environment
    };
    cr_assert_eq(config_load(&config, &sources, &problem), STATUS_OK, "%s", problem.text);
    log_options_of(config, options);
    config_free(config);
}

Test(log_config, defaults)
{
    struct log_options options;
    options_of(NULL, 0, &options);
    cr_assert_eq(options.fd, 2);
    cr_assert_eq(options.format, LOG_FORMAT_AUTO);
    cr_assert_eq(options.level, LEVEL_INFO);
    for (int i = 0; i < LOG_MODULE_COUNT; i++)
        cr_assert(!options.has_level[i]);
}

Test(log_config, every_setting_arrives)
{
    static const char *const flags[] = { "log.level=warn", "log.format=json",
                                         "log.modules=engine=debug,rpc=trace" };
    struct log_options options;
    options_of(flags, 3, &options);
    cr_assert_eq(options.format, LOG_FORMAT_JSON);
    cr_assert_eq(options.level, LEVEL_WARN);
    cr_assert(options.has_level[LOG_MODULE_engine]);
    cr_assert_eq(options.levels[LOG_MODULE_engine], LEVEL_DEBUG);
    cr_assert(options.has_level[LOG_MODULE_rpc]);
    cr_assert_eq(options.levels[LOG_MODULE_rpc], LEVEL_TRACE);
    cr_assert(!options.has_level[LOG_MODULE_peers]);
}

Test(log_config, formats)
{
    static const struct {
        const char *flag;
        enum log_format format;
    } cases[] = { { "log.format=text", LOG_FORMAT_TEXT },
                  { "log.format=logfmt", LOG_FORMAT_LOGFMT },
                  { "log.format=auto", LOG_FORMAT_AUTO } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_options options;
        options_of(&cases[i].flag, 1, &options);
        cr_assert_eq(options.format, cases[i].format);
    }
}
