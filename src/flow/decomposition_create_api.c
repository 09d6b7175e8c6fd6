#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/decomposition.h"
#include "flow/decomposition_asks.h"
#include "flow/decomposition_planner.h"
#include "flow/decomposition_view.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* POST /api/v1/flow/tasks/decompositions: a goal, taken apart by whoever brings nodes, or by a planner [flow.md 8]. */

struct goal {
	const char *name, *description;
	const struct json *params;
};

static const struct field goal_fields[] = {
	F_STR(goal, name, REQUIRED, LENGTH(1, 500)),
	F_STR(goal, description, LENGTH(0, 10000)),
	F_JSON(goal, params),
};
static const struct field_table goal_table = FIELD_TABLE("decompositions.goal", goal, goal_fields);

struct create_request {
	struct goal goal;
	int strategy, planner;
	int64_t max_depth, max_nodes, max_tokens;
	const char *model, *agent_id, *run_id;
	struct task_nodes nodes;
	struct dependency_list dependencies;
	const struct json *library, *state;
};

static const struct field create_fields[] = {
	F_OBJECT(create_request, goal, &goal_table, REQUIRED),
	F_ENUM(create_request, strategy, strategy_names, DEFAULT(STRATEGY_BREADTH)),
	F_INT(create_request, max_depth, RANGE(1, PLAN_DEPTH_MAX), DEFAULT(DECOMPOSITION_DEPTH)),
	F_INT(create_request, max_nodes, RANGE(1, PLAN_NODES_MAX), DEFAULT(100000)),
	F_OBJECTS(create_request, nodes, &task_node_table, DOC("Without: the goal is the root, complexity 1")),
	F_OBJECTS(create_request, dependencies, &dependency_table),
	F_ENUM(create_request, planner, planner_names, DEFAULT(PLANNER_NONE),
		   DOC("htn and llm plan the goal, or with nodes what is expanded later")),
	F_JSON(create_request, library, DOC("Of htn: the name of a pack, or {methods, operators}")),
	F_JSON(create_request, state, DOC("What is the case at first; default goal.params.state, or {}")),
	F_STR(create_request, model, LENGTH(1, 200), DOC("Of llm; default: flow.llm.model")),
	F_INT(create_request, max_tokens, RANGE(1, 1000000), DOC("Of llm, for one answer; default 4096")),
	F_STR(create_request, agent_id, LENGTH(1, 255), DOC("Of llm: whose budgets cover it, beside the account's")),
	F_STR(create_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255), DOC("The same")),
};
static const struct field_table create_table = FIELD_TABLE("decompositions.create", create_request, create_fields);

struct creating {
	struct agents_write w; /* first */
	struct create_request request;
	struct decomposition d;
	char id[ID_TEXT];
	struct decomposition_part *parts;
	size_t part_count;
	struct planner_llm llm; /* what it was asked */
};

static const char *first_root(const struct task_nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->items[i].parent_id == NULL)
			return nodes->items[i].node_id;
	return NULL;
}

/* The goal as the only node. */
static bool goal_alone(struct creating *c)
{
	struct task_node *root = arena_new(&c->w.x->arena, struct task_node);
	char id[ID_TEXT];
	if (root == NULL)
		return false;
	id_make(c->w.api->options.ids, id);
	*root = (struct task_node){.node_id = arena_dup(&c->w.x->arena, id),
							   .name = c->request.goal.name,
							   .description = c->request.goal.description,
							   .complexity = 1,
							   .duration_s = PLAN_DURATION_S,
							   .depth = FIELD_NO_INT,
							   .params = c->request.goal.params};
	c->request.nodes.items = root;
	c->request.nodes.count = 1;
	return root->node_id != NULL;
}

/* Build what is to be stored.  False: the arena is full. */
static bool build(struct creating *c)
{
	struct create_request *r = &c->request;
	struct arena *arena = &c->w.x->arena;
	if (r->nodes.count == 0 && !goal_alone(c))
		return false;
	struct decomposition *d = &c->d;
	d->strategy = (enum strategy)r->strategy;
	d->nodes = r->nodes;
	d->dependencies = r->dependencies;
	d->row.strategy = strategy_names[r->strategy];
	d->row.root_id = first_root(&r->nodes);
	d->row.max_depth = r->max_depth;
	d->row.max_nodes = r->max_nodes;
	d->row.nodes_total = (int64_t)r->nodes.count;
	d->row.dependencies_total = (int64_t)r->dependencies.count;
	if (!decomposition_shape(arena, d))
		return false;
	c->parts = decomposition_write(arena, &r->nodes, &r->dependencies, &c->part_count);
	return c->parts != NULL;
}

static bool change_create(struct agents_write *w, struct db *db, struct err *err)
{
	struct creating *c = (struct creating *)w;
	c->d.row.created_us = w->now_us;
	return decomposition_insert(db, &c->d.row, err) &&
		   decomposition_grow(db, &c->d.row, c->parts, c->part_count, w->now_us, err) &&
		   decomposition_put_asks(db, c->id, &c->llm, w->now_us, err) &&
		   agents_audit(w, db, AUDIT_DECOMPOSITION_CREATE, c->id, NULL, err);
}

static void answer_created(struct agents_write *w)
{
	const struct creating *c = (const struct creating *)w;
	struct decomposition_view view;
	if (!decomposition_view_fill(&w->x->arena, &c->d, &view)) {
		exchange_failf(w->x, ERR_LIMIT, "no memory");
		return;
	}
	exchange_setf(w->x, "Location", "/api/v1/flow/tasks/decompositions/%s", c->id);
	reply_fact(w->x, 201, &decomposition_view_table, &view);
}

