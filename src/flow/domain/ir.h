/*
 * A workflow definition, compiled: what the engine runs.
 *
 * Both forms of definition (the DSL and the DAG form, flow.md section 2) become the same tree.  ir_compile() checks
 * everything that can be seen in the text and tells all problems at once; a tree that it returns can be run, so the
 * engine asks no question here twice.  The tree is read-only and lives as long as the arena it was made in; it points
 * into the JSON tree of the definition, which must live as long.
 * Expressions are not compiled here: each place that may hold one is a `struct ir_value` with a number, and `values`
 * lists them all with the mode and the variables that hold there.
 * References: a task's is the JSON Pointer of its definition, except inside of a function or an extension.  There it
 * begins at the function's task (whose own reference and segment are empty) or with /before or /after, and goes on
 * from the reference of the calling or extended task: join the segments.
 * Thread: any.  Cost: linear in the text.
 */
#ifndef CS_FLOW_DOMAIN_IR_H
#define CS_FLOW_DOMAIN_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/retry.h"

struct arena;
struct json;

enum {
	IR_TASKS_MAX = 5000,        /* tasks of a DSL definition */
	IR_DEPTH_MAX = 64,          /* nesting */
	IR_TEXT_MAX = 4 << 20,      /* bytes of a DSL definition */
	IR_DAG_STEPS_MAX = 50000,   /* steps of the DAG form */
	IR_PARALLEL_MAX = 1000,     /* rounds of a parallel `for` at once */
	IR_DAG_TEXT_MAX = 64 << 20, /* bytes of the DAG form */
};

/* Where expressions may stand in a value, flow.md 2.3. */
enum ir_mode {
	IR_LITERAL, /* none in it: evaluates to itself */
	IR_STRICT,  /* strings that are ${ } as a whole, at any depth */
	IR_BARE,    /* a field typed as an expression: jq text, with or without ${ } */
	IR_LOOSE,   /* evaluate.mode loose: bare strings too, the text where they fail */
};

/*
 * A place of the definition that holds a value, maybe with expressions.  In the DAG form `.` of every expression is
 * {inputs, steps{ID{output, status}}}, and ${{ … }} is rewritten: "of ${{ steps.a.output.x }}" is here
 * "${ \"of \\(.steps.a.output.x)\" }", and "${{ inputs.x }}" alone is "${ .inputs.x }".
 */
struct ir_value {
	const struct json *source; /* as written, but for that; NULL: the member is absent */
	enum ir_mode mode;
	uint32_t number; /* its place in ir.values; UINT32_MAX for a literal */
};

/* A schema of data: NULL and no endpoint is none. */
struct ir_schema {
	const struct json *document; /* inline, or the pinned resource; NULL: none, or elsewhere */
	struct ir_value endpoint;    /* of a resource whose address is an expression; no source: it has none */
};

/* Names of the variables of loops and catches that hold at a place, the outermost first (without `$`). */
struct ir_scope {
	size_t count;
	const char *const *names;
};

struct ir_slot {
	struct ir_value value;
	const char *pointer;          /* JSON Pointer of the place in the definition */
	const struct ir_scope *scope; /* what may be named besides $context, $input, ... */
	bool secrets;                 /* $secrets may be named here */
};

enum ir_then { IR_CONTINUE, IR_EXIT, IR_END, IR_GOTO };

/* A flow directive. */
struct ir_next {
	enum ir_then then;
	uint32_t index; /* IR_GOTO: of the task in its own block */
};

/* A length of time: a constant, or an expression that gives one. */
struct ir_duration {
	bool given;
	int64_t ms;            /* of the constant */
	struct ir_value value; /* source NULL: constant.  Else ISO 8601 text or an object {days, hours, ...} when run */
};

struct ir_task;

/* A list of tasks: one scope of `then`. */
struct ir_block {
	uint32_t count;
	bool loops; /* a jump may go back, so that a task here can be visited again */
	struct ir_task *tasks;
};

struct ir_error { /* raise, use.errors */
	struct ir_value type, status, title, detail, instance;
};

/* catch.errors.with and the like: what is compared, source NULL where any value will do. */
struct ir_error_filter {
	const struct json *type, *status, *title, *detail, *instance;
};

