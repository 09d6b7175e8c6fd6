#include "flow/planner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/domain/htn.h"
#include "flow/domain/plan.h"
#include "seal/pack.h"

static const struct json empty = {.kind = JS_OBJECT};

/* Complexity of nodes that the library says nothing about: a task that an operator does is not to be taken apart. */
#define COMPLEXITY_INNER .5
#define COMPLEXITY_LEAF .1

struct planning {
	struct arena *arena;
	const struct planner_request *request;
	struct planner_result *result;
	struct faults *faults;
	struct expr_book *book;
	unsigned state_at, params_at; /* variables of the book */
	bool full;
};

/* --- the library --- */

static void hash_of(const struct json *json, char sha256[SHA256_HEX_SIZE])
{
	struct buf buf;
	buf_init(&buf, 0);
	jcs_write_whole(&buf, json);
	sha256_hex(buf_text(&buf), buf.size, sha256);
	buf_fini(&buf);
}

/* The library's tree; NULL: a fault was added. */
static const struct json *find_library(struct planning *p)
{
	const struct planner_request *r = p->request;
	if (r->library->kind == JS_OBJECT) {
		hash_of(r->library, p->result->library_sha256);
		return r->library;
	}
	const struct pack *pack =
		r->library->kind == JS_STRING ? packs_find(r->packs, r->library->text, r->version, NULL) : NULL;
	if (pack == NULL) {
		faults_add(p->faults, "/library", r->library->kind == JS_STRING ? "unknown_reference" : "type",
				   "must be the name of a pack that is there, or a library: {methods, operators}");
		return NULL;
	}
	p->result->library_name = pack->name;
	p->result->library_version = pack->version;
	memcpy(p->result->library_sha256, pack->sha256, sizeof pack->sha256);
	/* What a pack has beside its library is not the planner's. */
	struct json *tree = arena_new(p->arena, struct json);
	struct json_member *members = arena_array(p->arena, 2, sizeof *members);
	if (tree == NULL || members == NULL)
		return NULL;
	*tree = (struct json){.kind = JS_OBJECT, .members = members};
	for (uint32_t i = 0; i < pack->tree->count; i++)
		if (strcmp(pack->tree->members[i].name, "methods") == 0 ||
			strcmp(pack->tree->members[i].name, "operators") == 0)
			members[tree->count++] = pack->tree->members[i];
	return tree;
}

static void add_expression(void *self, struct htn_expr *expr)
{
	struct planning *p = self;
	expr->compiled =
		expr_book_add(p->book, expr->pointer, expr->value, expr->value->kind == JS_STRING ? EXPR_BARE : EXPR_STRICT);
	p->full = p->full || expr->compiled == NULL;
}

static bool compile(struct planning *p, struct htn_library *library, struct err *err)
{
	p->state_at = expr_book_variable(p->book, "state");
	p->params_at = expr_book_variable(p->book, "params");
	htn_expressions(library, add_expression, p);
	return p->full ? err_set(err, ERR_LIMIT, "no memory") : expr_book_seal(p->book, p->request->exprs, p->faults, err);
}

static bool evaluate(void *self, const struct htn_expr *expr, const struct json *in, const struct json *state,
					 const struct json *params, const struct json **value, struct err *err)
{
	const struct planning *p = self;
	const struct json *args[EXPR_ARGS_MAX] = {[EXPR_IN] = in};
	args[p->state_at] = state;
	args[p->params_at] = params;
	unsigned last = p->state_at > p->params_at ? p->state_at : p->params_at;
	const struct expr_input input = {args, last + 1, 0};
	const struct json *made;
	if (!expr_eval(p->request->exprs, expr->compiled, &input, p->arena, &made, err))
		return false;
	*value = json_dup(p->arena, made); /* it may be part of the book, which does not live as long */
	return *value != NULL || err_set(err, ERR_LIMIT, "no memory");
}

/* --- the plan --- */

/* n0000001, n0000002 …: by the number of the node, so that equal plans have equal names. */
static const char *id_of(const struct planning *p, const char *prefix, size_t index)
{
	return arena_printf(p->arena, "%s%07zu", prefix, p->request->number + index);
}

static bool any_taken(const struct planning *p, const char *prefix, size_t count)
{
	bool taken = false;
	for (size_t k = 0; p->request->taken != NULL && !taken && !p->arena->full && k < count; k++)
		taken = p->request->taken(p->request->self, id_of(p, prefix, k));
	return taken;
}

/* Names that nobody else has: one more n for as long as one is taken. */
static const char *prefix_for(const struct planning *p, size_t count)
{
	const char *prefix = "n";
	while (!p->arena->full && any_taken(p, prefix, count))
		prefix = arena_printf(p->arena, "n%s", prefix);
	return prefix;
}

static struct task_node node_of(const struct htn_node *from, bool leaf, const char *id, const char *parent_id)
{
	double usual = leaf ? COMPLEXITY_LEAF : COMPLEXITY_INNER;
	return (struct task_node){.node_id = id,
							  .parent_id = parent_id,
							  .name = from->task,
							  .description = from->description,
							  .capability = from->capability,
							  .complexity = isnan(from->complexity) ? usual : from->complexity,
							  .duration_s = isnan(from->duration_s) ? PLAN_DURATION_S : from->duration_s,
							  .depth = FIELD_NO_INT,
							  .params = from->params};
}

