#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/must.h"
#include "expr/expr.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/audit.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "store/store.h"

/*
 * Every pure operation over HTTP.  The route comes from the operation's row, so nothing is said twice.  With the header
 * `Countersign-Seal: true`, or with seal.store_all, the answer is stored as a seal before it is sent [P-6.4].
 */

struct calculation {
	struct exchange *x;
	struct app *app;
	const struct op *op;
	struct op_answer answer;
	struct store_op write;
};

static bool apply_seal(struct db *db, void *self, struct err *err)
{
	struct calculation *c = self;
	const struct op_context context = app_op_context(c->app);
	const struct principal *principal = principal_of(c->x);
	const struct seal seal = {
		.account_id = principal->account_id,
		.seal_sha256 = c->answer.seal_sha256,
		.content_sha256 = c->answer.content_sha256,
		.inputs_sha256 = c->answer.inputs_sha256,
		.operation = c->op->name,
		.inputs = c->answer.inputs,
		.result = c->answer.result,
		.packs = c->answer.packs,
		.code_version = context.envelope.version,
		.git_sha = context.envelope.git_sha,
		.confidence = c->answer.confidence,
		.created_by = principal->user_id[0] != '\0' ? principal->user_id : NULL,
		.created_us = env_wall_us(c->app->env),
		.request_id = c->x->trace.request_id,
	};
	bool made = false;
	if (!seal_insert(db, &seal, c->app->packs, &made, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_operation, c->op->name},
									  {AUDIT_META_seal_sha256, c->answer.seal_sha256}};
	struct audit_event event = principal_event(c->x, AUDIT_SEAL_CREATE, AUDIT_SUCCESS);
	event.target_id = c->answer.seal_sha256;
	event.meta = meta;
	event.meta_count = 2;
	return !made || audit_append(&c->app->audit, db, &event, err);
}

static void end_seal(void *self, bool applied, const struct err *err)
{
	struct calculation *c = self;
	if (!applied) {
		exchange_fail(c->x, err);
		return;
	}
	exchange_set(c->x, "Countersign-Seal-Sha256", c->answer.seal_sha256);
	exchange_answer(c->x, 200, MEDIA_JSON, c->answer.envelope, c->answer.envelope_size);
}

static bool wants_seal(const struct calculation *c)
{
	const char *header = exchange_header(c->x, "countersign-seal");
	return !c->answer.abstained && !c->op->unsealed &&
		   (c->app->config.seal.store_all || (header != NULL && strcasecmp(header, "true") == 0));
}

static void finish(struct calculation *c)
{
	struct err err;
	if (!wants_seal(c)) {
		exchange_answer(c->x, 200, MEDIA_JSON, c->answer.envelope, c->answer.envelope_size);
		return;
	}
	const struct principal *principal = principal_of(c->x);
	if (!principal_may(principal, "seal.create") || principal->account_id[0] == '\0') {
		exchange_failf(c->x, ERR_FORBIDDEN, "Sealing needs the permission seal.create.");
		return;
	}
	c->write = (struct store_op){.apply = apply_seal, .done = end_seal, .self = c};
	exchange_hold(c->x);
	if (!store_submit(c->app->store, &c->write, &err))
		exchange_fail(c->x, &err);
}

/* --- the query string as a body, for the operations that have a GET address --- */

static struct json text_json(const char *text)
{
	return (struct json){.kind = JS_STRING, .text = text, .size = strlen(text)};
}