struct ir_retry {
	bool given;
	struct ir_value when, except_when;
	struct ir_duration delay;
	const struct json *policy;     /* the whole of it as written; NULL: one of the house's own profiles */
	struct retry_policy constants; /* for retry_delay_ms; delay_ms is `delay` where that is constant */
	bool scatter;                  /* a profile: the delay times 0.5 + 0.5·u instead of plus jitter [P-10.3] */
	int64_t max_delay_ms;          /* of a profile; -1: none given */
	int64_t limit_count;           /* retries; -1: none given */
	struct ir_duration limit_duration, attempt_duration;
};

struct ir_case {
	const char *name;
	struct ir_value when; /* source NULL: the default */
	struct ir_next next;
};

/* One filter of `listen`, `schedule.on` and `until`. */
struct ir_filter {
	const struct json *with; /* {attribute: text, /regex/ or ${ }} */
	struct ir_value *values; /* one for each member of `with`, in its order */
	struct ir_correlation {
		const char *name;
		struct ir_value from;
		struct ir_value expect; /* source NULL: the first value seen binds the key */
	} * correlate;
	size_t correlate_count;
};

enum ir_consume { IR_ONE, IR_ANY, IR_ALL };

struct ir_strategy {
	enum ir_consume consume;
	size_t count;
	struct ir_filter *filters;        /* count 0 with IR_ANY: every event */
	struct ir_value until;            /* an expression; source NULL: none */
	struct ir_strategy *until_events; /* a strategy that ends the listening; or NULL */
};

enum ir_read { IR_READ_DATA, IR_READ_ENVELOPE, IR_READ_RAW };

enum ir_type {
	IR_DO,
	IR_SET,
	IR_SWITCH,
	IR_FOR,
	IR_FORK,
	IR_RAISE,
	IR_EMIT,
	IR_LISTEN,
	IR_WAIT,
	IR_TRY,
	IR_CALL,
	IR_RUN_WORKFLOW,
	IR_RUN_SHELL,
	IR_RUN_SCRIPT,
	IR_DAG_STEPS, /* the root of the DAG form */
};

/* What a `call` calls. */
enum ir_callee {
	IR_HTTP,
	IR_OPENAPI,
	IR_MCP,
	IR_OP,          /* a pure operation of the house, by its name */
	IR_EFFECT,      /* an effect operation (trade.lapse, mail.send, cost.track) */
	IR_COUNTERSIGN, /* a person's decision */
	IR_LLM,
	IR_MEMORY, /* memory.add, memory.search, memory.get */
	IR_WORKER,
	IR_FUNCTION, /* use.functions or a catalog's: another task */
};

enum ir_returns { IR_RETURN_STDOUT, IR_RETURN_STDERR, IR_RETURN_CODE, IR_RETURN_ALL, IR_RETURN_NONE };

/* What every task may say, in the order in which it is done. */
struct ir_task {
	enum ir_type type;
	const char *name;
	const char *reference; /* JSON Pointer of the task: /do/0/getPet */
	const char *segment;   /* the part of `reference` below the parent task's: /try/0/getPet */
	const struct json *definition;
	uint32_t number;              /* in document order, from 0 */
	uint32_t index;               /* in its block */
	bool may_revisit;             /* by a jump here or in an enclosing block */
	const struct ir_scope *scope; /* variables that hold for this task's own expressions */

	struct ir_value if_;
	struct ir_schema input_schema;
	struct ir_value input_from;
	bool input_secrets; /* input.from names $secrets: the input is not stored */
	struct ir_value output_as;
	struct ir_schema output_schema;
	struct ir_value export_as;
	struct ir_schema export_schema;
	struct ir_duration timeout;
	struct ir_next next;
	const struct json *metadata; /* or NULL */
	bool at_most_once;           /* metadata.effect */
	bool key_step;               /* metadata.key: step */
	struct ir_value cost;        /* metadata.cost */
	const struct ir_extension *const
		*extensions; /* those that apply to this task, in order; NULL-terminated, or NULL */

