#include "app/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/reply.h"
#include "store/store.h"

/* An idle server writes this often. */
#define KEEP_US (INT64_C(60) * 1000000)

static int64_t told_wall_us(void *self)
{
	struct clock *clock = self;
	int64_t now_us = env_wall_us(clock->machine), mark_us = atomic_load(&clock->mark_us);
	while (now_us > mark_us)
		if (atomic_compare_exchange_weak(&clock->mark_us, &mark_us, now_us))
			return now_us;
	return mark_us;
}

static int64_t told_mono_us(void *self)
{
	return env_mono_us(((struct clock *)self)->machine);
}

static void told_random(void *self, void *bytes, size_t size)
{
	env_random(((struct clock *)self)->machine, bytes, size);
}

void clock_init(struct clock *clock, const struct env *machine)
{
	*clock = (struct clock){
		.env = {.self = clock, .wall_us = told_wall_us, .mono_us = told_mono_us, .random = told_random},
		.machine = machine,
		.seen_wall_us = env_wall_us(machine),
		.seen_mono_us = env_mono_us(machine),
	};
}

void clock_raise(struct clock *clock, int64_t mark_us)
{
	int64_t before_us = atomic_load(&clock->mark_us);
	while (before_us < mark_us && !atomic_compare_exchange_weak(&clock->mark_us, &before_us, mark_us))
		;
}

int64_t clock_held_us(const struct clock *clock)
{
	int64_t ahead_us = atomic_load(&clock->mark_us) - env_wall_us(clock->machine);
	return ahead_us > 0 ? ahead_us : 0;
}

int64_t clock_look(struct clock *clock)
{
	int64_t wall_us = env_wall_us(clock->machine), mono_us = env_mono_us(clock->machine);
	int64_t by_us = wall_us - clock->seen_wall_us - (mono_us - clock->seen_mono_us);
	clock->seen_wall_us = wall_us;
	clock->seen_mono_us = mono_us;
	if (llabs(by_us) <= CLOCK_JUMP_US)
		return 0;
	atomic_store(&clock->jump_us, by_us);
	atomic_store(&clock->jumped_mono_us, mono_us);
	return by_us;
}

int64_t clock_lower(struct clock *clock)
{
	int64_t mark_us = atomic_load(&clock->mark_us), lower_us;
	do {
		lower_us = env_wall_us(clock->machine) + CLOCK_WINDOW_US + 1;
		if (mark_us <= lower_us)
			return 0;
	} while (!atomic_compare_exchange_weak(&clock->mark_us, &mark_us, lower_us));
	return mark_us - lower_us;
}

/* --- in the store --- */

struct keeping {
	struct app *app;
	int64_t by_us, lowered_us;
	bool accept;
	const char *actor, *request_id;
};

static bool store_mark(const struct app *app, struct db *db, struct err *err)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)env_wall_us(app->env));
	return db_run(db, err,
				  "INSERT INTO settings (name, value) VALUES ('clock_mark', $1) "
				  "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				  V_TEXT(text));
}

static bool append_jump(const struct keeping *k, struct db *db, struct err *err)
{
	char by[32];
	snprintf(by, sizeof by, "%lld", (long long)(k->by_us / 1000));
	const struct audit_pair meta[] = {{AUDIT_META_by_ms, by}, {AUDIT_META_code, k->accept ? "accepted" : "seen"}};
	const struct audit_event event = {.action = AUDIT_CLOCK_JUMP,
									  .actor = k->actor,
									  .request_id = k->request_id,
									  .target_id = store_id(k->app->store),
									  .meta = meta,
									  .meta_count = sizeof meta / sizeof *meta};
	return audit_append(&k->app->audit, db, &event, err);
}

static bool apply_keep(struct db *db, void *self, struct err *err)
{
	const struct keeping *k = self;
	return (k->by_us == 0 || append_jump(k, db, err)) && store_mark(k->app, db, err);
}

static bool keep(struct app *app, int64_t by_us, struct err *err)
{
	struct keeping k = {.app = app, .by_us = by_us, .actor = "local"};
	if (!store_write(app->store, apply_keep, &k, err))
		return false;
	app->clock.written_mono_us = env_mono_us(app->env);
	return true;
}

