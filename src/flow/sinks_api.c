/* Webhooks that are told of runs: made, looked at, set, ended [flow.md 3.4; P-10.6]. */
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "flow/sinks.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "seal/audit.h"
#include "seal/outbox.h"
#include "store/store.h"

enum { URL_MAX = 2000, TOPICS = 3 };

static const char *const topics[TOPICS + 1] = {"runs", "steps", SINK_EVENTS, NULL};

/* --- what is told --- */

struct sink_view {
	const char *sink_id, *url, *last_error, *secret, *next_try_at, *delivered_at, *created_at, *created_by;
	struct {
		size_t count;
		int *items;
	} topics;
	bool enabled;
	int64_t delivered, tries, last_status;
};
#define VIEW_FIELDS \
	F_STR(sink_view, sink_id), F_STR(sink_view, url), F_ENUMS(sink_view, topics, topics), F_BOOL(sink_view, enabled), \
		F_INT(sink_view, delivered, DOC("Events that it took")), \
		F_STR(sink_view, delivered_at, NULLABLE, FORMAT("date-time")), \
		F_INT(sink_view, tries, DOC("That failed, of the event that is next")), \
		F_STR(sink_view, next_try_at, NULLABLE, FORMAT("date-time")), \
		F_INT(sink_view, last_status, DOC("Of its last answer; 0: there was none")), \
		F_STR(sink_view, last_error, NULLABLE), F_STR(sink_view, created_at, FORMAT("date-time")), \
		F_STR(sink_view, created_by, NULLABLE)
static const struct field view_fields[] = {VIEW_FIELDS};
static const struct field_table view_table = FIELD_TABLE("flow.sinks.sink", sink_view, view_fields);
static const struct field shown_fields[] = {
	VIEW_FIELDS,
	F_STR(sink_view, secret, SECRET, NULLABLE, DOC("What bodies are signed with; shown this once")),
};
static const struct field_table shown_table = FIELD_TABLE("flow.sinks.shown", sink_view, shown_fields);

static struct sink_view show(const struct sink_record *r, struct arena *arena)
{
	struct sink_view view = {.sink_id = r->sink_id,
							 .url = r->url,
							 .enabled = r->enabled,
							 .delivered = r->delivered,
							 .delivered_at = members_time_text(arena, r->delivered_us),
							 .tries = r->tries,
							 .next_try_at = members_time_text(arena, r->due_us),
							 .last_status = r->last_status,
							 .last_error = r->last_error,
							 .created_at = members_time_text(arena, r->created_us),
							 .created_by = r->created_by};
	view.topics.items = arena_array(arena, TOPICS, sizeof *view.topics.items);
	for (int i = 0; view.topics.items != NULL && i < TOPICS; i++)
		if (strstr(r->topics, topics[i]) != NULL)
			view.topics.items[view.topics.count++] = i;
	return view;
}

/* --- changing --- */

struct sink_request {
	const char *url;
	struct {
		size_t count;
		int *items;
	} topics;
};
static const struct field create_fields[] = {
	F_STR(sink_request, url, REQUIRED, LENGTH(8, URL_MAX), FORMAT("uri"), DOC("https, or http")),
	F_ENUMS(sink_request, topics, topics, COUNT(1, TOPICS),
			DOC("runs (the default): their lifecycle; steps: that of their tasks; events: what they emit")),
};
static const struct field_table create_table = FIELD_TABLE("flow.sinks.create", sink_request, create_fields);

struct changing {
	struct write write; /* first */
	struct flow_api *api;
	struct sink_request request;
	struct sink_record record;
	char id[ID_TEXT], secret[WEBHOOK_SECRET];
};

static bool append(struct changing *c, struct db *db, enum audit_action action, struct err *err)
{
	struct audit_event event = principal_event(c->write.x, action, AUDIT_SUCCESS);
	event.target_id = c->record.sink_id;
	return audit_append(c->api->audit, db, &event, err);
}

static void after_change(struct write *w, bool applied)
{
	const struct changing *c = (const struct changing *)w;
	if (applied)
		sinks_changed(c->api->sinks);
}

static void answer_sink(struct write *w)
{
	const struct changing *c = (const struct changing *)w;
	const struct sink_view view = show(&c->record, &w->x->arena);
	reply_fact(w->x, 200, &view_table, &view);
}

/* With its secret, which is not kept for a repetition [P-8.5]. */
static void answer_secret(struct write *w)
{
	const struct changing *c = (const struct changing *)w;
	struct sink_view view = show(&c->record, &w->x->arena);
	view.secret = w->x->drafting ? NULL : c->secret;
	if (c->id[0] != '\0' && !w->drafted)
		exchange_setf(w->x, "Location", "/api/v1/flow/sinks/%s", c->id);
	reply_fact(w->x, c->id[0] != '\0' ? 201 : 200, &shown_table, &view);
}

