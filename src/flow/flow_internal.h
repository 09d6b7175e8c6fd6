/* What the handlers of src/flow share; nobody else includes it. */
#ifndef CS_FLOW_INTERNAL_H
#define CS_FLOW_INTERNAL_H

#include <stddef.h>

#include "flow/domain/control.h"
#include "flow/flow_api.h"
#include "flow/flow_metrics.h"
#include "flow/runner.h"
#include "flow/stuck.h"
#include "http/router.h"
#include "people/page.h"

struct arena;
struct countersign;
struct db;
struct exchange;
struct jw;
struct persons;
struct json;
struct run_events;
struct run_record;
struct sinks;
struct system_flows;
struct work_desk;
struct workflow;
struct workflow_text;

struct flow_api {
	struct runner_options options;
	struct runner *runner;
	struct work_desk *desk;
	struct persons *persons;
	struct run_events *events;
	struct system_flows *system;
	struct sinks *sinks; /* NULL: without an outbox */
	struct countersign *countersign;
	struct audit *audit;
	unsigned char page_key[PAGE_KEY];
	struct stuck stuck;
	struct flow_metrics metrics;
};

extern const struct route breakers_routes[], flow_events_routes[], llm_routes[], runs_routes[], run_reads_routes[],
	schedules_routes[], schedule_reads_routes[], sinks_routes[], workflows_routes[], workflow_reads_routes[],
	decomposition_workflow_routes[], work_routes[], persons_routes[], control_routes[], fork_routes[],
	run_events_routes[], runs_bulk_routes[], tasks_routes[], checkpoints_routes[], replays_routes[],
	executions_routes[], checkpoint_create_routes[], checkpoint_restore_routes[], runs_start_routes[];
extern const size_t breakers_routes_count, flow_events_routes_count, llm_routes_count, runs_routes_count,
	run_reads_routes_count, schedules_routes_count, schedule_reads_routes_count, sinks_routes_count,
	workflows_routes_count, workflow_reads_routes_count, decomposition_workflow_routes_count, work_routes_count,
	persons_routes_count, control_routes_count, fork_routes_count, run_events_routes_count, runs_bulk_routes_count,
	tasks_routes_count, checkpoints_routes_count, replays_routes_count, executions_routes_count,
	checkpoint_create_routes_count, checkpoint_restore_routes_count, runs_start_routes_count;

/* Fail what was leased, could be sent only once and was not heard of again. */
bool work_chores(struct flow_api *api, struct err *err);

/* Tasks among the dead letters (task_letters.c); have those look that were sent on (dead_runs.c). */
struct dead_letters;
void flow_task_letters(struct flow_api *api, struct dead_letters *letters);
void flow_look_at_orders(struct flow_api *api);

/* Delete runs whose time is up (retention.c). */
bool retention_chores(struct flow_api *api, struct err *err);

/* What answers hold, for the document: a run, a row of its journal, a version of a workflow, one just registered. */
extern const struct field_table run_view_table, run_row_table, workflow_view_table, workflow_registered_table;

/* A member that only paths of version 3 have. */
#define TOLD_V3 LEFT_OUT, DOC("On paths of version 3")

/* As version 3 says it: failed, running. */
const char *run_status_v3(const char *status);

/* A Run, as an object of an answer; on paths of version 3 with its words. */
void run_view_write(struct jw *jw, const struct run_record *record);
void run_view_reply(struct exchange *x, int status, const struct run_record *record);

/* Put a run (NULL: whichever it is of) back to a checkpoint, and answer with the run. */
void checkpoints_restore(struct exchange *x, const char *checkpoint_id, const char *run_id, const char *reason,
						 bool repeat_effects);

/* Order something of the run that the path names, and answer with it. */
void control_order(struct exchange *x, enum control_kind kind, const char *step, const char *reason,
				   bool repeat_effects);
void runs_order(struct exchange *x, enum runner_order order, const char *reason);

/* Answer 200 with a run as the store has it now. */
void run_reply(struct exchange *x, const char *run_id);

/* With a refusal: {current_status, allowed[]}; `more` NULL: what the run's status allows, else a NULL-terminated list.
 */
void runs_tell_allowed(struct exchange *x, const char *status, const char *const *more);

/* A row of a journal, as an object: {seq, at, kind, path, attempt, data}. */
void run_row_write(struct jw *jw, const struct json *row);

/* NAMESPACE/NAME (NULL: any) into the filter; false: it is none. */
struct runs_filter;
bool runs_split_workflow(struct arena *arena, const char *text, struct runs_filter *filter);

/* A version of a workflow: its members, as an object, and as an answer (steps: JSON text, or NULL). */
void workflow_view_members(struct jw *jw, const struct workflow *workflow);
void workflow_view_write(struct jw *jw, const struct workflow *workflow);
void workflow_view_reply(struct exchange *x, int status, const struct workflow *workflow, const char *steps);

/* Whose workflows of a namespace (NULL: any) the caller sees: its account's, or the server's own. */
const char *workflow_owner(const struct exchange *x, const char *namespace);

/* The version that the path names: {namespace} (without: dag), {name}, {version} (without: latest), the caller's. */
bool workflow_named(struct db *db, const struct exchange *x, struct arena *arena, struct workflow *workflow,
					bool *found, struct err *err);

/* Compile and register what a text holds, and answer.  The text is used up. */
void workflow_register(struct exchange *x, struct workflow_text *text);

/* The run that the path names, if it is the caller's.  False: 404 or a failure was answered. */
bool run_named(struct exchange *x, struct run_record *record);

#define SCHEDULES "/api/v1/flow/schedules"

#endif
