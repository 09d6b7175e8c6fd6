#include "flow/agents_api.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/domain/money.h"
#include "flow/memory.h"
#include "flow/vector_cache.h"
#include "http/exchange.h"
#include "http/workers.h"
#include "people/page.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/calc.h"

#define SILENCE_US (HEALTH_THRESHOLD_S * INT64_C(1000000))

enum { VECTORS_USUAL = 256 << 20 };

struct agents_api *agents_api_open(const struct agents_api_options *options)
{
	struct agents_api *api = calloc(1, sizeof *api);
	must(api != NULL);
	api->options = *options;
	api->vectors =
		vector_cache_new(options->vector_cache_bytes > 0 ? (size_t)options->vector_cache_bytes : VECTORS_USUAL);
	api->budgets = (struct budgets){.ids = options->ids, .outbox = options->outbox, .hooks = options->budget_hooks};
	api->health = (struct health_desk){.ids = options->ids, .outbox = options->outbox, .audit = options->audit};
	/* While the server was down nobody could be heard: everybody gets the time to be heard again. */
	api->next_look_us = env_mono_us(options->env) + SILENCE_US;
	return api;
}

/* Those who wait for models: threads are started as they are needed. */
enum { ASIDES_MAX = 8, ASIDES_ROOM = 64 };

bool agents_api_models(struct agents_api *api, struct llm *llm, struct breakers *breakers, const char *model,
					   struct err *err)
{
	if (llm == NULL)
		return true;
	if (!workers_open_up_to(&api->asides, 1, ASIDES_MAX, ASIDES_ROOM, err))
		return false;
	api->consultant = (struct consultant){.store = api->options.store,
										  .env = api->options.env,
										  .ids = api->options.ids,
										  .budgets = &api->budgets,
										  .llm = llm,
										  .breakers = breakers,
										  .model = model};
	return true;
}

void agents_api_stop(struct agents_api *api)
{
	if (api == NULL)
		return;
	atomic_store(&api->stopping, true);
	workers_close(api->asides);
	api->asides = NULL;
}

void agents_api_close(struct agents_api *api)
{
	if (api == NULL)
		return;
	agents_api_stop(api);
	vector_cache_free(api->vectors);
	free(api);
}

void agents_add_routes(struct router *router, struct agents_api *api)
{
	router_add(router, budget_routes, budget_routes_count, api);
	router_add(router, reservation_routes, reservation_routes_count, api);
	router_add(router, cost_routes, cost_routes_count, api);
	router_add(router, decomposition_create_routes, decomposition_create_routes_count, api);
	router_add(router, decomposition_routes, decomposition_routes_count, api);
	router_add(router, memory_routes, memory_routes_count, api);
	router_add(router, health_routes, health_routes_count, api);
	router_add(router, incident_routes, incident_routes_count, api);
	router_add(router, healing_routes, healing_routes_count, api);
}

const struct budgets *agents_budgets(const struct agents_api *api)
{
	return &api->budgets;
}

/* --- chores --- */

enum {
	AT_ONCE = 200, /* rows of one op, so that no other write waits long */
	WORDS_EVERY_S = 10,
	WORDS_ARENA = AT_ONCE * 70000,
};

static bool expire_money(struct db *db, void *self, struct err *err)
{
	struct agents_api *api = self;
	int64_t count;
	return budget_expire(&api->budgets, db, env_wall_us(api->options.env), AT_ONCE, &count, err);
}

static bool expire_memories(struct db *db, void *self, struct err *err)
{
	struct agents_api *api = self;
	return memory_expire(db, api->options.ids, env_wall_us(api->options.env), AT_ONCE, err);
}

/* Somewhat later than they come: what a full tier evicts in between never gets there. */
static bool words_due(struct agents_api *api, struct db *db, bool *due, struct err *err)
{
	int64_t now_us = env_mono_us(api->options.env);
	if (now_us < api->next_words_us)
		return true;
	api->next_words_us = now_us + WORDS_EVERY_S * INT64_C(1000000);
	return memory_words_due(db, NULL, NULL, due, err);
}

static bool put_words(struct db *db, void *self, struct err *err)
{
	struct agents_api *api = self;
	struct arena arena;
	size_t count;
	arena_init(&arena, WORDS_ARENA);
	bool done = memory_words(db, NULL, NULL, AT_ONCE, &arena, &count, err);
	if (done && count == AT_ONCE)
		api->next_words_us = 0; /* there may be more */
	arena_fini(&arena);
	return done;
}

