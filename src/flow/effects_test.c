#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "flow/agents_fixture.h"
#include "flow/tasks_fixture.h"
#include "people/dead_letters.h"
#include "store/store.h"

/* Effect operations of products in system workflows, and the tasks that they make [flow.md 2.7, 3.1; P-10.1, P-10.2].
 */

#define FLOW(name, tasks) \
	"document: {dsl: 1.0.3, namespace: system, name: " name ", version: 1.0.0}\ndo:\n- work:\n    try:\n" tasks \
	"    catch: {retry: standard}\n"
static const char count_text[] = FLOW("t.count", "    - a: {call: t.count}\n    - b: {call: t.count}\n");
static const char send_text[] = FLOW("t.send", "    - a: {call: t.send, with: {to: there}}\n");
static const struct embedded files[] = {{"t.count.yaml", count_text, sizeof count_text - 1},
										{"t.send.yaml", send_text, sizeof send_text - 1},
										{NULL, NULL, 0}};

/* What the operations of a test do, and what was seen of them. */
struct house {
	struct agents_fixture *base;
	struct dead_letters *letters;
	struct tasks_fixture *tasks;
	int counted, sent, lost, refused, hopeless, failing;
	int64_t wait_us;
	char keys[2][80], id[ID_TEXT];
	const char *left;
	int news[FLOW_REDELIVERED + 1];
};

static void take_int(const struct db_rows *row, void *self)
{
	*(int *)self = (int)db_int(row, 0);
}

/* A row of the test's own, as a product has them. */
static bool count_up(struct house *h, struct db *db, struct flow_step *step, struct err *err)
{
	int last = 0;
	if (!db_run(db, err,
				"INSERT INTO project_numbers (name, last) VALUES ('t', 1) ON CONFLICT (name) DO UPDATE SET last = "
				"project_numbers.last + 1") ||
		!db_one(db, err, NULL, take_int, &last, "SELECT last FROM project_numbers WHERE name = 't'"))
		return false;
	if (h->lost > 0) {
		h->lost--;
		return err_set(err, ERR_STORE_FULL, "the disk is full");
	}
	h->counted++;
	step->output = arena_printf(step->arena, "{\"count\":%d}", last);
	return true;
}

static bool apply_count(void *self, struct db *db, struct flow_step *step, struct err *err)
{
	struct house *h = self;
	assert_null(step->found);
	assert_string_equal(json_text(step->task, "what"), "x");
	if (h->refused > 0) {
		h->refused--;
		step->hopeless = h->hopeless > 0;
		err_set(&step->refused, ERR_CONFLICT, "not now");
		return true;
	}
	return count_up(h, db, step, err);
}

static int64_t wait_of(void *self, const struct json *task)
{
	(void)task;
	return ((struct house *)self)->wait_us;
}

static bool carry_out(void *self, struct flow_step *step, struct err *err)
{
	struct house *h = self;
	assert_string_equal(json_text(step->with, "to"), "there");
	strcpy(h->keys[h->sent % 2], step->key);
	h->sent++;
	if (h->failing > 0) {
		h->failing--;
		step->hopeless = h->hopeless > 0;
		return err_set(err, ERR_UNAVAILABLE, "nobody there");
	}
	step->output = "{\"heard\":true}";
	return true;
}

static bool apply_sent(void *self, struct db *db, struct flow_step *step, struct err *err)
{
	assert_true(json_get(step->found, "heard")->boolean);
	return count_up(self, db, step, err);
}

static bool told(void *self, struct db *db, const struct flow_task *task, enum flow_news news,
				 const struct audit_event *who, const char *reason, struct err *err)
{
	struct house *h = self;
	(void)db;
	(void)who;
	(void)reason;
	(void)err;
	assert_string_equal(task->subject_id, "s1");
	h->news[news]++;
	return true;
}

static const struct flow_effect effects[] = {{"t.count", NULL, NULL, apply_count},
											 {"t.send", wait_of, carry_out, apply_sent}};

