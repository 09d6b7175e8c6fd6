/*
 * A small world for workflow runs: a store on a disk that fails, a runner that is driven step by step in virtual time,
 * and a network that answers by rules (flow_net.h).  No thread takes part and no clock or randomness but its own, so
 * what happens in it is a function of the options.
 */
#ifndef CS_SIM_FLOW_WORLD_H
#define CS_SIM_FLOW_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expr_pool;
struct ledger;
struct sim_child;
struct sim_record;

enum { RUNS_MAX = 4, RESULT_MAX = 65536 };

/* A run to be: a definition in JSON, its id, its seed. */
struct plot {
	const char *definition;
	char run_id[37], seed[24];
	bool parent; /* it runs workflows, and is over when they are too */
	bool tended; /* where it faults an operator has it go on (flow_operator.h) */
};

/* What became of it. */
struct outcome {
	bool over;
	char text[RESULT_MAX]; /* status, output and error; cut when longer */
	int64_t seq;
};

struct world_options {
	const char *folder;
	const char *vfs; /* of the store; NULL: the usual one */
	struct expr_pool *expr;
	struct ledger *ledger;
	uint64_t network_seed;
	unsigned turn_rows;  /* of one commit; 0: as many as is usual */
	uint64_t order_seed; /* in which order turns, effects, commits and idle moments of the disk come */
	int64_t start_us;    /* wall time at which it begins; 0: SIM_START_US */
	int kill_before_request, kill_after_request; /* flow_net.h */
};
#define SIM_START_US INT64_C(1800000000000000)

struct sim_world;

/* Expressions for worlds: what they may take is far from what they take, however busy the machine is. */
struct expr_pool *sim_expr(void);

/* Open store and runner in the folder.  NULL: the disk refused. */
struct sim_world *sim_open(const struct world_options *options);
int sim_requests(const struct sim_world *sim);   /* that the network was asked */
int64_t sim_now_us(const struct sim_world *sim); /* by its clock */
long sim_steps(const struct sim_world *sim);     /* turns, effects, batches and timers so far */
void sim_close(struct sim_world *sim);

/* Insert the run unless it is there.  False: the disk refused. */
bool sim_begin(struct sim_world *sim, const struct plot *plot);

/*
 * Put a run that is over back to before the step began, once in its life, however often this is said.  *ordered: it was
 * done now, so that the run is to be driven on.  False: the disk refused.
 */
bool sim_restore(struct sim_world *sim, const char *run_id, const char *step, bool *ordered);

enum sim_end { SIM_OVER, SIM_DISK_LOST, SIM_STUCK };
/*
 * Step until all runs that were begun are over.  SIM_DISK_LOST: the store has told that it cannot go on.  SIM_STUCK:
 * nothing is under way, no timer is set, and a run is not over; or its operator despairs.
 */
enum sim_end sim_drive(struct sim_world *sim);

/* Read a run; fini the record either way.  False: its journal is not as it should be, which was said on stderr. */
bool sim_read(struct sim_world *sim, const char *run_id, struct sim_record *record);
void sim_outcome(struct sim_world *sim, const char *run_id, struct outcome *outcome); /* its end alone */

/* Runs that others started, also by children; at most `room` (must). */
size_t sim_children(struct sim_world *sim, struct sim_child *children, size_t room);

/*
 * A store with its schema and account in a folder; its files are copied for each trial.  `kids`: with workflows that
 * plots may run (flow_kids.h).
 */
void sim_template(const char *folder, bool kids);

#endif
