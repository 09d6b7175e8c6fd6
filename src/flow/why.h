/*
 * Why a run does not go on: for each step that waits, for what, since when, until when, and the request that would let
 * it go on [flow.md 3.3].  Of a run that faulted: its error, and the request that takes it up again.
 * Private to src/flow.
 */
#ifndef CS_FLOW_WHY_H
#define CS_FLOW_WHY_H

struct arena;
struct db;
struct jw;
struct run_record;
struct runner;
struct story;

struct why {
	struct jw *jw;
	struct db *db;         /* who holds the tasks of workers is read there */
	struct runner *runner; /* what is under way in this process */
	struct arena *arena;
	const struct run_record *record;
	const struct story *story;
};

/* {run_id, status, waiting[], error?, unblock?} */
void why_write(const struct why *why);

#endif
