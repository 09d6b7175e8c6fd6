#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/map.h"
#include "core/must.h"
#include "seal/pack.h"

enum { PAIRWISE_MAX = 16 /* keys of a mapping that are compared each with each; more are sorted */ };

struct place {
	size_t line, column;
};

/* libyaml gives events; a level of the tree under construction is a growing list of values. */
struct level {
	bool mapping;
	struct json *values;  /* a mapping holds key, value, key, value … */
	struct place *places; /* of a mapping's keys, half as many */
	size_t count, room;
};

struct reader {
	struct arena *arena;
	struct yaml_fault *fault;
	struct level levels[YAML_DEPTH_MAX];
	int depth;
	const struct json *root;
};

static bool refuse(struct reader *r, const yaml_mark_t *mark, const char *code, const char *why)
{
	*r->fault = (struct yaml_fault){.code = code, .line = mark->line + 1, .column = mark->column + 1, .message = why};
	return false;
}

static bool refuse_whole(struct reader *r, const char *code, const char *why)
{
	*r->fault = (struct yaml_fault){.code = code, .message = why};
	return false;
}

static bool too_large(struct reader *r)
{
	return refuse_whole(r, "limit", "the YAML text is too large");
}

static bool is_decimal(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	size_t digits = strspn(at, "0123456789");
	at += digits;
	if (*at == '.') {
		size_t fraction = strspn(at + 1, "0123456789");
		digits += fraction;
		at += 1 + fraction;
	}
	if (digits == 0)
		return false;
	if (*at == 'e' || *at == 'E') {
		at += 1 + (at[1] == '-' || at[1] == '+');
		size_t exponent = strspn(at, "0123456789");
		if (exponent == 0)
			return false;
		at += exponent;
	}
	return *at == '\0';
}

static bool one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* YAML 1.2 core schema: only these plain scalars are not text. */
static struct json plain_scalar(const char *text, size_t size)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	if (one_of(text, nulls))
		return (struct json){.kind = JS_NULL};
	if (one_of(text, trues) || one_of(text, falses))
		return (struct json){.kind = JS_BOOL, .boolean = one_of(text, trues)};
	if (!is_decimal(text))
		return (struct json){.kind = JS_STRING, .text = text, .size = size};
	if (strpbrk(text, ".eE") == NULL) {
		errno = 0;
		long long integer = strtoll(text, NULL, 10);
		if (errno == 0)
			return (struct json){.kind = JS_INT, .integer = integer};
	}
	double real = strtod(text, NULL);
	if (isinf(real))
		return (struct json){.kind = JS_STRING, .text = text, .size = size};
	return (struct json){.kind = JS_REAL, .real = real};
}

static bool is_second_key(const struct level *level, const struct json *key)
{
	for (size_t i = 0; i + 1 < level->count && i < 2 * PAIRWISE_MAX; i += 2)
		if (strcmp(level->values[i].text, key->text) == 0)
			return true;
	return false;
}

/* By text, and of one text by their order. */
static int compare_keys(const void *a, const void *b, void *self)
{
	const struct json *values = self;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int by_text = strcmp(values[2 * left].text, values[2 * right].text);
	return by_text != 0 ? by_text : (left > right) - (left < right);
}

/* The first key that stands there for the second time; *found false: none does.  False: no memory. */
static bool find_second(struct reader *r, const struct level *level, size_t *second, bool *found)
{
	size_t keys = level->count / 2;
	uint32_t *order = arena_array(r->arena, keys, sizeof *order);
	*found = false;
	if (order == NULL)
		return false;
	for (size_t i = 0; i < keys; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, keys, sizeof *order, compare_keys, level->values);
	for (size_t i = 1; i < keys; i++) {
		bool same = strcmp(level->values[2 * order[i - 1]].text, level->values[2 * order[i]].text) == 0;
		if (same && (!*found || order[i] < *second))
			*second = order[i];
		*found = *found || same;
	}
	return true;
}

static bool refuse_second(struct reader *r, const struct place *place)
{
	const yaml_mark_t mark = {.line = place->line, .column = place->column};
	return refuse(r, &mark, "duplicate_key", "the key stands twice in one mapping");
}

/* Of many keys those that stand there twice show when all of them are known: each with each would take a minute. */
static bool many_keys_differ(struct reader *r, const struct level *level)
{
	size_t second;
	bool found;
	if (!level->mapping || level->count <= 2 * PAIRWISE_MAX)
		return true;
	if (!find_second(r, level, &second, &found))
		return too_large(r);
	return !found || refuse_second(r, &level->places[second]);
}

