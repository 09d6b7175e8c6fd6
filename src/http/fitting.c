#include "http/fitting.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/answer.h"
#include "http/media.h"
#include "http/router.h"

enum { DEPTH = 1024 /* user data has up to 500 */, VALUES = 20000000, ARENA_CAP = 1 << 30 };

/* One value against one schema. */
struct fitting {
	struct arena *arena;
	const char *pointer;
	struct err *err;
};

typedef bool (*fits_word)(const struct fitting *f, const struct json *value, const struct json *schema,
						  const struct json *word);

static bool wrong(const struct fitting *f, const char *what)
{
	return err_set(f->err, ERR_INTERNAL, "%s %s", f->pointer[0] != '\0' ? f->pointer : "(all)", what);
}

static bool fits(const struct fitting *f, const struct json *value, const struct json *schema);

static bool fits_below(const struct fitting *f, const char *name, const struct json *value, const struct json *schema)
{
	const struct fitting below = {f->arena, field_pointer(f->arena, f->pointer, name), f->err};
	return fits(&below, value, schema);
}

/* --- words --- */

static bool is_kind(const struct json *value, const char *type)
{
	if (strcmp(type, "number") == 0)
		return json_numeric(value);
	if (strcmp(type, "integer") == 0)
		return value->kind == JS_INT || (value->kind == JS_REAL && value->integral);
	return !json_numeric(value) && strcmp(json_kind_name(value->kind), type) == 0;
}

static bool fits_type(const struct fitting *f, const struct json *value, const struct json *schema,
					  const struct json *word)
{
	const struct json *types = word->kind == JS_ARRAY ? word->items : word;
	(void)schema;
	for (uint32_t i = 0; i < (word->kind == JS_ARRAY ? word->count : 1); i++)
		if (types[i].kind == JS_STRING && is_kind(value, types[i].text))
			return true;
	return wrong(f, arena_printf(f->arena, "is of another type: %s", json_kind_name(value->kind)));
}

static bool fits_properties(const struct fitting *f, const struct json *value, const struct json *schema,
							const struct json *word)
{
	(void)schema;
	for (uint32_t i = 0; value->kind == JS_OBJECT && i < value->count; i++) {
		const struct json_member *member = &value->members[i];
		const struct json *known = json_get(word, member->name);
		if (known != NULL && !fits_below(f, member->name, &member->value, known))
			return false;
	}
	return true;
}

static bool fits_additional(const struct fitting *f, const struct json *value, const struct json *schema,
							const struct json *word)
{
	const struct json *known = json_get(schema, "properties");
	for (uint32_t i = 0; value->kind == JS_OBJECT && i < value->count; i++) {
		const struct json_member *member = &value->members[i];
		const char *here = field_pointer(f->arena, f->pointer, member->name);
		const struct fitting below = {f->arena, here, f->err};
		if (json_get(known, member->name) != NULL)
			continue;
		if (word->kind == JS_BOOL && !word->boolean)
			return wrong(&below, "is not declared");
		if (word->kind == JS_OBJECT && !fits(&below, &member->value, word))
			return false;
	}
	return true;
}

static bool fits_required(const struct fitting *f, const struct json *value, const struct json *schema,
						  const struct json *word)
{
	(void)schema;
	for (uint32_t i = 0; value->kind == JS_OBJECT && i < word->count; i++)
		if (json_get(value, word->items[i].text) == NULL)
			return wrong(f, arena_printf(f->arena, "has no %s", word->items[i].text));
	return true;
}

static bool fits_items(const struct fitting *f, const struct json *value, const struct json *schema,
					   const struct json *word)
{
	(void)schema;
	for (uint32_t i = 0; value->kind == JS_ARRAY && i < value->count; i++) {
		const struct fitting below = {f->arena, field_pointer_index(f->arena, f->pointer, i), f->err};
		if (!fits(&below, &value->items[i], word))
			return false;
	}
	return true;
}

