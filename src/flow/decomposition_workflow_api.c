#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/decomposition.h"
#include "flow/domain/plan_leaves.h"
#include "flow/flow_internal.h"
#include "flow/workflow_text.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "store/store.h"

/* A decomposition becomes a workflow of the DAG form: its leaves are the steps [flow.md 8, 2.6]. */

enum {
	STEPS_MAX = 50000,
	STEP_TIMEOUT_S = 300, /* that a step has anyway */
	NAME_MAX_BYTES = 255,
};

struct convert_request {
	const char *workflow_id, *version;
	bool publish;
};

static const struct field convert_fields[] = {
	F_STR(convert_request, workflow_id, REQUIRED, LENGTH(1, 255), DOC("Its namespace is dag")),
	F_STR(convert_request, version, DEFAULT_TEXT("1.0.0"), LENGTH(5, 255)),
	F_BOOL(convert_request, publish, DEFAULT(true)),
};
static const struct field_table convert_table = FIELD_TABLE("decompositions.workflow", convert_request, convert_fields);

struct converting {
	struct exchange *x;
	struct convert_request request;
	struct decomposition d;
	struct plan plan;
	struct plan_leaves leaves;
	const char **step_ids; /* by node */
};

/* --- is it sound --- */

static const char *joined(struct arena *arena, const struct plan_problem *problem)
{
	const char *all = "";
	for (size_t i = 0; i < problem->count; i++)
		all = arena_printf(arena, "%s%s%s", all, i > 0 ? strcmp(problem->code, "cycle") == 0 ? " -> " : ", " : "",
						   problem->ids[i]);
	return all;
}

/* The same text that the plan has for a circle, where the problem is one. */
static void refuse(struct exchange *x, const struct plan *plan)
{
	struct faults faults;
	size_t cycles = 0;
	faults_init(&faults, &x->arena);
	for (size_t i = 0; i < plan->problems.count; i++) {
		const struct plan_problem *problem = &plan->problems.items[i];
		bool cycle = strcmp(problem->code, "cycle") == 0 && cycles < plan->cycles.count;
		faults_add(&faults, "", problem->code, "%s", cycle ? plan->cycles.items[cycles++] : joined(&x->arena, problem));
	}
	exchange_fail_faults(x, ERR_INVALID, &faults);
}

static bool refuse_size(struct exchange *x, const char *what, long most)
{
	struct faults faults;
	faults_init(&faults, &x->arena);
	faults_add(&faults, "", "limit", "would have more than %ld %s", most, what);
	exchange_fail_faults(x, ERR_INVALID, &faults);
	return false;
}

/* Sound, and small enough for a workflow.  False: answered. */
static bool look(struct converting *c)
{
	struct arena *arena = &c->x->arena;
	size_t steps = 0;
	bool made = plan_check(arena, &c->d.input, &c->plan);
	if (made && !c->plan.valid) {
		refuse(c->x, &c->plan);
		return false;
	}
	if (!made || !plan_leaves(arena, &c->d.input, &c->leaves)) {
		exchange_failf(c->x, ERR_LIMIT, "no memory");
		return false;
	}
	for (size_t i = 0; i < c->d.nodes.count; i++)
		steps += c->leaves.leaf[i];
	if (steps > STEPS_MAX)
		return refuse_size(c->x, "steps", STEPS_MAX);
	return !c->leaves.too_many || refuse_size(c->x, "dependencies of steps", PLAN_EDGES_MAX);
}

/* --- steps --- */

static bool fit_as_id(const char *id)
{
	return strlen(id) <= NAME_MAX_BYTES &&
		   strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == strlen(id);
}

