/* The parts of the runner among themselves.  Private to src/flow. */
#ifndef CS_FLOW_RUNNER_INTERNAL_H
#define CS_FLOW_RUNNER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/buf.h"
#include "core/fair.h"
#include "core/id.h"
#include "core/list.h"
#include "core/map.h"
#include "flow/domain/drive.h"
#include "flow/domain/lifecycle.h"
#include "flow/domain/run.h"
#include "flow/following.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "flow/tally.h"
#include "flow/values.h"
#include "store/store.h"

struct outgoing_caller;
struct workers;

enum {
	TURN_ROWS = 256,       /* rows of one commit */
	LIVE_MAX = 4096,       /* runs that are kept in memory while they wait */
	DEFINITIONS_MAX = 128, /* of each generation of definitions in memory */
	JOBS_MAX = 1 << 20,    /* turns and effects that may be queued */
};

/* Something that happened to a run. */
enum message_kind {
	MESSAGE_RESULT,
	MESSAGE_ORDER,
	MESSAGE_LOOK, /* something that was waited for is in the store: an event, an answer, an order */
};
struct message {
	enum message_kind kind;
	enum runner_order order;
	char *reason, *path;
	uint32_t frame, attempt;
	int64_t deliveries;
	struct datum *output, *error, *cost; /* RUNNER_HALT: output names the budget */
	struct outgoing_answer *answer;      /* in place of output and error; or NULL */
	bool definite;
	int64_t hold_us;
	void (*told)(void *self, bool ended); /* once the turn has ended; may be NULL */
	void *self;
	struct message *next;
};

/* Who waits for a run: until it is over (or its turn has ended), or for a time. */
struct waiter {
	struct list_link among; /* all of the runner's */
	struct live *live;
	bool turn;           /* the end of a turn will do */
	int64_t deadline_us; /* monotonic */
	void (*told)(void *self, bool ended);
	void *self;
	struct waiter *next; /* of the same run, or of those that are told together */
};

/* A frame whose intent was written in the turn at hand. */
struct intent {
	uint32_t frame;
	struct intent *next;
};

/* A step that others were asked to carry out: a row of theirs is open in the store. */
struct ask {
	uint32_t frame, attempt;
	char *path;
	bool person;
	bool fresh, gone; /* since the last commit */
	struct ask *next;
};

/* What its turn has to say to those who only watch (announce.c). */
struct announcing {
	bool silent; /* nobody is told of this run */
	bool events; /* but of what it emits somebody is */
	char *name;
	struct lifecycle lifecycle;
	struct announcement *first, **end;
	struct announcement *emitted; /* by the row that is looked at; or NULL */
};

/* A step whose result the commit makes (effects.c). */
struct settling {
	bool wanted;
	uint32_t frame;
	struct datum *found; /* what was carried out gave; or NULL */
};

/* A background task's run (tasks.c).  `applied`, `tried` and `error` are of the turn. */
struct live_task {
	bool is;
	bool revoked; /* by a person: it ends */
	bool applied; /* an effect of its was stored */
	int state;    /* enum flow_task_state as of the last commit */
	int64_t attempts, tried;
	char *error; /* why the last try failed; or NULL */
};

/* A run in memory. */
struct live {
	struct runner *runner;
	char run_id[ID_TEXT];
	unsigned refs; /* under the runner's lock, as all up to `loaded` */
	bool queued, turning;
	bool wanted;                /* woken during the turn: another one follows */
	struct fair_item wait;      /* for a thread: its next turn, or the end of this one (`committing`) */
	struct fair_tenant *tenant; /* as far as it is known */
	bool committing;
	struct message *inbox, **inbox_end;
	struct waiter *waiters;
	bool resting, over, suspended; /* as of the last commit */
	unsigned in_flight;            /* effects sent and not answered */
	struct list effects;           /* the same, of this process */
	int64_t due_us;
	int64_t alarm_us; /* for which an alarm is set; 0: none is known */

	struct live_money {
		char *account_id, *agent_id, *workflow; /* who spends; agent NULL: nobody in particular */
		struct spend *noted, **end;             /* of the turn */
		int64_t promised;                       /* in the turn, not yet in its commit */
		int64_t due_us;                         /* when the window of the budget that halted it is over */
		bool holds, settled, short_of;          /* reservations are open; the commit settled, or was refused one */
		bool halted;                            /* it is among those that settlements let look again */
	} money;

