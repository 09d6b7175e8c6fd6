#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/err.h"
#include "flow/agents_fixture.h"
#include "seal/outbox.h"
#include "store/store.h"

#define HEALTH "/api/v1/flow/health"
#define S INT64_C(1000000)
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static int beat(struct agents_fixture *f, const char *agent_id, double memory_mb, int failed)
{
	return fixture_ask(f, "ops", "POST", HEALTH "/heartbeat",
					   "{\"agent_id\":\"%s\",\"run_id\":\"run-1\",\"memory_usage_mb\":%g,\"cpu_usage_percent\":0,"
					   "\"completed_tasks_count\":1,\"failed_tasks_count\":%d}",
					   agent_id, memory_mb, failed);
}

static void healthy(struct agents_fixture *f, const char *agent_id)
{
	assert_int_equal(beat(f, agent_id, 0, 0), 200);
	assert_string_equal(fixture_text(f, "result.status"), "healthy");
}

/* 0.4·(0 + 1)/2 + 0.3 + 0.3/(1 + failed) */
static void poor(struct agents_fixture *f, const char *agent_id)
{
	assert_int_equal(beat(f, agent_id, 4096, 1), 200);
	assert_string_equal(fixture_text(f, "result.status"), "degraded");
}

static int incidents(struct agents_fixture *f, const char *query)
{
	assert_int_equal(fixture_ask(f, "vic", "GET", arena_printf(&f->arena, HEALTH "/incidents?%s", query), NULL), 200);
	return (int)fixture_at(f, "result.items")->count;
}

struct counting {
	const char *event;
	int count;
};

static void count_one(void *self, const struct outbox_event *event)
{
	struct counting *c = self;
	c->count += strcmp(event->event, c->event) == 0;
}

static int events(struct agents_fixture *f, const char *event)
{
	const char *const topics[] = {"health", NULL};
	struct counting c = {.event = event};
	const struct outbox_filter filter = {.topics = topics, .limit = 1000};
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(outbox_read(db, &filter, &f->arena, count_one, &c, &err));
	store_read_end(f->store, db);
	return c.count;
}

static void a_heartbeat_is_scored(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(fixture_ask(f, "ops", "POST", "/api/v3/health/heartbeat",
								 "{\"agent_id\":\"a\",\"workflow_execution_id\":\"run-1\",\"memory_usage_mb\":1024,"
								 "\"cpu_usage_percent\":50,\"working_memory_count\":3,\"episodic_memory_count\":4,"
								 "\"cost_consumed\":20,\"budget_remaining\":\"80\",\"active_tasks_count\":2,"
								 "\"completed_tasks_count\":9,\"failed_tasks_count\":1}"),
					 200);
	assert_number(fixture_number_at(f, "result.health_score"), .71);
	assert_string_equal(fixture_text(f, "result.status"), "degraded");
	assert_string_equal(fixture_text(f, "result.workflow_execution_id"), "run-1");
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_string_equal(fixture_text(f, "result.run_id"), "run-1");
	assert_null(fixture_at(f, "result.execution_id"));
	assert_string_equal(fixture_text(f, "result.cost_consumed"), "20");
	assert_number(fixture_number_at(f, "result.budget_remaining_micros"), 80e6);
	assert_number(fixture_number_at(f, "result.active_tasks_count"), 2);
	assert_number(fixture_number_at(f, "result.recovery_attempts"), 0);
	assert_int_equal(fixture_at(f, "result.anomalies")->kind, JS_NULL);
	assert_int_equal(fixture_ask(f, "eve", "GET", HEALTH "/agent/a", NULL), 404);
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/b", NULL), 404);
	assert_int_equal(events(f, "agent.degraded"), 1);
	assert_true(fixture_chain_sound(f));
}

