/* What the files of llm_cache* share; nobody else includes it. */
#ifndef CS_FLOW_LLM_CACHE_INTERNAL_H
#define CS_FLOW_LLM_CACHE_INTERNAL_H

#include <pthread.h>

#include "core/map.h"
#include "flow/domain/tuning.h"
#include "flow/llm_cache.h"

/* An answer in L1, in a list by use: the newest first. */
struct entry {
	char *name; /* account and key */
	char *account_id, *model, *tags;
	struct datum *answer;
	int64_t cost_micros, expires_us;
	size_t bytes;
	struct entry *prev, *next;
};

struct counters {
	int64_t hits, misses, evictions, saved_micros;
};

struct llm_cache {
	struct store *store;
	const struct env *env;
	pthread_mutex_t lock;
	pthread_cond_t changed;    /* a call ended; a write ended */
	struct map entries, calls; /* by name: struct entry; what is being asked for */
	struct entry *first, *last;
	size_t bytes, writing;
	struct counters counters[LLM_LEVELS];
	struct tuning tuning[2]; /* of L1 and L2 */
};

/* With the lock held. */
void l1_put(struct llm_cache *cache, const struct llm_lookup *lookup, struct datum *answer, int64_t cost_micros);
bool l1_find(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit);
void l1_drop(struct llm_cache *cache, struct entry *entry);

/* Is `tag` in the JSON array?  By its text between quotes, as the store compares too. */
bool tags_have(const char *tags, const char *tag);

#endif
