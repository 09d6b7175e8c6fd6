#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "crypt/digest.h"
#include "flow/domain/webhook.h"
#include "flow/runs_fixture.h"
#include "flow/sinks.h"
#include "seal/outbox.h"

/* Webhooks that are told of runs [flow.md 3.4; P-10.6]. */

enum { TOLD_MAX = 64, LOOKS = 3000 /* of 2 ms */ };

struct told {
	char id[64], at[32], signature[256], body[4096];
};

struct receiver {
	pthread_mutex_t lock;
	int status;
	int calls;
	struct told told[TOLD_MAX];
};

static void copy(const char *header, const char *name, char *text, size_t room)
{
	size_t size = strlen(name);
	if (strncmp(header, name, size) == 0)
		snprintf(text, room, "%s", header + size);
}

static bool answer(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct receiver *r = self;
	(void)err;
	pthread_mutex_lock(&r->lock);
	assert_true(r->calls < TOLD_MAX);
	struct told *told = &r->told[r->calls++];
	for (size_t i = 0; request->headers[i] != NULL; i++) {
		copy(request->headers[i], "webhook-id: ", told->id, sizeof told->id);
		copy(request->headers[i], "webhook-timestamp: ", told->at, sizeof told->at);
		copy(request->headers[i], "webhook-signature: ", told->signature, sizeof told->signature);
	}
	snprintf(told->body, sizeof told->body, "%.*s", (int)request->body_size, (const char *)request->body);
	answer->status = r->status;
	answer->sent = true;
	pthread_mutex_unlock(&r->lock);
	return true;
}

static void serve(struct runs_fixture *f, struct receiver *r, int status)
{
	*r = (struct receiver){.status = status};
	pthread_mutex_init(&r->lock, NULL);
	f->outgoing.ask = answer;
	f->outgoing.ask_self = r;
}

static int calls(struct receiver *r)
{
	pthread_mutex_lock(&r->lock);
	int count = r->calls;
	pthread_mutex_unlock(&r->lock);
	return count;
}

static bool are(struct receiver *r, int count)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int i = 0; i < LOOKS && calls(r) < count; i++)
		nanosleep(&pause, NULL);
	return calls(r) == count;
}

static int ask(struct runs_fixture *f, const char *who, const char *method, const char *path, const char *body)
{
	char url[128];
	snprintf(url, sizeof url, "/api/v1/flow/sinks%s", path);
	return body == NULL ? fixture_ask(f->base, who, method, url, NULL)
						: fixture_ask(f->base, who, method, url, "%s", body);
}

