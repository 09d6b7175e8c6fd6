#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "expr/expr.h"
#include "flow/agents_fixture.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/domain/healing.h"
#include "flow/flow.h"
#include "flow/healing.h"
#include "flow/health_metrics.h"
#include "flow/llm_cache.h"
#include "http/metrics.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/store.h"

#define S INT64_C(1000000)

struct box {
	struct agents_fixture *f;
	struct llm_cache *cache;
	struct healing *healing;
	double memory[8]; /* what is told, look by look; the last from then on */
	size_t told;
	struct breakers *breakers;
	struct packs *packs; /* NULL: those that are shipped */
	char paused[64];
};

static double tell_memory(void *self)
{
	struct box *box = self;
	double percent = box->memory[box->told];
	box->told += box->told < 7;
	return percent;
}

static bool note_pause(void *self, const char *account_id, const char *workflow, const char *reason, struct err *err)
{
	struct box *box = self;
	(void)err;
	snprintf(box->paused, sizeof box->paused, "%s %s %d", workflow, reason, strcmp(account_id, FIXTURE_ACCOUNT));
	return true;
}

static void open_healing(struct box *box, struct expr_pool *exprs)
{
	const struct healing_options options = {.store = box->f->store,
											.env = &box->f->env.env,
											.ids = &box->f->ids,
											.audit = &box->f->audit,
											.outbox = box->f->outbox,
											.exprs = exprs,
											.cache = box->cache,
											.memory_percent = tell_memory,
											.packs = box->packs != NULL ? box->packs : box->f->packs,
											.breakers = box->breakers,
											.pause = note_pause,
											.self = box};
	struct err err;
	healing_close(box->healing);
	must(healing_open(&options, &box->healing, &err));
}

static int open_box(void **state)
{
	struct box *box = calloc(1, sizeof *box);
	must(box != NULL && agents_fixture_new((void **)&box->f) == 0);
	box->cache = llm_cache_open(box->f->store, &box->f->env.env);
	box->breakers = breakers_new(box->f->store, box->f->outbox);
	open_healing(box, box->f->exprs);
	*state = box;
	return 0;
}

static int close_box(void **state)
{
	struct box *box = *state;
	healing_close(box->healing);
	llm_cache_close(box->cache);
	agents_fixture_free((void **)&box->f); /* the store's last words are of breakers */
	breakers_free(box->breakers);
	packs_free(box->packs);
	free(box);
	return 0;
}

static void remember(struct box *box, double first, double then)
{
	box->told = 0;
	box->memory[0] = first;
	for (size_t i = 1; i < 8; i++)
		box->memory[i] = then;
}

static struct llm_lookup question(int number)
{
	struct llm_lookup lookup = {.account_id = FIXTURE_ACCOUNT, .model = "m"};
	snprintf(lookup.key, sizeof lookup.key, "%064d", number);
	snprintf(lookup.family, sizeof lookup.family, "%064d", 0);
	return lookup;
}

static void keep_one(struct box *box)
{
	struct llm_lookup lookup = question(0);
	struct datum *answer = datum_text("1", 1);
	llm_cache_keep(box->cache, &lookup, answer, 1);
	datum_unref(answer);
}

static void ask(struct box *box, int hits, int misses)
{
	for (int i = 0; i < hits + misses; i++) {
		struct llm_lookup lookup = question(i < hits ? 0 : i + 1);
		struct llm_hit hit;
		bool found = llm_cache_find(box->cache, &lookup, &hit);
		assert_int_equal(found, i < hits);
		if (found)
			datum_unref(hit.answer);
	}
}

static void pass(struct box *box, int64_t s)
{
	struct err err;
	env_sim_advance(&box->f->env, s * S);
	if (!healing_chores(box->healing, &err))
		fail_msg("%s", err.message);
}

