#include "flow/stuck.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/flow_internal.h"
#include "flow/health.h"
#include "flow/runs_repo.h"
#include "flow/tally.h"
#include "store/store.h"

enum { SCRATCH = 16 << 20 };

#define LOOK_US (STUCK_LOOK_S * INT64_C(1000000))

/* --- looking --- */

/*
 * Whoever waits for somebody has a row with that one; a timer that is due rings within the time of a look.  A run that
 * has not begun while others of its workflow are under way may wait for its slot, also where it is not kept in memory.
 */
static const char suspects_sql[] =
	"SELECT r.run_id, r.seq FROM flow_runs r WHERE r.keep_until = 0 AND r.status IN ('pending', 'running', 'waiting') "
	"AND r.due_at < $1 AND "
	"NOT (r.status = 'pending' AND EXISTS (SELECT 1 FROM flow_runs o WHERE o.account_id = r.account_id AND "
	"o.namespace = r.namespace AND o.name = r.name AND o.status IN ('running', 'waiting', 'suspended'))) AND "
	"NOT EXISTS (SELECT 1 FROM flow_listeners l WHERE l.run_id = r.run_id) AND "
	"NOT EXISTS (SELECT 1 FROM flow_work w WHERE w.run_id = r.run_id AND w.status IN ('open', 'leased')) AND "
	"NOT EXISTS (SELECT 1 FROM flow_requests q WHERE q.run_id = r.run_id AND q.open = 1) AND "
	"NOT EXISTS (SELECT 1 FROM flow_children c WHERE c.parent_run_id = r.run_id AND c.state = 'awaited') "
	"ORDER BY r.run_id";

static bool find_suspects(const struct flow_api *api, struct stuck_run runs[STUCK_MAX], size_t *count, struct err *err)
{
	struct db_rows rows;
	struct db *db = store_read(api->options.store);
	bool read = db_query(db, &rows, err, suspects_sql, V_INT(env_wall_us(api->options.env) - LOOK_US));
	*count = 0;
	while (read && *count < STUCK_MAX && db_next(&rows)) {
		const char *run_id = db_text(&rows, 0);
		if (!runner_is_idle(api->runner, run_id))
			continue;
		must(strlen(run_id) < ID_TEXT);
		strcpy(runs[*count].run_id, run_id);
		runs[(*count)++].seq = db_int(&rows, 1);
	}
	read = read && db_end(&rows, err);
	store_read_end(api->options.store, db);
	return read;
}

static bool was_suspect(const struct stuck *stuck, const struct stuck_run *run)
{
	for (size_t i = 0; i < stuck->count; i++)
		if (stuck->suspects[i].seq == run->seq && strcmp(stuck->suspects[i].run_id, run->run_id) == 0)
			return true;
	return false;
}

/* --- driving again --- */

struct telling {
	struct flow_api *api;
	const struct stuck_run *run;
	struct arena arena;
};

/* Of one place in one journal it is told once, however often it is found there. */
static bool apply_incident(struct db *db, void *self, struct err *err)
{
	static const struct health_actor server = {{.account_id = NULL}};
	struct telling *t = self;
	struct flow_api *api = t->api;
	const struct health_desk desk = {.ids = api->options.ids, .outbox = api->options.outbox, .audit = api->audit};
	struct run_record record;
	bool found, fresh;
	if (!runs_get(db, t->run->run_id, NULL, &t->arena, &record, &found, err))
		return false;
	struct incident_row incident = {
		.account_id = record.account_id,
		.agent_id = "server",
		.run_id = t->run->run_id,
		.kind = "stuck",
		.cause = arena_printf(&t->arena, "stuck:%s:%lld", t->run->run_id, (long long)t->run->seq),
		.severity = SEVERITY_HIGH,
		.title = "A run waited for nothing",
		.description = arena_printf(&t->arena, "%s/%s %s was driven again from row %lld.", record.namespace,
									record.name, record.status, (long long)t->run->seq),
		.health_score = NAN,
		.failure_rate = NAN,
	};
	return !found ||
		   incident_raise(&desk, db, &server, &incident, env_wall_us(api->options.env), &t->arena, &fresh, err);
}

static bool drive_again(struct flow_api *api, const struct stuck_run *run, struct err *err)
{
	struct telling telling = {.api = api, .run = run};
	log_error("flow: run is stuck and driven again", log_str("run_id", run->run_id));
	atomic_fetch_add_explicit(&runner_tally(api->runner)->stuck, 1, memory_order_relaxed);
	runner_look(api->runner, run->run_id);
	arena_init(&telling.arena, SCRATCH);
	bool told = store_write(api->options.store, apply_incident, &telling, err);
	arena_fini(&telling.arena);
	return told;
}

bool stuck_chores(struct flow_api *api, struct err *err)
{
	struct stuck *stuck = &api->stuck;
	struct stuck now = {.next_look_us = env_mono_us(api->options.env) + LOOK_US};
	if (env_mono_us(api->options.env) < stuck->next_look_us)
		return true;
	bool good = find_suspects(api, now.suspects, &now.count, err);
	for (size_t i = 0; good && i < now.count; i++)
		if (was_suspect(stuck, &now.suspects[i]))
			good = drive_again(api, &now.suspects[i], err);
	*stuck = now;
	return good;
}