/* Until a member of the sink is this. */
static bool says(struct runs_fixture *f, const char *path, const char *member, const char *value)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	char at[64];
	snprintf(at, sizeof at, "result.%s", member);
	for (int i = 0; i < LOOKS; i++) {
		assert_int_equal(ask(f, "vic", "GET", path, NULL), 200);
		if (strcmp(runs_json(f, at), value) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void make(struct runs_fixture *f, const char *topics, char path[64], char secret[WEBHOOK_SECRET])
{
	char body[256];
	snprintf(body, sizeof body, "{\"url\":\"https://hooks.example/x\"%s}", topics);
	assert_int_equal(ask(f, "ops", "POST", "", body), 201);
	snprintf(path, 64, "/%s", fixture_text(f->base, "result.sink_id"));
	snprintf(secret, WEBHOOK_SECRET, "%s", fixture_text(f->base, "result.secret"));
}

static bool is_signed(const struct told *told, const char *secret)
{
	unsigned char key[64];
	size_t size = 0;
	struct buf text, signature;
	buf_init(&text, 0);
	buf_init(&signature, 0);
	assert_int_equal(strncmp(secret, "whsec_", 6), 0);
	assert_true(base64_decode(secret + 6, strlen(secret + 6), key, sizeof key, &size));
	unsigned char mac[SHA256_SIZE];
	buf_addf(&text, "%s.%s.%s", told->id, told->at, told->body);
	hmac_sha256(key, size, buf_text(&text), text.size, mac);
	buf_adds(&signature, "v1,");
	base64_add(&signature, mac, sizeof mac);
	bool there = strstr(told->signature, buf_text(&signature)) != NULL;
	buf_fini(&text);
	buf_fini(&signature);
	return there;
}

static void hello(struct runs_fixture *f)
{
	runs_start(f, "[{\"a\":{\"set\":{\"m\":1}}}]", "{}");
	assert_true(runs_is(f, "completed"));
}

/* Lifecycle events, in order, each signed; nothing of what was before. */
static void test_told(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET];
	serve(f, &r, 200);
	hello(f);
	make(f, "", path, secret);
	hello(f);
	assert_true(are(&r, 4));
	static const char *const types[] = {"workflow.started.v1", "workflow.status-changed.v1", "workflow.completed.v1",
										"workflow.status-changed.v1"};
	for (int i = 0; i < 4; i++) {
		assert_true(is_signed(&r.told[i], secret));
		assert_non_null(strstr(r.told[i].body, "\"specversion\":\"1.0\""));
		assert_non_null(strstr(r.told[i].body, f->run_id));
		assert_non_null(strstr(r.told[i].body, r.told[i].id));
		assert_non_null(strstr(r.told[i].body, types[i]));
	}
	assert_true(says(f, path, "delivered", "4"));
	assert_string_equal(runs_json(f, "result.last_status"), "200");
	assert_null(fixture_at(f->base, "result.secret"));
	assert_int_equal(ask(f, "eve", "GET", path, NULL), 404);
	assert_int_equal(ask(f, "vic", "DELETE", path, NULL), 403);
	assert_int_equal(ask(f, "ops", "DELETE", path, NULL), 204);
	hello(f);
	assert_int_equal(calls(&r), 4);
	assert_int_equal(ask(f, "ops", "GET", path, NULL), 404);
}

/* What a run emits comes as it is; tasks only to who wants them. */
static void test_topics(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET];
	serve(f, &r, 204);
	make(f, ",\"topics\":[\"events\"]", path, secret);
	assert_string_equal(runs_json(f, "result.topics"), "[\"events\"]");
	while (!outbox_watched(f->people.outbox, SINK_EVENTS)) /* its thread has looked */
		sched_yield();
	runs_start(f,
			   "[{\"a\":{\"emit\":{\"event\":{\"with\":{\"source\":\"https://shop.example\",\"type\":\"order.placed\","
			   "\"data\":{\"n\":9007199254740993}}}}}}]",
			   "{}");
	assert_true(runs_is(f, "completed"));
	assert_true(are(&r, 1));
	assert_true(is_signed(&r.told[0], secret));
	assert_non_null(strstr(r.told[0].body, "\"type\":\"order.placed\""));
	assert_non_null(strstr(r.told[0].body, "\"source\":\"https://shop.example\""));
	assert_non_null(strstr(r.told[0].body, "{\"n\":9007199254740993}"));
	assert_int_equal(ask(f, "ops", "POST", "", "{\"url\":\"ftp://x.example\"}"), 422);
	assert_int_equal(ask(f, "ops", "POST", "", "{\"url\":\"https://x.example\",\"topics\":[\"budget\"]}"), 422);
	for (int i = 1; i < SINKS_MAX; i++)
		make(f, ",\"topics\":[\"steps\"]", path, secret);
	assert_int_equal(ask(f, "ops", "POST", "", "{\"url\":\"https://x.example\"}"), 409);
}

/* An emitted event and the lifecycle events around it come in the order of the journal. */
static void test_order(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET];
	serve(f, &r, 204);
	make(f, ",\"topics\":[\"runs\",\"steps\",\"events\"]", path, secret);
	while (!outbox_watched(f->people.outbox, SINK_EVENTS) || !outbox_watched(f->people.outbox, "steps"))
		sched_yield();
	runs_start(f,
			   "[{\"s\":{\"set\":{\"n\":1}}},{\"a\":{\"emit\":{\"event\":{\"with\":{\"source\":\"urn:s\",\"type\":"
			   "\"order.placed\"}}}}},{\"b\":{\"set\":{\"n\":2}}}]",
			   "{}");
	assert_true(runs_is(f, "completed"));
	static const char *const wanted[] = {"workflow.started",    "workflow.status-changed",
										 "task.created",        "task.started",
										 "task.status-changed", "task.completed",
										 "task.status-changed", "task.created",
										 "task.started",        "task.status-changed",
										 "order.placed",        "task.completed",
										 "task.status-changed", "task.created",
										 "task.started",        "task.status-changed",
										 "task.completed",      "task.status-changed",
										 "workflow.completed",  "workflow.status-changed"};
	enum { WANTED = sizeof wanted / sizeof *wanted };
	assert_true(are(&r, WANTED));
	for (int i = 0; i < WANTED; i++)
		if (strstr(r.told[i].body, wanted[i]) == NULL)
			fail_msg("%d: %s instead of %s", i, r.told[i].body, wanted[i]);
}

