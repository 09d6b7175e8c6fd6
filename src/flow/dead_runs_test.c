#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "flow/flow_api.h"
#include "flow/runs_fixture.h"
#include "people/dead_letters.h"
#include "store/store.h"

/* Runs of the house's own workflows that faulted are dead letters [flow.md 10; P-10.6]. */

struct box {
	struct runs_fixture *f;
	struct dead_letters *letters;
};

static int open_box(void **state)
{
	static struct box box;
	void *f;
	if (runs_fixture_new(&f) != 0)
		return 1;
	box = (struct box){.f = f};
	box.letters = dead_letters_new(box.f->base->store, (const unsigned char[32]){0});
	flow_dead_letters(box.f->flow, box.letters);
	dead_letters_add_routes(box.f->base->router, box.letters);
	*state = &box;
	return 0;
}

static int close_box(void **state)
{
	struct box *box = *state;
	void *f = box->f;
	int freed = runs_fixture_free(&f);
	dead_letters_free(box->letters);
	return freed;
}

static int ask(struct box *box, const char *method, const char *below, const char *body)
{
	char target[160];
	snprintf(target, sizeof target, "/api/v1/dead-letters%s", below);
	return fixture_ask(box->f->base, "ops", method, target, body == NULL ? NULL : "%s", body);
}

static int ask_of_run(struct box *box, const char *method, const char *below, const char *body)
{
	char part[80];
	snprintf(part, sizeof part, "/%s%s", box->f->run_id, below);
	return ask(box, method, part, body);
}

static int64_t counted(struct box *box)
{
	const char *kind;
	int64_t count;
	struct err err;
	assert_true(dead_letters_count(box->letters, 0, &kind, &count, &err));
	assert_string_equal(kind, "run");
	return count;
}

/* Until the clock is moved by an hour it faults. */
#define EARLY "if now < 1750003600 then error(\\\"early\\\") else [] end"
#define FAULTY \
	"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"%s\",\"name\":\"sweep\",\"version\":\"1.0.0\"}," \
	"\"do\":[{\"s\":{\"set\":\"${ " EARLY " }\"}}]}"

static bool claim(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, "UPDATE flow_runs SET namespace = 'system' WHERE run_id = $1", V_TEXT(self));
}

/* What is in the house's namespace nobody can start by the routes: it is put there. */
static void start_faulty(struct box *box, const char *namespace)
{
	char definition[400];
	struct err err;
	snprintf(definition, sizeof definition, FAULTY, "t");
	runs_start_definition(box->f, definition, "{}");
	assert_true(runs_is(box->f, "faulted"));
	if (strcmp(namespace, "system") == 0)
		assert_true(store_write(box->f->base->store, claim, box->f->run_id, &err));
}

/* [flow.md 2.7] the namespace is the server's own */
static void test_reserved(void **state)
{
	struct box *box = *state;
	struct agents_fixture *b = box->f->base;
	char definition[400];
	snprintf(definition, sizeof definition, FAULTY, "system");
	static const char *const paths[] = {"/api/v1/flow/runs", "/api/v1/flow/workflows"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fixture_ask(b, "ops", "POST", paths[i], "{\"definition\":%s}", definition), 422);
		assert_string_equal(fixture_text(b, "errors.0.code"), "reserved");
		assert_string_equal(fixture_text(b, "errors.0.pointer"), "/definition/document/namespace");
	}
	assert_int_equal(
		fixture_ask(b, "ops", "POST", "/api/v1/flow/workflows/validate", "{\"definition\":%s}", definition), 200);
	assert_false(fixture_at(b, "result.valid")->boolean);
}

static void test_listed_counted_and_sent_on(void **state)
{
	struct box *box = *state;
	start_faulty(box, "t");
	assert_int_equal(counted(box), 0); /* it is its author's */
	start_faulty(box, "system");
	assert_int_equal(counted(box), 1);
	assert_int_equal(ask(box, "GET", "", NULL), 200);
	assert_string_equal(fixture_text(box->f->base, "result.items.0.dead_letter_id"), box->f->run_id);
	assert_string_equal(fixture_text(box->f->base, "result.items.0.name"), "sweep");
	assert_string_equal(runs_json(box->f, "result.items.1"), "absent");
	assert_int_equal(ask_of_run(box, "GET", "", NULL), 200);
	assert_int_equal(fixture_number_at(box->f->base, "result.attempts"), 1);
	assert_non_null(strstr(fixture_text(box->f->base, "result.error"), "early"));
	assert_int_equal(ask_of_run(box, "POST", "/redeliver", "{}"), 202);
	assert_string_equal(fixture_text(box->f->base, "result.run_id"), box->f->run_id);
	assert_string_equal(fixture_text(box->f->base, "result.state"), "RETRY");
	assert_int_equal(runs_ask(box->f, "ops", "GET", "/steps", NULL), 200);
	assert_true(runs_is(box->f, "faulted")); /* it is as early as before */
	assert_int_equal(counted(box), 1);
	env_sim_advance(&box->f->base->env, INT64_C(3600000000));
	assert_int_equal(ask_of_run(box, "POST", "/redeliver", "{}"), 202);
	assert_true(runs_is(box->f, "completed"));
	assert_int_equal(counted(box), 0);
	assert_int_equal(ask_of_run(box, "POST", "/redeliver", "{}"), 404);
}

