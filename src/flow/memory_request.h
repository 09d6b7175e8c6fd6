/*
 * A memory as a request brings it, over HTTP or from a step [flow.md 6].  Private to src/flow.
 */
#ifndef CS_FLOW_MEMORY_REQUEST_H
#define CS_FLOW_MEMORY_REQUEST_H

#include "core/id.h"
#include "flow/memory.h"

struct embedding_request;
struct faults;
struct field_table;
struct json;

struct memory_request {
	const char *agent_id, *run_id, *execution_id, *content, *expires_at;
	double importance_score;
	struct embedding_request *embedding;
	int memory_type, strategy;
	struct {
		size_t count;
		const char **items;
	} tags;
	const struct json *metadata;
};
extern const struct field_table memory_store_table, memory_patch_table;

/* What is to be stored; holds what `new` points at. */
struct memory_made {
	struct memory_new new;
	char id[ID_TEXT], sha256[65];
	int64_t expires_us; /* 0: the tier's own */
	const char *metadata;
};

/* What storing and changing share: expiry and metadata.  False: faults were added. */
bool memory_request_check(const struct memory_request *request, int64_t now_us, struct arena *arena,
						  struct memory_made *made, struct faults *faults);

/* The whole of it.  False: faults were added, or (none) the arena is full. */
bool memory_request_make(const struct memory_request *request, struct id_maker *ids, const char *account_id,
						 int64_t now_us, struct arena *arena, struct memory_made *made, struct faults *faults);

/* In an op, after memory_nearest on a reader where it has a vector. */
bool memory_made_store(struct db *db, struct id_maker *ids, struct memory_made *made, int64_t now_us,
					   struct arena *arena, bool *deduplicated, struct err *err);

/* A JSON array of texts. */
const char *memory_tags_text(struct arena *arena, const char **tags, size_t count);

#endif