/* Does any step's own name begin so? */
static bool begins_any(const struct converting *c, const char *prefix)
{
	for (size_t i = 0; i < c->d.nodes.count; i++)
		if (c->step_ids[i] != NULL && strncmp(c->step_ids[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* A step is called as its node is, or where a step cannot be called so, by its number. */
static bool name_steps(struct converting *c)
{
	struct arena *arena = &c->x->arena;
	const char *prefix = "step";
	c->step_ids = arena_array(arena, c->d.nodes.count + 1, sizeof *c->step_ids);
	if (c->step_ids == NULL)
		return false;
	for (size_t i = 0; i < c->d.nodes.count; i++)
		if (fit_as_id(c->d.nodes.items[i].node_id))
			c->step_ids[i] = c->d.nodes.items[i].node_id;
	while (!arena->full && begins_any(c, prefix))
		prefix = arena_printf(arena, "_%s", prefix);
	for (size_t i = 0; !arena->full && i < c->d.nodes.count; i++)
		if (c->step_ids[i] == NULL)
			c->step_ids[i] = arena_printf(arena, "%s%zu", prefix, i);
	return !arena->full;
}

static void write_depends(struct jw *jw, const struct converting *c, size_t node)
{
	const struct plan_leaves *l = &c->leaves;
	if (l->first[node] == l->first[node + 1])
		return;
	jw_key(jw, "depends_on");
	jw_array(jw);
	for (uint32_t i = l->first[node]; i < l->first[node + 1]; i++)
		jw_str(jw, c->step_ids[l->before[i]]);
	jw_array_end(jw);
}

static void write_step(struct jw *jw, const struct converting *c, size_t i)
{
	const struct task_node *node = &c->d.nodes.items[i];
	jw_object(jw);
	jw_member_str(jw, "step_id", c->step_ids[i]);
	if (node->name != NULL)
		jw_member_str(jw, "name", node->name);
	/* One of the types of steps, or the queue of workers who can do it. */
	if (node->capability != NULL)
		jw_member_str(jw, "agent_capability", node->capability);
	if (node->params != NULL) {
		jw_key(jw, "params");
		jw_json(jw, node->params);
	}
	write_depends(jw, c, i);
	if (c->leaves.condition[i] != NULL)
		jw_member_str(jw, "condition", c->leaves.condition[i]);
	if (2 * node->duration_s > STEP_TIMEOUT_S) /* what takes long may take twice as long */
		jw_member_num(jw, "timeout_seconds", fmin(ceil(2 * node->duration_s), 31536000));
	jw_object_end(jw);
}

/* Leaves in the order of the plan, so that a step stands behind those it waits for. */
static void write_steps(struct jw *jw, const struct converting *c, const uint32_t *place)
{
	jw_key(jw, "steps");
	jw_array(jw);
	for (size_t i = 0; i < c->plan.topological_order.count; i++)
		write_step(jw, c, place[i]);
	jw_array_end(jw);
}

struct place {
	const char *id;
	uint32_t node;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

/* Which node each id of the order is. */
static uint32_t *places_of(const struct converting *c)
{
	struct arena *arena = &c->x->arena;
	size_t count = c->plan.topological_order.count;
	struct place *all = arena_array(arena, c->d.nodes.count + 1, sizeof *all);
	uint32_t *places = arena_array(arena, count + 1, sizeof *places);
	if (all == NULL || places == NULL)
		return NULL;
	for (uint32_t i = 0; i < c->d.nodes.count; i++)
		all[i] = (struct place){c->d.nodes.items[i].node_id, i};
	qsort(all, c->d.nodes.count, sizeof *all, by_id);
	for (size_t i = 0; i < count; i++) {
		const struct place key = {c->plan.topological_order.items[i], 0};
		places[i] = ((struct place *)bsearch(&key, all, c->d.nodes.count, sizeof *all, by_id))->node;
	}
	return places;
}

/* --- the definition --- */

static const struct json *goal_of(const struct converting *c)
{
	const struct json *goal = NULL;
	json_parse(&c->x->arena, c->d.row.goal, strlen(c->d.row.goal), &json_body_limits, &goal, NULL);
	return goal;
}

static bool write_definition(const struct converting *c, struct buf *buf)
{
	const struct json *goal = goal_of(c);
	const uint32_t *places = places_of(c);
	const char *name = goal != NULL ? json_text(goal, "name") : NULL;
	struct jw jw;
	if (places == NULL || name == NULL)
		return false;
	jw_init(&jw, buf);
	jw_object(&jw);
	jw_member_str(&jw, "workflow_id", c->request.workflow_id);
	jw_member_str(&jw, "version", c->request.version);
	jw_member_str(&jw, "name", strlen(name) <= NAME_MAX_BYTES ? name : c->request.workflow_id);
	if (json_text(goal, "description") != NULL)
		jw_member_str(&jw, "description", json_text(goal, "description"));
	write_steps(&jw, c, places);
	jw_object_end(&jw);
	return jw_ok(&jw);
}

static void convert(struct converting *c)
{
	struct workflow_text text;
	struct buf buf;
	buf_init(&buf, 0);
	bool made = name_steps(c) && write_definition(c, &buf) &&
				workflow_text_make(&text, buf_text(&buf), buf.size, c->request.publish);
	buf_fini(&buf);
	if (made)
		workflow_register(c->x, &text);
	else
		exchange_failf(c->x, ERR_LIMIT, "no memory");
}

static void handle_convert(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	x->arena.cap = DECOMPOSITION_MEMORY;
	struct converting *c = arena_new(&x->arena, struct converting);
	struct err err;
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	c->x = x;
	if (!exchange_decode(x, &c->request))
		return;
	struct db *db = store_read(api->options.store);
	bool read = decomposition_read(db, principal_of(x)->account_id, exchange_param(x, "id"), &x->arena, &c->d, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (look(c))
		convert(c);
}

static const enum err_kind convert_errors[] = {ERR_DEFINITION_REFUSED, ERR_VERSION_EXISTS, ERR_NONE};

const struct route decomposition_workflow_routes[] = {
	ROUTE(POST, "/api/v1/flow/tasks/decompositions/{id}/workflow", "flow.define", EFFECT_WRITE, handle_convert,
		  .aliases = ALIASES({"/api/v3/tasks/decompositions/{id}/workflow"}), .operation = "decompositions.workflow",
		  .summary = "Register the leaves of a decomposition as the steps of a workflow", .body = &convert_table,
		  .result = &workflow_registered_table, .status = 201, .status_also = 200, .errors = convert_errors,
		  .example = "{\"workflow_id\":\"report\",\"version\":\"1.0.0\"}"),
};
const size_t decomposition_workflow_routes_count =
	sizeof decomposition_workflow_routes / sizeof *decomposition_workflow_routes;
