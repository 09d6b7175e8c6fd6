#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/err.h"
#include "flow/agents_fixture.h"
#include "flow/domain/money.h"
#include "seal/outbox.h"
#include "store/store.h"

#define COST "/api/v1/flow/cost"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static const char *budget_new(struct agents_fixture *f, const char *body)
{
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/budgets", "%s", body), 201);
	return fixture_keep(f, "result.budget_id");
}

static const char *path_of(struct agents_fixture *f, const char *id, const char *rest)
{
	return arena_printf(&f->arena, COST "/budgets/%s%s", id, rest);
}

static int track(struct agents_fixture *f, const char *run_id, const char *cost)
{
	return fixture_ask(f, "ops", "POST", COST "/track",
					   "{\"run_id\":\"%s\",\"operation_type\":\"compute\",\"provider\":\"p\",\"cost\":%s}", run_id,
					   cost);
}

static int reserve(struct agents_fixture *f, const char *run_id, const char *amount)
{
	return fixture_ask(f, "ops", "POST", COST "/reservations", "{\"run_id\":\"%s\",\"amount\":%s}", run_id, amount);
}

static int end(struct agents_fixture *f, const char *reservation_id, const char *how, const char *body)
{
	return fixture_ask(f, "ops", "POST", arena_printf(&f->arena, COST "/reservations/%s/%s", reservation_id, how),
					   body == NULL ? NULL : "%s", body);
}

static void look(struct agents_fixture *f, const char *id)
{
	assert_int_equal(fixture_ask(f, "vic", "GET", path_of(f, id, ""), NULL), 200);
}

/* consumed, reserved, remaining and overspent of a budget, in micro-units. */
static void assert_money(struct agents_fixture *f, const char *id, double consumed, double reserved, double remaining,
						 double overspent)
{
	look(f, id);
	assert_number(fixture_number_at(f, "result.consumed_budget_micros"), consumed * 1e6);
	assert_number(fixture_number_at(f, "result.reserved_micros"), reserved * 1e6);
	assert_number(fixture_number_at(f, "result.remaining_budget_micros"), remaining * 1e6);
	assert_number(fixture_number_at(f, "result.overspent_micros"), overspent * 1e6);
}

