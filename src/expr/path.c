#include "expr/path.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/map.h"

enum { STEPS_MAX = 32 };

/* jq's own: a longer name is left out of the message. */
enum { MESSAGE_NAME_MAX = 30 };

const struct json json_null_value = {.kind = JS_NULL};

struct reader {
	const char *at, *end;
	struct arena *arena;
};

static void skip_white(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n'))
		r->at++;
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static size_t name_size(const struct reader *r)
{
	const char *at = r->at;
	for (; at < r->end; at++) {
		bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
		if (!letter && (at == r->at || *at < '0' || *at > '9'))
			break;
	}
	return (size_t)(at - r->at);
}

static bool read_name(struct reader *r, const char **name, size_t *size)
{
	size_t found = name_size(r);
	if (found == 0)
		return false;
	*name = r->at;
	*size = found;
	r->at += found;
	return true;
}

/* A text without interpolation, and without what jq and JSON might read differently. */
static bool read_string(struct reader *r, const char **text, size_t *size)
{
	const char *from = r->at + 1, *at = from;
	for (; at < r->end && *at != '"'; at++)
		if (*at == '\\' || (unsigned char)*at < ' ')
			return false;
	if (at == r->end)
		return false;
	*text = arena_dupn(r->arena, from, (size_t)(at - from));
	*size = (size_t)(at - from);
	r->at = at + 1;
	return *text != NULL;
}

/* Up to 15 digits are exact in any arithmetic. */
static bool read_index(struct reader *r, double *index)
{
	bool negative = take(r, '-');
	int digits = 0;
	int64_t value = 0;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && digits <= 15; r->at++, digits++)
		value = value * 10 + (*r->at - '0');
	*index = (double)(negative ? -value : value);
	return digits > 0 && digits <= 15;
}

static bool read_brackets(struct reader *r, struct path_step *step)
{
	r->at++;
	skip_white(r);
	bool ok = r->at < r->end && *r->at == '"' ? read_string(r, &step->name, &step->size) : read_index(r, &step->index);
	skip_white(r);
	return ok && take(r, ']');
}

/* After a dot: `.name` in one piece, or `."text"`, or, at the start only, `.[…]`. */
static bool read_dotted(struct reader *r, bool first, struct path_step *step)
{
	r->at++;
	if (read_name(r, &step->name, &step->size)) {
		step->name = arena_dupn(r->arena, step->name, step->size);
		return step->name != NULL;
	}
	skip_white(r);
	if (r->at < r->end && *r->at == '"')
		return read_string(r, &step->name, &step->size);
	return first && r->at < r->end && *r->at == '[' && read_brackets(r, step);
}

static bool read_steps(struct reader *r, bool first, struct path *path)
{
	struct path_step steps[STEPS_MAX] = {0};
	for (skip_white(r); r->at < r->end; skip_white(r), first = false) {
		if (path->count == STEPS_MAX)
			return false;
		struct path_step *step = &steps[path->count++];
		if (*r->at != '.' && (*r->at != '[' || first))
			return false;
		if (!(*r->at == '.' ? read_dotted(r, first, step) : read_brackets(r, step)))
			return false;
		skip_white(r);
		step->optional = take(r, '?');
	}
	path->steps = arena_array(r->arena, path->count + 1, sizeof *steps);
	if (path->steps == NULL)
		return false;
	memcpy(path->steps, steps, path->count * sizeof *steps);
	return true;
}

static bool read_start(struct reader *r, const struct map *variables, struct path *path)
{
	const char *name;
	size_t size;
	if (take(r, '$')) {
		skip_white(r);
		uintptr_t position = read_name(r, &name, &size) ? (uintptr_t)map_get_n(variables, name, size) : 0;
		path->arg = (unsigned)(position - 1);
		return position > 0 && read_steps(r, false, path);
	}
	const char *dot = r->at;
	if (!take(r, '.'))
		return false;
	skip_white(r);
	if (r->at == r->end || (*r->at == '.' && r->at > dot + 1)) /* two dots in a row mean something else */
		return read_steps(r, false, path);
	r->at = dot;
	return read_steps(r, true, path);
}

static const struct json *keep(struct arena *arena, struct json value)
{
	struct json *kept = arena_new(arena, struct json);
	if (kept != NULL)
		*kept = value;
	return kept;
}

static const struct json *read_literal(struct reader *r)
{
	static const struct {
		const char *word;
		struct json value;
	} words[] = {{"null", {.kind = JS_NULL}},
				 {"true", {.kind = JS_BOOL, .boolean = true}},
				 {"false", {.kind = JS_BOOL, .boolean = false}}};
	size_t size = (size_t)(r->end - r->at);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == size && memcmp(words[i].word, r->at, size) == 0)
			return &words[i].value;
	struct json value = {.kind = JS_STRING};
	double number;
	if (*r->at == '"') {
		if (!read_string(r, &value.text, &value.size) || r->at != r->end)
			return NULL;
		return keep(r->arena, value);
	}
	if (!read_index(r, &number) || r->at != r->end)
		return NULL;
	return keep(r->arena, (struct json){.kind = JS_INT, .integer = (int64_t)number});
}

const struct path *path_read(const char *text, size_t size, const struct map *variables, struct arena *arena)
{
	struct reader r = {.at = text, .end = text + size, .arena = arena};
	struct path *path = arena_new(arena, struct path);
	skip_white(&r);
	while (r.end > r.at && (r.end[-1] == ' ' || r.end[-1] == '\t' || r.end[-1] == '\n'))
		r.end--;
	if (path == NULL || r.at == r.end)
		return NULL;
	if (*r.at == '.' || *r.at == '$')
		return read_start(&r, variables, path) ? path : NULL;
	path->literal = read_literal(&r);
	return path->literal != NULL ? path : NULL;
}

static const char *kind_name(const struct json *value)
{
	return json_kind_name(value->kind);
}

static bool refuse(const struct json *at, const struct path_step *step, struct err *err)
{
	if (step->name == NULL)
		return err_set(err, ERR_EXPRESSION, "Cannot index %s with number", kind_name(at));
	if (step->size >= MESSAGE_NAME_MAX)
		return err_set(err, ERR_EXPRESSION, "Cannot index %s with string", kind_name(at));
	return err_set(err, ERR_EXPRESSION, "Cannot index %s with string \"%s\"", kind_name(at), step->name);
}

static const struct json *member(const struct json *object, const struct path_step *step)
{
	for (uint32_t i = 0; i < object->count; i++) {
		const struct json_member *m = &object->members[i];
		if (m->name_size == step->size && memcmp(m->name, step->name, step->size) == 0)
			return &m->value;
	}
	return &json_null_value;
}

static const struct json *element(const struct json *array, double index)
{
	double at = index < 0 ? index + array->count : index;
	return at >= 0 && at < array->count ? &array->items[(uint32_t)at] : &json_null_value;
}

bool path_walk(const struct path *path, const struct json *from, const struct json **value, struct err *err)
{
	const struct json *at = from != NULL ? from : &json_null_value;
	for (unsigned i = 0; i < path->count; i++) {
		const struct path_step *step = &path->steps[i];
		if (step->name != NULL && at->kind == JS_OBJECT) {
			at = member(at, step);
		} else if (step->name == NULL && at->kind == JS_ARRAY) {
			at = element(at, step->index);
		} else if (at->kind != JS_NULL) {
			*value = &json_null_value;
			return step->optional || refuse(at, step, err);
		}
	}
	*value = at;
	return true;
}
