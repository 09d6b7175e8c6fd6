#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/err.h"
#include "core/json.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "flow/runs_fixture.h"
#include "http/workers.h"

/* HTTP calls over a real socket, as a server has them: all on one thread, so many at once and no more [flow.md 3.5].
 */

enum { SLOTS = 2 /* of the fixture */, LOOKS = 2000, REQUEST_MAX = 4096 };

struct peer {
	int listener;
	char map[64];
};

/* A connection and the request that came by it. */
struct asked {
	int fd;
	char text[REQUEST_MAX];
};

static void serve(struct runs_fixture *f, struct peer *peer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	struct err err;
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(peer->listener >= 0 && bind(peer->listener, (const struct sockaddr *)&at, sizeof at) == 0);
	assert_true(listen(peer->listener, 16) == 0 && getsockname(peer->listener, (struct sockaddr *)&at, &size) == 0);
	snprintf(peer->map, sizeof peer->map, "a.example=127.0.0.1:%d", ntohs(at.sin_port));
	assert_true(outgoing_map(&f->outgoing, peer->map, &err));
}

/* The next call; blocks until it comes. */
static void take(const struct peer *peer, struct asked *asked)
{
	size_t have = 0;
	asked->fd = accept(peer->listener, NULL, NULL);
	assert_true(asked->fd >= 0);
	do {
		ssize_t got = recv(asked->fd, asked->text + have, sizeof asked->text - 1 - have, 0);
		assert_true(got > 0);
		have += (size_t)got;
		asked->text[have] = '\0';
	} while (strstr(asked->text, "\r\n\r\n") == NULL);
}

static bool comes(const struct peer *peer, int within_ms)
{
	struct pollfd look = {.fd = peer->listener, .events = POLLIN};
	return poll(&look, 1, within_ms) == 1;
}

static void answer_with(const struct asked *asked, const char *json)
{
	char text[256];
	int size = snprintf(text, sizeof text,
						"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
						"Connection: close\r\n\r\n%s",
						strlen(json), json);
	(void)!send(asked->fd, text, (size_t)size, MSG_NOSIGNAL); /* the other side may be gone */
	close(asked->fd);
}

static void answer(const struct asked *asked)
{
	answer_with(asked, "{}");
}

/* It hangs up. */
static void is_left(const struct asked *asked)
{
	char byte;
	assert_true(recv(asked->fd, &byte, 1, 0) <= 0);
	close(asked->fd);
}

/* That many calls are under way or in the line, and so many of them out of it. */
static bool are_calling(struct runs_fixture *f, size_t calls, unsigned calling)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	struct runner *runner = f->flow->runner;
	bool same = false;
	for (int i = 0; i < LOOKS && !same; i++) {
		runner_lock(runner);
		same = runner->effects_under_way == calls && runner->calling == calling;
		runner_unlock(runner);
		if (!same)
			nanosleep(&pause, NULL);
	}
	return same;
}

#define CALL(number) \
	"{\"c\":{\"call\":\"http\",\"with\":{\"method\":\"get\",\"endpoint\":\"https://a.example/" number "\"}}}"

/* `tasks`: the members of a definition that say what is done. */
static void start_definition(struct runs_fixture *f, const char *tasks, char *id)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\","
								 "\"version\":\"1.0.0\"},%s}}",
								 tasks),
					 202);
	snprintf(id, ID_TEXT, "%s", fixture_text(f->base, "result.run_id"));
}

static void start(struct runs_fixture *f, const char *task, char *id)
{
	char tasks[256];
	snprintf(tasks, sizeof tasks, "\"do\":[%s]", task);
	start_definition(f, tasks, id);
}

static bool has_become(struct runs_fixture *f, const char *run_id, const char *status)
{
	strcpy(f->run_id, run_id);
	return runs_is(f, status);
}

/* What `why` says of it, and until when. */
static bool waits_for(struct runs_fixture *f, const char *run_id, const char *kind, const char *until)
{
	strcpy(f->run_id, run_id);
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	const struct json *at = fixture_at(f->base, "result.waiting.0.until");
	return strcmp(fixture_text(f->base, "result.waiting.0.kind"), kind) == 0 && (at == NULL) == (until == NULL) &&
		   (at == NULL || strcmp(at->text, until) == 0);
}

