/*
 * `call: mcp` over HTTP as values: from the evaluated arguments to the messages, and from the answer to the output
 * [flow.md 2.1].  Of the Model Context Protocol, 2025-06-18: Lifecycle and Streamable HTTP.  No socket.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_MCP_CALL_H
#define CS_FLOW_DOMAIN_MCP_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct datum;
struct http_call_answer;
struct json;
struct trouble;

/* What a client says once it was greeted. */
#define MCP_CALL_INITIALIZED "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"

/*
 * The request that goes into the journal: {method, url, headers{}, body, hello, timeout_ms?}.  `body` is the message
 * that asks, `hello` the one that opens the session before it; both are JSON-RPC texts.  `with` is evaluated; members
 * of `input` fill the {names} of the URI; credentials are left out.  NULL sets *trouble.
 */
struct datum *mcp_call_request(struct datum *with, struct datum *input, struct trouble *trouble);

/* The version that the server speaks, of its answer to `hello`; in the arena.  NULL sets *trouble. */
const char *mcp_call_version(const struct json *request, const struct http_call_answer *answer, struct arena *arena,
							 struct trouble *trouble);

/* An answer that needs no content: was it taken?  False sets *trouble. */
bool mcp_call_taken(const struct json *request, const struct http_call_answer *answer, struct trouble *trouble);

/* The output of the task: the message's `result`.  NULL sets *trouble: not 2xx, no such message, or its `error`. */
struct datum *mcp_call_output(const struct json *request, const struct http_call_answer *answer,
							  struct trouble *trouble);

#endif
