#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "http/chars.h"

const char *const route_no_content[] = {NULL};

/* One way to say a path: of the route itself or of an alias. */
struct pattern {
	size_t row; /* among router->rows */
	bool slash;
	char *names[ROUTE_PARAMS_MAX];
	size_t count;
};

/* A place in the tree of segments. */
struct node {
	char *literal; /* NULL: a parameter, or the root */
	size_t size;
	struct node *children, *next; /* literal ones */
	struct node *param, *tail;    /* {name} and {name*} */
	struct pattern *patterns[METHODS];
};

struct row {
	const struct route *route;
	void *owner;
};

struct router {
	struct node *root;
	struct row *rows;
	size_t count;
};

static struct node *node_new(const char *literal, size_t size)
{
	struct node *node = calloc(1, sizeof *node);
	must(node != NULL);
	if (literal != NULL) {
		node->literal = strndup(literal, size);
		must(node->literal != NULL);
		node->size = size;
	}
	return node;
}

static void pattern_free(struct pattern *pattern)
{
	for (size_t i = 0; pattern != NULL && i < pattern->count; i++)
		free(pattern->names[i]);
	free(pattern);
}

static void node_free(struct node *node)
{
	if (node == NULL)
		return;
	for (struct node *child = node->children, *next; child != NULL; child = next) {
		next = child->next;
		node_free(child);
	}
	node_free(node->param);
	node_free(node->tail);
	for (size_t m = 0; m < METHODS; m++)
		pattern_free(node->patterns[m]);
	free(node->literal);
	free(node);
}

struct router *router_new(void)
{
	struct router *router = calloc(1, sizeof *router);
	must(router != NULL);
	router->root = node_new(NULL, 0);
	return router;
}

void router_free(struct router *router)
{
	if (router == NULL)
		return;
	node_free(router->root);
	free(router->rows);
	free(router);
}

static struct node *literal_child(const struct node *node, const char *text, size_t size)
{
	for (struct node *child = node->children; child != NULL; child = child->next)
		if (child->size == size && memcmp(child->literal, text, size) == 0)
			return child;
	return NULL;
}

static struct node *add_literal(struct node *node, const char *text, size_t size)
{
	struct node *child = literal_child(node, text, size);
	if (child != NULL)
		return child;
	must(memchr(text, '{', size) == NULL && memchr(text, '}', size) == NULL && chars_all(text, size, CHAR_TARGET));
	child = node_new(text, size);
	child->next = node->children;
	node->children = child;
	return child;
}

static struct node *add_param(struct node *node, const char *text, size_t size, struct pattern *pattern)
{
	must(size >= 3 && text[size - 1] == '}' && pattern->count < ROUTE_PARAMS_MAX);
	bool tail = text[size - 2] == '*';
	size_t length = size - 2 - tail;
	must(length > 0 && (!tail || text[size] == '\0'));
	char *name = strndup(text + 1, length);
	must(name != NULL);
	pattern->names[pattern->count++] = name;
	struct node **child = tail ? &node->tail : &node->param;
	if (*child == NULL)
		*child = node_new(NULL, 0);
	return *child;
}

static void add_pattern(struct router *router, size_t row, const char *path, enum method method, bool slash)
{
	struct pattern *pattern = calloc(1, sizeof *pattern);
	must(pattern != NULL && path[0] == '/' && method > METHOD_NONE && method < METHODS);
	*pattern = (struct pattern){.row = row, .slash = slash};
	struct node *node = router->root;
	size_t segments = 0;
	for (const char *at = path + 1; *at != '\0' || at[-1] == '/'; segments++) {
		size_t size = strcspn(at, "/");
		must((size > 0 || path[1] == '\0') && segments < ROUTE_SEGMENTS_MAX);
		node = at[0] == '{' ? add_param(node, at, size, pattern) : add_literal(node, at, size);
		at += size;
		if (*at == '\0')
			break;
		at++;
	}
	must(node->patterns[method] == NULL); /* two rows for one method and path */
	node->patterns[method] = pattern;
}

static void check_row(const struct router *router, const struct route *route)
{
	must(route->permission != NULL && route->permission[0] != '\0');
	must(route->handler != NULL && route->operation != NULL && route->summary != NULL);
	must(strlen(route->summary) <= 120 && route->method != METHOD_HEAD && route->method != METHOD_OPTIONS);
	for (size_t i = 0; i < router->count; i++)
		must(strcmp(router->rows[i].route->operation, route->operation) != 0);
}

static void add_row(struct router *router, const struct route *route, void *owner)
{
	check_row(router, route);
	struct row *rows = reallocarray(router->rows, router->count + 1, sizeof *rows);
	must(rows != NULL);
	router->rows = rows;
	size_t row = router->count++;
	rows[row] = (struct row){route, owner};
	add_pattern(router, row, route->path, route->method, route->slash);
	for (const struct route_alias *alias = route->aliases; alias != NULL && alias->path != NULL; alias++)
		add_pattern(router, row, alias->path, alias->method != METHOD_NONE ? alias->method : route->method,
					alias->slash);
}