static int64_t entries(struct box *box)
{
	struct llm_level_figures figures[LLM_LEVELS];
	struct err err;
	assert_true(llm_cache_figures(box->cache, FIXTURE_ACCOUNT, figures, &err));
	return figures[LLM_L1].entries;
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t number(struct box *box, const char *sql)
{
	struct err err;
	int64_t value = -1;
	struct db *db = store_read(box->f->store);
	assert_true(db_one_values(db, &err, NULL, take_number, &value, sql, NULL, 0));
	store_read_end(box->f->store, db);
	return value;
}

static int incidents(struct box *box)
{
	assert_int_equal(
		fixture_ask(box->f, "ops", "GET", "/api/v1/flow/health/incidents?agent_id=server&status=open", NULL), 200);
	return (int)fixture_at(box->f, "result.items")->count;
}

struct found {
	struct box *box;
	int count;
};

static void take_event(void *self, const struct outbox_event *event)
{
	struct found *found = self;
	if (strcmp(event->event, "healing.done") != 0)
		return;
	found->count++;
	assert_string_equal(event->data,
						"{\"rule\":\"cache_useless\",\"action\":\"clear_cache\",\"before\":{\"lookups\":500,"
						"\"hit_rate\":0.498,\"entries\":1,\"memory_percent\":90},\"after\":{\"lookups\":500,"
						"\"hit_rate\":0.498,\"entries\":0,\"memory_percent\":40},\"helped\":true}");
}

static void a_cache_of_no_use_is_cleared(void **state)
{
	struct box *box = *state;
	const char *const topics[] = {"health", NULL};
	struct found found = {.box = box};
	const struct outbox_filter filter = {.topics = topics, .limit = 100};
	struct err err;
	keep_one(box);
	ask(box, 249, 251);
	remember(box, 90, 40);
	pass(box, 14);
	assert_int_equal(entries(box), 1); /* it is not time */
	pass(box, 1);
	assert_int_equal(entries(box), 0);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE helped = 1"), 1);
	assert_int_equal(fixture_ask(box->f, "ops", "GET", "/api/v1/flow/health/healings?limit=1", NULL), 200);
	assert_int_equal(fixture_at(box->f, "result.items")->count, 1);
	assert_true(fixture_true(box->f, "result.items.0.helped"));
	assert_string_equal(fixture_text(box->f, "result.items.0.action"), "clear_cache");
	assert_int_equal(fixture_at(box->f, "result.items.0.before")->kind, JS_OBJECT);
	assert_int_equal(fixture_ask(box->f, "ops", "GET", "/api/v3/health/healings?rule=another", NULL), 200);
	assert_int_equal(fixture_at(box->f, "result.items")->count, 0);
	assert_int_equal(fixture_ask(box->f, "vic", "GET", "/api/v1/flow/health/healings", NULL), 403);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM audit WHERE action = 'health.heal'"), 1);
	assert_int_equal(incidents(box), 0);
	struct db *db = store_read(box->f->store);
	assert_true(outbox_read(db, &filter, &box->f->arena, take_event, &found, &err));
	store_read_end(box->f->store, db);
	assert_int_equal(found.count, 1);
	assert_true(fixture_chain_sound(box->f));
}

static void what_is_well_stays(void **state)
{
	static const struct {
		int hits, misses;
		double memory;
	} rows[] = {{249, 250, 90} /* 499 */, {250, 250, 90} /* one half */, {249, 251, 85}, {249, 251, NAN}, {0, 0, 90}};
	struct box *box = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		keep_one(box);
		open_healing(box, box->f->exprs);
		ask(box, rows[i].hits, rows[i].misses);
		remember(box, rows[i].memory, rows[i].memory);
		pass(box, 15);
		assert_int_equal(entries(box), 1);
		ask(box, 0, 500 - rows[i].hits - rows[i].misses); /* a window that is whole, so that the next begins anew */
		remember(box, 10, 10);
		pass(box, 15);
		llm_cache_close(box->cache);
		box->cache = llm_cache_open(box->f->store, &box->f->env.env);
	}
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings"), 0);
}

