#include "flow/domain/htn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/money.h"
#include "flow/domain/plan.h"

/* Tasks that are still to be planned, in order: cells are never changed, so that a choice keeps its own list. */
struct cell {
	uint32_t node;
	const struct cell *next;
};

/* Where another option can be tried, and what there was then. */
struct choice {
	const struct cell *rest; /* behind the task */
	uint32_t node;
	struct htn_node as; /* the node before any option wrote into it */
	size_t option;      /* the next one */
	const struct json *state;
	size_t nodes, edges;
	int64_t cost;
	struct choice *before;
};

struct search {
	struct arena *arena;
	const struct htn_input *input;
	struct htn_plan *plan;
	size_t node_room, edge_room;
	const struct cell *agenda;
	struct choice *choices;
	const struct json *state;
	bool *told; /* by option: its condition was named */
	struct err *err;
};

static const struct json empty = {.kind = JS_OBJECT};

/* --- reasons --- */

static void add_reason(struct search *s, const char *reason)
{
	for (size_t i = 0; i < s->plan->reason_count; i++)
		if (strcmp(s->plan->reasons[i], reason) == 0)
			return;
	if (s->plan->reason_count < HTN_REASONS_MAX)
		s->plan->reasons[s->plan->reason_count++] = reason;
}

static const char *name_of(const struct htn_option *option)
{
	return option->name != NULL ? option->name : option->primitive ? "its operator" : "its method";
}

/* One reason an option is enough, the first one: what fails ten thousand times is not news. */
static void tell(struct search *s, const struct htn_option *option, const char *why, const char *detail)
{
	bool *told = &s->told[option - s->input->library->options];
	const char *reason = NULL;
	if (!*told)
		reason = arena_printf(s->arena, "%s: %s: %s%s", option->task, name_of(option), why, detail);
	*told = true;
	if (reason != NULL)
		add_reason(s, reason);
}

/* --- growing --- */

static bool grow(struct arena *arena, void **items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;
	size_t wanted = *room * 2 + 64;
	void *more = arena_array(arena, wanted, size);
	if (more == NULL)
		return false;
	if (count > 0)
		memcpy(more, *items, count * size);
	*items = more;
	*room = wanted;
	return true;
}

static bool add_node(struct search *s, const struct htn_node *node)
{
	void *items = s->plan->nodes;
	if (!grow(s->arena, &items, &s->node_room, s->plan->node_count, sizeof *node))
		return false;
	s->plan->nodes = items;
	s->plan->nodes[s->plan->node_count++] = *node;
	return true;
}

static bool add_edge(struct search *s, uint32_t from, uint32_t to)
{
	void *items = s->plan->edges;
	if (!grow(s->arena, &items, &s->edge_room, s->plan->edge_count, sizeof(struct htn_edge)))
		return false;
	s->plan->edges = items;
	s->plan->edges[s->plan->edge_count++] = (struct htn_edge){from, to};
	return true;
}

/* --- expressions --- */

static const struct json *situation(struct search *s, const struct json *params)
{
	struct json *in = arena_new(s->arena, struct json);
	struct json_member *members = arena_array(s->arena, 2, sizeof *members);
	if (in == NULL || members == NULL)
		return NULL;
	members[0] = (struct json_member){"state", 5, *s->state};
	members[1] = (struct json_member){"params", 6, *params};
	*in = (struct json){.kind = JS_OBJECT, .count = 2, .members = members};
	return in;
}

enum outcome { HOLDS, FAILS, BROKEN /* s->err says why: nothing goes on */ };

static enum outcome evaluate(struct search *s, const struct htn_option *option, const struct htn_expr *expr,
							 const struct json *in, const struct json *params, const struct json **value)
{
	struct err err;
	if (in == NULL) {
		err_set(s->err, ERR_LIMIT, "no memory");
		return BROKEN;
	}
	if (s->input->eval(s->input->self, expr, in, s->state, params, value, &err))
		return HOLDS;
	if (err.kind == ERR_EXPRESSION || err.kind == ERR_EXPRESSION_LIMIT) {
		tell(s, option, "fails: ", arena_dup(s->arena, err.message));
		return FAILS;
	}
	if (s->err != NULL)
		*s->err = err;
	return BROKEN;
}

