#include "app/flow_host.h"

#include <string.h>

#include "app/cli.h"
#include "app/config.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "seal/op.h"
#include "version.h"

static bool op_known(void *context, const char *name, bool *effect)
{
	const struct flow_host *host = context;
	for (size_t i = 0; i < host->products.count; i++)
		for (size_t k = 0; k < host->parts[i].count; k++)
			if (strcmp(host->parts[i].effects[k].name, name) == 0)
				return *effect = true;
	*effect = false;
	return app_ops_find(host->ops, name) != NULL;
}

void flow_host_init(struct flow_host *host, const struct app_ops *ops, const struct packs *packs,
					struct expr_pool *expr)
{
	*host = (struct flow_host){.ops = ops,
							   .packs = packs,
							   .policy = {.op_known = op_known, .effects_in = "system", .context = host},
							   .expr = expr};
}

void flow_host_add(struct flow_host *host, struct flow_part part)
{
	must(host->products.count < FLOW_HOST_PARTS);
	host->parts[host->products.count++] = part;
	host->products.items = host->parts;
}

bool flow_host_allow(struct flow_host *host, const struct config *config, struct arena *arena, struct err *err)
{
	typeof(config->flow) *c = &config->flow;
	const char **scripts = arena_array(arena, c->allow_scripts.count + 1, sizeof *scripts);
	if (scripts == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < c->allow_scripts.count; i++)
		scripts[i] = c->allow_scripts.items[i];
	scripts[c->allow_scripts.count] = NULL;
	host->policy.shell = c->allow_shell;
	host->policy.stdio = c->allow_stdio;
	host->policy.scripts = scripts;
	for (size_t i = 0; i < c->allow_net.count; i++)
		host->outgoing.allowed[host->outgoing.allowed_count++] = c->allow_net.items[i];
	for (size_t i = 0; i < c->http_map.count; i++)
		if (!outgoing_map(&host->outgoing, arena_dup(arena, c->http_map.items[i]), err))
			return false;
	return true;
}

bool flow_host_configured(const struct cli *cli)
{
	static const char ours[] = "COUNTERSIGN_FLOW_";
	extern char **environ;
	bool found = cli->config != NULL;
	for (char **at = environ; *at != NULL && !found; at++)
		found = strncmp(*at, ours, sizeof ours - 1) == 0;
	return found;
}

static void tell(const struct faults *faults, const struct err *err, struct trouble *trouble)
{
	if (faults->first != NULL)
		trouble_set(trouble, TROUBLE_VALIDATION, "Invalid input", "%s: %s", faults->first->pointer,
					faults->first->message);
	else
		trouble_set(trouble, TROUBLE_RUNTIME, err_title(err->kind), "%s", err->message);
}

struct datum *flow_host_op(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	const struct flow_host *host = self;
	const struct op *op = app_ops_find(host->ops, name);
	if (op == NULL) {
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No such operation", "There is no operation %s.", name);
		return NULL;
	}
	char now[STAMP_TEXT];
	stamp_format(now, env_wall_us(env_real()));
	const struct op_context context = {
		.packs = host->packs,
		.exprs = host->expr,
		.envelope = {.version = APP_VERSION, .git_sha = APP_GIT_SHA, .route = op->path, .timestamp = now},
	};
	struct arena arena;
	struct op_answer answer;
	struct faults faults = {.first = NULL};
	struct err err = {.kind = ERR_INTERNAL};
	struct datum *envelope = NULL;
	arena_init(&arena, op->memory_max > 0 ? op->memory_max : ARENA_REQUEST_CAP);
	if (op_run(op, &context, datum_tree(body), &arena, &answer, &faults, &err))
		envelope = datum_text(answer.envelope, answer.envelope_size);
	else
		tell(&faults, &err, trouble);
	arena_fini(&arena);
	return envelope;
}