/* 300 s between two, three within an hour, also over a restart; and each that did not help is an incident. */
static void not_too_often_and_it_is_told(void **state)
{
	struct box *box = *state;
	remember(box, 90, 90);
	int done = 0;
	for (int s = 0; s < 3600; s += 15) {
		ask(box, 0, 500);
		pass(box, 15);
		int now = (int)number(box, "SELECT COUNT(*) FROM healings");
		if (now != done)
			assert_int_equal(s, 300 * done);
		done = now;
		if (s == 300)
			open_healing(box, box->f->exprs); /* counts what L1 was asked before, too */
	}
	assert_int_equal(done, 3);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE helped = 1"), 0);
	assert_int_equal(incidents(box), 3);
	assert_string_equal(fixture_text(box->f, "result.items.0.title"), "Rule cache_useless did not help");
	assert_string_equal(fixture_text(box->f, "result.items.0.severity"), "high");
	ask(box, 0, 500);
	pass(box, 15); /* an hour after the first one */
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings"), 4);
}

/* Helpers that end as soon as they start answer nothing: the second look in a row restarts them, in vain. */
static void helpers_that_are_silent_are_restarted(void **state)
{
	struct box *box = *state;
	const struct expr_config config = {.helpers = 1, .wall_ms = 200, .program = "/bin/false"};
	struct expr_pool *dead;
	struct err err;
	pass(box, 15);
	pass(box, 15);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings"), 0); /* they answer */
	must(expr_open(&config, &dead, &err));
	open_healing(box, dead);
	pass(box, 15);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings"), 0);
	pass(box, 15);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE action = 'restart_helper' AND helped = 0"), 1);
	assert_int_equal(incidents(box), 1);
	assert_string_equal(fixture_text(box->f, "result.items.0.description"),
						"restart_helper: {\"unanswered\":2,\"helpers\":0,\"replaced\":0} before, "
						"{\"unanswered\":3,\"helpers\":0,\"replaced\":0} after.");
	open_healing(box, box->f->exprs);
	expr_close(dead);
}

/* --- calls, agents, workflows --- */

static void call_out(struct box *box, const char *target, int well, int failed)
{
	int64_t until_us;
	for (int i = 0; i < well + failed; i++) {
		const struct breaker_call call = {FIXTURE_ACCOUNT, target, env_wall_us(&box->f->env.env)};
		bool bad = i % 3 == 0 && i / 3 < failed; /* not in a row */
		assert_true(breakers_may(box->breakers, &call, NULL, &until_us));
		breakers_tell(box->breakers, &call, !bad, 1000);
	}
}

static const char *state_of(struct box *box, const char *target)
{
	struct breaker_record *records;
	size_t count;
	assert_true(
		breakers_list(box->breakers, FIXTURE_ACCOUNT, env_wall_us(&box->f->env.env), &box->f->arena, &records, &count));
	for (size_t i = 0; i < count; i++)
		if (strcmp(records[i].target, target) == 0)
			return records[i].state;
	return "none";
}

static int healings(struct box *box, const char *who)
{
	assert_int_equal(fixture_ask(box->f, who, "GET", "/api/v1/flow/health/healings", NULL), 200);
	return (int)fixture_at(box->f, "result.items")->count;
}

/* [flow.md 9]: an error rate above 0.10 over 100 calls opens the breaker */
static void calls_that_fail_open_the_breaker(void **state)
{
	struct box *box = *state;
	call_out(box, "some.example", 89, 10);
	call_out(box, "well.example", 90, 10);
	pass(box, 15);
	assert_string_equal(state_of(box, "some.example"), "closed"); /* 99 calls */
	assert_string_equal(state_of(box, "well.example"), "closed"); /* a tenth is not above it */
	call_out(box, "some.example", 0, 1);
	pass(box, 15);
	assert_string_equal(state_of(box, "some.example"), "open");
	assert_int_equal(healings(box, "ops"), 1);
	assert_string_equal(fixture_text(box->f, "result.items.0.action"), "open_breaker");
	assert_string_equal(fixture_text(box->f, "result.items.0.subject"), "some.example");
	assert_true(fixture_true(box->f, "result.items.0.helped"));
	assert_true(fabs(fixture_number_at(box->f, "result.items.0.before.error_rate") - .11) < 1e-9);
	assert_string_equal(fixture_text(box->f, "result.items.0.before.state"), "closed");
	assert_string_equal(fixture_text(box->f, "result.items.0.after.state"), "open");
	assert_int_equal(number(box, "SELECT COUNT(*) FROM flow_breakers WHERE state = 'open'"), 1);
	assert_int_equal(healings(box, "eve"), 0); /* another account's */
	pass(box, 60);
	assert_string_equal(state_of(box, "some.example"), "half_open");
	assert_true(fixture_chain_sound(box->f));
}

