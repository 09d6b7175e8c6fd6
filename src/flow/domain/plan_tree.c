#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "flow/domain/plan_parts.h"

/* The tree of a decomposition, what is wrong with it, and the graph of its leaves. */

const char *const dependency_type_names[] = {"sequential", "parallel", "conditional", "resource", NULL};

uint32_t plan_index(const struct plan_tree *tree, const char *id)
{
	const struct plan_node *node = map_get(&tree->ids, id);
	return node == NULL ? PLAN_NONE : (uint32_t)(node - tree->input->nodes);
}

const char *plan_leaf_id(const struct plan_tree *tree, uint32_t leaf)
{
	return tree->input->nodes[tree->node_of[leaf]].id;
}

double plan_leaf_s(const struct plan_tree *tree, uint32_t leaf)
{
	return tree->input->nodes[tree->node_of[leaf]].duration_s;
}

void plan_problem(struct plan_tree *tree, const char *code, const char *const *ids, size_t count)
{
	struct plan *plan = tree->plan;
	if (plan->problems.count == PLAN_PROBLEMS_MAX)
		return;
	if (plan->problems.count == tree->problem_room) {
		size_t room = tree->problem_room * 2 + 16;
		struct plan_problem *more = arena_array(tree->arena, room, sizeof *more);
		if (more == NULL)
			return;
		if (plan->problems.count > 0)
			memcpy(more, plan->problems.items, plan->problems.count * sizeof *more);
		plan->problems.items = more;
		tree->problem_room = room;
	}
	const char **kept = arena_array(tree->arena, count + 1, sizeof *kept);
	if (kept == NULL)
		return;
	if (count > 0)
		memcpy(kept, ids, count * sizeof *kept);
	plan->problems.items[plan->problems.count++] = (struct plan_problem){code, count, kept};
}

static void problem1(struct plan_tree *tree, const char *code, const char *id)
{
	plan_problem(tree, code, &id, 1);
}

static void problem2(struct plan_tree *tree, const char *code, const char *a, const char *b)
{
	plan_problem(tree, code, (const char *const[]){a, b}, 2);
}

/* map_set wants a pointer that may be written through; nobody does. */
static bool add_id(struct plan_tree *tree, size_t i)
{
	union {
		const struct plan_node *node;
		void *value;
	} as = {.node = &tree->input->nodes[i]};
	return map_set(&tree->ids, tree->input->nodes[i].id, as.value, NULL);
}

size_t plan_double(struct arena *arena, const struct plan_node *nodes, size_t count)
{
	const struct plan_input input = {.nodes = nodes, .node_count = count};
	struct plan_tree tree = {.input = &input, .arena = arena};
	map_init(&tree.ids, arena, (const uint64_t[]){0x706c616e, count});
	for (size_t i = 0; i < count; i++)
		if (plan_index(&tree, nodes[i].id) != PLAN_NONE)
			return i;
		else if (!add_id(&tree, i))
			break;
	return SIZE_MAX;
}

/* --- parents and depths --- */

enum { ROOTLESS = PLAN_NONE - 1 };

static void find_parents(struct plan_tree *tree)
{
	const struct plan_input *input = tree->input;
	for (size_t i = 0; i < input->node_count; i++) {
		const struct plan_node *node = &input->nodes[i];
		tree->parent[i] = node->parent != NULL ? plan_index(tree, node->parent) : PLAN_NONE;
		if (tree->parent[i] != PLAN_NONE)
			tree->children[tree->parent[i]]++;
		else if (node->parent != NULL)
			problem1(tree, "parent_missing", node->id);
	}
}

/* Of a node without a parent that is there; where the parent is missing, as deep as it says of itself. */
static uint32_t top_depth(const struct plan_node *node)
{
	return node->parent != NULL && node->depth >= 0 ? (uint32_t)node->depth : 0;
}

/*
 * Depths by walking up until a known one and down again along the same way.  A way that meets itself has no root: its
 * nodes keep no depth.
 */
