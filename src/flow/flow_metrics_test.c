#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "flow/domain/datum.h"
#include "flow/flow_api.h"
#include "flow/llm_cache.h"
#include "flow/runs_fixture.h"
#include "http/metrics.h"
#include "store/store.h"

/* Each metric of runs, by its name and what it counts [flow.md 11; P-11.2]. */

struct view {
	struct metrics *metrics;
	struct llm_cache *cache;
};

static struct view open_view(struct runs_fixture *f)
{
	struct view view = {metrics_new(), llm_cache_open(f->base->store, &f->base->env.env)};
	flow_api_metrics(f->flow, view.metrics, view.cache);
	return view;
}

static void close_view(struct view *view)
{
	llm_cache_close(view->cache);
	metrics_free(view->metrics);
}

static void assert_told(const struct view *view, const char *sample)
{
	char line[200];
	struct buf text;
	buf_init(&text, 0);
	metrics_render(view->metrics, &text);
	snprintf(line, sizeof line, "\ncountersign_flow_%s\n", sample);
	bool is = strstr(buf_text(&text), line) != NULL;
	if (!is)
		print_message("no %s in %s\n", sample, buf_text(&text));
	buf_fini(&text);
	assert_true(is);
}

static void test_each_name_and_type(void **state)
{
	static const char *const families[] = {
		"runs gauge",
		"steps_total counter",
		"turns_total counter",
		"commit_batch_size histogram",
		"timer_lag_seconds histogram",
		"retries_total counter",
		"stuck_total counter",
		"cache_hits_total counter",
		"cache_misses_total counter",
		"cache_evictions_total counter",
		"cache_saved_total counter",
		"cache_entries gauge",
		"cache_bytes gauge",
		"budgets gauge",
		"memories gauge",
		"memory_bytes gauge",
		"memory_dedup_hits_total counter",
		"memory_evictions_total counter",
		"memory_expiries_total counter",
	};
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	struct buf text;
	char line[120];
	buf_init(&text, 0);
	metrics_render(view.metrics, &text);
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		snprintf(line, sizeof line, "\n# TYPE countersign_flow_%s\n", families[i]);
		if (strstr(buf_text(&text), line) == NULL)
			print_message("no %s\n", families[i]);
		assert_non_null(strstr(buf_text(&text), line));
	}
	buf_fini(&text);
	close_view(&view);
}

static void test_runs_by_status(void **state)
{
	static const char *const none[] = {"pending",   "running", "waiting",  "suspended",
									   "completed", "faulted", "cancelled"};
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	char sample[64];
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		snprintf(sample, sizeof sample, "runs{status=\"%s\"} 0", none[i]);
		assert_told(&view, sample);
	}
	runs_start(f, "[{\"a\":{\"set\":{\"x\":1}}}]", "{}");
	assert_true(runs_is(f, "completed"));
	runs_start(f, "[{\"a\":{\"wait\":{\"hours\":1}}}]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_told(&view, "runs{status=\"completed\"} 1");
	assert_told(&view, "runs{status=\"waiting\"} 1");
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_told(&view, "runs{status=\"waiting\"} 0");
	assert_told(&view, "runs{status=\"suspended\"} 1");
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_told(&view, "runs{status=\"cancelled\"} 1");
	close_view(&view);
}

