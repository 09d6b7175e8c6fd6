#include "flow/flow_api.h"

#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/flow_internal.h"
#include "flow/persons.h"
#include "flow/run_events.h"
#include "flow/sinks.h"
#include "flow/system.h"
#include "flow/work_desk.h"

static struct persons *open_persons(const struct flow_api_options *o)
{
	const struct persons_options options = {.countersign = o->countersign,
											.outbox = o->outbox,
											.packs = o->packs,
											.env = o->runner->env,
											.version = o->runner->version,
											.git_sha = o->git_sha};
	return o->countersign == NULL ? NULL : persons_new(&options);
}

static struct sinks *open_sinks(const struct flow_api_options *o)
{
	const struct sinks_options options = {.store = o->runner->store,
										  .env = o->runner->env,
										  .outbox = o->runner->outbox,
										  .outgoing = o->runner->outgoing,
										  .master_key = o->master_key};
	return o->runner->outbox == NULL || o->runner->outgoing == NULL ? NULL : sinks_open(&options);
}

/* Our own workflows are there, and who starts them knows of us, before a run is driven that may start another. */
static bool open_system(struct flow_api *api, const struct embedded *files, struct err *err)
{
	const struct flow_parts *parts = api->options.parts;
	if (!system_open(api, files, &api->system, err))
		return false;
	for (size_t i = 0; parts != NULL && i < parts->count; i++)
		if (parts->items[i].serve != NULL)
			parts->items[i].serve(parts->items[i].self, api);
	return true;
}

static bool take_up(struct flow_api *api, struct err *err)
{
	if (!system_take_up(api, err)) {
		runner_close(api->runner);
		return false;
	}
	flow_begin(api);
	return true;
}

bool flow_api_open(const struct flow_api_options *options, struct flow_api **out, struct err *err)
{
	static const char purpose[] = "countersign/flow/cursors/v1";
	struct flow_api *api = calloc(1, sizeof *api);
	must(api != NULL);
	api->options = *options->runner;
	api->audit = options->audit;
	api->countersign = options->countersign;
	hmac_sha256(options->master_key, SHA256_SIZE, purpose, sizeof purpose - 1, api->page_key);
	api->desk = api->options.desk = work_desk_open(api->options.store, api->options.env);
	api->events = api->options.events = run_events_open(api->options.store, api->options.env);
	api->persons = api->options.persons = open_persons(options);
	api->stuck.next_look_us = env_mono_us(api->options.env) + STUCK_LOOK_S * INT64_C(1000000);
	if (open_system(api, options->system, err) && runner_open(&api->options, &api->runner, err) && take_up(api, err)) {
		persons_serve(api->persons, api->runner);
		api->sinks = open_sinks(options);
		*out = api;
		return true;
	}
	work_desk_close(api->desk);
	run_events_stop(api->events);
	run_events_close(api->events);
	system_close(api->system);
	free(api); /* the persons stay: they are known to the store's writer, and the process ends */
	return false;
}

size_t flow_api_damaged(const struct flow_api *api)
{
	return resources_damaged(api->runner);
}

void flow_api_stop(struct flow_api *api)
{
	if (api == NULL)
		return;
	sinks_stop(api->sinks);
	persons_serve(api->persons, NULL);
	runner_close(api->runner);
	work_desk_close(api->desk);
	run_events_stop(api->events);
}

void flow_api_close(struct flow_api *api)
{
	if (api == NULL)
		return;
	persons_free(api->persons);
	system_close(api->system);
	sinks_close(api->sinks);
	run_events_close(api->events);
	free(api);
}

bool flow_chores(struct flow_api *api, struct err *err)
{
	flow_begin(api);
	return work_chores(api, err) && retention_chores(api, err) && stuck_chores(api, err);
}

void flow_api_metrics(struct flow_api *api, struct metrics *metrics, struct llm_cache *cache)
{
	api->metrics = (struct flow_metrics){
		.store = api->options.store, .env = api->options.env, .tally = runner_tally(api->runner), .cache = cache};
	flow_metrics_add(metrics, &api->metrics);
}

void flow_add_routes(struct router *router, struct flow_api *api)
{
	router_add(router, runs_start_routes, runs_start_routes_count, api);
	router_add(router, runs_routes, runs_routes_count, api);
	if (api == NULL || api->options.breakers != NULL) /* NULL: they are only described */
		router_add(router, breakers_routes, breakers_routes_count, api);
	if (api == NULL || api->sinks != NULL)
		router_add(router, sinks_routes, sinks_routes_count, api);
	router_add(router, llm_routes, llm_routes_count, api);
	router_add(router, run_reads_routes, run_reads_routes_count, api);
	router_add(router, work_routes, work_routes_count, api);
	router_add(router, persons_routes, persons_routes_count, api);
	router_add(router, control_routes, control_routes_count, api);
	router_add(router, fork_routes, fork_routes_count, api);
	router_add(router, replays_routes, replays_routes_count, api);
	router_add(router, executions_routes, executions_routes_count, api);
	router_add(router, checkpoint_create_routes, checkpoint_create_routes_count, api);
	router_add(router, checkpoint_restore_routes, checkpoint_restore_routes_count, api);
	router_add(router, checkpoints_routes, checkpoints_routes_count, api);
	router_add(router, tasks_routes, tasks_routes_count, api);
	router_add(router, runs_bulk_routes, runs_bulk_routes_count, api);
	router_add(router, run_events_routes, run_events_routes_count, api);
	router_add(router, workflows_routes, workflows_routes_count, api);
	router_add(router, workflow_reads_routes, workflow_reads_routes_count, api);
	router_add(router, decomposition_workflow_routes, decomposition_workflow_routes_count, api);
	router_add(router, flow_events_routes, flow_events_routes_count, api);
	router_add(router, schedules_routes, schedules_routes_count, api);
	router_add(router, schedule_reads_routes, schedule_reads_routes_count, api);
}
