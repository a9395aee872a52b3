/* node/log_config.h -- the log's options from a node's settings. */
#ifndef NODE_LOG_CONFIG_H
#define NODE_LOG_CONFIG_H

#include "node/config.h"
#include "node/log.h"

/* Format, level and the levels of modules, to stderr. The settings were checked when they were
 * read, so that nothing can fail here. */
void log_options_of(const struct config *config, struct log_options *options);

#endif