bool app_clock_keep(struct app *app, struct err *err)
{
	return keep(app, 0, err);
}

static void take_mark(const struct db_rows *row, void *self)
{
	int64_t mark_us = db_is_null(row, 0) ? 0 : strtoll(db_text(row, 0), NULL, 10);
	if (mark_us > *(int64_t *)self)
		*(int64_t *)self = mark_us;
}

static void take_time(const struct db_rows *row, void *self)
{
	if (db_int(row, 0) > *(int64_t *)self)
		*(int64_t *)self = db_int(row, 0);
}

static bool read_mark(const struct app *app, int64_t *mark_us, struct err *err)
{
	struct db *db = store_read(app->store);
	bool read = db_one(db, err, NULL, take_mark, mark_us, "SELECT value FROM settings WHERE name = 'clock_mark'") &&
				db_one(db, err, NULL, take_time, mark_us,
					   "SELECT at FROM audit WHERE stream = $1 ORDER BY seq DESC LIMIT 1", V_TEXT(AUDIT_STREAM));
	store_read_end(app->store, db);
	return read;
}

/* What happened while the server was down shows only as a step back, which the first look then finds. */
bool app_clock_open(struct app *app, struct err *err)
{
	int64_t mark_us = 0;
	if (!read_mark(app, &mark_us, err))
		return false;
	clock_raise(&app->clock, mark_us);
	if (clock_held_us(&app->clock) > 0)
		app->clock.seen_wall_us = mark_us;
	return true;
}

void app_clock_look(struct app *app)
{
	int64_t by_us = clock_look(&app->clock);
	struct err err;
	if (by_us != 0)
		log_warn("the clock jumped", log_int("by_ms", by_us / 1000),
				 log_int("held_ms", clock_held_us(&app->clock) / 1000));
	if (by_us == 0 && env_mono_us(app->env) - app->clock.written_mono_us < KEEP_US)
		return;
	if (!keep(app, by_us, &err))
		log_error("the clock's mark could not be stored", log_str("why", err.message));
}

/* --- going by the machine's clock again --- */

static bool apply_accept(struct db *db, void *self, struct err *err)
{
	struct keeping *k = self;
	int64_t before_us = env_wall_us(k->app->env);
	k->lowered_us = clock_lower(&k->app->clock);
	k->by_us = -k->lowered_us;
	if (k->lowered_us == 0)
		return true;
	if (append_jump(k, db, err) && store_mark(k->app, db, err))
		return true;
	clock_raise(&k->app->clock, before_us);
	k->lowered_us = 0;
	return false;
}

bool app_clock_accept(struct app *app, const char *actor, const char *request_id, struct jw *jw, struct err *err)
{
	struct keeping k = {.app = app, .accept = true, .actor = actor, .request_id = request_id};
	char now[STAMP_TEXT];
	if (!store_write(app->store, apply_accept, &k, err)) {
		clock_raise(&app->clock, env_wall_us(app->env) + k.lowered_us);
		return false;
	}
	stamp_format(now, env_wall_us(app->env));
	jw_member_int(jw, "lowered_ms", k.lowered_us / 1000);
	jw_member_str(jw, "time", now);
	return true;
}

static void handle_accept(struct exchange *x)
{
	struct app *app = x->owner;
	struct buf text;
	struct jw jw;
	struct err err;
	if (!x->local) {
		exchange_failf(x, ERR_NOT_FOUND, "This is there for `doctor --accept-clock` on the machine itself only.");
		return;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = app_clock_accept(app, "local", x->trace.request_id, &jw, &err);
	jw_object_end(&jw);
	if (done)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static const struct field accepted_rows[] = {T_INT(lowered_ms, UNIT("ms")), T_TIME(time)};
static const struct field_table accepted_table = TOLD_TABLE("ops.clock", accepted_rows);

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/ops/clock/accept", "account.manage", EFFECT_WRITE, handle_accept,
		  .operation = "ops.accept_clock", .summary = "Go by the machine's clock again after a wrong step ahead",
		  .tag = "ops", .doc = "By the control socket only: countersign doctor --accept-clock.",
		  .result = &accepted_table),
};

void clock_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