	/* of the turn */
	bool loaded, recovered;
	bool gone; /* there is no such run (any more) */
	struct definition *definition;
	struct run run;
	char *seed, *account_id, *parent_run_id, *created_by; /* the last two may be NULL */
	int64_t priority;
	bool scheduled; /* a schedule started it, as its labels say */
	struct following following;
	struct announcing announcing;
	bool documents; /* it has come upon some that its definition may not be kept with: resources_apply() */
	struct ask *asks, **asks_end;
	char order_id[ID_TEXT];  /* what a person has ordered and this turn carries out; "": nothing */
	int64_t rewind_to;       /* with an order: the row that it went back to; -1: none */
	char patched_sha256[65]; /* with an order: of the definition that the run goes by from now on; "": the same */
	bool broken;             /* the state could not be made anew: nothing of this turn counts */
	bool ordered;            /* there was an order: there may be another one */
	int64_t checkpoint_us;   /* when the last checkpoint was taken; 0: none */
	int64_t checkpoint_seq;  /* one is wanted of the state after this row, once it is committed; 0: none */
	struct drive drive;
	struct buf lines;
	struct values values; /* that those rows name */
	struct tally_turn tally;
	int64_t first_seq;
	struct intent *intents;
	enum drive_end end;
	int64_t again_us; /* it failed: once more after this time */
	struct run_commit commit;
	struct row_standing { /* what the run's row in the store says, as of the last commit of this process */
		bool known, driven;
		const char *status, *reason; /* static */
		int64_t due_us, started_us;
	} standing;
	struct store_op op;
	bool applied;
	struct settling settling;
	struct live_task task;
	bool slotless; /* it may not begin yet: too many of its kind are under way */
};

/* When which run is to be woken: a heap, the earliest first.  Entries that no longer hold are passed over. */
struct alarm {
	int64_t due_us, priority;
	struct fair_tenant *tenant; /* NULL: none of a run, or not known */
	char run_id[ID_TEXT];
};
struct alarms {
	struct alarm *items;
	size_t count, room;
};

struct runner {
	struct runner_options options;
	struct world world;
	struct workers *turns;          /* each of their jobs takes who is next in the line below */
	struct workers *effects;        /* those that wait for what they ask */
	struct outgoing_caller *caller; /* has the other calls under way; NULL when stepped */
	pthread_mutex_t lock;
	struct fair turn_line, effect_line;
	pthread_cond_t changed;                     /* a run came to rest; the end has come */
	pthread_cond_t rung;                        /* what the timer waits for is to be sooner than it knows */
	struct map live;                            /* run_id -> struct live */
	struct map definitions, definitions_before; /* sha256 -> struct definition: used lately, and before */
	struct map pins;                            /* a definition's hash -> the first struct pin */
	size_t damaged;                             /* of them that could not be read when it was opened */
	struct oauth *oauth;                        /* tokens of calls */
	struct alarms alarms;
	struct list waiters;
	int64_t late_us;          /* monotonic: before this nobody of them has waited too long; INT64_MAX: there is none */
	struct feed *feed;        /* feed.h; NULL: none */
	int64_t schedules_due_us; /* when the scheduler looks next; 0: no alarm is set */
	struct tally tally;
	size_t turns_under_way; /* or queued */
	unsigned turns_unsaid;  /* of those: threads hear of them when the lock is let go, for it is what they want first */
	size_t effects_under_way; /* or in their line */
	unsigned calling;         /* of those: out of it */
	bool closing;
	_Atomic bool stopping; /* the same, for those who do not hold the lock: effects give up */
	pthread_t timer;
	_Atomic int64_t skew_us; /* what virtual time has jumped */
};

/* live.c: the lock, by these alone; what waits on a condition lets it go and takes it again before */
void runner_lock(struct runner *runner);
void runner_unlock(struct runner *runner);

/* live.c: with the lock held */
struct live *live_get(struct runner *runner, const char *run_id); /* takes a reference; makes it when absent */
void live_put(struct live *live);
struct expr_pool *live_exprs(const struct live *live);                             /* helpers, as its tenant has them */
void live_expect(struct live *live, struct fair_tenant *tenant, int64_t priority); /* of one that was never read */
void live_queue(struct live *live);     /* a turn, unless one is queued or under way */
void live_committed(struct live *live); /* the rest of its turn */
void live_post(struct live *live, struct message *message);
void live_forget(struct live *live); /* the state in memory: it is read anew at the next turn */

/* children.c: world.child for this run */
struct child_spec;
bool child_find(struct live *live, struct child_spec *spec, struct trouble *trouble);

/* turn.c: in a thread's hands */
void turn_run(struct live *live);
void turn_end(struct live *live); /* after its commit */

/* spending_turn.c; see flow/spending.h */
enum drive_means spending_afford(void *runner, const struct place *place, struct datum *request, struct datum *asked,
								 struct datum **cost, struct trouble *trouble);

/* breaking.c: breakers and the calls of runs */
bool breaking_gate(void *runner, const struct place *place, struct datum *request, char *target, int64_t *until_us);
void breaking_look(struct live *live); /* held steps whose breaker closed go on, others are known to it */
const char *
breaking_reason(const struct run *run); /* a run with held steps is looked at when a process starts; or NULL */
void breaking_told(void *runner, const char *run_id);
/* What came of a request that was sent: status 0 is none at all.  Not asked at all: not told. */
struct breaking_outcome {
	const char *account_id, *url; /* NULL: the endpoint of models */
	int status;
	int64_t began_us; /* monotonic */
};
void breaking_tell(struct runner *runner, const struct breaking_outcome *outcome);
/* Nothing came of it: given up, not sent, answered from what was kept. */
void breaking_give_back(struct runner *runner, const struct breaking_outcome *outcome);

