#include "flow/domain/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "flow/domain/plan_parts.h"

/* --- a heap --- */

static bool before(const struct plan_heap *heap, uint32_t a, uint32_t b)
{
	if (heap->key != NULL && heap->key[a] != heap->key[b])
		return heap->key[a] < heap->key[b];
	return a < b;
}

void plan_push(struct plan_heap *heap, uint32_t item)
{
	uint32_t at = heap->count++;
	for (; at > 0 && before(heap, item, heap->items[(at - 1) / 2]); at = (at - 1) / 2)
		heap->items[at] = heap->items[(at - 1) / 2];
	heap->items[at] = item;
}

uint32_t plan_pop(struct plan_heap *heap)
{
	uint32_t top = heap->items[0], last = heap->items[--heap->count], at = 0;
	for (uint32_t child; (child = 2 * at + 1) < heap->count; at = child) {
		child += child + 1 < heap->count && before(heap, heap->items[child + 1], heap->items[child]);
		if (!before(heap, heap->items[child], last))
			break;
		heap->items[at] = heap->items[child];
	}
	heap->items[at] = last;
	return top;
}

/* --- order --- */

/* Gates take no time: they are passed as soon as they can be, so that a leaf is ready when its leaves are done. */
bool plan_order(struct plan_tree *tree, uint32_t *leaves, uint32_t *vertices, bool *ordered)
{
	const struct graph *graph = &tree->graph;
	uint32_t *waits = arena_array(tree->arena, 3 * ((size_t)tree->vertices + 1), sizeof *waits);
	if (waits == NULL)
		return false;
	uint32_t *gates = waits + tree->vertices + 1, gate_count = 0, leaf_count = 0, done = 0;
	struct plan_heap ready = {.items = gates + tree->vertices + 1};
	for (uint32_t i = 0; i < tree->vertices; i++) {
		waits[i] = graph->in_first[i + 1] - graph->in_first[i];
		if (waits[i] == 0 && i < tree->leaves)
			plan_push(&ready, i);
		else if (waits[i] == 0)
			gates[gate_count++] = i;
	}
	while (gate_count > 0 || ready.count > 0) {
		uint32_t at = gate_count > 0 ? gates[--gate_count] : plan_pop(&ready);
		vertices[done++] = at;
		if (at < tree->leaves)
			leaves[leaf_count++] = at;
		for (uint32_t i = graph->out_first[at]; i < graph->out_first[at + 1]; i++) {
			uint32_t to = graph->out[i];
			if (--waits[to] > 0)
				continue;
			if (to < tree->leaves)
				plan_push(&ready, to);
			else
				gates[gate_count++] = to;
		}
	}
	*ordered = done == tree->vertices;
	return true;
}

/* --- circles --- */

/*
 * The shortest way from a leaf back to itself, counted in leaves: gates cost nothing, so what is behind them is looked
 * at first.  Ways that leave the leaf's own component never come back and end by themselves.
 */
static uint32_t way_back(const struct plan_tree *tree, uint32_t start, uint32_t *came, uint32_t *now, uint32_t *next)
{
	const struct graph *graph = &tree->graph;
	uint32_t now_count = 0, next_count = 0;
	now[now_count++] = start;
	while (now_count > 0) {
		for (uint32_t k = 0; k < now_count; k++)
			for (uint32_t i = graph->out_first[now[k]]; i < graph->out_first[now[k] + 1]; i++) {
				uint32_t to = graph->out[i];
				if (to == start)
					return now[k];
				if (came[to] != 0)
					continue;
				came[to] = now[k] + 1;
				if (to < tree->leaves)
					next[next_count++] = to;
				else
					now[now_count++] = to;
			}
		uint32_t *swap = now;
		now = next;
		next = swap;
		now_count = next_count;
		next_count = 0;
	}
	return PLAN_NONE;
}

