#include "app/flow_setup.h"

#include "app/app.h"
#include "app/flow_host.h"
#include "app/flow_llm.h"
#include "app/memory.h"
#include "core/arena.h"
#include "core/err.h"
#include "flow/flow_api.h"
#include "flow/healing.h"
#include "flow/runner.h"
#include "version.h"

enum { TURNS = 2, EFFECTS = 16, RETRY_MAX = 1000, RETRY_MAX_DELAY_MS = 3600000 };

static double told_memory(void *self)
{
	(void)self;
	return memory_percent();
}

static bool open_healing(struct app *app, struct err *err)
{
	const struct healing_options options = {.store = app->store,
											.env = app->env,
											.ids = &app->ids,
											.audit = &app->audit,
											.outbox = app->outbox,
											.exprs = app->exprs,
											.cache = app->models->cache,
											.memory_percent = told_memory};
	return healing_open(&options, &app->healing, err);
}

bool flow_setup(struct app *app, struct err *err)
{
	struct flow_host *host = arena_new(&app->arena, struct flow_host);
	app->models = arena_new(&app->arena, struct flow_llm);
	if (host == NULL || app->models == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	flow_host_init(host, &app->ops, app->packs, app->exprs);
	if (!flow_llm_open(app->models, &app->config, &host->outgoing, app->packs, app->store, &app->arena, err))
		return false;
	const struct runner_options runner = {
		.store = app->store,
		.env = app->env,
		.ids = &app->ids,
		.expr = app->exprs,
		.outgoing = &host->outgoing,
		.llm = app->models->llm,
		.spending = app->spending,
		.policy = &host->policy,
		.op = flow_host_op,
		.op_self = host,
		.event_source = app->config.public_url,
		.version = APP_VERSION,
		.turns = TURNS,
		.effects = EFFECTS,
		.retry_max = RETRY_MAX,
		.retry_max_delay_ms = RETRY_MAX_DELAY_MS,
		.retention_days = app->config.flow.retention_days,
		.checkpoint_s = app->config.flow.checkpoint_s,
	};
	const struct flow_api_options options = {.runner = &runner,
											 .audit = &app->audit,
											 .countersign = app->countersign,
											 .outbox = app->outbox,
											 .packs = app->packs,
											 .git_sha = APP_GIT_SHA,
											 .master_key = app->keys.master};
	return open_healing(app, err) && flow_api_open(&options, &app->flow, err);
}

void flow_end(struct app *app)
{
	flow_api_stop(app->flow);
	healing_close(app->healing);
	app->healing = NULL;
	if (app->models != NULL)
		flow_llm_close(app->models);
}