static void test_given_up(void **state)
{
	struct box *box = *state;
	start_faulty(box, "system");
	assert_int_equal(ask_of_run(box, "DELETE", "", "{}"), 422);
	assert_int_equal(ask_of_run(box, "DELETE", "", "{\"reason\":\"done by hand\"}"), 204);
	assert_int_equal(counted(box), 0);
	assert_int_equal(ask_of_run(box, "GET", "", NULL), 404);
	assert_int_equal(runs_ask(box->f, "ops", "GET", "", NULL), 200); /* the run is there all the same */
	assert_string_equal(fixture_text(box->f->base, "result.status"), "faulted");
}

static void test_only_who_may(void **state)
{
	struct box *box = *state;
	start_faulty(box, "system");
	assert_int_equal(fixture_ask(box->f->base, "vic", "GET", "/api/v1/dead-letters", NULL), 403);
	assert_int_equal(ask(box, "GET", "/01900000-0000-7000-8000-000000000009", NULL), 404);
}

/* --- of schedules --- */

static void make_schedule(struct box *box, char schedule_id[ID_TEXT])
{
	struct agents_fixture *b = box->f->base;
	assert_int_equal(
		fixture_ask(b, "ops", "POST", "/api/v1/flow/workflows",
					"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"react\","
					"\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}}]}}"),
		201);
	assert_int_equal(
		fixture_ask(b, "ops", "POST", "/api/v1/flow/schedules",
					"{\"workflow\":\"t/react\",\"kind\":\"on\",\"spec\":{\"one\":{\"with\":{\"type\":\"x\"}}}}"),
		201);
	snprintf(schedule_id, ID_TEXT, "%s", fixture_text(b, "result.schedule_id"));
}

struct pointing {
	const char *schedule_id, *run_id;
};

static bool apply_point(struct db *db, void *self, struct err *err)
{
	const struct pointing *p = self;
	return db_run(db, err, "UPDATE flow_schedules SET listener_run_id = $1 WHERE schedule_id = $2", V_TEXT(p->run_id),
				  V_TEXT(p->schedule_id));
}

/* A schedule whose listener faults, an hour too early. */
static void fault_listener(struct box *box, char schedule_id[ID_TEXT])
{
	struct runs_fixture *f = box->f;
	struct pointing pointing = {schedule_id, f->run_id};
	struct err err;
	make_schedule(box, schedule_id);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":"
								 "\"listener\",\"version\":\"1.0.0\"},\"do\":[{\"w\":{\"wait\":{\"seconds\":1}}},"
								 "{\"s\":{\"set\":\"${ " EARLY " }\"}}]},\"labels\":{\"schedule\":\"%s\"}}",
								 schedule_id),
					 202);
	snprintf(f->run_id, ID_TEXT, "%s", fixture_text(f->base, "result.run_id"));
	assert_true(runs_is(f, "waiting"));
	assert_true(store_write(f->base->store, apply_point, &pointing, &err));
	assert_true(store_write(f->base->store, claim, f->run_id, &err));
	runs_pass(f, 1000);
	assert_true(runs_is(f, "faulted"));
}

static const char *schedule_says(struct box *box, const char *schedule_id, const char *member)
{
	char path[64], target[96];
	snprintf(path, sizeof path, "result.%s", member);
	snprintf(target, sizeof target, "/api/v1/flow/schedules/%s", schedule_id);
	assert_int_equal(fixture_ask(box->f->base, "ops", "GET", target, NULL), 200);
	return runs_json(box->f, path);
}

static void test_a_listener_listens_again(void **state)
{
	struct box *box = *state;
	char schedule_id[ID_TEXT];
	fault_listener(box, schedule_id);
	assert_string_equal(schedule_says(box, schedule_id, "enabled"), "false");
	assert_string_equal(schedule_says(box, schedule_id, "last_error"), "\"its listener was faulted\"");
	assert_int_equal(ask_of_run(box, "GET", "", NULL), 200);
	assert_string_equal(fixture_text(box->f->base, "result.subject_kind"), "schedule");
	assert_string_equal(fixture_text(box->f->base, "result.subject_id"), schedule_id);
	env_sim_advance(&box->f->base->env, INT64_C(3600000000));
	assert_int_equal(ask_of_run(box, "POST", "/redeliver", "{}"), 202);
	assert_true(runs_is(box->f, "completed"));
	assert_string_equal(schedule_says(box, schedule_id, "enabled"), "true");
	assert_string_equal(schedule_says(box, schedule_id, "last_error"), "null");
	assert_string_not_equal(schedule_says(box, schedule_id, "last_run_id"), "null"); /* what was heard was acted on */
}

static void test_another_listens_already(void **state)
{
	struct box *box = *state;
	char schedule_id[ID_TEXT], target[96];
	fault_listener(box, schedule_id);
	snprintf(target, sizeof target, "/api/v1/flow/schedules/%s/resume", schedule_id);
	assert_int_equal(fixture_ask(box->f->base, "ops", "POST", target, "{}"), 200);
	assert_int_equal(ask_of_run(box, "POST", "/redeliver", "{}"), 409);
	assert_int_equal(ask_of_run(box, "DELETE", "", "{\"reason\":\"another listens\"}"), 204);
	assert_int_equal(counted(box), 0);
}

#define WITH_BOX(name) cmocka_unit_test_setup_teardown(name, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_reserved),     WITH_BOX(test_listed_counted_and_sent_on), WITH_BOX(test_given_up),
		WITH_BOX(test_only_who_may), WITH_BOX(test_a_listener_listens_again),   WITH_BOX(test_another_listens_already),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