void router_add(struct router *router, const struct route *routes, size_t count, void *owner)
{
	for (size_t i = 0; i < count; i++)
		add_row(router, &routes[i], owner);
}

struct search {
	const struct router *router;
	enum method method;
	char *segments[ROUTE_SEGMENTS_MAX + 1];
	size_t count;
	bool slash; /* the path ended in one */
	const char *values[ROUTE_PARAMS_MAX];
	struct route_match *match;
	unsigned allow;
};

static const struct pattern *pattern_of(const struct node *node, enum method method)
{
	if (method == METHOD_HEAD)
		method = METHOD_GET;
	return node->patterns[method];
}

static void note_allowed(struct search *search, const struct node *node)
{
	for (unsigned m = METHOD_GET; m < METHODS; m++)
		if (node->patterns[m] != NULL && (!search->slash || node->patterns[m]->slash))
			search->allow |= 1u << m;
}

static void fill_match(struct search *search, const struct pattern *pattern)
{
	struct route_match *match = search->match;
	const struct row *row = &search->router->rows[pattern->row];
	*match = (struct route_match){.route = row->route, .owner = row->owner, .index = pattern->row};
	match->param_count = pattern->count;
	for (size_t i = 0; i < pattern->count; i++)
		match->params[i] = (struct route_param){pattern->names[i], search->values[i]};
}

static bool arrived(struct search *search, const struct node *node)
{
	note_allowed(search, node);
	const struct pattern *pattern = pattern_of(node, search->method);
	if (pattern == NULL || (search->slash && !pattern->slash))
		return false;
	fill_match(search, pattern);
	return true;
}

/* A tail gets its slashes back: the segments lie behind one another in the path that was cut. */
static const char *rejoined(struct search *search, size_t from)
{
	for (size_t i = from + 1; i < search->count; i++)
		search->segments[i][-1] = '/';
	return search->segments[from];
}

static bool walk(struct search *search, const struct node *node, size_t at, size_t params)
{
	if (at == search->count)
		return arrived(search, node);
	const char *segment = search->segments[at];
	const struct node *child = literal_child(node, segment, strlen(segment));
	if (child != NULL && walk(search, child, at + 1, params))
		return true;
	if (*segment == '\0' || params == ROUTE_PARAMS_MAX)
		return false;
	search->values[params] = segment;
	if (node->param != NULL && walk(search, node->param, at + 1, params + 1))
		return true;
	if (node->tail == NULL)
		return false;
	if (pattern_of(node->tail, search->method) != NULL)
		search->values[params] = rejoined(search, at);
	return arrived(search, node->tail);
}

/* Cut at slashes.  Too many segments fit no route. */
static bool cut(struct search *search, char *path)
{
	if (path[0] != '/')
		return false;
	size_t length = strlen(path);
	search->slash = length > 1 && path[length - 1] == '/';
	if (search->slash)
		path[length - 1] = '\0';
	char *at = path + 1;
	for (;;) {
		if (search->count > ROUTE_SEGMENTS_MAX)
			return false;
		search->segments[search->count++] = at;
		at = strchr(at, '/');
		if (at == NULL)
			return search->count <= ROUTE_SEGMENTS_MAX;
		*at++ = '\0';
	}
}

enum route_found router_find(const struct router *router, enum method method, char *path, struct route_match *match,
							 unsigned *allow)
{
	struct search search = {.router = router, .method = method, .match = match};
	if (!cut(&search, path))
		return ROUTE_UNKNOWN;
	bool found = walk(&search, router->root, 0, 0);
	if (!found && search.allow == 0)
		return ROUTE_UNKNOWN;
	if (search.allow & 1u << METHOD_GET)
		search.allow |= 1u << METHOD_HEAD;
	if (allow != NULL)
		*allow = search.allow | 1u << METHOD_OPTIONS;
	return found ? ROUTE_FOUND : ROUTE_OTHER_METHOD;
}

void router_allow(unsigned allow, char text[ROUTER_ALLOW_TEXT])
{
	size_t size = 0;
	text[0] = '\0';
	for (enum method m = METHOD_GET; m < METHODS; m++)
		if (allow & 1u << m)
			size +=
				(size_t)snprintf(text + size, ROUTER_ALLOW_TEXT - size, "%s%s", size > 0 ? ", " : "", method_name(m));
}

size_t router_count(const struct router *router)
{
	return router->count;
}

const struct route *router_at(const struct router *router, size_t index)
{
	must(index < router->count);
	return router->rows[index].route;
}

bool route_public(const struct route *route)
{
	return strcmp(route->permission, PUBLIC) == 0;
}
