/* tests/sim/trace_label.h -- in a few words: what a frame, a record or an output says.
 *
 * For traces: "vote 3 view 4", "decided 3 view 4", "asks for the proposal at 3". One line of plain
 * text without the two characters that end a label in a Mermaid diagram, ; and #. Bytes that do not
 * decode are named by what they should have been and their size: liars send such.
 */
#ifndef SIM_TRACE_LABEL_H
#define SIM_TRACE_LABEL_H

#include "node/replica.h"

enum { LABEL_MAX = 160 };

/* `engine` names the kinds of its statements. */
void label_frame(const struct engine_ops *engine, char label[LABEL_MAX], uint8_t frame,
                 struct span payload);

/* Of the journal; `promise` (may be NULL): does it entitle to a signature? */
void label_record(const struct engine_ops *engine, char label[LABEL_MAX], uint8_t kind,
                  struct span payload, bool *promise);

/* Kind, and what it is about; the peer is not named. */
void label_output(const struct engine_ops *engine, char label[LABEL_MAX],
                  const struct output *output);

/* Text of others as a label: control characters and ; and # are replaced, the rest is cut. */
void label_text(char label[LABEL_MAX], const char *text);

#endif
