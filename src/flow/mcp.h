/*
 * A session with an MCP server over HTTP: opened before the one question that a step asks, and closed after it
 * [flow.md 2.1], as the Model Context Protocol of 2025-06-18 has it.
 *
 * Opening asks nothing of the server yet: it may be done again by any number of deliveries.  Thread: one at a time for
 * each session; all of it blocks.
 */
#ifndef CS_FLOW_MCP_H
#define CS_FLOW_MCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct env;
struct json;
struct outgoing;
struct trouble;

struct mcp_question {
	const struct outgoing *outgoing;
	const struct env *env;
	const struct json *request;                /* as mcp_call_request() made it */
	const char *const *headers;                /* of every request, credentials too; ends with NULL */
	const char *digest_user, *digest_password; /* or NULL */
	int64_t until_us;                          /* monotonic: all of it is over by then */
	bool (*given_up)(void *self);              /* as of outgoing_ask() */
	void *self;
};

struct mcp_session {
	struct arena arena;
	const char *version, *id; /* headers that each later request has too; id NULL: it keeps no session */
	int status;               /* of the last answer; 0: none came */
	bool refused;             /* the address is not allowed */
};

/* False sets *trouble.  mcp_session_close() all the same. */
bool mcp_session_open(struct mcp_session *session, const struct mcp_question *question, struct trouble *trouble);

/* The server is told that it may forget the session; whether it hears that does not matter. */
void mcp_session_close(struct mcp_session *session, const struct mcp_question *question);

int64_t mcp_left_ms(const struct mcp_question *question); /* at least 1 */

#endif
