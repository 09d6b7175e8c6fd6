/* What the handlers of src/flow share; nobody else includes it. */
#ifndef CS_FLOW_INTERNAL_H
#define CS_FLOW_INTERNAL_H

#include <stddef.h>

#include "flow/flow_api.h"
#include "flow/runner.h"
#include "http/router.h"
#include "people/page.h"

struct arena;
struct db;
struct exchange;
struct jw;
struct run_record;
struct workflow;

struct flow_api {
	struct runner_options options;
	struct runner *runner;
	struct audit *audit;
	unsigned char page_key[PAGE_KEY];
};

extern const struct route flow_events_routes[], llm_routes[], runs_routes[], run_reads_routes[], schedules_routes[],
	workflows_routes[], workflow_reads_routes[];
extern const size_t flow_events_routes_count, llm_routes_count, runs_routes_count, run_reads_routes_count,
	schedules_routes_count, workflows_routes_count, workflow_reads_routes_count;

/* A Run, as an object of an answer. */
void run_view_write(struct jw *jw, const struct run_record *record);
void run_view_reply(struct exchange *x, int status, const struct run_record *record);

/* A version of a workflow: its members, as an object, and as an answer (steps: JSON text, or NULL). */
void workflow_view_members(struct jw *jw, const struct workflow *workflow);
void workflow_view_write(struct jw *jw, const struct workflow *workflow);
void workflow_view_reply(struct exchange *x, int status, const struct workflow *workflow, const char *steps);

/* The version that the path names: {namespace} (without: dag), {name}, {version} (without: latest), the caller's. */
bool workflow_named(struct db *db, const struct exchange *x, struct arena *arena, struct workflow *workflow,
					bool *found, struct err *err);

/* The run that the path names, if it is the caller's.  False: 404 or a failure was answered. */
bool run_named(struct exchange *x, struct run_record *record);

#endif
