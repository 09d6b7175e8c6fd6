/*
 * `call: llm` as values: from the evaluated arguments to the request of an OpenAI-compatible endpoint, from its answer
 * to the message and the tokens it took [flow.md 2.7].  No socket here.  Thread: any.
 *
 * The request that goes into the journal is {model, messages, max_tokens, temperature?, top_p?, tools?,
 * response_format?, cache, budget?}; all but the last two are the body of POST {base}/chat/completions.
 */
#ifndef CS_FLOW_DOMAIN_LLM_CALL_H
#define CS_FLOW_DOMAIN_LLM_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/prices.h"

struct arena;
struct buf;
struct datum;
struct json;
struct trouble;

enum {
	LLM_MAX_TOKENS = 4096, /* where the author gives no max_tokens: a call without a bound could not be reserved for */
	LLM_EMBED_TEXT = 32 << 10, /* bytes of a prompt that are compared by meaning */
};

/* Where a model is asked: the longest prefix of its name that a route has, else the base. */
struct llm_route {
	const char *prefix, *base_url; /* "claude-", "https://host/v1" */
};
const char *llm_route(const struct llm_route *routes, size_t count, const char *base_url, const char *model);

/* The request for the journal; NULL sets *trouble (validation). */
struct datum *llm_call_request(struct datum *with, struct trouble *trouble);

/* Append the body of the HTTP request. */
void llm_call_body(struct datum *request, struct buf *body);

/*
 * The most tokens that the call can take: no token is less than a byte, so that the bytes of the body bound what is
 * read, and max_tokens what is written.
 */
struct tokens llm_call_bound(struct datum *request);

/* What that costs at most: reading costs what the dearer of plain input and writing to the provider's cache does. */
int64_t llm_call_bound_cost(struct datum *request, const struct price *price);

/*
 * Key of the cache of answers: lower-case hex SHA-256 of the RFC 8785 form of {messages, model, max_tokens,
 * temperature and top_p at 2 decimals, tools, response_format}; what the author did not give is not in it [flow.md 6].
 */
void llm_call_key(struct datum *request, char hex[65]);

/* The same without the messages: what has to be equal for answers to like questions to count. */
void llm_call_family(struct datum *request, char hex[65]);

/* May its answer be kept?  cache: false says no; a temperature above 0.3 says no unless cache is "force". */
bool llm_call_cacheable(struct datum *request);

/* The text of all messages, for comparing by meaning; the arena's, at most LLM_EMBED_TEXT bytes.  NULL: arena full. */
const char *llm_call_prompt(struct datum *request, struct arena *arena);

/* What came back. */
struct llm_answer {
	struct datum *message, *usage; /* as the endpoint wrote them; usage NULL: it gave none */
	struct datum *model;           /* the model that answered, a JSON text */
	struct tokens tokens;
	bool sound_tools; /* false: a tool call with arguments that are no JSON object */
};

/*
 * Read the body of a 2xx answer: one object, or a stream of events whose deltas are put together.  False sets
 * *trouble (communication): that is no chat completion.  llm_answer_fini gives the data up.
 */
bool llm_answer_read(const char *content_type, const char *body, size_t size, struct llm_answer *answer,
					 struct trouble *trouble);
void llm_answer_fini(struct llm_answer *answer);

/* The task's output: {text, message, usage, cost, cost_micros, cached, model}. */
struct datum *llm_answer_output(const struct llm_answer *answer, int64_t cost_micros, bool cached);

/* The message of an error's body, {error: {message}} as endpoints have it, else its first bytes; for people. */
void llm_error_text(const char *body, size_t size, char *text, size_t room);

#endif