static void bad_heartbeats_are_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} rows[] = {
		{"{\"memory_usage_mb\":1,\"cpu_usage_percent\":1}", "/agent_id", "required"},
		{"{\"agent_id\":\"a\",\"memory_usage_mb\":1,\"cpu_usage_percent\":100.5}", "/cpu_usage_percent", "range"},
		{"{\"agent_id\":\"a\",\"memory_usage_mb\":-1,\"cpu_usage_percent\":1}", "/memory_usage_mb", "range"},
		{"{\"agent_id\":\"a\",\"memory_usage_mb\":1,\"cpu_usage_percent\":1,\"failed_tasks_count\":-1}",
		 "/failed_tasks_count", "range"},
		{"{\"agent_id\":\"a\",\"memory_usage_mb\":1,\"cpu_usage_percent\":1,\"cost_consumed\":-1}", "/cost_consumed",
		 "format"},
		{"{\"agent_id\":\"a\",\"memory_usage_mb\":1,\"cpu_usage_percent\":1,\"budget_remaining\":\"x\"}",
		 "/budget_remaining", "format"},
	};
	struct agents_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/heartbeat", "%s", rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	assert_int_equal(fixture_ask(f, "vic", "POST", HEALTH "/heartbeat", "%s", rows[1].body), 403);
}

static void a_fall_opens_one_incident(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(beat(f, "a", 4096, 9), 200); /* 0.2 + 0.3 + 0.03 */
	assert_string_equal(fixture_text(f, "result.status"), "degraded");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/heartbeat",
									 "{\"agent_id\":\"a\",\"memory_usage_mb\":4096,\"cpu_usage_percent\":100,"
									 "\"completed_tasks_count\":1,\"failed_tasks_count\":1}"),
						 200);
		assert_string_equal(fixture_text(f, "result.status"), "critical");
		assert_string_equal(fixture_text(f, "result.error_message"), "Health score 0.450 is critical");
		assert_int_equal(incidents(f, "status=open"), 1);
	}
	assert_string_equal(fixture_text(f, "result.items.0.severity"), "high");
	assert_string_equal(fixture_text(f, "result.items.0.run_id"), "run-1"); /* as it said before */
	assert_number(fixture_number_at(f, "result.items.0.health_score"), .45);
	assert_number(fixture_number_at(f, "result.items.0.failure_rate"), .5);
	const char *id = fixture_keep(f, "result.items.0.incident_id");
	healthy(f, "a");
	assert_int_equal(beat(f, "a", 4096, 99), 200); /* 0.503 */
	assert_int_equal(fixture_ask(f, "ops", "POST", arena_printf(&f->arena, HEALTH "/incidents/%s/resolve", id), "{}"),
					 200);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/heartbeat",
								 "{\"agent_id\":\"a\",\"memory_usage_mb\":4096,\"cpu_usage_percent\":100,"
								 "\"completed_tasks_count\":0,\"failed_tasks_count\":1}"),
					 200);
	assert_int_equal(incidents(f, "agent_id=a"), 2); /* it fell again, and the first one had ended */
	assert_int_equal(events(f, "incident.opened"), 2);
}

static void silence_is_noticed_once(void **state)
{
	struct agents_fixture *f = *state;
	struct err err;
	healthy(f, "a");
	env_sim_advance(&f->env, 30 * S);
	healthy(f, "b");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/detect-failures", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0); /* 30 s are not longer than 30 s */
	env_sim_advance(&f->env, 1);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/detect-failures", "{\"threshold_seconds\":31}"), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
	assert_int_equal(fixture_ask(f, "eve", "POST", HEALTH "/detect-failures", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/detect-failures", "{}"), 200);
	assert_number(fixture_number_at(f, "result.total"), 1);
	assert_string_equal(fixture_text(f, "result.health_statuses.0.agent_id"), "a");
	assert_string_equal(fixture_text(f, "result.health_statuses.0.status"), "failed");
	assert_number(fixture_number_at(f, "result.health_statuses.0.health_score"), 0);
	assert_string_equal(fixture_text(f, "result.health_statuses.0.error_message"), "Agent heartbeat lost");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/detect-failures", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/a", NULL), 200);
	env_sim_advance(&f->env, 3 * S);
	healthy(f, "b");
	env_sim_advance(&f->env, 28 * S);
	assert_true(agents_chores(f->agents, &err)); /* silent again, of the same silence: failed, and no second incident */
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), "failed");
	assert_int_equal(incidents(f, "severity=critical"), 1);
	assert_string_equal(fixture_text(f, "result.items.0.title"), "Agent heartbeat lost");
	healthy(f, "a");
	assert_int_equal(events(f, "agent.returned"), 1);
	env_sim_advance(&f->env, 31 * S);
	assert_true(agents_chores(f->agents, &err));
	assert_int_equal(incidents(f, "severity=critical&agent_id=a"), 2); /* another silence */
	assert_int_equal(events(f, "agent.failed"), 4);
	assert_true(fixture_chain_sound(f));
}