static enum outcome condition_of(struct search *s, const struct htn_option *option, const struct json *params)
{
	const struct json *value;
	if (option->when.value == NULL)
		return HOLDS;
	enum outcome outcome = evaluate(s, option, &option->when, situation(s, params), params, &value);
	if (outcome != HOLDS || (value->kind != JS_NULL && (value->kind != JS_BOOL || value->boolean)))
		return outcome;
	tell(s, option, "does not hold: ", option->when.value->kind == JS_STRING ? option->when.value->text : "false");
	return FAILS;
}

/* --- options --- */

static enum outcome no_memory(struct search *s)
{
	err_set(s->err, ERR_LIMIT, "no memory");
	return BROKEN;
}

static enum outcome apply_operator(struct search *s, const struct htn_option *option, uint32_t at)
{
	struct htn_node *node = &s->plan->nodes[at];
	const struct json *value = s->state;
	if (option->effect.value != NULL) {
		enum outcome outcome = evaluate(s, option, &option->effect, s->state, node->params, &value);
		if (outcome != HOLDS)
			return outcome;
	}
	s->state = value;
	s->plan->cost = money_add(s->plan->cost, option->cost);
	node->capability = node->capability != NULL ? node->capability : option->capability;
	node->duration_s = !isnan(node->duration_s) ? node->duration_s : option->duration_s;
	return HOLDS;
}

static enum outcome add_children(struct search *s, const struct htn_option *option, uint32_t parent)
{
	const struct htn_node above = s->plan->nodes[parent];
	for (size_t i = 0; i < option->count; i++) {
		const struct htn_subtask *sub = &option->subtasks[i];
		const struct json *params = above.params;
		enum outcome outcome = HOLDS;
		if (sub->params.value != NULL)
			outcome = evaluate(s, option, &sub->params, situation(s, above.params), above.params, &params);
		if (outcome != HOLDS)
			return outcome;
		if (!add_node(s, &(struct htn_node){.task = sub->task,
											.description = sub->description,
											.capability = sub->capability,
											.params = params,
											.parent = parent,
											.depth = above.depth + 1,
											.complexity = sub->complexity,
											.duration_s = sub->duration_s}))
			return no_memory(s);
	}
	return HOLDS;
}

static enum outcome apply_method(struct search *s, const struct htn_option *option, uint32_t parent)
{
	size_t first = s->plan->node_count;
	if (option->count > 0 && s->plan->nodes[parent].depth >= s->input->depth_max) {
		tell(s, option, "would lie deeper than max_depth", "");
		return FAILS;
	}
	if (first + option->count > s->input->nodes_max) {
		tell(s, option, "would make more nodes than max_nodes", "");
		return FAILS;
	}
	enum outcome outcome = add_children(s, option, parent);
	if (outcome != HOLDS)
		return outcome;
	for (size_t i = option->count; i-- > 0;) {
		struct cell *cell = arena_new(s->arena, struct cell);
		if (cell == NULL)
			return no_memory(s);
		*cell = (struct cell){(uint32_t)(first + i), s->agenda};
		s->agenda = cell;
	}
	for (size_t i = 0; i < option->count; i++)
		for (size_t k = 0; k < option->subtasks[i].after_count; k++)
			if (!add_edge(s, (uint32_t)first + option->subtasks[i].after[k], (uint32_t)(first + i)))
				return no_memory(s);
	return HOLDS;
}

static enum outcome try_option(struct search *s, const struct htn_option *option, uint32_t node)
{
	enum outcome outcome = condition_of(s, option, s->plan->nodes[node].params);
	if (outcome != HOLDS)
		return outcome;
	s->plan->nodes[node].method = option->name;
	return option->primitive ? apply_operator(s, option, node) : apply_method(s, option, node);
}

