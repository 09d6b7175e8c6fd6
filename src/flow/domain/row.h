/*
 * One row of a run's journal: something that happened, with all that is needed to know it again [flow.md 3.1].
 *
 * The journal is the truth: folding its rows (run_apply) gives the state of the run, without evaluating anything.  So a
 * row holds what was decided: outputs, chosen directions, evaluated collections, due times.  It does not repeat what
 * follows from the rows before it: an output that equals the input, a context that did not change.
 * Thread: values.  Data are references that row_fini gives up.
 */
#ifndef CS_FLOW_DOMAIN_ROW_H
#define CS_FLOW_DOMAIN_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/ir.h"

struct buf;
struct datum;
struct err;
struct json;

/* X(name, kind as the API shows it) */
#define ROW_KINDS(X) \
	X(ROW_STARTED, "run.started") \
	X(ROW_ENTERED, "task.entered")     /* a task whose body takes more than one decision */ \
	X(ROW_COMPLETED, "task.completed") /* with its transformed output */ \
	X(ROW_SKIPPED, "task.skipped")     /* its `if` did not hold, or an operator's word */ \
	X(ROW_FAULTED, "task.faulted")     /* with its error, before anybody caught it */ \
	X(ROW_CANCELLED, "task.cancelled") \
	X(ROW_ROUND, "task.round")     /* of a loop, a step of the DAG form, a branch that begins */ \
	X(ROW_CAUGHT, "task.caught")   /* a try handles the error: retry (due), do, or done */ \
	X(ROW_TIMER, "timer.fired")    /* a wait, a delay before a retry, a timeout */ \
	X(ROW_HELD, "task.held")       /* its target is left alone for a while: until due */ \
	X(ROW_INTENT, "task.intent")   /* a side effect is about to be asked for */ \
	X(ROW_RESULT, "task.result")   /* what came of it: output or error */ \
	X(ROW_EVENT, "event.consumed") /* by a listener */ \
	X(ROW_SUSPENDED, "run.suspended") \
	X(ROW_RESUMED, "run.resumed") \
	X(ROW_RUN_COMPLETED, "run.completed") \
	X(ROW_RUN_FAULTED, "run.faulted") \
	X(ROW_RUN_CANCELLED, "run.cancelled") \
	X(ROW_PATCHED, "run.patched") \
	X(ROW_RETRIED, "run.retried") /* an operator has the faulted step executed anew */ \
	X(ROW_RESTORED, "run.restored")

enum row_kind {
#define X(name, text) name,
	ROW_KINDS(X)
#undef X
		ROW_KINDS_COUNT
};

extern const char *const row_kind_names[ROW_KINDS_COUNT];

/* Whom a row is about: the number of a frame (run.h). */
#define ROW_NO_FRAME UINT32_MAX

struct row {
	int64_t seq, at_us;
	enum row_kind kind;
	uint32_t frame;
	const char *path;   /* step path; NULL: the run */
	uint32_t attempt;   /* of the step; 0: none */
	enum ir_then then;  /* where the flow goes on */
	uint32_t index;     /* IR_GOTO: of the task; ROW_ROUND: of the round; ROW_EVENT: of the filter; ROW_RETRIED,
						   ROW_PATCHED: of the step in the DAG form */
	int64_t n;          /* ROW_CAUGHT: number of the retry; ROW_INTENT: deliveries; ROW_EVENT: its position;
						   ROW_ENTERED, ROW_ROUND of a listener: from when on it hears (us), or below 0 after which position,
						   of a try: how long an attempt may take (ms); ROW_RETRIED
						   and ROW_RESTORED: the row that they go back to; else 0 */
	int64_t due_us;     /* ROW_ENTERED, ROW_CAUGHT, ROW_HELD: when its timer fires; 0: none */
	int64_t timeout_us; /* ROW_ENTERED, ROW_STARTED: when it is timed out; 0: never */
	bool timeout;       /* ROW_TIMER: it is the timeout that fired */
	bool definite;      /* ROW_RESULT: an answer came, so that the next execution is a new attempt; ROW_RETRIED: even
							where an effect may have been sent; ROW_PATCHED: the step counts as skipped; ROW_RESTORED:
							what was under way is asked for as another attempt */
	struct datum *input, *output, *context, *error, *items, *request;
	struct datum *cost;  /* ROW_INTENT: what is kept for it; ROW_RESULT: what it cost; ROW_SUSPENDED: what it lacks */
	struct datum *event; /* ROW_COMPLETED: what an `emit` emitted, where output.as made something else of it */
	const char *reason;  /* ROW_HELD: the target; or NULL */
	const char *by;      /* whose word it was: a user's id; or NULL */
};

/* Where values of more than `over` bytes go: the row has NAME_sha256 in the place of NAME. */
struct row_apart {
	size_t over;
	void (*keep)(void *self, const char *sha256, struct datum *value);
	void *self;
};
enum { ROW_APART_OVER = 16 << 10 }; /* bytes [flow.md 3.1] */

/*
 * Append the row as one JSON object on one line, without a line end: {seq, at_us, kind, path?, attempt?, data{}}.
 * `apart` NULL: all values are in it.
 */
void row_encode(const struct row *row, const struct row_apart *apart, struct buf *text);

/* Of the member that names a value kept apart: the member that it stands for; of any other NULL. */
const char *row_apart_name(const char *member);

/* The other way round; path and reason live as long as `json`.  False: that is no row of ours (ERR_INTERNAL). */
bool row_decode(const struct json *json, struct row *row, struct err *err);

/* Take references of its own to the row's data: whoever holds them now may give them up. */
void row_hold(struct row *row);
void row_fini(struct row *row); /* gives its data up */

#endif
