/*
 * Workflows that simulated runs run, sim/kid0 to sim/kid3, and the runs that come of it.
 *
 * The id of such a run is random.  Who it is in every order of events its *lineage* says: the run that nobody started,
 * and the path of the step in each run from there on.
 */
#ifndef CS_SIM_FLOW_KIDS_H
#define CS_SIM_FLOW_KIDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct db;
struct err;

enum { KIDS = 4, LINEAGE = 512 };

struct sim_child {
	char run_id[37], lineage[LINEAGE];
};

/* In an op: as workflows of the account. */
bool kids_publish(struct db *db, const char *account_id, struct err *err);

/* Text of the arena; NULL: nobody started the run. */
const char *kids_lineage(struct db *db, const char *run_id, struct arena *arena);

/* All runs that others started; at most `room` (must). */
size_t kids_list(struct db *db, struct sim_child *children, size_t room, struct arena *arena);

/* Have they all ended?  Those whose parent ended without them are still to be cancelled. */
bool kids_rest(struct db *db);

#endif