/* --- choices --- */

static size_t first_option(const struct htn_library *library, const char *task)
{
	size_t low = 0, high = library->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(library->options[middle].task, task) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of(const struct htn_library *library, size_t option, const char *task)
{
	return option < library->count && strcmp(library->options[option].task, task) == 0;
}

/* Go back to a choice: what came after it is undone. */
static void go_back(struct search *s, const struct choice *choice)
{
	s->agenda = choice->rest;
	s->state = choice->state;
	s->plan->node_count = choice->nodes;
	s->plan->edge_count = choice->edges;
	s->plan->cost = choice->cost;
	s->plan->nodes[choice->node] = choice->as;
}

/* Try the options of the newest choice until one holds; without any left, those of the choice before it. */
static enum outcome choose(struct search *s)
{
	const struct htn_library *library = s->input->library;
	while (s->choices != NULL) {
		struct choice *choice = s->choices;
		while (is_of(library, choice->option, choice->as.task)) {
			if (s->plan->expansions++ >= HTN_EXPANSIONS_MAX) {
				add_reason(s, "the search was given up after 100000 expansions");
				return FAILS;
			}
			go_back(s, choice);
			enum outcome outcome = try_option(s, &library->options[choice->option++], choice->node);
			if (outcome != FAILS)
				return outcome;
		}
		go_back(s, choice);
		s->choices = choice->before;
	}
	return FAILS;
}

static bool open_choice(struct search *s, uint32_t node, const struct cell *rest)
{
	struct choice *choice = arena_new(s->arena, struct choice);
	const char *task = s->plan->nodes[node].task;
	if (choice == NULL)
		return false;
	*choice = (struct choice){.rest = rest,
							  .node = node,
							  .as = s->plan->nodes[node],
							  .option = first_option(s->input->library, task),
							  .state = s->state,
							  .nodes = s->plan->node_count,
							  .edges = s->plan->edge_count,
							  .cost = s->plan->cost,
							  .before = s->choices};
	if (!is_of(s->input->library, choice->option, task))
		add_reason(s, arena_printf(s->arena, "%s: no method and no operator does it", task));
	s->choices = choice;
	return true;
}

static bool begin(struct search *s)
{
	const struct htn_input *input = s->input;
	struct cell *cell = arena_new(s->arena, struct cell);
	s->told = arena_array(s->arena, input->library->count + 1, sizeof *s->told);
	if (cell == NULL || s->told == NULL ||
		!add_node(s, &(struct htn_node){.task = input->task,
										.params = input->params != NULL ? input->params : &empty,
										.parent = UINT32_MAX,
										.depth = input->depth,
										.complexity = NAN,
										.duration_s = NAN}))
		return false;
	*cell = (struct cell){0, NULL};
	s->agenda = cell;
	return true;
}

bool htn_search(struct arena *arena, const struct htn_input *input, struct htn_plan *plan, struct err *err)
{
	struct search s = {.arena = arena,
					   .input = input,
					   .plan = plan,
					   .state = input->state != NULL ? input->state : &empty,
					   .err = err};
	*plan = (struct htn_plan){.found = false};
	if (!begin(&s))
		return err_set(err, ERR_LIMIT, "no memory");
	enum outcome outcome = HOLDS;
	while (outcome == HOLDS && s.agenda != NULL) {
		const struct cell *cell = s.agenda;
		s.agenda = cell->next;
		if (!open_choice(&s, cell->node, cell->next))
			return err_set(err, ERR_LIMIT, "no memory");
		outcome = choose(&s);
	}
	if (outcome == BROKEN)
		return false;
	plan->found = outcome == HOLDS;
	plan->state = s.state;
	return !arena->full || err_set(err, ERR_LIMIT, "no memory");
}
