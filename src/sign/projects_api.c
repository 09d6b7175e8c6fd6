#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "seal/calc.h"
#include "sign/cursor.h"
#include "sign/payloads_repo.h"
#include "sign/project_content.h"
#include "sign/project_stamp.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/search.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/* Projects: make, read, list [sign.md 5]. */

/* --- create --- */

struct create {
	struct project_write write; /* first */
	struct content content;
	char project_id[5 + ID_TEXT];
};

static bool create_change(struct project_write *w, struct db *db, struct err *err)
{
	w->project.version = 1;
	w->project.created_us = w->project.updated_us = w->now_us;
	return project_insert(db, &w->project, err) &&
		   project_record(
			   w, db,
			   &HAPPENED(AUDIT_PROJECT_CREATED, "project.created", .after = project_content(&w->project, &w->x->arena)),
			   err);
}

static void create_answer(struct project_write *w)
{
	struct project_view view;
	project_view_fill(&w->project, PROJECT_UNSTAMPED, &w->x->arena, &view);
	exchange_set(w->x, "ETag", view.etag);
	exchange_setf(w->x, "Location", "/api/v1/projects/%s", view.project_id);
	reply_fact(w->x, 201, &project_table, &view);
}

static void handle_create(struct exchange *x)
{
	struct sign_api *api = x->owner;
	const struct principal *principal = principal_of(x);
	struct create *create = arena_new(&x->arena, struct create);
	if (create == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode(x, &create->content))
		return;
	memcpy(create->project_id, "proj_", 5);
	id_make(api->options.ids, create->project_id + 5);
	struct project *project = &create->write.project;
	*project = (struct project){.project_id = create->project_id,
								.account_id = principal->account_id,
								.status = PROJECT_DRAFT,
								.created_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id};
	content_lay_over(project, &create->content);
	if (content_own(x, &create->content, project))
		project_create_submit(&create->write, x, create_change, create_answer);
}

/* --- read --- */

static bool read_payload(struct exchange *x, const struct project *project, struct payload_view *view, struct err *err)
{
	const struct sign_api *api = x->owner;
	struct payload payload;
	bool found = false;
	struct db *db = store_read(api->options.store);
	bool read = payload_find(db, project->account_id, project->payload_id, &x->arena, &payload, &found, err);
	store_read_end(api->options.store, db);
	if (read && found)
		payload_view_fill(&payload, &x->arena, view);
	return read;
}

static void handle_get(struct exchange *x)
{
	struct project project;
	struct project_view view;
	struct payload_view payload;
	enum project_stamp stamp;
	struct err err;
	if (!project_read(x, &project, &stamp))
		return;
	project_view_fill(&project, stamp, &x->arena, &view);
	exchange_set(x, "ETag", view.etag);
	if (etag_none_match(x, view.etag)) {
		exchange_answer(x, 304, NULL, NULL, 0);
		return;
	}
	if (project.payload_id != NULL) {
		if (!read_payload(x, &project, &payload, &err)) {
			exchange_fail(x, &err);
			return;
		}
		view.payload = &payload;
	}
	reply_fact(x, 200, &project_full_table, &view);
}

/* --- list --- */

struct list_query {
	const char *q, *cursor, *account_id;
	int status;
	int64_t limit;
};

