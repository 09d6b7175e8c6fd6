/* /api/v1/flow/runs: list, cancel, pause, resume [flow.md 3.3, 4]. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

enum { LIST_MAX = 500, LIST_DEFAULT = 50 };

/* --- list --- */

struct list_request {
	const char *workflow, *label, *cursor;
	int64_t limit;
	int status; /* -1: any */
};

static const struct field list_fields[] = {
	F_ENUM(list_request, status, run_status_names),
	F_STR(list_request, workflow, LENGTH(3, 511), DOC("NAMESPACE/NAME")),
	F_STR(list_request, label, LENGTH(1, 300), DOC("KEY:VALUE")),
	F_INT(list_request, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_DEFAULT)),
	F_STR(list_request, cursor, LENGTH(1, 500)),
};
static const struct field_table list_table = FIELD_TABLE("flow.runs.list", list_request, list_fields);

struct listing {
	struct jw jw;
	struct paging paging;
	const char *last;
};

static void take_run(void *self, const struct run_record *record)
{
	struct listing *listing = self;
	if (!paging_takes(&listing->paging))
		return;
	run_view_write(&listing->jw, record);
	listing->last = arena_dup(&listing->paging.x->arena, record->run_id);
}

bool runs_split_workflow(struct arena *arena, const char *text, struct runs_filter *filter)
{
	const char *slash = text == NULL ? NULL : strchr(text, '/');
	if (text != NULL && slash == NULL)
		return false;
	if (slash != NULL) {
		filter->namespace = arena_dupn(arena, text, (size_t)(slash - text));
		filter->name = slash + 1;
	}
	return true;
}

static void handle_list(struct exchange *x)
{
	struct flow_api *api = x->owner;
	struct list_request request;
	struct listing listing = {.last = NULL};
	struct err err;
	struct buf text;
	if (!exchange_decode_query(x, &request))
		return;
	struct runs_filter filter = {.account_id = principal_of(x)->account_id,
								 .status = request.status < 0 ? NULL : run_status_names[request.status],
								 .label = request.label};
	const char *scope =
		arena_printf(&x->arena, "flow.runs %s %s %s %s", filter.account_id, filter.status == NULL ? "" : filter.status,
					 request.workflow == NULL ? "" : request.workflow, request.label == NULL ? "" : request.label);
	struct faults faults;
	faults_init(&faults, &x->arena);
	if (!runs_split_workflow(&x->arena, request.workflow, &filter))
		faults_add(&faults, "/workflow", "format", "must be NAMESPACE/NAME");
	if (request.label != NULL && strchr(request.label, ':') == NULL)
		faults_add(&faults, "/label", "format", "must be KEY:VALUE");
	if (faults.count > 0) {
		exchange_fail_faults(x, ERR_INVALID, &faults);
		return;
	}
	if (!paging_begin(&listing.paging, x, api->page_key, scope, request.limit, request.cursor, &err)) {
		exchange_fail(x, &err);
		return;
	}
	filter.before = listing.paging.after;
	filter.limit = request.limit + 1;
	buf_init(&text, 0);
	jw_init(&listing.jw, &text);
	jw_object(&listing.jw);
	jw_key(&listing.jw, "items");
	jw_array(&listing.jw);
	struct db *db = store_read(api->options.store);
	bool read = runs_list(db, &filter, &x->arena, take_run, &listing, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&listing.jw);
	jw_member_str(&listing.jw, "next_cursor", paging_end(&listing.paging, listing.last));
	jw_object_end(&listing.jw);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

/* --- cancel, pause, resume --- */

struct order_request {
	const char *reason;
};

static const struct field order_fields[] = {
	F_STR(order_request, reason, LENGTH(1, 500)),
};
static const struct field_table order_table = FIELD_TABLE("flow.runs.order", order_request, order_fields);

struct order {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	enum runner_order order;
	struct order_request request;
	struct run_record record;
	bool stored; /* not so where a kept answer is given once more */
};

static const struct {
	const char *name;
	enum run_status to;
	enum audit_action action;
} orders[] = {
	[RUNNER_CANCEL] = {"cancel", RUN_CANCELLED, AUDIT_RUN_CANCEL},
	[RUNNER_SUSPEND] = {"pause", RUN_SUSPENDED, AUDIT_RUN_PAUSE},
	[RUNNER_RESUME] = {"resume", RUN_RUNNING, AUDIT_RUN_RESUME},
};

static enum run_status status_of(const char *name)
{
	for (int i = 0; i < RUN_STATUSES; i++)
		if (strcmp(run_status_names[i], name) == 0)
			return (enum run_status)i;
	must(false); /* it is a status of the table */
	return RUN_PENDING;
}

static bool allowed(enum runner_order order, enum run_status from)
{
	if (order == RUNNER_RESUME)
		return from == RUN_SUSPENDED;
	return run_may_become(from, orders[order].to);
}

void runs_tell_allowed(struct exchange *x, const char *status, const char *const *more)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_array(&jw);
	for (size_t i = 0; more == NULL && i < sizeof orders / sizeof *orders; i++)
		if (allowed((enum runner_order)i, status_of(status)))
			jw_str(&jw, orders[i].name);
	if (more == NULL && run_may_become(status_of(status), RUN_RUNNING) && run_is_over(status_of(status)))
		jw_str(&jw, "retry");
	for (; more != NULL && *more != NULL; more++)
		jw_str(&jw, *more);
	jw_array_end(&jw);
	exchange_member(x, "allowed", buf_text(&text));
	buf_reset(&text);
	jw_init(&jw, &text);
	jw_str(&jw, status);
	exchange_member(x, "current_status", buf_text(&text)); /* a problem has its own status: 409 [RFC 9457 3.1.3] */
	buf_fini(&text);
}

