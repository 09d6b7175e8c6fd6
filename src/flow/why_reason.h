/*
 * What one frame of a run waits for, in words [flow.md 3.3].  Private to src/flow, for why.c.  Thread: any.
 */
#ifndef CS_FLOW_WHY_REASON_H
#define CS_FLOW_WHY_REASON_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct why;

struct why_reason {
	const char *kind, *detail;  /* static, or in the arena */
	int64_t since_us, until_us; /* until 0: nothing happens by itself */
	const char *resume;         /* the run that somebody paused and that this one waits for; or NULL */
};

/* False: it does not wait.  *path: of the step that does. */
bool why_reason_of(const struct why *why, const struct frame *frame, const char **path, struct why_reason *reason);

/* Of a run that stands still: is this step carried out all the same?  Its result is kept for when the run goes on. */
bool why_in_flight(const struct why *why, const struct frame *frame, struct why_reason *reason);

#endif