static void a_budget_is_made_read_and_listed(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = budget_new(f, "{\"scope\":\"run\",\"scope_id\":\"r\",\"allocated_budget\":\"12.50\"}");
	assert_string_equal(loopback_header(&f->answer, "Location"), path_of(f, id, ""));
	assert_string_equal(fixture_text(f, "result.allocated_budget"), "12.5");
	assert_number(fixture_number_at(f, "result.allocated_budget_micros"), 12500000);
	assert_string_equal(fixture_text(f, "result.status"), "active");
	assert_string_equal(fixture_text(f, "result.currency"), "USD");
	assert_number(fixture_number_at(f, "result.thresholds.critical"), .95);
	assert_int_equal(fixture_ask(f, "ops", "POST", "/api/v3/cost/budget",
								 "{\"workflow_execution_id\":\"r\",\"allocated_budget\":1}"),
					 409);
	assert_string_equal(fixture_text(f, "code"), "duplicate");
	assert_int_equal(fixture_ask(f, "ops", "POST", "/api/v3/cost/budget",
								 "{\"workflow_execution_id\":\"r2\",\"allocated_budget\":1}"),
					 201);
	assert_string_equal(fixture_text(f, "result.workflow_execution_id"), "r2");
	budget_new(f, "{\"scope\":\"run\",\"scope_id\":\"r\",\"window\":\"day\",\"allocated_budget\":1}");
	budget_new(f, "{\"agent_id\":\"a\",\"allocated_budget\":1}");
	assert_string_equal(fixture_text(f, "result.scope"), "agent");
	budget_new(f, "{\"scope\":\"tenant\",\"allocated_budget\":1}");
	assert_string_equal(fixture_text(f, "result.scope_id"), FIXTURE_ACCOUNT);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/budgets?limit=2", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.scope"), "tenant");
	const char *next = fixture_keep(f, "result.next_cursor");
	assert_int_equal(
		fixture_ask(f, "vic", "GET", arena_printf(&f->arena, COST "/budgets?limit=2&scope=run&cursor=%s", next), NULL),
		400);
	assert_int_equal(
		fixture_ask(f, "vic", "GET", arena_printf(&f->arena, COST "/budgets?limit=5&cursor=%s", next), NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 3);
	assert_int_equal(fixture_at(f, "result.next_cursor")->kind, JS_NULL);
	assert_int_equal(fixture_ask(f, "eve", "GET", path_of(f, id, ""), NULL), 404);
	assert_int_equal(fixture_ask(f, "vic", "GET", path_of(f, "nothing", ""), NULL), 404);
	assert_int_equal(fixture_ask(f, "eve", "GET", COST "/budgets", NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_true(fixture_chain_sound(f));
}

static void bad_bodies_are_refused(void **state)
{
	static const struct {
		const char *path, *body, *pointer, *code;
	} rows[] = {
		{"/budgets", "{\"scope_id\":\"r\"}", "/allocated_budget", "required"},
		{"/budgets", "{\"allocated_budget\":1}", "/scope_id", "required"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":0}", "/allocated_budget", "range"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":-1}", "/allocated_budget", "format"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":\"1e3\"}", "/allocated_budget", "format"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1,\"currency\":\"usd\"}", "/currency", "format"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1,\"currency\":\"USDX\"}", "/currency", "length"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1,\"tz\":\"Mars/Base\"}", "/tz", "time_zone"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1,\"window\":\"year\"}", "/window", "enum"},
		{"/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1,\"warning_threshold\":0.95}", "/critical_threshold",
		 "range"},
		{"/budgets", "{\"scope\":\"tenant\",\"scope_id\":\"x\",\"allocated_budget\":1}", "/scope_id", "conflict"},
		{"/track", "{\"operation_type\":\"compute\"}", "/cost", "required"},
		{"/track", "{\"operation_type\":\"compute\",\"cost\":-0.01}", "/cost", "format"},
		{"/track", "{\"operation_type\":\"coffee\",\"cost\":1}", "/operation_type", "enum"},
		{"/track", "{\"cost\":1}", "/operation_type", "required"},
		{"/track", "{\"operation_type\":\"compute\",\"cost\":1,\"metadata\":[]}", "/metadata", "type"},
		{"/reservations", "{\"amount\":1}", "/run_id", "required"},
		{"/reservations", "{\"run_id\":\"r\",\"amount\":0}", "/amount", "range"},
		{"/reservations", "{\"run_id\":\"r\",\"amount\":1,\"ttl_s\":0}", "/ttl_s", "range"},
		{"/enforce", "{}", "/run_id", "required"},
		{"/estimate", "{\"model\":\"nobody\",\"tokens\":{}}", "/model", "unknown_model"},
	};
	struct agents_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(
			fixture_ask(f, "ops", "POST", arena_printf(&f->arena, COST "%s", rows[i].path), "%s", rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	assert_int_equal(fixture_ask(f, "vic", "POST", COST "/budgets", "{\"scope_id\":\"r\",\"allocated_budget\":1}"),
					 403);
	assert_int_equal(fixture_ask(f, "nobody", "GET", COST "/budgets", NULL), 401);
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/reservations", "{\"run_id\":\"none\",\"amount\":1}"), 404);
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/enforce", "{\"run_id\":\"none\"}"), 404);
	assert_int_equal(fixture_ask(f, "ops", "GET", COST "/workflow/none", NULL), 404);
}

/* Every covering budget gives the money, or none does; the first that has not enough is named. */
static void all_covering_budgets_or_none(void **state)
{
	struct agents_fixture *f = *state;
	const char *run = budget_new(f, "{\"scope\":\"run\",\"scope_id\":\"r\",\"allocated_budget\":10}");
	const char *agent = budget_new(f, "{\"scope\":\"agent\",\"scope_id\":\"a\",\"allocated_budget\":5}");
	const char *tenant = budget_new(f, "{\"scope\":\"tenant\",\"allocated_budget\":100}");
	const char *body = "{\"run_id\":\"r\",\"agent_id\":\"a\",\"amount\":\"4\",\"purpose\":\"llm\"}";
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/reservations", "%s", body), 201);
	const char *first = fixture_keep(f, "result.reservation_id");
	assert_int_equal(fixture_at(f, "result.budget_ids")->count, 3);
	assert_string_equal(fixture_text(f, "result.budget_ids.0"), run);
	assert_string_equal(fixture_text(f, "result.available"), "1");
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/reservations", "%s", body), 402);
	assert_string_equal(fixture_text(f, "code"), "budget_exceeded");
	assert_string_equal(fixture_text(f, "budget_id"), agent);
	assert_string_equal(fixture_text(f, "available"), "1");
	assert_string_equal(fixture_text(f, "requested"), "4");
	assert_money(f, run, 0, 4, 6, 0);
	assert_money(f, tenant, 0, 4, 96, 0);
	assert_int_equal(end(f, first, "settle", "{\"actual\":\"1.5\"}"), 200);
	assert_string_equal(fixture_text(f, "result.status"), "settled");
	assert_money(f, run, 1.5, 0, 8.5, 0);
	assert_money(f, agent, 1.5, 0, 3.5, 0);
	assert_int_equal(end(f, first, "settle", "{\"actual\":\"9\"}"), 200); /* the first result again */
	assert_string_equal(fixture_text(f, "result.actual"), "1.5");
	assert_int_equal(end(f, first, "release", NULL), 409);
	assert_money(f, run, 1.5, 0, 8.5, 0);
	/* by a budget's id: whom it covers */
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/reservations", "{\"budget_id\":\"%s\",\"amount\":8.5}", run),
					 201);
	const char *second = fixture_keep(f, "result.reservation_id");
	assert_int_equal(fixture_at(f, "result.budget_ids")->count, 2);
	assert_int_equal(end(f, second, "release", NULL), 200);
	assert_int_equal(end(f, second, "release", NULL), 200);
	assert_int_equal(end(f, second, "settle", "{\"actual\":1}"), 409);
	assert_money(f, run, 1.5, 0, 8.5, 0);
	assert_int_equal(end(f, run, "release", NULL), 404);
	assert_int_equal(
		fixture_ask(f, "eve", "POST", arena_printf(&f->arena, COST "/reservations/%s/release", second), NULL), 404);
	assert_true(fixture_chain_sound(f));
}

/* What is spent already is recorded, also beyond the limit. */
static void more_than_there_is_shows_as_overspent(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":10}");
	assert_int_equal(reserve(f, "r", "2"), 201);
	const char *reservation = fixture_keep(f, "result.reservation_id");
	assert_int_equal(end(f, reservation, "settle", "{\"actual\":3}"), 200);
	assert_string_equal(fixture_text(f, "result.over"), "1");
	assert_int_equal(track(f, "r", "9"), 201);
	assert_money(f, id, 12, 0, 0, 2);
	assert_true(fixture_true(f, "result.is_exhausted"));
	assert_true(fixture_true(f, "result.is_suspended"));
	assert_int_equal(reserve(f, "r", "0.000001"), 402);
	assert_int_equal(fixture_ask(f, "ops", "POST", path_of(f, id, "/topup"), "{\"amount\":\"5\",\"reason\":\"more\"}"),
					 200);
	assert_false(fixture_true(f, "result.is_suspended"));
	assert_money(f, id, 12, 0, 3, 0);
	assert_int_equal(reserve(f, "r", "3.000001"), 402);
	assert_int_equal(reserve(f, "r", "3"), 201);
}

