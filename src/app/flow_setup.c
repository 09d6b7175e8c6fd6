#include "app/flow_setup.h"

#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/flow_host.h"
#include "app/flow_llm.h"
#include "app/memory.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/agents_api.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/flow_api.h"
#include "flow/healing.h"
#include "flow/runner.h"
#include "link/outgoing_pool.h"
#include "sign/sign_api.h"
#include "version.h"

/* sign.md 5: 5 retries with backoff up to 60 s */
enum { SUBMISSION_TRIES = 6, SUBMISSION_MAX_MS = 60000 };
enum { SLOTS_OF_A_CORE = 4, SECRETS_MAX = 4 << 20 };

static unsigned turns_of(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return config->flow.slots > 0 ? (unsigned)config->flow.slots : SLOTS_OF_A_CORE * (unsigned)(cores > 0 ? cores : 1);
}

static bool read_secrets(struct app *app, struct datum **secrets, struct err *err)
{
	struct buf text;
	*secrets = NULL;
	if (app->config.flow.secrets_file == NULL)
		return true;
	buf_init(&text, SECRETS_MAX);
	bool good = cli_read(app->config.flow.secrets_file, SECRETS_MAX, &text, err);
	*secrets = good ? datum_parse(buf_text(&text), text.size, err) : NULL;
	good = *secrets != NULL && (datum_tree(*secrets)->kind == JS_OBJECT ||
								err_set(err, ERR_INVALID, "%s holds no JSON object", app->config.flow.secrets_file));
	explicit_bzero(text.bytes, text.size);
	buf_fini(&text);
	return good;
}

static double told_memory(void *self)
{
	(void)self;
	return memory_percent();
}

static bool pause_workflow(void *self, const char *account_id, const char *workflow, const char *reason,
						   struct err *err)
{
	struct app *app = self;
	return app->flow == NULL || flow_api_pause(app->flow, account_id, workflow, reason, err);
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
											.packs = app->packs,
											.breakers = app->breakers,
											.memory_percent = told_memory,
											.pause = pause_workflow,
											.self = app};
	return healing_open(&options, &app->healing, err);
}

bool flow_setup(struct app *app, struct err *err)
{
	struct flow_host *host = arena_new(&app->arena, struct flow_host);
	app->models = arena_new(&app->arena, struct flow_llm);
	if (host == NULL || app->models == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	flow_host_init(host, &app->ops, app->packs, app->exprs);
	flow_host_add(host, sign_flow_part(app->sign));
	host->profiles[0] =
		(struct ir_profile){"submission", SUBMISSION_TRIES, app->config.sign.retry_first_ms, SUBMISSION_MAX_MS};
	host->policy.profiles = host->profiles;
	host->outgoing.pool = app->connections = outgoing_pool_new();
	if (!flow_host_allow(host, &app->config, &app->arena, err) || !read_secrets(app, &app->flow_secrets, err) ||
		!flow_llm_open(app->models, &app->config, &host->outgoing, app->packs, app->store, &app->arena, err))
		return false;
	app->breakers = breakers_new(app->store, app->outbox);
	if (!breakers_load(app->breakers, err))
		return false;
	const struct runner_options runner = {
		.store = app->store,
		.env = app->env,
		.ids = &app->ids,
		.expr = app->exprs,
		.outgoing = &host->outgoing,
		.llm = app->models->llm,
		.spending = app->spending,
		.breakers = app->breakers,
		.outbox = app->outbox,
		.policy = &host->policy,
		.op = flow_host_op,
		.op_self = host,
		.parts = &host->products,
		.event_source = app->config.public_url,
		.version = APP_VERSION,
		.secrets = app->flow_secrets,
		.error_base = app->config.flow.error_base,
		.turns = turns_of(&app->config),
		.effects = app->alone ? 0 : (unsigned)app->config.flow.calls,
		.stepped = app->alone,
		.retry_max = app->config.flow.retry_max,
		.retry_max_delay_ms = 1000 * app->config.flow.retry_max_delay_s,
		.retention_days = app->config.flow.retention_days,
		.checkpoint_s = app->config.flow.checkpoint_s,
	};
	const struct flow_api_options options = {.runner = &runner,
											 .audit = &app->audit,
											 .countersign = app->countersign,
											 .outbox = app->outbox,
											 .packs = app->packs,
											 .git_sha = APP_GIT_SHA,
											 .master_key = app->keys.master,
											 .system = embedded_flows};
	return open_healing(app, err) &&
		   agents_api_models(app->agents, app->models->llm, app->breakers, app->config.flow.llm.model, err) &&
		   flow_api_open(&options, &app->flow, err);
}

void flow_end(struct app *app)
{
	agents_api_stop(app->agents);
	flow_api_stop(app->flow);
	healing_close(app->healing);
	app->healing = NULL;
	if (app->models != NULL)
		flow_llm_close(app->models);
	outgoing_pool_free(app->connections);
	app->connections = NULL;
}