static bool fits_enum(const struct fitting *f, const struct json *value, const struct json *schema,
					  const struct json *word)
{
	(void)schema;
	for (uint32_t i = 0; i < word->count; i++)
		if (json_same(value, &word->items[i]))
			return true;
	return wrong(f, "is none of the options");
}

static bool fits_const(const struct fitting *f, const struct json *value, const struct json *schema,
					   const struct json *word)
{
	(void)schema;
	return json_same(value, word) || wrong(f, "is another value");
}

static bool fits_any(const struct fitting *f, const struct json *value, const struct json *schema,
					 const struct json *word)
{
	(void)schema;
	for (uint32_t i = 0; i < word->count; i++)
		if (fits(f, value, &word->items[i]))
			return true;
	return false; /* as the last of them said */
}

static bool fits_minimum(const struct fitting *f, const struct json *value, const struct json *schema,
						 const struct json *word)
{
	(void)schema;
	return !json_numeric(value) || json_number(value) >= json_number(word) || wrong(f, "is too small");
}

static bool fits_maximum(const struct fitting *f, const struct json *value, const struct json *schema,
						 const struct json *word)
{
	(void)schema;
	return !json_numeric(value) || json_number(value) <= json_number(word) || wrong(f, "is too large");
}

/* Times are ours to format; of other formats the document says what they are, no more. */
static bool fits_format(const struct fitting *f, const struct json *value, const struct json *schema,
						const struct json *word)
{
	const struct stamp_fault *fault;
	int64_t us;
	(void)schema;
	return value->kind != JS_STRING || strcmp(word->text, "date-time") != 0 ||
		   stamp_parse(value->text, value->size, &us, &fault) || wrong(f, "is no time");
}

static const struct {
	const char *name;
	fits_word fits; /* NULL: it says nothing of values */
} words[] = {
	{"type", fits_type},
	{"properties", fits_properties},
	{"required", fits_required},
	{"additionalProperties", fits_additional},
	{"items", fits_items},
	{"enum", fits_enum},
	{"const", fits_const},
	{"anyOf", fits_any},
	{"minimum", fits_minimum},
	{"maximum", fits_maximum},
	{"format", fits_format},
	{"description", NULL},
	{"x-unit", NULL},
	{"readOnly", NULL},
	{"writeOnly", NULL},
};

static bool fits(const struct fitting *f, const struct json *value, const struct json *schema)
{
	for (uint32_t i = 0; i < schema->count; i++) {
		const struct json_member *member = &schema->members[i];
		size_t w = 0;
		while (w < sizeof words / sizeof *words && strcmp(words[w].name, member->name) != 0)
			w++;
		if (w == sizeof words / sizeof *words)
			return wrong(f, arena_printf(f->arena, "has an unknown word in its schema: %s", member->name));
		if (words[w].fits != NULL && !words[w].fits(f, value, schema, &member->value))
			return false;
	}
	return true;
}

bool fitting_schema(const struct json *value, const struct json *schema, const char *pointer, struct arena *arena,
					struct err *err)
{
	const struct fitting f = {arena, pointer, err};
	return schema->kind == JS_OBJECT ? fits(&f, value, schema) : wrong(&f, "has no schema");
}

/* --- answers --- */

void fitting_result_schema(const struct route *route, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	if (route->result == NULL) {
		buf_adds(text, route->result_schema != NULL ? route->result_schema : "{}");
		return;
	}
	if (route->result_else != NULL) {
		jw_object(&jw);
		jw_key(&jw, "anyOf");
		jw_array(&jw);
		field_schema(&jw, route->result_else, FIELD_SCHEMA_OUTPUT);
	}
	field_schema(&jw, route->result, FIELD_SCHEMA_OUTPUT);
	if (route->result_else != NULL) {
		jw_array_end(&jw);
		jw_object_end(&jw);
	}
}

static const struct json *parsed(struct arena *arena, const char *text, size_t size)
{
	static const struct json_limits limits = {.depth = DEPTH, .values = VALUES};
	const struct json *json = NULL;
	struct err err;
	return json_parse(arena, text, size, &limits, &json, &err) ? json : NULL;
}

