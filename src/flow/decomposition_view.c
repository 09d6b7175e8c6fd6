#include "flow/decomposition_view.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/agents_internal.h"

enum { FRONTIER_SHOWN = 100 };

static const struct field node_fields[] = {
	F_STR(node_view, node_id),
	F_STR(node_view, parent_id, NULLABLE),
	F_INT(node_view, depth, NULLABLE, DOC("null: it lies below no root")),
	F_STR(node_view, name, NULLABLE),
	F_STR(node_view, description, NULLABLE),
	F_NUM(node_view, complexity, DECIMALS(6)),
	F_NUM(node_view, effective_complexity, DECIMALS(6)),
	F_NUM(node_view, duration_s, UNIT("s")),
	F_STR(node_view, status, DOC("pending, or decomposed once it has children")),
	F_BOOL(node_view, decomposable),
	F_STRS(node_view, children),
	F_STR(node_view, capability, NULLABLE),
	F_JSON(node_view, params, NULLABLE),
};
const struct field_table decomposition_node_table = FIELD_TABLE("decompositions.node-row", node_view, node_fields);

static const struct field totals_fields[] = {
	F_INT(totals, nodes),
	F_INT(totals, leaves),
	F_INT(totals, dependencies),
	F_INT(totals, decomposable),
	F_INT(totals, depth, DOC("Of the deepest node; a root has 0")),
};
static const struct field_table totals_table = FIELD_TABLE("decompositions.totals", totals, totals_fields);

#define VIEW_FIELDS \
	F_STR(decomposition_view, decomposition_id), F_STR(decomposition_view, root_id, NULLABLE), \
		F_JSON(decomposition_view, goal), F_STR(decomposition_view, strategy), \
		F_STR(decomposition_view, status, \
			  DOC("pending: only a root; decomposing; decomposed: nothing is left to do")), \
		F_INT(decomposition_view, max_depth), F_INT(decomposition_view, max_nodes), \
		F_OBJECT(decomposition_view, totals, &totals_table), \
		F_STRS(decomposition_view, frontier, DOC("What to take apart next, in the order of the strategy")), \
		F_JSON( \
			decomposition_view, planner, NULLABLE, \
			DOC("What planned it: name; of htn its library; of llm model, asked, answer_sha256; cost, plan_sha256")), \
		F_INT(decomposition_view, version), F_STR(decomposition_view, created_at, FORMAT("date-time")), \
		F_STR(decomposition_view, updated_at, FORMAT("date-time"))

static const struct field view_fields[] = {VIEW_FIELDS};
const struct field_table decomposition_view_table =
	FIELD_TABLE("decompositions.decomposition", decomposition_view, view_fields);

static const struct field full_fields[] = {
	VIEW_FIELDS,
	F_OBJECTS(decomposition_view, nodes, &decomposition_node_table, DOC("A page of them, in order of coming")),
	F_STR(decomposition_view, next_cursor, NULLABLE),
	F_OBJECTS(decomposition_view, asks, &ask_table,
			  DOC("On the first page: what a model was asked for it, the last 30")),
};
const struct field_table decomposition_page_table =
	FIELD_TABLE("decompositions.decomposition-page", decomposition_view, full_fields);

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct id_index *)a)->id, ((const struct id_index *)b)->id);
}

uint32_t decomposition_index(const struct id_index *ids, size_t count, const char *id)
{
	const struct id_index key = {id, 0};
	const struct id_index *found = id == NULL ? NULL : bsearch(&key, ids, count, sizeof *ids, by_id);
	return found == NULL ? UINT32_MAX : found->index;
}

struct id_index *decomposition_ids(struct arena *arena, const struct decomposition *d)
{
	struct id_index *ids = arena_array(arena, d->nodes.count + 1, sizeof *ids);
	for (uint32_t i = 0; ids != NULL && i < d->nodes.count; i++)
		ids[i] = (struct id_index){d->nodes.items[i].node_id, i};
	if (ids != NULL)
		qsort(ids, d->nodes.count, sizeof *ids, by_id);
	return ids;
}

bool decomposition_families(struct arena *arena, const struct decomposition *d, struct families *f)
{
	size_t count = d->nodes.count;
	const struct id_index *ids = decomposition_ids(arena, d);
	uint32_t *parent = arena_array(arena, count + 1, sizeof *parent);
	f->first = arena_array(arena, count + 2, sizeof *f->first);
	f->list = arena_array(arena, count + 1, sizeof *f->list);
	if (ids == NULL || parent == NULL || f->first == NULL || f->list == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		parent[i] = decomposition_index(ids, count, d->nodes.items[i].parent_id);
		f->first[i + 2] = d->children[i];
	}
	for (size_t i = 0; i < count; i++)
		f->first[i + 1] += f->first[i];
	for (uint32_t i = 0; i < count; i++)
		if (parent[i] != UINT32_MAX)
			f->list[f->first[parent[i] + 1]++] = i;
	return true;
}

struct node_view decomposition_show_node(const struct decomposition *d, size_t i)
{
	const struct task_node *node = &d->nodes.items[i];
	return (struct node_view){.node_id = node->node_id,
							  .parent_id = node->parent_id,
							  .depth = d->depth[i] != UINT32_MAX ? (int64_t)d->depth[i] : FIELD_NO_INT,
							  .name = node->name,
							  .description = node->description,
							  .complexity = node->complexity,
							  .effective_complexity = effective_complexity(node->complexity, d->children[i]),
							  .duration_s = node->duration_s,
							  .status = d->children[i] > 0 ? "decomposed" : "pending",
							  .decomposable = task_decomposable(d, i),
							  .capability = node->capability,
							  .params = node->params};
}

static void fill_totals(const struct decomposition *d, struct totals *totals)
{
	totals->nodes = (int64_t)d->nodes.count;
	totals->dependencies = (int64_t)d->dependencies.count;
	for (size_t i = 0; i < d->nodes.count; i++) {
		totals->leaves += d->children[i] == 0;
		if (d->depth[i] != UINT32_MAX && d->depth[i] > totals->depth)
			totals->depth = d->depth[i];
	}
}

const struct json *decomposition_parsed(struct arena *arena, const char *text)
{
	const struct json *json = NULL;
	json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL);
	return json;
}

bool decomposition_view_fill(struct arena *arena, const struct decomposition *d, struct decomposition_view *view)
{
	uint32_t next[FRONTIER_SHOWN];
	*view = (struct decomposition_view){.decomposition_id = d->row.decomposition_id,
										.root_id = d->row.root_id,
										.strategy = d->row.strategy,
										.goal = decomposition_parsed(arena, d->row.goal),
										.planner =
											d->row.planner != NULL ? decomposition_parsed(arena, d->row.planner) : NULL,
										.max_depth = d->row.max_depth,
										.max_nodes = d->row.max_nodes,
										.version = d->row.version,
										.created_at = agents_time(arena, d->row.created_us),
										.updated_at = agents_time(arena, d->row.updated_us)};
	fill_totals(d, &view->totals);
	view->totals.decomposable = (int64_t)task_frontier(arena, d, next, FRONTIER_SHOWN);
	view->status = view->totals.decomposable == 0 ? "decomposed" : d->nodes.count == 1 ? "pending" : "decomposing";
	view->frontier.items = arena_array(arena, FRONTIER_SHOWN, sizeof *view->frontier.items);
	for (int64_t i = 0; view->frontier.items != NULL && i < view->totals.decomposable && i < FRONTIER_SHOWN; i++)
		view->frontier.items[view->frontier.count++] = d->nodes.items[next[i]].node_id;
	return !arena->full;
}
