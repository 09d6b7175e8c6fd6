/* Breakers of what calls ask, looked at and set by hand [flow.md 10]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/breakers.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "seal/audit.h"

enum { LIST_MAX = 500, LIST_USUAL = 50, OPEN_MAX_S = 86400, OPEN_USUAL_S = 60 };

/* --- what is told --- */

struct breaker_view {
	const char *target, *state, *until, *changed_at, *changed_by, *reason;
	int64_t failures, held_runs;
};
static const struct field view_fields[] = {
	F_STR(breaker_view, target, DOC("A host, with its port where that is not the usual one, or llm")),
	F_STR(breaker_view, state, DOC("closed, open or half_open")),
	F_STR(breaker_view, until, NULLABLE, FORMAT("date-time"), DOC("open: until then")),
	F_INT(breaker_view, failures, DOC("In a row")),
	F_INT(breaker_view, held_runs, DOC("Runs that wait for it")),
	F_STR(breaker_view, changed_at, NULLABLE, FORMAT("date-time")),
	F_STR(breaker_view, changed_by, NULLABLE, DOC("The person who set it; null: calls did")),
	F_STR(breaker_view, reason, NULLABLE),
};
static const struct field_table view_table = FIELD_TABLE("flow.breakers.breaker", breaker_view, view_fields);

static struct breaker_view show(const struct breaker_record *r, struct arena *arena)
{
	return (struct breaker_view){.target = r->target,
								 .state = r->state,
								 .until = members_time_text(arena, r->until_us),
								 .changed_at = members_time_text(arena, r->changed_us),
								 .changed_by = r->by,
								 .reason = r->reason,
								 .failures = r->failures,
								 .held_runs = r->held};
}

/* All of the caller's account, by target; false: a failure was answered. */
static bool read_all(struct exchange *x, struct breaker_record **records, size_t *count)
{
	const struct flow_api *api = x->owner;
	if (breakers_list(api->options.breakers, principal_of(x)->account_id, runner_now_us(api->runner), &x->arena,
					  records, count))
		return true;
	exchange_failf(x, ERR_LIMIT, "no memory");
	return false;
}

/* --- list --- */

struct list_query {
	const char *state, *cursor;
	int64_t limit;
};
static const struct field list_query_fields[] = {
	F_STR(list_query, state, LENGTH(1, 20), DOC("closed, open or half_open")),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(list_query, cursor, LENGTH(1, 1000)),
};
static const struct field_table list_query_table =
	FIELD_TABLE("flow.breakers.list.query", list_query, list_query_fields);

struct breaker_page {
	struct {
		size_t count;
		struct breaker_view *items;
	} items;
	const char *next_cursor;
};
static const struct field page_fields[] = {
	F_OBJECTS(breaker_page, items, &view_table),
	F_STR(breaker_page, next_cursor, NULLABLE),
};
static const struct field_table page_table = FIELD_TABLE("flow.breakers.list", breaker_page, page_fields);

static void handle_list(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct list_query q;
	struct paging paging;
	struct breaker_record *records;
	struct err err;
	size_t count;
	if (!exchange_decode_query(x, &q))
		return;
	const char *filter =
		arena_printf(&x->arena, "breakers\n%s\n%s", principal_of(x)->account_id, q.state == NULL ? "" : q.state);
	if (!paging_begin(&paging, x, api->page_key, filter, q.limit, q.cursor, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (!read_all(x, &records, &count))
		return;
	struct breaker_page page = {.items.items = arena_array(&x->arena, count + 1, sizeof *page.items.items)};
	const char *last = "";
	for (size_t i = 0; page.items.items != NULL && i < count; i++) {
		if (strcmp(records[i].target, paging.after) <= 0 || (q.state != NULL && strcmp(q.state, records[i].state) != 0))
			continue;
		if (!paging_takes(&paging))
			break;
		page.items.items[page.items.count++] = show(&records[i], &x->arena);
		last = records[i].target;
	}
	page.next_cursor = paging_end(&paging, last);
	reply_fact(x, 200, &page_table, &page);
}

/* --- by hand --- */

struct set_request {
	const char *reason;
	int64_t duration_s;
};
static const struct field open_fields[] = {
	F_INT(set_request, duration_s, RANGE(1, OPEN_MAX_S), DEFAULT(OPEN_USUAL_S), UNIT("s"),
		  DOC("Until it lets calls through to see")),
	F_STR(set_request, reason, LENGTH(1, 500)),
};
static const struct field_table open_table = FIELD_TABLE("flow.breakers.open", set_request, open_fields);
static const struct field reset_fields[] = {F_STR(set_request, reason, LENGTH(1, 500))};
static const struct field_table reset_table = FIELD_TABLE("flow.breakers.reset", set_request, reset_fields);

struct setting {
	struct write write; /* first */
	struct flow_api *api;
	struct set_request request;
	enum audit_action action;
	struct breaker_record record;
};

static bool apply_set(struct write *w, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)w;
	struct audit_event event = principal_event(w->x, s->action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, s->record.reason}};
	event.target_id = s->record.target;
	event.meta = meta;
	event.meta_count = s->record.reason == NULL ? 0 : 1;
	return breakers_put(s->api->options.breakers, db, &s->record, err) && audit_append(s->api->audit, db, &event, err);
}