static bool put_run(struct db *db, void *self, struct err *err)
{
	const char *const *of = self;
	return db_run(db, err,
				  "INSERT INTO flow_definitions (definition_sha256, definition) VALUES ('s', '{}') ON CONFLICT "
				  "(definition_sha256) DO NOTHING") &&
		   db_run(
			   db, err,
			   "INSERT INTO flow_runs (run_id, account_id, namespace, name, version, definition_sha256, status, seed, "
			   "priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at, ended_at) "
			   "VALUES ($1, $2, 'n', 'w', '1.0.0', 's', $3, '1', 5, '{}', 1, 0, 1, 'null', 0, 0, 1, $4)",
			   V_TEXT(of[0]), V_TEXT(FIXTURE_ACCOUNT), V_TEXT(of[1]), of[2] == NULL ? V_NULL : V_INT(atoll(of[2])));
}

static void run_is(struct box *box, const char *run_id, const char *status, const char *ended)
{
	const char *of[] = {run_id, status, ended};
	struct err err;
	if (!store_write(box->f->store, put_run, of, &err))
		fail_msg("%s", err.message);
}

static bool put_lease(struct db *db, void *self, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_work (task_id, run_id, account_id, queue, path, reference, attempt, deliveries, "
				  "idempotency_key, payload, lease_ms, priority, at_most_once, status, fence, worker_id, "
				  "lease_expires_at, created_at) VALUES ($1, 'r0', $2, 'q', '/a', '/a', 1, 1, 'k', '{}', 60000, 5, 0, "
				  "'leased', 1, $1, 9000000000000000, 1)",
				  V_TEXT(self), V_TEXT(FIXTURE_ACCOUNT));
}

static void lease_to(struct box *box, char *agent_id)
{
	struct err err;
	if (number(box, "SELECT COUNT(*) FROM flow_runs") == 0)
		run_is(box, "r0", "waiting", NULL);
	if (!store_write(box->f->store, put_lease, agent_id, &err))
		fail_msg("%s", err.message);
}

static void beat(struct box *box, const char *who, const char *agent_id);

static int64_t leases(struct box *box)
{
	return number(box, "SELECT COUNT(*) FROM flow_work WHERE status = 'leased' AND lease_expires_at > 0");
}

/* What an agent that counts as dead still holds goes to others; who is well keeps it. */
static void work_of_failed_agents_is_reassigned(void **state)
{
	struct box *box = *state;
	beat(box, "ops", "dead");
	env_sim_advance(&box->f->env, 31 * S);
	beat(box, "ops", "well");
	assert_int_equal(fixture_ask(box->f, "ops", "POST", "/api/v1/flow/health/detect-failures", NULL), 200);
	char dead[] = "dead", well[] = "well";
	lease_to(box, dead);
	lease_to(box, well);
	assert_int_equal(leases(box), 2);
	pass(box, 15);
	assert_int_equal(leases(box), 1);
	assert_int_equal(healings(box, "ops"), 1);
	assert_string_equal(fixture_text(box->f, "result.items.0.action"), "reassign");
	assert_true(fabs(fixture_number_at(box->f, "result.items.0.before.leases") - 1) < 1e-9);
	assert_true(fabs(fixture_number_at(box->f, "result.items.0.after.leases")) < 1e-9);
}

/* Rules of an installation take the place of those that are shipped. */
static void use_rules(struct box *box, const char *rules)
{
	const char *pack = arena_printf(&box->f->arena, "name: healing\nversion: v9\nsource: test\nrules:\n%s", rules);
	struct err err;
	packs_free(box->packs);
	box->packs = packs_new(flow_pack_kinds, flow_pack_kinds_count);
	if (!packs_add(box->packs, pack, strlen(pack), true, &err))
		fail_msg("%s", err.message);
	open_healing(box, box->f->exprs);
}