static struct changing *begin(struct exchange *x, bool (*apply)(struct write *w, struct db *db, struct err *err),
							  void (*answer)(struct write *w))
{
	struct changing *c = arena_new(&x->arena, struct changing);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	c->api = x->owner;
	c->write =
		(struct write){.x = x, .store = c->api->options.store, .apply = apply, .answer = answer, .after = after_change};
	return c;
}

static void count_sink(void *self, const struct sink_record *record)
{
	(void)record;
	++*(size_t *)self;
}

static bool apply_create(struct write *w, struct db *db, struct err *err)
{
	struct changing *c = (struct changing *)w;
	size_t count = 0;
	int64_t oldest;
	if (!sinks_list(db, c->record.account_id, &w->x->arena, count_sink, &count, err))
		return false;
	if (count >= SINKS_MAX)
		return write_refuse(w, ERR_CONFLICT, "An account has %d sinks at most.", SINKS_MAX);
	return outbox_span(db, &oldest, &c->record.told_to, err) && sinks_insert(db, &c->record, err) &&
		   append(c, db, AUDIT_SINK_CREATE, err);
}

static bool is_url(const char *text)
{
	size_t scheme = strncasecmp(text, "https://", 8) == 0 ? 8 : strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
	return scheme > 0 && text[scheme] != '\0' && strpbrk(text, " \t\r\n") == NULL;
}

static const char *join_topics(const struct changing *c)
{
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < TOPICS; i++) {
		bool wanted = c->request.topics.count == 0 && i == 0;
		for (size_t k = 0; k < c->request.topics.count; k++)
			wanted = wanted || c->request.topics.items[k] == i;
		if (wanted)
			buf_addf(&text, "%s%s", text.size > 0 ? " " : "", topics[i]);
	}
	const char *joined = arena_dup(&c->write.x->arena, buf_text(&text));
	buf_fini(&text);
	return joined;
}

static void check_url(void *self, struct faults *faults)
{
	const struct changing *c = self;
	if (c->request.url != NULL && !is_url(c->request.url))
		faults_add(faults, "/url", "format", "must be an address of https or http");
}

static void handle_create(struct exchange *x)
{
	struct changing *c = begin(x, apply_create, answer_secret);
	const struct principal *principal = principal_of(x);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check_url, c))
		return;
	id_make(c->api->options.ids, c->id);
	c->record = (struct sink_record){.sink_id = c->id,
									 .account_id = principal->account_id,
									 .url = c->request.url,
									 .topics = join_topics(c),
									 .created_us = env_wall_us(c->api->options.env),
									 .created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
									 .enabled = true};
	c->write.shown_once = true;
	if (c->record.topics != NULL && sinks_make_secret(c->api->sinks, c->id, &x->arena, &c->record.secret, c->secret))
		write_submit(&c->write);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

