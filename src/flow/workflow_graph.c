/* GET …/versions/{version}/graph: what follows what [flow.md 4]. */
#include "flow/workflow_graph.h"

#include <string.h>

#include "core/arena.h"
#include "core/jw.h"
#include "flow/domain/graph.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_find.h"

static const char *const type_names[] = {
	[IR_DO] = "do",
	[IR_SET] = "set",
	[IR_SWITCH] = "switch",
	[IR_FOR] = "for",
	[IR_FORK] = "fork",
	[IR_RAISE] = "raise",
	[IR_EMIT] = "emit",
	[IR_LISTEN] = "listen",
	[IR_WAIT] = "wait",
	[IR_TRY] = "try",
	[IR_CALL] = "call",
	[IR_RUN_WORKFLOW] = "run.workflow",
	[IR_RUN_SHELL] = "run.shell",
	[IR_RUN_SCRIPT] = "run.script",
	[IR_DAG_STEPS] = "steps",
};

struct numbers {
	uint32_t *items;
	size_t count, room;
};

struct map_maker {
	struct arena *arena;
	const struct ir_task **nodes;
	uint32_t *place; /* of a task by its number, + 1 */
	uint32_t count;
	struct graph_edge *edges;
	size_t edges_count, edges_room;
};

static bool grow(struct arena *arena, void **items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room == 0 ? 32 : 2 * *room;
	void *grown = arena_array(arena, more, size);
	if (grown == NULL)
		return false;
	if (count > 0)
		memcpy(grown, *items, count * size);
	*items = grown;
	*room = more;
	return true;
}

static void add_number(struct map_maker *m, struct numbers *numbers, uint32_t number)
{
	if (grow(m->arena, (void **)&numbers->items, numbers->count, &numbers->room, sizeof *numbers->items))
		numbers->items[numbers->count++] = number;
}

static void add_all(struct map_maker *m, struct numbers *into, const struct numbers *from)
{
	for (size_t i = 0; i < from->count; i++)
		add_number(m, into, from->items[i]);
}

static void add_edge(struct map_maker *m, uint32_t from, uint32_t to)
{
	if (grow(m->arena, (void **)&m->edges, m->edges_count, &m->edges_room, sizeof *m->edges))
		m->edges[m->edges_count++] = (struct graph_edge){.from = from, .to = to};
}

static uint32_t place_of(const struct map_maker *m, const struct ir_task *task)
{
	return m->place[task->number] - 1;
}

/* --- the language: nodes in document order --- */

static void place_tasks(struct map_maker *m, const struct ir_block *block)
{
	for (uint32_t i = 0; i < block->count; i++) {
		const struct ir_block *inside[2] = {NULL, NULL};
		m->nodes[m->count] = &block->tasks[i];
		m->place[block->tasks[i].number] = ++m->count;
		size_t blocks = ir_blocks(&block->tasks[i], inside);
		for (size_t k = 0; k < blocks; k++)
			place_tasks(m, inside[k]);
	}
}

/* --- the language: where each task leads --- */

static void link_block(struct map_maker *m, const struct ir_block *block, uint32_t from, struct numbers *ends);

/* From what a task ends with to where `next` says; what leaves the list goes to `ends`. */
static void follow(struct map_maker *m, const struct ir_block *block, uint32_t i, const struct ir_next *next,
				   const struct numbers *from, struct numbers *ends)
{
	bool on = next->then == IR_CONTINUE && i + 1 < block->count;
	if (next->then == IR_END)
		return;
	if (!on && next->then != IR_GOTO) {
		add_all(m, ends, from);
		return;
	}
	const struct ir_task *to = &block->tasks[on ? i + 1 : next->index];
	for (size_t k = 0; k < from->count; k++)
		add_edge(m, from->items[k], place_of(m, to));
}

static void link_branches(struct map_maker *m, const struct ir_block *branches, uint32_t from, struct numbers *ends)
{
	for (uint32_t i = 0; i < branches->count; i++) {
		const struct ir_block one = {.count = 1, .tasks = &branches->tasks[i]};
		link_block(m, &one, from, ends);
	}
}

static void link_switch(struct map_maker *m, const struct ir_block *block, uint32_t i, struct numbers *ends)
{
	const struct ir_task *task = &block->tasks[i];
	uint32_t here = place_of(m, task);
	const struct numbers from = {.items = &here, .count = 1};
	bool defaulted = false;
	for (size_t k = 0; k < task->switch_.count; k++) {
		follow(m, block, i, &task->switch_.cases[k].next, &from, ends);
		defaulted = defaulted || task->switch_.cases[k].when.source == NULL;
	}
	if (!defaulted)
		follow(m, block, i, &task->next, &from, ends);
}

static void link_task(struct map_maker *m, const struct ir_block *block, uint32_t i, struct numbers *ends)
{
	const struct ir_task *task = &block->tasks[i];
	const struct ir_block *inside[2] = {NULL, NULL};
	struct numbers from = {.items = NULL};
	uint32_t here = place_of(m, task);
	size_t blocks = ir_blocks(task, inside);
	if (task->type == IR_SWITCH) {
		link_switch(m, block, i, ends);
		return;
	}
	if (task->type == IR_RAISE)
		return;
	if (task->type == IR_FORK)
		link_branches(m, inside[0], here, &from);
	for (size_t k = 0; task->type != IR_FORK && k < blocks; k++) {
		struct numbers caught = {.items = NULL};
		link_block(m, inside[k], here, k == 0 ? &from : &caught);
		if (k > 0)
			follow(m, block, i, task->try_.has_then ? &task->try_.catch_next : &task->next, &caught, ends);
	}
	if (blocks == 0 || from.count == 0)
		add_number(m, &from, here);
	follow(m, block, i, &task->next, &from, ends);
}

