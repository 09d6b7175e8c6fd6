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

enum process_language process_language(const char *name)
{
	static const struct {
		const char *name;
		enum process_language language;
	} names[] = {{"sh", PROCESS_SH},
				 {"shell", PROCESS_SH},
				 {"js", PROCESS_JS},
				 {"javascript", PROCESS_JS},
				 {"python", PROCESS_PYTHON}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].language;
	return PROCESS_LANGUAGES;
}

/* Can a script have a variable of this name? */
static bool is_variable(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	return *name != '\0' && strchr(letters, *name) != NULL && name[strspn(name, all)] == '\0';
}

/* Where a script finds its variables: sh in the environment, the others before their first line. */
struct variables {
	enum process_language language;
	struct jw environment;
	struct buf prelude;
};

/* The JSON of a value is itself a value of JavaScript; to Python it is a text that its own library reads. */
static void add_variable(struct variables *variables, const char *name, const char *text, const struct json *value)
{
	struct buf json, quoted;
	struct jw jw;
	if (variables->language == PROCESS_SH) {
		jw_member_str(&variables->environment, name, text);
		return;
	}
	buf_init(&json, 0);
	buf_init(&quoted, 0);
	jw_init(&jw, &json);
	jw_json(&jw, value);
	jw_init(&jw, &quoted);
	jw_str(&jw, buf_text(&json));
	if (variables->language == PROCESS_JS)
		buf_addf(&variables->prelude, "const %s = %s; ", name, buf_text(&json));
	else
		buf_addf(&variables->prelude, "%s = __import__('json').loads(%s); ", name, buf_text(&quoted));
	buf_fini(&json);
	buf_fini(&quoted);
}

static bool add_argument(struct jw *jw, struct variables *variables, const struct json_member *argument,
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
			add_variable(variables, buf_text(&name), buf_text(&value), &argument->value);
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

static bool write_arguments(struct jw *jw, const struct json *arguments, const struct json *names,
							struct variables *variables, struct trouble *trouble)
{
	bool good = true;
	jw_array(jw);
	for (uint32_t i = 0; i < arguments->count && good; i++)
		good = add_argument(jw, variables, &arguments->members[i], names, trouble);
	jw_array_end(jw);
	return good;
}

/* The members that stay as they are, and the code behind its prelude. */
static void write_rest(struct jw *jw, const struct json *body, struct buf *prelude)
{
	for (uint32_t i = 0; i < body->count; i++) {
		const struct json_member *m = &body->members[i];
		if (strcmp(m->name, "arguments") == 0 || strcmp(m->name, "environment") == 0)
			continue;
		jw_key(jw, m->name);
		if (prelude->size > 0 && strcmp(m->name, "code") == 0 && m->value.kind == JS_STRING) {
			buf_addf(prelude, "\n%s", m->value.text);
			jw_str(jw, buf_text(prelude));
		} else {
			jw_json(jw, &m->value);
		}
	}
}

static bool write_request(struct jw *jw, const struct json *body, const struct json *names, bool script,
						  struct trouble *trouble)
{
	const struct json *arguments = json_get(body, "arguments");
	const char *language = json_text(body, "language");
	struct variables variables = {.language = language == NULL ? PROCESS_SH : process_language(language)};
	struct buf text, list;
	struct jw passed;
	buf_init(&text, 0);
	buf_init(&list, 0);
	buf_init(&variables.prelude, 0);
	jw_init(&variables.environment, &text);
	jw_object(&variables.environment);
	add_environment(&variables.environment, json_get(body, "environment"),
					script && variables.language == PROCESS_SH ? arguments : NULL);
	jw_init(&passed, &list);
	bool good = write_arguments(&passed, arguments, names, script ? &variables : NULL, trouble);
	jw_object(jw);
	write_rest(jw, body, &variables.prelude);
	jw_key(jw, "arguments");
	jw_raw(jw, buf_text(&list), list.size);
	jw_object_end(&variables.environment);
	jw_key(jw, "environment");
	jw_raw(jw, buf_text(&text), text.size);
	jw_object_end(jw);
	buf_fini(&text);
	buf_fini(&list);
	buf_fini(&variables.prelude);
	return good;
}

struct datum *process_call_code(struct datum *body, const char *code)
{
	struct buf text;
	struct jw jw;
	const struct json *tree = datum_tree(body);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; tree->kind == JS_OBJECT && i < tree->count; i++) {
		jw_key(&jw, tree->members[i].name);
		jw_json(&jw, &tree->members[i].value);
	}
	jw_member_str(&jw, "code", code);
	jw_object_end(&jw);
	return datum_take_buf(&text);
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
