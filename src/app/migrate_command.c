#include <stdio.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/commands.h"
#include "app/fact.h"
#include "app/migrations.h"
#include "core/err.h"
#include "store/store.h"

/* `migrate`: bring the schema up to date without serving, or tell what that would do [P-12.2; platform.md 2]. */

enum { STEPS_MAX = 128 };

struct schema {
	struct store_migration steps[STEPS_MAX];
	size_t count;
	int64_t newest; /* of the store */
};

static int newest_known(const struct schema *schema)
{
	return schema->count > 0 ? schema->steps[schema->count - 1].number : 0;
}

/* Reads the store's schema without changing it. */
static int read_schema(const struct ask *job, struct schema *schema)
{
	struct err err;
	app_migrations(schema->steps, STEPS_MAX, &schema->count);
	int code = ask_needs_store(job);
	if (code != CLI_DONE)
		return code;
	if (!store_newest_migration(job->config.data, &schema->newest, &err))
		return cli_fail(job->cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	if (schema->newest > newest_known(schema))
		return cli_fail(job->cli, CLI_FAILED,
						"the store has schema version %lld, this program knows only %d; start a newer program",
						(long long)schema->newest, newest_known(schema));
	return CLI_DONE;
}

/* One line a step: all of them, or those that are still to be applied. */
static void print_steps(const struct cli *cli, const struct schema *schema, bool only_pending)
{
	for (size_t i = 0; i < schema->count; i++) {
		bool applied = schema->steps[i].number <= schema->newest;
		if (applied && only_pending)
			continue;
		printf(cli->json ? "{\"number\":%d,\"name\":\"%s\",\"applied\":%s}\n" : "%04d  %-32s  %s\n",
			   schema->steps[i].number, schema->steps[i].name,
			   cli->json ? (applied ? "true" : "false") : (applied ? "applied" : "to be applied"));
	}
	if (only_pending && !cli->json && schema->newest == newest_known(schema))
		puts("nothing is to be applied");
}

static int apply_steps(const struct cli *cli, const struct schema *schema)
{
	struct app app;
	struct err err;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	int version = store_schema_version(app.store);
	app_close(&app);
	if (!cli->json) {
		printf("schema %lld -> %d\n", (long long)schema->newest, version);
		return CLI_DONE;
	}
	struct fact fact;
	struct jw *result = fact_begin(&fact);
	jw_member_int(result, "from", schema->newest);
	jw_member_int(result, "to", version);
	return fact_end(&fact, CLI_DONE);
}

int command_migrate(const struct cli *cli)
{
	struct ask job;
	struct schema schema;
	bool status = cli_option(cli, "status") != NULL, dry = cli_option(cli, "dry-run") != NULL;
	if (status && dry)
		return cli_fail(cli, CLI_INVALID, "give --status or --dry-run, not both");
	int code = ask_end(&job, ask_begin(&job, cli) ? read_schema(&job, &schema) : CLI_INVALID);
	if (code != CLI_DONE)
		return code;
	if (!status && !dry)
		return apply_steps(cli, &schema);
	print_steps(cli, &schema, dry);
	return CLI_DONE;
}
