#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/cost.h"
#include "flow/domain/vector.h"
#include "flow/memory.h"
#include "flow/memory_nearest.h"
#include "flow/memory_parts.h"
#include "flow/memory_request.h"
#include "flow/memory_search.h"
#include "flow/memory_view.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Memories: store, read, list, change, delete, evict, statistics [flow.md 6]. */

enum { LIST_MAX = 500, LIST_USUAL = 100, EVENTS_SHOWN = 500, EVICT_MAX = 1000 };

/* --- store --- */

struct storing {
	struct agents_write w; /* first */
	struct memory_request request;
	struct memory_made made;
	bool is_made, deduplicated;
};

/* On a reader: what is most like it, so that the writer only looks at what came since. */
static bool find_nearest(void *self, struct db *db, struct err *err)
{
	struct storing *s = self;
	return memory_nearest_kept(s->w.api->vectors, db, &s->made.new, agents_now(s->w.x), &s->w.x->arena, err);
}

static bool change_store(struct agents_write *w, struct db *db, struct err *err)
{
	struct storing *s = (struct storing *)w;
	return memory_made_store(db, w->api->options.ids, &s->made, w->now_us, &w->x->arena, &s->deduplicated, err) &&
		   agents_audit(w, db, AUDIT_MEMORY_STORE, s->made.new.row.memory_id, NULL, err);
}

static void answer_stored(struct agents_write *w)
{
	const struct storing *s = (const struct storing *)w;
	struct memory_view view = memory_view_of(&w->x->arena, &s->made.new.row);
	view.deduplicated = s->deduplicated;
	reply_fact(w->x, s->deduplicated ? 200 : 201, &memory_stored_table, &view);
}

static void make(void *self, struct faults *faults)
{
	struct storing *s = self;
	s->is_made = memory_request_make(&s->request, s->w.api->options.ids, s->w.account_id, agents_now(s->w.x),
									 faults->arena, &s->made, faults);
}

static void handle_store(struct exchange *x)
{
	struct storing *s = agents_start(x, sizeof *s);
	if (s == NULL || !exchange_decode_checked(x, &s->request, make, s))
		return;
	if (!s->is_made)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else if (s->made.new.vector == NULL || agents_read(x, find_nearest, s))
		agents_submit(&s->w, change_store, answer_stored);
}

/* --- one --- */

static bool read_named(struct storing *s, struct db *db, struct err *err)
{
	bool found;
	return memory_find(db, s->w.account_id, exchange_param(s->w.x, "memory_id"), s->w.now_us, &s->w.x->arena,
					   &s->made.new.row, &found, err) &&
		   (found || err_set(err, ERR_NOT_FOUND, "There is no such memory."));
}

static void answer_one(struct agents_write *w)
{
	const struct storing *s = (const struct storing *)w;
	const struct memory_view view = memory_view_of(&w->x->arena, &s->made.new.row);
	reply_fact(w->x, 200, &memory_table, &view);
}

/* To look at a memory is to use it. */
static bool change_touch(struct agents_write *w, struct db *db, struct err *err)
{
	struct storing *s = (struct storing *)w;
	return read_named(s, db, err) && memory_touch(db, &s->made.new.row, w->now_us, err);
}

static void handle_get(struct exchange *x)
{
	struct storing *s = agents_start(x, sizeof *s);
	if (s != NULL)
		agents_submit(&s->w, change_touch, answer_one);
}

static bool change_patch(struct agents_write *w, struct db *db, struct err *err)
{
	struct storing *s = (struct storing *)w;
	const struct memory_request *r = &s->request;
	if (!read_named(s, db, err))
		return false;
	const struct memory_row was = s->made.new.row;
	struct memory_row *row = &s->made.new.row;
	row->importance = given(r->importance_score) ? r->importance_score : row->importance;
	row->tags = r->tags.items != NULL ? memory_tags_text(&w->x->arena, r->tags.items, r->tags.count) : row->tags;
	row->metadata = r->metadata != NULL ? s->made.metadata : row->metadata;
	row->expires_us = s->made.expires_us != 0 ? s->made.expires_us : row->expires_us;
	return memory_update(db, &was, row, err) &&
		   memory_event_add(db, w->api->options.ids, row, "changed", NULL, w->now_us, err) &&
		   agents_audit(w, db, AUDIT_MEMORY_CHANGE, row->memory_id, NULL, err);
}