/* slots.c: how many runs of one workflow may be under way */
bool slots_limited(const struct live *live);
bool slots_free(struct live *live);                                  /* may it begin?  A look; the commit decides */
bool slots_apply(struct live *live, struct db *db, struct err *err); /* in its first commit */
void slots_wake(struct live *live);                                  /* it is over: others may begin */

/* effect.c */
bool effect_is_ours(const struct ir_task *task); /* carried out by a thread of this process */
void effect_send(struct live *live, const struct frame *frame);
/* Of a step of ours that was sent: does it wait for its place among the calls, and if not, when is it given up? */
struct effect_standing {
	bool in_line;
	int64_t until_us;
};
bool effect_find(struct runner *runner, const char *run_id, const char *path, struct effect_standing *standing);
void effects_review(struct live *live); /* the turn is committed: calls whose step has ended otherwise are given up */

/* asks.c: what others are asked for.  All in the run's turn. */
void asks_load(struct live *live);                                  /* the state was read: these are open */
void asks_forget(struct live *live);                                /* with the state */
void asks_look(struct live *live);                                  /* take in what came back */
void asks_note(struct live *live);                                  /* decided: which are new, which are over */
bool asks_apply(struct live *live, struct db *db, struct err *err); /* in the commit: open those, close these */
void asks_committed(struct live *live);

void asks_rematch(struct live *live); /* the state was made anew in this turn */
void asks_renew(struct live *live);   /* a fork: nobody was asked for it yet */

/* announce.c: lifecycle events, and what is emitted.  The state was read; a turn begins; its rows, and how it rests; in
 * its commit */
#define ANNOUNCE_RUNS "runs"
#define ANNOUNCE_TASKS "steps"
void announce_load(struct live *live, const char *status);
void announce_begin(struct live *live);
void announce_emitted(struct live *live, struct datum *event); /* by the row that is told next */
void announce_row(struct live *live, const struct row *row);
void announce_rest(struct live *live, const char *status);
bool announce_apply(struct live *live, struct db *db, struct err *err);
void announce_end(struct live *live); /* of the turn: said, or not to be said */
void announce_forget(struct live *live);

/* tasks.c: the state was read; what a person has said since; a row of the turn; in its commit; the turn is over */
bool tasks_read(struct live *live, struct db *db, struct err *err);
void tasks_look(struct live *live);
void tasks_row(struct live *live, const struct row *row);
bool tasks_apply(struct live *live, struct db *db, struct err *err);
void tasks_end(struct live *live);

/* orders.c: at the begin of a turn, before anything is decided; and in its commit */
void orders_take(struct live *live);
bool orders_apply(struct live *live, struct db *db, struct err *err);

/* turn.c: what was sent and not answered goes once more; `others`: workers and people are asked again too. */
void turn_send_again(struct live *live, bool others);

/* waiter.c, with the lock held */
void waiter_add(struct live *live, bool turn, int64_t timeout_ms, void (*told)(void *self, bool ended), void *self);
struct waiter *waiters_met(struct live *live);                            /* those whose wait is over, taken out */
struct waiter *waiters_late(struct runner *runner, int64_t now_us);       /* those who have waited too long */
void waiters_drop(struct runner *runner);                                 /* at the end: nobody is told */
void waiters_tell(struct runner *runner, struct waiter *met, bool ended); /* without the lock */

/* resources.c: documents from elsewhere */
struct resource {
	const char *uri;
	const struct json *authentication; /* a policy, with or without expressions; NULL: none */
	bool text;                         /* it is a text, whatever it looks like: pinned as a JSON text */
};

/* The one that this definition was pinned to, or what is there now, to which it is pinned in memory; resources_keep
 * keeps that with the definition's text.  NULL sets *trouble.  Blocks for as long as an answer may take. */
struct datum *resource_pin(struct runner *runner, const char *definition_sha256, const struct resource *resource,
						   struct trouble *trouble);
/* The first commit after a run has come upon documents: they are kept with its definition. */
bool resources_apply(struct live *live, struct db *db, struct err *err);
bool resources_load(struct runner *runner, struct err *err);
void resources_free(struct runner *runner);

/* timer.c, with the lock held */
void alarms_set(struct runner *runner, const struct alarm *alarm);
void alarms_set_for(struct live *live, int64_t due_us); /* unless that one is set */
bool alarms_step(struct runner *runner);                /* virtual time jumps to the first one; false: there is none */
void alarms_fini(struct alarms *alarms);
void *timer_main(void *runner);
void timer_hurry(struct runner *runner);    /* it is to look at once */
void runner_changed(struct runner *runner); /* something came to rest: those who wait for that look again */

#endif
