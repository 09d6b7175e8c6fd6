/*
 * Steps that remember: memory.add, memory.search and memory.get of a workflow [flow.md 2.7, 6].
 * Bodies and answers are those of the API.  Thread: any that may wait for a write.
 */
#ifndef CS_FLOW_MEMORY_STEP_H
#define CS_FLOW_MEMORY_STEP_H

#include <stdint.h>

struct datum;
struct env;
struct id_maker;
struct store;
struct trouble;

struct memory_step {
	struct store *store;
	struct id_maker *ids;
	int64_t now_us; /* wall time */
	const char *account_id, *run_id;
	const char *call; /* "memory.add" */
};

/*
 * Carry it out.  NULL sets *trouble: validation (the body), runtime (a full tier, a memory that is not there).  Adding
 * again after a crash finds the memory there: the same text is one memory.
 */
struct datum *memory_step_run(const struct memory_step *step, struct datum *with, struct trouble *trouble);

#endif