static double events_of(struct agents_fixture *f, const char *id, const char *kind)
{
	double count = 0;
	look(f, id);
	for (uint32_t i = 0; i < fixture_at(f, "result.events")->count; i++)
		count += strcmp(fixture_text(f, arena_printf(&f->arena, "result.events.%u.kind", i)), kind) == 0;
	return count;
}

static void each_threshold_is_raised_once(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":100}");
	assert_int_equal(track(f, "r", "79.999999"), 201);
	assert_number(events_of(f, id, "budget.warning"), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(track(f, "r", "0.000001"), 201);
	assert_number(events_of(f, id, "budget.warning"), 1);
	assert_string_equal(fixture_text(f, "result.status"), "warning");
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/enforce", "{\"workflow_execution_id\":\"r\"}"), 200);
	assert_string_equal(fixture_text(f, "result.events_raised.0.kind"), "budget.warning");
	assert_false(fixture_true(f, "result.should_halt"));
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/enforce", "{\"run_id\":\"r\"}"), 200);
	assert_int_equal(fixture_at(f, "result.events_raised")->count, 0);
	assert_int_equal(reserve(f, "r", "19"), 201); /* what is kept counts */
	const char *reservation = fixture_keep(f, "result.reservation_id");
	assert_number(events_of(f, id, "budget.critical"), 1);
	assert_int_equal(end(f, reservation, "settle", "{\"actual\":\"20\"}"), 200);
	assert_number(events_of(f, id, "budget.exhausted"), 1);
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/enforce", "{\"run_id\":\"r\"}"), 200);
	assert_int_equal(fixture_at(f, "result.events_raised")->count, 2);
	assert_string_equal(fixture_text(f, "result.status"), "exhausted");
	assert_true(fixture_true(f, "result.should_halt"));
	assert_true(fixture_true(f, "result.suspended"));
	/* 100 of 110: warning is still reached, critical and exhausted may be raised again */
	assert_int_equal(fixture_ask(f, "ops", "POST", path_of(f, id, "/topup"), "{\"amount\":10,\"reason\":\"x\"}"), 200);
	assert_int_equal(track(f, "r", "10"), 201);
	assert_number(events_of(f, id, "budget.warning"), 1);
	assert_number(events_of(f, id, "budget.critical"), 2);
	assert_number(events_of(f, id, "budget.exhausted"), 2);
	assert_number(events_of(f, id, "budget.topup"), 1);
}

