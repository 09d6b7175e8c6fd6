#include "flow/domain/graph.h"

#include <string.h>

#include "core/arena.h"
#include "core/must.h"

/* --- building --- */

/* Counting sort of the edges by one end. */
static bool spread(struct arena *arena, uint32_t nodes, const struct graph_edge *edges, size_t count, bool out,
				   uint32_t **first, uint32_t **list)
{
	*first = arena_array(arena, (size_t)nodes + 2, sizeof **first);
	*list = arena_array(arena, count + 1, sizeof **list);
	if (*first == NULL || *list == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		(*first)[(out ? edges[i].from : edges[i].to) + 2]++;
	for (uint32_t i = 0; i < nodes; i++)
		(*first)[i + 2] += (*first)[i + 1];
	for (size_t i = 0; i < count; i++)
		(*list)[(*first)[(out ? edges[i].from : edges[i].to) + 1]++] = out ? edges[i].to : edges[i].from;
	return true;
}

bool graph_build(struct arena *arena, uint32_t nodes, const struct graph_edge *edges, size_t count, struct graph *graph)
{
	must(nodes <= GRAPH_NODES_MAX);
	for (size_t i = 0; i < count; i++)
		must(edges[i].from < nodes && edges[i].to < nodes);
	*graph = (struct graph){.nodes = nodes};
	return spread(arena, nodes, edges, count, true, &graph->out_first, &graph->out) &&
		   spread(arena, nodes, edges, count, false, &graph->in_first, &graph->in);
}

/* --- order --- */

struct heap {
	uint32_t *items, count;
};

static void heap_push(struct heap *heap, uint32_t item)
{
	uint32_t at = heap->count++;
	for (; at > 0 && heap->items[(at - 1) / 2] > item; at = (at - 1) / 2)
		heap->items[at] = heap->items[(at - 1) / 2];
	heap->items[at] = item;
}

static uint32_t heap_pop(struct heap *heap)
{
	uint32_t top = heap->items[0], last = heap->items[--heap->count], at = 0;
	for (uint32_t child; (child = 2 * at + 1) < heap->count; at = child) {
		child += child + 1 < heap->count && heap->items[child + 1] < heap->items[child];
		if (heap->items[child] >= last)
			break;
		heap->items[at] = heap->items[child];
	}
	heap->items[at] = last;
	return top;
}

uint32_t graph_order(struct arena *arena, const struct graph *graph, uint32_t *order)
{
	uint32_t *waits = arena_array(arena, (size_t)graph->nodes + 1, sizeof *waits), done = 0;
	struct heap heap = {.items = arena_array(arena, (size_t)graph->nodes + 1, sizeof *heap.items)};
	if (waits == NULL || heap.items == NULL)
		return 0;
	for (uint32_t i = 0; i < graph->nodes; i++) {
		waits[i] = graph->in_first[i + 1] - graph->in_first[i];
		if (waits[i] == 0)
			heap_push(&heap, i);
	}
	while (heap.count > 0) {
		uint32_t node = heap_pop(&heap);
		order[done++] = node;
		for (uint32_t i = graph->out_first[node]; i < graph->out_first[node + 1]; i++)
			if (--waits[graph->out[i]] == 0)
				heap_push(&heap, graph->out[i]);
	}
	return done;
}

/* --- circles --- */

/*
 * REF: Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972): strongly connected
 * components, here with a stack of our own
 */
struct tarjan {
	const struct graph *graph;
	uint32_t *number, *low, *next, *stack, *path, *component; /* numbers and components from 1; 0: not yet */
	uint32_t numbered, stacked, deep, components;
};

static void enter(struct tarjan *t, uint32_t node)
{
	t->number[node] = t->low[node] = ++t->numbered;
	t->next[node] = t->graph->out_first[node];
	t->stack[t->stacked++] = node;
	t->path[t->deep++] = node;
}

static void leave(struct tarjan *t, uint32_t node)
{
	t->deep--;
	if (t->deep > 0 && t->low[node] < t->low[t->path[t->deep - 1]])
		t->low[t->path[t->deep - 1]] = t->low[node];
	if (t->low[node] != t->number[node])
		return;
	t->components++;
	uint32_t member;
	do {
		member = t->stack[--t->stacked];
		t->component[member] = t->components;
	} while (member != node);
}

static void visit(struct tarjan *t, uint32_t root)
{
	enter(t, root);
	while (t->deep > 0) {
		uint32_t node = t->path[t->deep - 1];
		if (t->next[node] == t->graph->out_first[node + 1]) {
			leave(t, node);
			continue;
		}
		uint32_t to = t->graph->out[t->next[node]++];
		if (t->number[to] == 0)
			enter(t, to);
		else if (t->component[to] == 0 && t->number[to] < t->low[node])
			t->low[node] = t->number[to];
	}
}

/* The component of each node, from 1; NULL: no memory. */
static const uint32_t *components(struct arena *arena, const struct graph *graph)
{
	size_t size = (size_t)graph->nodes + 1;
	uint32_t *all = arena_array(arena, size * 6, sizeof *all);
	if (all == NULL)
		return NULL;
	struct tarjan t = {.graph = graph,
					   .number = all,
					   .low = all + size,
					   .next = all + 2 * size,
					   .stack = all + 3 * size,
					   .path = all + 4 * size,
					   .component = all + 5 * size};
	for (uint32_t i = 0; i < graph->nodes; i++)
		if (t.number[i] == 0)
			visit(&t, i);
	return t.component;
}

/* Breadth first from `start` inside of its component until an edge leads back; came[i]: from where, + 1. */
static uint32_t last_of_circle(const struct graph *graph, const uint32_t *component, uint32_t start, uint32_t *came,
							   uint32_t *queue)
{
	uint32_t head = 0, tail = 0;
	queue[tail++] = start;
	while (head < tail) {
		uint32_t node = queue[head++];
		for (uint32_t i = graph->out_first[node]; i < graph->out_first[node + 1]; i++) {
			uint32_t to = graph->out[i];
			if (to == start)
				return node;
			if (component[to] == component[start] && came[to] == 0) {
				came[to] = node + 1;
				queue[tail++] = to;
			}
		}
	}
	return UINT32_MAX;
}

static bool write_circle(struct arena *arena, const uint32_t *came, uint32_t start, uint32_t last,
						 struct graph_cycle *cycle)
{
	uint32_t count = 1;
	for (uint32_t at = last; at != start; at = came[at] - 1)
		count++;
	uint32_t *nodes = arena_array(arena, count, sizeof *nodes);
	if (nodes == NULL)
		return false;
	*cycle = (struct graph_cycle){.count = count, .nodes = nodes};
	for (uint32_t at = last; count > 0; at = came[at] - 1) {
		nodes[--count] = at;
		if (at == start)
			break;
	}
	return true;
}

size_t graph_cycles(struct arena *arena, const struct graph *graph, const struct graph_cycle **cycles)
{
	const uint32_t *component = components(arena, graph);
	struct graph_cycle *found = arena_array(arena, GRAPH_CYCLES_MAX, sizeof *found);
	uint32_t *came = arena_array(arena, 2 * (size_t)graph->nodes + 1, sizeof *came);
	bool *done = arena_array(arena, (size_t)graph->nodes + 2, sizeof *done);
	size_t count = 0;
	*cycles = found;
	if (component == NULL || found == NULL || came == NULL || done == NULL)
		return 0;
	/* Components do not overlap, so `came` is never read from an older search; all searches together are linear. */
	for (uint32_t i = 0; i < graph->nodes && count < GRAPH_CYCLES_MAX; i++) {
		if (done[component[i]])
			continue;
		done[component[i]] = true;
		uint32_t last = last_of_circle(graph, component, i, came, came + graph->nodes);
		if (last != UINT32_MAX && write_circle(arena, came, i, last, &found[count]))
			count++;
	}
	return count;
}

/* --- paths --- */

struct reach {
	double weight;
	uint32_t nodes, before; /* nodes of the path to here; UINT32_MAX: it begins here */
};

static bool longer(const struct reach *a, const struct reach *b)
{
	return a->weight != b->weight ? a->weight > b->weight : a->nodes > b->nodes;
}

static void extend_path(const struct graph *graph, struct reach *reach, uint32_t node, double weight)
{
	struct reach best = {.before = UINT32_MAX};
	for (uint32_t i = graph->in_first[node]; i < graph->in_first[node + 1]; i++) {
		uint32_t before = graph->in[i];
		bool better = best.before == UINT32_MAX || longer(&reach[before], &best) ||
					  (!longer(&best, &reach[before]) && before < best.before);
		if (better)
			best = (struct reach){.weight = reach[before].weight, .nodes = reach[before].nodes, .before = before};
	}
	reach[node] = (struct reach){.weight = best.weight + weight, .nodes = best.nodes + 1, .before = best.before};
}

bool graph_longest(struct arena *arena, const struct graph *graph, const uint32_t *order, const double *weights,
				   struct graph_cycle *path, double *weight)
{
	struct reach *reach = arena_array(arena, (size_t)graph->nodes + 1, sizeof *reach);
	if (reach == NULL)
		return false;
	uint32_t end = UINT32_MAX;
	for (uint32_t i = 0; i < graph->nodes; i++)
		extend_path(graph, reach, order[i], weights != NULL ? weights[order[i]] : 1);
	for (uint32_t i = 0; i < graph->nodes; i++)
		if (end == UINT32_MAX || longer(&reach[i], &reach[end]))
			end = i;
	*path = (struct graph_cycle){.count = 0};
	*weight = 0;
	if (end == UINT32_MAX)
		return true;
	uint32_t count = reach[end].nodes, *nodes = arena_array(arena, count, sizeof *nodes);
	if (nodes == NULL)
		return false;
	*path = (struct graph_cycle){.count = count, .nodes = nodes};
	*weight = reach[end].weight;
	for (uint32_t at = end; at != UINT32_MAX; at = reach[at].before)
		nodes[--count] = at;
	return true;
}

uint32_t graph_width(struct arena *arena, const struct graph *graph, const uint32_t *order)
{
	uint32_t *level = arena_array(arena, (size_t)graph->nodes + 1, sizeof *level);
	uint32_t *width = arena_array(arena, (size_t)graph->nodes + 1, sizeof *width), most = 0;
	if (level == NULL || width == NULL)
		return 0;
	for (uint32_t i = 0; i < graph->nodes; i++) {
		uint32_t node = order[i];
		for (uint32_t k = graph->out_first[node]; k < graph->out_first[node + 1]; k++)
			if (level[graph->out[k]] <= level[node])
				level[graph->out[k]] = level[node] + 1;
		if (++width[level[node]] > most)
			most = width[level[node]];
	}
	return most;
}

/* --- what lies above what --- */

enum { LANES = 64 };

static void flow_down(const struct graph *graph, const uint32_t *order, uint64_t *above)
{
	for (uint32_t i = 0; i < graph->nodes; i++) {
		uint64_t lanes = above[order[i]];
		for (uint32_t k = graph->out_first[order[i]]; lanes != 0 && k < graph->out_first[order[i] + 1]; k++)
			above[graph->out[k]] |= lanes;
	}
}

bool graph_reaches(struct arena *arena, const struct graph *graph, const uint32_t *order,
				   const struct graph_edge *pairs, size_t count, bool *answers)
{
	uint64_t *above = arena_array(arena, (size_t)graph->nodes + 1, sizeof *above);
	uint32_t *lane = arena_array(arena, (size_t)graph->nodes + 1, sizeof *lane); /* of a `from`, from 1 */
	uint32_t *froms = arena_array(arena, count + 1, sizeof *froms), lanes = 0;
	if (above == NULL || lane == NULL || froms == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (lane[pairs[i].from] == 0) {
			froms[lanes] = pairs[i].from;
			lane[pairs[i].from] = ++lanes;
		}
	for (uint32_t base = 0; base < lanes; base += LANES) {
		memset(above, 0, graph->nodes * sizeof *above);
		for (uint32_t i = 0; i < LANES && base + i < lanes; i++)
			above[froms[base + i]] |= UINT64_C(1) << i;
		flow_down(graph, order, above);
		for (size_t i = 0; i < count; i++) {
			uint32_t number = lane[pairs[i].from] - 1;
			if (number >= base && number < base + LANES)
				answers[i] = pairs[i].from != pairs[i].to && (above[pairs[i].to] >> (number - base) & 1) != 0;
		}
	}
	return true;
}