/* As many as there are places; the others wait in the line, and one that is cancelled there is never sent. */
static void test_as_many_as_may_be(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked[SLOTS], third, last;
	char ids[SLOTS + 3][ID_TEXT];
	serve(f, &peer);
	for (int i = 0; i < SLOTS + 2; i++) {
		start(f, i < SLOTS ? CALL("first") : i == SLOTS ? CALL("third") : CALL("never"), ids[i]);
		assert_true(are_calling(f, (size_t)i + 1, i < SLOTS ? (unsigned)i + 1 : SLOTS));
	}
	start(f, CALL("last"), ids[SLOTS + 2]);
	assert_true(are_calling(f, SLOTS + 3, SLOTS));
	for (int i = 0; i < SLOTS; i++)
		take(&peer, &asked[i]);
	assert_false(comes(&peer, 50));
	assert_true(waits_for(f, ids[0], "http", "2025-06-15T15:11:40.000000Z")); /* five minutes where nobody says */
	assert_true(waits_for(f, ids[SLOTS + 1], "slot", NULL));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	answer(&asked[0]);
	take(&peer, &third);
	assert_non_null(strstr(third.text, "GET /third "));
	answer(&third);
	take(&peer, &last);
	assert_non_null(strstr(last.text, "GET /last "));
	answer(&last);
	answer(&asked[1]);
	for (int i = 0; i < SLOTS + 3; i++)
		assert_true(has_become(f, ids[i], i == SLOTS + 1 ? "cancelled" : "completed"));
	assert_true(are_calling(f, 0, 0));
	assert_false(comes(&peer, 0));
	close(peer.listener);
}

static void header_of(const struct asked *asked, const char *name, char value[80])
{
	const char *at = strstr(asked->text, name);
	assert_non_null(at);
	at += strlen(name) + 2;
	snprintf(value, 80, "%.*s", (int)strcspn(at, "\r"), at);
}

/* A run is cancelled while its call is under way: it hangs up, and the place is free for the next. */
static void test_cancelled(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked[SLOTS], next;
	char run_id[80], last[ID_TEXT];
	serve(f, &peer);
	for (int i = 0; i < SLOTS; i++) {
		start(f, CALL("x"), last);
		take(&peer, &asked[i]);
	}
	start(f, CALL("x"), last);
	for (int i = 0; i < SLOTS; i++) {
		header_of(&asked[i], "X-Countersign-Run", run_id);
		strcpy(f->run_id, run_id);
		assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
		assert_string_equal(fixture_text(f->base, "result.status"), "cancelled");
		is_left(&asked[i]);
	}
	take(&peer, &next);
	answer(&next);
	assert_true(has_become(f, last, "completed"));
	close(peer.listener);
}

/* The answer comes after the run was cancelled: nothing of it is written down. */
static void test_answered_too_late(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked;
	char seq[32];
	serve(f, &peer);
	runs_start(f, "[" CALL("x") "]", "{}");
	take(&peer, &asked);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	snprintf(seq, sizeof seq, "%s", runs_json(f, "result.seq"));
	answer(&asked);
	assert_true(are_calling(f, 0, 0));
	runs_pass(f, 1000);
	assert_true(runs_is(f, "cancelled"));
	assert_string_equal(runs_json(f, "result.seq"), seq);
	close(peer.listener);
}