/* The timer: every 15 s, 30 s of silence; nothing is held against an agent that nobody could hear. */
static void the_clock_finds_the_dead_within_two_intervals(void **state)
{
	struct agents_fixture *f = *state;
	struct err err;
	healthy(f, "a");
	int64_t last_s = 0, found_s = 0;
	for (int second = 1; second <= 100 && found_s == 0; second++) {
		env_sim_advance(&f->env, S);
		if (second == 20) {
			healthy(f, "a");
			last_s = second;
		}
		assert_true(agents_chores(f->agents, &err));
		assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
		if (strcmp(fixture_text(f, "result.status"), "failed") == 0)
			found_s = second;
	}
	assert_true(found_s - last_s > 30 && found_s - last_s <= 60);
	healthy(f, "a");
	env_sim_advance(&f->env, 600 * S); /* the server was down */
	const struct budget_hooks none = {.self = NULL};
	fixture_reopen(f, &none);
	assert_true(agents_chores(f->agents, &err));
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), "healthy");
}

static void recovery_is_counted_and_bounded(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/a", NULL), 404);
	healthy(f, "a");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/a", NULL), 409);
	assert_string_equal(fixture_text(f, "code"), "transition_refused");
	assert_string_equal(fixture_text(f, "current_status"), "healthy");
	for (int i = 1; i <= 3; i++) {
		poor(f, "a");
		assert_int_equal(fixture_ask(f, "ops", "POST", "/api/v3/health/recover/a", NULL), 200);
		assert_string_equal(fixture_text(f, "result.status"), "recovering");
		assert_number(fixture_number_at(f, "result.recovery_attempts"), i);
		assert_int_equal(beat(f, "a", 4096, 1), 200);
		assert_string_equal(fixture_text(f, "result.status"), "recovering"); /* only a healthy one ends it */
		healthy(f, "a");
	}
	poor(f, "a");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/a", NULL), 409);
	assert_string_equal(fixture_text(f, "current_status"), "degraded");
	healthy(f, "a");
	env_sim_advance(&f->env, 3600 * S);
	poor(f, "a");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/a", NULL), 200);
	assert_number(fixture_number_at(f, "result.recovery_attempts"), 1);
	assert_int_equal(events(f, "agent.recovered"), 3);
}

static void incidents_are_reported_listed_and_ended(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/incidents",
								 "{\"agent_id\":\"a\",\"run_id\":\"r\",\"severity\":\"low\",\"title\":\"t\","
								 "\"description\":\"d\",\"error_message\":\"e\",\"health_score\":0.5,"
								 "\"failure_rate\":0.25}"),
					 201);
	const char *id = fixture_keep(f, "result.incident_id");
	assert_string_equal(fixture_text(f, "result.status"), "open");
	assert_number(fixture_number_at(f, "result.failure_rate"), .25);
	const char *path = arena_printf(&f->arena, "/api/v3/health/incidents/%s/resolve", id);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/incidents",
									 "{\"agent_id\":\"b\",\"severity\":\"medium\",\"title\":\"t%d\"}", i),
						 201);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/incidents",
								 "{\"agent_id\":\"b\",\"severity\":\"bad\",\"failure_rate\":2}"),
					 422);
	assert_int_equal(fixture_at(f, "errors")->count, 3);
	assert_int_equal(incidents(f, "limit=3"), 3);
	assert_string_equal(fixture_text(f, "result.items.0.title"), "t2"); /* the newest first */
	const char *cursor = fixture_keep(f, "result.next_cursor");
	assert_int_equal(incidents(f, arena_printf(&f->arena, "limit=3&cursor=%s", cursor)), 1);
	assert_string_equal(fixture_text(f, "result.items.0.incident_id"), id);
	assert_int_equal(fixture_at(f, "result.next_cursor")->kind, JS_NULL);
	assert_int_equal(fixture_ask(f, "eve", "POST", path, "{}"), 404);
	assert_int_equal(fixture_ask(f, "vic", "POST", path, "{}"), 403);
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"status\":\"open\"}"), 409);
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"status\":\"investigating\"}"), 200);
	assert_int_equal(fixture_at(f, "result.resolved_at")->kind, JS_NULL);
	assert_int_equal(incidents(f, "status=investigating"), 1);
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"status\":\"ignored\",\"resolution\":\"a test\"}"), 200);
	assert_string_equal(fixture_text(f, "result.status"), "ignored");
	assert_string_equal(fixture_text(f, "result.resolution"), "a test");
	assert_string_equal(fixture_text(f, "result.execution_id"), "r");
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{}"), 409);
	assert_string_equal(fixture_text(f, "current_status"), "ignored");
	assert_int_equal(fixture_at(f, "allowed")->count, 0);
	assert_true(fixture_chain_sound(f));
}

