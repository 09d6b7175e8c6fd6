#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/cost.h"
#include "flow/decomposition.h"
#include "flow/decomposition_asks.h"
#include "flow/decomposition_planner.h"
#include "flow/decomposition_view.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Decompositions: a goal taken apart, its dependencies, the plan of its leaves [flow.md 8]. */

enum { PAGE_MAX = 500, PAGE_USUAL = 100 };

/* --- read --- */

struct change {
	struct agents_write w; /* first */
	struct decomposition d;
	struct decomposition_part *parts;
	size_t part_count;
	/* of what is added */
	struct task_nodes added;
	int64_t estimate, edges_added;
	struct plan problems;
	const struct grow_request *request;
	struct planner_llm llm; /* what it was asked */
	struct ask_views *asks;
};

static bool read_whole(void *self, struct db *db, struct err *err)
{
	struct change *c = self;
	return decomposition_read(db, c->w.account_id, exchange_param(c->w.x, "id"), &c->w.x->arena, &c->d, err);
}

/* The decomposition of the path, read on a reader.  NULL: answered. */
static struct change *start_read(struct exchange *x)
{
	x->arena.cap = DECOMPOSITION_MEMORY;
	struct change *c = agents_start(x, sizeof *c);
	return c != NULL && agents_read(x, read_whole, c) ? c : NULL;
}

struct page_query {
	int64_t limit;
	const char *cursor;
};

static const struct field page_fields[] = {
	F_INT(page_query, limit, RANGE(1, PAGE_MAX), DEFAULT(PAGE_USUAL)),
	F_STR(page_query, cursor, LENGTH(1, 400)),
};
static const struct field_table page_table = FIELD_TABLE("decompositions.page", page_query, page_fields);

static bool fill_page(struct arena *arena, const struct decomposition *d, size_t first, size_t limit,
					  struct decomposition_view *view)
{
	struct families families;
	size_t count = first < d->nodes.count ? d->nodes.count - first : 0;
	count = count < limit ? count : limit;
	view->nodes.items = arena_array(arena, count + 1, sizeof *view->nodes.items);
	if (view->nodes.items == NULL || !decomposition_families(arena, d, &families))
		return false;
	for (size_t i = first; i < first + count; i++) {
		struct node_view *node = &view->nodes.items[view->nodes.count++];
		*node = decomposition_show_node(d, i);
		node->children.items = arena_array(arena, d->children[i] + 1, sizeof *node->children.items);
		for (uint32_t k = 0; node->children.items != NULL && k < d->children[i]; k++)
			node->children.items[node->children.count++] = d->nodes.items[families.list[families.first[i] + k]].node_id;
	}
	return !arena->full;
}

static bool read_asks(void *self, struct db *db, struct err *err)
{
	struct change *c = self;
	return decomposition_read_asks(db, c->d.row.decomposition_id, &c->w.x->arena, c->asks, err);
}

static void handle_get(struct exchange *x)
{
	struct page_query query;
	struct decomposition_view view;
	char after[AGENTS_CURSOR];
	if (!exchange_decode_query(x, &query))
		return;
	const char *filter = arena_printf(&x->arena, "decomposition\n%s", exchange_param(x, "id"));
	if (!agents_cursor(x, filter, query.cursor, after))
		return;
	struct change *c = start_read(x);
	if (c == NULL)
		return;
	size_t first = strtoul(after, NULL, 10), limit = (size_t)query.limit;
	struct ask_views asks = {0, NULL};
	c->asks = &asks;
	if (first == 0 && !agents_read(x, read_asks, c))
		return;
	if (!decomposition_view_fill(&x->arena, &c->d, &view) || !fill_page(&x->arena, &c->d, first, limit, &view)) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	view.asks = asks;
	if (first + limit < c->d.nodes.count)
		view.next_cursor = agents_next(x, filter, arena_printf(&x->arena, "%zu", first + limit));
	reply_fact(x, 200, &decomposition_page_table, &view);
}

struct plan_query {
	int64_t workers;
};

static const struct field plan_query_fields[] = {
	F_INT(plan_query, workers, RANGE(1, PLAN_WORKERS_MAX), DOC("Absent: as many as are of use")),
};
static const struct field_table plan_query_table =
	FIELD_TABLE("decompositions.plan.query", plan_query, plan_query_fields);