static bool fits_text(const struct json *value, const struct buf *schema_text, struct arena *arena, struct err *err)
{
	const struct json *schema = parsed(arena, buf_text(schema_text), schema_text->size);
	return schema != NULL && schema->count > 0 ? fitting_schema(value, schema, "", arena, err)
											   : err_set(err, ERR_INTERNAL, "has no schema of its result");
}

static bool fits_result(const struct route *route, const struct json *value, bool abstains, struct arena *arena,
						struct err *err)
{
	struct buf text;
	if (value == NULL)
		return err_set(err, ERR_INTERNAL, "has no result");
	if (abstains || (route->effect == EFFECT_COMPUTE && value->kind == JS_NULL)) /* [P-6.3] */
		return value->kind == JS_NULL || err_set(err, ERR_INTERNAL, "has a result, and abstaining is declared");
	buf_init(&text, 0);
	fitting_result_schema(route, &text);
	bool good = fits_text(value, &text, arena, err);
	buf_fini(&text);
	return good;
}

static bool fits_other(const struct route *route, const struct json *value, struct arena *arena)
{
	struct buf text;
	struct jw jw;
	struct err err;
	if (route->result_other == NULL)
		return false;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	field_schema(&jw, route->result_other, FIELD_SCHEMA_OUTPUT);
	bool good = fits_text(value, &text, arena, &err);
	buf_fini(&text);
	return good;
}

static bool fits_body(const struct route *route, const struct answer *answer, struct arena *arena, struct err *err)
{
	static const char *const plain[] = {"application/json", NULL};
	const struct json *body = parsed(arena, buf_text(&answer->body), answer->body.size);
	bool bare = route->bare || !media_is(answer->type, plain);
	bool abstains = route->also_abstains && answer->status == route->status_also;
	bool enveloped = json_get(body, "envelope_version") != NULL;
	if (body == NULL)
		return err_set(err, ERR_INTERNAL, "is no JSON");
	if (!bare && !enveloped && fits_other(route, body, arena))
		return true;
	if (bare && enveloped && route->effect == EFFECT_COMPUTE) /* a file that abstains is an envelope */
		return fits_result(route, json_get(body, "result"), abstains, arena, err);
	if (bare || (route->flat && !enveloped))
		return fits_result(route, body, false, arena, err);
	return enveloped ? fits_result(route, json_get(body, "result"), abstains, arena, err)
					 : err_set(err, ERR_INTERNAL, "is no envelope");
}

static const char *const *types_of(const struct route *route)
{
	static const char *const json_only[] = {"application/json", NULL};
	return route->produces != NULL ? route->produces : json_only;
}

static bool fits_route(const struct route *route, const struct answer *answer, struct arena *arena, struct err *err)
{
	int declared = route->status != 0 ? route->status : 200;
	const char *const *types = types_of(route);
	bool empty = *types == NULL || answer->status == 204 || (route->also_empty && answer->status == route->status_also);
	if (answer->status != declared && answer->status != route->status_also)
		return err_set(err, ERR_INTERNAL, "has the status %d, and %d is declared", answer->status, declared);
	if (empty)
		return answer->body.size == 0 || err_set(err, ERR_INTERNAL, "has content, and none is declared");
	if (answer->type == NULL || !media_is(answer->type, types))
		return err_set(err, ERR_INTERNAL, "is %s, which is not declared",
					   answer->type != NULL ? answer->type : "nothing");
	return !media_is_json(answer->type) || fits_body(route, answer, arena, err);
}

bool fitting_answer(const struct route *route, const struct answer *answer, struct err *err)
{
	struct arena arena;
	struct err why = {.kind = ERR_INTERNAL};
	arena_init(&arena, ARENA_CAP);
	bool good = fits_route(route, answer, &arena, &why);
	if (!good)
		err_set(err, ERR_INTERNAL, "The answer of %s %s", route->operation, why.message);
	arena_fini(&arena);
	return good;
}
