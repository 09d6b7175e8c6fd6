#include "flow/domain/process_call.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"

/* A name or a value as the text that a process sees; null is "". */
static void add_text(struct buf *text, const struct json *value)
{
	struct jw jw;
	jw_init(&jw, text);
	if (value->kind == JS_STRING)
		buf_add(text, value->text, value->size);
	else if (value->kind != JS_NULL)
		jw_json(&jw, value);
}

static bool name_of(const struct json_member *argument, const struct json *names, struct buf *name,
					struct trouble *trouble)
{
	const struct json *value = json_get(names, argument->name);
	if (value == NULL)
		buf_add(name, argument->name, argument->name_size);
	else if (value->kind == JS_NULL || value->kind == JS_ARRAY || value->kind == JS_OBJECT)
		return trouble_set(trouble, TROUBLE_EXPRESSION, "No name", "The name “%.200s” of an argument is no text.",
						   argument->name);
	else
		add_text(name, value);
	return true;
}

/* Can sh have a variable of this name? */
static bool is_variable(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	return *name != '\0' && strchr(letters, *name) != NULL && name[strspn(name, all)] == '\0';
}

static bool add_argument(struct jw *jw, struct jw *variables, const struct json_member *argument,
						 const struct json *names, struct trouble *trouble)
{
	struct buf name, value;
	buf_init(&name, 0);
	buf_init(&value, 0);
	bool good = name_of(argument, names, &name, trouble);
	add_text(&value, &argument->value);
	if (good && variables == NULL) {
		if (argument->value.kind != JS_NULL)
			buf_addf(&name, "=%s", buf_text(&value));
		jw_str(jw, buf_text(&name));
	} else if (good) {
		jw_str(jw, buf_text(&value));
		if (is_variable(buf_text(&name)))
			jw_member_str(variables, buf_text(&name), buf_text(&value));
	}
	buf_fini(&name);
	buf_fini(&value);
	return good;
}

static bool has(const struct json *names, const char *name)
{
	return names != NULL && json_get(names, name) != NULL;
}

/* What `environment` has beside the variables; a script's own argument comes first. */
static void add_environment(struct jw *jw, const struct json *environment, const struct json *arguments)
{
	for (uint32_t i = 0; environment != NULL && environment->kind == JS_OBJECT && i < environment->count; i++)
		if (!has(arguments, environment->members[i].name)) {
			jw_key(jw, environment->members[i].name);
			jw_json(jw, &environment->members[i].value);
		}
}

static bool write_request(struct jw *jw, const struct json *body, const struct json *names, bool script,
						  struct trouble *trouble)
{
	const struct json *arguments = json_get(body, "arguments");
	struct buf text;
	struct jw environment;
	bool good = true;
	buf_init(&text, 0);
	jw_init(&environment, &text);
	jw_object(&environment);
	add_environment(&environment, json_get(body, "environment"), script ? arguments : NULL);
	jw_object(jw);
	for (uint32_t i = 0; i < body->count; i++) {
		if (strcmp(body->members[i].name, "arguments") == 0 || strcmp(body->members[i].name, "environment") == 0)
			continue;
		jw_key(jw, body->members[i].name);
		jw_json(jw, &body->members[i].value);
	}
	jw_key(jw, "arguments");
	jw_array(jw);
	for (uint32_t i = 0; i < arguments->count && good; i++)
		good = add_argument(jw, script ? &environment : NULL, &arguments->members[i], names, trouble);
	jw_array_end(jw);
	jw_object_end(&environment);
	jw_key(jw, "environment");
	jw_raw(jw, buf_text(&text), text.size);
	jw_object_end(jw);
	buf_fini(&text);
	return good;
}

struct datum *process_call_request(struct datum *body, struct datum *names, bool script, struct trouble *trouble)
{
	const struct json *tree = datum_tree(body), *arguments = json_get(tree, "arguments");
	if (arguments == NULL || arguments->kind != JS_OBJECT)
		return datum_ref(body);
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (write_request(&jw, tree, names == NULL ? NULL : datum_tree(names), script, trouble))
		return datum_take_buf(&text);
	buf_fini(&text);
	return NULL;
}
