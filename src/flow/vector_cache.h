/*
 * Vectors of agents' L1 to L3, kept in memory between searches [flow.md 6].
 *
 * A look first brings what it has up to the state that its reader sees, by the numbers of changes (memory_repo.h).  A
 * memory that was forgotten or archived since may still be among the rows: whoever looks checks each in the store, and
 * says how many were not there, so that the rows are read anew when many are not.
 * Past the limit the agents used longest ago leave; an agent that alone passes it is not kept.
 * Thread: any; looks at one agent run side by side.
 */
#ifndef CS_FLOW_VECTOR_CACHE_H
#define CS_FLOW_VECTOR_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/vector_set.h"

struct arena;
struct db;
struct err;
struct memory_vector;
struct vector_cache;

struct vector_cache *vector_cache_new(size_t limit_bytes);
void vector_cache_free(struct vector_cache *cache); /* NULL is fine */

enum { VECTOR_PARTS = 16 /* models of one agent */ };

/* A look that is under way. */
struct vector_look {
	struct vector_agent *agent; /* private; held until vector_look_end */
	size_t parts_count;
	struct vector_part {
		struct vector_looking looking;
	} parts[VECTOR_PARTS];
	int64_t seen;              /* changes of the agent's vectors that it knows (memory_repo.h) */
	bool other_dimension, any; /* vectors of another dimension; of this one */
};

/*
 * Look for what is like `question`, of `model` (NULL: any).  *kept false: the agent has too many vectors to be kept,
 * and nothing was begun.  Else vector_look_end is due.
 */
bool vector_look_begin(struct vector_cache *cache, struct db *db, const char *account_id, const char *agent_id,
					   const char *model, const struct memory_vector *question, double threshold, struct arena *arena,
					   struct vector_look *look, bool *kept, struct err *err);

/* The best that is left; its id lives until the end.  False: there is none. */
bool vector_look_next(struct vector_look *look, const char **id, double *cosine);
void vector_look_end(struct vector_cache *cache, struct vector_look *look, size_t missing);

/* Bytes that are kept. */
size_t vector_cache_bytes(struct vector_cache *cache);

#endif
