/*
 * A small world for workflow runs: a store on a disk that fails, a runner that is driven step by step in virtual time,
 * and a network that answers by rules.  What happens in it follows from a seed.
 *
 * The network remembers each request by its idempotency key, as a receiver that honours keys does: the first delivery
 * that gets through acts, every later one is told the same answer.  By its seed it refuses some keys (503, a definite
 * end) and breaks the connection of the first deliveries of others, before or after it has acted.
 * The ledger lies in memory that survives the process that wrote it (fork), so a killed one can be judged.
 */
#ifndef CS_SIM_FLOW_WORLD_H
#define CS_SIM_FLOW_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expr_pool;

enum { LEDGER_MAX = 4096, STEP_TEXT = 160, RUNS_MAX = 4, RESULT_MAX = 65536 };

/* What the network knows of one key. */
struct delivery {
	char key[65];
	char step[STEP_TEXT]; /* run and step path, as the headers said */
	uint64_t request;     /* fingerprint of the first request */
	int deliveries;
	bool acted;
};
struct ledger {
	size_t count;
	bool changed_request; /* a key came again with another request */
	bool too_many;
	struct delivery items[LEDGER_MAX];
};
struct ledger *ledger_new(void); /* shared with children */
void ledger_clear(struct ledger *ledger);
void ledger_free(struct ledger *ledger);

/*
 * What the network saw of disturbed runs against what it saw of undisturbed ones: the same keys acted, no others, each
 * with one request.  NULL: so it is; else what is wrong, and at which step ("RUN:PATH").  `may_differ` (may be NULL)
 * says of which steps it is not certain that they are come to.
 */
const char *ledger_differs(const struct ledger *calm, const struct ledger *rough, const char **step,
						   bool (*may_differ)(const void *self, const char *step), const void *self);

/* A run to be: a definition in JSON, its id, its seed. */
struct plot {
	const char *definition;
	char run_id[37], seed[24];
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
	uint64_t order_seed; /* in which order turns and effects come */
	/* The process is killed at so manieth request: before it is noted, or after it was carried out.  0: not. */
	int kill_before_request, kill_after_request;
};

struct sim_world;

/* Open store and runner in the folder.  NULL: the disk refused. */
struct sim_world *sim_open(const struct world_options *options);
int sim_requests(const struct sim_world *sim); /* that the network was asked */
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
 * Step until all runs are over.  SIM_DISK_LOST: the store has told that it cannot go on.  SIM_STUCK: nothing is under
 * way, no timer is set, and a run is not over.
 */
enum sim_end sim_drive(struct sim_world *sim, size_t runs);

/* Read a run's outcome, and check its journal: gapless, folds, agrees with the run's row (abort()s with words if not).
 */
void sim_outcome(struct sim_world *sim, const char *run_id, struct outcome *outcome);

/* A store with its schema and account in a folder; its files are copied for each trial. */
void sim_template(const char *folder);
void sim_copy(const char *from, const char *to);
void sim_clear(const char *folder); /* unlink its files */

#endif