static void check_patch(void *self, struct faults *faults)
{
	struct storing *s = self;
	(void)memory_request_check(&s->request, agents_now(s->w.x), faults->arena, &s->made, faults);
}

static void handle_patch(struct exchange *x)
{
	struct storing *s = agents_start(x, sizeof *s);
	if (s != NULL && exchange_decode_checked(x, &s->request, check_patch, s))
		agents_submit(&s->w, change_patch, answer_one);
}

static bool change_delete(struct agents_write *w, struct db *db, struct err *err)
{
	struct storing *s = (struct storing *)w;
	return read_named(s, db, err) &&
		   memory_event_add(db, w->api->options.ids, &s->made.new.row, "deleted", NULL, w->now_us, err) &&
		   memory_remove(db, &s->made.new.row, MEMORY_DELETED, err) &&
		   agents_audit(w, db, AUDIT_MEMORY_DELETE, s->made.new.row.memory_id, NULL, err);
}

static void handle_delete(struct exchange *x)
{
	struct storing *s = agents_start(x, sizeof *s);
	if (s != NULL)
		agents_submit(&s->w, change_delete, NULL);
}

/* --- events --- */

struct event_view {
	const char *kind, *detail, *at;
};

static const struct field event_fields[] = {
	F_STR(event_view, kind, DOC("created, deduplicated, changed, moved, evicted, expired, deleted")),
	F_STR(event_view, detail, NULLABLE),
	F_STR(event_view, at, FORMAT("date-time")),
};
static const struct field_table event_table = FIELD_TABLE("memory.event", event_view, event_fields);

struct event_list {
	const char *memory_id;
	struct {
		size_t count;
		struct event_view *items;
	} events;
};

static const struct field events_fields[] = {
	F_STR(event_list, memory_id),
	F_OBJECTS(event_list, events, &event_table, DOC("The oldest first; they outlive the memory")),
};
static const struct field_table events_table = FIELD_TABLE("memory.events", event_list, events_fields);

struct event_reading {
	struct exchange *x;
	struct memory_event *events;
	size_t count;
};

