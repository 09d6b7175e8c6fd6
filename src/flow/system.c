#include "flow/system.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/fair.h"
#include "core/id.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/definition.h"
#include "flow/domain/ir.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/tasks.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "store/store.h"

enum { SYSTEM_ARENA = 16 << 20, BEGIN_MAX = 256, LEFT_MAX = 256 };

struct system_flow {
	const char *text;
	char sha256[SHA256_HEX_SIZE];
	struct definition *definition;
};

struct system_flows {
	struct flow_api *api;
	size_t count;
	struct system_flow items[];
};

/* --- the files --- */

static bool compile(struct system_flows *flows, const struct embedded *file, struct err *err)
{
	struct system_flow *flow = &flows->items[flows->count];
	const struct runner_options *o = &flows->api->options;
	struct arena arena;
	arena_init(&arena, SYSTEM_ARENA);
	struct definition_problems problems = {.arena = &arena};
	flow->text = file->bytes;
	sha256_hex(file->bytes, file->size, flow->sha256);
	flow->definition =
		definition_open(file->bytes, file->size, DEFINITION_YAML, o->policy, NULL, o->expr, &problems, err);
	if (flow->definition == NULL && problems.list.count > 0)
		err_set(err, ERR_INTERNAL, "%s %s: %s", file->name, problems.list.items[0].pointer,
				problems.list.items[0].message);
	else if (flow->definition != NULL && strcmp(definition_ir(flow->definition)->namespace, SYSTEM_NAMESPACE) != 0)
		err_set(err, ERR_INTERNAL, "%s is not in the namespace " SYSTEM_NAMESPACE ".", file->name);
	else
		flows->count += flow->definition != NULL;
	arena_fini(&arena);
	return flow->definition != NULL && flows->count > 0 && &flows->items[flows->count - 1] == flow;
}

static const struct system_flow *named(const struct system_flows *flows, const char *name)
{
	for (size_t i = 0; i < flows->count; i++)
		if (strcmp(definition_ir(flows->items[i].definition)->name, name) == 0)
			return &flows->items[i];
	must(false);
	return NULL;
}

static bool register_one(const struct system_flows *flows, const struct system_flow *flow, struct db *db,
						 struct arena *arena, struct err *err)
{
	const struct ir *ir = definition_ir(flow->definition);
	const struct definition_text text = {
		.text = flow->text, .sha256 = flow->sha256, .content_sha256 = definition_content_sha256(flow->definition)};
	struct workflow workflow;
	char id[ID_TEXT];
	bool found;
	if (!workflows_find(db, SYSTEM_ACCOUNT, ir->namespace, ir->name, ir->version, arena, &workflow, &found, err))
		return false;
	if (found && strcmp(workflow.definition_sha256, flow->sha256) == 0)
		return true;
	if (!runs_keep_definition(db, &text, err))
		return false;
	id_make(flows->api->options.ids, id);
	struct workflow version = {.workflow_id = found ? workflow.workflow_id : id,
							   .account_id = SYSTEM_ACCOUNT,
							   .namespace = ir->namespace,
							   .name = ir->name,
							   .version = ir->version,
							   .state = WORKFLOW_PUBLISHED,
							   .form = "dsl",
							   .content_sha256 = text.content_sha256,
							   .definition_sha256 = flow->sha256,
							   .title = ir->title,
							   .tags = "null",
							   .created_us = env_wall_us(flows->api->options.env),
							   .updated_us = env_wall_us(flows->api->options.env)};
	const struct json none = {.kind = JS_NULL};
	return found ? workflows_replace(db, &version, &none, err) : workflows_insert(db, &version, &none, err);
}

static bool register_all(struct db *db, void *self, struct err *err)
{
	const struct system_flows *flows = self;
	struct arena arena;
	bool good = true;
	arena_init(&arena, SYSTEM_ARENA);
	for (size_t i = 0; good && i < flows->count; i++)
		good = register_one(flows, &flows->items[i], db, &arena, err);
	arena_fini(&arena);
	return good;
}

bool system_open(struct flow_api *api, const struct embedded *files, struct system_flows **out, struct err *err)
{
	size_t count = 0;
	while (files != NULL && files[count].name != NULL)
		count++;
	struct system_flows *flows = calloc(1, sizeof *flows + count * sizeof *flows->items);
	must(flows != NULL);
	flows->api = api;
	for (size_t i = 0; i < count; i++) {
		if (compile(flows, &files[i], err))
			continue;
		system_close(flows);
		return false;
	}
	if (count > 0 && !store_write(api->options.store, register_all, flows, err)) {
		system_close(flows);
		return false;
	}
	*out = flows;
	return true;
}

