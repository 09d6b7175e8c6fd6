#include "flow/domain/scope.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/run.h"

const char *const scope_names[SCOPE_FIXED] = {
	[SCOPE_CONTEXT] = "context", [SCOPE_INPUT] = "input",       [SCOPE_OUTPUT] = "output",
	[SCOPE_SECRETS] = "secrets", [SCOPE_TASK] = "task",         [SCOPE_AUTHORIZATION] = "authorization",
	[SCOPE_RUNTIME] = "runtime", [SCOPE_WORKFLOW] = "workflow",
};

static struct datum *given(struct datum *datum)
{
	return datum == NULL ? datum_null() : datum_ref(datum);
}

static void add_datum(struct jw *jw, const char *name, const struct datum *datum)
{
	size_t size = 4;
	const char *text = datum == NULL ? "null" : datum_bytes(datum, &size);
	jw_key(jw, name);
	jw_raw(jw, text, size);
}

static void add_moment(struct jw *jw, const char *name, int64_t at_us)
{
	char text[STAMP_TEXT];
	stamp_format(text, at_us);
	jw_key(jw, name);
	jw_object(jw);
	jw_member_str(jw, "iso8601", text);
	jw_key(jw, "epoch");
	jw_object(jw);
	jw_member_int(jw, "seconds", at_us / 1000000);
	jw_member_int(jw, "milliseconds", at_us / 1000);
	jw_object_end(jw);
	jw_object_end(jw);
}

static bool collides(const char *name)
{
	static const char *const own[] = {"name", "reference", "definition", "input", "output", "startedAt"};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

/* The members of the definition itself stand beside ours, so that $task.with is what the author wrote. */
static void add_definition(struct jw *jw, const struct json *definition)
{
	for (uint32_t i = 0; definition->kind == JS_OBJECT && i < definition->count; i++) {
		if (collides(definition->members[i].name))
			continue;
		jw_key(jw, definition->members[i].name);
		jw_json(jw, &definition->members[i].value);
	}
}

static struct datum *task_value(const struct scope *scope)
{
	if (scope->task == NULL)
		return datum_null();
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "name", scope->task->name);
	jw_member_str(&jw, "reference", scope->reference);
	jw_key(&jw, "definition");
	jw_json(&jw, scope->task->definition);
	add_datum(&jw, "input", scope->raw);
	add_datum(&jw, "output", scope->of_extended ? scope->task_output : scope->output);
	add_moment(&jw, "startedAt", scope->started_us);
	add_definition(&jw, scope->task->definition);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *workflow_value(const struct run *run)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "id", run->id);
	jw_key(&jw, "definition");
	jw_json(&jw, run->ir->definition);
	add_datum(&jw, "input", run->input);
	add_moment(&jw, "startedAt", run->started_us);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *runtime_value(const struct run *run)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "name", "countersign");
	jw_member_str(&jw, "version", run->version);
	jw_key(&jw, "metadata");
	jw_object(&jw);
	jw_object_end(&jw);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *fixed_value(const struct scope *scope, enum scope_variable which)
{
	switch (which) {
	case SCOPE_CONTEXT:
		return given(scope->run->context);
	case SCOPE_INPUT:
		return given(scope->input);
	case SCOPE_OUTPUT:
		return given(scope->output);
	case SCOPE_SECRETS:
		return given(scope->secrets);
	case SCOPE_AUTHORIZATION:
		return given(scope->authorization);
	case SCOPE_TASK:
		return task_value(scope);
	case SCOPE_WORKFLOW:
		return workflow_value(scope->run);
	case SCOPE_RUNTIME:
		return runtime_value(scope->run);
	case SCOPE_FIXED:
		break;
	}
	return datum_null();
}

/* Inner variables hide outer ones. */
static struct datum *of_blocks(const struct frame *frame, const char *name)
{
	for (; frame != NULL; frame = frame->parent)
		for (int i = 0; frame->is_block && i < BLOCK_VARIABLES; i++)
			if (frame->variables[i].name != NULL && strcmp(frame->variables[i].name, name) == 0)
				return frame->variables[i].value;
	return NULL;
}

struct datum *scope_value(const struct scope *scope, const char *name)
{
	if (scope->extra.name != NULL && strcmp(scope->extra.name, name) == 0)
		return given(scope->extra.value);
	struct datum *variable = of_blocks(scope->block, name);
	if (variable != NULL)
		return datum_ref(variable);
	for (int i = 0; i < SCOPE_FIXED; i++)
		if (strcmp(scope_names[i], name) == 0)
			return fixed_value(scope, (enum scope_variable)i);
	return datum_null();
}