static void who_only_wants_a_warning_is_not_halted(void **state)
{
	struct agents_fixture *f = *state;
	budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":1,\"on_exhausted\":\"warn\"}");
	assert_int_equal(track(f, "r", "2"), 201);
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/enforce", "{\"run_id\":\"r\"}"), 200);
	assert_string_equal(fixture_text(f, "result.status"), "exhausted");
	assert_false(fixture_true(f, "result.should_halt"));
	assert_false(fixture_true(f, "result.suspended"));
}

static void a_budget_is_changed_by_its_etag(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":100}");
	const char *etag = fixture_keep(f, "result.etag");
	assert_int_equal(track(f, "r", "50"), 201);
	assert_int_equal(fixture_ask_if(f, "ops", "PATCH", path_of(f, id, ""), NULL, "{}"), 428);
	assert_int_equal(fixture_ask_if(f, "ops", "PATCH", path_of(f, id, ""), etag, "{\"allocated_budget\":40}"), 200);
	assert_money(f, id, 50, 0, 0, 10);
	assert_number(fixture_number_at(f, "result.version"), 2);
	assert_int_equal(fixture_ask_if(f, "ops", "PATCH", path_of(f, id, ""), etag, "{\"allocated_budget\":60}"), 412);
	etag = fixture_keep(f, "result.etag");
	look(f, id);
	etag = fixture_keep(f, "result.etag");
	assert_int_equal(fixture_ask_if(f, "ops", "PATCH", path_of(f, id, ""), etag, "{\"warning_threshold\":0.96}"), 422);
	assert_int_equal(fixture_ask_if(f, "ops", "PATCH", path_of(f, id, ""), etag,
									"{\"allocated_budget\":\"200\",\"on_exhausted\":\"fail\"}"),
					 200);
	assert_string_equal(fixture_text(f, "result.status"), "active");
}

