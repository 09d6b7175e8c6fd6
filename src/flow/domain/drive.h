/*
 * What a run does next: the decisions of the engine.
 *
 * drive_turn() goes on with a run until it waits, ends, or has done enough for one commit.  Each decision becomes a row
 * that is applied to the state (run.h) and handed to `emit`, which keeps it for the journal.  Deciding is a function of
 * the state, the turn's time and what the world answers; the world is where expressions are evaluated and operations
 * computed.  Nothing leaves the process here: a side effect is only announced (ROW_INTENT), and carried out by the
 * engine after the commit.
 * Thread: one at a time for each run.
 */
#ifndef CS_FLOW_DOMAIN_DRIVE_H
#define CS_FLOW_DOMAIN_DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/run.h"
#include "flow/domain/scope.h"
#include "flow/domain/trouble.h"

struct child_spec;
struct datum;
struct json;

struct place;
enum { GATE_TARGET = 256 };
enum drive_means { MEANS_ENOUGH, MEANS_SHORT, MEANS_FAULT };

/* Who answers what a decision needs to know. */
struct world {
	void *self;
	/* A value with its expressions evaluated; NULL sets *trouble. */
	struct datum *(*eval)(void *self, const struct ir_value *value, const struct scope *scope, struct trouble *trouble);
	/* Does a schema hold?  NULL: none is checked.  False sets *trouble. */
	bool (*valid)(void *self, const struct json *schema, struct datum *value, struct trouble *trouble);
	/* A pure operation of the house, by its name: the whole envelope. */
	struct datum *(*op)(void *self, const char *name, struct datum *body, struct trouble *trouble);
	/* A document by its address, and a policy or NULL: a reference; NULL sets *trouble.  May block. */
	struct datum *(*resource)(void *self, const struct run *run, const char *uri, const struct json *authentication,
							  struct trouble *trouble);
	/*
	 * Can the step be paid for?  asked: what metadata.cost says, or NULL.  *cost: MEANS_ENOUGH, what is to be kept for
	 * it; MEANS_SHORT, which budget has not enough; NULL: nothing.  MEANS_FAULT sets *trouble.  NULL: steps are free.
	 */
	enum drive_means (*afford)(void *self, const struct place *place, struct datum *request, struct datum *asked,
							   struct datum **cost, struct trouble *trouble);
	/*
	 * May the request go out, or is its target left alone until *until_us?  `target` has room for GATE_TARGET bytes.
	 * NULL: all may.  What it lets through it expects to hear of.
	 */
	bool (*gate)(void *self, const struct place *place, struct datum *request, char *target, int64_t *until_us);
	/* The version of a workflow that is to be run, by its name; false sets *trouble. */
	bool (*child)(void *self, const struct run *run, struct child_spec *spec, struct trouble *trouble);
	/* Does that effect operation leave the process?  NULL: all do.  One that does not is left to the commit. */
	bool (*goes_out)(void *self, const char *name);
	/* A new random id, 36 characters and a NUL. */
	void (*id)(void *self, char id[37]);
	bool llm;                 /* is there an endpoint that models can be asked at? */
	const char *error_base;   /* flow.error_base; NULL: the standard one */
	const char *event_source; /* of emitted events that name none */
	int64_t retry_max, retry_max_delay_ms;
	int64_t steps_max; /* of a run [flow.md 3.5] */
};

struct drive {
	struct run *run;
	const struct world *world;
	int64_t now_us;                                  /* the turn's one time */
	void (*emit)(void *self, const struct row *row); /* before it is applied; copies what it keeps */
	/* NULL, or of a replay: what is applied in place of the row; NULL: nothing, and the decision is given up. */
	const struct row *(*instead)(void *self, const struct row *row);
	void *self;
	bool misfit;                   /* what was to be applied instead does not fit the state */
	bool lost;                     /* it was given up: what it says from now on is not applied */
	size_t rows;                   /* emitted so far */
	size_t results;                /* of them: results of side effects */
	bool yield;                    /* what is next belongs to another commit */
	const struct frame *in_commit; /* a step whose result that commit makes; or NULL */
};

enum drive_end {
	DRIVE_WAITS, /* nothing can be decided before something happens */
	DRIVE_OVER,  /* the run has ended */
	DRIVE_MORE,  /* `limit` rows were reached */
};

/* Go on until one of drive_end.  Timers that are due by drive->now_us fire first, the earliest first. */
enum drive_end drive_turn(struct drive *drive, size_t limit);

/* What an order brought to a fault is dealt with before anything else is taken in; drive_turn does so by itself. */
void drive_faults(struct drive *drive);

/* Decide once what is next at an open frame; NULL: at the run as a whole.  For replays: no timer fires. */
void drive_once(struct drive *drive, struct frame *frame);

/* --- rows that come from outside; each is followed by drive_turn --- */

/* The first row of a run. */
void drive_start(struct drive *drive, struct datum *input);

