#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "flow/runs_fixture.h"

/* /api/v1/flow/schedules: every word in every state of every kind [flow.md 3.4, 4]. */

#define SCHEDULES "/api/v1/flow/schedules"

enum state { ACTIVE, PAUSED, GONE, STATES };

static const struct {
	const char *kind, *spec;
	bool timed; /* it has a next time while it is active; `after` begins at once, and then when its run has ended */
} kinds[] = {
	{"every", "{\"days\":1}", true},
	{"cron", "\"0 4 * * *\"", true},
	{"after", "{\"days\":2}", true},
	{"on", "{\"one\":{\"with\":{\"type\":\"never\"}}}", false},
};

/* [state][word]: the answer, and the state that follows. */
static const struct {
	const char *method, *below, *body;
	struct {
		int status;
		enum state to;
	} in[STATES];
} words[] = {
	{"POST", "/pause", "{}", {{200, PAUSED}, {200, PAUSED}, {404, GONE}}},
	{"POST", "/resume", "{}", {{200, ACTIVE}, {200, ACTIVE}, {404, GONE}}},
	{"POST", "/trigger", "{}", {{202, ACTIVE}, {202, PAUSED}, {404, GONE}}},
	{"PATCH", "", "{\"enabled\":false}", {{200, PAUSED}, {200, PAUSED}, {404, GONE}}},
	{"PATCH", "", "{\"enabled\":true}", {{200, ACTIVE}, {200, ACTIVE}, {404, GONE}}},
	{"DELETE", "", NULL, {{204, GONE}, {204, GONE}, {404, GONE}}},
};

static int ask(struct runs_fixture *f, const char *id, const char *method, const char *below, const char *body)
{
	char path[160];
	snprintf(path, sizeof path, SCHEDULES "/%s%s", id, below);
	return fixture_ask(f->base, "ops", method, path, body == NULL ? NULL : "%s", body);
}

static void publish(struct runs_fixture *f)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"w\","
								 "\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}}]}}"),
					 201);
}

static void make(struct runs_fixture *f, size_t kind, enum state state, char id[ID_TEXT])
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", SCHEDULES,
								 "{\"workflow\":\"t/w\",\"kind\":\"%s\",\"spec\":%s,\"enabled\":%s}", kinds[kind].kind,
								 kinds[kind].spec, state == PAUSED ? "false" : "true"),
					 201);
	snprintf(id, ID_TEXT, "%s", fixture_text(f->base, "result.schedule_id"));
	if (state == GONE)
		assert_int_equal(ask(f, id, "DELETE", "", NULL), 204);
}

static void must_be(struct runs_fixture *f, size_t kind, const char *id, enum state state)
{
	assert_int_equal(ask(f, id, "GET", "", NULL), state == GONE ? 404 : 200);
	assert_int_equal(ask(f, id, "GET", "/upcoming?n=3", NULL), state == GONE ? 404 : 200);
	if (state == GONE)
		return;
	bool timed = kinds[kind].timed && state == ACTIVE, either = strcmp(kinds[kind].kind, "after") == 0 && timed;
	assert_true(either || (fixture_at(f->base, "result.times.0") != NULL) == timed);
	assert_int_equal(ask(f, id, "GET", "", NULL), 200);
	assert_string_equal(runs_json(f, "result.enabled"), state == ACTIVE ? "true" : "false");
	assert_true(either || (strcmp(runs_json(f, "result.next_at"), "null") != 0) == timed);
}

/* A change is of the version that was read: not without If-Match, nor with another one. */
static int say(struct runs_fixture *f, const char *id, size_t word)
{
	char path[160], etag[64] = "\"none\"";
	if (strcmp(words[word].method, "PATCH") != 0)
		return ask(f, id, words[word].method, words[word].below, words[word].body);
	if (ask(f, id, "GET", "", NULL) == 200) {
		snprintf(etag, sizeof etag, "%s", fixture_text(f->base, "result.etag"));
		assert_int_equal(ask(f, id, "PATCH", "", words[word].body), 428);
	}
	snprintf(path, sizeof path, SCHEDULES "/%s", id);
	int status = fixture_ask_if(f->base, "ops", "PATCH", path, etag, words[word].body);
	if (status == 200) /* it is another version now, if anything changed: every PATCH counts */
		assert_int_equal(fixture_ask_if(f->base, "ops", "PATCH", path, etag, words[word].body), 412);
	return status;
}

static void test_states(void **state)
{
	struct runs_fixture *f = *state;
	char id[ID_TEXT];
	publish(f);
	for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		for (int from = 0; from < STATES; from++) {
			for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
				make(f, kind, (enum state)from, id);
				must_be(f, kind, id, (enum state)from);
				assert_int_equal(say(f, id, i), words[i].in[from].status);
				must_be(f, kind, id, words[i].in[from].to);
				(void)ask(f, id, "DELETE", "", NULL);
			}
		}
	}
}

/* One that could never fire is not made: nobody would hear of it again. */
static void test_never(void **state)
{
	struct runs_fixture *f = *state;
	char path[160], etag[64];
	publish(f);
#define CRON(spec) "{\"workflow\":\"t/w\",\"kind\":\"cron\",\"spec\":\"" spec "\"}"
	assert_int_equal(fixture_ask(f->base, "ops", "POST", SCHEDULES, CRON("0 6 30 2 *")), 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/spec");
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "range");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", SCHEDULES, CRON("0 6 29 2 *")), 201);
	snprintf(path, sizeof path, SCHEDULES "/%s", fixture_text(f->base, "result.schedule_id"));
	snprintf(etag, sizeof etag, "%s", fixture_text(f->base, "result.etag"));
	assert_int_equal(fixture_ask_if(f->base, "ops", "PATCH", path, etag, "{\"spec\":\"0 6 31 2 *\"}"), 422);
}

/* What cannot run does not start; it says why, and goes on when there is something to run. */
static void test_archived(void **state)
{
	struct runs_fixture *f = *state;
	char id[ID_TEXT];
	publish(f);
	make(f, 0, ACTIVE, id);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows/t/w/versions/1.0.0/archive", "{}"),
					 200);
	assert_int_equal(ask(f, id, "POST", "/trigger", "{}"), 409);
	assert_string_equal(fixture_text(f->base, "code"), "not_active");
	must_be(f, 0, id, ACTIVE);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", SCHEDULES,
								 "{\"workflow\":\"t/w\",\"kind\":\"every\",\"spec\":{\"days\":1}}"),
					 409);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", SCHEDULES,
								 "{\"workflow\":\"t/nobody\",\"kind\":\"every\",\"spec\":{\"days\":1}}"),
					 404);
}

static void test_whose(void **state)
{
	struct runs_fixture *f = *state;
	char id[ID_TEXT], path[128];
	publish(f);
	make(f, 1, ACTIVE, id);
	snprintf(path, sizeof path, SCHEDULES "/%s", id);
	assert_int_equal(fixture_ask(f->base, "eve", "GET", path, NULL), 404);
	assert_int_equal(fixture_ask(f->base, "eve", "DELETE", path, NULL), 404);
	assert_int_equal(fixture_ask(f->base, "vic", "DELETE", path, NULL), 403);
	must_be(f, 1, id, ACTIVE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_states), TEST(test_never), TEST(test_archived), TEST(test_whose)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