static void a_run_has_a_summary(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/summary/run-1", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
	assert_int_equal(fixture_at(f, "result.average_score")->kind, JS_NULL);
	poor(f, "f");
	env_sim_advance(&f->env, 31 * S);
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/detect-failures", NULL), 200);
	healthy(f, "a");
	healthy(f, "b");
	poor(f, "c");
	poor(f, "d");
	assert_int_equal(fixture_ask(f, "ops", "POST", HEALTH "/recover/d", NULL), 200);
	assert_int_equal(fixture_ask(f, "vic", "GET", "/api/v3/health/summary/run-1", NULL), 200);
	assert_string_equal(fixture_text(f, "result.workflow_execution_id"), "run-1");
	assert_number(fixture_number_at(f, "result.total"), 5);
	assert_number(fixture_number_at(f, "result.healthy"), 2);
	assert_number(fixture_number_at(f, "result.degraded"), 1);
	assert_number(fixture_number_at(f, "result.critical"), 0);
	assert_number(fixture_number_at(f, "result.failed"), 1);
	assert_number(fixture_number_at(f, "result.recovering"), 1);
	assert_number(fixture_number_at(f, "result.open_incidents"), 1);
	assert_number(fixture_number_at(f, "result.healthy_percent"), 40);
	assert_number(fixture_number_at(f, "result.average_score"), (1 + 1 + .65 + .65 + 0) / 5);
	assert_int_equal(fixture_ask(f, "eve", "GET", HEALTH "/summary/run-1", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
}

static void unusual_figures_are_judged_from_a_hundred_on(void **state)
{
	struct agents_fixture *f = *state;
	for (int i = 0; i < 101; i++) {
		assert_int_equal(beat(f, "a", 500 + i % 10, 0), 200);
		env_sim_advance(&f->env, 10 * S);
		if (i == 99) { /* 99 before the last */
			assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
			assert_int_equal(fixture_at(f, "result.anomalies")->kind, JS_NULL);
		}
	}
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_string_equal(fixture_text(f, "result.anomalies.1.series"), "memory_usage_mb");
	assert_string_equal(fixture_text(f, "result.anomalies.1.level"), "normal");
	assert_int_equal(beat(f, "a", 900, 0), 200);
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_string_equal(fixture_text(f, "result.anomalies.1.level"), "critical");
	assert_string_equal(fixture_text(f, "result.anomalies.2.level"), "normal"); /* the processor never varied */
	env_sim_advance(&f->env, 8 * 24 * 3600 * S);
	assert_int_equal(fixture_ask(f, "vic", "GET", HEALTH "/agent/a", NULL), 200);
	assert_int_equal(fixture_at(f, "result.anomalies")->kind, JS_NULL); /* seven days are over */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, agents_fixture_new, agents_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_heartbeat_is_scored),
		TEST(bad_heartbeats_are_refused),
		TEST(a_fall_opens_one_incident),
		TEST(silence_is_noticed_once),
		TEST(the_clock_finds_the_dead_within_two_intervals),
		TEST(recovery_is_counted_and_bounded),
		TEST(incidents_are_reported_listed_and_ended),
		TEST(a_run_has_a_summary),
		TEST(unusual_figures_are_judged_from_a_hundred_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
