/*
 * The runner: drives runs, one turn at a time, and carries out what their steps ask of the world.
 *
 * A turn (domain/drive.h) decides as much as it can; its rows are committed in one transaction; only then are its side
 * effects sent and its waiters told.  Of one run there is one turn at a time; of different runs as many as there are
 * threads.  Everything that happens to a run (a timer, an answer, an operator's word) is a message in its inbox.
 * After a crash the journal says where each run stands: runner_open() takes up all of them.
 * Threads: all functions any, but open and close.
 */
#ifndef CS_FLOW_RUNNER_H
#define CS_FLOW_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct breakers;
struct datum;
struct db;
struct definition;
struct runner;
struct env;
struct err;
struct expr_pool;
struct flow_parts;
struct id_maker;
struct llm;
struct ir_policy;
struct json;
struct outbox;
struct outgoing;
struct persons;
struct run_events;
struct run_record;
struct spending;
struct store;
struct tally;
struct trouble;
struct work_desk;

struct runner_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	struct expr_pool *expr;
	struct outgoing *outgoing;      /* how HTTP is asked (link/outgoing.h) */
	struct persons *persons;        /* how people are asked (persons.h); NULL: steps that ask them wait */
	struct outbox *outbox;          /* of lifecycle events; NULL: there are none */
	struct run_events *events;      /* told of new rows (run_events.h); NULL: nobody follows */
	struct work_desk *desk;         /* told of new work for workers (work_desk.h); NULL: nobody waits for it */
	struct llm *llm;                /* how models are asked (flow/llm.h); NULL: they are not */
	const struct ir_policy *policy; /* of definitions that runs bring along */
	/* A pure operation of the house: the whole envelope, or NULL with *trouble. */
	struct datum *(*op)(void *self, const char *name, struct datum *body, struct trouble *trouble);
	void *op_self;
	const struct flow_parts *parts; /* whose effect operations steps may call (flow.h); NULL: none */
	struct spending *spending;      /* budgets of runs; NULL: there are none */
	struct breakers *breakers;      /* of what calls ask (breakers.h); NULL: there are none */
	struct datum *secrets;          /* an object; NULL: none */
	const char *error_base;         /* NULL: the standard one */
	const char *event_source;       /* of emitted events */
	const char *version;            /* of the program */
	unsigned turns;                 /* threads */
	unsigned turn_rows;             /* of one commit; 0: as many as is usual */
	unsigned effects;               /* calls that may be under way at once; 0 with `stepped` */
	int64_t retry_max, retry_max_delay_ms;
	int64_t retention_days; /* of runs that are over, where the definition does not say */
	int64_t checkpoint_s;   /* of activity between checkpoints that the engine takes; 0: before human steps only */
	bool virtual_time;      /* timers fire at once, in order, while nothing is in flight */
	bool stepped; /* no threads: the caller drives all by runner_step(); for simulations, with virtual_time and a store
					 that is stepped too */
};

/* Take up every run that is not over.  Options (what they point at) must outlive the runner. */
bool runner_open(const struct runner_options *options, struct runner **runner, struct err *err);

/* Let running turns commit, give up what is in flight (it is sent again by the next process), end the threads. */
void runner_close(struct runner *runner);

/*
 * Of a stepped runner: carry out one turn, effect, batch of commits or timer.  Of the first three those that could be
 * next are counted, and `choice` taken modulo that says which it is; a timer fires when there is none of them.  False:
 * nothing is under way and no timer is set.
 */
bool runner_step(struct runner *runner, uint64_t choice);

/* Compile a definition by the runner's policy, keep it in the cache, and say its hash. */
struct definition_problems;
struct definition *runner_definition(struct runner *runner, const char *text, size_t size, char sha256[65],
									 struct definition_problems *problems, struct err *err);

/* A reference to the definition that is kept under that hash of its text; NULL: it is to be compiled. */
struct definition *runner_kept_definition(struct runner *runner, const char *sha256);

/*
 * Fetch the OpenAPI documents that it names, unless it is pinned to them: when it is published, and when a run is
 * started with it.  False: a problem of each that was not to be had was added.  Blocks for as long as answers may take.
 */
bool resources_pin(struct runner *runner, const struct definition *definition, struct definition_problems *problems);