static void open_tasks(struct house *h)
{
	const struct tasks_fixture_options options = {
		.store = h->base->store,
		.env = &h->base->env.env,
		.ids = &h->base->ids,
		.audit = &h->base->audit,
		.outbox = h->base->outbox,
		.part = {.effects = effects, .count = 2, .self = h, .told = told},
		.files = files,
	};
	h->tasks = tasks_fixture_open(&options);
}

static int open_house(void **state)
{
	static struct house house;
	void *base;
	if (agents_fixture_new(&base) != 0)
		return 1;
	house = (struct house){.base = base};
	house.letters = dead_letters_new(house.base->store, (const unsigned char[32]){0});
	open_tasks(&house);
	tasks_fixture_add(house.tasks, house.base->router, house.letters);
	dead_letters_add_routes(house.base->router, house.letters);
	*state = &house;
	return 0;
}

static int close_house(void **state)
{
	struct house *h = *state;
	void *base = h->base;
	tasks_fixture_close(h->tasks);
	int closed = agents_fixture_free(&base);
	dead_letters_free(h->letters);
	return closed;
}

static void begin(struct house *h, const char *name)
{
	id_make(&h->base->ids, h->id);
	tasks_fixture_start(h->tasks, &(struct flow_start){.name = name,
													   .task_id = h->id,
													   .account_id = FIXTURE_ACCOUNT,
													   .subject_kind = "test",
													   .subject_id = "s1",
													   .input = "{\"what\":\"x\"}"});
}

static int ask(struct house *h, const char *method, const char *format, const char *body)
{
	return fixture_ask(h->base, "ops", method, arena_printf(&h->base->arena, format, h->id), body == NULL ? NULL : "%s",
					   body);
}

static void expect(struct house *h, const char *state, int attempts)
{
	assert_int_equal(ask(h, "GET", "/api/v1/tasks/%s", NULL), 200);
	assert_string_equal(fixture_text(h->base, "result.state"), state);
	assert_true(fixture_number_at(h->base, "result.attempts") == attempts);
}

static int stored(struct house *h)
{
	int last = 0;
	struct err err;
	struct db *db = store_read(h->base->store);
	assert_true(db_one(db, &err, NULL, take_int, &last, "SELECT last FROM project_numbers WHERE name = 't'"));
	store_read_end(h->base->store, db);
	return last;
}

/* How often the journal has that kind of row. */
static int rows_of(struct house *h, const char *kind)
{
	int count = 0;
	assert_int_equal(ask(h, "GET", "/api/v1/flow/runs/%s/journal", NULL), 200);
	const struct json *rows = fixture_at(h->base, "result.rows");
	for (uint32_t i = 0; i < rows->count; i++)
		count += strcmp(json_text(&rows->items[i], "kind"), kind) == 0;
	return count;
}

/* Nothing leaves, so there is no intent: stored with its result, or not at all. */
static void test_stored_with_its_result(void **state)
{
	struct house *h = *state;
	begin(h, "t.count");
	expect(h, "PENDING", 0);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 0);
	assert_true(fixture_number_at(h->base, "result.result.count") == 2);
	assert_int_equal(stored(h), 2);
	assert_int_equal(rows_of(h, "task.intent"), 0);
	assert_int_equal(rows_of(h, "task.result"), 2);
	assert_int_equal(h->news[FLOW_STARTED], 1);
	assert_int_equal(h->news[FLOW_FINISHED], 1);
}

static void test_refused(void **state)
{
	struct house *h = *state;
	h->refused = 1;
	begin(h, "t.count");
	tasks_fixture_work(h->tasks);
	expect(h, "RETRY", 0);
	assert_string_equal(fixture_text(h->base, "result.error.message"), "not now");
	env_sim_advance(&h->base->env, 1000000);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 0);
	assert_int_equal(stored(h), 2);
	h->refused = h->hopeless = 1;
	begin(h, "t.count");
	tasks_fixture_work(h->tasks);
	expect(h, "FAILURE", 0); /* not tried again */
	assert_int_equal(h->news[FLOW_FAILED], 1);
}

/* A transaction that fails takes all with it; the turn begins again. */
static void test_store_fails(void **state)
{
	struct house *h = *state;
	h->lost = 2;
	begin(h, "t.count");
	for (int i = 0; i < 20; i++) {
		tasks_fixture_step(h->tasks);
		env_sim_advance(&h->base->env, 1000000);
		tasks_fixture_wake(h->tasks, h->id);
	}
	expect(h, "SUCCESS", 0);
	assert_int_equal(h->counted, 2);
	assert_int_equal(stored(h), 2);
}