static const struct field list_query_fields[] = {
	F_STR(list_query, q, LENGTH(1, 200),
		  DOC("Words of name, customer, description and site; each may be the beginning of one")),
	F_ENUM(list_query, status, project_status_names),
	F_STR(list_query, account_id, LENGTH(1, 64), DOC("Another account's projects, for an admin")),
	F_INT(list_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(list_query, cursor, LENGTH(1, 400)),
};
static const struct field_table list_query_table = FIELD_TABLE("projects.list.query", list_query, list_query_fields);

struct project_list {
	struct {
		size_t count;
		struct project_view *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(project_list, items, &project_table),
	F_STR(project_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("projects.list", project_list, list_fields);

/* What a cursor of this list is bound to. */
static const char *filter_of(struct exchange *x, const struct list_query *query, const char *account_id)
{
	return arena_printf(&x->arena, "projects\n%s\n%d\n%s", account_id, query->status, query->q != NULL ? query->q : "");
}

static const char *engine_filter(struct exchange *x, const char *filter)
{
	const char *text = arena_printf(&x->arena, "engine\n%s", filter);
	return text != NULL ? text : filter;
}

/* One row more than asked for says whether there is another page. */
static bool read_page(struct exchange *x, const struct project_query *query, struct project_list *list, bool *more,
					  struct err *err)
{
	const struct sign_api *api = x->owner;
	struct project *projects = arena_array(&x->arena, query->limit, sizeof *projects);
	list->items.items = arena_array(&x->arena, query->limit, sizeof *list->items.items);
	if (projects == NULL || list->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(api->options.store);
	size_t count = 0;
	bool read = projects_list(db, query, &x->arena, projects, &count, err);
	*more = count == query->limit;
	for (size_t i = 0; read && i < count - *more; i++) {
		enum project_stamp stamp;
		read = project_stamp_read(db, &projects[i], &x->arena, &stamp, err);
		if (read)
			project_view_fill(&projects[i], stamp, &x->arena, &list->items.items[list->items.count++]);
	}
	store_read_end(api->options.store, db);
	return read;
}

static void link_next(struct exchange *x, const struct list_query *query, const char *cursor)
{
	exchange_setf(x, "Link", "<%s?limit=%lld&cursor=%s>; rel=\"next\"", x->match.route->path, (long long)query->limit,
				  cursor);
}

/* --- a search by the engine --- */

/* Which projects have the words is the engine's to say; what they are is the store's. */
static bool read_found(struct exchange *x, const struct project_query *query, const struct search_found *found,
					   struct project_list *list, struct err *err)
{
	const struct sign_api *api = x->owner;
	size_t shown = found->count < query->limit ? found->count : query->limit - 1;
	list->items.items = arena_array(&x->arena, query->limit, sizeof *list->items.items);
	if (list->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(api->options.store);
	bool read = true;
	for (size_t i = 0; read && i < shown; i++) {
		struct project project;
		enum project_stamp stamp;
		bool there = false;
		read = project_find(db, query->account_id, found->ids[i], &x->arena, &project, &there, err);
		if (!read || !there || (query->status >= 0 && (int)project.status != query->status))
			continue; /* the engine's copy is behind */
		read = project_stamp_read(db, &project, &x->arena, &stamp, err);
		if (read)
			project_view_fill(&project, stamp, &x->arena, &list->items.items[list->items.count++]);
	}
	store_read_end(api->options.store, db);
	return read;
}

/* --- the answer --- */

struct listing {
	struct list_query query;
	struct project_query page;
	struct project_list list;
	const char *filter; /* what a cursor of this list is bound to */
	const char *after;  /* of the engine's page before, or NULL */
	const char *reason; /* why the store searched; NULL: it was the engine, or nothing was searched for */
};

static bool list_by_engine(struct exchange *x, struct listing *l, struct err *err)
{
	struct sign_api *api = x->owner;
	const struct search_query query = {.account_id = l->page.account_id,
									   .text = l->page.text,
									   .status = l->page.status,
									   .after = l->after,
									   .limit = l->page.limit};
	struct search_found found;
	l->reason = l->page.before != NULL ? "continued" : search_find(api, &query, &x->arena, &found);
	if (l->reason != NULL)
		return l->after == NULL || err_set(err, ERR_CURSOR_INVALID,
										   "The search engine that began this list does not "
										   "answer; begin again without a cursor.");
	if (!read_found(x, &l->page, &found, &l->list, err))
		return false;
	if (found.count == l->page.limit)
		l->list.next_cursor = cursor_make(api, engine_filter(x, l->filter), found.marks[l->page.limit - 2], &x->arena);
	return true;
}

static bool list_by_store(struct exchange *x, struct listing *l, struct err *err)
{
	const struct sign_api *api = x->owner;
	bool more = false;
	if (!read_page(x, &l->page, &l->list, &more, err))
		return false;
	if (more)
		l->list.next_cursor =
			cursor_make(api, l->filter, l->list.items.items[l->list.items.count - 1].project_id, &x->arena);
	return true;
}

/* A cursor says which of both made it. */
static bool read_cursor(struct exchange *x, struct listing *l, struct err *err)
{
	const struct sign_api *api = x->owner;
	const char *cursor = l->query.cursor;
	if (cursor == NULL)
		return true;
	return (l->query.q != NULL && cursor_read(api, engine_filter(x, l->filter), cursor, &x->arena, &l->after, NULL)) ||
		   cursor_read(api, l->filter, cursor, &x->arena, &l->page.before, err);
}

static void answer_search(struct exchange *x, const struct listing *l)
{
	struct note fallback = {.code = "search_fallback", .pointer = "/q"};
	fallback.message = arena_printf(&x->arena, "The store searched, in place of a search engine: %s.", l->reason);
	const char *search =
		l->reason == NULL
			? arena_printf(&x->arena, "{\"fallback\":false,\"index_version\":%d,\"reason\":null}", SEARCH_VERSION)
			: arena_printf(&x->arena, "{\"fallback\":true,\"index_version\":%d,\"reason\":\"%s\"}", SEARCH_VERSION,
						   l->reason);
	if (search == NULL || fallback.message == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		reply_fact_found(x, &list_table, &l->list, search, l->reason != NULL ? &fallback : NULL);
}

static void handle_list(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	const struct principal *principal = principal_of(x);
	struct listing l = {.reason = api->options.search == NULL ? "not_configured" : NULL};
	struct err err;
	if (!exchange_decode_query(x, &l.query))
		return;
	bool any = (principal->roles & ROLE_ADMIN) != 0;
	const char *account_id = any && l.query.account_id != NULL ? l.query.account_id : principal->account_id;
	/* Another account's list is as empty as that of an account that does not exist. */
	bool mine = l.query.account_id == NULL || any || strcmp(l.query.account_id, principal->account_id) == 0;
	l.filter = filter_of(x, &l.query, account_id);
	l.page = (struct project_query){
		.account_id = account_id, .text = l.query.q, .status = l.query.status, .limit = (size_t)l.query.limit + 1};
	bool read = read_cursor(x, &l, &err) && (!mine || l.query.q == NULL || list_by_engine(x, &l, &err));
	if (!read || (mine && (l.query.q == NULL || l.reason != NULL) && !list_by_store(x, &l, &err))) {
		exchange_fail(x, &err);
		return;
	}
	if (l.list.next_cursor != NULL)
		link_next(x, &l.query, l.list.next_cursor);
	if (l.query.q != NULL)
		answer_search(x, &l);
	else
		reply_fact(x, 200, &list_table, &l.list);
}

/* --- routes --- */

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

const struct route project_routes[] = {
	ROUTE(POST, "/api/v1/projects", "project.write", EFFECT_WRITE, handle_create, .slash = true,
		  .aliases = ALIASES({"/projects", .slash = true}), .operation = "projects.create", .summary = "Make a project",
		  .body = &content_create_table, .result = &project_table, .status = 201,
		  .example = "{\"name\":\"Corner diner\",\"customer\":\"Joe\",\"street\":\"12 Main St, Dallas TX\"}"),
	ROUTE(GET, "/api/v1/projects", "project.read", EFFECT_READ, handle_list, .slash = true,
		  .aliases = ALIASES({"/projects", .slash = true}), .operation = "projects.list",
		  .summary = "Projects, newest first; with ?q= those that have these words", .query = &list_query_table,
		  .result = &list_table, .errors = list_errors),
	ROUTE(GET, "/api/v1/projects/{id}", "project.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/projects/{id}", .slash = true}), .operation = "projects.get",
		  .summary = "One project with its newest payload, seal and stamp", .result = &project_full_table),
	ROUTE(GET, "/api/v1/projects/{id}/final", "project.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/final", .slash = true}), .operation = "projects.final",
		  .summary = "The same, to be read only", .result = &project_full_table),
};
const size_t project_routes_count = sizeof project_routes / sizeof *project_routes;