/* What came of an intent.  `error` or `output`; definite: an answer came, so that a retry is a new attempt. */
void drive_result(struct drive *drive, struct frame *frame, struct datum *output, struct datum *error, bool definite);

/* The same with what it cost, {amount_micros, …} (NULL: nothing is known of it). */
struct drive_outcome {
	struct datum *output, *error, *cost;
	bool definite;
};
void drive_result_cost(struct drive *drive, struct frame *frame, const struct drive_outcome *outcome);

/* A budget has not enough, {budget_id, amount_micros?, …}: the run stands still. */
void drive_halt(struct drive *drive, struct datum *why);

void drive_suspend(struct drive *drive, const char *reason);
void drive_resume(struct drive *drive);
void drive_cancel(struct drive *drive, const char *reason);

/* Whose word a row is. */
struct word {
	const char *reason, *by; /* or NULL */
};

/* The state was folded up to row `to`: the run goes on from there; anew: what was under way is asked for as another
 * attempt. */
void drive_restore(struct drive *drive, int64_t to, bool anew, const struct word *word);

/* A step as it stands: its frame, its block where it has none, or the DAG it belongs to (`index`). */
struct drive_step {
	struct frame *frame;
	const char *path;
	uint32_t attempt, index;
};
void drive_retry(struct drive *drive, const struct drive_step *step, int64_t to, bool repeat_effects,
				 const struct word *word);
void drive_skip(struct drive *drive, const struct drive_step *step, struct datum *output, const struct word *word);
void drive_patch_output(struct drive *drive, const struct drive_step *step, struct datum *output,
						const struct word *word);
void drive_patch_input(struct drive *drive, const struct drive_step *step, struct datum *input,
					   const struct word *word);

/* --- inside (drive_*.c) --- */

void drive_emit(struct drive *drive, struct row *row);
struct row drive_row(const struct drive *drive, enum row_kind kind, const struct frame *frame);

/* Evaluate at a task: `frame` is its frame, or its block where it has none (then `raw` is the block's value). */
struct place {
	struct drive *drive;
	struct frame *frame; /* the task's own, or NULL */
	struct frame *block; /* the block it stands in; NULL: the workflow itself */
	const struct ir_task *task;
	const char *reference, *path;
	uint32_t attempt;
	struct datum *raw, *input;
	int64_t started_us;
};
struct scope place_scope(const struct place *place, struct datum *in, struct datum *output);
bool place_condition(const struct place *place, const struct ir_value *value, struct datum *in, bool *holds,
					 struct trouble *trouble);

/* The body gave `output`: transform, validate, export, go on.  `next` NULL: the task's own directive. */
void drive_finish(struct place *place, struct datum *output, const struct ir_next *next);

/* The same with what is the step's output already. */
void drive_finish_as(struct place *place, struct datum *output);

/* The task is at fault. */
void drive_fault(struct place *place, const struct trouble *trouble);
void drive_fault_datum(struct place *place, struct datum *error);

void drive_cancel_below(struct drive *drive, struct frame *frame); /* every task that waits below it */

/* Bodies that are over at once: output (a reference), or NULL with *trouble or *error set.  *next may be set. */
struct datum *drive_leaf(struct place *place, struct ir_next const **next, struct trouble *trouble,
						 struct datum **error);
bool drive_is_leaf(const struct ir_task *task);

/* A block below the frame has ended, or the frame has to begin or go on. */
void drive_for(struct place *place);
void drive_fork(struct place *place);
void drive_try(struct place *place);
/* True: the DAG has ended; *output is what it gives, NULL with *trouble. */
bool drive_dag(struct place *place, struct datum **output, struct trouble *trouble);
/* Is the step's task passed over, and why?  False: asking failed. */
bool drive_dag_skips(struct place *place, const char **reason, bool *skips, struct trouble *trouble);
/* What a body has to know from its start: a collection, the end of a wait.  False sets *trouble. */
bool drive_body_figures(struct place *place, struct row *row, struct trouble *trouble);
void drive_prepare(struct place *place); /* a waiting task that has not said yet what for */

/* What the step may cost, before its intent.  False: it was dealt with; else *cost is for the intent, or NULL. */
bool drive_money(struct place *place, struct datum *request, struct datum **cost);

/* May the request go out now?  False: it was dealt with, for the step waits, or is at fault [flow.md 10]. */
bool drive_gate(struct place *place, struct datum *request);

/* Nothing was asked, for its target is to be left alone until then: the step waits, unsent. */
void drive_hold(struct drive *drive, struct frame *frame, const char *target, int64_t until_us);

/* The breaker of a held step closed: it need not wait for its timer. */
void drive_let_go(struct drive *drive, struct frame *frame);

/* Milliseconds of a duration that may be an expression; false sets *trouble. */
bool drive_duration(const struct place *place, const struct ir_duration *duration, struct datum *in, int64_t *ms,
					struct trouble *trouble);

#endif
