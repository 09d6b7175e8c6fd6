/* What the HTTP files of memories share; nobody else includes it. */
#ifndef CS_FLOW_MEMORY_PARTS_H
#define CS_FLOW_MEMORY_PARTS_H

#include "flow/memory_view.h"

struct exchange;

struct embedding_request {
	struct {
		size_t count;
		double *items;
	} vector;
	const char *model;
};
extern const struct field_table embedding_table;

/* As float32 with its norm, in the arena; NULL: it is full. */
struct memory_vector *memory_vector_from(struct arena *arena, const struct embedding_request *embedding);

struct memory_views memory_views_of(struct arena *arena, const struct memory_row *rows, size_t count);

extern const struct field_table memory_l2_table, memory_l3_table, memory_importance_table, memory_updated_table;
void memory_handle_l2(struct exchange *x);
void memory_handle_l3(struct exchange *x);
void memory_handle_importance(struct exchange *x);

/*
 * What the configured model makes of the texts in short, the arena's; its cost is the agent's.  NULL: it could not be
 * had, or is no text that a memory may have.  Thread: one that may wait for a model (agents_aside).
 */
struct agents_api;
const char *memory_condense(struct agents_api *api, const char *account_id, const char *agent_id,
							const char *const *texts, size_t count, struct arena *arena);

#endif
