/* What is told of decompositions, and how their nodes are found.  Private to src/flow. */
#ifndef CS_FLOW_DECOMPOSITION_VIEW_H
#define CS_FLOW_DECOMPOSITION_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/decomposition.h"
#include "flow/decomposition_asks.h"

struct arena;
struct field_table;
struct json;

struct node_view {
	const char *node_id, *parent_id, *name, *description, *status, *capability;
	double complexity, effective_complexity, duration_s;
	int64_t depth;
	bool decomposable;
	struct {
		size_t count;
		const char **items;
	} children;
	const struct json *params;
};

extern const struct field_table decomposition_node_table;

struct totals {
	int64_t nodes, leaves, dependencies, decomposable, depth;
};

struct decomposition_view {
	const char *decomposition_id, *root_id, *strategy, *status, *created_at, *updated_at, *next_cursor;
	const struct json *goal, *planner;
	int64_t max_depth, max_nodes, version;
	struct totals totals;
	struct {
		size_t count;
		const char **items;
	} frontier;
	struct {
		size_t count;
		struct node_view *items;
	} nodes;
	struct ask_views asks;
};

extern const struct field_table decomposition_view_table; /* without nodes */
extern const struct field_table decomposition_page_table;

/* False: the arena is full. */
bool decomposition_view_fill(struct arena *arena, const struct decomposition *d, struct decomposition_view *view);

/* One node, without its children. */
struct node_view decomposition_show_node(const struct decomposition *d, size_t i);

/* Children by node: where each node's begin in one list, in order of coming. */
struct families {
	uint32_t *first, *list;
};

struct id_index {
	const char *id;
	uint32_t index;
};

/* False: the arena is full. */
bool decomposition_families(struct arena *arena, const struct decomposition *d, struct families *families);

/* Sorted by id; NULL: the arena is full. */
struct id_index *decomposition_ids(struct arena *arena, const struct decomposition *d);

/* UINT32_MAX: there is none, or `id` is NULL. */
uint32_t decomposition_index(const struct id_index *ids, size_t count, const char *id);

/* JSON text as a tree; NULL: it is none, or the arena is full. */
const struct json *decomposition_parsed(struct arena *arena, const char *text);

#endif