/* Nobody answers: the time of the task is over, that of the block around it, or the run's. */
static void test_timed_out(void **state)
{
#define WITHIN "\"timeout\":{\"after\":{\"seconds\":60}}"
	static const char *const definitions[] = {
		"\"do\":[{\"c\":{\"call\":\"http\",\"with\":{\"method\":\"get\",\"endpoint\":\"https://a.example/x\"}," WITHIN
		"}}]",
		"\"do\":[{\"d\":{\"do\":[" CALL("x") "]," WITHIN "}}]",
		"\"do\":[" CALL("x") "]," WITHIN,
	};
	struct runs_fixture *f = *state;
	struct peer peer;
	serve(f, &peer);
	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++) {
		struct asked asked;
		start_definition(f, definitions[i], f->run_id);
		take(&peer, &asked);
		runs_pass(f, 60000);
		assert_true(runs_is(f, "faulted"));
		assert_int_equal(fixture_number_at(f->base, "result.error.status"), 408);
		is_left(&asked);
		assert_true(are_calling(f, 0, 0));
	}
	close(peer.listener);
}

/* Is its key one that was there before? */
static bool is_one_of(const struct asked *asked, const struct asked *before, size_t count)
{
	char key[80], other[80];
	header_of(asked, "Idempotency-Key", key);
	for (size_t i = 0; i < count; i++) {
		header_of(&before[i], "Idempotency-Key", other);
		if (strcmp(key, other) == 0)
			return true;
	}
	return false;
}

/* The server stops: what is under way is hung up, what is in the line is not sent; the next one sends all, by the keys
 * that they had. */
static void test_stopped(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked[SLOTS], again;
	char ids[SLOTS + 1][ID_TEXT];
	serve(f, &peer);
	for (int i = 0; i < SLOTS + 1; i++)
		start(f, i < SLOTS ? CALL("x") : CALL("waiting"), ids[i]);
	for (int i = 0; i < SLOTS; i++)
		take(&peer, &asked[i]);
	assert_true(are_calling(f, SLOTS + 1, SLOTS));
	runs_reopen(f);
	for (int i = 0; i < SLOTS; i++)
		is_left(&asked[i]);
	for (int i = 0; i < SLOTS + 1; i++) {
		take(&peer, &again);
		assert_int_equal(is_one_of(&again, asked, SLOTS), strstr(again.text, "GET /waiting ") == NULL);
		answer(&again);
	}
	for (int i = 0; i < SLOTS + 1; i++)
		assert_true(has_become(f, ids[i], "completed"));
	assert_false(comes(&peer, 0));
	close(peer.listener);
}

