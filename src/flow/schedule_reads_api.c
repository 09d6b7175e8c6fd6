/* /api/v1/flow/schedules: which there are, and when they start next [flow.md 3.4, 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/schedule.h"
#include "flow/flow_internal.h"
#include "flow/schedule_view.h"
#include "flow/schedules_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

enum { LIST_MAX = 500, LIST_DEFAULT = 50, UPCOMING_MAX = 1000, UPCOMING_DEFAULT = 10 };

/* False: answered. */
static bool find(struct exchange *x, struct schedule_record *record)
{
	const struct flow_api *api = x->owner;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = schedule_named(x, db, record, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	return read;
}

static void handle_get(struct exchange *x)
{
	struct schedule_record record;
	if (find(x, &record))
		schedule_reply(x, 200, &record);
}

struct upcoming_query {
	int64_t n;
};
static const struct field upcoming_fields[] = {
	F_INT(upcoming_query, n, RANGE(1, UPCOMING_MAX), DEFAULT(UPCOMING_DEFAULT), DOC("How many")),
};
static const struct field_table upcoming_table =
	FIELD_TABLE("flow.schedules.upcoming", upcoming_query, upcoming_fields);

static void write_times(struct jw *jw, struct arena *arena, const struct schedule_record *record, int64_t n)
{
	struct schedule_plan plan;
	struct faults faults;
	struct datum *spec = datum_text(record->spec, strlen(record->spec));
	int kind = 0;
	while (strcmp(schedule_kind_names[kind], record->kind) != 0)
		kind++;
	faults_init(&faults, arena);
	bool more = record->next_us > 0 &&
				schedule_read((enum schedule_kind)kind, datum_tree(spec), record->tz, arena, &plan, &faults);
	int64_t at_us = record->next_us;
	for (; more && n > 0; n--) {
		char text[STAMP_TEXT];
		stamp_format(text, at_us);
		jw_str(jw, text);
		more = schedule_next(&plan, at_us, &at_us);
	}
	datum_unref(spec);
}

static void handle_upcoming(struct exchange *x)
{
	struct schedule_record record;
	struct upcoming_query query;
	struct buf text;
	struct jw jw;
	if (!exchange_decode_query(x, &query) || !find(x, &record))
		return;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_key(&jw, "times");
	jw_array(&jw);
	write_times(&jw, &x->arena, &record, query.n);
	jw_array_end(&jw);
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

struct list_query {
	const char *workflow, *cursor;
	int64_t limit;
};
static const struct field list_fields[] = {
	F_STR(list_query, workflow, LENGTH(3, 511), DOC("NAMESPACE/NAME")),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_DEFAULT)),
	F_STR(list_query, cursor, LENGTH(1, 500)),
};
static const struct field_table list_table = FIELD_TABLE("flow.schedules.list", list_query, list_fields);

struct listing {
	struct jw jw;
	int64_t left;
	const char *last;
	bool more;
};

static void take_schedule(void *self, const struct schedule_record *record)
{
	struct listing *listing = self;
	if (listing->left-- <= 0) {
		listing->more = true;
		return;
	}
	schedule_write(&listing->jw, record);
	listing->last = record->schedule_id;
}

static void reply_list(struct exchange *x, struct schedules_filter *filter, const char *scope)
{
	struct flow_api *api = x->owner;
	struct buf text;
	struct err err;
	struct listing listing = {.left = filter->limit - 1};
	buf_init(&text, 0);
	jw_init(&listing.jw, &text);
	jw_object(&listing.jw);
	jw_key(&listing.jw, "items");
	jw_array(&listing.jw);
	struct db *db = store_read(api->options.store);
	bool read = schedules_list(db, filter, &x->arena, take_schedule, &listing, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&listing.jw);
	const char *cursor = listing.more ? page_cursor(&x->arena, api->page_key, scope, listing.last) : NULL;
	jw_member_str(&listing.jw, "next_cursor", cursor);
	jw_object_end(&listing.jw);
	if (cursor != NULL)
		page_link(x, cursor);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static void handle_list(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct list_query query;
	struct err err;
	char after[PAGE_AFTER_MAX + 1];
	if (!exchange_decode_query(x, &query))
		return;
	struct schedules_filter filter = {
		.account_id = principal_of(x)->account_id, .before = after, .limit = query.limit + 1};
	const char *slash = query.workflow == NULL ? NULL : strchr(query.workflow, '/');
	if (query.workflow != NULL && slash == NULL) {
		exchange_failf(x, ERR_INVALID, "workflow is NAMESPACE/NAME.");
		return;
	}
	if (slash != NULL) {
		filter.namespace = arena_dupn(&x->arena, query.workflow, (size_t)(slash - query.workflow));
		filter.name = slash + 1;
	}
	const char *scope = arena_printf(&x->arena, "flow.schedules %s %s", filter.account_id,
									 query.workflow == NULL ? "" : query.workflow);
	if (page_after(api->page_key, scope, query.cursor, after, &err))
		reply_list(x, &filter, scope);
	else
		exchange_fail(x, &err);
}

static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

static const struct field page_rows[] = {T_PAGE(&schedule_view_table)};
static const struct field_table schedules_page_table = TOLD_TABLE("flow.schedules", page_rows);
static const struct field times_rows[] = {T_TIMES(times)};
static const struct field_table times_table = TOLD_TABLE("flow.schedule.times", times_rows);

const struct route schedule_reads_routes[] = {
	ROUTE(GET, SCHEDULES, "flow.read", EFFECT_READ, handle_list, .operation = "flow.schedules.list",
		  .summary = "The account's schedules, newest first", .query = &list_table, .result = &schedules_page_table),
	ROUTE(GET, SCHEDULES "/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.schedules.get",
		  .summary = "One schedule", .result = &schedule_view_table, .errors = found_errors),
	ROUTE(GET, SCHEDULES "/{id}/upcoming", "flow.read", EFFECT_READ, handle_upcoming,
		  .operation = "flow.schedules.upcoming", .summary = "The next times at which it starts",
		  .query = &upcoming_table, .result = &times_table, .errors = found_errors),
};
const size_t schedule_reads_routes_count = sizeof schedule_reads_routes / sizeof *schedule_reads_routes;
