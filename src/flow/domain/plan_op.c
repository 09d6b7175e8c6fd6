#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/domain/ops.h"
#include "flow/domain/plan_fields.h"
#include "seal/calc.h"

/* flow.plan: order, critical path and schedule of a tree of tasks [flow.md 8]. */

struct node_request {
	const char *node_id, *parent_id;
	double duration_s;
	int64_t depth;
	struct {
		size_t count;
		const char **items;
	} children;
};

static const struct field node_fields[] = {
	F_STR(node_request, node_id, REQUIRED, LENGTH(1, 255)),
	F_STR(node_request, parent_id, LENGTH(1, 255), DOC("Absent: a root")),
	F_NUM(node_request, duration_s, RANGE(0, 1e9), DEFAULT(PLAN_DURATION_S), UNIT("s"), DOC("Of a leaf")),
	F_INT(node_request, depth, RANGE(0, 1000000), DOC("Checked where given; a root has 0")),
	F_STRS(node_request, children, TOLD_APART, DOC("Checked where given")),
};
static const struct field_table node_table = FIELD_TABLE("flow.plan.node", node_request, node_fields);

struct plan_request {
	struct {
		size_t count;
		struct node_request *items;
	} nodes;
	struct dependency_list dependencies;
	const char *root_id;
	int64_t workers, total_nodes;
};

static const struct field request_fields[] = {
	F_OBJECTS(plan_request, nodes, &node_table, REQUIRED, COUNT(0, PLAN_NODES_MAX)),
	F_OBJECTS(plan_request, dependencies, &dependency_table, COUNT(0, 4 * PLAN_NODES_MAX)),
	F_INT(plan_request, workers, RANGE(1, PLAN_WORKERS_MAX), DOC("Absent: as many as are of use")),
	F_STR(plan_request, root_id, LENGTH(1, 255), DOC("Checked where given")),
	F_INT(plan_request, total_nodes, RANGE(0, 1e15), DOC("Checked where given")),
};
static const struct field_table request_table = FIELD_TABLE("flow.plan.request", plan_request, request_fields);

static struct plan_node *nodes_of(struct calc *calc, const struct plan_request *request)
{
	struct plan_node *nodes = arena_array(calc->arena, request->nodes.count + 1, sizeof *nodes);
	for (size_t i = 0; nodes != NULL && i < request->nodes.count; i++) {
		const struct node_request *node = &request->nodes.items[i];
		nodes[i] = (struct plan_node){.id = node->node_id,
									  .parent = node->parent_id,
									  .duration_s = node->duration_s,
									  .depth = node->depth != FIELD_NO_INT ? node->depth : -1,
									  .child_count = node->children.items != NULL ? (int64_t)node->children.count
																				  : PLAN_CHILDREN_UNTOLD,
									  .children = node->children.items};
	}
	return nodes;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct plan_request *request = input;
	struct plan plan;
	struct plan_node *nodes = nodes_of(calc, request);
	if (nodes == NULL)
		return false;
	size_t twice = plan_double(calc->arena, nodes, request->nodes.count);
	if (twice != SIZE_MAX) {
		calc_fault(calc, field_pointer(calc->arena, field_pointer_index(calc->arena, "/nodes", twice), "node_id"),
				   "duplicate", "stands twice");
		return false;
	}
	const struct plan_input asked = {.nodes = nodes,
									 .node_count = request->nodes.count,
									 .edges = plan_edges(calc->arena, &request->dependencies),
									 .edge_count = request->dependencies.count,
									 .root_id = request->root_id,
									 .total = request->total_nodes != FIELD_NO_INT ? request->total_nodes : -1,
									 .depth_max = PLAN_DEPTH_MAX,
									 .workers = request->workers != FIELD_NO_INT ? (uint32_t)request->workers : 0};
	return asked.edges != NULL && plan_make(calc->arena, &asked, &plan) && plan_view_fill(calc->arena, &plan, output);
}

static const struct json_limits limits = {.depth = 16, .values = 5000000};

const struct op flow_plan_op = {
	.name = "flow.plan",
	.path = "/api/v1/flow/plan",
	.summary = "Order, critical path and schedule of a tree of tasks",
	.doc = "Over leaves: a dependency on an inner node means on all its leaves. Problems are named, not refused.",
	.input = &request_table,
	.output = &plan_table,
	.run = run,
	.example = "{\"nodes\":[{\"node_id\":\"a\",\"duration_s\":10},{\"node_id\":\"b\",\"duration_s\":20}],"
			   "\"dependencies\":[{\"from\":\"a\",\"to\":\"b\"}]}",
	.limits = &limits,
	.body_max = 64 << 20,
	.memory_max = (size_t)2 << 30,
};
