/*
 * Compiling definitions, from the inside: what the files ir_*.c share.  Nobody else includes this.
 *
 * A compiler gathers problems and goes on; after the first problem the tree it builds is never shown, so builders
 * may leave members empty where a problem was told.  Memory that runs out shows in the arena only.
 */
#ifndef CS_FLOW_DOMAIN_IR_COMPILER_H
#define CS_FLOW_DOMAIN_IR_COMPILER_H

#include "core/map.h"
#include "flow/domain/ir.h"

/* Where in the definition we are: a chain on the stack. */
struct ir_place {
	const struct ir_place *up; /* NULL: the definition itself */
	const char *key;           /* NULL: an element of an array */
	uint32_t index;
	uint32_t hidden; /* levels below that the text does not have: the DAG form's params stand for `with` and so on */
};

struct ir_function_entry {
	const char *name;
	const struct json *definition;
	struct ir_task *task;
	enum { FUNCTION_NEW, FUNCTION_OPEN, FUNCTION_DONE } state;
};

struct ir_compiler {
	struct arena *arena;
	const struct ir_policy *policy;
	struct ir *ir;
	const struct json *definition, *use;
	bool loose, dag;
	bool stopped; /* a limit is passed: nothing more is looked at */
	unsigned functions_deep;

	struct ir_problem *problems;
	size_t problems_count, problems_room;
	struct ir_slot *slots;
	size_t slots_count, slots_room;
	struct ir_resource *resources;
	size_t resources_count, resources_room;

	struct map features;
	struct ir_function_entry *functions;
	size_t functions_count;
	struct ir_extension *extensions;
	struct ir_dag *steps;  /* of the DAG form; else NULL */
	const char **extended; /* of each extension the kind of task it extends */
	size_t extensions_count;
};

/* What holds for a task and what is inside of it. */
struct ir_here {
	const struct ir_place *place; /* of the task, or of what has tasks */
	const char *reference;
	const struct ir_scope *scope;
	unsigned depth;
	bool in_parallel; /* rounds of a parallel `for` run at once: no export */
	bool in_extension;
	bool no_jumps; /* the list that follows is branches: each is a scope of its own, with nothing to jump to */
};

/* --- ir_form.c: problems, and objects by tables --- */

struct ir_place ir_at(const struct ir_place *up, const char *key);
struct ir_place ir_nth(const struct ir_place *up, uint32_t index);
const char *ir_pointer(struct arena *arena, const struct ir_place *place);
/* parent + "/" + name with ~ and / escaped; never NULL. */
const char *ir_join(struct arena *arena, const char *parent, const char *name);