static void test_steps_and_commits(void **state)
{
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	assert_told(&view, "steps_total{outcome=\"completed\"} 0");
	runs_start(f,
			   "[{\"a\":{\"set\":{\"x\":1}}},{\"b\":{\"if\":\"${ false }\",\"set\":{\"x\":1}}},"
			   "{\"c\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}]",
			   "{}");
	assert_true(runs_is(f, "faulted"));
	assert_told(&view, "steps_total{outcome=\"completed\"} 1");
	assert_told(&view, "steps_total{outcome=\"skipped\"} 1");
	assert_told(&view, "steps_total{outcome=\"faulted\"} 1");
	assert_told(&view, "steps_total{outcome=\"cancelled\"} 0");
	assert_told(&view, "turns_total{outcome=\"committed\"} 1");
	assert_told(&view, "turns_total{outcome=\"failed\"} 0");
	/* one commit */
	assert_told(&view, "commit_batch_size_bucket{le=\"4\"} 0");
	assert_told(&view, "commit_batch_size_bucket{le=\"8\"} 1");
	assert_told(&view, "commit_batch_size_bucket{le=\"+Inf\"} 1");
	assert_told(&view, "commit_batch_size_sum 6");
	assert_told(&view, "commit_batch_size_count 1");
	runs_start(f, "[{\"a\":{\"wait\":{\"hours\":1}}}]", "{}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_told(&view, "steps_total{outcome=\"cancelled\"} 1");
	close_view(&view);
}

static void test_timers_and_retries(void **state)
{
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	runs_start(f, "[{\"a\":{\"wait\":{\"seconds\":1}}}]", "{}");
	runs_pass(f, 1200);
	assert_true(runs_is(f, "completed"));
	assert_told(&view, "timer_lag_seconds_bucket{le=\"0.1\"} 0");
	assert_told(&view, "timer_lag_seconds_bucket{le=\"0.25\"} 1");
	assert_told(&view, "timer_lag_seconds_sum 0.2");
	assert_told(&view, "retries_total 0");
	runs_start(f,
			   "[{\"t\":{\"try\":[{\"r\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}],"
			   "\"catch\":{\"retry\":{\"delay\":{\"milliseconds\":0},\"limit\":{\"attempt\":{\"count\":2}}}}}}]",
			   "{}");
	assert_true(runs_is(f, "faulted"));
	assert_told(&view, "retries_total 2");
	assert_told(&view, "steps_total{outcome=\"faulted\"} 4"); /* three attempts of r, and t */
	close_view(&view);
}

static void test_cache(void **state)
{
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	struct llm_lookup lookup = {.account_id = FIXTURE_ACCOUNT, .model = "m", .key = "k", .family = "f"};
	struct llm_hit hit;
	assert_false(llm_cache_find(view.cache, &lookup, &hit));
	struct datum *answer = datum_text("{\"message\":1}", 13);
	llm_cache_keep(view.cache, &lookup, answer, 2500000);
	assert_true(llm_cache_find(view.cache, &lookup, &hit));
	datum_unref(hit.answer);
	llm_cache_called(view.cache, false);
	assert_told(&view, "cache_hits_total{level=\"l1\"} 1");
	assert_told(&view, "cache_misses_total{level=\"l1\"} 1");
	assert_told(&view, "cache_misses_total{level=\"l2\"} 1");
	assert_told(&view, "cache_misses_total{level=\"l4\"} 1");
	assert_told(&view, "cache_saved_total{level=\"l1\"} 2.5");
	assert_told(&view, "cache_entries{level=\"l1\"} 1");
	assert_told(&view, "cache_evictions_total{level=\"l1\"} 0");
	datum_unref(answer);
	close_view(&view);
}

static void budget(struct runs_fixture *f, const char *scope_id, const char *cost)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/cost/budgets",
								 "{\"scope\":\"agent\",\"scope_id\":\"%s\",\"allocated_budget\":\"10\","
								 "\"currency\":\"USD\",\"window\":\"day\"}",
								 scope_id),
					 201);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/cost/track",
					"{\"agent_id\":\"%s\",\"operation_type\":\"compute\",\"provider\":\"p\",\"cost\":\"%s\"}", scope_id,
					cost),
		201);
}

static void test_budgets(void **state)
{
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	budget(f, "a", "7.99");
	budget(f, "b", "8");
	budget(f, "c", "9.5");
	budget(f, "d", "10");
	assert_told(&view, "budgets{status=\"active\"} 1");
	assert_told(&view, "budgets{status=\"warning\"} 1");
	assert_told(&view, "budgets{status=\"critical\"} 1");
	assert_told(&view, "budgets{status=\"exhausted\"} 1");
	env_sim_advance(&f->base->env, INT64_C(86400000000)); /* a new window starts empty */
	assert_told(&view, "budgets{status=\"active\"} 4");
	close_view(&view);
}

static void test_memory(void **state)
{
	struct runs_fixture *f = *state;
	struct view view = open_view(f);
	for (int i = 0; i < 2; i++)
		assert_true(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/memory/working",
								"{\"agent_id\":\"a\",\"content\":\"12345\",\"memory_type\":\"action\"}") < 300);
	assert_told(&view, "memories{tier=\"l1\"} 1");
	assert_told(&view, "memories{tier=\"l4\"} 0");
	assert_told(&view, "memory_bytes{tier=\"l1\"} 5");
	assert_told(&view, "memory_dedup_hits_total{tier=\"l1\"} 1");
	assert_told(&view, "memory_evictions_total{tier=\"l1\"} 0");
	assert_told(&view, "memory_expiries_total{tier=\"l1\"} 0");
	close_view(&view);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_each_name_and_type),
		WITH_FIXTURE(test_runs_by_status),
		WITH_FIXTURE(test_steps_and_commits),
		WITH_FIXTURE(test_timers_and_retries),
		WITH_FIXTURE(test_cache),
		WITH_FIXTURE(test_budgets),
		WITH_FIXTURE(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