/* The one that the path names. */
static bool read_named(const struct exchange *x, struct db *db, struct arena *arena, struct sink_record *record,
					   struct err *err)
{
	const char *id = exchange_param(x, "id");
	bool found = false;
	if (id_valid(id) && !sinks_get(db, id, principal_of(x)->account_id, arena, record, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such sink.");
}

/* The secret before counts for a day beside the new one. */
static bool apply_rotate(struct write *w, struct db *db, struct err *err)
{
	struct changing *c = (struct changing *)w;
	struct sink_record *r = &c->record;
	if (!read_named(w->x, db, &w->x->arena, r, err))
		return false;
	r->former = r->secret;
	r->former_until_us = env_wall_us(c->api->options.env) + SINK_FORMER_US;
	return (sinks_make_secret(c->api->sinks, r->sink_id, &w->x->arena, &r->secret, c->secret) ||
			err_set(err, ERR_LIMIT, "no memory")) &&
		   sinks_update(db, r, err) && append(c, db, AUDIT_SINK_ROTATE, err);
}

static void handle_rotate(struct exchange *x)
{
	struct changing *c = begin(x, apply_rotate, answer_secret);
	if (c == NULL)
		return;
	c->write.shown_once = true;
	write_submit(&c->write);
}

static bool apply_enable(struct write *w, struct db *db, struct err *err)
{
	struct changing *c = (struct changing *)w;
	struct sink_record *r = &c->record;
	if (!read_named(w->x, db, &w->x->arena, r, err))
		return false;
	r->enabled = *(const bool *)w->x->match.route->data;
	r->tries = r->due_us = 0;
	r->last_error = r->enabled ? NULL : r->last_error;
	return sinks_update(db, r, err) && append(c, db, r->enabled ? AUDIT_SINK_ENABLE : AUDIT_SINK_DISABLE, err);
}

static void handle_enable(struct exchange *x)
{
	struct changing *c = begin(x, apply_enable, answer_sink);
	if (c != NULL)
		write_submit(&c->write);
}

static bool apply_delete(struct write *w, struct db *db, struct err *err)
{
	struct changing *c = (struct changing *)w;
	return read_named(w->x, db, &w->x->arena, &c->record, err) && sinks_delete(db, c->record.sink_id, err) &&
		   append(c, db, AUDIT_SINK_DELETE, err);
}

static void handle_delete(struct exchange *x)
{
	struct changing *c = begin(x, apply_delete, NULL);
	if (c != NULL)
		write_submit(&c->write);
}

/* --- reading --- */

struct sink_page {
	struct {
		size_t count;
		struct sink_view *items;
	} items;
	const char *next_cursor;
};
static const struct field page_fields[] = {
	F_OBJECTS(sink_page, items, &view_table),
	F_STR(sink_page, next_cursor, NULLABLE, DOC("Always null: an account has 20 at most")),
};
static const struct field_table page_table = FIELD_TABLE("flow.sinks.list", sink_page, page_fields);

struct listing {
	struct arena *arena;
	struct sink_page page;
};

static void take_sink(void *self, const struct sink_record *record)
{
	struct listing *l = self;
	if (l->page.items.count < SINKS_MAX)
		l->page.items.items[l->page.items.count++] = show(record, l->arena);
}

static void handle_list(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct listing l = {.arena = &x->arena};
	struct err err = {.kind = ERR_LIMIT};
	l.page.items.items = arena_array(&x->arena, SINKS_MAX, sizeof(struct sink_view));
	struct db *db = store_read(api->options.store);
	bool read =
		l.page.items.items != NULL && sinks_list(db, principal_of(x)->account_id, &x->arena, take_sink, &l, &err);
	store_read_end(api->options.store, db);
	if (read)
		reply_fact(x, 200, &page_table, &l.page);
	else
		exchange_fail(x, &err);
}

static void handle_get(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct sink_record record;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = read_named(x, db, &x->arena, &record, &err);
	store_read_end(api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	const struct sink_view view = show(&record, &x->arena);
	reply_fact(x, 200, &view_table, &view);
}

/* --- routes --- */

static const bool on = true, off = false;
static const enum err_kind create_errors[] = {ERR_CONFLICT, ERR_NONE};
static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define SINKS "/api/v1/flow/sinks"

const struct route sinks_routes[] = {
	ROUTE(POST, SINKS, "flow.operate", EFFECT_WRITE, handle_create, .operation = "flow.sinks.create",
		  .summary = "Have a webhook told of runs, signed the Standard Webhooks way", .body = &create_table,
		  .status = 201, .result = &shown_table, .errors = create_errors,
		  .example = "{\"url\":\"https://hooks.example/runs\",\"topics\":[\"runs\",\"events\"]}"),
	ROUTE(GET, SINKS, "flow.read", EFFECT_READ, handle_list, .operation = "flow.sinks.list",
		  .summary = "The account's webhooks, oldest first", .result = &page_table),
	ROUTE(GET, SINKS "/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.sinks.get",
		  .summary = "One webhook: what it took, and what went wrong", .result = &view_table, .errors = found_errors),
	ROUTE(DELETE, SINKS "/{id}", "flow.operate", EFFECT_WRITE, handle_delete, .operation = "flow.sinks.delete",
		  .summary = "Tell it nothing any more", .status = 204, .errors = found_errors),
	ROUTE(POST, SINKS "/{id}/enable", "flow.operate", EFFECT_WRITE, handle_enable, .operation = "flow.sinks.enable",
		  .summary = "Go on telling it, from where it stood", .result = &view_table, .errors = found_errors,
		  .data = &on),
	ROUTE(POST, SINKS "/{id}/disable", "flow.operate", EFFECT_WRITE, handle_enable, .operation = "flow.sinks.disable",
		  .summary = "Stop telling it", .result = &view_table, .errors = found_errors, .data = &off),
	ROUTE(POST, SINKS "/{id}/rotate", "flow.operate", EFFECT_WRITE, handle_rotate, .operation = "flow.sinks.rotate",
		  .summary = "A new secret; for a day bodies are signed with both", .result = &shown_table,
		  .errors = found_errors),
};
const size_t sinks_routes_count = sizeof sinks_routes / sizeof *sinks_routes;
