#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "expr/book.h"

struct reading {
	struct expr *expr;
	struct arena *arena;
	enum expr_mode mode;
	struct buf pointer; /* of the value at hand */
};

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From inside a bracket (`quote` 0) or a string (1) past its end, or to the end of the text. */
static size_t skip(const char *text, size_t size, size_t at, char close, unsigned depth)
{
	unsigned open = 0;
	while (at < size) {
		char c = text[at++];
		if (close == '"') {
			if (c == '"')
				return at;
			if (c == '\\' && at < size && text[at++] == '(' && depth < SCAN_DEPTH_MAX)
				at = skip(text, size, at, ')', depth + 1);
		} else if (c == '"') {
			at = depth < SCAN_DEPTH_MAX ? skip(text, size, at, '"', depth + 1) : size;
		} else if (c == '#') {
			while (at < size && text[at] != '\n')
				at++;
		} else if (c == '(' || c == '[' || c == '{') {
			open++;
		} else if (open > 0 && (c == ')' || c == ']' || c == '}')) {
			open--;
		} else if (c == close) {
			return at;
		}
	}
	return size + 1;
}

static void trim(const char **text, size_t *size)
{
	while (*size > 0 && is_white(**text)) {
		++*text;
		--*size;
	}
	while (*size > 0 && is_white((*text)[*size - 1]))
		--*size;
}

bool expr_enclosed(const char *text, size_t size, const char **inner, size_t *inner_size)
{
	trim(&text, &size);
	if (size < 3 || text[0] != '$' || text[1] != '{' || text[size - 1] != '}' || skip(text, size, 2, '}', 0) < size)
		return false;
	*inner = text + 2;
	*inner_size = size - 3;
	return true;
}

static bool add_leaf(struct reading *r, struct node *node, const char *text, size_t size, bool fallback)
{
	struct leaf *leaf = arena_new(r->arena, struct leaf);
	if (leaf == NULL)
		return false;
	*leaf = (struct leaf){.expr = r->expr, .text = text, .size = size, .fallback = fallback ? node->value : NULL};
	leaf->pointer = arena_dup(r->arena, buf_text(&r->pointer));
	*r->expr->leaves_end = leaf;
	r->expr->leaves_end = &leaf->next;
	node->kind = NODE_LEAF;
	node->leaf = leaf;
	return leaf->pointer != NULL && buf_ok(&r->pointer);
}

static bool read_string(struct reading *r, struct node *node)
{
	const char *text = node->value->text;
	size_t size = node->value->size;
	if (expr_enclosed(text, size, &text, &size))
		return add_leaf(r, node, text, size, false);
	if (r->mode != EXPR_STRICT)
		return add_leaf(r, node, text, size, r->mode == EXPR_LOOSE);
	return true;
}

static bool read_node(struct reading *r, struct node *node);

static void point(struct buf *pointer, const struct json *parent, uint32_t i)
{
	if (parent->kind == JS_ARRAY) {
		buf_addf(pointer, "/%u", i);
		return;
	}
	buf_addc(pointer, '/');
	for (const char *at = parent->members[i].name; *at != '\0'; at++) {
		if (*at == '~' || *at == '/')
			buf_adds(pointer, *at == '~' ? "~0" : "~1");
		else
			buf_addc(pointer, *at);
	}
}

static bool read_children(struct reading *r, struct node *node)
{
	const struct json *value = node->value;
	struct node *children = arena_array(r->arena, value->count, sizeof *children);
	size_t here = r->pointer.size;
	bool ok = children != NULL, constant = true;
	for (uint32_t i = 0; ok && i < value->count; i++) {
		point(&r->pointer, value, i);
		children[i].value = value->kind == JS_ARRAY ? &value->items[i] : &value->members[i].value;
		ok = buf_ok(&r->pointer) && read_node(r, &children[i]);
		constant = constant && children[i].kind == NODE_CONSTANT;
		if (ok) {
			r->pointer.size = here;
			r->pointer.bytes[here] = '\0';
		}
	}
	if (!constant) {
		node->kind = value->kind == JS_ARRAY ? NODE_ARRAY : NODE_OBJECT;
		node->children = children;
	}
	return ok;
}

static bool read_node(struct reading *r, struct node *node)
{
	enum json_kind kind = node->value->kind;
	if (kind == JS_STRING)
		return read_string(r, node);
	if ((kind == JS_ARRAY || kind == JS_OBJECT) && node->value->count > 0 && r->mode != EXPR_BARE)
		return read_children(r, node);
	return true;
}

bool template_read(struct expr *expr, const char *pointer, const struct json *value, enum expr_mode mode)
{
	struct reading r = {.expr = expr, .arena = &expr->book->arena, .mode = mode};
	buf_init(&r.pointer, 0);
	buf_adds(&r.pointer, pointer);
	expr->root.value = value;
	expr->leaves_end = &expr->leaves;
	bool ok = read_node(&r, &expr->root);
	buf_fini(&r.pointer);
	return ok;
}

/* ---- filling in */

struct filling {
	struct arena *arena;
	const struct json *const *next; /* the value of the next leaf in the tree's order */
};

static bool fill(struct filling *f, const struct node *node, struct json *to);

static bool fill_array(struct filling *f, const struct node *node, struct json *to)
{
	uint32_t count = node->value->count;
	struct json *items = arena_array(f->arena, count, sizeof *items);
	*to = (struct json){.kind = JS_ARRAY, .count = count, .items = items};
	bool ok = items != NULL;
	for (uint32_t i = 0; ok && i < count; i++)
		ok = fill(f, &node->children[i], &items[i]);
	return ok;
}

static bool fill_object(struct filling *f, const struct node *node, struct json *to)
{
	uint32_t count = node->value->count;
	struct json_member *members = arena_array(f->arena, count, sizeof *members);
	*to = (struct json){.kind = JS_OBJECT, .count = count, .members = members};
	bool ok = members != NULL;
	for (uint32_t i = 0; ok && i < count; i++) {
		members[i].name = node->value->members[i].name;
		members[i].name_size = node->value->members[i].name_size;
		ok = fill(f, &node->children[i], &members[i].value);
	}
	return ok;
}

static bool fill(struct filling *f, const struct node *node, struct json *to)
{
	switch (node->kind) {
	case NODE_CONSTANT:
		*to = *node->value;
		return true;
	case NODE_LEAF:
		*to = **f->next++;
		return true;
	case NODE_ARRAY:
		return fill_array(f, node, to);
	case NODE_OBJECT:
		return fill_object(f, node, to);
	}
	return false;
}

const struct json *template_fill(const struct node *node, const struct json *const *values, struct arena *arena)
{
	if (node->kind == NODE_LEAF)
		return *values;
	if (node->kind == NODE_CONSTANT)
		return node->value;
	struct filling filling = {.arena = arena, .next = values};
	struct json *filled = arena_new(arena, struct json);
	return filled != NULL && fill(&filling, node, filled) ? filled : NULL;
}