static void answer_set(struct write *w)
{
	const struct setting *s = (const struct setting *)w;
	const struct breaker_view view = show(&s->record, &w->x->arena);
	reply_fact(w->x, 200, &view_table, &view);
}

static void after_set(struct write *w, bool applied)
{
	const struct setting *s = (const struct setting *)w;
	if (applied)
		breakers_set(s->api->options.breakers, &s->record);
}

/* NULL: answered. */
static struct setting *begin(struct exchange *x, const char *state, enum audit_action action)
{
	struct setting *s = arena_new(&x->arena, struct setting);
	const struct principal *principal = principal_of(x);
	const char *target = exchange_param(x, "target");
	if (s == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	*s = (struct setting){.api = x->owner, .action = action};
	if (!exchange_decode(x, &s->request))
		return NULL;
	s->record = (struct breaker_record){.account_id = principal->account_id,
										.target = target,
										.state = state,
										.changed_us = runner_now_us(s->api->runner),
										.by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
										.reason = s->request.reason};
	s->write = (struct write){
		.x = x, .store = s->api->options.store, .apply = apply_set, .answer = answer_set, .after = after_set};
	return s;
}

static void handle_open(struct exchange *x)
{
	struct setting *s = begin(x, "open", AUDIT_BREAKER_OPEN);
	if (s == NULL)
		return;
	if (strlen(s->record.target) >= BREAKER_TARGET) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such target.");
		return;
	}
	s->record.until_us = s->record.changed_us + s->request.duration_s * 1000000;
	write_submit(&s->write);
}

static void handle_reset(struct exchange *x)
{
	struct setting *s = begin(x, "closed", AUDIT_BREAKER_RESET);
	struct breaker_record *records;
	size_t count, i = 0;
	if (s == NULL || !read_all(x, &records, &count))
		return;
	while (i < count && strcmp(records[i].target, s->record.target) != 0)
		i++;
	if (i < count)
		write_submit(&s->write);
	else
		exchange_failf(x, ERR_NOT_FOUND, "There is no such target.");
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const enum err_kind reset_errors[] = {ERR_NOT_FOUND, ERR_NONE};

const struct route breakers_routes[] = {
	ROUTE(GET, "/api/v1/flow/breakers", "flow.read", EFFECT_READ, handle_list, .operation = "flow.breakers.list",
		  .summary = "How the targets of calls stand", .query = &list_query_table, .result = &page_table,
		  .errors = list_errors),
	ROUTE(POST, "/api/v1/flow/breakers/{target}/open", "flow.operate", EFFECT_WRITE, handle_open,
		  .operation = "flow.breakers.open", .summary = "Leave a target alone for a while", .body = &open_table,
		  .result = &view_table, .errors = reset_errors),
	ROUTE(POST, "/api/v1/flow/breakers/{target}/reset", "flow.operate", EFFECT_WRITE, handle_reset,
		  .operation = "flow.breakers.reset", .summary = "Take a target for well again: who waits for it goes on",
		  .body = &reset_table, .result = &view_table, .errors = reset_errors),
};
const size_t breakers_routes_count = sizeof breakers_routes / sizeof *breakers_routes;
