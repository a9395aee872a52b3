#include "node/log_config.h"

#include <unistd.h>

static enum log_format format_of(const char *word)
{
    if (strcmp(word, "text") == 0) return LOG_FORMAT_TEXT;
    if (strcmp(word, "logfmt") == 0) return LOG_FORMAT_LOGFMT;
    if (strcmp(word, "json") == 0) return LOG_FORMAT_JSON;
    return LOG_FORMAT_AUTO;
}

void log_options_of(const struct config *config, struct log_options *options)
{
    *options = (struct log_options){ .fd = STDERR_FILENO, .level = LEVEL_INFO };
    options->format = format_of(config_text(config, CONFIG_log_format));
    (void)log_level_find(config_text(config, CONFIG_log_level), &options->level);
    for (size_t i = 0; i < config_list_count(config, CONFIG_log_modules); i++)
        (void)log_module_level_parse(config_list_item(config, CONFIG_log_modules, i), options);
}
