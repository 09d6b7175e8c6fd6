#include "flow/definition_patch.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/workflow_text.h"

struct patching {
	struct jw jw;
	const struct json *body;
	bool done;
};

/* Is the token that the reference goes on with this name?  Gives what follows it, NULL: it is not. */
static const char *after(const char *reference, const char *name)
{
	if (*reference != '/')
		return NULL;
	reference++;
	for (; *name != '\0'; name++, reference++) {
		if (*name == '~' || *name == '/') {
			if (*reference++ != '~' || *reference != (*name == '~' ? '0' : '1'))
				return NULL;
		} else if (*reference != *name) {
			return NULL;
		}
	}
	return *reference == '\0' || *reference == '/' ? reference : NULL;
}

static void copy(struct patching *p, const struct json *json, const char *reference);

static void copy_object(struct patching *p, const struct json *json, const char *reference)
{
	jw_object(&p->jw);
	for (uint32_t i = 0; i < json->count; i++) {
		jw_key(&p->jw, json->members[i].name);
		copy(p, &json->members[i].value, reference == NULL ? NULL : after(reference, json->members[i].name));
	}
	jw_object_end(&p->jw);
}

static void copy_array(struct patching *p, const struct json *json, const char *reference)
{
	char *end = NULL;
	unsigned long at = reference != NULL && *reference == '/' ? strtoul(reference + 1, &end, 10) : 0;
	jw_array(&p->jw);
	for (uint32_t i = 0; i < json->count; i++)
		copy(p, &json->items[i], end != NULL && i == at ? end : NULL);
	jw_array_end(&p->jw);
}

/* `reference`: what is left of it here; NULL: it does not lead through here. */
static void copy(struct patching *p, const struct json *json, const char *reference)
{
	if (reference != NULL && *reference == '\0') {
		jw_json(&p->jw, p->body);
		p->done = true;
	} else if (reference != NULL && json->kind == JS_OBJECT) {
		copy_object(p, json, reference);
	} else if (reference != NULL && json->kind == JS_ARRAY) {
		copy_array(p, json, reference);
	} else {
		jw_json(&p->jw, json);
	}
}

/* --- the DAG form --- */

static void write_step(struct patching *p, const struct json *step)
{
	static const char *const kept[] = {"step_id",   "id",   "depends_on",          "dependencies",
									   "condition", "name", "when_upstream_failed"};
	jw_object(&p->jw);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const struct json *value = json_get(step, kept[i]);
		if (value == NULL || json_get(p->body, kept[i]) != NULL)
			continue;
		jw_key(&p->jw, kept[i]);
		jw_json(&p->jw, value);
	}
	for (uint32_t i = 0; i < p->body->count; i++) {
		jw_key(&p->jw, p->body->members[i].name);
		jw_json(&p->jw, &p->body->members[i].value);
	}
	jw_object_end(&p->jw);
	p->done = true;
}

static void write_steps(struct patching *p, const struct json *steps, const char *id)
{
	jw_array(&p->jw);
	for (uint32_t i = 0; i < steps->count; i++) {
		const char *own = json_text(&steps->items[i], "step_id");
		if (own == NULL)
			own = json_text(&steps->items[i], "id");
		if (own != NULL && strcmp(own, id) == 0)
			write_step(p, &steps->items[i]);
		else
			jw_json(&p->jw, &steps->items[i]);
	}
	jw_array_end(&p->jw);
}

static void patch_dag(struct patching *p, const struct json *definition, const char *id)
{
	jw_object(&p->jw);
	for (uint32_t i = 0; i < definition->count; i++) {
		const struct json_member *member = &definition->members[i];
		jw_key(&p->jw, member->name);
		if (strcmp(member->name, "steps") == 0 && member->value.kind == JS_ARRAY)
			write_steps(p, &member->value, id);
		else
			jw_json(&p->jw, &member->value);
	}
	jw_object_end(&p->jw);
}

bool definition_patch(struct arena *arena, const char *text, size_t size, const char *reference,
					  const struct json *body, struct buf *patched)
{
	const struct json *definition = workflow_tree(arena, text, size);
	struct patching p = {.body = body};
	if (definition == NULL || definition->kind != JS_OBJECT || body->kind != JS_OBJECT || *reference == '\0')
		return false;
	jw_init(&p.jw, patched);
	if (json_get(definition, "steps") != NULL && strncmp(reference, "/steps/", 7) == 0)
		patch_dag(&p, definition, reference + 7);
	else
		copy(&p, definition, reference);
	return p.done && jw_ok(&p.jw);
}