static bool more_room(struct reader *r, struct level *level)
{
	size_t room = level->room == 0 ? 8 : 2 * level->room;
	struct json *values = arena_array(r->arena, room, sizeof *values);
	struct place *places = level->mapping ? arena_array(r->arena, room / 2, sizeof *places) : NULL;
	if (values == NULL || (level->mapping && places == NULL))
		return false;
	if (level->count > 0)
		memcpy(values, level->values, level->count * sizeof *values);
	if (level->count > 0 && level->mapping)
		memcpy(places, level->places, level->room / 2 * sizeof *places);
	level->values = values;
	level->places = places;
	level->room = room;
	return true;
}

static bool add_value(struct reader *r, struct json value, const yaml_mark_t *mark)
{
	if (r->depth == 0) {
		struct json *root = arena_new(r->arena, struct json);
		if (root == NULL)
			return too_large(r);
		*root = value;
		r->root = root;
		return true;
	}
	struct level *level = &r->levels[r->depth - 1];
	bool is_key = level->mapping && level->count % 2 == 0;
	if (is_key && value.kind != JS_STRING)
		return refuse(r, mark, "yaml_syntax", "a key must be text");
	const struct place place = {mark->line, mark->column};
	if (is_key && is_second_key(level, &value))
		return refuse_second(r, &place);
	if (level->count == level->room && !more_room(r, level))
		return too_large(r);
	if (is_key)
		level->places[level->count / 2] = place;
	level->values[level->count++] = value;
	return true;
}

static bool open_level(struct reader *r, bool mapping, const yaml_mark_t *mark)
{
	if (r->depth == YAML_DEPTH_MAX)
		return refuse(r, mark, "limit", "nested too deep");
	r->levels[r->depth++] = (struct level){.mapping = mapping};
	return true;
}

static bool close_level(struct reader *r, const yaml_mark_t *mark)
{
	struct level level = r->levels[--r->depth];
	if (!many_keys_differ(r, &level))
		return false;
	struct json value = {.kind = level.mapping ? JS_OBJECT : JS_ARRAY};
	value.count = (uint32_t)(level.mapping ? level.count / 2 : level.count);
	if (!level.mapping) {
		value.items = level.values;
		return add_value(r, value, mark);
	}
	value.members = arena_array(r->arena, value.count, sizeof *value.members);
	if (value.members == NULL)
		return too_large(r);
	for (uint32_t i = 0; i < value.count; i++) {
		const struct json *key = &level.values[2 * i];
		value.members[i] =
			(struct json_member){.name = key->text, .name_size = key->size, .value = level.values[2 * i + 1]};
	}
	return add_value(r, value, mark);
}

/* Keys are always text, whatever they look like. */
static bool expects_key(const struct reader *r)
{
	return r->depth > 0 && r->levels[r->depth - 1].mapping && r->levels[r->depth - 1].count % 2 == 0;
}

static bool add_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *bytes = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	if (memchr(bytes, '\0', size) != NULL)
		return refuse(r, &event->start_mark, "yaml_syntax", "U+0000 is not allowed");
	const char *text = arena_dupn(r->arena, bytes, size);
	if (text == NULL)
		return too_large(r);
	struct json value = {.kind = JS_STRING, .text = text, .size = size};
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !expects_key(r))
		value = plain_scalar(text, size);
	return add_value(r, value, &event->start_mark);
}

/* Its code, NULL when the event has neither anchor nor tag and is no alias. */
static const char *forbidden(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL || event->type == YAML_ALIAS_EVENT)
		return "yaml_alias";
	return tag != NULL ? "yaml_tag" : NULL;
}

static bool take_event(struct reader *r, const yaml_event_t *event)
{
	const char *code = forbidden(event);
	if (code != NULL)
		return refuse(r, &event->start_mark, code, "anchors, aliases and tags are not allowed");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return add_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(r, false, &event->start_mark);
	case YAML_MAPPING_START_EVENT:
		return open_level(r, true, &event->start_mark);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_level(r, &event->start_mark);
	case YAML_DOCUMENT_START_EVENT:
		return r->root == NULL || refuse(r, &event->start_mark, "yaml_syntax", "only one document is allowed");
	default:
		return true;
	}
}

static bool read_all(struct reader *r, yaml_parser_t *parser)
{
	for (bool more = true; more;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return refuse(r, &parser->problem_mark, "yaml_syntax",
						  parser->problem != NULL ? parser->problem : "not YAML");
		bool taken = take_event(r, &event);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (!taken)
			return false;
	}
	return r->root != NULL || refuse_whole(r, "yaml_syntax", "the YAML text is empty");
}

bool yaml_read(struct arena *arena, const char *bytes, size_t size, const struct json **json, struct yaml_fault *fault)
{
	yaml_parser_t parser;
	struct reader reader = {.arena = arena, .fault = fault};
	if (!yaml_parser_initialize(&parser))
		return refuse_whole(&reader, "limit", "no memory to read YAML");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
	bool read = read_all(&reader, &parser);
	yaml_parser_delete(&parser);
	if (read)
		*json = reader.root;
	return read;
}

