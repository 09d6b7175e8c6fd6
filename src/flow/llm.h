/*
 * Models, asked by HTTP at any OpenAI-compatible endpoint [flow.md 2.7].
 *
 * The operator names the endpoints, so their addresses are not looked at as those that authors write are.  What a call
 * takes is priced by pack `prices`.  The key is sent in `Authorization: Bearer` and kept nowhere else.
 * Thread: any; each question blocks for its answer.
 */
#ifndef CS_FLOW_LLM_H
#define CS_FLOW_LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datum;
struct arena;
struct env;
struct llm;
struct llm_cache;
struct llm_route;
struct outgoing;
struct prices;
struct trouble;

/* All outlives the struct llm. */
struct llm_options {
	const struct outgoing *outgoing; /* how it is asked: every address must be allowed there */
	const struct env *env;
	const char *base_url;           /* "http://127.0.0.1:8080/v1", no slash at its end */
	const char *key;                /* NULL: none is sent */
	const struct llm_route *routes; /* models that are asked elsewhere */
	size_t routes_count;
	const struct prices *prices; /* NULL: everything is free */
	struct llm_cache *cache;     /* of answers; NULL: nothing is kept */
	/* An endpoint of embeddings, for questions of like meaning; NULL: none. */
	const char *embedding_url, *embedding_model;
};

struct llm *llm_open(const struct llm_options *options);
void llm_close(struct llm *llm); /* NULL is fine */

struct llm_question {
	struct datum *request;                               /* of domain/llm_call.h */
	const char *effect_key, *run_id, *path, *account_id; /* sent along as headers, but for the account */
	const char *tags;                                    /* JSON array, of what is kept; NULL: none */
	int64_t timeout_ms;
	bool (*given_up)(void *self); /* asked while waiting; may be NULL */
	void *self;
};

struct llm_reply {
	struct datum *output; /* NULL: *trouble says why */
	struct datum *cost;   /* what it cost, also of a failure; NULL: not known */
	bool definite;        /* an answer came */
};

/* What a reply cost: {amount_micros, saved_micros, currency, provider, model, priced_as, tokens{}, estimated?}. */

/* Ask; the data of the reply are the caller's to give up. */
void llm_ask(struct llm *llm, const struct llm_question *question, struct llm_reply *reply, struct trouble *trouble);

/* The vector of a text, the arena's; false: none is configured, or it could not be had. */
struct llm_vector {
	float *numbers;
	size_t dimension;
	double norm;
};
bool llm_embed(const struct llm *llm, const char *text, struct arena *arena, struct llm_vector *vector);

/* How its breaker stands [P-10.4]: closed, open or half_open; NULL: no endpoint of embeddings is configured. */
const char *llm_embedding_state(const struct llm *llm);

struct llm_cache *llm_answers(const struct llm *llm); /* NULL: nothing is kept */

/* The most that a call can cost, with the row that says so; 0 and NULL without prices. */
int64_t llm_bound(const struct llm *llm, struct datum *request, const char **provider, const char **currency);

#endif