static void find_depths(struct plan_tree *tree, uint32_t *way, uint32_t *seen)
{
	uint32_t count = (uint32_t)tree->input->node_count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t steps = 0, at = i;
		while (tree->depth[at] == PLAN_NONE && seen[at] != i + 1) {
			seen[at] = i + 1;
			way[steps++] = at;
			if (tree->parent[at] == PLAN_NONE)
				tree->depth[at] = top_depth(&tree->input->nodes[at]);
			else
				at = tree->parent[at];
		}
		uint32_t depth = tree->depth[at] == PLAN_NONE ? ROOTLESS : tree->depth[at];
		while (steps > 0) {
			uint32_t node = way[--steps];
			if (node != at || depth == ROOTLESS)
				tree->depth[node] = depth == ROOTLESS ? depth : ++depth;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		if (tree->depth[i] == ROOTLESS)
			tree->depth[i] = PLAN_NONE;
}

static void check_root(struct plan_tree *tree)
{
	const struct plan_input *input = tree->input;
	const char *rootless[PLAN_PROBLEM_IDS_MAX];
	size_t count = 0;
	if (input->root_id != NULL && plan_index(tree, input->root_id) == PLAN_NONE)
		rootless[count++] = input->root_id;
	for (size_t i = 0; i < input->node_count && count < PLAN_PROBLEM_IDS_MAX; i++)
		if (tree->depth[i] == PLAN_NONE)
			rootless[count++] = input->nodes[i].id;
	if (count > 0 || input->node_count == 0)
		plan_problem(tree, "root_missing", rootless, count);
}

static void check_depths(struct plan_tree *tree)
{
	const struct plan_input *input = tree->input;
	const char *deep[PLAN_PROBLEM_IDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < input->node_count; i++) {
		uint32_t depth = tree->depth[i];
		if (depth == PLAN_NONE)
			continue;
		if (input->nodes[i].depth >= 0 && input->nodes[i].depth != depth)
			problem1(tree, "wrong_depth", input->nodes[i].id);
		if (depth > input->depth_max && count < PLAN_PROBLEM_IDS_MAX)
			deep[count++] = input->nodes[i].id;
	}
	if (count > 0)
		plan_problem(tree, "depth_limit", deep, count);
}

/* What a node says of its children, and what they say of it. */
static void check_children(struct plan_tree *tree, uint32_t *listed)
{
	const struct plan_node *nodes = tree->input->nodes;
	memset(listed, 0, tree->input->node_count * sizeof *listed);
	for (uint32_t i = 0; i < tree->input->node_count; i++)
		for (int64_t k = 0; k < nodes[i].child_count; k++) {
			uint32_t child = plan_index(tree, nodes[i].children[k]);
			if (child == PLAN_NONE || tree->parent[child] != i)
				problem2(tree, "parent_child_mismatch", nodes[i].id, nodes[i].children[k]);
			else
				listed[child] = i + 1;
		}
	for (uint32_t i = 0; i < tree->input->node_count; i++) {
		uint32_t parent = tree->parent[i];
		if (parent != PLAN_NONE && nodes[parent].child_count >= 0 && listed[i] != parent + 1)
			problem2(tree, "parent_child_mismatch", nodes[parent].id, nodes[i].id);
	}
}

/*
 * Numbers to the nodes so that those below a node follow it directly: entered[n] ≤ entered[x] < left[n] for all x below
 * n and for no other.
 */
static bool number_nodes(struct plan_tree *tree)
{
	uint32_t count = (uint32_t)tree->input->node_count, edges = 0, entered = 0;
	struct graph_edge *down = arena_array(tree->arena, (size_t)count + 1, sizeof *down);
	uint32_t *stack = arena_array(tree->arena, 4 * ((size_t)count + 1), sizeof *stack);
	struct graph graph;
	if (down == NULL || stack == NULL)
		return false;
	tree->entered = stack + count + 1;
	tree->left = tree->entered + count + 1;
	uint32_t *next = tree->left + count + 1;
	for (uint32_t i = 0; i < count; i++)
		if (tree->parent[i] != PLAN_NONE)
			down[edges++] = (struct graph_edge){tree->parent[i], i};
	if (!graph_build(tree->arena, count, down, edges, &graph))
		return false;
	memcpy(next, graph.out_first, count * sizeof *next);
	for (uint32_t root = 0; root < count; root++) {
		uint32_t deep = 0;
		if (tree->parent[root] != PLAN_NONE)
			continue;
		stack[deep++] = root;
		tree->entered[root] = ++entered;
		while (deep > 0) {
			uint32_t at = stack[deep - 1];
			if (next[at] == graph.out_first[at + 1]) {
				tree->left[at] = entered + 1;
				deep--;
			} else {
				uint32_t child = graph.out[next[at]++];
				stack[deep++] = child;
				tree->entered[child] = ++entered;
			}
		}
	}
	return true;
}

/* --- vertices --- */

struct named {
	const char *id;
	uint32_t node;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

/* Ids that were made one after the other mostly come so too, and looking is much cheaper than sorting. */
static bool in_order(const struct named *leaves, size_t count)
{
	size_t i = 1;
	while (i < count && strcmp(leaves[i - 1].id, leaves[i].id) < 0)
		i++;
	return i >= count;
}

static bool number_vertices(struct plan_tree *tree)
{
	size_t count = tree->input->node_count;
	struct named *leaves = arena_array(tree->arena, count + 1, sizeof *leaves);
	tree->node_of = arena_array(tree->arena, count + 1, sizeof *tree->node_of);
	if (leaves == NULL || tree->node_of == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (tree->children[i] == 0)
			leaves[tree->leaves++] = (struct named){tree->input->nodes[i].id, i};
	if (!in_order(leaves, tree->leaves))
		qsort(leaves, tree->leaves, sizeof *leaves, by_id);
	tree->vertices = tree->leaves;
	for (uint32_t i = 0; i < tree->leaves; i++) {
		tree->node_of[i] = leaves[i].node;
		tree->begin[leaves[i].node] = tree->end[leaves[i].node] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		if (tree->children[i] > 0) {
			tree->begin[i] = tree->vertices++;
			tree->end[i] = tree->vertices++;
		}
	return true;
}

bool plan_read_tree(struct plan_tree *tree)
{
	size_t count = tree->input->node_count;
	uint32_t *all = arena_array(tree->arena, 7 * (count + 1), sizeof *all);
	if (all == NULL)
		return false;
	map_init(&tree->ids, tree->arena, (const uint64_t[]){0x706c616e, count});
	if (!map_reserve(&tree->ids, count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_id(tree, i))
			return false;
	tree->parent = all;
	tree->depth = all + count + 1;
	tree->children = all + 2 * (count + 1);
	tree->begin = all + 3 * (count + 1);
	tree->end = all + 4 * (count + 1);
	memset(tree->depth, 0xff, count * sizeof *tree->depth);
	find_parents(tree);
	find_depths(tree, all + 5 * (count + 1), all + 6 * (count + 1));
	check_root(tree);
	check_depths(tree);
	check_children(tree, all + 6 * (count + 1));
	if (tree->input->total >= 0 && tree->input->total != (int64_t)count)
		plan_problem(tree, "count_mismatch", NULL, 0);
	return number_nodes(tree) && number_vertices(tree);
}

/* --- dependencies --- */

/* Each missing id is told once; the map of those told lives beside that of the nodes. */
static bool present(struct plan_tree *tree, struct map *told, const char *id, uint32_t *index)
{
	*index = plan_index(tree, id);
	if (*index != PLAN_NONE)
		return true;
	if (map_get(told, id) == NULL) {
		map_set(told, id, told, NULL);
		problem1(tree, "missing_node", id);
	}
	return false;
}

static bool below(const struct plan_tree *tree, uint32_t node, uint32_t above)
{
	return tree->entered[above] != 0 && tree->entered[node] > tree->entered[above] &&
		   tree->entered[node] < tree->left[above];
}

/* Is this dependency one of the graph?  Names what is wrong with it. */
static bool check_edge(struct plan_tree *tree, const struct plan_edge *edge, struct map *told,
					   struct graph_edge *between)
{
	if (edge->type == DEPENDENCY_CONDITIONAL && (edge->condition == NULL || edge->condition[0] == '\0'))
		problem2(tree, "condition_missing", edge->from, edge->to);
	bool from = present(tree, told, edge->from, &between->from), to = present(tree, told, edge->to, &between->to);
	if (!from || !to)
		return false;
	if (between->from == between->to) {
		problem1(tree, "self_dependency", edge->from);
		return false;
	}
	if (below(tree, between->to, between->from) || below(tree, between->from, between->to)) {
		problem2(tree, "descendant_dependency", edge->from, edge->to);
		return false;
	}
	return true;
}

/* One pass of a counting sort, which keeps what is equal in its order. */
static void sort_pass(const struct graph_edge *from, struct graph_edge *to, size_t count, uint32_t *first,
					  uint32_t nodes, bool by_to)
{
	memset(first, 0, ((size_t)nodes + 1) * sizeof *first);
	for (size_t i = 0; i < count; i++)
		first[(by_to ? from[i].to : from[i].from) + 1]++;
	for (uint32_t i = 0; i < nodes; i++)
		first[i + 1] += first[i];
	for (size_t i = 0; i < count; i++)
		to[first[by_to ? from[i].to : from[i].from]++] = from[i];
}

/* By where they begin, then by where they end; linear. */
static bool sort_edges(struct plan_tree *tree, struct graph_edge *edges, size_t count, uint32_t nodes)
{
	struct graph_edge *other = arena_array(tree->arena, count + 1, sizeof *other);
	uint32_t *first = arena_array(tree->arena, (size_t)nodes + 1, sizeof *first);
	if (other == NULL || first == NULL)
		return false;
	sort_pass(edges, other, count, first, nodes, true);
	sort_pass(other, edges, count, first, nodes, false);
	return true;
}

/* Of sorted ones each once; those that stood twice are named. */
static size_t drop_doubles(struct plan_tree *tree, struct graph_edge *edges, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && edges[kept - 1].from == edges[i].from && edges[kept - 1].to == edges[i].to)
			problem2(tree, "duplicate_dependency", tree->input->nodes[edges[i].from].id,
					 tree->input->nodes[edges[i].to].id);
		else
			edges[kept++] = edges[i];
	}
	return kept;
}

/* From nodes to vertices, and the edges of the tree itself. */
static size_t add_gates(const struct plan_tree *tree, struct graph_edge *edges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		edges[i] = (struct graph_edge){tree->end[edges[i].from], tree->begin[edges[i].to]};
	for (uint32_t i = 0; i < tree->input->node_count; i++) {
		uint32_t parent = tree->parent[i];
		if (parent == PLAN_NONE || tree->depth[i] == PLAN_NONE)
			continue;
		edges[count++] = (struct graph_edge){tree->begin[parent], tree->begin[i]};
		edges[count++] = (struct graph_edge){tree->end[i], tree->end[parent]};
	}
	return count;
}

bool plan_read_graph(struct plan_tree *tree)
{
	const struct plan_input *input = tree->input;
	struct graph_edge *edges = arena_array(tree->arena, input->edge_count + 2 * input->node_count + 1, sizeof *edges);
	struct map told;
	size_t count = 0;
	if (edges == NULL)
		return false;
	map_init(&told, tree->arena, (const uint64_t[]){0x746f6c64, input->edge_count});
	for (size_t i = 0; i < input->edge_count; i++)
		count += check_edge(tree, &input->edges[i], &told, &edges[count]);
	if (!sort_edges(tree, edges, count, (uint32_t)input->node_count))
		return false;
	count = add_gates(tree, edges, drop_doubles(tree, edges, count));
	return sort_edges(tree, edges, count, tree->vertices) &&
		   graph_build(tree->arena, tree->vertices, edges, count, &tree->graph);
}

/* --- parts of it --- */

bool plan_shape(struct arena *arena, const struct plan_input *input, uint32_t *depth, uint32_t *children)
{
	struct plan unheard = {.valid = false};
	struct plan_tree tree = {.input = input, .arena = arena, .plan = &unheard};
	if (!plan_read_tree(&tree))
		return false;
	memcpy(depth, tree.depth, input->node_count * sizeof *depth);
	memcpy(children, tree.children, input->node_count * sizeof *children);
	return !arena->full;
}

/* The name of a pair in a set of pairs. */
static const char *pair_name(const struct plan_tree *tree, struct graph_edge pair)
{
	return arena_printf(tree->arena, "%x %x", pair.from, pair.to);
}

bool plan_sift(struct arena *arena, const struct plan_input *input, const struct plan_edge *edges, size_t count,
			   bool *sound, struct plan *plan)
{
	struct plan unheard = {.valid = false};
	struct plan_tree tree = {.input = input, .arena = arena, .plan = &unheard};
	struct map told, pairs;
	struct graph_edge pair;
	*plan = (struct plan){.valid = false};
	if (!plan_read_tree(&tree))
		return false;
	map_init(&told, arena, (const uint64_t[]){0x746f6c64, count});
	map_init(&pairs, arena, (const uint64_t[]){0x70616972, count});
	for (size_t i = 0; i < input->edge_count && !arena->full; i++)
		if (check_edge(&tree, &input->edges[i], &told, &pair))
			map_set(&pairs, pair_name(&tree, pair), &pairs, NULL);
	tree.plan = plan;
	tree.problem_room = 0;
	map_init(&told, arena, (const uint64_t[]){0x746f6c64, count});
	for (size_t i = 0; i < count && !arena->full; i++) {
		size_t before = plan->problems.count;
		void *twice = NULL;
		sound[i] = check_edge(&tree, &edges[i], &told, &pair) && plan->problems.count == before;
		if (sound[i] && map_set(&pairs, pair_name(&tree, pair), &pairs, &twice) && twice != NULL) {
			problem2(&tree, "duplicate_dependency", edges[i].from, edges[i].to);
			sound[i] = false;
		}
	}
	return !arena->full;
}
