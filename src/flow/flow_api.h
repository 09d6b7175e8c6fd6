/*
 * The workflow product over HTTP [flow.md 4]: its route tables, and what they hang from.
 *
 * Thread: open and close on the main thread; handlers as http/router.h has it.
 */
#ifndef CS_FLOW_FLOW_API_H
#define CS_FLOW_FLOW_API_H

#include <stdbool.h>

struct audit;
struct env;
struct err;
struct flow_api;
struct id_maker;
struct router;
struct runner_options;
struct store;

struct flow_api_options {
	const struct runner_options *runner; /* copied */
	struct audit *audit;
	const unsigned char *master_key; /* 32 bytes: cursors are bound to it */
};

/* Starts to drive every run that is not over. */
bool flow_api_open(const struct flow_api_options *options, struct flow_api **api, struct err *err);
void flow_api_close(struct flow_api *api); /* before the store; NULL is fine */
void flow_add_routes(struct router *router, struct flow_api *api);

#endif
