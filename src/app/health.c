#include "app/health.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "store/store.h"
#include "version.h"

enum { CHECKS_MAX = 8, DETAIL_MAX = 160, KEPT_US = 1000000 };

const char *const health_state_names[] = {"healthy", "degraded", "unhealthy", NULL};

/* One look at one part of the server. */
struct check_result {
	const char *name;
	bool required;
	enum health_state state;
	int64_t latency_us, at_us;
	char detail[DETAIL_MAX]; /* for those with ops.read only */
};

struct health {
	struct app *app;
	pthread_mutex_t lock;
	int64_t looked_us; /* monotonic */
	int64_t total_us;
	struct check_result checks[CHECKS_MAX];
	size_t count;
};

struct health *health_open(struct app *app)
{
	struct health *health = calloc(1, sizeof *health);
	must(health != NULL && pthread_mutex_init(&health->lock, NULL) == 0);
	health->app = app;
	health->looked_us = INT64_MIN / 2;
	return health;
}

void health_close(struct health *health)
{
	if (health == NULL)
		return;
	pthread_mutex_destroy(&health->lock);
	free(health);
}

/* --- the checks --- */

static enum health_state check_store(struct app *app, const struct store_figures *f, char detail[DETAIL_MAX])
{
	struct err err = {.kind = ERR_NONE};
	struct db *db = store_read(app->store);
	bool read = db_one(db, &err, NULL, NULL, NULL, "SELECT name FROM store_meta WHERE name = 'store_id'");
	store_read_end(app->store, db);
	snprintf(detail, DETAIL_MAX, "bytes=%lld log_bytes=%lld%s%.60s", (long long)f->bytes, (long long)f->wal_bytes,
			 read ? "" : " error=", read ? "" : err.message);
	if (!read || f->full)
		return HEALTH_BAD;
	return f->wal_bytes > (256 << 20) ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state check_writer(struct app *app, const struct store_figures *f, char detail[DETAIL_MAX])
{
	int64_t silent_us = env_mono_us(app->env) - f->writer_beat_us;
	snprintf(detail, DETAIL_MAX, "queue=%lld oldest_ms=%lld silent_ms=%lld", (long long)f->queue,
			 (long long)f->oldest_us / 1000, (long long)silent_us / 1000);
	if (silent_us > 5000000)
		return HEALTH_BAD;
	return f->queue * 5 > app->config.store.queue_max * 4 || f->oldest_us > 1000000 ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state check_disk(struct app *app, const struct store_figures *f, char detail[DETAIL_MAX])
{
	snprintf(detail, DETAIL_MAX, "free_bytes=%lld", (long long)f->free_bytes);
	if (f->free_bytes < app->config.store.min_free_bytes)
		return HEALTH_BAD;
	return f->free_bytes < (1 << 30) ? HEALTH_DEGRADED : HEALTH_OK;
}

struct audit_look {
	int64_t checkpoint_us, seq;
	struct chain_row row;
	struct arena arena;
	bool found;
};

static void take_time(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static void take_row(const struct db_rows *row, void *self)
{
	struct audit_look *look = self;
	audit_take(row, &look->arena, &look->row);
}

/* The age of the last checkpoint, and whether the head is still the hash of its content. */
static enum health_state check_audit(struct app *app, const struct store_figures *f, char detail[DETAIL_MAX])
{
	(void)f;
	struct audit_look look = {.checkpoint_us = 0};
	char hash[CHAIN_HASH] = "";
	arena_init(&look.arena, ARENA_REQUEST_CAP);
	struct db *db = store_read(app->store);
	bool read =
		db_one(db, NULL, NULL, take_time, &look.checkpoint_us, "SELECT COALESCE(MAX(at), 0) FROM audit_checkpoints") &&
		db_one(db, NULL, &look.found, take_row, &look,
			   "SELECT " AUDIT_COLUMNS " FROM audit WHERE stream = $1 ORDER BY seq DESC LIMIT 1", V_TEXT(AUDIT_STREAM));
	store_read_end(app->store, db);
	if (look.found)
		chain_hash(&look.row, hash);
	bool same = !look.found || strcmp(hash, look.row.hash) == 0;
	int64_t age_us = env_wall_us(app->env) - look.checkpoint_us;
	snprintf(detail, DETAIL_MAX, "head=%lld checkpoint_age_s=%lld", look.found ? (long long)look.row.seq : 0LL,
			 (long long)age_us / 1000000);
	arena_fini(&look.arena);
	if (!read || !same)
		return HEALTH_BAD;
	return age_us > 2 * app->config.audit.checkpoint_s * 1000000 ? HEALTH_DEGRADED : HEALTH_OK;
}

static const struct {
	const char *name;
	bool required;
	enum health_state (*look)(struct app *app, const struct store_figures *f, char detail[DETAIL_MAX]);
} checks[] = {
	{"store", true, check_store},
	{"writer", true, check_writer},
	{"disk", true, check_disk},
	{"audit", false, check_audit},
};
enum { CHECKS = sizeof checks / sizeof *checks };
_Static_assert((int)CHECKS <= (int)CHECKS_MAX, "room for every check");

static void look(struct health *health)
{
	struct app *app = health->app;
	struct store_figures figures;
	int64_t began = env_mono_us(app->env);
	store_figures(app->store, &figures);
	for (size_t i = 0; i < CHECKS; i++) {
		struct check_result *r = &health->checks[i];
		int64_t from = env_mono_us(app->env);
		*r = (struct check_result){.name = checks[i].name, .required = checks[i].required};
		r->state = checks[i].look(app, &figures, r->detail);
		r->latency_us = env_mono_us(app->env) - from;
		r->at_us = env_wall_us(app->env);
	}
	health->count = CHECKS;
	health->looked_us = env_mono_us(app->env);
	health->total_us = health->looked_us - began;
}

/* Required and unhealthy: unhealthy.  Anything else that is not healthy: degraded [P-11.1]. */
static enum health_state overall(const struct health *health)
{
	enum health_state state = HEALTH_OK;
	for (size_t i = 0; i < health->count; i++) {
		const struct check_result *r = &health->checks[i];
		if (r->state == HEALTH_BAD && r->required)
			return HEALTH_BAD;
		if (r->state != HEALTH_OK)
			state = HEALTH_DEGRADED;
	}
	return state;
}

/* --- answers --- */

static void write_check(struct jw *jw, const struct check_result *r, bool details)
{
	char time[STAMP_TEXT];
	stamp_format(time, r->at_us);
	jw_key(jw, r->name);
	jw_object(jw);
	jw_member_str(jw, "status", health_state_names[r->state]);
	jw_member_bool(jw, "required", r->required);
	jw_member_num(jw, "latency_ms", (double)r->latency_us / 1000);
	if (details)
		jw_member_str(jw, "details", r->detail);
	jw_member_str(jw, "timestamp", time);
	jw_object_end(jw);
}

static void write_summary(struct jw *jw, const struct health *health)
{
	int64_t counts[3] = {0};
	for (size_t i = 0; i < health->count; i++)
		counts[health->checks[i].state]++;
	jw_key(jw, "summary");
	jw_object(jw);
	jw_member_int(jw, "total_checks", (int64_t)health->count);
	for (int state = 0; state < 3; state++)
		jw_member_int(jw, health_state_names[state], counts[state]);
	jw_object_end(jw);
}

static void write_system(struct jw *jw, const struct health *health, enum health_state state, bool details)
{
	struct app *app = health->app;
	char now[STAMP_TEXT];
	stamp_format(now, env_wall_us(app->env));
	jw_object(jw);
	jw_member_str(jw, "status", health_state_names[state]);
	jw_member_str(jw, "service", "countersign");
	jw_member_str(jw, "version", APP_VERSION);
	jw_member_str(jw, "deployment_id", store_id(app->store));
	jw_member_int(jw, "schema_version", store_schema_version(app->store));
	jw_member_int(jw, "uptime_s", (env_mono_us(app->env) - app->started_us) / 1000000);
	jw_member_str(jw, "timestamp", now);
	jw_member_num(jw, "total_latency_ms", (double)health->total_us / 1000);
	jw_key(jw, "checks");
	jw_object(jw);
	for (size_t i = 0; i < health->count; i++)
		write_check(jw, &health->checks[i], details);
	jw_object_end(jw);
	write_summary(jw, health);
	jw_object_end(jw);
}

/* Details are for operators; the route is public, so a caller who says who they are is asked here. */
static bool may_see_details(struct exchange *x)
{
	struct err err;
	struct app *app = x->owner;
	static const struct route as_operator = {.permission = "ops.read"};
	const struct http_hooks *hooks = &app->service.hooks;
	bool said = x->local || exchange_header(x, "authorization") != NULL;
	return said && hooks->authorise != NULL && hooks->authorise(hooks->self, x, &as_operator, &err);
}

void health_handle_system(struct exchange *x)
{
	struct app *app = x->owner;
	struct health *health = app->health;
	bool details = may_see_details(x);
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	pthread_mutex_lock(&health->lock);
	if (env_mono_us(app->env) - health->looked_us > KEPT_US)
		look(health);
	enum health_state state = overall(health);
	write_system(&jw, health, state, details);
	pthread_mutex_unlock(&health->lock);
	reply_fact_text(x, state == HEALTH_BAD ? 503 : 200, buf_text(&buf), buf.size);
	buf_fini(&buf);
}

void health_handle_live(struct exchange *x)
{
	const struct app *app = x->owner;
	char now[STAMP_TEXT], text[96];
	stamp_format(now, env_wall_us(app->env));
	int size = snprintf(text, sizeof text, "{\"status\":\"alive\",\"timestamp\":\"%s\"}", now);
	reply_fact_text(x, 200, text, (size_t)size);
}

void health_handle_ready(struct exchange *x)
{
	struct app *app = x->owner;
	struct health *health = app->health;
	char now[STAMP_TEXT];
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	stamp_format(now, env_wall_us(app->env));
	pthread_mutex_lock(&health->lock);
	if (env_mono_us(app->env) - health->looked_us > KEPT_US)
		look(health);
	bool draining = atomic_load(&app->draining), ready = !draining && overall(health) != HEALTH_BAD;
	jw_object(&jw);
	jw_member_str(&jw, "status", ready ? "ready" : "not_ready");
	if (!ready) {
		jw_key(&jw, "reasons");
		jw_array(&jw);
		if (draining)
			jw_str(&jw, "draining");
		for (size_t i = 0; i < health->count; i++)
			if (health->checks[i].required && health->checks[i].state == HEALTH_BAD)
				jw_str(&jw, health->checks[i].name);
		jw_array_end(&jw);
	}
	jw_member_str(&jw, "timestamp", now);
	jw_object_end(&jw);
	pthread_mutex_unlock(&health->lock);
	reply_fact_text(x, ready ? 200 : 503, buf_text(&buf), buf.size);
	buf_fini(&buf);
}
