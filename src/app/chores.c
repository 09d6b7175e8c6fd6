#include "app/chores.h"

#include <stdbool.h>

#include "app/app.h"
#include "app/audit_archive.h"
#include "app/files.h"
#include "app/flow_llm.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "flow/agents_api.h"
#include "flow/flow_api.h"
#include "flow/healing.h"
#include "flow/llm_cache.h"
#include "link/outgoing_pool.h"
#include "seal/countersign.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/trade_api.h"

enum { EXPIRE_AT_ONCE = 100 /* requests of one transaction, so that no other write waits long */ };

#define SWEEP_US (INT64_C(3600) * 1000000)

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* Looked for on a reader first: an idle server must not write once a second. */
static bool is_due(const struct app *app, bool *due, struct err *err)
{
	struct db *db = store_read(app->store);
	bool read = db_one(db, err, due, take_nothing, NULL,
					   "SELECT 1 FROM countersign_requests WHERE status = 'open' AND expires_at <= $1 LIMIT 1",
					   V_INT(env_wall_us(app->env)));
	store_read_end(app->store, db);
	return read;
}

static bool apply_expire(struct db *db, void *self, struct err *err)
{
	struct app *app = self;
	int64_t count;
	return countersign_expire(app->countersign, db, EXPIRE_AT_ONCE, &count, err);
}

static bool apply_sweep(struct db *db, void *self, struct err *err)
{
	struct app *app = self;
	int64_t dropped;
	return outbox_sweep(app->outbox, db, &dropped, err);
}

void chores_run(struct app *app, int64_t *next_sweep_us)
{
	struct err err;
	bool due = false;
	if (!is_due(app, &due, &err) || (due && !store_write(app->store, apply_expire, app, &err)))
		log_error("requests could not expire", log_str("why", err.message));
	if (!agents_chores(app->agents, &err))
		log_error("what agents have due could not be done", log_str("why", err.message));
	if (!flow_chores(app->flow, &err))
		log_error("what runs have due could not be done", log_str("why", err.message));
	outgoing_pool_tidy(app->connections);
	if (!healing_chores(app->healing, &err))
		log_error("the server could not heal itself", log_str("why", err.message));
	if (app->models != NULL && app->models->cache != NULL && !llm_cache_sweep(app->models->cache, &err))
		log_error("answers of models could not be swept", log_str("why", err.message));
	due = false;
	if (!trade_due(app->trade, &due, &err) || (due && !store_write(app->store, trade_work, app->trade, &err)))
		log_error("the desk could not keep its times", log_str("why", err.message));
	if (env_mono_us(app->env) < *next_sweep_us)
		return;
	*next_sweep_us = env_mono_us(app->env) + SWEEP_US;
	if (!store_write(app->store, apply_sweep, app, &err))
		log_error("the outbox could not be swept", log_str("why", err.message));
	struct archive_made made = {.range.rows = 0};
	const struct audit_event by_itself = {.action = AUDIT_ARCHIVE, .actor = "system"};
	if (!audit_forget(app, &err) || !audit_archive(app, by_itself, &made, &err))
		log_error("rows of the audit chain could not be archived", log_str("why", err.message));
	if (!files_sweep(app, env_wall_us(app->env), &err))
		log_error("files could not be swept", log_str("why", err.message));
}