static struct json scalar_json(const struct field *field, const char *text)
{
	char *end;
	errno = 0;
	double number = strtod(text, &end);
	bool numeric = *text != '\0' && *end == '\0' && errno == 0 && isfinite(number);
	if ((field->kind == FIELD_NUM || field->kind == FIELD_INT) && numeric)
		return number == trunc(number) && fabs(number) < 0x1p53
				   ? (struct json){.kind = JS_INT, .integer = (int64_t)number}
				   : (struct json){.kind = JS_REAL, .real = number};
	if (field->kind == FIELD_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return (struct json){.kind = JS_BOOL, .boolean = text[0] == 't'};
	return text_json(text);
}

static struct json list_json(struct exchange *x, const struct field *field, const char *text)
{
	struct json list = {.kind = JS_ARRAY};
	char *copy = arena_dup(&x->arena, text), *save = NULL;
	list.items = arena_array(&x->arena, strlen(text) + 1, sizeof *list.items);
	for (char *item = copy != NULL ? strtok_r(copy, ",", &save) : NULL; item != NULL && list.items != NULL;
		 item = strtok_r(NULL, ",", &save))
		list.items[list.count++] = scalar_json(field, item);
	return list;
}

/* A list that is named again goes on: ?designations=A&designations=B is the same as ?designations=A,B. */
static bool goes_on(struct exchange *x, struct json *body, const struct field *field, const char *name,
					const struct json *more)
{
	for (uint32_t i = 0; field != NULL && field->many && i < body->count; i++) {
		struct json *list = &body->members[i].value;
		if (strcmp(body->members[i].name, name) != 0)
			continue;
		struct json *items = arena_array(&x->arena, list->count + more->count, sizeof *items);
		if (items == NULL)
			return false;
		memcpy(items, list->items, list->count * sizeof *items);
		memcpy(items + list->count, more->items, more->count * sizeof *items);
		list->items = items;
		list->count += more->count;
		return true;
	}
	return false;
}

static const struct json *query_body(struct exchange *x, const struct op *op)
{
	struct json *body = arena_new(&x->arena, struct json);
	struct json_member *members = arena_array(&x->arena, x->query_count, sizeof *members);
	if (body == NULL || members == NULL)
		return NULL;
	*body = (struct json){.kind = JS_OBJECT, .members = members};
	for (size_t i = 0; i < x->query_count; i++) {
		const char *name = x->query[i].name, *value = x->query[i].value;
		const struct field *field = field_find(op->input, name);
		struct json json = field == NULL ? text_json(value)
						   : field->many ? list_json(x, field, value)
										 : scalar_json(field, value);
		if (!goes_on(x, body, field, name, &json))
			members[body->count++] = (struct json_member){.name = name, .name_size = strlen(name), .value = json};
	}
	return body;
}

static void count_abstention(const struct calculation *c)
{
	const struct app_ops *ops = &c->app->ops;
	for (size_t i = 0; c->answer.abstained && i < ops->count; i++)
		if (ops->ops[i] == c->op)
			atomic_fetch_add_explicit(&c->app->abstained[i], 1, memory_order_relaxed);
}

static void handle(struct exchange *x)
{
	struct calculation *c = arena_new(&x->arena, struct calculation);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct calculation){.x = x, .app = x->owner, .op = x->match.route->data};
	const struct json *body = NULL;
	if (c->op->memory_max > x->arena.cap)
		x->arena.cap = c->op->memory_max;
	if (x->head.method == METHOD_GET || x->head.method == METHOD_HEAD)
		body = query_body(x, c->op);
	else if (!exchange_json(x, &body))
		return;
	if (body != NULL)
		body = op_preset(c->op, x->path, body, &x->arena);
	if (body == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	char now[STAMP_TEXT];
	struct op_context context = app_op_context(c->app);
	if (context.exprs != NULL && x->account_id != NULL)
		context.exprs = expr_share(context.exprs, x->account_id);
	context.envelope = reply_context(x, now);
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	if (op_run(c->op, &context, body, &x->arena, &c->answer, &faults, &err)) {
		count_abstention(c);
		finish(c);
	} else if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	else
		exchange_fail(x, &err);
}

/* --- routes from rows --- */

/* An address of an operation counts as it is and under /api/v1 [sign.md 2]. */
static const struct route_alias *aliases_of(struct app *app, const struct op *op)
{
	size_t count = 0;
	for (const struct op_alias *alias = op->aliases; alias != NULL && alias->path != NULL; alias++)
		count += 2;
	if (count == 0)
		return NULL;
	struct route_alias *aliases = arena_array(&app->arena, count + 1, sizeof *aliases);
	must(aliases != NULL);
	size_t at = 0;
	for (const struct op_alias *alias = op->aliases; alias->path != NULL; alias++) {
		enum method method = strcmp(alias->method, "GET") == 0 ? METHOD_GET : METHOD_NONE;
		aliases[at++] = (struct route_alias){.path = alias->path, .slash = true, .method = method};
		aliases[at++] = (struct route_alias){
			.path = arena_printf(&app->arena, "/api/v1%s", alias->path), .slash = true, .method = method};
	}
	return aliases;
}

static struct route route_of(struct app *app, const struct op *op)
{
	return (struct route)ROUTE(POST, op->path, "calculation.run", EFFECT_COMPUTE, handle, .operation = op->name,
							   .summary = op->summary, .doc = op->doc, .aliases = aliases_of(app, op),
							   .body = op->input, .result = op->output,
							   .body_max = op->body_max != 0 ? op->body_max : OP_BODY_MAX, .json_limits = op->limits,
							   .example = op->example, .data = op, .run = op->quick ? RUN_INLINE : RUN_WORKER);
}

void ops_api_add(struct app *app)
{
	struct route *routes = arena_array(&app->arena, app->ops.count, sizeof *routes);
	app->abstained = arena_array(&app->arena, app->ops.count, sizeof *app->abstained);
	must(routes != NULL && app->abstained != NULL);
	for (size_t i = 0; i < app->ops.count; i++)
		routes[i] = route_of(app, app->ops.ops[i]);
	router_add(app->router, routes, app->ops.count, app);
}