	union {
		struct ir_block block; /* IR_DO */
		struct ir_value set;
		struct {
			size_t count;
			struct ir_case *cases;
		} switch_;
		struct {
			const char *each, *at; /* names of the variables, defaults filled in */
			struct ir_value in, while_;
			struct ir_block block;
			uint32_t parallel; /* rounds at once; 0: one after the other */
			bool settle;
		} for_;
		struct {
			struct ir_block branches; /* each task is a branch */
			bool compete;
		} fork;
		struct ir_error raise;
		struct {
			struct ir_value with; /* the event's attributes */
		} emit;
		struct {
			struct ir_strategy to;
			enum ir_read read;
			bool foreach;
			const char *item, *at; /* defaults filled in */
			struct ir_block block; /* of foreach */
			struct ir_value foreach_output_as, foreach_export_as;
			struct ir_value since; /* metadata.since */
		} listen;
		struct ir_duration wait;
		struct {
			struct ir_block block;
			struct ir_error_filter with;
			const char *as; /* default "error" */
			struct ir_value when, except_when;
			struct ir_retry retry;
			bool has_do, has_then;
			struct ir_block catch_do;
			struct ir_next catch_next;
		} try_;
		struct {
			enum ir_callee callee;
			const char *name;                     /* as written: "http", "sign.design" */
			struct ir_value with;                 /* the whole of `with` but its authentication, as one value */
			const struct ir_task *function;       /* IR_FUNCTION; NULL: a catalog's that is not pinned yet */
			const char *uri;                      /* of a catalog's function; or NULL */
			const struct json *authentication;    /* the policy, resolved from `use`; or NULL */
			struct ir_value authentication_value; /* its expressions ($secrets may be named) */
		} call;
		struct {
			struct ir_value body;  /* run.shell or run.script: command or code, arguments, environment, stdin */
			struct ir_value names; /* {name as written: the same} of `arguments` that are expressions; or no source */
			const char *language;  /* script */
			const char *code;      /* of a script whose `source` is pinned; else NULL, and it is in `body` */
			bool await;
			enum ir_returns returns;
		} process;
		struct {
			struct ir_value namespace, name, version, input;
			bool await;
			enum ir_returns returns; /* IR_RETURN_STDOUT: its output */
		} workflow;
		struct {
			size_t count;
			struct ir_step *steps;
			uint32_t max_parallel;
			const struct json *outputs; /* {name: expression}; or NULL */
			struct ir_value outputs_value;
		} dag;
	};
};

/* A step of the DAG form: a task of its own with edges. */
struct ir_step {
	struct ir_task task; /* reference /steps/ID; body as the DSL's task of that type */
	struct ir_value condition;
	size_t depends_count, dependents_count;
	const uint32_t *depends, *dependents; /* indexes of steps */
	bool run_on_failed;                   /* when_upstream_failed: run */
	const char *title, *agent_role;       /* `name`, `agent_role`; or NULL */
	const struct json *budget;            /* step_budget; or NULL */
	struct ir_retry retry;                /* from retry_count, retry_delay_seconds, backoff */
};

struct ir_extension {
	const char *name;
	struct ir_value when;
	struct ir_block before, after;
};

/* What is fetched and pinned by hash when a version is published. */
enum ir_resource_kind { IR_SCHEMA, IR_OPENAPI_DOCUMENT, IR_CATALOG_FUNCTION, IR_SCRIPT };

struct ir_resource {
	enum ir_resource_kind kind;
	const char *pointer; /* of the place that names it */
	const char *uri;     /* NULL: the address is an expression, known at first use only */
	const struct json *authentication;
};

struct ir_schedule {
	bool given;
	const struct json *definition;
	const char *cron, *tz;
	struct ir_duration every, after;
	struct ir_strategy *on;
	enum ir_read read;
};