/* By intent and result, with retries; the same key while nobody knows what came of it. */
static void test_sent(void **state)
{
	struct house *h = *state;
	h->failing = 1;
	begin(h, "t.send");
	tasks_fixture_work(h->tasks);
	expect(h, "RETRY", 1);
	assert_string_equal(fixture_text(h->base, "result.error.code"), "try_failed");
	env_sim_advance(&h->base->env, 1000000);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 2);
	assert_int_equal(h->sent, 2);
	assert_string_equal(h->keys[0], h->keys[1]);
	assert_int_equal(stored(h), 1);
	assert_int_equal(rows_of(h, "task.intent"), 2);
	assert_int_equal(ask(h, "DELETE", "/api/v1/tasks/%s", NULL), 409);
}

/* A destination that is left alone costs no try. */
static void test_left_alone(void **state)
{
	struct house *h = *state;
	h->wait_us = 60000000;
	begin(h, "t.send");
	tasks_fixture_work(h->tasks);
	expect(h, "PENDING", 0);
	assert_int_equal(ask(h, "GET", "/api/v1/flow/runs/%s/why", NULL), 200);
	assert_string_equal(fixture_text(h->base, "result.waiting.0.kind"), "breaker");
	h->wait_us = 0;
	env_sim_advance(&h->base->env, 60000000);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 1);
}

/* Out of tries it is a dead letter; redelivered it has all its tries again. */
static void test_dead_letter(void **state)
{
	struct house *h = *state;
	h->failing = 5;
	begin(h, "t.send");
	for (int i = 0; i < 5; i++) {
		tasks_fixture_work(h->tasks);
		env_sim_advance(&h->base->env, 30000000);
	}
	expect(h, "FAILURE", 3);
	assert_string_equal(fixture_text(h->base, "result.error.code"), "task_failed");
	assert_int_equal(ask(h, "GET", "/api/v1/dead-letters/%s", NULL), 200);
	assert_string_equal(fixture_text(h->base, "result.error"), "nobody there");
	env_sim_advance(&h->base->env, INT64_C(40) * 86400 * 1000000);
	tasks_fixture_chores(h->tasks);
	assert_int_equal(ask(h, "GET", "/api/v1/flow/runs/%s", NULL), 200); /* it waits for a person */
	assert_int_equal(ask(h, "POST", "/api/v1/dead-letters/%s/redeliver", NULL), 202);
	h->wait_us = 1000000;
	tasks_fixture_work(h->tasks);
	expect(h, "RETRY", 0); /* held, and it does not begin a second time */
	h->wait_us = 0;
	env_sim_advance(&h->base->env, 1000000);
	for (int i = 0; i < 5; i++) {
		tasks_fixture_work(h->tasks);
		env_sim_advance(&h->base->env, 30000000);
	}
	expect(h, "SUCCESS", 3);
	assert_int_equal(h->sent, 6);
	assert_int_equal(h->news[FLOW_REDELIVERED], 1);
	assert_int_equal(h->news[FLOW_STARTED], 1);
	assert_int_equal(stored(h), 1);
	env_sim_advance(&h->base->env, INT64_C(40) * 86400 * 1000000);
	tasks_fixture_chores(h->tasks);
	assert_int_equal(ask(h, "GET", "/api/v1/flow/runs/%s", NULL), 404);
	expect(h, "SUCCESS", 3); /* what came of it is kept */
}

/* Cancelled while its call is under way: what was heard is not stored. */
static void test_cancelled_under_way(void **state)
{
	struct house *h = *state;
	begin(h, "t.send");
	for (int i = 0; i < 40 && h->sent == 0; i++)
		tasks_fixture_step(h->tasks);
	assert_int_equal(h->sent, 1);
	assert_int_equal(ask(h, "DELETE", "/api/v1/tasks/%s", NULL), 200);
	for (int i = 0; i < 5; i++) {
		tasks_fixture_work(h->tasks);
		env_sim_advance(&h->base->env, 1000000);
		tasks_fixture_wake(h->tasks, h->id);
	}
	expect(h, "REVOKED", 0);
	assert_int_equal(h->counted, 0);
	assert_int_equal(ask(h, "GET", "/api/v1/flow/runs/%s", NULL), 200);
	assert_string_equal(fixture_text(h->base, "result.status"), "cancelled");
	assert_int_equal(h->news[FLOW_REVOKED], 1);
}