static void link_block(struct map_maker *m, const struct ir_block *block, uint32_t from, struct numbers *ends)
{
	if (block->count == 0)
		return;
	if (from != UINT32_MAX)
		add_edge(m, from, place_of(m, &block->tasks[0]));
	for (uint32_t i = 0; i < block->count; i++)
		link_task(m, block, i, ends);
}

/* --- how many at once --- */

static double width_of(const struct ir_block *block)
{
	double widest = 0;
	for (uint32_t i = 0; i < block->count; i++) {
		const struct ir_task *task = &block->tasks[i];
		const struct ir_block *inside[2] = {NULL, NULL};
		size_t blocks = ir_blocks(task, inside);
		double width = 1;
		if (task->type == IR_FORK) {
			width = 0;
			for (uint32_t k = 0; k < inside[0]->count; k++)
				width += width_of(&(const struct ir_block){.count = 1, .tasks = &inside[0]->tasks[k]});
		} else {
			for (size_t k = 0; k < blocks; k++)
				width = width_of(inside[k]) > width ? width_of(inside[k]) : width;
			if (task->type == IR_FOR && task->for_.parallel > 1)
				width *= task->for_.parallel;
		}
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* --- making --- */

static void make_dsl(struct map_maker *m, const struct ir *ir)
{
	struct numbers ends = {.items = NULL};
	place_tasks(m, &ir->root.block);
	link_block(m, &ir->root.block, UINT32_MAX, &ends);
}

static void make_dag(struct map_maker *m, const struct ir *ir)
{
	for (size_t i = 0; i < ir->root.dag.count; i++) {
		const struct ir_step *step = &ir->root.dag.steps[i];
		m->nodes[m->count++] = &step->task;
		for (size_t k = 0; k < step->depends_count; k++)
			add_edge(m, step->depends[k], (uint32_t)i);
	}
}

/* Jumps back are no part of the way: what is longest is so among the tasks in their order. */
static bool build_forward(struct map_maker *m, bool dag, struct graph *graph)
{
	struct graph_edge *forward = arena_array(m->arena, m->edges_count + 1, sizeof *forward);
	size_t count = 0;
	if (forward == NULL)
		return false;
	for (size_t i = 0; i < m->edges_count; i++)
		if (dag || m->edges[i].from < m->edges[i].to)
			forward[count++] = m->edges[i];
	return graph_build(m->arena, m->count, forward, count, graph);
}

static void write_nodes(struct jw *jw, const struct map_maker *m)
{
	jw_key(jw, "nodes");
	jw_array(jw);
	for (uint32_t i = 0; i < m->count; i++) {
		jw_object(jw);
		jw_member_str(jw, "id", m->nodes[i]->reference);
		jw_member_str(jw, "name", m->nodes[i]->name);
		jw_member_str(jw, "type", type_names[m->nodes[i]->type]);
		jw_object_end(jw);
	}
	jw_array_end(jw);
	jw_key(jw, "edges");
	jw_array(jw);
	for (size_t i = 0; i < m->edges_count; i++) {
		jw_object(jw);
		jw_member_str(jw, "from", m->nodes[m->edges[i].from]->reference);
		jw_member_str(jw, "to", m->nodes[m->edges[i].to]->reference);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

bool workflow_graph_write(struct jw *jw, struct arena *arena, const struct ir *ir)
{
	size_t room = (size_t)ir->tasks_count + ir->root.dag.count * ir->dag + 1;
	struct map_maker m = {.arena = arena,
						  .nodes = arena_array(arena, room, sizeof(const struct ir_task *)),
						  .place = arena_array(arena, room, sizeof *m.place)};
	struct graph graph;
	struct graph_cycle path;
	double seconds;
	if (m.nodes == NULL || m.place == NULL)
		return false;
	if (ir->dag)
		make_dag(&m, ir);
	else
		make_dsl(&m, ir);
	uint32_t *order = arena_array(arena, room, sizeof *order);
	double *weights = arena_array(arena, room, sizeof *weights);
	if (order == NULL || weights == NULL || !build_forward(&m, ir->dag, &graph))
		return false;
	for (uint32_t i = 0; i < m.count; i++)
		weights[i] = m.nodes[i]->type == IR_WAIT ? (double)m.nodes[i]->wait.ms / 1000 : 0;
	if (graph_order(arena, &graph, order) != m.count || !graph_longest(arena, &graph, order, weights, &path, &seconds))
		return false;
	jw_object(jw);
	write_nodes(jw, &m);
	jw_key(jw, "critical_path");
	jw_array(jw);
	for (uint32_t i = 0; i < path.count; i++)
		jw_str(jw, m.nodes[path.nodes[i]]->reference);
	jw_array_end(jw);
	jw_member_num(jw, "max_parallelism",
				  ir->dag ? (double)graph_width(arena, &graph, order) : width_of(&ir->root.block));
	jw_member_num(jw, "min_time_s", seconds);
	jw_object_end(jw);
	return !arena->full;
}
