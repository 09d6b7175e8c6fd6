#include <math.h>

#include "core/arena.h"
#include "flow/domain/plan_parts.h"

/* What is under way: leaves by their end, and which worker has which. */
struct desk {
	struct plan_tree *tree;
	struct plan_slot *slots;
	uint32_t *waits, *gates, gate_count;
	struct plan_heap ready, running, idle;
	double *end_s, *urgency;
};

static void unlock(struct desk *desk, uint32_t vertex)
{
	if (vertex < desk->tree->leaves)
		plan_push(&desk->ready, vertex);
	else
		desk->gates[desk->gate_count++] = vertex;
}

static void pass(struct desk *desk, uint32_t vertex)
{
	const struct graph *graph = &desk->tree->graph;
	for (uint32_t i = graph->out_first[vertex]; i < graph->out_first[vertex + 1]; i++)
		if (--desk->waits[graph->out[i]] == 0)
			unlock(desk, graph->out[i]);
}

static void pass_gates(struct desk *desk)
{
	while (desk->gate_count > 0)
		pass(desk, desk->gates[--desk->gate_count]);
}

static void assign(struct desk *desk, double now)
{
	while (desk->ready.count > 0 && desk->idle.count > 0) {
		uint32_t leaf = plan_pop(&desk->ready), worker = plan_pop(&desk->idle);
		struct plan_slot *slot = &desk->slots[leaf];
		slot->start_s = now;
		slot->end_s = desk->end_s[leaf] = now + plan_leaf_s(desk->tree, leaf);
		slot->worker = worker;
		plan_push(&desk->running, leaf);
	}
}

static bool open_desk(struct desk *desk, const struct plan_times *times)
{
	struct plan_tree *tree = desk->tree;
	size_t size = (size_t)tree->vertices + 1, workers = tree->input->workers;
	uint32_t *numbers = arena_array(tree->arena, 4 * size + workers, sizeof *numbers);
	double *figures = arena_array(tree->arena, 2 * size, sizeof *figures);
	if (numbers == NULL || figures == NULL)
		return false;
	desk->waits = numbers;
	desk->gates = numbers + size;
	desk->end_s = figures;
	desk->urgency = figures + size;
	desk->ready = (struct plan_heap){.items = numbers + 2 * size, .key = desk->urgency};
	desk->running = (struct plan_heap){.items = numbers + 3 * size, .key = desk->end_s};
	desk->idle = (struct plan_heap){.items = numbers + 4 * size};
	for (uint32_t i = 0; i < workers; i++)
		plan_push(&desk->idle, i);
	for (uint32_t i = 0; i < tree->vertices; i++) {
		desk->urgency[i] = -times->tail[i];
		desk->waits[i] = tree->graph.in_first[i + 1] - tree->graph.in_first[i];
		if (desk->waits[i] == 0)
			unlock(desk, i);
	}
	return true;
}

/* REF: Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969): list scheduling */
bool plan_on_workers(struct plan_tree *tree, const struct plan_times *times, struct plan_slot *slots,
					 double *makespan_s)
{
	struct desk desk = {.tree = tree, .slots = slots};
	double now = 0;
	if (!open_desk(&desk, times))
		return false;
	pass_gates(&desk);
	assign(&desk, now);
	while (desk.running.count > 0) {
		now = desk.end_s[desk.running.items[0]];
		while (desk.running.count > 0 && desk.end_s[desk.running.items[0]] <= now) {
			uint32_t leaf = plan_pop(&desk.running);
			plan_push(&desk.idle, (uint32_t)slots[leaf].worker);
			pass(&desk, leaf);
			pass_gates(&desk);
		}
		assign(&desk, now);
	}
	*makespan_s = now;
	return true;
}
