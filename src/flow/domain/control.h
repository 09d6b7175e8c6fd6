/*
 * May a person do this to a step of a run, and what does it take?  The state tables of flow.md 3.2 and 3.3, decided
 * from the run's state and its steps.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_CONTROL_H
#define CS_FLOW_DOMAIN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct datum;
struct json;
struct run;
struct step;
struct steps;

enum control_kind {
	CONTROL_SKIP,
	CONTROL_PATCH_OUTPUT,
	CONTROL_PATCH_INPUT,
	CONTROL_RETRY,
	CONTROL_FORK, /* the first of a fork: it goes on behind row `to`; with `value`, the input of the step that follows
				   */
	CONTROL_RESTORE,          /* the run goes on behind row `to` */
	CONTROL_PATCH_DEFINITION, /* the step begins anew, by the definition whose hash is `value` */
};

/* An order, as it is kept until the run's next turn. */
struct control {
	enum control_kind kind;
	const char *step;          /* step path; NULL: the one at fault */
	const struct json *value;  /* output or input; NULL: none given */
	const struct json *output; /* CONTROL_FORK: what the step that follows gives; NULL: it is executed */
	bool repeat_effects;
	bool whole; /* CONTROL_RETRY without a step: the outermost one at fault, and not what failed inside of it */
	const char *reason, *by; /* or NULL */
	int64_t to;              /* CONTROL_FORK, CONTROL_RESTORE: the row that is gone back to */
};
void control_encode(const struct control *control, struct buf *text);
bool control_decode(const struct json *json, struct control *control);

enum control_refusal {
	CONTROL_FINE,
	CONTROL_NO_STEP,     /* there is no such step */
	CONTROL_NOT_NOW,     /* the run's or the step's state does not allow it */
	CONTROL_EFFECT_SENT, /* it may act twice, and nobody has said that this is fine */
};

struct control_plan {
	int64_t to;              /* the row to go back to first; -1: none */
	const struct step *step; /* NULL: the run as a whole */
	uint32_t index;          /* of a step of the DAG form */
	const char *status;      /* with CONTROL_NOT_NOW: what is in the way */
};
enum control_refusal control_plan(const struct run *run, const struct steps *steps, const struct control *control,
								  struct control_plan *plan);

/* Of a run that was cancelled: the last row before those of its end; that faulted: before the step at fault began. */
int64_t control_before_end(const struct run *run, const struct steps *steps);

/* Is no call of ours under way?  So the run may be put back to a checkpoint. */
bool control_rests(const struct run *run);

#endif
