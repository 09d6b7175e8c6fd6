#include "app/flow_run.h"

#include "app/cli.h"
#include "app/config.h"
#include "app/flow_host.h"
#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "seal/pack.h"

/* countersign flow validate FILE: what the server would say of a definition, without one [flow.md 12]. */

enum { TEXT_MAX = 64 << 20, CONFIG_CAP = 1 << 20 };

static int print(const struct definition_problems *problems)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_member_bool(&jw, "valid", problems->list.count == 0);
	jw_member_str(&jw, "form", problems->form);
	jw_key(&jw, "problems");
	definition_problems_write(&jw, &problems->list);
	jw_object_end(&jw);
	buf_addc(&out, '\n');
	bool written = cli_write(stdout, buf_text(&out), out.size);
	buf_fini(&out);
	return !written ? CLI_FAILED : problems->list.count == 0 ? CLI_DONE : CLI_INVALID;
}

static int validate(const struct cli *cli, const struct flow_host *host, const struct buf *text)
{
	struct arena arena;
	struct definition_problems problems = {.arena = &arena};
	struct err err = {.kind = ERR_NONE};
	arena_init(&arena, 1 << 30);
	struct definition *definition =
		definition_open(buf_text(text), text->size, DEFINITION_GUESS, &host->policy, NULL, host->expr, &problems, &err);
	bool told = definition != NULL || problems.list.count > 0;
	int code = told ? print(&problems) : cli_fail(cli, CLI_FAILED, "%s", err.message);
	definition_unref(definition);
	arena_fini(&arena);
	return code;
}

static int with_host(const struct cli *cli, const struct buf *text)
{
	struct app_ops ops;
	struct packs *packs = NULL;
	struct expr_pool *exprs = NULL;
	struct flow_host host;
	struct err err;
	app_ops_init(&ops);
	struct arena arena;
	struct config config;
	arena_init(&arena, CONFIG_CAP);
	bool open = app_packs_open(&ops, NULL, &packs, &err) && expr_open(NULL, &exprs, &err);
	flow_host_init(&host, &ops, packs, exprs);
	if (open && flow_host_configured(cli))
		open = (config_of_cli(cli, &arena, &config, NULL) ||
				err_set(&err, ERR_INVALID, "the configuration is not valid")) &&
			   flow_host_allow(&host, &config, &arena, &err);
	host.policy.shell = true; /* the caller's own machine, as in flow run */
	int code = open ? validate(cli, &host, text)
					: cli_fail(cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
	expr_close(exprs);
	packs_free(packs);
	arena_fini(&arena);
	return code;
}

int command_flow_validate(const struct cli *cli)
{
	struct buf text;
	struct err err;
	buf_init(&text, 0);
	int code = cli_read(cli->args[0], TEXT_MAX, &text, &err) ? with_host(cli, &text)
															 : cli_fail(cli, CLI_INVALID, "%s", err.message);
	buf_fini(&text);
	return code;
}