static void handle_plan(struct exchange *x)
{
	struct plan_query query;
	struct plan plan;
	struct plan_view view;
	if (!exchange_decode_query(x, &query))
		return;
	struct change *c = start_read(x);
	if (c == NULL)
		return;
	c->d.input.workers = query.workers != FIELD_NO_INT ? (uint32_t)query.workers : 0;
	if (plan_make(&x->arena, &c->d.input, &plan) && plan_view_fill(&x->arena, &plan, &view))
		reply_fact(x, 200, &plan_table, &view);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

/* --- more nodes --- */

struct grow_request {
	const char *parent_id;
	struct task_nodes children;
	bool expand;
};

static const struct field grow_fields[] = {
	F_STR(grow_request, parent_id, REQUIRED, LENGTH(1, 255)),
	F_OBJECTS(grow_request, children, &task_child_table, COUNT(0, 10000)),
	F_BOOL(grow_request, expand, DOC("Let the planner of the decomposition do it")),
};
static const struct field_table grow_table = FIELD_TABLE("decompositions.grow", grow_request, grow_fields);

struct grown {
	struct {
		size_t count;
		struct node_view *items;
	} nodes;
	int64_t estimate;
};

static const struct field grown_fields[] = {
	F_OBJECTS(grown, nodes, &decomposition_node_table),
	F_INT(grown, estimate, DOC("How many children the strategy expects of the parent")),
};
static const struct field_table grown_table = FIELD_TABLE("decompositions.grown", grown, grown_fields);

/* In an op: what was read is still what is there, or somebody else was first. */
static bool change_grow(struct agents_write *w, struct db *db, struct err *err)
{
	struct change *c = (struct change *)w;
	return decomposition_grow(db, &c->d.row, c->parts, c->part_count, w->now_us, err) &&
		   decomposition_put_asks(db, c->d.row.decomposition_id, &c->llm, w->now_us, err) &&
		   agents_audit(w, db, AUDIT_DECOMPOSITION_GROW, c->d.row.decomposition_id, NULL, err);
}

static void answer_grown(struct agents_write *w)
{
	const struct change *c = (const struct change *)w;
	struct grown grown = {.estimate = c->estimate};
	grown.nodes.items = arena_array(&w->x->arena, c->added.count + 1, sizeof *grown.nodes.items);
	for (size_t i = 0; grown.nodes.items != NULL && i < c->added.count; i++)
		grown.nodes.items[grown.nodes.count++] = decomposition_show_node(&c->d, c->d.nodes.count - c->added.count + i);
	reply_fact(w->x, 201, &grown_table, &grown);
}

static bool name_children(struct change *c, const char *parent_id)
{
	char id[ID_TEXT];
	for (size_t i = 0; i < c->added.count; i++) {
		struct task_node *child = &c->added.items[i];
		id_make(c->w.api->options.ids, id);
		child->node_id = arena_dup(&c->w.x->arena, id);
		child->parent_id = parent_id;
		child->depth = FIELD_NO_INT;
	}
	return !c->w.x->arena.full;
}

/* What is added behind what is there. */
static bool append(struct change *c, const struct dependency_list *dependencies)
{
	struct arena *arena = &c->w.x->arena;
	struct decomposition *d = &c->d;
	size_t count = d->nodes.count + c->added.count, edges = d->dependencies.count + dependencies->count;
	struct task_node *all = arena_array(arena, count + 1, sizeof *all);
	struct dependency_request *every = arena_array(arena, edges + 1, sizeof *every);
	if (all == NULL || every == NULL)
		return false;
	if (d->nodes.count > 0)
		memcpy(all, d->nodes.items, d->nodes.count * sizeof *all);
	if (c->added.count > 0)
		memcpy(all + d->nodes.count, c->added.items, c->added.count * sizeof *all);
	if (d->dependencies.count > 0)
		memcpy(every, d->dependencies.items, d->dependencies.count * sizeof *every);
	if (dependencies->count > 0)
		memcpy(every + d->dependencies.count, dependencies->items, dependencies->count * sizeof *every);
	d->nodes = (struct task_nodes){count, all};
	d->dependencies = (struct dependency_list){edges, every};
	d->row.nodes_total = (int64_t)count;
	d->row.dependencies_total = (int64_t)edges;
	c->parts = decomposition_write(arena, &c->added, dependencies, &c->part_count);
	return c->parts != NULL && decomposition_shape(arena, d);
}

/* The node that is to be taken apart, or UINT32_MAX: answered. */
static uint32_t find_parent(struct change *c, const struct id_index *ids, const struct grow_request *request)
{
	struct exchange *x = c->w.x;
	struct decomposition *d = &c->d;
	uint32_t parent = decomposition_index(ids, d->nodes.count, request->parent_id);
	if (parent == UINT32_MAX)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such node.");
	else if (!task_decomposable(d, parent))
		exchange_failf(x, ERR_CONFLICT,
					   "The node cannot be taken apart: it has children, is simple, or lies too deep.");
	else if ((int64_t)(d->nodes.count + request->children.count) > d->row.max_nodes)
		exchange_failf(x, ERR_CONFLICT, "The decomposition would have more than its %lld nodes.",
					   (long long)d->row.max_nodes);
	else
		return parent;
	return UINT32_MAX;
}

struct naming {
	const struct id_index *ids;
	size_t count;
};

static bool is_taken(void *self, const char *node_id)
{
	const struct naming *naming = self;
	return decomposition_index(naming->ids, naming->count, node_id) != UINT32_MAX;
}

/* The planner's children and what lies below them.  False: answered. */
static bool expand(struct change *c, const struct id_index *ids, uint32_t parent, struct dependency_list *dependencies)
{
	struct decomposition *d = &c->d;
	struct naming naming = {ids, d->nodes.count};
	struct decomposition_planning planning = {.api = c->w.api,
											  .x = c->w.x,
											  .account_id = c->w.account_id,
											  .task = d->nodes.items[parent].name,
											  .description = d->nodes.items[parent].description,
											  .params = d->nodes.items[parent].params,
											  .strategy = d->row.strategy,
											  .expected = c->estimate,
											  .node = &d->nodes.items[parent],
											  .depth = d->depth[parent],
											  .depth_max = (uint32_t)d->row.max_depth,
											  .nodes_max = (size_t)d->row.max_nodes - d->nodes.count + 1,
											  .number = d->nodes.count,
											  .taken = is_taken,
											  .self = &naming};
	if (!decomposition_replan(&planning, &d->row))
		return false;
	c->llm = planning.llm;
	c->added = planning.result.nodes;
	*dependencies = planning.result.dependencies;
	return true;
}

/* On a worker, or where models are waited for. */
static void grow(void *self)
{
	struct change *c = self;
	const struct grow_request *request = c->request;
	struct exchange *x = c->w.x;
	struct decomposition *d = &c->d;
	struct dependency_list dependencies = {0, NULL};
	const struct id_index *ids = decomposition_ids(&x->arena, d);
	uint32_t parent = ids != NULL ? find_parent(c, ids, request) : UINT32_MAX;
	if (parent == UINT32_MAX)
		return;
	c->estimate =
		estimate_children(d->strategy, d->nodes.items[parent].complexity, d->depth[parent], (double)d->row.max_depth);
	c->added = request->children;
	if (request->expand && !expand(c, ids, parent, &dependencies))
		return;
	if ((request->expand || name_children(c, d->nodes.items[parent].node_id)) && append(c, &dependencies))
		agents_submit(&c->w, change_grow, answer_grown);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

static void check_grow(void *self, struct faults *faults)
{
	const struct grow_request *r = self;
	if (r->expand == (r->children.count > 0))
		faults_add(faults, "/children", r->expand ? "conflict" : "required",
				   r->expand ? "must be left out where the planner expands" : "must have at least one element");
}

static void handle_grow(struct exchange *x)
{
	struct grow_request *request = arena_new(&x->arena, struct grow_request);
	if (request == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode_checked(x, request, check_grow, request))
		return;
	struct change *c = start_read(x);
	if (c == NULL)
		return;
	c->request = request;
	if (request->expand && decomposition_planner(&x->arena, &c->d.row) == PLANNER_LLM)
		agents_aside(&c->w, grow, c);
	else
		grow(c);
}

/* --- dependencies --- */

struct depend_request {
	struct dependency_list dependencies;
};

static const struct field depend_fields[] = {
	F_OBJECTS(depend_request, dependencies, &dependency_table, REQUIRED, COUNT(1, PLAN_NODES_MAX)),
};
static const struct field_table depend_table = FIELD_TABLE("decompositions.depend", depend_request, depend_fields);

struct depended {
	int64_t added;
	struct {
		size_t count;
		struct problem_view *items;
	} problems;
};

static const struct field depended_fields[] = {
	F_INT(depended, added),
	F_OBJECTS(depended, problems, &plan_problem_table,
			  DOC("Of those that were not added, and every cycle there is now")),
};
static const struct field_table depended_table = FIELD_TABLE("decompositions.depended", depended, depended_fields);

static void answer_depended(struct agents_write *w)
{
	const struct change *c = (const struct change *)w;
	const struct depended result = {
		.added = c->edges_added,
		.problems = {c->problems.problems.count, plan_problem_views(&w->x->arena, &c->problems)}};
	reply_fact(w->x, 200, &depended_table, &result);
}

/* The sound ones of the request behind those that are there. */
static bool append_edges(struct change *c, const struct dependency_list *wanted, const bool *sound)
{
	struct arena *arena = &c->w.x->arena;
	struct decomposition *d = &c->d;
	struct dependency_list fresh = {0, arena_array(arena, wanted->count + 1, sizeof *fresh.items)};
	struct dependency_request *all = arena_array(arena, d->dependencies.count + wanted->count + 1, sizeof *all);
	const struct task_nodes none = {0, NULL};
	if (fresh.items == NULL || all == NULL)
		return false;
	for (size_t i = 0; i < wanted->count; i++)
		if (sound[i])
			fresh.items[fresh.count++] = wanted->items[i];
	if (d->dependencies.count > 0)
		memcpy(all, d->dependencies.items, d->dependencies.count * sizeof *all);
	if (fresh.count > 0)
		memcpy(all + d->dependencies.count, fresh.items, fresh.count * sizeof *all);
	d->dependencies = (struct dependency_list){d->dependencies.count + fresh.count, all};
	d->row.dependencies_total = (int64_t)d->dependencies.count;
	c->edges_added = (int64_t)fresh.count;
	c->parts = decomposition_write(arena, &none, &fresh, &c->part_count);
	return c->parts != NULL && decomposition_shape(arena, d);
}

/* Circles of the whole are told beside what is wrong with single ones. */
static bool add_circles(struct change *c)
{
	struct arena *arena = &c->w.x->arena;
	struct plan whole;
	if (!plan_check(arena, &c->d.input, &whole))
		return false;
	size_t count = c->problems.problems.count;
	struct plan_problem *all = arena_array(arena, count + whole.cycles.count + 1, sizeof *all);
	if (all == NULL)
		return false;
	if (count > 0)
		memcpy(all, c->problems.problems.items, count * sizeof *all);
	for (size_t i = 0; i < whole.problems.count && count < c->problems.problems.count + whole.cycles.count; i++)
		if (strcmp(whole.problems.items[i].code, "cycle") == 0)
			all[count++] = whole.problems.items[i];
	c->problems.problems.items = all;
	c->problems.problems.count = count;
	return true;
}

static void handle_depend(struct exchange *x)
{
	struct depend_request request;
	x->arena.cap = DECOMPOSITION_MEMORY;
	if (!exchange_decode(x, &request))
		return;
	struct change *c = start_read(x);
	if (c == NULL)
		return;
	const struct plan_edge *edges = plan_edges(&x->arena, &request.dependencies);
	bool *sound = arena_array(&x->arena, request.dependencies.count, sizeof *sound);
	if (edges == NULL || sound == NULL ||
		!plan_sift(&x->arena, &c->d.input, edges, request.dependencies.count, sound, &c->problems) ||
		!append_edges(c, &request.dependencies, sound) || !add_circles(c))
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		agents_submit(&c->w, change_grow, answer_depended);
}

/* --- routes --- */

static const struct json_limits large = {.depth = 32, .values = 5000000};
static const enum err_kind grow_errors[] = {ERR_CONFLICT,    ERR_BUDGET_EXCEEDED, ERR_NOT_IMPLEMENTED,
											ERR_UNAVAILABLE, ERR_DEADLINE,        ERR_NONE};

#define TASKS "/api/v1/flow/tasks/decompositions"
#define TASKS_V3 "/api/v3/tasks/decompositions"
#define LARGE .body_max = 64 << 20, .json_limits = &large

const struct route decomposition_routes[] = {
	ROUTE(GET, TASKS "/{id}", "flow.read", EFFECT_READ, handle_get, .aliases = ALIASES({TASKS_V3 "/{id}"}),
		  .operation = "decompositions.get", .summary = "A decomposition with a page of its nodes",
		  .query = &page_table, .result = &decomposition_page_table),
	ROUTE(POST, TASKS "/{id}/nodes", "flow.run", EFFECT_WRITE, handle_grow,
		  .aliases = ALIASES({TASKS_V3 "/{id}/nodes"}), .operation = "decompositions.grow",
		  .summary = "Take one of its nodes apart", .body = &grow_table, .result = &grown_table, .status = 201,
		  .errors = grow_errors, LARGE,
		  .example = "{\"parent_id\":\"report\",\"children\":[{\"name\":\"Gather\"},{\"name\":\"Write\"}]}"),
	ROUTE(POST, TASKS "/{id}/dependencies", "flow.run", EFFECT_WRITE, handle_depend,
		  .aliases = ALIASES({TASKS_V3 "/{id}/dependencies"}), .operation = "decompositions.depend",
		  .summary = "Say what starts after what", .body = &depend_table, .result = &depended_table,
		  .errors = grow_errors, LARGE, .example = "{\"dependencies\":[{\"from\":\"a\",\"to\":\"b\"}]}"),
	ROUTE(GET, TASKS "/{id}/plan", "flow.read", EFFECT_COMPUTE, handle_plan,
		  .aliases = ALIASES({TASKS_V3 "/{id}/plan"}), .operation = "decompositions.plan",
		  .summary = "Order, critical path and schedule of its leaves", .query = &plan_query_table,
		  .result = &plan_table),
};
const size_t decomposition_routes_count = sizeof decomposition_routes / sizeof *decomposition_routes;