/* It was paused while its call is under way: both are told, and what comes is kept. */
static void test_paused(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked;
	char run_id[ID_TEXT];
	serve(f, &peer);
	start(f, CALL("x"), run_id);
	strcpy(f->run_id, run_id);
	take(&peer, &asked);
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_true(waits_for(f, run_id, "paused", NULL));
	assert_string_equal(fixture_text(f->base, "result.waiting.1.kind"), "http");
	assert_string_equal(fixture_text(f->base, "result.waiting.1.step"), "/do/0/c");
	assert_string_equal(fixture_text(f->base, "result.waiting.1.until"), "2025-06-15T15:11:40.000000Z");
	answer(&asked);
	assert_true(are_calling(f, 0, 0));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(runs_json(f, "result.waiting.1"), "absent");
	assert_int_equal(runs_ask(f, "ops", "POST", "/resume", "{}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_false(comes(&peer, 0));
	close(peer.listener);
}

/* --- MCP --- */

static void answer_mcp(const struct asked *asked, const char *status, const char *body)
{
	char text[512];
	int size =
		snprintf(text, sizeof text,
				 "HTTP/1.1 %s\r\nContent-Type: application/json\r\nMcp-Session-Id: s-1\r\nContent-Length: %zu\r\n"
				 "Connection: close\r\n\r\n%s",
				 status, strlen(body), body);
	(void)!send(asked->fd, text, (size_t)size, MSG_NOSIGNAL);
	close(asked->fd);
}

static bool says(const struct asked *asked, const char *text)
{
	return strstr(asked->text, text) != NULL;
}

#define MCP \
	"{\"c\":{\"call\":\"mcp\",\"with\":{\"method\":\"tools/list\",\"transport\":{\"http\":{\"endpoint\":\"https://" \
	"a.example/m\"}}}}}"
#define HELLO "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-03-26\"}}"

/* A session is opened, asked and closed; the key goes with the question only.
 */
static void test_mcp(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked;
	char key[80];
	serve(f, &peer);
	start(f, MCP, f->run_id);
	take(&peer, &asked);
	assert_false(says(&asked, "Idempotency-Key:"));
	assert_false(says(&asked, "MCP-Protocol-Version:"));
	answer_mcp(&asked, "200 OK", HELLO);
	take(&peer, &asked);
	assert_false(says(&asked, "Idempotency-Key:"));
	assert_true(says(&asked, "MCP-Protocol-Version: 2025-03-26\r\n") && says(&asked, "Mcp-Session-Id: s-1\r\n"));
	answer_mcp(&asked, "202 Accepted", "");
	take(&peer, &asked);
	header_of(&asked, "Idempotency-Key", key);
	assert_true(says(&asked, "MCP-Protocol-Version: 2025-03-26\r\n") && says(&asked, "Mcp-Session-Id: s-1\r\n"));
	answer_mcp(&asked, "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[]}}");
	take(&peer, &asked);
	assert_true(says(&asked, "DELETE /m HTTP/1.1\r\n") && says(&asked, "Mcp-Session-Id: s-1\r\n"));
	answer_mcp(&asked, "405 Method Not Allowed", "");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"tools\":[]}");
	close(peer.listener);
}

/* It does not get as far as to ask: nothing was sent that a repetition could do twice. */
static void test_mcp_refused(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	struct asked asked;
	serve(f, &peer);
	start(f, MCP, f->run_id);
	take(&peer, &asked);
	answer_mcp(&asked, "504 Gateway Timeout", "");
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(runs_json(f, "result.error.status"), "504");
	assert_int_equal(runs_ask(f, "ops", "POST", "/retry", "{}"), 200);
	take(&peer, &asked);
	answer_mcp(&asked, "200 OK", HELLO);
	take(&peer, &asked);
	answer_mcp(&asked, "202 Accepted", "");
	take(&peer, &asked);
	answer_mcp(&asked, "200 OK",
			   "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}");
	take(&peer, &asked);
	answer_mcp(&asked, "200 OK", "");
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(runs_json(f, "result.error.detail"), "\"The MCP server refused it: no such method (-32601).\"");
	close(peer.listener);
}

/* --- what an answer says --- */

struct barrier {
	_Atomic int held;
	_Atomic bool open;
};

static void rest_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	nanosleep(&pause, NULL);
}

static void hold(void *self, int worker)
{
	struct barrier *gate = self;
	(void)worker;
	gate->held++;
	while (!gate->open)
		rest_a_little();
}

/* The thread of all calls looks into no answer, which may be megabytes: that is for the run's turn, which has not come.
 */
static void test_read_in_its_turn(void **state)
{
	struct runs_fixture *f = *state;
	struct barrier gate = {.held = 0};
	struct runner *runner = f->flow->runner;
	struct peer peer;
	struct asked asked;
	serve(f, &peer);
	start(f, CALL("x"), f->run_id);
	take(&peer, &asked);
	for (int i = 0; i < SLOTS; i++) /* as many turns */
		assert_true(workers_push(runner->turns, hold, &gate));
	while (gate.held < SLOTS)
		rest_a_little();
	answer_with(&asked, "{\"a\":");
	assert_true(are_calling(f, 0, 0));
	runner_lock(runner);
	struct live *live = live_get(runner, f->run_id);
	bool is_read = live->inbox == NULL || live->inbox->output != NULL || live->inbox->error != NULL;
	live_put(live);
	runner_unlock(runner);
	gate.open = true;
	assert_false(is_read);
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(runs_json(f, "result.error.title"), "\"Unreadable answer\"");
	assert_string_equal(runs_json(f, "result.error.status"), "500");
	close(peer.listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_as_many_as_may_be),
									   TEST(test_cancelled),
									   TEST(test_answered_too_late),
									   TEST(test_timed_out),
									   TEST(test_stopped),
									   TEST(test_read_in_its_turn),
									   TEST(test_paused),
									   TEST(test_mcp),
									   TEST(test_mcp_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
