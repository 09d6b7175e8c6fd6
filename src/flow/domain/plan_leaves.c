#include "flow/domain/plan_leaves.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

enum { NONE = UINT32_MAX };

struct named {
	const char *id;
	uint32_t node;
};

/* The tree by index.  Nodes in `order` stand behind their parents. */
struct tree {
	struct arena *arena;
	const struct plan_input *input;
	struct named *names;
	uint32_t *parent, *depth, *order;
	uint32_t *from, *to;     /* of each edge */
	int64_t *out, *in;       /* the depth down to which something comes after it, and before it; -1: nowhere */
	uint32_t *enter, *leave; /* leaves of a node: places enter … leave−1 of `below` */
	uint32_t *below;
	struct plan_leaves *leaves;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static uint32_t node_of(const struct tree *t, const char *id)
{
	const struct named key = {id, 0};
	const struct named *found =
		id == NULL ? NULL : bsearch(&key, t->names, t->input->node_count, sizeof *t->names, by_name);
	return found == NULL ? NONE : found->node;
}

static bool make_room(struct tree *t)
{
	size_t n = t->input->node_count, e = t->input->edge_count;
	t->names = arena_array(t->arena, n + 1, sizeof *t->names);
	t->parent = arena_array(t->arena, 6 * (n + 1), sizeof *t->parent);
	t->from = arena_array(t->arena, 2 * (e + 1), sizeof *t->from);
	t->out = arena_array(t->arena, 2 * (n + 1), sizeof *t->out);
	t->leaves->leaf = arena_array(t->arena, n + 1, sizeof *t->leaves->leaf);
	t->leaves->first = arena_array(t->arena, n + 2, sizeof *t->leaves->first);
	t->leaves->condition = arena_array(t->arena, n + 1, sizeof *t->leaves->condition);
	if (t->arena->full)
		return false;
	t->depth = t->parent + n + 1;
	t->order = t->depth + n + 1;
	t->enter = t->order + n + 1;
	t->leave = t->enter + n + 1;
	t->below = t->leave + n + 1;
	t->to = t->from + e + 1;
	t->in = t->out + n + 1;
	return true;
}

/* --- the tree --- */

/* The way through the tree: the child that comes next, and the one behind it. */
struct walk {
	uint32_t *child, *next, *stack;
	size_t top, ordered, leaves;
};

static void enter(struct tree *t, struct walk *w, uint32_t node)
{
	t->depth[node] = (uint32_t)w->top;
	t->order[w->ordered++] = node;
	t->enter[node] = (uint32_t)w->leaves;
	t->leaves->leaf[node] = w->child[node] == NONE;
	if (t->leaves->leaf[node])
		t->below[w->leaves++] = node;
	w->stack[w->top++] = node;
}

static void walk_from(struct tree *t, struct walk *w, uint32_t root)
{
	enter(t, w, root);
	while (w->top > 0) {
		uint32_t node = w->stack[w->top - 1], child = w->child[node];
		if (child != NONE) {
			w->child[node] = w->next[child];
			enter(t, w, child);
		} else {
			t->leave[node] = (uint32_t)w->leaves;
			w->top--;
		}
	}
}

static bool walk(struct tree *t)
{
	size_t n = t->input->node_count;
	struct walk w = {.child = arena_array(t->arena, n + 1, sizeof *w.child),
					 .next = arena_array(t->arena, n + 1, sizeof *w.next),
					 .stack = arena_array(t->arena, n + 1, sizeof *w.stack)};
	if (w.child == NULL || w.next == NULL || w.stack == NULL)
		return false;
	memset(w.child, 0xff, n * sizeof *w.child);
	for (uint32_t i = (uint32_t)n; i-- > 0;)
		if (t->parent[i] != NONE) {
			w.next[i] = w.child[t->parent[i]];
			w.child[t->parent[i]] = i;
		}
	for (uint32_t root = 0; root < n; root++)
		if (t->parent[root] == NONE)
			walk_from(t, &w, root);
	return true;
}

static bool read_tree(struct tree *t)
{
	size_t n = t->input->node_count;
	for (size_t i = 0; i < n; i++)
		t->names[i] = (struct named){t->input->nodes[i].id, (uint32_t)i};
	qsort(t->names, n, sizeof *t->names, by_name);
	for (size_t i = 0; i < n; i++)
		t->parent[i] = node_of(t, t->input->nodes[i].parent);
	return walk(t);
}

/* --- who is first, who is last --- */

static uint32_t meeting_depth(const struct tree *t, uint32_t a, uint32_t b)
{
	while (a != b && a != NONE && b != NONE) {
		if (t->depth[a] >= t->depth[b])
			a = t->parent[a];
		else
			b = t->parent[b];
	}
	return a == b && a != NONE ? t->depth[a] : NONE;
}

static const char *both(struct arena *arena, const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != NULL ? a : b : arena_printf(arena, "(%s) and (%s)", a, b);
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * A dependency lies inside every node from the one where its ends meet up to the root: in none of those is a leaf of
 * its beginning among the last, or one of its end among the first.
 */
static void mark_edge(struct tree *t, size_t e)
{
	const struct plan_edge *edge = &t->input->edges[e];
	uint32_t from = t->from[e] = node_of(t, edge->from), to = t->to[e] = node_of(t, edge->to);
	uint32_t meet = meeting_depth(t, from, to);
	int64_t depth = meet != NONE ? (int64_t)meet : -1;
	t->out[from] = most(t->out[from], depth);
	t->in[to] = most(t->in[to], depth);
	if (edge->type == DEPENDENCY_CONDITIONAL)
		t->leaves->condition[to] = both(t->arena, t->leaves->condition[to], edge->condition);
}

static bool mark_edges(struct tree *t)
{
	size_t n = t->input->node_count;
	const char **condition = t->leaves->condition;
	for (size_t i = 0; i < n; i++)
		t->out[i] = t->in[i] = -1;
	for (size_t e = 0; e < t->input->edge_count; e++)
		mark_edge(t, e);
	for (size_t i = 0; i < n; i++) {
		uint32_t node = t->order[i], above = t->parent[node];
		if (above == NONE)
			continue;
		t->out[node] = most(t->out[node], t->out[above]);
		t->in[node] = most(t->in[node], t->in[above]);
		condition[node] = both(t->arena, condition[above], condition[node]);
	}
	return !t->arena->full;
}

/* --- edges between leaves --- */

struct pair {
	uint32_t to, from;
};

struct pairs {
	struct arena *arena;
	struct pair *items;
	size_t count, room;
};

static bool add_pair(struct pairs *p, uint32_t from, uint32_t to)
{
	if (p->count == p->room) {
		struct pair *more = arena_array(p->arena, p->room * 2 + 256, sizeof *more);
		if (more == NULL)
			return false;
		if (p->count > 0)
			memcpy(more, p->items, p->count * sizeof *more);
		p->items = more;
		p->room = p->room * 2 + 256;
	}
	p->items[p->count++] = (struct pair){to, from};
	return true;
}

/* The leaves of a node that are last in it, or first; how many. */
static size_t outer_leaves(const struct tree *t, uint32_t node, const int64_t *inside, uint32_t *list)
{
	size_t count = 0;
	for (uint32_t i = t->enter[node]; i < t->leave[node]; i++)
		if (inside[t->below[i]] < (int64_t)t->depth[node])
			list[count++] = t->below[i];
	return count;
}

static bool expand(const struct tree *t, struct pairs *pairs, bool *too_many)
{
	size_t n = t->input->node_count;
	uint32_t *last = arena_array(t->arena, n + 1, sizeof *last), *first = arena_array(t->arena, n + 1, sizeof *first);
	if (last == NULL || first == NULL)
		return false;
	for (size_t e = 0; e < t->input->edge_count; e++) {
		size_t lasts = outer_leaves(t, t->from[e], t->out, last), firsts = outer_leaves(t, t->to[e], t->in, first);
		*too_many = lasts * firsts > PLAN_EDGES_MAX || pairs->count + lasts * firsts > PLAN_EDGES_MAX;
		if (*too_many)
			return true;
		for (size_t a = 0; a < lasts; a++)
			for (size_t b = 0; b < firsts; b++)
				if (!add_pair(pairs, last[a], first[b]))
					return false;
	}
	return true;
}

static int by_end(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int order = (a->to > b->to) - (a->to < b->to);
	return order != 0 ? order : (a->from > b->from) - (a->from < b->from);
}

static bool list_pairs(const struct tree *t, struct pairs *pairs)
{
	struct plan_leaves *leaves = t->leaves;
	leaves->before = arena_array(t->arena, pairs->count + 1, sizeof *leaves->before);
	if (leaves->before == NULL)
		return false;
	if (pairs->count > 0)
		qsort(pairs->items, pairs->count, sizeof *pairs->items, by_end);
	size_t at = 0;
	for (uint32_t node = 0; node < t->input->node_count; node++) {
		leaves->first[node] = (uint32_t)leaves->edge_count;
		for (; at < pairs->count && pairs->items[at].to == node; at++)
			if (at == 0 || by_end(&pairs->items[at - 1], &pairs->items[at]) != 0)
				leaves->before[leaves->edge_count++] = pairs->items[at].from;
	}
	leaves->first[t->input->node_count] = (uint32_t)leaves->edge_count;
	return true;
}

bool plan_leaves(struct arena *arena, const struct plan_input *input, struct plan_leaves *leaves)
{
	struct tree t = {.arena = arena, .input = input, .leaves = leaves};
	struct pairs pairs = {.arena = arena};
	*leaves = (struct plan_leaves){.too_many = false};
	if (!make_room(&t) || !read_tree(&t) || !mark_edges(&t) || !expand(&t, &pairs, &leaves->too_many))
		return false;
	return leaves->too_many || list_pairs(&t, &pairs);
}
