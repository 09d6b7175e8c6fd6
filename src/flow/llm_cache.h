/*
 * Answers of models, kept for whoever asks the same again [flow.md 6].
 *
 * L1: in memory, the LLM_L1_ENTRIES used last, of all accounts.  L2: in the store, for the same question.  L3: in the
 * store, for a question of like meaning to the same model with the same parameters.  What is found moves up.  Answers
 * are an account's; keys are those of domain/llm_call.h.  Times to live are tuned by what L1 and L2 hit.
 * Of equal questions at the same time one makes the call and the others wait for it.
 * Thread: any.  Cost: L1 about 1 us; L2 a read of the store; L3 a scan of the family's vectors, at most LLM_ALIKE_MAX.
 */
#ifndef CS_FLOW_LLM_CACHE_H
#define CS_FLOW_LLM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datum;
struct env;
struct err;
struct llm_cache;
struct store;

enum llm_level { LLM_L1, LLM_L2, LLM_L3, LLM_L4, LLM_LEVELS };
extern const char *const llm_level_names[];

enum {
	LLM_L1_ENTRIES = 1000,
	LLM_L1_TTL_S = 300,
	LLM_L2_TTL_S = 3600,
	LLM_L3_TTL_S = 86400,
	LLM_ALIKE_MAX = 10000, /* answers of a family that are compared, the newest */
};
#define LLM_ALIKE .92 /* cosine from which two questions mean the same */

struct llm_cache *llm_cache_open(struct store *store, const struct env *env);
void llm_cache_close(struct llm_cache *cache); /* before the store; waits for what is being written; NULL is fine */

/* What is asked.  vector NULL: no L3. */
struct llm_lookup {
	const char *account_id, *model;
	char key[65], family[65];
	const char *tags; /* JSON array; NULL: none */
	const float *vector;
	size_t dimension;
	double norm;
};

/* What was found: {message, usage, model} and what it cost when it was asked for. */
struct llm_hit {
	struct datum *answer; /* a reference of the caller's */
	int64_t cost_micros;
	enum llm_level level;
};

/* The same question, in L1 and L2. */
bool llm_cache_find(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit);

/* One of like meaning, in L3. */
bool llm_cache_alike(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit);

/* Keep an answer in all levels; the store has it soon. */
void llm_cache_keep(struct llm_cache *cache, const struct llm_lookup *lookup, struct datum *answer,
					int64_t cost_micros);

/*
 * True: the caller makes the call and says llm_cache_leave afterwards.  False: somebody else did meanwhile (look
 * again), or the caller's own time is over.
 */
bool llm_cache_enter(struct llm_cache *cache, const struct llm_lookup *lookup, int64_t timeout_ms);
void llm_cache_leave(struct llm_cache *cache, const struct llm_lookup *lookup);

/* A call was made (L4), and it answered or not. */
void llm_cache_called(struct llm_cache *cache, bool answered);

/* What to forget; NULL: any.  account_id NULL: of all accounts.  level LLM_LEVELS: all. */
struct llm_forget {
	const char *account_id, *model, *tag;
	enum llm_level level;
};
/* *count: answers that were in L1 or in the store.  Waits for the commit. */
bool llm_cache_forget(struct llm_cache *cache, const struct llm_forget *forget, int64_t *count, struct err *err);

/* Drop what is past its time, at most a few hundred. */
bool llm_cache_sweep(struct llm_cache *cache, struct err *err);

struct llm_level_figures {
	int64_t hits, misses, entries, bytes, evictions, saved_micros;
	double ttl_s; /* 0 of L4 */
};
/* Counters since the process began; entries and bytes as they are, of the account (NULL: of all) in L2 and L3. */
void llm_cache_counters(struct llm_cache *cache, struct llm_level_figures figures[LLM_LEVELS]); /* without L2's, L3's */
bool llm_cache_figures(struct llm_cache *cache, const char *account_id, struct llm_level_figures figures[LLM_LEVELS],
					   struct err *err);

#endif
