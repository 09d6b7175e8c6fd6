/*
 * Memories in the store: rows, vectors, counters, life-cycle events [flow.md 6].  Every function takes the account.
 * Rows past their time are not given by any of these.  Writing: in an op.
 */
#ifndef CS_FLOW_MEMORY_REPO_H
#define CS_FLOW_MEMORY_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "flow/domain/agent.h"
#include "flow/domain/memory.h"

struct arena;
struct db;
struct err;
struct id_maker;

/* A row; texts are the arena's.  tags, metadata and source_ids are JSON text; NULL: none. */
struct memory_row {
	const char *memory_id, *account_id, *agent_id, *run_id, *content, *content_sha256, *tags, *metadata, *source_ids,
		*knowledge_type, *title, *possible_duplicate_of;
	enum memory_tier tier;
	enum memory_type type;
	double importance, compression_ratio; /* NaN: none */
	int64_t size, access_count, created_us, last_accessed_us, expires_us;
	int64_t stored; /* bytes that stand for the content in the archive; 0: it stands as it is */
	bool has_embedding;
};

/* A vector; NULL: none. */
struct memory_vector {
	const char *memory_id, *model;
	const float *numbers;
	int64_t dimension;
	double norm;
};

/* Which rows. */
struct memory_filter {
	const char *account_id, *agent_id;
	int tier; /* -1: any */
	double min_importance;
	const char *before; /* only ids before this; "": all */
	size_t limit;
};

bool memory_insert(struct db *db, const struct memory_row *row, const struct memory_vector *vector, struct err *err);

bool memory_find(struct db *db, const char *account_id, const char *memory_id, int64_t now_us, struct arena *arena,
				 struct memory_row *row, bool *found, struct err *err);

/* The full-text index of contents, and the group of an agent's in it; NULL: the arena is full. */
#define MEMORY_TEXTS "memory_texts"
const char *memory_text_group(struct arena *arena, const char *account_id, const char *agent_id);

/*
 * Rows come without their words: those of an agent (NULL: of all) that are not in the index yet go there, at most
 * `limit` in one op.  Whoever searches asks first whether some are due.  Cost: about 30 us each.
 */
bool memory_words(struct db *db, const char *account_id, const char *agent_id, size_t limit, struct arena *arena,
				  size_t *count, struct err *err);
bool memory_words_due(struct db *db, const char *account_id, const char *agent_id, bool *due, struct err *err);

/* The one of L1 to L3 with this text. */
bool memory_same(struct db *db, const char *account_id, const char *agent_id, const char *sha256, int64_t now_us,
				 struct arena *arena, struct memory_row *row, bool *found, struct err *err);

/* Newest first. */
bool memory_list(struct db *db, const struct memory_filter *filter, int64_t now_us, struct arena *arena,
				 struct memory_row *rows, size_t *count, struct err *err);

/* Write what may change of a row: tier, importance, tags, metadata, access, times, source_ids.  Counters follow. */
bool memory_update(struct db *db, const struct memory_row *was, const struct memory_row *row, struct err *err);

/* After a use: access_count, last_accessed_us, and but for L1 the end. */
bool memory_used(struct db *db, const struct memory_row *row, struct err *err);

/* Drop a row with its vector and words; account, agent, tier and id are looked at, the size is set. */
enum memory_end { MEMORY_DELETED, MEMORY_EVICTED, MEMORY_EXPIRED };
bool memory_remove(struct db *db, struct memory_row *row, enum memory_end end, struct err *err);

/* By one of the strategies of /evict. */
enum memory_strategy { MEMORY_LRU, MEMORY_LOW_IMPORTANCE, MEMORY_GONE };
bool memory_worst(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				  enum memory_strategy strategy, int64_t now_us, size_t limit, struct arena *arena,
				  struct memory_row *rows, size_t *count, struct err *err);

/* The least recently used of the lowest-importance tenth of the tier's capacity; "": the tier is empty. */
bool memory_least(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier, char id[ID_TEXT],
				  struct err *err);

/* What a promotion looks for; the most important first, at most `limit`. */
struct memory_wanted {
	enum memory_tier tier;
	double min_importance;
	int64_t min_access, created_until_us; /* INT64_MAX: whenever */
};
bool memory_best(struct db *db, const char *account_id, const char *agent_id, const struct memory_wanted *wanted,
				 int64_t now_us, size_t limit, struct arena *arena, struct memory_row *rows, size_t *count,
				 struct err *err);

/* Rows whose time has passed, of any account. */
bool memory_due(struct db *db, int64_t now_us, size_t limit, struct arena *arena, struct memory_row *rows,
				size_t *count, struct err *err);

/* Vectors of an agent in a tier, newest first; `take` gets each, its bytes live during the call. */
bool memory_vectors(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
					void (*take)(void *self, const struct memory_vector *vector), void *self, struct err *err);
/* Those of L1 to L3 from change *seen on (0: all), which then is the next. */
bool memory_vectors_since(struct db *db, const char *account_id, const char *agent_id, int64_t *seen,
						  void (*take)(void *self, const struct memory_vector *vector), void *self, struct err *err);
bool memory_vector_of(struct db *db, const char *memory_id, struct arena *arena, struct memory_vector *vector,
					  bool *found, struct err *err);

/* The dimension of the agent's vectors by this model; 0: it has none. */
bool memory_dimension(struct db *db, const char *account_id, const char *agent_id, const char *model,
					  int64_t *dimension, struct err *err);

struct memory_count {
	int64_t memories, bytes, dedup_hits, evictions, expiries;
};

/* What an agent has in a tier, with what is over and not swept yet: kept with every change, cheap to read. */
bool memory_count(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				  struct memory_count *count, struct err *err);
bool memory_count_dedup(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
						struct err *err);

/* What of it is not over, from an importance on. */
struct memory_live {
	int64_t memories, bytes, stored, oldest_us; /* stored: bytes that stand for `bytes` */
	double importance, age_hours;               /* means; NaN: there is none */
};
bool memory_live(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				 double min_importance, int64_t now_us, struct memory_live *live, struct err *err);

struct memory_event {
	const char *event_id, *kind, *detail;
	int64_t at_us;
};
bool memory_event_add(struct db *db, struct id_maker *ids, const struct memory_row *row, const char *kind,
					  const char *detail, int64_t now_us, struct err *err);
bool memory_events(struct db *db, const char *account_id, const char *memory_id, size_t limit, struct arena *arena,
				   struct memory_event *events, size_t *count, struct err *err);

#endif