void system_close(struct system_flows *flows)
{
	for (size_t i = 0; flows != NULL && i < flows->count; i++)
		definition_unref(flows->items[i].definition);
	free(flows);
}

bool system_refused(const struct definition *definition, struct definition_problems *problems)
{
	if (strcmp(definition_ir(definition)->namespace, SYSTEM_NAMESPACE) != 0)
		return false;
	struct ir_problem *problem = arena_new(problems->arena, struct ir_problem);
	if (problem != NULL)
		*problem = (struct ir_problem){.pointer = "/document/namespace",
									   .code = "reserved",
									   .message = "the namespace " SYSTEM_NAMESPACE " is the server's own"};
	problems->list = (struct ir_problems){.count = problem != NULL, .items = problem};
	return true;
}

bool system_leaves(struct exchange *x, const struct run_record *record)
{
	if (strcmp(record->namespace, SYSTEM_NAMESPACE) != 0)
		return true;
	exchange_failf(x, ERR_FORBIDDEN, "The workflows of " SYSTEM_NAMESPACE " are the server's own.");
	return false;
}

/* --- starting --- */

static bool insert_run(struct flow_api *api, struct db *db, const struct flow_task *task, struct err *err)
{
	const struct system_flow *flow = named(api->system, task->name);
	struct runner_start start = {.run_id = task->task_id,
								 .account_id = task->account_id,
								 .created_by = task->started_by,
								 .definition = flow->definition,
								 .definition_text = flow->text,
								 .definition_sha256 = flow->sha256,
								 .input = task->input,
								 .priority = FAIR_USUAL};
	return runner_insert(api->runner, db, &start, err);
}

bool system_run(struct flow_api *api, struct db *db, const struct flow_task *task, struct err *err)
{
	return insert_run(api, db, task, err) && tasks_begun(db, task->task_id, err);
}

bool flow_start(struct flow_api *api, struct db *db, const struct flow_start *start, struct err *err)
{
	char id[ID_TEXT];
	bool waiting = false;
	if (start->task_id == NULL)
		id_make(api->options.ids, id);
	const struct flow_task task = {.task_id = start->task_id != NULL ? start->task_id : id,
								   .account_id = start->account_id,
								   .name = start->name,
								   .subject_kind = start->subject_kind,
								   .subject_id = start->subject_id,
								   .started_by = start->started_by,
								   .request_id = start->request_id,
								   .input = start->input,
								   .quiet = start->quiet,
								   .created_us = env_wall_us(api->options.env)};
	if (start->once && !tasks_waiting(db, &task, &waiting, err))
		return false;
	return waiting || (insert_run(api, db, &task, err) && tasks_insert(db, &task, err));
}

void flow_begin(struct flow_api *api)
{
	struct db_rows rows;
	struct err err;
	char run_ids[BEGIN_MAX][ID_TEXT];
	size_t count = 0;
	struct db *db = store_read(api->options.store);
	if (db_query(db, &rows, &err,
				 "SELECT run_id FROM flow_runs WHERE namespace = 'system' AND status = 'pending' ORDER BY run_id")) {
		while (count < BEGIN_MAX && db_next(&rows))
			strcpy(run_ids[count++], db_text(&rows, 0));
		db_end(&rows, NULL);
	}
	store_read_end(api->options.store, db);
	for (size_t i = 0; i < count; i++)
		runner_wake(api->runner, run_ids[i]);
}

/* --- what an earlier version has left --- */

struct left {
	struct flow_api *api;
	size_t count;
};

static bool begin_left(struct db *db, void *self, struct err *err)
{
	struct left *left = self;
	struct arena arena;
	arena_init(&arena, SYSTEM_ARENA);
	struct flow_task *tasks = arena_array(&arena, LEFT_MAX, sizeof *tasks);
	bool good = tasks != NULL ? tasks_unbegun(db, LEFT_MAX, &arena, tasks, &left->count, err)
							  : err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; good && i < left->count; i++)
		good = system_run(left->api, db, &tasks[i], err);
	arena_fini(&arena);
	return good;
}

bool system_take_up(struct flow_api *api, struct err *err)
{
	struct left left = {.api = api, .count = LEFT_MAX};
	while (left.count == LEFT_MAX)
		if (!store_write(api->options.store, begin_left, &left, err))
			return false;
	return true;
}
