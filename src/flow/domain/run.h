/*
 * The state of a run: what the rows of its journal add up to.
 *
 * run_apply() takes one row; nothing else changes a run.  It evaluates no expression, asks nobody and knows no time but
 * the row's, so folding a journal gives, on any machine, the state that the engine had when it wrote the last row.
 * What is to be done next is decided in drive.h.
 *
 * A run is a tree of frames.  A *task frame* is a task whose body is going on: it has the input, waits for a timer or
 * an answer, or has blocks below it.  A *block frame* is a list of tasks that is being gone through: it has a cursor
 * and the value that flows from task to task.  Tasks that begin and end in one decision never get a frame.  Frames are
 * numbered from 0 in the order in which rows make them; rows name them by these numbers.
 * Thread: one at a time.
 */
#ifndef CS_FLOW_DOMAIN_RUN_H
#define CS_FLOW_DOMAIN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/map.h"
#include "flow/domain/extending.h"
#include "flow/domain/row.h"

struct datum;
struct ir;

enum run_status {
	RUN_PENDING,
	RUN_RUNNING,
	RUN_WAITING,
	RUN_SUSPENDED,
	RUN_COMPLETED,
	RUN_FAULTED,
	RUN_CANCELLED,
	RUN_STATUSES
};
extern const char *const run_status_names[RUN_STATUSES + 1]; /* ends with NULL */

/* May a run go from one status to the other? [flow.md 3.2] */
bool run_may_become(enum run_status from, enum run_status to);
bool run_is_over(enum run_status status); /* completed, faulted, cancelled */

enum frame_state {
	FRAME_OPEN,    /* a block with a task to enter; a task with blocks below it */
	FRAME_WAITING, /* for a timer, an answer, an event, a person */
	FRAME_ENDED,   /* a block past its last task; a task whose body has given its raw output */
	FRAME_FAILED,  /* with an error that its parent (a block's) or it itself (a task's) has to deal with */
};

enum block_role { BLOCK_BODY, BLOCK_ROUND, BLOCK_BRANCH, BLOCK_CATCH, BLOCK_EXTENSION };

struct variable {
	const char *name; /* the definition's */
	struct datum *value;
};

enum { BLOCK_VARIABLES = 2 };

struct frame {
	uint32_t number;
	bool is_block, ready;
	bool urgent; /* ready, before all that is not: a block below it is at fault */
	enum frame_state state;
	struct frame *parent, *first, *last, *prev, *next; /* the tree */
	struct frame *ready_prev, *ready_next;
	const char *reference;            /* of a task: its own; of a block: its owner's */
	const char *rounds;               /* "0.2": of the loops around; "" for none */
	char *own_reference, *own_rounds; /* where they are not another's */
	struct datum *value;              /* a block: what flows; a task: its raw output once the body has ended */
	struct datum *error;

	/* a block */
	enum block_role role;
	const struct ir_block *block;
	uint32_t cursor, round;
	bool busy;   /* its current task has a frame */
	bool exited; /* a task said `exit` */
	struct variable variables[BLOCK_VARIABLES];

	/* a task */
	const struct ir_task *task;
	char *path;
	struct datum *raw, *input;
	uint32_t attempt;
	int64_t started_us, due_us, timeout_us, deliveries;
	int64_t limit_us;   /* how long it may take; 0: no limit */
	bool caught;        /* a try whose catch has taken over: its own directive does not hold */
	int64_t retries;    /* of a try */
	int64_t attempt_ms; /* of a try: how long an attempt may take; 0: no limit */
	char **entered;     /* of a try: what this attempt entered that may be entered again, by the names in run->visits */
	size_t entered_count, entered_room;
	struct datum *items;   /* of a loop: what it goes through */
	struct datum *request; /* of a side effect */
	struct datum *cost;    /* what was kept for it; or NULL */
	bool sent;             /* an intent is there and no result yet */
	char *held;            /* the target whose breaker it waits for, until due_us; or NULL */
	bool asked;            /* the engine's: it has been handed to those who are asked (asks.c) */
	uint32_t rounds_begun, rounds_over;
	size_t results_count;
	struct datum **results; /* of a fork, a parallel loop, a DAG: by index; NULL: not there (yet) */
	struct datum **errors;  /* of a settling loop or a DAG */
	unsigned char *steps;   /* of a DAG: enum dag_state of each */
	uint32_t *left;         /* of a DAG: dependencies of each that are not over */
	uint32_t *queue;        /* of a DAG: steps that may begin, in the order in which they became ready */
	uint32_t queue_first, steps_ready;
	struct ir_block single; /* a block of one task that stands in no list: a step, a function's body */
	bool skipped, upstream; /* a step's block: why its task did not run */
	enum phase phase;       /* of an extended task (extending.h) */
	uint32_t extension;     /* the next one in this phase */
	enum ir_then then;      /* where the flow goes on after its extensions */
	uint32_t then_index;
	struct listening *listening; /* of a listener (listening.h); else NULL */
};

