#include "flow/domain/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/schema_internal.h"

/* The way through schemas: REF: JSON Schema 2020-12 core, 8.2.3: references beside their neighbours; and what is told.
 */

enum { LOOK_STEPS = 10 }; /* what a schema costs, in comparisons of two values */

static const char *pointer_of(struct arena *arena, const struct schema_place *place)
{
	if (place == NULL || place->up == NULL)
		return "";
	const char *parent = pointer_of(arena, place->up);
	if (parent == NULL)
		return NULL;
	if (place->name == NULL)
		return arena_printf(arena, "%s/%u", parent, place->index);
	size_t extra = 0, at = strlen(parent);
	for (const char *c = place->name; *c != '\0'; c++)
		extra += *c == '~' || *c == '/';
	char *text = arena_alloc(arena, at + strlen(place->name) + extra + 2);
	if (text == NULL)
		return NULL;
	memcpy(text, parent, at);
	text[at++] = '/';
	for (const char *c = place->name; *c != '\0'; c++) {
		text[at++] = *c == '/' ? '~' : *c;
		if (*c == '~' || *c == '/')
			text[at++] = *c == '~' ? '0' : '1';
	}
	return text;
}

bool schema_add(struct schema_problems *problems, const struct schema_place *place, const char *keyword,
				const char *message)
{
	if (problems == NULL || problems->count++ >= SCHEMA_PROBLEMS_MAX)
		return false;
	const char *pointer = pointer_of(problems->arena, place);
	const char *copy = arena_dup(problems->arena, message);
	problems->items[problems->count - 1] = (struct schema_problem){
		.pointer = pointer != NULL ? pointer : "", .keyword = keyword, .message = copy != NULL ? copy : keyword};
	return false;
}

bool schema_tell(const struct schema_look *look, const char *keyword, const char *format, ...)
{
	char message[300];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return schema_add(look->run->problems, look->place, keyword, message);
}

bool schema_step(struct schema_run *run)
{
	if (++run->steps > SCHEMA_STEPS_MAX)
		run->limit = true;
	return !run->limit;
}

static bool look_by_reference(const struct schema_look *look, const char *keyword)
{
	const char *reference = json_text(look->schema, keyword);
	const struct schema_resource *resource;
	if (reference == NULL)
		return true;
	const struct json *target = schema_refer(&look->run->book, look->resource, reference, &resource);
	if (target == NULL)
		return schema_tell(look, keyword, "the schema refers to %s, which is not in it", reference);
	struct schema_look there = *look;
	there.schema = target;
	there.resource = resource;
	return schema_look(&there);
}

static bool look_inside(const struct schema_look *look)
{
	/* REF: JSON Schema draft 7, 8.3: beside a $ref nothing counts */
	if (look->resource->draft7 && json_get(look->schema, "$ref") != NULL)
		return look_by_reference(look, "$ref");
	bool holds = look_by_reference(look, "$ref");
	holds = look_by_reference(look, "$dynamicRef") && holds;
	holds = schema_assert(look) && holds;
	return schema_apply(look) && holds;
}

bool schema_look(const struct schema_look *look)
{
	struct schema_run *run = look->run;
	if (look->schema->kind == JS_BOOL)
		return look->schema->boolean || schema_tell(look, "false", "nothing may be here");
	if (look->schema->kind != JS_OBJECT)
		return true;
	run->steps += LOOK_STEPS;
	if (!schema_step(run))
		return false;
	if (run->depth == SCHEMA_DEPTH_MAX) {
		run->limit = true;
		return false;
	}
	struct schema_look own = *look;
	own.resource = schema_resource_of(&run->book, look->schema, look->resource);
	run->depth++;
	/* REF: JSON Schema 2020-12 core, 11.3: what cousins have looked at is not known here */
	bool alone =
		json_get(look->schema, "unevaluatedProperties") != NULL || json_get(look->schema, "unevaluatedItems") != NULL;
	bool holds = alone ? schema_alone(&own, look_inside) : look_inside(&own);
	run->depth--;
	return holds;
}

bool schema_validate(const struct json *schema, const struct json *value, struct schema_problems *problems)
{
	const struct schema_place root = {.up = NULL};
	struct schema_run run = {.problems = problems};
	schema_book_init(&run.book, schema);
	struct schema_seen seen = {.members = arena_array(&run.book.arena, value->count + 1u, sizeof(bool)),
							   .items = arena_array(&run.book.arena, value->count + 1u, sizeof(bool))};
	bool holds = false;
	if (run.book.count > 0 && seen.members != NULL && seen.items != NULL) {
		const struct schema_look look = {.run = &run,
										 .resource = &run.book.resources[0],
										 .schema = schema,
										 .value = value,
										 .place = &root,
										 .seen = &seen};
		holds = schema_look(&look) && !run.limit;
	}
	if (run.limit || run.book.arena.full)
		holds = schema_add(problems, &root, "limit", "the schema takes too long or nests too deep to be decided");
	schema_book_fini(&run.book);
	return holds;
}