/* What fails is tried again with the same id, and nothing overtakes it; a restart goes on where it stood. */
static void test_tried_again(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET], run_id[ID_TEXT];
	serve(f, &r, 500);
	make(f, "", path, secret);
	hello(f);
	strcpy(run_id, f->run_id);
	assert_true(says(f, path, "tries", "1"));
	assert_string_equal(runs_json(f, "result.last_error"), "\"The receiver answered 500.\"");
	assert_string_equal(runs_json(f, "result.delivered"), "0");
	assert_int_equal(calls(&r), 1);
	pthread_mutex_lock(&r.lock);
	r.status = 200;
	pthread_mutex_unlock(&r.lock);
	runs_pass(f, 4000);
	runs_reopen(f);
	runs_pass(f, 1000);
	assert_true(are(&r, 5));
	assert_string_equal(r.told[0].id, r.told[1].id);
	assert_string_equal(r.told[0].body, r.told[1].body);
	assert_string_not_equal(r.told[1].id, r.told[2].id);
	assert_true(says(f, path, "delivered", "4"));
	assert_string_equal(runs_json(f, "result.tries"), "0");
	assert_true(is_signed(&r.told[4], secret));
}

/* REF: platform P-10.6: 10 tries over 24 h */
/* Out of tries, and at once after 410, it is disabled; enabled again it goes on. */
static void test_disabled(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET], enable[80], value[16];
	serve(f, &r, 503);
	make(f, "", path, secret);
	snprintf(enable, sizeof enable, "%s/enable", path);
	hello(f);
	int64_t day_s = 0;
	for (int tries = 1; tries < WEBHOOK_TRIES; tries++) {
		snprintf(value, sizeof value, "%d", tries);
		assert_true(says(f, path, "tries", value));
		assert_string_equal(runs_json(f, "result.enabled"), "true");
		day_s += webhook_delay_s(tries);
		runs_pass(f, webhook_delay_s(tries) * 1000);
	}
	assert_true(day_s < 24 * 3600 && day_s > 20 * 3600);
	assert_true(says(f, path, "enabled", "false"));
	assert_true(are(&r, WEBHOOK_TRIES));
	pthread_mutex_lock(&r.lock);
	r.status = 410;
	pthread_mutex_unlock(&r.lock);
	assert_int_equal(ask(f, "ops", "POST", enable, NULL), 200);
	assert_string_equal(runs_json(f, "result.enabled"), "true");
	assert_true(are(&r, WEBHOOK_TRIES + 1));
	assert_true(says(f, path, "enabled", "false"));
	assert_string_equal(runs_json(f, "result.last_status"), "410");
	pthread_mutex_lock(&r.lock);
	r.status = 200;
	pthread_mutex_unlock(&r.lock);
	assert_int_equal(ask(f, "ops", "POST", enable, NULL), 200);
	assert_true(are(&r, WEBHOOK_TRIES + 5));
	assert_string_equal(r.told[0].id, r.told[WEBHOOK_TRIES + 1].id);
}

/* For a day both secrets hold. */
static void test_rotated(void **state)
{
	struct runs_fixture *f = *state;
	struct receiver r;
	char path[64], secret[WEBHOOK_SECRET], other[WEBHOOK_SECRET], rotate[80];
	serve(f, &r, 200);
	make(f, "", path, secret);
	snprintf(rotate, sizeof rotate, "%s/rotate", path);
	assert_int_equal(ask(f, "ops", "POST", rotate, NULL), 200);
	snprintf(other, sizeof other, "%s", fixture_text(f->base, "result.secret"));
	assert_string_not_equal(secret, other);
	hello(f);
	assert_true(are(&r, 4));
	assert_true(is_signed(&r.told[0], secret));
	assert_true(is_signed(&r.told[0], other));
	runs_pass(f, SINK_FORMER_US / 1000);
	hello(f);
	assert_true(are(&r, 8));
	assert_false(is_signed(&r.told[4], secret));
	assert_true(is_signed(&r.told[4], other));
}

/* REF: Standard Webhooks 1.0, signature scheme: the example of its reference libraries */
static void test_signature(void **state)
{
	static const char body[] = "{\"test\": 2432232314}";
	unsigned char key[64];
	size_t size;
	struct buf text;
	(void)state;
	assert_true(base64_decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32, key, sizeof key, &size));
	assert_int_equal(size, 24); /* theirs is shorter than ours: the rest of the block is zero all the same */
	memset(key + size, 0, sizeof key - size);
	const struct webhook webhook = {
		.id = "msg_p5jXN8AQM9LWM0D4loKWxJek", .at_s = 1614265330, .body = body, .size = sizeof body - 1};
	buf_init(&text, 0);
	webhook_sign(key, &webhook, &text);
	assert_string_equal(buf_text(&text), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	webhook_sign(key, &webhook, &text);
	assert_int_equal(text.size, 2 * 47 + 1);
	buf_fini(&text);
	assert_int_equal(webhook_delay_s(1), 5);
	assert_int_equal(webhook_delay_s(WEBHOOK_TRIES), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_told),
									   TEST(test_topics),
									   TEST(test_order),
									   TEST(test_tried_again),
									   TEST(test_disabled),
									   TEST(test_rotated),
									   cmocka_unit_test(test_signature)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