static void a_new_window_starts_empty(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":10,\"window\":\"day\"}");
	assert_int_equal(track(f, "r", "6"), 201);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", COST "/reservations", "{\"run_id\":\"r\",\"amount\":4,\"ttl_s\":86400}"), 201);
	const char *reservation = fixture_keep(f, "result.reservation_id");
	assert_int_equal(reserve(f, "r", "1"), 402);
	assert_number(events_of(f, id, "budget.exhausted"), 1);
	env_sim_advance(&f->env, INT64_C(86000) * 1000000);
	assert_money(f, id, 0, 0, 10, 0);
	assert_int_equal(reserve(f, "r", "9"), 201);
	/* what was kept yesterday was spent yesterday */
	assert_int_equal(end(f, reservation, "settle", "{\"actual\":4}"), 200);
	assert_money(f, id, 0, 9, 1, 0);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r", NULL), 200);
	assert_string_equal(fixture_text(f, "result.total_cost"), "10");
	assert_int_equal(track(f, "r", "1"), 201);
	assert_number(events_of(f, id, "budget.exhausted"), 2);
}

static void what_expires_is_free_again(void **state)
{
	struct agents_fixture *f = *state;
	struct err err;
	const char *id = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":10}");
	assert_int_equal(reserve(f, "r", "10"), 201);
	const char *first = fixture_keep(f, "result.reservation_id");
	env_sim_advance(&f->env, INT64_C(299) * 1000000);
	assert_true(agents_chores(f->agents, &err));
	assert_int_equal(reserve(f, "r", "1"), 402);
	env_sim_advance(&f->env, 1000000);
	assert_int_equal(reserve(f, "r", "6"), 201); /* from the second it expires, also before the timer comes by */
	assert_money(f, id, 0, 6, 4, 0);
	assert_int_equal(end(f, first, "release", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), "expired");
	assert_int_equal(end(f, first, "settle", "{\"actual\":2}"), 200); /* it was spent all the same */
	assert_money(f, id, 2, 6, 2, 0);
	env_sim_advance(&f->env, INT64_C(301) * 1000000);
	assert_true(agents_chores(f->agents, &err));
	assert_money(f, id, 2, 0, 8, 0);
}

static void a_call_is_priced_and_summed(void **state)
{
	struct agents_fixture *f = *state;
	budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":1}");
	assert_int_equal(
		fixture_ask(f, "ops", "POST", "/api/v3/cost/record",
					"{\"execution_id\":\"r\",\"agent_id\":\"a\",\"operation_type\":\"llm_inference\","
					"\"provider\":\"openai\",\"model\":\"gpt-4o\",\"tokens\":{\"input\":1200,\"output\":300,"
					"\"cached_input\":800},\"step\":\"s\",\"metadata\":{\"k\":[1]}}"),
		201);
	assert_string_equal(fixture_text(f, "result.cost"), "0.007");
	assert_string_equal(fixture_text(f, "result.execution_id"), "r");
	assert_int_equal(fixture_at(f, "warnings")->count, 0);
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/track",
								 "{\"run_id\":\"r\",\"operation_type\":\"llm_inference\",\"model\":\"new-thing\","
								 "\"tokens\":{\"input\":1000000}}"),
					 201);
	assert_string_equal(fixture_text(f, "result.priced_as"), "unknown");
	assert_string_equal(fixture_text(f, "result.cost"), "1");
	assert_string_equal(fixture_text(f, "warnings.0.code"), "unknown_model");
	assert_int_equal(track(f, "r", "\"0.5\""), 201);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r", NULL), 200);
	assert_string_equal(fixture_text(f, "result.total_cost"), "1.507");
	assert_string_equal(fixture_text(f, "result.cost_by_operation_type.llm_inference"), "1.007");
	assert_string_equal(fixture_text(f, "result.cost_by_operation_type.compute"), "0.5");
	assert_string_equal(fixture_text(f, "result.cost_by_agent.a"), "0.007");
	assert_true(fixture_true(f, "result.budget_exists"));
	assert_string_equal(fixture_text(f, "result.overspent"), "0.507");
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/breakdown?by=model", NULL), 200);
	assert_string_equal(fixture_text(f, "result.breakdown.0.key"), "new-thing");
	assert_int_equal(fixture_at(f, "result.breakdown")->count, 3);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/breakdown?by=day", NULL), 200);
	assert_string_equal(fixture_text(f, "result.breakdown.0.key"), "2025-06-15");
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/breakdown?by=hour", NULL), 422);
	assert_int_equal(track(f, "other", "0.5"), 201);
	assert_int_equal(fixture_ask(f, "vic", "GET", "/api/v3/cost/workflow/other", NULL), 200);
	assert_false(fixture_true(f, "result.budget_exists"));
	assert_null(fixture_at(f, "result.status"));
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/prices", NULL), 200);
	assert_string_equal(fixture_text(f, "result.currency"), "USD");
	assert_int_equal(
		fixture_ask(f, "vic", "POST", COST "/estimate", "{\"model\":\"gpt-4o-mini\",\"tokens\":{\"input\":1}}"), 200);
	assert_string_equal(fixture_text(f, "result.amount"), "0.000001");
	assert_string_equal(fixture_text(f, "result.lines.0.amount"), "0.00000015");
}

