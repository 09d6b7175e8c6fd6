/*
 * What the rest of the house sees of the workflow product: its pure operations and kinds of packs, and how another
 * product has its background work done by runs [flow.md 2.7; platform.md P-10.1].
 *
 * A background task is a run of one of the house's own workflows (flows/NAME.yaml, namespace `system`).  It is started
 * in the transaction that causes it, so it begins if and only if that commits; its id is the run's.  What its steps do
 * is told here by the product as effect operations.  The journal says how far it came: a crash at any point resumes it.
 * Threads: each function says.
 */
#ifndef CS_FLOW_FLOW_H
#define CS_FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct arena;
struct audit_event;
struct db;
struct flow_api;
struct json;
struct op;
struct pack_kind;

extern const struct op *const flow_ops[];
extern const size_t flow_ops_count;
extern const struct pack_kind *const flow_pack_kinds[];
extern const size_t flow_pack_kinds_count;

/* --- effect operations --- */

/* One execution of an effect operation.  All texts outlive the call. */
struct flow_step {
	struct arena *arena; /* for what it makes */
	const char *run_id, *account_id;
	const char *path;         /* its step path in the run */
	const char *key;          /* the effect key: the same whenever the same attempt is made again [flow.md 3.1] */
	int64_t now_us;           /* wall */
	const struct json *task;  /* the run's input */
	const struct json *with;  /* the step's */
	const struct json *found; /* in `apply`: what `carry_out` gave; NULL: there is none */
	const char *output;       /* to set: JSON text; NULL: null */
	bool hopeless;            /* to set with a failure: no other try can help */
	int64_t wait_us;    /* to set with a failure: nothing was asked, and is not to be for so long; that is no try */
	struct err refused; /* to set by `apply`, which has written nothing: the step fails for this reason */
};

struct flow_effect {
	const char *name; /* of the `call` */
	/* How long its destination is left alone, in microseconds; 0: not at all.  NULL: it has none. */
	int64_t (*wait_us)(void *self, const struct json *task);
	/*
	 * Do it, outside any transaction, after its intent was committed; after a crash it is done again, by the same key.
	 * May block.  False: *err says why.  NULL: all is done in `apply`.  Thread: one for calls.
	 */
	bool (*carry_out)(void *self, struct flow_step *step, struct err *err);
	/* In the transaction of the step's result: exactly once.  False: the store failed, it will be tried again.  NULL:
	 * nothing is stored but the result. */
	bool (*apply)(void *self, struct db *db, struct flow_step *step, struct err *err);
};

/* --- tasks --- */

enum flow_task_state {
	FLOW_TASK_PENDING,
	FLOW_TASK_STARTED,
	FLOW_TASK_RETRY,
	FLOW_TASK_SUCCESS,
	FLOW_TASK_FAILURE, /* a dead letter */
	FLOW_TASK_REVOKED
};
extern const char *const flow_task_states[]; /* PENDING …; ends with NULL */

struct flow_task {
	const char *task_id, *account_id, *name;
	const char *subject_kind, *subject_id; /* what it is about; NULL: nothing in particular */
	enum flow_task_state state;
	int64_t attempts, next_us; /* next_us: when it is tried again */
	const char *error;         /* why the last try failed; or NULL */
	const char *result;        /* JSON text; or NULL */
	const char *input;         /* of its run, JSON text; NULL: it is not kept any more */
	const char *started_by, *request_id;
	bool quiet, applied, unbegun;
	int64_t created_us, updated_us;
};

/* The newest of that name about a subject.  Any connection. */
bool flow_task_newest(struct db *db, const char *account_id, const char *subject_id, const char *name,
					  struct arena *arena, struct flow_task *task, bool *found, struct err *err);

/* What happened to a task. */
enum flow_news { FLOW_STARTED, FLOW_FINISHED, FLOW_FAILED, FLOW_REVOKED, FLOW_REDELIVERED };

/* What a product brings along.  All outlives the engine. */
struct flow_part {
	const struct flow_effect *effects;
	size_t count;
	void *self;
	/* The engine is there, and before it drives a run: tasks are started by it.  NULL: none are. */
	void (*serve)(void *self, struct flow_api *flow);
	/* In the transaction of what happened; `who` NULL: the server itself, else the actor's part of an audit event.
	 * NULL: nobody listens. */
	bool (*told)(void *self, struct db *db, const struct flow_task *task, enum flow_news news,
				 const struct audit_event *who, const char *reason, struct err *err);
};

struct flow_parts {
	const struct flow_part *items;
	size_t count;
};

/* --- starting --- */

struct flow_start {
	const char *name;    /* of the workflow in namespace `system` (must) */
	const char *task_id; /* a fresh id; NULL: one is made */
	const char *account_id;
	const char *subject_kind, *subject_id;
	const char *started_by, *request_id; /* or NULL */
	const char *input;                   /* JSON text */
	bool quiet;                          /* nobody is told of it, and its row goes when it went well */
	bool once;                           /* not while one of its name about its subject has not begun */
};

/* In an op: it begins after the commit. */
bool flow_start(struct flow_api *flow, struct db *db, const struct flow_start *start, struct err *err);

/* After such a commit: those that were started begin now, and not at the next look a second later.  Thread: any. */
void flow_begin(struct flow_api *flow);

#endif
