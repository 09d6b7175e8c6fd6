/*
 * Libraries of the planner [flow.md 8]: what is refused says where; from what is taken a plan is searched, with
 * conditions that hold by the first byte.  Whatever comes out is a tree in which each node stands behind its parent,
 * edges are between nodes that are there, the same search gives the same plan, and no limit is passed.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/htn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 500, DEPTH = 12, ARENA = 64 << 20 };

static bool evaluate(void *self, const struct htn_expr *expr, const struct json *in, const struct json *state,
					 const struct json *params, const struct json **value, struct err *err)
{
	static const struct json yes = {.kind = JS_BOOL, .boolean = true}, no = {.kind = JS_BOOL, .boolean = false};
	const uint8_t *first = self;
	size_t place = strlen(expr->pointer) + (params != NULL ? params->count : 0);
	(void)state;
	if (strstr(expr->pointer, "/when") != NULL)
		*value = (*first >> place % 8 & 1) != 0 ? &yes : &no;
	else if (*first == 0xff)
		return err_set(err, ERR_EXPRESSION, "it fails");
	else
		*value = in;
	return true;
}

static void search(const struct htn_library *library, const uint8_t *first)
{
	struct arena arenas[2];
	struct htn_plan plans[2];
	struct err err;
	const struct htn_input input = {.library = library,
									.task = library->options[0].task,
									.depth_max = DEPTH,
									.nodes_max = NODES,
									.eval = evaluate,
									.self = (void *)(uintptr_t)first};
	for (int i = 0; i < 2; i++) {
		arena_init(&arenas[i], ARENA);
		if (!htn_search(&arenas[i], &input, &plans[i], &err))
			plans[i] = (struct htn_plan){.found = false, .reason_count = 1};
		else
			must(plans[i].expansions <= HTN_EXPANSIONS_MAX && (plans[i].found || plans[i].reason_count > 0));
	}
	const struct htn_plan *plan = &plans[0];
	must(plan->found == plans[1].found && (!plan->found || plan->node_count == plans[1].node_count));
	for (size_t i = 0; plan->found && i < plan->node_count; i++) {
		const struct htn_node *node = &plan->nodes[i];
		must(i == 0 ? node->parent == UINT32_MAX : node->parent < i);
		must(node->depth <= DEPTH && i < NODES && strcmp(node->task, plans[1].nodes[i].task) == 0);
	}
	for (size_t i = 0; plan->found && i < plan->edge_count; i++)
		must(plan->edges[i].from < plan->node_count && plan->edges[i].to < plan->node_count);
	arena_fini(&arenas[0]);
	arena_fini(&arenas[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json *json;
	struct htn_library library;
	struct faults faults;
	struct arena arena;
	if (size < 2)
		return 0;
	arena_init(&arena, ARENA);
	faults_init(&faults, &arena);
	if (json_parse(&arena, (const char *)data + 1, size - 1, &json_body_limits, &json, NULL)) {
		if (!htn_decode(&arena, json, "/library", &library, &faults))
			must(faults.count > 0 || arena.full);
		else if (library.count > 0)
			search(&library, data);
	}
	arena_fini(&arena);
	return 0;
}
