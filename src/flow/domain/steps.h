/*
 * The steps of a run in the order in which they began, as its users see them: one for each step and attempt.
 * Gathered by watching rows (struct run, watch).  Thread: one at a time.
 */
#ifndef CS_FLOW_DOMAIN_STEPS_H
#define CS_FLOW_DOMAIN_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/map.h"

struct datum;
struct frame;
struct ir_task;
struct row;
struct run;

enum step_status {
	STEP_PENDING,
	STEP_RUNNING,
	STEP_WAITING,
	STEP_COMPLETED,
	STEP_FAULTED,
	STEP_CANCELLED,
	STEP_SKIPPED,
	STEP_STATUSES
};
extern const char *const step_status_names[STEP_STATUSES + 1]; /* ends with NULL */

/* May a step go from one status to the other? [flow.md 3.2] */
bool step_may_become(enum step_status from, enum step_status to);

/* What kind of task it is, as the API shows it. */
const char *step_type_name(const struct ir_task *task);

/* How many of all in percent, at the three decimals of an answer; of none 0. */
double steps_percentage(int64_t done, int64_t all);

struct step {
	char *path, *reference;
	char *around;            /* the path of the step that it stands in; "": in none */
	const char *name, *type; /* the definition's; static */
	enum step_status status;
	uint32_t attempt;
	int64_t deliveries, started_us, ended_us; /* ended 0: not yet */
	int64_t began_seq, ended_seq;             /* rows of the journal */
	bool effect;                              /* it asks somebody outside: it has an idempotency key */
	bool once;                                /* and that is sent at most once */
	struct datum *input, *output, *error;     /* input: transformed */
	struct datum *event;                      /* what an `emit` emitted: its output before output.as; or NULL */
	char *skipped_reason;
	int64_t cost_micros;
};

struct steps {
	struct step *items;
	size_t count, room;
	struct map last; /* path -> index + 1 of its newest attempt */
};

void steps_init(struct steps *steps);
void steps_fini(struct steps *steps);

/* The newest attempt of a path; NULL: there is none. */
struct step *steps_find(const struct steps *steps, const char *path);

/* One more, which begins with this row; the caller says its reference, name and type.  Until the next one is added. */
struct step *steps_add(struct steps *steps, const struct row *row);

/* With this row it ends, with the row's error if it has one. */
void step_end(struct step *step, enum step_status status, const struct row *row);

/* What a result says that it cost: the sum of its deliveries. */
void step_add_cost(struct step *step, const struct row *result);

/* What it holds; the caller forgets it. */
void step_drop(struct step *step);

/* To be given to a run as its `watch` before its first row is applied. */
void steps_watch(void *self, const struct run *run, const struct row *row, const struct frame *frame);

#endif
