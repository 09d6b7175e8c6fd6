/*
 * What a memory that is to be stored is most like, by the vectors that are kept in memory [flow.md 6: dedup].
 *
 * As memory_nearest(), which reads every vector of the agent from the store: here sketches are read, and the rows of
 * those from MEMORY_SIMILAR on.  Of those from MEMORY_SAME on one of equal memory_type is taken before a nearer one of
 * another.  On a reader, before the op, which looks at what came since.  Private to src/flow.  Thread: any.
 */
#ifndef CS_FLOW_MEMORY_NEAREST_H
#define CS_FLOW_MEMORY_NEAREST_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct memory_new;
struct vector_cache;

/* Sets similar_id, similarity and seen of `new`, which has a vector.  An agent with too many is read from the store. */
bool memory_nearest_kept(struct vector_cache *vectors, struct db *db, struct memory_new *new, int64_t now_us,
						 struct arena *arena, struct err *err);

#endif