bool yaml_parse(struct arena *arena, const char *bytes, size_t size, const struct json **json, struct err *err)
{
	struct yaml_fault fault;
	if (yaml_read(arena, bytes, size, json, &fault))
		return true;
	if (fault.line == 0 && strcmp(fault.code, "limit") == 0)
		return err_set(err, ERR_LIMIT, "%s", fault.message);
	if (fault.line == 0)
		return err_set(err, ERR_INVALID, "%s", fault.message);
	return err_set(err, ERR_INVALID, "line %zu, column %zu: %s", fault.line, fault.column, fault.message);
}

/* --- where things stand --- */

struct walk_level {
	bool mapping, has_key;
	size_t count, pointer_size; /* of the pointer without what this level adds */
};

struct walk {
	struct map *lines; /* JSON Pointer -> its line and one more, as a pointer; 1: not known yet */
	struct buf pointer;
	struct walk_level levels[YAML_DEPTH_MAX];
	int depth;
};

static void note_line(struct walk *w, const yaml_mark_t *mark)
{
	if (map_get(w->lines, buf_text(&w->pointer)) != NULL)
		must(map_set(w->lines, buf_text(&w->pointer), (void *)(uintptr_t)(mark->line + 2), NULL));
}

static void cut(struct buf *buf, size_t size)
{
	if (size < buf->size) {
		buf->size = size;
		buf->bytes[size] = '\0';
	}
}

static void add_segment(struct walk *w, const char *text, size_t size)
{
	buf_addc(&w->pointer, '/');
	for (size_t i = 0; i < size; i++)
		if (text[i] == '~' || text[i] == '/')
			buf_adds(&w->pointer, text[i] == '~' ? "~0" : "~1");
		else
			buf_addc(&w->pointer, text[i]);
}

/* A node begins.  True: it is a key, which only names the next one. */
static bool begin_node(struct walk *w, const yaml_event_t *event)
{
	struct walk_level *level = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;
	char number[24];
	if (level == NULL || level->has_key) {
		if (level == NULL)
			note_line(w, &event->start_mark);
		else
			level->has_key = false;
		return false;
	}
	cut(&w->pointer, level->pointer_size);
	if (level->mapping && event->type == YAML_SCALAR_EVENT)
		add_segment(w, (const char *)event->data.scalar.value, event->data.scalar.length);
	else
		add_segment(w, number, (size_t)snprintf(number, sizeof number, "%zu", level->count));
	level->count++;
	level->has_key = level->mapping;
	note_line(w, &event->start_mark);
	return level->mapping;
}

/* False: that is the end, or deeper than what was read. */
static bool walk_event(struct walk *w, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		(void)begin_node(w, event);
		return true;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (w->depth == YAML_DEPTH_MAX || begin_node(w, event))
			return false;
		w->levels[w->depth++] =
			(struct walk_level){.mapping = event->type == YAML_MAPPING_START_EVENT, .pointer_size = w->pointer.size};
		return true;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		w->depth--;
		return true;
	default:
		return event->type != YAML_STREAM_END_EVENT;
	}
}

/* The pointer and all above it may be asked for. */
static void want(struct map *lines, const char *pointer)
{
	size_t size = strlen(pointer);
	for (;;) {
		must(map_set_n(lines, pointer, size, (void *)(uintptr_t)1, NULL));
		if (size == 0)
			return;
		while (size > 0 && pointer[--size] != '/')
			;
	}
}

static void walk_all(struct walk *w, yaml_parser_t *parser)
{
	for (bool more = true; more;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return;
		more = walk_event(w, &event);
		yaml_event_delete(&event);
	}
}

/* Of what is not there, the line of what it would stand in. */
static size_t line_of(const struct map *lines, const char *pointer)
{
	for (size_t size = strlen(pointer);;) {
		uintptr_t line = (uintptr_t)map_get_n(lines, pointer, size);
		if (line > 1 || size == 0)
			return line > 1 ? line - 1 : 0;
		while (size > 0 && pointer[--size] != '/')
			;
	}
}

void yaml_lines(const char *bytes, size_t size, struct yaml_place *places, size_t count)
{
	yaml_parser_t parser;
	struct map lines;
	struct walk walk = {.lines = &lines};
	map_init(&lines, NULL, NULL);
	buf_init(&walk.pointer, 0);
	for (size_t i = 0; i < count; i++)
		want(&lines, places[i].pointer);
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
		walk_all(&walk, &parser);
		yaml_parser_delete(&parser);
	}
	for (size_t i = 0; i < count; i++)
		places[i].line = line_of(&lines, places[i].pointer);
	buf_fini(&walk.pointer);
	map_fini(&lines);
}
