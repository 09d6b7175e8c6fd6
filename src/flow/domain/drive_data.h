/*
 * The values around a task: its input as it came and as it is taken, its output, what it exports, and the schemas that
 * hold for them [flow.md 2.1].  Thread: that of the turn.
 */
#ifndef CS_FLOW_DOMAIN_DRIVE_DATA_H
#define CS_FLOW_DOMAIN_DRIVE_DATA_H

#include <stdbool.h>

struct datum;
struct ir_value;
struct place;
struct trouble;

/* A value where the task stands, `in` being `.`: a reference; NULL sets *trouble. */
struct datum *place_eval(const struct place *place, const struct ir_value *value, struct datum *in,
						 struct datum *output, struct trouble *trouble);

/* `input` of the task, from place->raw: checked as it came, then transformed.  NULL sets *trouble. */
struct datum *place_input(struct place *place, struct trouble *trouble);

/*
 * output.as (unless `whole`), then export.as, each checked.  *output and *context are references even when it is false;
 * *context NULL: nothing is exported.  False sets *trouble.
 */
bool place_output(struct place *place, struct datum *body, bool whole, struct datum **output, struct datum **context,
				  struct trouble *trouble);

#endif
