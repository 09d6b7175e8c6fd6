#include "flow/decomposition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "store/store.h"

enum { PART_ROWS = 500 /* nodes or dependencies of one part: about 50 KB */ };

#define COMMON \
	F_STR(task_node, name, LENGTH(1, 500)), F_STR(task_node, description, LENGTH(0, 10000)), \
		F_NUM(task_node, complexity, RANGE(0, 1), DEFAULT(.5), DECIMALS(6), DOC("Above 0.3 it may be taken apart")), \
		F_NUM(task_node, duration_s, RANGE(0, 1e9), DEFAULT(PLAN_DURATION_S), UNIT("s")), \
		F_STR(task_node, capability, LENGTH(1, 255), DOC("Who can do it")), F_JSON(task_node, params)

static const struct field node_fields[] = {
	F_STR(task_node, node_id, REQUIRED, LENGTH(1, 255)),
	F_STR(task_node, parent_id, LENGTH(1, 255), DOC("Absent: the root")),
	COMMON,
	F_INT(task_node, depth, RANGE(0, 1000000), DOC("Checked by the plan where given")),
	F_STRS(task_node, children, TOLD_APART, DOC("Checked by the plan where given")),
};
const struct field_table task_node_table = FIELD_TABLE("decompositions.node", task_node, node_fields);

static const struct field child_fields[] = {COMMON};
const struct field_table task_child_table = FIELD_TABLE("decompositions.child", task_node, child_fields);

/* --- what follows from it --- */

double effective_complexity(double complexity, uint32_t children)
{
	return fmax(.1, complexity / (1 + .1 * children));
}

bool task_decomposable(const struct decomposition *d, size_t index)
{
	const struct task_node *node = &d->nodes.items[index];
	return d->children[index] == 0 && node->complexity > .3 && (int64_t)d->depth[index] < d->row.max_depth;
}

struct candidate {
	uint32_t index, depth;
	double complexity;
	enum strategy strategy;
};

/* What comes first of two depths: level by level, or the deepest; hybrid goes by level down to 3, then deep. */
static int by_depth(const struct candidate *a, const struct candidate *b)
{
	enum { HYBRID_LEVELS = 3 };
	int levels = (a->depth > b->depth) - (a->depth < b->depth);
	if (a->strategy == STRATEGY_DEPTH ||
		(a->strategy == STRATEGY_HYBRID && a->depth > HYBRID_LEVELS && b->depth > HYBRID_LEVELS))
		return -levels;
	return levels;
}