/* {inputs, steps{ID{output, status}}} of a DAG as it stands: what its expressions see. */
struct datum *run_dag_input(const struct frame *frame);
uint32_t run_dag_next(const struct frame *frame); /* the step that has been ready for longest */

/*
 * A side effect that was sent and whose end nobody knows (a time-out, a broken connection): executed again, it is the
 * same attempt under the same key, so that a receiver that honours the key can never act twice [flow.md 3.1].
 */
struct unsure {
	uint32_t attempt;
	int64_t deliveries;
	struct datum *request, *cost; /* cost: kept for it; or NULL */
};

enum dag_state { DAG_PENDING, DAG_RUNNING, DAG_COMPLETED, DAG_SKIPPED, DAG_UPSTREAM_FAILED, DAG_FAULTED };

struct run {
	const struct ir *ir;
	const char *id;      /* the caller's */
	const char *seed;    /* decimal text, the caller's */
	const char *version; /* of the program, for $runtime; the caller's */
	enum run_status status;
	const char *reason; /* of a suspension: "paused", "budget"; static or NULL */
	char *said;         /* with "paused": why, in the words of who paused it; or NULL */
	struct datum *halt; /* "budget": what it lacks, {budget_id, amount_micros?, ...}; or NULL */
	int64_t seq;        /* of the last row */
	int64_t now_us;     /* of the last row */
	int64_t heard;      /* position of the last event that a listener consumed; 0: none */
	int64_t started_us, ended_us, suspended_us;
	struct datum *input, *context, *output, *error;
	struct datum *ended; /* a task said `end`: its output; else NULL */
	bool cancelling;
	struct frame *root;
	uint32_t next_frame;
	struct frame **frames; /* open ones, by rising number */
	size_t frames_count, frames_room;
	struct frame *ready_first, *ready_last;
	struct map visits;         /* step path without ~n -> how often it was entered, for tasks that may be revisited */
	struct map attempts;       /* step path -> attempt of its last execution, where it may be executed again */
	struct map unsure;         /* step path -> struct unsure, where a side effect was sent and its end is not known */
	struct map missed;         /* step path -> position of the first event that superseded rows of it consumed */
	struct map begun;          /* step path -> its newest attempt that superseded rows began; counted below, once */
	int64_t steps, executions; /* tasks that began, and their attempts; what was superseded happened all the same */
	void (*watch)(void *self, const struct run *run, const struct row *row, const struct frame *frame);
	void *watch_self; /* told of each row before it is applied, with the frame it names (or NULL) */
};

/* A run before its first row.  `ir`, `id` and `seed` must outlive it. */
void run_init(struct run *run, const struct ir *ir, const char *id, const char *seed);
void run_fini(struct run *run);

/*
 * Apply one row.  False with ERR_INTERNAL: the row does not fit the state (a frame that is not open): a journal of
 * another definition, or a damaged one.  Cost: constant, but for the values that it holds.
 */
bool run_apply(struct run *run, const struct row *row, struct err *err);

/* A row that is superseded: it counts only for the steps that began and the attempts that were made. */
void run_pass_over(struct run *run, const struct row *row);

const struct unsure *run_unsure(const struct run *run, const char *path); /* or NULL */

struct frame *run_frame(const struct run *run, uint32_t number); /* NULL: not open */

/* The first time-out of a step and of what is around it; 0: there is none. */
int64_t run_timeout_us(const struct frame *frame);

/* The frame that still waits for what this delivery brings; NULL: its step has ended otherwise. */
struct frame *run_awaiting(const struct run *run, uint32_t number, const char *path, uint32_t attempt,
						   int64_t deliveries);

/* The open task frame at a step path, or NULL. */
struct frame *run_find(const struct run *run, const char *path);

/* The block whose next task would have this step path and has no frame, or NULL. */
struct frame *run_find_block(const struct run *run, const char *path);

/* Step through all open frames in the order of their numbers: index from 0; NULL at the end. */
struct frame *run_nth(const struct run *run, size_t index);

/* Frames that may have something to decide, the oldest first; NULL: none.  It is taken off the list. */
struct frame *run_next_ready(struct run *run);
void run_ready(struct run *run, struct frame *frame);

/* A block below it is at fault: it comes first.  Is there such a one? */
void run_ready_first(struct run *run, struct frame *frame);
bool run_is_at_fault(const struct run *run);

/* The earliest moment at which a timer of the run fires; 0: it has none. */
int64_t run_due(const struct run *run);

/* Step path of a task about to be entered in a block, and the attempt that it would be [flow.md 3.1].  In `text`. */
struct buf;
void run_path(const struct run *run, const struct frame *block, const struct ir_task *task, struct buf *text);
uint32_t run_attempt(const struct run *run, const char *path);

/* The reference of a task in a block, in `text`. */
void run_reference(const struct frame *block, const struct ir_task *task, struct buf *text);

/* Is it the block of a function's body?  Its task stands in the place of the task that calls. */
bool run_is_function(const struct frame *block);

/* Is the frame, or one above it, a try that may retry, so that it can be executed again under the same path? */
bool run_repeatable(const struct frame *frame);

#endif