void ir_problem(struct ir_compiler *c, const struct ir_place *place, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same by the text of a pointer. */
void ir_problem_at(struct ir_compiler *c, const char *pointer, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

enum ir_want {
	WANT_ANY, /* checked by who reads it */
	WANT_TEXT,
	WANT_EXPRESSION, /* text, and always jq */
	WANT_BOOL,
	WANT_INT,
	WANT_NUMBER,
	WANT_OBJECT,
	WANT_LIST,
	WANT_LIST_OR_MAP,
	WANT_WORD, /* one of `words` */
	WANT_FORM,
};

enum { IR_REQUIRED = 1, IR_OR_EXPRESSION = 2, IR_NOT_EMPTY = 4 };

struct ir_field {
	const char *name;
	enum ir_want want;
	unsigned flags;
	double min, max; /* numbers; both 0: any */
	const char *const *words;
	const struct ir_form *form;
};

struct ir_form {
	const struct ir_field *fields;
	size_t count;
	bool open;                 /* other members are allowed */
	const struct ir_form *and; /* more fields, or NULL */
};

#define IR_FORM(array, ...) \
	{ \
		.fields = (array), .count = sizeof(array) / sizeof *(array), __VA_ARGS__ \
	}

/* Check an object by its table, members as well.  False: it is no object (which is told). */
bool ir_check(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const struct ir_form *form);
/* Exactly one of the members must be there; its number, or -1 (which is told). */
int ir_one_of(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const char *const *names);
/* The member if it is an object, or text; else NULL. */
const struct json *ir_object(const struct json *json, const char *name);
const char *ir_word(const struct json *json, const char *name); /* "" when absent or no text */
int ir_word_index(const char *const *words, const char *word, int absent);
bool ir_flag(const struct json *json, const char *name, bool absent);
/* Room for one more element of an array that grows in the arena; false: it is full. */
bool ir_grow(struct arena *arena, void **array, size_t count, size_t *room, size_t size);
void ir_feature(struct ir_compiler *c, const char *prefix, const char *name);
void ir_resource(struct ir_compiler *c, const struct ir_place *place, enum ir_resource_kind kind, const char *uri,
				 const struct json *authentication);

/* --- ir_value.c: values, durations, variables --- */

struct ir_value ir_value(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						 enum ir_mode mode, const struct ir_scope *scope, bool secrets);
/* The member `name` of `json` as a value: strict, without secrets. */
struct ir_value ir_member(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						  const struct json *json, const char *name);
/* A member typed as an expression: jq text, or an object with ${ } in it. */
struct ir_value ir_bare(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						const struct json *json, const char *name);
/* A value that no expression can be in. */
struct ir_value ir_literal(const struct json *json);
bool ir_is_expression(const struct ir_compiler *c, const struct json *json);
struct ir_duration ir_duration(struct ir_compiler *c, const struct ir_scope *scope, const struct ir_place *place,
							   const struct json *json);
/* The scope and up to two names more; NULL names are none. */
const struct ir_scope *ir_scope_add(struct ir_compiler *c, const struct ir_scope *scope, const char *one,
									const char *two);
/* The member as the name of a variable, or what stands for it when absent. */
const char *ir_variable(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const char *name,
						const char *absent);
/* Does jq text name $secrets? */
bool ir_names_secrets(const struct json *json);

/* --- ir_task.c: tasks and blocks --- */

struct ir_names {
	struct map map; /* name of a task -> its index + 1 */
};

/* A task under compilation. */
struct ir_work {
	struct ir_here here;
	const struct json *json;
	const struct ir_names *names; /* of its block; NULL: nothing to jump to */
	struct ir_task *task;
};

/* May `count` more tasks be there?  False: no, and nothing more is looked at. */
bool ir_count(struct ir_compiler *c, const struct ir_place *place, uint32_t count);
void ir_task(struct ir_compiler *c, struct ir_work *work);
/* The list `json` at `place`, whose tasks' references begin with `segment`. */
void ir_block(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place, const char *segment,
			  const struct json *json, struct ir_block *block);
struct ir_next ir_next(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
					   const struct ir_names *names);
/* input, output, export and so on of a task or of the workflow. */
struct ir_schema ir_schema(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						   const struct json *json);
/* A schema that stands in the definition itself: checked. */
const struct json *ir_schema_document(struct ir_compiler *c, const struct ir_place *place, const struct json *json);
void ir_data(struct ir_compiler *c, const struct ir_here *here, const struct json *json, struct ir_task *task);
struct ir_duration ir_timeout(struct ir_compiler *c, const struct ir_here *here, const struct json *json);
extern const struct ir_form ir_input_form, ir_output_form;
/* After the tree is whole and sound: which tasks may run again by a jump. */
void ir_mark_inside(struct ir_compiler *c, struct ir_task *task);
void ir_mark_revisits(struct ir_compiler *c, struct ir_block *block, bool inside);

/* --- ir_body.c, ir_try.c, ir_call.c, ir_run.c, ir_listen.c: bodies, one for each type of task --- */

extern const struct ir_form ir_do_form, ir_set_form, ir_switch_form, ir_for_form, ir_fork_form, ir_raise_form,
	ir_emit_form, ir_wait_form, ir_try_form, ir_call_form, ir_run_form, ir_listen_form;
void ir_body_do(struct ir_compiler *c, struct ir_work *work);
void ir_body_set(struct ir_compiler *c, struct ir_work *work);
void ir_body_switch(struct ir_compiler *c, struct ir_work *work);
void ir_body_for(struct ir_compiler *c, struct ir_work *work);
void ir_body_fork(struct ir_compiler *c, struct ir_work *work);
void ir_body_raise(struct ir_compiler *c, struct ir_work *work);
void ir_body_emit(struct ir_compiler *c, struct ir_work *work);
void ir_body_wait(struct ir_compiler *c, struct ir_work *work);
void ir_body_try(struct ir_compiler *c, struct ir_work *work);
void ir_body_call(struct ir_compiler *c, struct ir_work *work);
void ir_body_run(struct ir_compiler *c, struct ir_work *work);
void ir_body_listen(struct ir_compiler *c, struct ir_work *work);
extern const struct ir_form ir_retry_form;
struct ir_retry ir_retry(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						 const struct json *json);
void ir_schedule(struct ir_compiler *c, const struct ir_place *root, const struct json *json);

/* --- ir_dag.c, ir_dag_text.c, ir_dag_refs.c: the DAG form --- */

struct ir_reference {
	uint32_t step; /* that names it; UINT32_MAX: the outputs do */
	uint32_t named;
	const char *pointer;
};

struct ir_dag {
	uint32_t count, current; /* steps; the one under compilation, UINT32_MAX: none */
	struct map ids;          /* step_id -> index + 1 */
	struct ir_reference *references;
	size_t references_count, references_room;
};

void ir_compile_dag(struct ir_compiler *c, const struct ir_place *root);
/*
 * A value of the DAG form with its ${{ … }} as jq; what it refers to is noted, what is malformed told.  `jq`: its text
 * is jq as it is (a condition), not data.  The same pointer when there is none.
 */
const struct json *ir_dag_rewrite(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
								  bool jq);
/* A step is named at `place`; must_be: one that is not there is told. */
void ir_dag_refer(struct ir_compiler *c, const struct ir_place *place, const char *id, size_t size, bool must_be);
/* jq text that begins paths with .steps. */
void ir_dag_jq(struct ir_compiler *c, const struct ir_place *place, const char *text, size_t size);
/* Edges, circles and references of all steps. */
void ir_dag_link(struct ir_compiler *c, const struct ir_place *list, const struct json *steps, struct ir_step *into);
/* The member under its name or its older one; both are told. */
const struct json *ir_either(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
							 const char *name, const char *alias, struct ir_place *at);

/* --- ir_use.c: what `use` defines --- */

extern const struct ir_form ir_error_form;
void ir_use(struct ir_compiler *c, const struct ir_place *root, const struct json *json);
/* A named component: use/KIND/NAME, or NULL. */
const struct json *ir_used(const struct ir_compiler *c, const char *kind, const char *name);
/* Its place, in *storage. */
struct ir_used_place {
	struct ir_place root, use, kind, name;
};
const struct ir_place *ir_used_at(struct ir_used_place *storage, const char *kind, const char *name);
/* The compiled function of that name, or NULL: there is none. */
const struct ir_task *ir_function(struct ir_compiler *c, const struct ir_place *call, const char *name);
/* A policy, or {use: NAME} for one of use.authentications: the policy, or NULL (which is told). */
const struct json *ir_authentication(struct ir_compiler *c, const struct ir_place *place, const struct json *json);
/* The policy itself: basic, bearer, digest, oauth2 or oidc. */
const struct json *ir_credentials(struct ir_compiler *c, const struct ir_place *place, const struct json *json);
/* Check an endpoint (text or {uri, authentication}); its address unless that is an expression, and its policy. */
const char *ir_endpoint(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						const struct json **authentication);
const char *ir_external(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						enum ir_resource_kind kind);
const struct ir_extension *const *ir_extensions_of(struct ir_compiler *c, const struct ir_task *task);

#endif
