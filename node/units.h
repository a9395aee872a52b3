/* node/units.h -- durations, sizes and addresses as people write them. */
#ifndef NODE_UNITS_H
#define NODE_UNITS_H

#include "crypto/base.h"

/* "500ms", "2s", "5m", "24h", "90d" -> milliseconds; "100B", "64KiB", "16MiB", "2GiB" -> bytes.
 * Digits and a unit, nothing else; false also if the value does not fit. */
bool duration_parse(const char *text, uint64_t *ms);
bool size_parse(const char *text, uint64_t *bytes);

/* The shortest exact spelling, at least 24 characters of room. */
void duration_format(uint64_t ms, char text[24]);
void size_format(uint64_t bytes, char text[24]);

/* host:port or [ipv6]:port; the port is a number, 0 allowed; host gets at most 255 characters. */
bool endpoint_parse(const char *text, char host[256], uint16_t *port);

/* An address of 127.0.0.0/8, ::1, or the name "localhost". */
bool host_is_loopback(const char *host);

#endif