static void an_installation_has_rules_of_its_own(void **state)
{
	struct box *box = *state;
	use_rules(box,
			  "  - {name: quiet, signal: agent, condition: .silent_s > 60, action: end_lease}\n"
			  "  - {name: look, signal: calls, condition: .failed > 0, action: notify, cooldown_s: 60}\n"
			  "  - {name: try, signal: calls, condition: .state == \"open\", action: half_open_breaker}\n"
			  "  - {name: low, signal: cache, condition: .entries > 0, action: clear_cache, level: all, model: m}\n");
	keep_one(box);
	remember(box, 10, 10);
	call_out(box, "a.example", 1, 1);
	beat(box, "ops", "a1");
	assert_int_equal(fixture_ask(box->f, "ops", "POST", "/api/v1/flow/health/heartbeat",
								 "{\"agent_id\":\"a1\",\"memory_usage_mb\":0,\"cpu_usage_percent\":95,"
								 "\"failed_tasks_count\":9}"),
					 200); /* degraded or worse: it is looked at */
	char agent_id[] = "a1";
	lease_to(box, agent_id);
	pass(box, 15);
	assert_int_equal(leases(box), 1);
	assert_int_equal(entries(box), 0);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE rule = 'look' AND helped = 1"), 1);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM outbox WHERE event = 'healing.noticed'"), 1);
	const struct breaker_record open = {.account_id = FIXTURE_ACCOUNT,
										.target = "b.example",
										.state = "open",
										.until_us = env_wall_us(&box->f->env.env) + 3600 * S};
	breakers_set(box->breakers, &open);
	pass(box, 60);
	assert_int_equal(leases(box), 0);
	assert_string_equal(state_of(box, "b.example"), "half_open");
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE rule = 'quiet' AND subject = 'a1'"), 1);
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE rule = 'look'"), 2); /* 60 s, not 300 */
	assert_int_equal(number(box, "SELECT COUNT(*) FROM healings WHERE helped = 0"), 1);    /* it is silent still */
	assert_int_equal(number(box, "SELECT COUNT(*) FROM incidents WHERE agent_id = 'a1' AND kind = 'healing'"), 1);
}

static void a_workflow_that_fails_is_paused(void **state)
{
	struct box *box = *state;
	use_rules(box, "  - {name: stop, signal: workflow, condition: .active > 0 and .fault_rate >= 0.5, action: "
				   "pause_workflow}\n");
	run_is(box, "r1", "faulted", "9000000000000000");
	run_is(box, "r2", "completed", "9000000000000000");
	run_is(box, "r3", "faulted", "1"); /* long ago */
	run_is(box, "r4", "waiting", NULL);
	pass(box, 15);
	assert_string_equal(box->paused, "n/w stop 0");
	assert_int_equal(healings(box, "ops"), 1);
	assert_true(fabs(fixture_number_at(box->f, "result.items.0.before.finished") - 2) < 1e-9);
	assert_true(fabs(fixture_number_at(box->f, "result.items.0.before.active") - 1) < 1e-9);
	assert_false(fixture_true(box->f, "result.items.0.helped")); /* nobody paused anything here */
}

