#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/ir_compiler.h"

/* ${{ … }} in values of the DAG form, and what it is in jq [flow.md 2.6]. */

/* --- ${{ … } } --- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool ir_path_next(const char **path, size_t *path_size, const char **name, size_t *name_size, uint64_t *index)
{
	const char *at = *path, *end = at + *path_size;
	if (at == end)
		return false;
	const char *from = ++at;
	*name = NULL;
	*index = 0;
	if (from[-1] == '[') {
		while (*at != ']')
			*index = *index * 10 + (uint64_t)(*at++ - '0');
		at++;
	} else {
		while (at < end && *at != '.' && *at != '[')
			at++;
		*name = from;
		*name_size = (size_t)(at - from);
	}
	*path = at;
	*path_size = (size_t)(end - at);
	return true;
}

/* .NAME and [N], as often as there are: up to `end`. */
static bool is_path(const char *at, const char *end)
{
	enum { INDEX_DIGITS = 9 };
	while (at < end) {
		const char *from = at + 1;
		if (*at == '[') {
			for (at++; at < end && *at >= '0' && *at <= '9'; at++)
				;
			if (at == from || at - from > INDEX_DIGITS || at == end || *at++ != ']')
				return false;
		} else if (*at == '.') {
			for (at++; at < end && *at != '.' && *at != '[' && *at != ']' && !is_blank(*at); at++)
				;
			if (at == from)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static bool starts(const char **at, const char *end, const char *word)
{
	size_t size = strlen(word);
	if ((size_t)(end - *at) < size || memcmp(*at, word, size) != 0)
		return false;
	*at += size;
	return true;
}

static void read_placeholder(const char *at, const char *end, struct ir_placeholder *found)
{
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	if (starts(&at, end, "inputs")) {
		found->inputs = true;
	} else if (starts(&at, end, "steps.")) {
		found->step = at;
		while (at < end && *at != '.')
			at++;
		found->step_size = (size_t)(at - found->step);
		found->status = starts(&at, end, ".status");
		if (found->step_size == 0 || (!found->status && !starts(&at, end, ".output")))
			return;
	} else {
		return;
	}
	found->sound = is_path(at, end) && (!found->status || at == end);
	found->path = at;
	found->path_size = (size_t)(end - at);
}

bool ir_placeholder_next(const char *text, size_t size, size_t *at, struct ir_placeholder *found)
{
	const char *open = *at < size ? memmem(text + *at, size - *at, "${{", 3) : NULL;
	if (open == NULL)
		return false;
	const char *inner = open + 3, *close = memmem(inner, (size_t)(text + size - inner), "}}", 2);
	*found = (struct ir_placeholder){.from = (size_t)(open - text)};
	found->to = close != NULL ? (size_t)(close + 2 - text) : size;
	if (close != NULL)
		read_placeholder(inner, close, found);
	*at = found->to;
	return true;
}

/* --- as jq --- */

static bool is_word(const char *text, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	for (size_t i = 0; i < size; i++)
		if (strchr(letters, text[i]) == NULL && (i == 0 || text[i] < '0' || text[i] > '9'))
			return false;
	return size > 0;
}

static void add_quoted(struct buf *out, const char *text, size_t size)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_strn(&jw, text, size);
}

/* What is no plain word stands in quotes. */
static void add_name(struct buf *out, const char *name, size_t size)
{
	buf_addc(out, '.');
	if (is_word(name, size))
		buf_add(out, name, size);
	else
		add_quoted(out, name, size);
}

static void add_path(struct buf *out, const struct ir_placeholder *found)
{
	const char *path = found->path, *name;
	size_t size = found->path_size, name_size;
	uint64_t index;
	buf_adds(out, found->inputs ? ".inputs" : ".steps");
	if (!found->inputs) {
		add_name(out, found->step, found->step_size);
		buf_adds(out, found->status ? ".status" : ".output");
	}
	while (ir_path_next(&path, &size, &name, &name_size, &index)) {
		if (name != NULL)
			add_name(out, name, name_size);
		else
			buf_addf(out, "[%llu]", (unsigned long long)index);
	}
}

/* The whole text, white space around apart: its value is taken as it is. */
static bool stands_alone(const struct json *json, const struct ir_placeholder *found)
{
	for (size_t i = 0; i < json->size; i++)
		if ((i < found->from || i >= found->to) && !is_blank(json->text[i]))
			return false;
	return true;
}

enum around { AROUND_TEXT, AROUND_JQ };

static void add_around(struct buf *out, enum around around, const char *text, size_t size)
{
	if (around == AROUND_JQ) {
		buf_add(out, text, size);
		return;
	}
	/* Text in the middle of a jq string: quoted as JSON, without the quotes. */
	struct buf quoted;
	buf_init(&quoted, 0);
	add_quoted(&quoted, text, size);
	if (quoted.size > 2)
		buf_add(out, quoted.bytes + 1, quoted.size - 2);
	buf_fini(&quoted);
}

static void add_pieces(struct buf *out, const struct json *json, enum around around)
{
	struct ir_placeholder found;
	size_t at = 0, done = 0;
	while (ir_placeholder_next(json->text, json->size, &at, &found)) {
		add_around(out, around, json->text + done, found.from - done);
		buf_adds(out, around == AROUND_JQ ? "(" : "\\(");
		add_path(out, &found);
		buf_addc(out, ')');
		done = found.to;
	}
	add_around(out, around, json->text + done, json->size - done);
}

static struct json finished(struct ir_compiler *c, struct buf *out)
{
	const char *text = arena_dupn(c->arena, buf_text(out), out->size);
	struct json json = {.kind = JS_STRING, .text = text != NULL ? text : "", .size = text != NULL ? out->size : 0};
	buf_fini(out);
	return json;
}

/* All placeholders of the text are sound. */
static struct json rewritten(struct ir_compiler *c, const struct json *json, bool jq)
{
	struct ir_placeholder first;
	struct buf out;
	const char *inner = json->text;
	size_t at = 0, size = json->size;
	buf_init(&out, 0);
	(void)ir_placeholder_next(json->text, json->size, &at, &first);
	buf_adds(&out, "${ ");
	if (stands_alone(json, &first)) {
		add_path(&out, &first);
	} else if (jq || (first.from > 0 && ir_expression(json->text, json->size, &inner, &size))) {
		const struct json whole = {.kind = JS_STRING, .text = inner, .size = size};
		add_pieces(&out, &whole, AROUND_JQ);
	} else {
		buf_addc(&out, '"');
		add_pieces(&out, json, AROUND_TEXT);
		buf_addc(&out, '"');
	}
	buf_adds(&out, " }");
	return finished(c, &out);
}

/* True: there are placeholders and all of them are sound. */
static bool check_placeholders(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	struct ir_placeholder found;
	size_t at = 0;
	bool any = false, sound = true;
	while (ir_placeholder_next(json->text, json->size, &at, &found)) {
		any = true;
		sound = sound && found.sound;
		if (!found.sound)
			ir_problem(c, place, "expression_syntax",
					   "must be ${{ inputs.PATH }}, ${{ steps.ID.output.PATH }} or ${{ steps.ID.status }}");
		else if (!found.inputs)
			ir_dag_refer(c, place, found.step, found.step_size, true);
	}
	return any && sound;
}

static bool has_placeholder(const struct json *json)
{
	bool found = json->kind == JS_STRING && strstr(json->text, "${{") != NULL;
	for (uint32_t i = 0; json->kind == JS_ARRAY && i < json->count && !found; i++)
		found = has_placeholder(&json->items[i]);
	for (uint32_t i = 0; json->kind == JS_OBJECT && i < json->count && !found; i++)
		found = has_placeholder(&json->members[i].value);
	return found;
}

static struct json rewrite(struct ir_compiler *c, const struct ir_place *place, const struct json *json, bool jq)
{
	struct json copy = *json;
	if (json->kind == JS_STRING)
		return check_placeholders(c, place, json) ? rewritten(c, json, jq) : copy;
	if (json->kind == JS_ARRAY) {
		copy.items = arena_array(c->arena, json->count, sizeof *copy.items);
		for (uint32_t i = 0; copy.items != NULL && i < json->count; i++) {
			const struct ir_place at = ir_nth(place, i);
			copy.items[i] = rewrite(c, &at, &json->items[i], jq);
		}
	}
	if (json->kind == JS_OBJECT) {
		copy.members = arena_array(c->arena, json->count, sizeof *copy.members);
		for (uint32_t i = 0; copy.members != NULL && i < json->count; i++) {
			const struct ir_place at = ir_at(place, json->members[i].name);
			copy.members[i] = json->members[i];
			copy.members[i].value = rewrite(c, &at, &json->members[i].value, jq);
		}
	}
	return copy;
}

const struct json *ir_dag_rewrite(struct ir_compiler *c, const struct ir_place *place, const struct json *json, bool jq)
{
	if (!has_placeholder(json))
		return json;
	struct json *copy = arena_new(c->arena, struct json);
	if (copy == NULL)
		return json;
	*copy = rewrite(c, place, json, jq);
	return c->arena->full ? json : copy;
}