struct ir {
	bool dag; /* the DAG form */
	const char *namespace, *name, *version, *title, *dsl;
	const struct json *definition, *tags, *metadata; /* tags, metadata: or NULL */
	const struct json *budget;                       /* DAG form: {limit, currency}; or NULL */
	int64_t max_runs;       /* document.metadata: how many of its runs may be under way; 0: any number */
	int64_t retention_days; /* document.metadata: how long its runs stay once they are over; -1: not said */
	struct ir_task root;    /* the workflow itself: IR_DO with its own input, output, timeout; or IR_DAG_STEPS */
	struct ir_schedule schedule;
	const struct json *secrets; /* names in use.secrets; or NULL */
	uint32_t tasks_count;       /* numbers of tasks are below it */
	size_t values_count;
	const struct ir_slot *values; /* every place that holds an expression, by number */
	size_t resources_count;
	const struct ir_resource *resources;
	size_t features_count;
	const char *const *features; /* "for", "try", "call.http": what it uses, each once, sorted */
};

/* What is wrong with a definition: flow.md 2.2. */
struct ir_problem {
	const char *pointer; /* JSON Pointer into the definition */
	const char *code;    /* required, unknown_property, then_unknown_task, ... */
	const char *message;
	size_t line; /* from 1; 0: unknown (JSON, or a member that is missing) */
};

struct ir_problems {
	size_t count;
	struct ir_problem *items;
	/* With problems: the values that were found all the same, so that their expressions can be looked at too. */
	size_t values_count;
	const struct ir_slot *values;
};

/* A named retry policy [P-10.3]. */
struct ir_profile {
	const char *name;
	int64_t tries, initial_ms, max_ms;
};

/* What the place a definition is for allows. */
struct ir_policy {
	bool shell, stdio;          /* flow.allow_shell, flow.allow_stdio */
	const char *const *scripts; /* flow.allow_scripts: "js", "python"; NULL-terminated */
	bool (*op_known)(void *context, const char *name, bool *effect); /* is it an operation of the house? */
	const struct ir_profile *profiles; /* named retry policies beside the house's own, to a NULL name; NULL: none */
	const char *effects_in; /* the namespace whose definitions alone may call effect operations, and whose names may
							   have dots; NULL: any, and none */
	/*
	 * Does an expression compile?  NULL: yes.  Else its code (expression_syntax, expression_forbidden) and a message.
	 * Called for each one with its bare jq text (not NUL-terminated) and the slot that it stands in.
	 */
	const char *(*expression)(void *context, const struct ir_slot *slot, const char *text, size_t size,
							  const char **message, struct arena *arena);
	void *context;
	/* The pinned resource of an address, or NULL while it is not fetched. */
	const struct json *(*resource)(void *resources, const char *uri);
	void *resources;
};

/*
 * Compile a definition that was read as JSON (from YAML or JSON text).  NULL when it has problems: `problems` holds
 * all of them, in document order.  All in `arena`; NULL without problems means that the arena is full.
 */
const struct ir *ir_compile(struct arena *arena, const struct json *definition, const struct ir_policy *policy,
							struct ir_problems *problems);

/* Put problems into the order of the text and tell each once.  False: the arena is full and nothing was done. */
bool ir_problems_order(struct arena *arena, const struct json *definition, struct ir_problems *problems);

/*
 * Is the text as a whole ${ … }, white space around it apart?  Its last } must close its first ${; texts and comments
 * inside are jq's.  True sets *inner and *inner_size to what stands between the braces.
 */
bool ir_expression(const char *text, size_t size, const char **inner, size_t *inner_size);

/*
 * A ${{ … }} in text of the DAG form: inputs.PATH, steps.ID.output.PATH or steps.ID.status, where PATH is any number of
 * .NAME and [N].  Parts point into the text and are not NUL-terminated.
 */
struct ir_placeholder {
	size_t from, to; /* bytes of the whole text, `to` after the last brace */
	bool sound;      /* false: not of this form; nothing below is set */
	bool inputs;     /* else of a step */
	const char *step;
	size_t step_size;
	bool status;      /* steps.ID.status; else its output */
	const char *path; /* begins with . or [ unless it is empty */
	size_t path_size;
};

/* The next one at or after *at, which moves past it.  False: no more. */
bool ir_placeholder_next(const char *text, size_t size, size_t *at, struct ir_placeholder *found);

/* One member of a path: a name, or an index (name NULL).  False at its end. */
bool ir_path_next(const char **path, size_t *path_size, const char **name, size_t *name_size, uint64_t *index);

#endif
