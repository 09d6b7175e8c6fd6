/* A memory as it is told.  Private to src/flow. */
#ifndef CS_FLOW_MEMORY_VIEW_H
#define CS_FLOW_MEMORY_VIEW_H

#include "flow/memory_repo.h"

struct field_table;
struct json;

struct memory_view {
	const char *memory_id, *agent_id, *run_id, *content, *created_at, *last_accessed_at, *expires_at, *knowledge_type,
		*title, *possible_duplicate_of;
	int tier, memory_type;
	double importance_score, compression_ratio, similarity, score;
	int64_t access_count;
	const struct json *tags, *metadata, *source_ids;
	bool has_embedding, deduplicated;
};

struct memory_views {
	size_t count;
	struct memory_view *items;
};

extern const char *const knowledge_names[];

/* As it stands; as an answer to writing it; as found. */
extern const struct field_table memory_table, memory_stored_table, memory_found_table;

struct memory_view memory_view_of(struct arena *arena, const struct memory_row *row);

/* {memories[], total, next_cursor}, and the same without a cursor. */
struct memory_list_view {
	struct memory_views memories;
	int64_t total;
	const char *next_cursor;
};
extern const struct field_table memory_list_table, memory_set_table, memory_search_table;

#endif
