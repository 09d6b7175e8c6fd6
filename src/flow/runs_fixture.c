#include "flow/runs_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "expr/expr.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "store/store.h"

enum { PATIENCE = 2000 /* looks of 5 ms each */ };

static struct datum *no_op(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	(void)self;
	(void)name;
	(void)trouble;
	return datum_ref(body);
}

static void open_flow(struct runs_fixture *f)
{
	static const struct ir_policy policy = {.shell = true};
	static const unsigned char master[32] = "not a secret";
	struct agents_fixture *b = f->base;
	struct err err;
	f->breakers[f->reopened] = breakers_new(b->store, f->people.outbox);
	must(breakers_load(f->breakers[f->reopened], &err));
	const struct runner_options runner = {
		.outgoing = &f->outgoing,
		.breakers = f->breakers[f->reopened],
		.outbox = f->people.outbox,
		.store = b->store,
		.env = &b->env.env,
		.ids = &b->ids,
		.expr = f->expr,
		.secrets = f->secrets,
		.policy = &policy,
		.op = no_op,
		.version = "1.2.3",
		.turns = 2,
		.effects = 2,
		.retry_max = 1000,
		.retry_max_delay_ms = 3600000,
		.retention_days = 30,
		.checkpoint_s = 300,
	};
	const struct flow_api_options options = {.runner = &runner,
											 .audit = &b->audit,
											 .countersign = f->people.countersign,
											 .outbox = f->people.outbox,
											 .packs = b->packs,
											 .git_sha = "0000000",
											 .master_key = master};
	must(flow_api_open(&options, &f->flow, &err));
	flow_add_routes(b->router, f->flow);
}

int runs_fixture_new(void **state)
{
	const struct expr_config config = {.helpers = 1, .cpu_ms = 200, .wall_ms = 2000, .memory_bytes = 64 << 20};
	struct runs_fixture *f = calloc(1, sizeof *f);
	void *base = NULL;
	struct err err;
	must(f != NULL && agents_fixture_new(&base) == 0);
	f->base = base;
	countersign_fixture_open(&f->people, f->base->store, &f->base->env.env, &f->base->ids, &f->base->audit);
	must(expr_open(&config, &f->expr, &err));
	f->secrets = datum_text("{\"key\":\"hush\"}", 14);
	must(f->secrets != NULL);
	open_flow(f);
	*state = f;
	return 0;
}

static void add_runs(void *self, const char *status, int64_t runs)
{
	int64_t *difference = self;
	for (int i = 0; i < RUN_STATUSES; i++)
		if (strcmp(status, run_status_names[i]) == 0)
			difference[i] += runs;
}

/* Whatever a test did: what is told of how many runs there are is how many there are. */
static void check_counts(struct runs_fixture *f)
{
	int64_t difference[RUN_STATUSES] = {0};
	struct err err;
	struct db_rows rows;
	struct db *db = store_read(f->base->store);
	must(runs_count(db, add_runs, difference, &err));
	must(db_query_values(db, &rows, &err,
						 "SELECT status, COUNT(*) FROM flow_runs WHERE account_id <> '' GROUP BY status", NULL, 0));
	while (db_next(&rows))
		add_runs(difference, db_text(&rows, 0), -db_int(&rows, 1));
	must(db_end(&rows, &err));
	store_read_end(f->base->store, db);
	for (int i = 0; i < RUN_STATUSES; i++)
		must(difference[i] == 0);
}

int runs_fixture_free(void **state)
{
	struct runs_fixture *f = *state;
	void *base = f->base;
	flow_api_stop(f->flow);
	check_counts(f);
	int removed = agents_fixture_free(&base); /* closes the store */
	flow_api_close(f->flow);
	for (size_t i = 0; i < f->reopened; i++)
		flow_api_close(f->before[i]);
	for (size_t i = 0; i <= f->reopened; i++)
		breakers_free(f->breakers[i]);
	countersign_fixture_close(&f->people);
	expr_close(f->expr);
	datum_unref(f->secrets);
	free(f);
	return removed;
}

void runs_reopen(struct runs_fixture *f)
{
	const struct budget_hooks none = {.self = NULL};
	must(f->reopened < RUNS_REOPEN_MAX);
	flow_api_stop(f->flow);
	f->before[f->reopened++] = f->flow;
	countersign_fixture_renew(&f->people);
	fixture_reopen(f->base, &none); /* a router of its own */
	open_flow(f);
}

void runs_pass(struct runs_fixture *f, int64_t ms)
{
	struct err err;
	env_sim_advance(&f->base->env, ms * 1000);
	must(flow_chores(f->flow, &err));
	if (f->run_id[0] != '\0')
		runner_wake(f->flow->runner, f->run_id);
}

void runs_start_definition(struct runs_fixture *f, const char *definition, const char *input)
{
	int status =
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "{\"definition\":%s,\"input\":%s}", definition, input);
	if (status != 202)
		fprintf(stderr, "%s\n", f->base->answer.answer);
	must(status == 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	runner_wait(f->flow->runner, f->run_id, true, 1000); /* one with a timer is never at rest */
}

void runs_start(struct runs_fixture *f, const char *tasks, const char *input)
{
	char *definition;
	must(asprintf(
			 &definition,
			 "{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"},\"do\":%s}",
			 tasks) > 0);
	runs_start_definition(f, definition, input);
	free(definition);
}

int runs_ask(struct runs_fixture *f, const char *who, const char *method, const char *below, const char *body, ...)
{
	char *text = NULL, *target;
	va_list args;
	if (body != NULL) {
		va_start(args, body);
		must(vasprintf(&text, body, args) >= 0);
		va_end(args);
	}
	must(asprintf(&target, "/api/v1/flow/runs/%s%s", f->run_id, below) > 0);
	int status = text == NULL ? fixture_ask(f->base, who, method, target, NULL)
							  : fixture_ask(f->base, who, method, target, "%s", text);
	free(target);
	free(text);
	return status;
}

bool runs_is(struct runs_fixture *f, const char *status)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	for (int i = 0; i < PATIENCE; i++) {
		must(runs_ask(f, "ops", "GET", "", NULL) == 200);
		if (strcmp(fixture_text(f->base, "result.status"), status) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "%s instead of %s: %s\n", fixture_text(f->base, "result.status"), status, f->base->answer.answer);
	return false;
}

const char *runs_json(struct runs_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f->base, path);
	struct datum *datum = at == NULL ? NULL : datum_json(at);
	const char *text = datum == NULL ? "absent" : arena_dup(&f->base->arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}
