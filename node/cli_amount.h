/* node/cli_amount.h -- amounts as people write them, in the units of an asset.
 *
 * An asset of scale 2 counts cents; people type and read `250.00`, the ledger and its JSON have
 * minor units (`25000`). Everything is exact: digits are moved, never multiplied as floating-point
 * numbers, and more decimals than the scale are refused rather than rounded.
 */
#ifndef NODE_CLI_AMOUNT_H
#define NODE_CLI_AMOUNT_H

#include "crypto/base.h"

enum { AMOUNT_TEXT = 48, AMOUNT_SCALE_MAX = 12 };

/* "250", "250.5", "250.00" -> minor units, at most 2^63-1. No sign, no exponent, no separators of
 * thousands, digits on both sides of the point. STATUS_INVALID with a sentence. */
enum status amount_parse(const char *text, unsigned scale, uint64_t *minor,
                         struct problem *problem);

/* Minor units as the decimal string of the JSON interface ("25000", "-25000") -> "250.00", always
 * with all decimals. A string that is no number is copied as it is, cut to fit. */
void amount_format(const char *minor, unsigned scale, char text[AMOUNT_TEXT]);

#endif