static void name_circle(struct plan_tree *tree, const uint32_t *path, uint32_t count)
{
	struct plan *plan = tree->plan;
	const char **ids = arena_array(tree->arena, (size_t)count + 1, sizeof *ids);
	struct buf buf;
	if (ids == NULL)
		return;
	buf_init(&buf, 0);
	for (uint32_t i = 0; i < count; i++) {
		ids[i] = plan_leaf_id(tree, path[i]);
		buf_adds(&buf, ids[i]);
		buf_adds(&buf, " -> ");
	}
	ids[count] = ids[0];
	buf_adds(&buf, ids[0]);
	const char *text = buf_ok(&buf) ? arena_dupn(tree->arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	if (text != NULL)
		plan->cycles.items[plan->cycles.count++] = text;
	plan_problem(tree, "cycle", ids, (size_t)count + 1);
}

/* Each component's circle as graph.h finds it begins at its smallest leaf; from there the one of the fewest leaves. */
static bool find_circles(struct plan_tree *tree)
{
	const struct graph_cycle *circles;
	size_t size = (size_t)tree->vertices + 1, count = graph_cycles(tree->arena, &tree->graph, &circles);
	uint32_t *came = arena_array(tree->arena, 4 * size, sizeof *came), *path = NULL;
	tree->plan->cycles.items = arena_array(tree->arena, count + 1, sizeof *tree->plan->cycles.items);
	if (came == NULL || tree->plan->cycles.items == NULL)
		return false;
	path = came + 3 * size;
	for (size_t i = 0; i < count; i++) {
		uint32_t start = circles[i].nodes[0], steps = 0;
		memset(came, 0, size * sizeof *came);
		for (uint32_t at = way_back(tree, start, came, came + size, came + 2 * size); at != PLAN_NONE && at != start;
			 at = came[at] - 1)
			if (at < tree->leaves)
				path[size - 1 - ++steps] = at;
		path[size - 1 - ++steps] = start;
		name_circle(tree, path + size - 1 - steps, steps);
	}
	return !tree->arena->full;
}

/* --- times --- */

static double own_s(const struct plan_tree *tree, uint32_t vertex)
{
	return vertex < tree->leaves ? plan_leaf_s(tree, vertex) : 0;
}

/* A leaf is waited for itself, a gate for whatever it waited for. */
static void wait_for(const struct plan_tree *tree, struct plan_times *t, uint32_t at)
{
	const struct graph *graph = &tree->graph;
	uint32_t last = PLAN_NONE;
	double start = 0;
	for (uint32_t i = graph->in_first[at]; i < graph->in_first[at + 1]; i++) {
		uint32_t from = graph->in[i], leaf = from < tree->leaves ? from : t->last[from];
		if (leaf == PLAN_NONE)
			continue;
		bool later = last == PLAN_NONE || t->finish[from] > start || (t->finish[from] >= start && leaf < last);
		if (later) {
			last = leaf;
			start = t->finish[from];
		}
	}
	t->last[at] = last;
	t->start[at] = start;
	t->finish[at] = start + own_s(tree, at);
}

bool plan_time(struct plan_tree *tree, const uint32_t *order, struct plan_times *t)
{
	const struct graph *graph = &tree->graph;
	size_t size = (size_t)tree->vertices + 1;
	t->start = arena_array(tree->arena, 3 * size, sizeof *t->start);
	t->last = arena_array(tree->arena, size, sizeof *t->last);
	if (t->start == NULL || t->last == NULL)
		return false;
	t->finish = t->start + size;
	t->tail = t->finish + size;
	t->length = 0;
	for (uint32_t i = 0; i < tree->vertices; i++) {
		wait_for(tree, t, order[i]);
		t->length = fmax(t->length, t->finish[order[i]]);
	}
	for (uint32_t i = tree->vertices; i-- > 0;) {
		double behind = 0;
		for (uint32_t k = graph->out_first[order[i]]; k < graph->out_first[order[i] + 1]; k++)
			behind = fmax(behind, t->tail[graph->out[k]]);
		t->tail[order[i]] = behind + own_s(tree, order[i]);
	}
	return true;
}

static bool trace_critical(struct plan_tree *tree, const struct plan_times *t)
{
	struct plan *plan = tree->plan;
	uint32_t end = PLAN_NONE, count = 0;
	for (uint32_t i = 0; i < tree->leaves; i++)
		if (end == PLAN_NONE || t->finish[i] > t->finish[end])
			end = i;
	for (uint32_t at = end; at != PLAN_NONE; at = t->last[at])
		count++;
	plan->critical_path.items = arena_array(tree->arena, (size_t)count + 1, sizeof *plan->critical_path.items);
	if (plan->critical_path.items == NULL)
		return false;
	plan->critical_path.count = count;
	for (uint32_t at = end; at != PLAN_NONE; at = t->last[at])
		plan->critical_path.items[--count] = plan_leaf_id(tree, at);
	plan->critical_path_s = plan->makespan_s = t->length;
	return true;
}

/* Leaves on the longest way counted in leaves. */
static bool count_levels(struct plan_tree *tree, const uint32_t *order)
{
	const struct graph *graph = &tree->graph;
	uint32_t *level = arena_array(tree->arena, (size_t)tree->vertices + 1, sizeof *level), most = 0;
	if (level == NULL)
		return false;
	for (uint32_t i = 0; i < tree->vertices; i++) {
		uint32_t at = order[i];
		level[at] += at < tree->leaves;
		most = level[at] > most ? level[at] : most;
		for (uint32_t k = graph->out_first[at]; k < graph->out_first[at + 1]; k++)
			if (level[graph->out[k]] < level[at])
				level[graph->out[k]] = level[at];
	}
	tree->plan->levels = most;
	return true;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/*
 * The most leaves at once: at each start, those that began at it or before, less those that ended at it or before.  One
 * without duration counts at its own moment.
 */
static bool count_parallel(struct plan_tree *tree, const struct plan_times *t)
{
	double *starts = arena_array(tree->arena, 3 * ((size_t)tree->leaves + 1), sizeof *starts);
	if (starts == NULL)
		return false;
	double *ends = starts + tree->leaves + 1, *moments = ends + tree->leaves + 1;
	uint32_t lasting = 0, instant = 0, ended = 0;
	int64_t most = 0;
	for (uint32_t i = 0; i < tree->leaves; i++) {
		if (t->finish[i] > t->start[i]) {
			starts[lasting] = t->start[i];
			ends[lasting++] = t->finish[i];
		} else {
			moments[instant++] = t->start[i];
		}
	}
	qsort(starts, lasting, sizeof *starts, ascending);
	qsort(ends, lasting, sizeof *ends, ascending);
	qsort(moments, instant, sizeof *moments, ascending);
	for (uint32_t begun = 0, passed = 0; begun < lasting || passed < instant;) {
		double now = begun == lasting                  ? moments[passed]
					 : passed == instant               ? starts[begun]
					 : starts[begun] < moments[passed] ? starts[begun]
													   : moments[passed];
		uint32_t here = 0;
		for (; begun < lasting && starts[begun] <= now; begun++)
			;
		for (; passed < instant && moments[passed] <= now; passed++)
			here++;
		for (; ended < lasting && ends[ended] <= now; ended++)
			;
		int64_t running = (int64_t)begun - ended + here;
		most = running > most ? running : most;
	}
	tree->plan->max_parallelism = most;
	return true;
}

/* --- the whole --- */

static int by_start(const void *a, const void *b)
{
	const struct plan_slot *x = a, *y = b;
	return x->start_s != y->start_s ? (x->start_s > y->start_s) - (x->start_s < y->start_s)
									: strcmp(x->node_id, y->node_id);
}

static bool write_schedule(struct plan_tree *tree, const struct plan_times *t)
{
	struct plan *plan = tree->plan;
	struct plan_slot *slots = arena_array(tree->arena, (size_t)tree->leaves + 1, sizeof *slots);
	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < tree->leaves; i++) {
		double slack = t->length - t->tail[i] - t->start[i];
		slots[i] = (struct plan_slot){plan_leaf_id(tree, i), t->start[i], t->finish[i], fmax(slack, 0), -1};
	}
	if (tree->input->workers > 0 && !plan_on_workers(tree, t, slots, &plan->makespan_s))
		return false;
	qsort(slots, tree->leaves, sizeof *slots, by_start);
	plan->schedule.items = slots;
	plan->schedule.count = tree->leaves;
	return true;
}

static bool write_order(struct plan_tree *tree, const uint32_t *leaves)
{
	struct plan *plan = tree->plan;
	plan->topological_order.items =
		arena_array(tree->arena, (size_t)tree->leaves + 1, sizeof *plan->topological_order.items);
	if (plan->topological_order.items == NULL)
		return false;
	for (uint32_t i = 0; i < tree->leaves; i++)
		plan->topological_order.items[plan->topological_order.count++] = plan_leaf_id(tree, leaves[i]);
	return true;
}

/* Whether it is sound, and in which order: what schedules need, and what validity is. */
static bool check(struct plan_tree *tree, uint32_t **leaves, uint32_t **vertices)
{
	if (!plan_read_tree(tree) || !plan_read_graph(tree))
		return false;
	*leaves = arena_array(tree->arena, (size_t)tree->leaves + 1, sizeof **leaves);
	*vertices = arena_array(tree->arena, (size_t)tree->vertices + 1, sizeof **vertices);
	if (*leaves == NULL || *vertices == NULL || !plan_order(tree, *leaves, *vertices, &tree->plan->ordered))
		return false;
	return tree->plan->ordered ? write_order(tree, *leaves) : find_circles(tree);
}

static bool fill(struct plan_tree *tree)
{
	uint32_t *leaves, *vertices;
	struct plan_times times;
	if (!check(tree, &leaves, &vertices))
		return false;
	return !tree->plan->ordered ||
		   (plan_time(tree, vertices, &times) && trace_critical(tree, &times) && count_levels(tree, vertices) &&
			count_parallel(tree, &times) && write_schedule(tree, &times));
}

bool plan_check(struct arena *arena, const struct plan_input *input, struct plan *plan)
{
	struct plan_tree tree = {.input = input, .arena = arena, .plan = plan};
	uint32_t *leaves, *vertices;
	*plan = (struct plan){.valid = false};
	if (!check(&tree, &leaves, &vertices) || arena->full)
		return false;
	plan->valid = plan->problems.count == 0;
	return true;
}

bool plan_make(struct arena *arena, const struct plan_input *input, struct plan *plan)
{
	struct plan_tree tree = {.input = input, .arena = arena, .plan = plan};
	*plan = (struct plan){.valid = false};
	if (!fill(&tree) || arena->full)
		return false;
	plan->valid = plan->problems.count == 0;
	return true;
}
