#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "flow/domain/graph.h"
#include "flow/domain/ir_compiler.h"

/* What steps of the DAG form say of each other: dependencies, and references in their values [flow.md 2.6]. */

/* --- who refers to whom --- */

void ir_dag_refer(struct ir_compiler *c, const struct ir_place *place, const char *id, size_t size, bool must_be)
{
	struct ir_dag *dag = c->steps;
	uintptr_t found = (uintptr_t)map_get_n(&dag->ids, id, size);
	if (found == 0) {
		if (must_be)
			ir_problem(c, place, "not_an_ancestor", "there is no step %.*s", (int)size, id);
		return;
	}
	if (!ir_grow(c->arena, (void **)&dag->references, dag->references_count, &dag->references_room,
				 sizeof *dag->references))
		return;
	dag->references[dag->references_count++] = (struct ir_reference){
		.step = dag->current, .named = (uint32_t)(found - 1), .pointer = ir_pointer(c->arena, place)};
}

static bool starts(const char **at, const char *end, const char *word)
{
	size_t size = strlen(word);
	if ((size_t)(end - *at) < size || memcmp(*at, word, size) != 0)
		return false;
	*at += size;
	return true;
}

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* The step after `.steps` at `at`: .NAME or ["NAME"]. */
static bool step_named(const char *at, const char *end, const char **id, size_t *size)
{
	static const char quoted[] = "[\"";
	bool brackets = at < end && *at == '[';
	if (brackets ? !starts(&at, end, quoted) : !starts(&at, end, "."))
		return false;
	if (!brackets && at < end && *at == '"') {
		at++;
		brackets = true;
	}
	*id = at;
	while (at < end && (brackets ? *at != '"' : is_word_byte(*at)))
		at++;
	*size = (size_t)(at - *id);
	return *size > 0;
}

/* Behind a pipe `.` may be anything, so only text without one can be judged by its look. */
void ir_dag_jq(struct ir_compiler *c, const struct ir_place *place, const char *text, size_t size)
{
	static const char root[] = ".steps";
	const char *end = text + size, *id;
	size_t id_size;
	if (memchr(text, '|', size) != NULL)
		return;
	for (const char *at = text; (at = memmem(at, (size_t)(end - at), root, sizeof root - 1)) != NULL;) {
		bool begins = at == text || (!is_word_byte(at[-1]) && strchr(".)]\"?", at[-1]) == NULL);
		at += sizeof root - 1;
		if (begins && step_named(at, end, &id, &id_size))
			ir_dag_refer(c, place, id, id_size, false);
	}
}

/* --- edges --- */

struct edges {
	struct graph_edge *items;
	size_t count, room;
};

static void read_dependencies(struct ir_compiler *c, const struct ir_place *step, const struct json *json, uint32_t i,
							  struct edges *edges)
{
	struct ir_place at;
	const struct json *list = ir_either(c, step, json, "depends_on", "dependencies", &at);
	for (uint32_t k = 0; list != NULL && list->kind == JS_ARRAY && k < list->count; k++) {
		const struct json *id = &list->items[k];
		const struct ir_place item = ir_nth(&at, k);
		uintptr_t found = id->kind == JS_STRING ? (uintptr_t)map_get(&c->steps->ids, id->text) : 0;
		if (id->kind != JS_STRING)
			ir_problem(c, &item, "type", "must be the id of a step, as text");
		else if (found == 0)
			ir_problem(c, &item, "unknown_dependency", "there is no step of this id");
		else if (ir_grow(c->arena, (void **)&edges->items, edges->count, &edges->room, sizeof *edges->items))
			edges->items[edges->count++] = (struct graph_edge){.from = (uint32_t)(found - 1), .to = i};
	}
}

static int by_ends(const void *left, const void *right)
{
	const struct graph_edge *a = left, *b = right;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->from < b->from ? -1 : a->from > b->from;
}

/* A dependency that is named twice is one. */
static void drop_doubles(struct edges *edges)
{
	size_t kept = 0;
	if (edges->count > 0)
		qsort(edges->items, edges->count, sizeof *edges->items, by_ends);
	for (size_t i = 0; i < edges->count; i++)
		if (kept == 0 || by_ends(&edges->items[kept - 1], &edges->items[i]) != 0)
			edges->items[kept++] = edges->items[i];
	edges->count = kept;
}

static void tell_cycles(struct ir_compiler *c, const struct ir_place *list, const struct graph *graph,
						const struct ir_step *steps)
{
	const struct graph_cycle *cycles;
	size_t count = graph_cycles(c->arena, graph, &cycles);
	for (size_t i = 0; i < count; i++) {
		struct buf path;
		buf_init(&path, 0);
		for (uint32_t k = 0; k < cycles[i].count; k++)
			buf_addf(&path, "%s -> ", steps[cycles[i].nodes[k]].task.name);
		buf_adds(&path, steps[cycles[i].nodes[0]].task.name);
		const struct ir_place step = ir_nth(list, cycles[i].nodes[0]), at = ir_at(&step, "depends_on");
		ir_problem(c, &at, "dag_cycle", "%s", buf_text(&path));
		buf_fini(&path);
	}
}

static void check_references(struct ir_compiler *c, const struct graph *graph, const uint32_t *order,
							 const struct ir_step *steps)
{
	struct ir_dag *dag = c->steps;
	struct graph_edge *pairs = arena_array(c->arena, dag->references_count, sizeof *pairs);
	bool *answers = arena_array(c->arena, dag->references_count, sizeof *answers);
	if (pairs == NULL || answers == NULL)
		return;
	for (size_t i = 0; i < dag->references_count; i++) {
		const struct ir_reference *reference = &dag->references[i];
		pairs[i].from = reference->named;
		pairs[i].to = reference->step == UINT32_MAX ? reference->named : reference->step;
	}
	if (!graph_reaches(c->arena, graph, order, pairs, dag->references_count, answers))
		return;
	for (size_t i = 0; i < dag->references_count; i++)
		if (dag->references[i].step != UINT32_MAX && !answers[i])
			ir_problem_at(c, dag->references[i].pointer, "not_an_ancestor", "step %s does not run before this one",
						  steps[dag->references[i].named].task.name);
}

static void keep_edges(const struct graph *graph, struct ir_step *steps)
{
	for (uint32_t i = 0; i < graph->nodes; i++) {
		steps[i].depends = graph->in + graph->in_first[i];
		steps[i].depends_count = graph->in_first[i + 1] - graph->in_first[i];
		steps[i].dependents = graph->out + graph->out_first[i];
		steps[i].dependents_count = graph->out_first[i + 1] - graph->out_first[i];
	}
}

void ir_dag_link(struct ir_compiler *c, const struct ir_place *list, const struct json *steps, struct ir_step *into)
{
	struct edges edges = {.items = NULL};
	struct graph graph;
	for (uint32_t i = 0; i < steps->count; i++) {
		const struct ir_place step = ir_nth(list, i);
		if (into[i].task.name == NULL)
			return; /* without an id; told */
		read_dependencies(c, &step, &steps->items[i], i, &edges);
	}
	drop_doubles(&edges);
	uint32_t *order = arena_array(c->arena, (size_t)steps->count + 1, sizeof *order);
	if (order == NULL || !graph_build(c->arena, steps->count, edges.items, edges.count, &graph))
		return;
	keep_edges(&graph, into);
	if (graph_order(c->arena, &graph, order) < steps->count)
		tell_cycles(c, list, &graph, into);
	else if (c->steps->references_count > 0)
		check_references(c, &graph, order, into);
}