static int by_strategy(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int order = a->strategy == STRATEGY_ADAPTIVE ? (b->complexity > a->complexity) - (b->complexity < a->complexity)
												 : by_depth(a, b);
	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

size_t task_frontier(struct arena *arena, const struct decomposition *d, uint32_t *indexes, size_t room)
{
	struct candidate *all = arena_array(arena, d->nodes.count + 1, sizeof *all);
	size_t count = 0;
	if (all == NULL)
		return 0;
	for (uint32_t i = 0; i < d->nodes.count; i++)
		if (task_decomposable(d, i))
			all[count++] = (struct candidate){
				i, d->depth[i], effective_complexity(d->nodes.items[i].complexity, d->children[i]), d->strategy};
	qsort(all, count, sizeof *all, by_strategy);
	for (size_t i = 0; i < count && i < room; i++)
		indexes[i] = all[i].index;
	return count;
}

bool decomposition_shape(struct arena *arena, struct decomposition *d)
{
	size_t count = d->nodes.count;
	struct plan_node *nodes = arena_array(arena, count + 1, sizeof *nodes);
	d->depth = arena_array(arena, 2 * (count + 1), sizeof *d->depth);
	const struct plan_edge *edges = plan_edges(arena, &d->dependencies);
	if (nodes == NULL || d->depth == NULL || edges == NULL)
		return false;
	d->children = d->depth + count + 1;
	for (size_t i = 0; i < count; i++) {
		const struct task_node *node = &d->nodes.items[i];
		nodes[i] = (struct plan_node){.id = node->node_id,
									  .parent = node->parent_id,
									  .duration_s = node->duration_s,
									  .depth = node->depth != FIELD_NO_INT ? node->depth : -1,
									  .child_count = node->children.items != NULL ? (int64_t)node->children.count
																				  : PLAN_CHILDREN_UNTOLD,
									  .children = node->children.items};
	}
	d->input = (struct plan_input){.nodes = nodes,
								   .node_count = count,
								   .edges = edges,
								   .edge_count = d->dependencies.count,
								   .root_id = d->row.root_id,
								   .total = d->row.nodes_total,
								   .depth_max = d->row.max_depth};
	return plan_shape(arena, &d->input, d->depth, d->children);
}

/* --- from the store --- */

/* What was stored was checked when it came: a part that does not decode is a damaged store. */
static bool decode_part(struct arena *arena, const struct decomposition_part *part, struct decomposition *d,
						struct err *err)
{
	static const struct json_limits limits = {.depth = 64, .values = 100000000};
	const struct json *json;
	struct faults faults;
	faults_init(&faults, arena);
	if (!json_parse(arena, part->content, strlen(part->content), &limits, &json, err))
		return false;
	for (uint32_t i = 0; i < json->count; i++) {
		void *into = part->dependencies ? (void *)&d->dependencies.items[d->dependencies.count++]
										: (void *)&d->nodes.items[d->nodes.count++];
		field_decode(part->dependencies ? &dependency_table : &task_node_table, &json->items[i], into, arena, "",
					 &faults);
	}
	if (faults.count > 0)
		return err_set(err, ERR_INTERNAL, "a part of decomposition %s is damaged", d->row.decomposition_id);
	return true;
}

bool decomposition_read(struct db *db, const char *account_id, const char *decomposition_id, struct arena *arena,
						struct decomposition *d, struct err *err)
{
	struct decomposition_part *parts;
	size_t count;
	*d = (struct decomposition){.strategy = STRATEGY_BREADTH};
	if (!decomposition_find(db, account_id, decomposition_id, arena, &d->row, err) ||
		!decomposition_parts(db, decomposition_id, arena, &parts, &count, err))
		return false;
	while (strcmp(strategy_names[d->strategy], d->row.strategy) != 0)
		must(strategy_names[++d->strategy] != NULL);
	d->nodes.items = arena_array(arena, (size_t)d->row.nodes_total + 1, sizeof *d->nodes.items);
	d->dependencies.items = arena_array(arena, (size_t)d->row.dependencies_total + 1, sizeof *d->dependencies.items);
	if (d->nodes.items == NULL || d->dependencies.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < count; i++)
		if (!decode_part(arena, &parts[i], d, err))
			return false;
	return decomposition_shape(arena, d) || err_set(err, ERR_LIMIT, "no memory");
}

/* --- to the store --- */

static const char *part_text(struct arena *arena, const struct field_table *table, const void *rows, size_t count)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < count; i++)
		field_write(&jw, table, (const char *)rows + i * table->size, FIELD_INPUTS);
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

static bool write_rows(struct arena *arena, const struct field_table *table, const void *rows, size_t rows_count,
					   bool dependencies, struct decomposition_part *parts, size_t *count)
{
	for (size_t first = 0; first < rows_count; first += PART_ROWS) {
		size_t some = rows_count - first < PART_ROWS ? rows_count - first : PART_ROWS;
		const char *text = part_text(arena, table, (const char *)rows + first * table->size, some);
		if (text == NULL)
			return false;
		parts[(*count)++] = (struct decomposition_part){dependencies, text};
	}
	return true;
}

struct decomposition_part *decomposition_write(struct arena *arena, const struct task_nodes *nodes,
											   const struct dependency_list *dependencies, size_t *count)
{
	size_t room = nodes->count / PART_ROWS + dependencies->count / PART_ROWS + 3;
	struct decomposition_part *parts = arena_array(arena, room, sizeof *parts);
	*count = 0;
	if (parts == NULL || !write_rows(arena, &task_node_table, nodes->items, nodes->count, false, parts, count) ||
		!write_rows(arena, &dependency_table, dependencies->items, dependencies->count, true, parts, count))
		return NULL;
	return parts;
}
