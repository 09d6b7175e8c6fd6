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
#include "flow/domain/datum.h"
#include "flow/domain/healing.h"
#include "flow/healing.h"
#include "flow/health_metrics.h"
#include "flow/llm_cache.h"
#include "http/metrics.h"
#include "seal/outbox.h"
#include "store/store.h"

#define S INT64_C(1000000)

struct box {
	struct agents_fixture *f;
	struct llm_cache *cache;
	struct healing *healing;
	double memory[8]; /* what is told, look by look; the last from then on */
	size_t told;
};

static double tell_memory(void *self)
{
	struct box *box = self;
	double percent = box->memory[box->told];
	box->told += box->told < 7;
	return percent;
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
	open_healing(box, box->f->exprs);
	*state = box;
	return 0;
}

static int close_box(void **state)
{
	struct box *box = *state;
	healing_close(box->healing);
	llm_cache_close(box->cache);
	agents_fixture_free((void **)&box->f);
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
	for (size_t i = 0; i < HEAL_RULES; i++)
		assert_true(metric_is(
			metrics, arena_printf(&box->f->arena, "countersign_flow_healings_total{rule=\"%s\",outcome=\"helped\"} 0\n",
								  heal_rules[i].name)));
	ask(box, 0, 500);
	remember(box, 90, 90);
	pass(box, 15);
	assert_true(
		metric_is(metrics, "countersign_flow_healings_total{rule=\"cache_useless\",outcome=\"not_helped\"} 1\n"));
	metrics_free(metrics);
}

static void limits(void **state)
{
	(void)state;
	const struct heal_rule *rule = &heal_rules[0];
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
		TEST(a_cache_of_no_use_is_cleared),       TEST(what_is_well_stays),
		TEST(not_too_often_and_it_is_told),       TEST(helpers_that_are_silent_are_restarted),
		TEST(metrics_count_agents_and_incidents), cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