static void currencies_do_not_mix(void **state)
{
	struct agents_fixture *f = *state;
	budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":1,\"currency\":\"EUR\"}");
	assert_int_equal(track(f, "r", "0.1"), 201);
	assert_string_equal(fixture_text(f, "result.currency"), "EUR");
	assert_int_equal(fixture_ask(f, "ops", "POST", COST "/track",
								 "{\"run_id\":\"r\",\"operation_type\":\"compute\",\"cost\":1,\"currency\":\"USD\"}"),
					 422);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", COST "/track",
					"{\"run_id\":\"r\",\"operation_type\":\"compute\",\"model\":\"gpt-4o\",\"tokens\":{}}"),
		422);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", COST "/reservations", "{\"run_id\":\"r\",\"amount\":0.1,\"currency\":\"USD\"}"),
		422);
	assert_int_equal(reserve(f, "r", "0.1"), 201);
}

static void the_end_is_projected(void **state)
{
	struct agents_fixture *f = *state;
	budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":50}");
	assert_int_equal(track(f, "r", "25"), 201);
	env_sim_advance(&f->env, INT64_C(3600) * 1000000);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/projection?completion_percentage=25", NULL), 200);
	assert_string_equal(fixture_text(f, "result.projected_total"), "100");
	assert_string_equal(fixture_text(f, "result.method"), "completion");
	assert_string_equal(fixture_text(f, "result.exhausts_at"), "2025-06-15T17:06:40.000000Z");
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/projection", NULL), 200);
	assert_string_equal(fixture_text(f, "result.method"), "none");
	assert_int_equal(fixture_at(f, "result.projected_total")->kind, JS_NULL);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/r/projection?completion_percentage=0", NULL), 422);
}

/* --- the engine's side --- */

struct heard {
	int stops, goes_on;
};

static bool hear_stop(void *self, struct db *db, const struct budget_row *budget, struct err *err)
{
	(void)db;
	(void)budget;
	(void)err;
	((struct heard *)self)->stops++;
	return true;
}

static bool hear_go_on(void *self, struct db *db, const struct budget_row *budget, struct err *err)
{
	(void)db;
	(void)budget;
	(void)err;
	((struct heard *)self)->goes_on++;
	return true;
}

static bool workflow_of(void *self, struct db *db, const char *account_id, const char *run_id, struct arena *arena,
						const char **workflow, bool *known, struct err *err)
{
	(void)self;
	(void)db;
	(void)account_id;
	(void)err;
	*known = strcmp(run_id, "ours") == 0;
	*workflow = *known ? arena_dup(arena, "shop/order") : NULL;
	return true;
}

static bool steps_of(void *self, struct db *db, const char *account_id, const char *run_id, int64_t *completed,
					 int64_t *total, struct err *err)
{
	(void)self;
	(void)db;
	(void)account_id;
	(void)run_id;
	(void)err;
	*completed = 1;
	*total = 4;
	return true;
}

