#include "flow/tasks_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "flow/effects.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "http/workers.h"
#include "store/store.h"

enum { DUE_MAX = 256 };

struct tasks_fixture {
	struct flow_part part;
	struct flow_parts parts;
	struct ir_policy policy;
	struct flow_api *api;
};

static bool op_known(void *context, const char *name, bool *effect)
{
	const struct tasks_fixture *f = context;
	void *self;
	*effect = true;
	return effects_find(&f->parts, name, &self) != NULL;
}

struct tasks_fixture *tasks_fixture_open(const struct tasks_fixture_options *o)
{
	static const struct ir_profile profiles[] = {{"submission", 6, 1000, 60000}, {NULL, 0, 0, 0}};
	static const unsigned char master[32] = "not a secret";
	struct tasks_fixture *f = calloc(1, sizeof *f);
	struct err err;
	must(f != NULL);
	f->part = o->part;
	f->parts = (struct flow_parts){.items = &f->part, .count = 1};
	f->policy = (struct ir_policy){.op_known = op_known, .context = f, .profiles = profiles, .effects_in = "system"};
	const struct runner_options runner = {.store = o->store,
										  .env = o->env,
										  .ids = o->ids,
										  .outbox = o->outbox,
										  .policy = &f->policy,
										  .parts = &f->parts,
										  .version = "1.2.3",
										  .turns = 0,
										  .stepped = true,
										  .retry_max = 1000,
										  .retry_max_delay_ms = 3600000,
										  .retention_days = 30};
	const struct flow_api_options options = {.runner = &runner,
											 .audit = o->audit,
											 .master_key = master,
											 .system = o->files != NULL ? o->files : embedded_flows};
	must(flow_api_open(&options, &f->api, &err));
	return f;
}

void tasks_fixture_close(struct tasks_fixture *f)
{
	if (f == NULL)
		return;
	flow_api_stop(f->api);
	flow_api_close(f->api);
	free(f);
}

void tasks_fixture_add(struct tasks_fixture *f, struct router *router, struct dead_letters *letters)
{
	flow_add_routes(router, f->api);
	flow_dead_letters(f->api, letters);
}

struct starting {
	struct flow_api *api;
	const struct flow_start *start;
};

static bool apply_start(struct db *db, void *self, struct err *err)
{
	const struct starting *starting = self;
	return flow_start(starting->api, db, starting->start, err);
}

void tasks_fixture_start(struct tasks_fixture *f, const struct flow_start *start)
{
	struct starting starting = {f->api, start};
	struct err err;
	must(store_write(f->api->options.store, apply_start, &starting, &err));
}

/* Those that are due by now, and those that a person has ordered something of. */
static void wake(struct tasks_fixture *f)
{
	struct err err;
	struct db_rows rows;
	char due[DUE_MAX][ID_TEXT];
	size_t count = 0;
	struct db *db = store_read(f->api->options.store);
	must(db_query(db, &rows, &err,
				  "SELECT run_id FROM flow_runs WHERE due_at > 0 AND due_at <= $1 AND status IN ('running', 'waiting')",
				  V_INT(env_wall_us(f->api->options.env))));
	while (count < DUE_MAX && db_next(&rows))
		strcpy(due[count++], db_text(&rows, 0));
	must(db_end(&rows, &err));
	store_read_end(f->api->options.store, db);
	for (size_t i = 0; i < count; i++)
		runner_wake(f->api->runner, due[i]);
}

void tasks_fixture_chores(struct tasks_fixture *f)
{
	struct err err;
	must(flow_chores(f->api, &err));
}

void tasks_fixture_wake(struct tasks_fixture *f, const char *task_id)
{
	runner_wake(f->api->runner, task_id);
}

/* The store has a thread of its own: a turn under way comes back when it has committed. */
bool tasks_fixture_step(struct tasks_fixture *f)
{
	struct runner *runner = f->api->runner;
	if (runner->turns_under_way == 0 && workers_waiting(runner->effects) == 0) {
		flow_begin(f->api);
		wake(f);
	}
	bool call = workers_waiting(runner->effects) > 0;
	if (call)
		workers_step(runner->effects);
	else if (runner->turns_under_way > 0)
		workers_step(runner->turns);
	else
		return false;
	return true;
}

void tasks_fixture_work(struct tasks_fixture *f)
{
	while (tasks_fixture_step(f))
		continue;
}
