/* /api/v1/flow/workflows: list, the newest with its versions, one version, its graph [flow.md 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/workflow_graph.h"
#include "flow/workflow_text.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

enum { LIST_MAX = 500, LIST_DEFAULT = 50, READ_CAP = 1 << 30 };

/* --- one --- */

/* A version with its text.  False: answered.  `arena` holds it. */
static bool read_version(struct exchange *x, struct arena *arena, struct workflow *workflow, const char **text,
						 size_t *size)
{
	const struct flow_api *api = x->owner;
	struct err err;
	bool found = false;
	*text = NULL;
	struct db *db = store_read(api->options.store);
	bool read = workflow_named(db, x, arena, workflow, &found, &err) &&
				(!found || runs_definition(db, workflow->definition_sha256, arena, text, size, &err));
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such workflow.");
	return read && found;
}

static void write_definition(struct jw *jw, const struct workflow *workflow, const struct json *tree, const char *text)
{
	if (strcmp(workflow->form, "dag") == 0) {
		jw_key(jw, "steps");
		jw_json(jw, json_get(tree, "steps"));
	}
	jw_key(jw, "definition");
	jw_json(jw, tree);
	if (*text != '{') /* as it was written, comments and all */
		jw_member_str(jw, "text", text);
}

static void handle_version(struct exchange *x)
{
	struct arena arena;
	struct workflow workflow;
	const char *text;
	size_t size;
	arena_init(&arena, READ_CAP);
	if (read_version(x, &arena, &workflow, &text, &size)) {
		const struct json *tree = workflow_tree(&arena, text, size);
		struct buf out;
		struct jw jw;
		buf_init(&out, 0);
		jw_init(&jw, &out);
		jw_object(&jw);
		workflow_view_members(&jw, &workflow);
		if (tree != NULL)
			write_definition(&jw, &workflow, tree, text);
		jw_object_end(&jw);
		reply_fact_text(x, 200, buf_text(&out), out.size);
		buf_fini(&out);
	}
	arena_fini(&arena);
}

/* --- the newest and its versions --- */

static void write_versions(struct jw *jw, const struct workflow *versions, size_t count)
{
	jw_key(jw, "versions");
	jw_array(jw);
	for (size_t i = 0; i < count; i++) {
		char at[STAMP_TEXT];
		stamp_format(at, versions[i].created_us);
		jw_object(jw);
		jw_member_str(jw, "version", versions[i].version);
		jw_member_str(jw, "state", workflow_state_names[versions[i].state]);
		jw_member_str(jw, "definition_sha256", versions[i].content_sha256);
		jw_member_str(jw, "created_at", at);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static bool read_versions(struct exchange *x, const struct workflow *latest, struct workflow *versions, size_t *count)
{
	const struct flow_api *api = x->owner;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read =
		workflows_versions(db, latest->account_id, latest->namespace, latest->name, &x->arena, versions, count, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	return read;
}

static void answer_latest(struct exchange *x, const struct workflow *latest, const char *text, size_t size,
						  struct arena *arena)
{
	size_t count = WORKFLOW_VERSIONS_MAX;
	struct workflow *versions = arena_array(arena, count, sizeof *versions);
	if (versions == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!read_versions(x, latest, versions, &count))
		return;
	const struct json *tree = workflow_tree(arena, text, size);
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	workflow_view_members(&jw, latest);
	if (tree != NULL)
		write_definition(&jw, latest, tree, text);
	write_versions(&jw, versions, count);
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&out), out.size);
	buf_fini(&out);
}

static void handle_latest(struct exchange *x)
{
	struct arena arena;
	struct workflow latest;
	const char *text;
	size_t size;
	arena_init(&arena, READ_CAP);
	if (read_version(x, &arena, &latest, &text, &size))
		answer_latest(x, &latest, text, size, &arena);
	arena_fini(&arena);
}

/* --- graph --- */

static void answer_graph(struct exchange *x, struct arena *arena, const struct definition *definition)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	if (workflow_graph_write(&jw, arena, definition_ir(definition)))
		reply_fact_text(x, 200, buf_text(&out), out.size);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
	buf_fini(&out);
}

static void handle_graph(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct arena arena;
	struct definition_problems problems = {.arena = &arena};
	struct workflow workflow;
	struct err err = {.kind = ERR_INTERNAL};
	const char *text;
	size_t size;
	arena_init(&arena, READ_CAP);
	if (read_version(x, &arena, &workflow, &text, &size)) {
		struct definition *definition =
			definition_open(text, size, DEFINITION_GUESS, api->options.policy, NULL,
							expr_share(api->options.expr, principal_of(x)->account_id), &problems, &err);
		/* What the server allowed once it may refuse now. */
		if (definition != NULL)
			answer_graph(x, &arena, definition);
		else if (problems.list.count > 0)
			workflow_text_refuse(x, "", &problems.list);
		else
			exchange_fail(x, &err);
		definition_unref(definition);
	}
	arena_fini(&arena);
}

/* --- list --- */

struct list_request {
	const char *namespace, *tag, *cursor;
	int state;
	int64_t limit;
};

static const struct field list_fields[] = {
	F_STR(list_request, namespace, LENGTH(1, 255)),
	F_ENUM(list_request, state, workflow_state_names),
	F_STR(list_request, tag, LENGTH(1, 600), DOC("KEY or KEY:VALUE; of the DAG form a word")),
	F_INT(list_request, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_DEFAULT)),
	F_STR(list_request, cursor, LENGTH(1, 500)),
};
static const struct field_table list_table = FIELD_TABLE("flow.workflows.list", list_request, list_fields);