static bool read_events(void *self, struct db *db, struct err *err)
{
	struct event_reading *r = self;
	r->events = arena_array(&r->x->arena, EVENTS_SHOWN, sizeof *r->events);
	if (r->events == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return memory_events(db, principal_of(r->x)->account_id, exchange_param(r->x, "memory_id"), EVENTS_SHOWN,
						 &r->x->arena, r->events, &r->count, err) &&
		   (r->count > 0 || err_set(err, ERR_NOT_FOUND, "There is no such memory."));
}

static void handle_events(struct exchange *x)
{
	struct event_reading r = {.x = x};
	struct event_list list = {.memory_id = exchange_param(x, "memory_id")};
	if (!agents_read(x, read_events, &r))
		return;
	list.events.items = arena_array(&x->arena, r.count, sizeof *list.events.items);
	for (size_t i = 0; list.events.items != NULL && i < r.count; i++)
		list.events.items[list.events.count++] =
			(struct event_view){r.events[i].kind, r.events[i].detail, agents_time(&x->arena, r.events[i].at_us)};
	reply_fact(x, 200, &events_table, &list);
}

/* --- list --- */

struct list_query {
	double min_importance;
	int64_t limit;
	const char *cursor;
};

static const struct field list_fields[] = {
	F_NUM(list_query, min_importance, RANGE(0, 1), DEFAULT(0)),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(list_query, cursor, LENGTH(1, 400)),
};
static const struct field_table list_table = FIELD_TABLE("memory.list.query", list_query, list_fields);

struct listing {
	struct agents_write w; /* first */
	struct list_query query;
	char before[AGENTS_CURSOR];
	const char *filter;
	struct memory_row *rows;
	size_t count;
	struct memory_live live;
	bool more;
};

/* What is shown is used. */
static bool change_list(struct agents_write *w, struct db *db, struct err *err)
{
	struct listing *l = (struct listing *)w;
	const char *agent_id = exchange_param(w->x, "agent_id");
	size_t limit = (size_t)l->query.limit;
	const struct memory_filter filter = {.account_id = w->account_id,
										 .agent_id = agent_id,
										 .tier = MEMORY_L1,
										 .min_importance = l->query.min_importance,
										 .before = l->before,
										 .limit = limit + 1};
	l->rows = arena_array(&w->x->arena, limit + 1, sizeof *l->rows);
	if (l->rows == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!memory_list(db, &filter, w->now_us, &w->x->arena, l->rows, &l->count, err) ||
		!memory_live(db, w->account_id, agent_id, MEMORY_L1, l->query.min_importance, w->now_us, &l->live, err))
		return false;
	l->more = l->count > limit;
	l->count -= l->more;
	for (size_t i = 0; i < l->count; i++)
		if (!memory_touch(db, &l->rows[i], w->now_us, err))
			return false;
	return true;
}

struct memory_views memory_views_of(struct arena *arena, const struct memory_row *rows, size_t count)
{
	struct memory_views views = {0, arena_array(arena, count + 1, sizeof *views.items)};
	for (size_t i = 0; views.items != NULL && i < count; i++)
		views.items[views.count++] = memory_view_of(arena, &rows[i]);
	return views;
}

static void answer_list(struct agents_write *w)
{
	const struct listing *l = (const struct listing *)w;
	struct memory_list_view view = {.memories = memory_views_of(&w->x->arena, l->rows, l->count),
									.total = l->live.memories};
	if (l->more)
		view.next_cursor = agents_next(w->x, l->filter, l->rows[l->count - 1].memory_id);
	reply_fact(w->x, 200, &memory_list_table, &view);
}

static void handle_list(struct exchange *x)
{
	struct listing *l = agents_start(x, sizeof *l);
	if (l == NULL || !exchange_decode_query(x, &l->query))
		return;
	l->filter = arena_printf(&x->arena, "memories\n%s\n%s\n%g", l->w.account_id, exchange_param(x, "agent_id"),
							 l->query.min_importance);
	if (agents_cursor(x, l->filter, l->query.cursor, l->before))
		agents_submit(&l->w, change_list, answer_list);
}

/* --- evict --- */

struct evict_request {
	const char *agent_id;
	int tier, strategy;
	int64_t max_count;
};

static const char *const strategy_of_evict[] = {"lru", "low_importance", "expired", NULL};

static const struct field evict_fields[] = {
	F_STR(evict_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_ENUM(evict_request, tier, memory_tier_names, DEFAULT(MEMORY_L1)),
	F_INT(evict_request, max_count, RANGE(1, EVICT_MAX), DEFAULT(100)),
	F_ENUM(evict_request, strategy, strategy_of_evict, DEFAULT(MEMORY_LRU)),
};
static const struct field_table evict_table = FIELD_TABLE("memory.evict", evict_request, evict_fields);

struct evicted {
	int64_t evicted_count;
	int strategy;
	struct {
		size_t count;
		const char **items;
	} memory_ids;
};

static const struct field evicted_fields[] = {
	F_INT(evicted, evicted_count),
	F_ENUM(evicted, strategy, strategy_of_evict),
	F_STRS(evicted, memory_ids),
};
static const struct field_table evicted_table = FIELD_TABLE("memory.evicted", evicted, evicted_fields);

struct evicting {
	struct agents_write w; /* first */
	struct evict_request request;
	struct evicted result;
};

static bool change_evict(struct agents_write *w, struct db *db, struct err *err)
{
	struct evicting *e = (struct evicting *)w;
	const struct evict_request *r = &e->request;
	size_t count, limit = (size_t)r->max_count;
	struct memory_row *rows = arena_array(&w->x->arena, limit, sizeof *rows);
	e->result.memory_ids.items = arena_array(&w->x->arena, limit, sizeof *e->result.memory_ids.items);
	if (rows == NULL || e->result.memory_ids.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!memory_worst(db, w->account_id, r->agent_id, (enum memory_tier)r->tier, (enum memory_strategy)r->strategy,
					  w->now_us, limit, &w->x->arena, rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		e->result.memory_ids.items[e->result.memory_ids.count++] = rows[i].memory_id;
		bool gone = rows[i].expires_us <= w->now_us;
		if (!memory_event_add(db, w->api->options.ids, &rows[i], gone ? "expired" : "evicted",
							  memory_tier_names[rows[i].tier], w->now_us, err) ||
			!memory_remove(db, &rows[i], gone ? MEMORY_EXPIRED : MEMORY_EVICTED, err))
			return false;
	}
	e->result.evicted_count = (int64_t)count;
	e->result.strategy = r->strategy;
	return agents_audit(w, db, AUDIT_MEMORY_EVICT, r->agent_id, NULL, err);
}

static void answer_evicted(struct agents_write *w)
{
	reply_fact(w->x, 200, &evicted_table, &((struct evicting *)w)->result);
}

static void handle_evict(struct exchange *x)
{
	struct evicting *e = agents_start(x, sizeof *e);
	if (e != NULL && exchange_decode(x, &e->request))
		agents_submit(&e->w, change_evict, answer_evicted);
}

/* --- search --- */

struct looking {
	struct memory_searching with;
	struct memory_query query;
	struct memory_list_view list;
};

static bool read_search(void *self, struct db *db, struct err *err)
{
	struct looking *l = self;
	return memory_search(&l->with, &l->query, db, &l->list, err);
}

static void check_search(void *self, struct faults *faults)
{
	(void)memory_query_check(self, faults->arena, faults);
}

static void handle_search(struct exchange *x)
{
	const struct agents_api *api = x->owner;
	struct err err;
	struct looking l = {.with = {&x->arena, principal_of(x)->account_id, agents_now(x), api->vectors}};
	if (!exchange_decode_checked(x, &l.query, check_search, &l.query))
		return;
	if (!memory_search_prepare(api->options.store, l.with.account_id, &l.query, &err))
		exchange_fail(x, &err);
	else if (agents_read(x, read_search, &l))
		reply_fact(x, 200, &memory_search_table, &l.list);
}

/* --- statistics --- */

struct tier_view {
	int64_t count, bytes, stored_bytes;
	double avg_importance, avg_age_hours;
	const char *oldest;
};

static const struct field tier_fields[] = {
	F_INT(tier_view, count),
	F_INT(tier_view, bytes),
	F_INT(tier_view, stored_bytes, DOC("Of contents in the store; less than bytes where l4 packed them")),
	F_NUM(tier_view, avg_importance, NULLABLE, DECIMALS(6)),
	F_NUM(tier_view, avg_age_hours, NULLABLE),
	F_STR(tier_view, oldest, NULLABLE, FORMAT("date-time")),
};
static const struct field_table tier_table = FIELD_TABLE("memory.tier", tier_view, tier_fields);

struct tiers_view {
	struct tier_view l1, l2, l3, l4;
};

static const struct field tiers_fields[] = {
	F_OBJECT(tiers_view, l1, &tier_table),
	F_OBJECT(tiers_view, l2, &tier_table),
	F_OBJECT(tiers_view, l3, &tier_table),
	F_OBJECT(tiers_view, l4, &tier_table),
};
static const struct field_table tiers_table = FIELD_TABLE("memory.tiers", tiers_view, tiers_fields);

struct statistics {
	const char *agent_id;
	struct tiers_view tiers;
	int64_t dedup_hits, evictions, expiries, l1_count, l2_count, l3_count, l4_count;
	double total_size_mb;
};

static const struct field statistics_fields[] = {
	F_STR(statistics, agent_id),   F_OBJECT(statistics, tiers, &tiers_table),
	F_INT(statistics, dedup_hits), F_INT(statistics, evictions),
	F_INT(statistics, expiries),   F_INT(statistics, l1_count),
	F_INT(statistics, l2_count),   F_INT(statistics, l3_count),
	F_INT(statistics, l4_count),   F_NUM(statistics, total_size_mb, DECIMALS(6), UNIT("MB")),
};
static const struct field_table statistics_table = FIELD_TABLE("memory.statistics", statistics, statistics_fields);

struct counting {
	struct exchange *x;
	struct statistics result;
	int64_t bytes;
};

static bool count_tier(struct counting *c, struct db *db, enum memory_tier tier, struct tier_view *view,
					   struct err *err)
{
	const char *account_id = principal_of(c->x)->account_id;
	struct memory_count have;
	struct memory_live live;
	if (!memory_count(db, account_id, c->result.agent_id, tier, &have, err) ||
		!memory_live(db, account_id, c->result.agent_id, tier, 0, agents_now(c->x), &live, err))
		return false;
	*view = (struct tier_view){.count = live.memories,
							   .bytes = live.bytes,
							   .stored_bytes = live.stored,
							   .avg_importance = live.importance,
							   .avg_age_hours = live.age_hours,
							   .oldest = agents_time(&c->x->arena, live.oldest_us)};
	c->result.dedup_hits += have.dedup_hits;
	c->result.evictions += have.evictions;
	c->result.expiries += have.expiries;
	c->bytes += live.bytes;
	return true;
}

static bool read_statistics(void *self, struct db *db, struct err *err)
{
	struct counting *c = self;
	struct statistics *r = &c->result;
	if (!count_tier(c, db, MEMORY_L1, &r->tiers.l1, err) || !count_tier(c, db, MEMORY_L2, &r->tiers.l2, err) ||
		!count_tier(c, db, MEMORY_L3, &r->tiers.l3, err) || !count_tier(c, db, MEMORY_L4, &r->tiers.l4, err))
		return false;
	r->l1_count = r->tiers.l1.count;
	r->l2_count = r->tiers.l2.count;
	r->l3_count = r->tiers.l3.count;
	r->l4_count = r->tiers.l4.count;
	r->total_size_mb = (double)c->bytes / 1048576;
	return true;
}

static void handle_statistics(struct exchange *x)
{
	struct counting c = {.x = x, .result = {.agent_id = exchange_param(x, "agent_id")}};
	if (agents_read(x, read_statistics, &c))
		reply_fact(x, 200, &statistics_table, &c.result);
}

/* --- routes --- */

static const enum err_kind store_errors[] = {ERR_MEMORY_FULL, ERR_NONE};

#define MEMORY "/api/v1/flow/memory"
#define MEMORY_V3 "/api/v3/memory"
#define V3(path) ALIASES({MEMORY_V3 path})

const struct route memory_routes[] = {
	ROUTE(POST, MEMORY "/working", "memory.write", EFFECT_WRITE, handle_store,
		  .aliases = ALIASES({MEMORY "/store"}, {MEMORY_V3 "/working"}, {MEMORY_V3 "/store"}),
		  .operation = "memory.store", .summary = "Store a memory of an agent, once", .body = &memory_store_table,
		  .result = &memory_stored_table, .status = 201, .status_also = 200, .errors = store_errors,
		  .example = "{\"agent_id\":\"scout\",\"content\":\"The gate opens at six.\",\"importance_score\":0.8}"),
	ROUTE(GET, MEMORY "/working/{agent_id}", "flow.read", EFFECT_READ, handle_list,
		  .aliases = V3("/working/{agent_id}"), .operation = "memory.working",
		  .summary = "An agent's working memories, newest first; counts as use", .query = &list_table,
		  .result = &memory_list_table),
	ROUTE(POST, MEMORY "/promote/l2", "memory.write", EFFECT_WRITE, memory_handle_l2,
		  .aliases = ALIASES({MEMORY "/compress"}, {MEMORY_V3 "/promote/l2"}, {MEMORY_V3 "/compress"}),
		  .operation = "memory.promote_l2", .summary = "Make episodes of working memories that belong together",
		  .body = &memory_l2_table, .result = &memory_set_table, .status = 201, .example = "{\"agent_id\":\"scout\"}"),
	ROUTE(POST, MEMORY "/promote/l3", "memory.write", EFFECT_WRITE, memory_handle_l3, .aliases = V3("/promote/l3"),
		  .operation = "memory.promote_l3", .summary = "Make lasting knowledge of episodes", .body = &memory_l3_table,
		  .result = &memory_set_table, .status = 201,
		  .example = "{\"agent_id\":\"scout\",\"knowledge_type\":\"factual\",\"title\":\"Opening hours\"}"),
	ROUTE(POST, MEMORY "/evict", "memory.write", EFFECT_WRITE, handle_evict, .aliases = V3("/evict"),
		  .operation = "memory.evict", .summary = "Let memories go", .body = &evict_table, .result = &evicted_table,
		  .example = "{\"agent_id\":\"scout\",\"strategy\":\"lru\",\"max_count\":10}"),
	ROUTE(POST, MEMORY "/search", "flow.read", EFFECT_COMPUTE, handle_search, .aliases = V3("/search"),
		  .operation = "memory.search", .summary = "The memories that are most like a vector, words, or both",
		  .body = &memory_search_query_table, .result = &memory_search_table,
		  .example = "{\"agent_id\":\"scout\",\"query_embedding\":[0.1,0.9],\"top_k\":5}"),
	ROUTE(GET, MEMORY "/statistics/{agent_id}", "flow.read", EFFECT_READ, handle_statistics,
		  .aliases = V3("/statistics/{agent_id}"), .operation = "memory.statistics",
		  .summary = "What an agent remembers, by tier", .result = &statistics_table),
	ROUTE(POST, MEMORY "/importance/update", "memory.write", EFFECT_WRITE, memory_handle_importance,
		  .aliases = V3("/importance/update"), .operation = "memory.importance",
		  .summary = "Weigh memories anew by use, age and kind", .body = &memory_importance_table,
		  .result = &memory_updated_table, .example = "{\"agent_id\":\"scout\"}"),
	ROUTE(GET, MEMORY "/{memory_id}", "flow.read", EFFECT_READ, handle_get, .aliases = V3("/{memory_id}"),
		  .operation = "memory.get", .summary = "One memory; counts as use", .result = &memory_table),
	ROUTE(PATCH, MEMORY "/{memory_id}", "memory.write", EFFECT_WRITE, handle_patch, .aliases = V3("/{memory_id}"),
		  .operation = "memory.update", .summary = "Change importance, tags, metadata or expiry",
		  .body = &memory_patch_table, .result = &memory_table),
	ROUTE(DELETE, MEMORY "/{memory_id}", "memory.write", EFFECT_WRITE, handle_delete, .aliases = V3("/{memory_id}"),
		  .operation = "memory.delete", .summary = "Forget one memory", .status = 204),
	ROUTE(GET, MEMORY "/{memory_id}/events", "flow.read", EFFECT_READ, handle_events,
		  .aliases = V3("/{memory_id}/events"), .operation = "memory.events", .summary = "What became of a memory",
		  .result = &events_table),
};
const size_t memory_routes_count = sizeof memory_routes / sizeof *memory_routes;
