/* One call of the search engine; for search.c, search_fill.c and whoever stands in for the engine. */
#ifndef CS_SIGN_SEARCH_CALL_H
#define CS_SIGN_SEARCH_CALL_H

#include <stdbool.h>

struct arena;
struct err;
struct json;
struct sign_api;

enum { SEARCH_ANSWER_MAX = 8 << 20, SEARCH_WRITE_MS = 30000 };

struct sign_search_call {
	const char *method, *path; /* below the engine's address, from "/" */
	const char *body;          /* JSON, or lines of it; NULL: none */
	int timeout_ms;
};

/*
 * Call through the circuit breaker.  True: it answered *status, below 500 and not 429; *answer is the JSON, or NULL.
 * False: ERR_DEADLINE or ERR_UNAVAILABLE, or what else the network said.
 */
bool search_call(struct sign_api *api, const struct sign_search_call *call, struct arena *arena, int *status,
				 const struct json **answer, struct err *err);

#endif
