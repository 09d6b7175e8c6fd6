/*
 * What an agent remembers that is most like a question [flow.md 6].  On a reader.  Private to src/flow.
 */
#ifndef CS_FLOW_MEMORY_SEARCH_H
#define CS_FLOW_MEMORY_SEARCH_H

#include "flow/memory_view.h"

struct arena;
struct faults;
struct store;
struct vector_cache;

enum memory_mode { MEMORY_BY_VECTOR, MEMORY_BY_TEXT, MEMORY_BY_BOTH };

/* As memory_search_query_table decodes it. */
struct memory_query {
	const char *agent_id, *text, *model;
	struct {
		size_t count;
		double *items;
	} query_embedding;
	int mode, memory_type; /* -1: not given */
	int64_t top_k;
	double similarity_threshold;
	struct {
		size_t count;
		int *items;
	} tiers;
	struct {
		size_t count;
		const char **items;
	} tags;
};
extern const struct field_table memory_search_query_table;

/* What the table cannot say; the mode is set where it was left open. */
bool memory_query_check(struct memory_query *query, struct arena *arena, struct faults *faults);

struct memory_searching {
	struct arena *arena; /* of what is found */
	const char *account_id;
	int64_t now_us;
	struct vector_cache *vectors; /* NULL: they are read from the store */
};

/*
 * Rows are stored without their words (memory_repo.h): before a search by text on a reader, put in those of this agent.
 * It waits for commits where some are due: no reader may be held.  Not on the writer's thread.
 */
bool memory_search_prepare(struct store *store, const char *account_id, const struct memory_query *query,
						   struct err *err);

/*
 * The best first, of equal ones the newer.  By vector: cosines from the threshold; by text: any of the words, score is
 * the engine's; by both: score is the sum of 1 / (60 + rank).  ERR_INVALID: no vector has this dimension.
 * Cost: a pass over the agent's vectors of the tiers, and some 5 us for each row that is looked at.
 */
bool memory_search(struct memory_searching *with, const struct memory_query *query, struct db *db,
				   struct memory_list_view *list, struct err *err);

#endif
