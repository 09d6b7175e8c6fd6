#include "flow/flow_api.h"

#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "crypt/digest.h"
#include "flow/flow_internal.h"

bool flow_api_open(const struct flow_api_options *options, struct flow_api **out, struct err *err)
{
	static const char purpose[] = "countersign/flow/cursors/v1";
	struct flow_api *api = calloc(1, sizeof *api);
	must(api != NULL);
	api->options = *options->runner;
	api->audit = options->audit;
	hmac_sha256(options->master_key, SHA256_SIZE, purpose, sizeof purpose - 1, api->page_key);
	if (runner_open(options->runner, &api->runner, err)) {
		*out = api;
		return true;
	}
	free(api);
	return false;
}

void flow_api_close(struct flow_api *api)
{
	if (api == NULL)
		return;
	runner_close(api->runner);
	free(api);
}

void flow_add_routes(struct router *router, struct flow_api *api)
{
	router_add(router, runs_routes, runs_routes_count, api);
	router_add(router, llm_routes, llm_routes_count, api);
	router_add(router, run_reads_routes, run_reads_routes_count, api);
	router_add(router, workflows_routes, workflows_routes_count, api);
	router_add(router, workflow_reads_routes, workflow_reads_routes_count, api);
	router_add(router, flow_events_routes, flow_events_routes_count, api);
	router_add(router, schedules_routes, schedules_routes_count, api);
}