static void write_list(struct exchange *x, const struct workflow *rows, size_t count, const char *cursor)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_key(&jw, "items");
	jw_array(&jw);
	for (size_t i = 0; i < count; i++)
		workflow_view_write(&jw, &rows[i]);
	jw_array_end(&jw);
	jw_member_str(&jw, "next_cursor", cursor);
	jw_object_end(&jw);
	if (cursor != NULL)
		page_link(x, cursor);
	reply_fact_text(x, 200, buf_text(&out), out.size);
	buf_fini(&out);
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static bool read_page(struct exchange *x, const struct workflows_filter *filter, struct workflow **rows, size_t *count)
{
	const struct flow_api *api = x->owner;
	struct err err;
	*rows = arena_array(&x->arena, filter->limit, sizeof **rows);
	if (*rows == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return false;
	}
	struct db *db = store_read(api->options.store);
	bool read = workflows_list(db, filter, &x->arena, *rows, count, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	return read;
}

/* On the older paths there is the DAG form only. */
static void handle_list(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	const char *form = x->match.route->data;
	struct list_request request;
	struct workflow *rows;
	struct err err;
	size_t count = 0;
	char before[PAGE_AFTER_MAX + 1];
	if (!exchange_decode_query(x, &request))
		return;
	const char *account_id = workflow_owner(x, request.namespace);
	const char *scope = arena_printf(&x->arena, "flow.workflows %s %s %s %d %s", account_id, or_empty(form),
									 or_empty(request.namespace), request.state, or_empty(request.tag));
	if (scope == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!page_after(api->page_key, scope, request.cursor, before, &err)) {
		exchange_fail(x, &err);
		return;
	}
	size_t limit = (size_t)request.limit;
	const struct workflows_filter filter = {.account_id = account_id,
											.namespace = request.namespace,
											.form = form,
											.tag = request.tag,
											.state = request.state,
											.before = before,
											.limit = limit + 1};
	if (!read_page(x, &filter, &rows, &count))
		return;
	bool more = count > limit;
	count = more ? limit : count;
	write_list(x, rows, count, more ? page_cursor(&x->arena, api->page_key, scope, rows[count - 1].workflow_id) : NULL);
}

/* --- routes --- */

static const struct field version_rows[] = {
	T_ALL(&workflow_registered_table),
	T_JSON(definition, LEFT_OUT),
	T_STR(text, LEFT_OUT, DOC("As it was written, where that was YAML")),
};
static const struct field_table version_table = TOLD_TABLE("flow.workflow.version", version_rows);
static const struct field known_rows[] = {
	T_STR(version),
	T_ENUM(state, workflow_state_names),
	T_STR(definition_sha256),
	T_TIME(created_at),
};
static const struct field_table known_table = TOLD_TABLE("flow.workflow.known", known_rows);
static const struct field latest_rows[] = {T_ALL(&version_table), T_OBJECTS(versions, &known_table)};
static const struct field_table latest_table = TOLD_TABLE("flow.workflow.latest", latest_rows);
static const struct field page_rows[] = {T_PAGE(&workflow_view_table)};
static const struct field_table workflows_page_table = TOLD_TABLE("flow.workflows", page_rows);

static const struct field node_rows[] = {T_STR(id, DOC("Reference of the task")), T_STR(name), T_STR(type)};
static const struct field_table node_table = TOLD_TABLE("flow.graph.node", node_rows);
static const struct field edge_rows[] = {T_STR(from), T_STR(to)};
static const struct field_table edge_table = TOLD_TABLE("flow.graph.edge", edge_rows);
static const struct field graph_rows[] = {
	T_OBJECTS(nodes, &node_table),
	T_OBJECTS(edges, &edge_table),
	T_STRS(critical_path),
	T_NUM(max_parallelism),
	T_NUM(min_time_s, UNIT("s"), DOC("Of its waits")),
};
static const struct field_table graph_table = TOLD_TABLE("flow.graph", graph_rows);

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const enum err_kind read_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define WORKFLOW "/api/v1/flow/workflows/{namespace}/{name}"

const struct route workflow_reads_routes[] = {
	ROUTE(GET, "/api/v1/flow/workflows", "flow.read", EFFECT_READ, handle_list, .operation = "flow.workflows.list",
		  .summary = "Versions of workflows, the newest first", .query = &list_table, .result = &workflows_page_table,
		  .errors = list_errors),
	ROUTE(GET, "/api/v3/workflows", "flow.read", EFFECT_READ, handle_list,
		  .aliases = ALIASES({"/api/v3/workflows/list"}), .operation = "flow.workflows.list_dag",
		  .summary = "Versions of workflows of the DAG form, the newest first", .query = &list_table,
		  .result = &workflows_page_table, .errors = list_errors, .data = "dag"),
	ROUTE(GET, WORKFLOW, "flow.read", EFFECT_READ, handle_latest, .aliases = ALIASES({"/api/v3/workflows/{name}"}),
		  .operation = "flow.workflows.get", .summary = "The latest version of a workflow, with all versions",
		  .result = &latest_table, .errors = read_errors),
	ROUTE(GET, WORKFLOW "/versions/{version}", "flow.read", EFFECT_READ, handle_version,
		  .aliases = ALIASES({"/api/v3/workflows/{name}/{version}"}), .operation = "flow.workflows.version",
		  .summary = "One version with its definition", .result = &version_table, .errors = read_errors),
	ROUTE(GET, WORKFLOW "/versions/{version}/graph", "flow.read", EFFECT_READ, handle_graph,
		  .operation = "flow.workflows.graph", .summary = "What follows what, and the longest way through",
		  .result = &graph_table, .errors = read_errors),
};
const size_t workflow_reads_routes_count = sizeof workflow_reads_routes / sizeof *workflow_reads_routes;