static bool fail_silent(struct db *db, void *self, struct err *err)
{
	struct agents_api *api = self;
	const struct health_actor nobody = {{.account_id = NULL}};
	struct agent_row *rows;
	struct arena arena;
	size_t count;
	arena_init(&arena, ARENA_REQUEST_CAP);
	rows = arena_array(&arena, AT_ONCE, sizeof *rows);
	must(rows != NULL);
	bool done = health_fail_silent(&api->health, db, &nobody, NULL, SILENCE_US, env_wall_us(api->options.env), AT_ONCE,
								   &arena, rows, &count, err);
	if (done && count == AT_ONCE)
		api->next_look_us = 0; /* there may be more */
	arena_fini(&arena);
	return done;
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

static bool silence_due(struct agents_api *api, struct db *db, bool *due, struct err *err)
{
	int64_t now_us = env_mono_us(api->options.env);
	if (now_us < api->next_look_us)
		return true;
	api->next_look_us = now_us + HEALTH_LOOK_S * INT64_C(1000000);
	return db_one(db, err, due, take_nothing, NULL, "SELECT 1 FROM agents WHERE watched = 1 AND seen_at < $1 LIMIT 1",
				  V_INT(env_wall_us(api->options.env) - SILENCE_US));
}

bool agents_chores(struct agents_api *api, struct err *err)
{
	bool money = false, memories = false, silence = false, words = false;
	int64_t now_us = env_wall_us(api->options.env);
	struct db *db = store_read(api->options.store);
	bool read = budget_expiry_due(db, now_us, &money, err) && memory_expiry_due(db, now_us, &memories, err) &&
				silence_due(api, db, &silence, err) && words_due(api, db, &words, err);
	store_read_end(api->options.store, db);
	return read && (!money || store_write(api->options.store, expire_money, api, err)) &&
		   (!memories || store_write(api->options.store, expire_memories, api, err)) &&
		   (!silence || store_write(api->options.store, fail_silent, api, err)) &&
		   (!words || store_write(api->options.store, put_words, api, err));
}

/* --- writes --- */

void *agents_start(struct exchange *x, size_t size)
{
	const struct principal *principal = principal_of(x);
	struct agents_write *w = write_start(x, size);
	if (w == NULL)
		return NULL;
	if (principal->account_id[0] == '\0') {
		exchange_failf(x, ERR_FORBIDDEN, "There is no account yet that could own this.");
		return NULL;
	}
	w->x = x;
	w->api = x->owner;
	w->account_id = principal->account_id;
	return w;
}

static bool run_change(struct write *write, struct db *db, struct err *err)
{
	struct agents_write *w = (struct agents_write *)write;
	w->now_us = env_wall_us(w->api->options.env);
	return w->change(w, db, err);
}

static void run_answer(struct write *write)
{
	struct agents_write *w = (struct agents_write *)write;
	w->answer(w);
}

void agents_submit(struct agents_write *w, bool (*change)(struct agents_write *w, struct db *db, struct err *err),
				   void (*answer)(struct agents_write *w))
{
	w->change = change;
	w->answer = answer;
	w->write.store = w->api->options.store;
	w->write.apply = run_change;
	w->write.answer = answer != NULL ? run_answer : NULL;
	write_submit(&w->write);
}

struct aside {
	void (*run)(void *self);
	void *self;
};

static void run_aside(void *job, int worker)
{
	struct aside *aside = job;
	(void)worker;
	aside->run(aside->self);
}

void agents_aside(struct agents_write *w, void (*run)(void *self), void *self)
{
	struct aside *aside = arena_new(&w->x->arena, struct aside);
	if (aside == NULL) {
		exchange_failf(w->x, ERR_LIMIT, "no memory");
		return;
	}
	*aside = (struct aside){run, self};
	exchange_hold(w->x);
	if (w->api->asides == NULL)
		exchange_failf(w->x, ERR_NOT_IMPLEMENTED, "This server asks no models: flow.llm.base_url is not set.");
	else if (!workers_push(w->api->asides, run_aside, aside))
		exchange_failf(w->x, ERR_OVERLOADED, "Too many wait for models already.");
}

void agents_tell_refusal(struct exchange *x, const struct budget_refusal *refusal)
{
	struct arena *arena = &x->arena;
	exchange_member(x, "budget_id", arena_printf(arena, "\"%s\"", refusal->budget_id));
	exchange_member(x, "available", arena_printf(arena, "\"%s\"", agents_money(arena, refusal->available)));
	exchange_member(x, "available_micros", arena_printf(arena, "%lld", (long long)refusal->available));
	exchange_member(x, "requested", arena_printf(arena, "\"%s\"", agents_money(arena, refusal->requested)));
	exchange_member(x, "requested_micros", arena_printf(arena, "%lld", (long long)refusal->requested));
}

bool agents_audit(const struct agents_write *w, struct db *db, enum audit_action action, const char *target_id,
				  const char *reason, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	struct audit_event event = principal_event(w->x, action, AUDIT_SUCCESS);
	event.target_id = target_id;
	event.meta = meta;
	event.meta_count = reason != NULL;
	return audit_append(w->api->options.audit, db, &event, err);
}

/* --- reads --- */

bool agents_read(struct exchange *x, bool (*read)(void *self, struct db *db, struct err *err), void *self)
{
	const struct agents_api *api = x->owner;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool done = read(self, db, &err);
	store_read_end(api->options.store, db);
	if (!done)
		exchange_fail(x, &err);
	return done;
}

int64_t agents_now(const struct exchange *x)
{
	const struct agents_api *api = x->owner;
	return env_wall_us(api->options.env);
}

const char *agents_time(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	if (us == 0)
		return NULL;
	stamp_format(text, us);
	return arena_dup(arena, text);
}

const char *agents_money(struct arena *arena, int64_t micros)
{
	char text[MONEY_TEXT];
	return arena_dup(arena, money_format(text, micros));
}

void agents_take_money(const struct json *json, const char *pointer, int64_t low, int64_t high, int64_t *micros,
					   struct faults *faults)
{
	char least[MONEY_TEXT], most[MONEY_TEXT];
	if (json == NULL)
		return;
	if (!money_of_json(json, micros))
		faults_add(faults, pointer, "format", "must be an amount of money from 0, as decimal text or a number");
	else if (*micros < low || *micros > high)
		faults_add(faults, pointer, "range", "must be from %s to %s", money_format(least, low),
				   money_format(most, high));
}

/* The envelope of a fact with a note: written by the one writer, from the text whose hash it carries. */
void agents_reply_warned(struct exchange *x, int status, const struct field_table *table, const void *result,
						 const char *code, const char *pointer, const char *message)
{
	char now[STAMP_TEXT], sha256[SHA256_HEX_SIZE];
	const struct envelope_context context = reply_context(x, now);
	struct calc calc;
	struct buf text, body;
	struct jw jw;
	calc_init(&calc, &x->arena, NULL);
	calc_warn(&calc, code, pointer, "%s", message);
	buf_init(&text, 0);
	buf_init(&body, 0);
	jw_init(&jw, &text);
	field_write(&jw, table, result, FIELD_RESULT);
	bool written = jw_ok(&jw) && envelope_content_hash(buf_text(&text), text.size, sha256);
	jw_init(&jw, &body);
	const struct envelope envelope = {.result_text = buf_text(&text),
									  .result_size = text.size,
									  .calc = &calc,
									  .confidence = calc_confidence(&calc),
									  .content_sha256 = sha256,
									  .context = &context};
	if (written)
		envelope_write(&jw, &envelope);
	if (written && jw_ok(&jw))
		exchange_answer_buf(x, status, MEDIA_JSON, &body);
	else
		exchange_failf(x, ERR_INTERNAL, "the result cannot be written");
	buf_fini(&body);
	buf_fini(&text);
}

bool agents_v3(const struct exchange *x)
{
	return strncmp(x->path, "/api/v3/", 8) == 0;
}

bool agents_cursor(struct exchange *x, const char *filter, const char *cursor, char after[AGENTS_CURSOR])
{
	const struct agents_api *api = x->owner;
	struct err err;
	_Static_assert(AGENTS_CURSOR == PAGE_AFTER_MAX + 1, "a cursor's key fits");
	_Static_assert(sizeof api->options.audit->key == PAGE_KEY, "the installation's key signs cursors");
	if (page_after(api->options.audit->key, filter, cursor, after, &err))
		return true;
	exchange_fail(x, &err);
	return false;
}

const char *agents_next(struct exchange *x, const char *filter, const char *after)
{
	const struct agents_api *api = x->owner;
	const char *cursor = page_cursor(&x->arena, api->options.audit->key, filter, after);
	if (cursor != NULL)
		page_link(x, cursor);
	return cursor;
}
