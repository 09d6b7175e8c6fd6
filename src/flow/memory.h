/*
 * Memories as they change: stored once, evicted at the cap, used, moved on when their time is over [flow.md 6].
 * In an op, on the writer's thread.  Private to src/flow.
 */
#ifndef CS_FLOW_MEMORY_H
#define CS_FLOW_MEMORY_H

#include "flow/memory_repo.h"

/* What is to be stored; `similar` is what was found to be most like it, NULL: nothing. */
struct memory_new {
	struct memory_row row;
	const struct memory_vector *vector;
	const char *similar_id;
	double similarity;
	int64_t seen; /* changes of the agent's vectors that memory_nearest has looked at */
	bool reject;  /* at the cap refuse instead of evicting */
};

/*
 * Look what is most like new->vector among the agent's L1 to L3: what came since the last look.  On a reader before the
 * op, which looks again: so of equal ones that come at the same time the later are the same as the first.
 */
bool memory_nearest(struct db *db, struct memory_new *new, struct arena *arena, struct err *err);

/*
 * Store, or join the one that is there already: *deduplicated, and `row` is that one then.  ERR_MEMORY_FULL;
 * ERR_INVALID: the agent's vectors of this model have another dimension.
 */
bool memory_store(struct db *db, struct id_maker *ids, struct memory_new *new, int64_t now_us, struct arena *arena,
				  bool *deduplicated, struct err *err);

/* The same without looking whether it is there: what is promoted keeps its text on purpose. */
bool memory_add(struct db *db, struct id_maker *ids, struct memory_new *new, int64_t now_us, struct arena *arena,
				struct err *err);

/* It was used: one more access, now; in L2 and L3 it lives on from here. */
bool memory_touch(struct db *db, struct memory_row *row, int64_t now_us, struct err *err);

/* Move to another tier; its life there begins now. */
bool memory_move(struct db *db, struct id_maker *ids, struct memory_row *row, enum memory_tier tier, int64_t now_us,
				 struct err *err);

/* Move on or end at most `limit` whose time has passed; and is there one? */
bool memory_expire(struct db *db, struct id_maker *ids, int64_t now_us, size_t limit, struct err *err);
bool memory_expiry_due(struct db *db, int64_t now_us, bool *due, struct err *err);

/* The SHA-256 of a text in NFC with its white space folded: what makes two the same.  False: no memory. */
bool memory_digest(struct arena *arena, const char *text, char hex[65]);

#endif