/* The search's nodes as a decomposition's.  The first one is the root, or stands for the node that is there. */
static bool take_nodes(struct planning *p, const struct htn_plan *plan)
{
	struct arena *arena = p->arena;
	size_t skip = p->request->node != NULL;
	struct task_nodes *nodes = &p->result->nodes;
	const char **ids = arena_array(arena, plan->node_count + 1, sizeof *ids);
	bool *inner = arena_array(arena, plan->node_count + 1, sizeof *inner);
	const char *prefix = prefix_for(p, plan->node_count);
	nodes->items = arena_array(arena, plan->node_count + 1, sizeof *nodes->items);
	p->result->dependencies.items = arena_array(arena, plan->edge_count + 1, sizeof *p->result->dependencies.items);
	if (ids == NULL || inner == NULL || nodes->items == NULL || p->result->dependencies.items == NULL)
		return false;
	for (size_t i = 1; i < plan->node_count; i++)
		inner[plan->nodes[i].parent] = true;
	for (size_t i = 0; i < plan->node_count; i++) {
		const struct htn_node *from = &plan->nodes[i];
		ids[i] = i == 0 && skip ? p->request->node->node_id : id_of(p, prefix, i - skip);
		if (i >= skip)
			nodes->items[nodes->count++] = node_of(from, !inner[i], ids[i], i == 0 ? NULL : ids[from->parent]);
	}
	for (size_t i = 0; i < plan->edge_count; i++)
		p->result->dependencies.items[p->result->dependencies.count++] = (struct dependency_request){
			.from = ids[plan->edges[i].from], .to = ids[plan->edges[i].to], .type = DEPENDENCY_SEQUENTIAL};
	return !arena->full;
}

static void write_list(struct jw *jw, const char *name, const struct field_table *table, const void *rows, size_t count)
{
	jw_key(jw, name);
	jw_array(jw);
	for (size_t i = 0; i < count; i++)
		field_write(jw, table, (const char *)rows + i * table->size, FIELD_INPUTS);
	jw_array_end(jw);
}

bool planner_seal(struct arena *arena, const struct planner_request *r, const char *by, const char *by_sha256,
				  struct planner_result *result, struct err *err)
{
	static const struct json_limits limits = {.depth = 100, .values = 100000000};
	const struct json *tree;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "task", r->task);
	jw_key(&jw, "params");
	jw_json(&jw, r->params != NULL ? r->params : &empty);
	jw_key(&jw, "state");
	jw_json(&jw, r->state != NULL ? r->state : &empty);
	jw_member_str(&jw, by, by_sha256);
	write_list(&jw, "nodes", &task_node_table, result->nodes.items, result->nodes.count);
	write_list(&jw, "dependencies", &dependency_table, result->dependencies.items, result->dependencies.count);
	jw_object_end(&jw);
	bool read = jw_ok(&jw) && json_parse(arena, buf_text(&buf), buf.size, &limits, &tree, NULL);
	buf_fini(&buf);
	if (!read)
		return err_set(err, ERR_LIMIT, "no memory");
	hash_of(tree, result->plan_sha256);
	return true;
}

static bool no_plan(struct planning *p, const struct htn_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->reason_count; i++)
		faults_add(p->faults, "/goal", "no_plan", "%s", plan->reasons[i]);
	return err_set(err, ERR_INVALID, "there is no plan");
}

static bool search(struct planning *p, const struct htn_library *library, struct err *err)
{
	const struct planner_request *r = p->request;
	const struct htn_input input = {.library = library,
									.task = r->task,
									.params = r->params,
									.state = r->state,
									.depth = r->depth,
									.depth_max = r->depth_max,
									.nodes_max = r->nodes_max,
									.eval = evaluate,
									.self = p};
	struct htn_plan plan;
	if (!htn_search(p->arena, &input, &plan, err))
		return false;
	if (!plan.found)
		return no_plan(p, &plan, err);
	p->result->expansions = plan.expansions;
	p->result->cost = plan.cost;
	return take_nodes(p, &plan) ? planner_seal(p->arena, r, "library_sha256", p->result->library_sha256, p->result, err)
								: err_set(err, ERR_LIMIT, "no memory");
}

/* Read and compile the library; then `then`, unless it is not sound. */
static bool with_library(struct planning *p,
						 bool (*then)(struct planning *p, const struct htn_library *library, struct err *err),
						 struct err *err)
{
	struct htn_library library;
	*p->result = (struct planner_result){.expansions = 0};
	const struct json *json = find_library(p);
	if (json == NULL || !htn_decode(p->arena, json, "/library", &library, p->faults))
		return err_set(err, p->faults->count > 0 ? ERR_INVALID : ERR_LIMIT, "the library is not sound");
	p->book = expr_book_new();
	bool done = p->book == NULL ? err_set(err, ERR_LIMIT, "no memory")
								: compile(p, &library, err) && (then == NULL || then(p, &library, err));
	expr_book_free(p->book);
	return done;
}

void planner_look(struct arena *arena, const struct planner_request *request, struct faults *faults)
{
	struct planner_result result;
	struct planning p = {.arena = arena, .request = request, .result = &result, .faults = faults};
	struct err err;
	(void)with_library(&p, NULL, &err);
}

bool planner_run(struct arena *arena, const struct planner_request *request, struct planner_result *result,
				 struct faults *faults, struct err *err)
{
	struct planning p = {.arena = arena, .request = request, .result = result, .faults = faults};
	return with_library(&p, search, err);
}