static const char *goal_text(struct arena *arena, const struct goal *goal)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &goal_table, goal, FIELD_INPUTS);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

/* Plan the goal, or keep what nodes that came along are expanded by.  False: answered. */
static bool plan_goal(struct creating *c)
{
	const struct create_request *r = &c->request;
	struct decomposition_planning planning = {
		.api = c->w.api,
		.x = c->w.x,
		.planner = (enum planner)r->planner,
		.library = r->library,
		.state = r->state,
		.task = r->goal.name,
		.params = r->goal.params,
		.description = r->goal.description,
		.strategy = strategy_names[r->strategy],
		.depth_max = (uint32_t)r->max_depth,
		.expected = estimate_children((enum strategy)r->strategy, 1, 0, (double)r->max_depth),
		.nodes_max = (size_t)r->max_nodes,
		.only_keep = r->nodes.count > 0,
		.account_id = c->w.account_id,
		.model = r->model,
		.agent_id = r->agent_id,
		.run_id = r->run_id,
		.max_tokens = r->max_tokens};
	if (!decomposition_plan(&planning, &c->d.row))
		return false;
	c->llm = planning.llm;
	if (r->nodes.count == 0) {
		c->request.nodes = planning.result.nodes;
		c->request.dependencies = planning.result.dependencies;
	}
	return true;
}

/* On a worker, or where models are waited for. */
static void plan_and_store(void *self)
{
	struct creating *c = self;
	struct exchange *x = c->w.x;
	if (c->request.planner != PLANNER_NONE && !plan_goal(c))
		return;
	id_make(c->w.api->options.ids, c->id);
	c->d.row.decomposition_id = c->id;
	c->d.row.account_id = c->w.account_id;
	c->d.row.goal = goal_text(&x->arena, &c->request.goal);
	c->d.row.created_by = principal_of(x)->user_id[0] != '\0' ? principal_of(x)->user_id : NULL;
	if (build(c) && c->d.row.goal != NULL)
		agents_submit(&c->w, change_create, answer_created);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

/* --- what no table can say --- */

/* Two nodes of one id.  One whose id could not be read is told of already. */
static void check_ids(const struct creating *c, struct faults *faults)
{
	struct arena *arena = &c->w.x->arena;
	const struct task_nodes *nodes = &c->request.nodes;
	struct plan_node *named = arena_array(arena, nodes->count + 1, sizeof *named);
	size_t *at = arena_array(arena, nodes->count + 1, sizeof *at), count = 0;
	for (size_t i = 0; named != NULL && at != NULL && i < nodes->count; i++)
		if (nodes->items[i].node_id != NULL) {
			named[count].id = nodes->items[i].node_id;
			at[count++] = i;
		}
	size_t twice = count > 0 ? plan_double(arena, named, count) : SIZE_MAX;
	if (twice != SIZE_MAX)
		faults_add(faults, field_pointer(arena, field_pointer_index(arena, "/nodes", at[twice]), "node_id"),
				   "duplicate", "stands twice");
}

static void check_create(void *self, struct faults *faults)
{
	const struct creating *c = self;
	const struct create_request *r = &c->request;
	const struct decomposition_planning planning = {.api = c->w.api,
													.x = c->w.x,
													.account_id = c->w.account_id,
													.planner = (enum planner)r->planner,
													.library = r->library,
													.state = r->state,
													.params = r->goal.params,
													.only_keep = r->nodes.count > 0,
													.model = r->model};
	if (r->max_nodes > 0 && (int64_t)r->nodes.count > r->max_nodes)
		faults_add(faults, "/nodes", "count", "must have at most max_nodes (%lld) elements", (long long)r->max_nodes);
	check_ids(c, faults);
	decomposition_check(&planning, faults);
}

static void handle_create(struct exchange *x)
{
	x->arena.cap = DECOMPOSITION_MEMORY;
	struct creating *c = agents_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check_create, c))
		return;
	bool llm = c->request.planner == PLANNER_LLM;
	if (llm && !decomposition_may_ask(c->w.api, x, c->request.model))
		return;
	if (llm && c->request.nodes.count == 0)
		agents_aside(&c->w, plan_and_store, c);
	else
		plan_and_store(c);
}

/* --- routes --- */

static const struct json_limits large = {.depth = 32, .values = 5000000};

#define TASKS "/api/v1/flow/tasks/decompositions"
#define TASKS_V3 "/api/v3/tasks/decompositions"
static const enum err_kind create_errors[] = {ERR_BUDGET_EXCEEDED, ERR_NOT_IMPLEMENTED, ERR_UNAVAILABLE, ERR_DEADLINE,
											  ERR_NONE};
#define LARGE .body_max = 64 << 20, .json_limits = &large

const struct route decomposition_create_routes[] = {
	ROUTE(POST, TASKS, "flow.run", EFFECT_WRITE, handle_create, .aliases = ALIASES({TASKS_V3}), .errors = create_errors,
		  .operation = "decompositions.decompose",
		  .summary = "Take a goal apart, or bring a tree that is taken apart already", .body = &create_table,
		  .result = &decomposition_view_table, .status = 201, LARGE,
		  .example = "{\"goal\":{\"name\":\"Write the report\"},\"strategy\":\"adaptive\"}"),
};
const size_t decomposition_create_routes_count =
	sizeof decomposition_create_routes / sizeof *decomposition_create_routes;