static bool apply_order(struct write *w, struct db *db, struct err *err)
{
	struct order *order = (struct order *)w;
	bool found;
	if (!runs_get(db, order->record.run_id, NULL, &order->x->arena, &order->record, &found, err))
		return false;
	if (!allowed(order->order, status_of(order->record.status))) {
		runs_tell_allowed(order->x, order->record.status, NULL);
		return write_refuse(w, ERR_TRANSITION_REFUSED, "The run is %s.", order->record.status);
	}
	order->stored = true;
	struct audit_event event = principal_event(order->x, orders[order->order].action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, order->request.reason}};
	event.target_id = order->record.run_id;
	event.meta = meta;
	event.meta_count = order->request.reason == NULL ? 0 : 1;
	return audit_append(order->api->audit, db, &event, err);
}

static void carried_out(void *self, bool ended)
{
	struct order *order = self;
	(void)ended;
	run_reply(order->x, order->record.run_id);
}

static void answer_order(struct write *w)
{
	struct order *order = (struct order *)w;
	if (order->x->drafting) {
		order->record.status = run_status_names[orders[order->order].to];
		run_view_reply(order->x, 200, &order->record);
	} else {
		runner_order(order->api->runner, order->record.run_id, order->order, order->request.reason, carried_out, order);
	}
}

static void after_order(struct write *w, bool applied)
{
	struct order *order = (struct order *)w;
	if (applied && w->drafted && order->stored)
		runner_order(order->api->runner, order->record.run_id, order->order, order->request.reason, NULL, NULL);
}

void runs_order(struct exchange *x, enum runner_order what, const char *reason)
{
	struct order *order = arena_new(&x->arena, struct order);
	if (order == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*order = (struct order){.x = x, .api = x->owner, .order = what, .request = {.reason = reason}};
	if (!run_named(x, &order->record))
		return;
	order->write = (struct write){
		.x = x, .store = order->api->options.store, .apply = apply_order, .answer = answer_order, .after = after_order};
	write_submit(&order->write);
}

static void handle_order(struct exchange *x)
{
	struct order_request request;
	if (exchange_decode(x, &request))
		runs_order(x, *(const enum runner_order *)x->match.route->data, request.reason);
}

static const enum runner_order cancel = RUNNER_CANCEL, suspend = RUNNER_SUSPEND, resume = RUNNER_RESUME;
static const enum err_kind order_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};

#define ORDER(word, what, ...) \
	ROUTE(POST, "/api/v1/flow/runs/{id}/" #word, "flow.operate", EFFECT_WRITE, handle_order, \
		  .operation = "flow.runs." #word, .summary = what, .body = &order_table, .result = &run_view_table, \
		  .errors = order_errors, __VA_ARGS__)

static const struct field page_rows[] = {T_PAGE(&run_view_table)};
static const struct field_table runs_page_table = TOLD_TABLE("flow.runs", page_rows);

const struct route runs_routes[] = {
	ROUTE(GET, "/api/v1/flow/runs", "flow.read", EFFECT_READ, handle_list, .operation = "flow.runs.list",
		  .summary = "The account's runs, newest first", .query = &list_table, .result = &runs_page_table),
	ORDER(cancel, "End a run; what it waits for is given up", .data = &cancel,
		  .aliases = ALIASES({"/api/v3/executions/{id}/cancel"}, {"/api/v3/workflows/executions/{id}/cancel"})),
	ORDER(pause, "Let what is under way end, and then stand still", .data = &suspend),
	ORDER(resume, "Go on with a paused run", .data = &resume),
};
const size_t runs_routes_count = sizeof runs_routes / sizeof *runs_routes;