static void rules_that_make_no_sense_are_refused(void **state)
{
	static const char *const rules[] = {
		"  - {name: a, signal: calls, condition: .x, action: pause_workflow}\n",
		"  - {name: a, signal: moon, condition: .x, action: notify}\n",
		"  - {name: a, signal: calls, action: notify}\n",
		"  - {name: a, signal: calls, condition: .x, action: notify, cooldown_s: 0}\n",
		"  - {name: a, signal: calls, condition: .x, action: notify}\n  - {name: a, signal: expr, condition: .x, "
		"action: "
		"notify}\n",
		"  - {name: a, signal: calls, condition: .x, action: notify, more: 1}\n",
	};
	struct box *box = *state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const char *pack = arena_printf(&box->f->arena, "name: healing\nversion: v9\nsource: t\nrules:\n%s", rules[i]);
		struct packs *packs = packs_new(flow_pack_kinds, flow_pack_kinds_count);
		struct err err;
		assert_false(packs_add(packs, pack, strlen(pack), true, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		packs_free(packs);
	}
	/* a condition is compiled when the server starts */
	static const char text[] = "name: healing\nversion: v9\nsource: t\nrules:\n  - {name: a, signal: calls, condition: "
							   "\". +\", action: notify}\n";
	struct packs *packs = packs_new(flow_pack_kinds, flow_pack_kinds_count);
	struct err err;
	struct healing *healing;
	assert_true(packs_add(packs, text, strlen(text), true, &err));
	const struct healing_options options = {
		.store = box->f->store, .env = &box->f->env.env, .exprs = box->f->exprs, .packs = packs};
	assert_false(healing_open(&options, &healing, &err));
	assert_non_null(strstr(err.message, "rule a"));
	packs_free(packs);
}

static bool metric_is(struct metrics *metrics, const char *sample)
{
	struct buf text;
	buf_init(&text, 0);
	metrics_render(metrics, &text);
	bool is = strstr(buf_text(&text), sample) != NULL;
	if (!is)
		print_message("no %s in %s\n", sample, buf_text(&text));
	buf_fini(&text);
	return is;
}

static void beat(struct box *box, const char *who, const char *agent_id)
{
	assert_int_equal(fixture_ask(box->f, who, "POST", "/api/v1/flow/health/heartbeat",
								 "{\"agent_id\":\"%s\",\"memory_usage_mb\":0,\"cpu_usage_percent\":0}", agent_id),
					 200);
}

static void metrics_count_agents_and_incidents(void **state)
{
	struct box *box = *state;
	struct metrics *metrics = metrics_new();
	health_metrics_add(metrics, box->f->store);
	assert_true(metric_is(metrics, "countersign_flow_agents{status=\"healthy\"} 0\n"));
	beat(box, "ops", "dead");
	env_sim_advance(&box->f->env, 31 * S);
	assert_int_equal(fixture_ask(box->f, "ops", "POST", "/api/v1/flow/health/detect-failures", NULL), 200);
	beat(box, "ops", "a");
	beat(box, "eve", "a"); /* of all accounts */
	assert_true(metric_is(metrics, "countersign_flow_agents{status=\"healthy\"} 2\n"));
	assert_true(metric_is(metrics, "countersign_flow_agents{status=\"failed\"} 1\n"));
	assert_true(metric_is(metrics, "countersign_flow_incidents{severity=\"critical\",status=\"open\"} 1\n"));
	assert_true(metric_is(metrics, "countersign_flow_incidents{severity=\"low\",status=\"investigating\"} 0\n"));
	for (size_t i = 0; i < HEAL_ACTIONS; i++)
		assert_true(
			metric_is(metrics, arena_printf(&box->f->arena,
											"countersign_flow_healings_total{action=\"%s\",outcome=\"helped\"} 0\n",
											heal_action_names[i])));
	ask(box, 0, 500);
	remember(box, 90, 90);
	pass(box, 15);
	assert_true(
		metric_is(metrics, "countersign_flow_healings_total{action=\"clear_cache\",outcome=\"not_helped\"} 1\n"));
	metrics_free(metrics);
}

static void limits(void **state)
{
	struct box *box = *state;
	const struct heal_rule *rule = &healing_rules(box->f->packs)->items[0];
	assert_int_equal(rule->cooldown_s, 300); /* [flow.md 9] */
	assert_int_equal(rule->max_per_hour, 3);
	assert_true(heal_may(rule, 0, 0, 1000 * S));
	assert_false(heal_may(rule, 1, 1000 * S, 1300 * S - 1));
	assert_true(heal_may(rule, 1, 1000 * S, 1300 * S));
	assert_true(heal_may(rule, 2, 1000 * S, 1300 * S));
	assert_false(heal_may(rule, 3, 1000 * S, 2000 * S));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cache_of_no_use_is_cleared),
		TEST(what_is_well_stays),
		TEST(not_too_often_and_it_is_told),
		TEST(helpers_that_are_silent_are_restarted),
		TEST(calls_that_fail_open_the_breaker),
		TEST(work_of_failed_agents_is_reassigned),
		TEST(an_installation_has_rules_of_its_own),
		TEST(a_workflow_that_fails_is_paused),
		TEST(rules_that_make_no_sense_are_refused),
		TEST(metrics_count_agents_and_incidents),
		TEST(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