/* How many of those that were stored could not be read when the runner was opened; the log names each.  What is pinned
 * to one does not run. */
size_t resources_damaged(const struct runner *runner);

/* With the text of a definition: the documents that it is pinned to.  In a write. */
bool resources_keep(struct runner *runner, struct db *db, const char *definition_sha256, struct err *err);

/*
 * What starts a run.  runner_insert() in an op, then runner_wake() after the commit; so that a start can share its
 * transaction with an idempotency record.
 */
struct runner_start {
	const char *run_id; /* NULL: a new one is made and set */
	const char *account_id, *created_by;
	struct definition *definition;
	const char *definition_text, *definition_sha256;
	const char *input;  /* JSON text */
	const char *seed;   /* decimal; NULL: random */
	const char *labels; /* JSON object; NULL: {} */
	int64_t priority;
	const char *parent_run_id, *parent_path;
	const char *forked_from;   /* or NULL */
	const struct json *budget; /* {limit, currency} of its own; NULL: the definition's, or none */
	int64_t created_us;        /* set */
	char made_id[37], made_seed[24];
};
bool runner_insert(struct runner *runner, struct db *db, struct runner_start *start, struct err *err);

/* Drive the run that was inserted, from its first turn on in its tenant's line, by its priority. */
void runner_begin(struct runner *runner, const struct runner_start *start);

/* Drive a run: something that it waits for may have come. */
void runner_wake(struct runner *runner, const char *run_id);

/* There is something new in the store for the run: an event for its listeners, the end of a run that it waits for. */
void runner_look(struct runner *runner, const char *run_id);

/* The same; `told` as runner_order() has it. */
void runner_look_then(struct runner *runner, const char *run_id, void (*told)(void *self, bool ended), void *self);

enum runner_order { RUNNER_CANCEL, RUNNER_SUSPEND, RUNNER_RESUME, RUNNER_HALT };
/*
 * Tell a run to stop, pause or go on; wrong in its state, it is left as it is.  `told` (may be NULL) is called when the
 * turn that heard it has ended, on a thread of the runner.
 */
void runner_order(struct runner *runner, const char *run_id, enum runner_order order, const char *reason,
				  void (*told)(void *self, bool ended), void *self);

/* A budget that suspends has nothing left: let the run stand still, if that is still so when its turn comes. */
void runner_halt(struct runner *runner, const char *run_id, const char *budget_id, int64_t allocated_micros);

/* Call told(self, ended) once the run is over or suspended, or after the time; on a thread of the runner. */
void runner_when_over(struct runner *runner, const char *run_id, int64_t timeout_ms,
					  void (*told)(void *self, bool ended), void *self);

/* Wait until the run is over, suspended, or has come to rest with nothing in flight (`rest`); false: out of time. */
bool runner_wait(struct runner *runner, const char *run_id, bool rest, int64_t timeout_ms);

/* What this process has to do with a run at the moment: nothing, or its turn. */
enum runner_standing { RUNNER_RESTS, RUNNER_IN_LINE, RUNNER_TURNS };
enum runner_standing runner_standing(struct runner *runner, const char *run_id);

/* Nothing of the run is under way or queued in this process, and no timer of its is set. */
bool runner_is_idle(struct runner *runner, const char *run_id);

/* What it counts (flow/tally.h); lives as long as the runner. */
struct tally *runner_tally(struct runner *runner);

/* Wall time as runs see it: that of env, and what virtual time has jumped. */
int64_t runner_now_us(struct runner *runner);

/* The result of an intent, from whoever carries it out. */
struct runner_result {
	const char *run_id;
	uint32_t frame, attempt;
	const char *path; /* of the step: a frame's number may be another's after the run went back */
	int64_t deliveries;
	struct datum *output, *error;   /* one of them, or `answer`; references that pass over */
	struct outgoing_answer *answer; /* of an HTTP call: the run's turn looks into it; passes over */
	struct datum *cost;             /* what it cost, {amount_micros, …}; passes over; NULL: what was kept for it */
	bool definite;
	int64_t hold_us; /* none of them: nothing was asked, and is not to be for so long */
};
void runner_result(struct runner *runner, const struct runner_result *result);

#endif