static bool leave(struct db *db, void *self, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO tasks (task_id, account_id, name, subject_kind, subject_id, state, attempts, next_at, quiet, "
		"applied, input, created_at, updated_at) VALUES ($1, $2, 't.send', 'test', 's1', $3, 2, 0, 0, 0, "
		"'{\"what\":\"x\"}', 1750000000000000, 1750000000000000)",
		V_TEXT(((struct house *)self)->id), V_TEXT(FIXTURE_ACCOUNT), V_TEXT(((struct house *)self)->left));
}

/* What a version without runs has left goes on under its id; its dead letters wait for a person. */
static void test_of_an_older_version(void **state)
{
	struct house *h = *state;
	struct err err;
	char dead[ID_TEXT];
	tasks_fixture_close(h->tasks);
	id_make(&h->base->ids, h->id);
	h->left = "FAILURE";
	assert_true(store_write(h->base->store, leave, h, &err));
	strcpy(dead, h->id);
	id_make(&h->base->ids, h->id);
	h->left = "RETRY";
	assert_true(store_write(h->base->store, leave, h, &err));
	dead_letters_free(h->letters);
	h->letters = dead_letters_new(h->base->store, (const unsigned char[32]){0});
	const struct budget_hooks none = {.self = NULL};
	fixture_reopen(h->base, &none); /* a router of its own */
	open_tasks(h);
	tasks_fixture_add(h->tasks, h->base->router, h->letters);
	dead_letters_add_routes(h->base->router, h->letters);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 3);
	assert_int_equal(h->sent, 1);
	strcpy(h->id, dead);
	expect(h, "FAILURE", 2);
	assert_int_equal(ask(h, "POST", "/api/v1/dead-letters/%s/redeliver", NULL), 202);
	tasks_fixture_work(h->tasks);
	expect(h, "SUCCESS", 1);
	assert_int_equal(h->sent, 2);
}

/* Nobody else may call them, nor change who does. */
static void test_for_us_alone(void **state)
{
	struct house *h = *state;
	assert_int_equal(fixture_ask(h->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\","
								 "\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"call\":\"t.count\"}}]}}"),
					 422);
	assert_string_equal(fixture_text(h->base, "errors.0.code"), "unknown_reference");
	begin(h, "t.send");
	tasks_fixture_work(h->tasks);
	assert_int_equal(ask(h, "POST", "/api/v1/flow/runs/%s/fork", "{\"from_seq\":3}"), 403);
	assert_int_equal(ask(h, "POST", "/api/v1/flow/runs/%s/replay", "{\"mode\":\"full\"}"), 403);
	assert_int_equal(ask(h, "POST", "/api/v1/flow/runs/%s/replay", "{\"mode\":\"verify\"}"), 202);
	assert_int_equal(h->sent, 1);
	assert_int_equal(fixture_ask(h->base, "ops", "GET", "/api/v1/flow/workflows?namespace=system", NULL), 200);
	assert_int_equal(fixture_at(h->base, "result.items")->count, 2);
	assert_int_equal(fixture_ask(h->base, "ops", "GET", "/api/v1/flow/workflows", NULL), 200);
	assert_int_equal(fixture_at(h->base, "result.items")->count, 0);
	assert_int_equal(
		fixture_ask(h->base, "ops", "POST", "/api/v1/flow/workflows/system/t.count/versions/1.0.0/archive", "{}"), 403);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stored_with_its_result),
		TEST(test_refused),
		TEST(test_store_fails),
		TEST(test_sent),
		TEST(test_left_alone),
		TEST(test_dead_letter),
		TEST(test_cancelled_under_way),
		TEST(test_of_an_older_version),
		TEST(test_for_us_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