static void runs_of_ours_are_known_stopped_and_let_go_on(void **state)
{
	struct agents_fixture *f = *state;
	struct heard heard = {0, 0};
	const struct budget_hooks hooks = {&heard, workflow_of, steps_of, hear_stop, hear_go_on};
	fixture_reopen(f, &hooks);
	const char *id = budget_new(f, "{\"scope\":\"workflow\",\"scope_id\":\"shop/order\",\"allocated_budget\":2}");
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/ours", NULL), 200);
	assert_string_equal(fixture_text(f, "result.total_cost"), "0");
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/theirs", NULL), 404);
	assert_int_equal(track(f, "ours", "1"), 201);
	assert_int_equal(track(f, "theirs", "1"), 201);
	assert_money(f, id, 1, 0, 1, 0);
	assert_int_equal(heard.stops, 0);
	assert_int_equal(track(f, "ours", "1"), 201);
	assert_int_equal(heard.stops, 1);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", path_of(f, id, "/topup"), "{\"amount\":1,\"reason\":\"x\",\"resume\":false}"),
		200);
	assert_int_equal(heard.goes_on, 0);
	assert_true(fixture_true(f, "result.is_suspended"));
	assert_int_equal(fixture_ask(f, "ops", "POST", path_of(f, id, "/topup"), "{\"amount\":1,\"reason\":\"x\"}"), 200);
	assert_int_equal(heard.goes_on, 1);
	assert_int_equal(fixture_ask(f, "vic", "GET", COST "/workflow/ours/projection", NULL), 200);
	assert_string_equal(fixture_text(f, "result.projected_total"), "8");
}

/* --- many at once --- */

enum { SPENDERS = 100, GRANTED = 30 };

struct race {
	struct agents_fixture *f;
	_Atomic int granted, refused, failed;
};

struct one {
	struct race *race;
	struct budget_reservation reservation;
	struct budget_refusal refusal;
};

static bool apply_one(struct db *db, void *self, struct err *err)
{
	struct one *one = self;
	const struct spender spender = {.account_id = FIXTURE_ACCOUNT, .run_id = "r", .agent_id = "a"};
	return budget_reserve(agents_budgets(one->race->f->agents), db, &spender, MONEY_UNIT / 10, 0, "race",
						  env_wall_us(&one->race->f->env.env), &one->reservation, &one->refusal, err);
}

static void *spend_one(void *self)
{
	struct one one = {.race = self};
	struct err err;
	if (!store_write(one.race->f->store, apply_one, &one, &err))
		one.race->failed++;
	else if (one.refusal.refused)
		one.race->refused++;
	else
		one.race->granted++;
	return NULL;
}

static void a_hundred_at_once_never_exceed(void **state)
{
	struct agents_fixture *f = *state;
	struct race race = {.f = f};
	pthread_t threads[SPENDERS];
	const char *run = budget_new(f, "{\"scope_id\":\"r\",\"allocated_budget\":3}");
	const char *agent = budget_new(f, "{\"scope\":\"agent\",\"scope_id\":\"a\",\"allocated_budget\":5}");
	for (int i = 0; i < SPENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, spend_one, &race), 0);
	for (int i = 0; i < SPENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(race.failed, 0);
	assert_int_equal(race.granted, GRANTED);
	assert_int_equal(race.refused, SPENDERS - GRANTED);
	assert_money(f, run, 0, 3, 0, 0);
	assert_money(f, agent, 0, 3, 2, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, agents_fixture_new, agents_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_budget_is_made_read_and_listed),
		TEST(bad_bodies_are_refused),
		TEST(all_covering_budgets_or_none),
		TEST(more_than_there_is_shows_as_overspent),
		TEST(each_threshold_is_raised_once),
		TEST(who_only_wants_a_warning_is_not_halted),
		TEST(a_budget_is_changed_by_its_etag),
		TEST(a_new_window_starts_empty),
		TEST(what_expires_is_free_again),
		TEST(a_call_is_priced_and_summed),
		TEST(currencies_do_not_mix),
		TEST(the_end_is_projected),
		TEST(runs_of_ours_are_known_stopped_and_let_go_on),
		TEST(a_hundred_at_once_never_exceed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
