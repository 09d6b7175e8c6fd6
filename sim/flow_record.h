/*
 * What the journal of a simulated run says: its end, every side effect it intended with what became of it, and where
 * the order of events decided how far its steps came.
 *
 * A *race* is a fork or a parallel loop that lost a branch, and with it all others, or a task that was timed out: what
 * stood below it went on until then, and how far is a matter of how long things take.  Only the branch that was at
 * fault is certain to have come to its end; where each of two would be at fault it is the first that is.  Faults make
 * calls take longer; so the races of an undisturbed run name the steps that a disturbed one may have come to or not.
 */
#ifndef CS_SIM_FLOW_RECORD_H
#define CS_SIM_FLOW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct db;
struct definition;
struct delivery;
struct err;
struct ledger;
struct run_record;

enum effect_end { EFFECT_OPEN, EFFECT_SUCCEEDED, EFFECT_REFUSED, EFFECT_UNSURE };

/* Where a step stands: in so manieth block of a task, from the inside outwards. */
struct place_above {
	const char *path;
	uint32_t block;
};

struct effect_record {
	char key[65];
	const char *path;
	uint32_t attempt;
	int64_t intents, deliveries; /* rows; the number in the last one */
	int64_t ended_seq;
	const char *child; /* the sub-run that it started, which asks nobody itself; NULL: it is a request */
	bool given_up;     /* a new attempt began while this one's end was open */
	bool was_unsure;   /* a delivery had an end that is not known */
	enum effect_end end;
	const char *wrong; /* what the journal says of it that cannot be; NULL: nothing */
	const struct place_above *above;
	size_t above_count;
};

enum { NO_BRANCH = UINT32_MAX };
struct race {
	const char *path;
	uint32_t sure; /* the branch whose fault it was; NO_BRANCH: a timeout */
};

/* A step that is executed anew: a try that begins its list again, or an operator's word. */
struct redo {
	const char *path; /* "": all that was under way */
	int64_t seq;
	bool ordered;
};

struct sim_record {
	struct arena arena;
	bool over;
	const char *run_id, *text; /* status, output and error */
	int64_t seq;
	struct effect_record *effects;
	size_t effects_count, effects_room;
	struct race *races;
	size_t races_count, races_room;
	struct redo *redos;
	size_t redos_count, redos_room;
	long orders; /* of an operator that were carried out */
};

/* Read a run.  False: its journal has a gap, does not fold, or does not lead to the run's row.  Fini either way. */
bool record_read(struct sim_record *record, struct db *db, const struct run_record *run,
				 const struct definition *definition, struct err *err);
void record_fini(struct sim_record *record);

/*
 * The journal by itself and against what the network saw [flow.md 3.1].  Intents: an attempt has one, its re-deliveries
 * are counted, and the next attempt follows a definite end only, where a try around it began anew or an operator said
 * so.  Requests: each has its intent, no more of them than intents; what succeeded has acted, what was refused has not.
 * NULL, or what does not hold, and at which step.
 */
const char *record_is_wrong(const struct sim_record *record, const struct ledger *ledger, const char **step);

const struct effect_record *record_find(const struct sim_record *record, const char *key); /* or NULL */

/*
 * Does the effect stand where the undisturbed run has a race, and not on the sure side?  Where both were lost, maybe by
 * two branches, only what both are sure of is sure.  `rough` may be NULL.
 */
bool record_races(const struct sim_record *calm, const struct sim_record *rough, const struct effect_record *effect);

#endif
