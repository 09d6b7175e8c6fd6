#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/rng.h"
#include "core/stamp.h"
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/domain/signature.h"
#include "trade/trade_api.h"

/* Exactly once [trade.md 4.3, 14]: whatever is sent twice, at once, or after its answer was lost, happens once. */

#define S STAMP_US_PER_S
#define ACK "/api/v1/client/ack"
#define SNAPSHOT "/api/v1/client/snapshot"

/* --- many at once --- */

enum { HEADERS = 14, AT_ONCE_MAX = 200, THREADS = 8 };

struct request {
	const char *method, *target, *body;
	const char *headers[HEADERS];
	int status;
	bool same; /* the answer's body is that of the first good one */
};

static struct request requests[AT_ONCE_MAX];
static _Atomic int next_request;
static int requests_count;

static void *send_some(void *self)
{
	(void)self;
	for (int i; (i = next_request++) < requests_count;) {
		struct request *r = &requests[i];
		struct loopback l = {.method = r->method,
							 .target = r->target,
							 .headers = r->headers,
							 .body = r->body,
							 .body_size = r->body != NULL ? strlen(r->body) : 0};
		loopback_ask(&f.service, &l);
		r->status = l.status;
		loopback_fini(&l);
	}
	return NULL;
}

static void send_all(int count)
{
	pthread_t threads[THREADS];
	requests_count = count;
	next_request = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_some, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static int answered(int count, int status)
{
	int found = 0;
	for (int i = 0; i < count; i++)
		found += requests[i].status == status;
	return found;
}

static const char *stamp_of(int64_t us)
{
	char at[STAMP_TEXT];
	stamp_format(at, us);
	return arena_dup(&f.arena, at);
}

/* Signed at that moment. */
static struct request signal_request(const char *body, int64_t us)
{
	char signature[SIGNATURE_TEXT];
	const char *at = stamp_of(us);
	const struct canonical canonical =
		signature_producer(&f.arena, "POST", "/api/v1/signals", at, f.producer, body, strlen(body));
	signature_make(f.secret, strlen(f.secret), canonical, signature);
	return (struct request){.method = "POST",
							.target = "/api/v1/signals",
							.body = body,
							.headers = {"content-type", "application/json", "x-producer-id", f.producer, "x-timestamp",
										at, "x-signature", arena_dup(&f.arena, signature)}};
}

static struct request device_request(const char *target, const char *body, int number)
{
	char signature[SIGNATURE_TEXT];
	const char *at = stamp_of(f.sim.wall_us), *nonce = arena_printf(&f.arena, "o-%d", number);
	const struct canonical canonical =
		signature_device(&f.arena, body != NULL ? "POST" : "GET", target, body != NULL ? body : "",
						 body != NULL ? strlen(body) : 0, f.device, nonce, at);
	signature_make(f.device_secret, strlen(f.device_secret), canonical, signature);
	return (struct request){.method = body != NULL ? "POST" : "GET",
							.target = target,
							.body = body,
							.headers = {"x-device-id", f.device, "x-nonce", nonce, "x-timestamp", at, "x-signature",
										arena_dup(&f.arena, signature), "content-type", "application/json"}};
}

static void one_signal_is_there(void)
{
	assert_int_equal(desk_count("SELECT COUNT(*) FROM signals"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'signal.create'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM outbox WHERE event = 'signal.created'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM countersign_requests"), 1);
}

/* The same bytes two hundred times, as a sender's retries: the signature is spent by one of them. */
static void two_hundred_identical_requests_are_one_signal(void **state)
{
	(void)state;
	desk_broker(10000);
	add_producer("");
	const char *body = signal_with("1950.0", ",\"volume\":0.1");
	for (int i = 0; i < AT_ONCE_MAX; i++)
		requests[i] = signal_request(body, f.sim.wall_us);
	send_all(AT_ONCE_MAX);
	assert_int_equal(answered(AT_ONCE_MAX, 201), 1);
	/* the fixture lets 60 at once through: what the rate refuses has no effect either */
	assert_int_equal(answered(AT_ONCE_MAX, 409) + answered(AT_ONCE_MAX, 429), AT_ONCE_MAX - 1);
	one_signal_is_there();
	assert_int_equal(desk_count("SELECT COUNT(*) FROM replays"), 1);
	chain_is_sound(-1);
}

/* Signed anew each time: each signature is spent, the signal is there once. */
static void the_same_signal_signed_anew_is_one(void **state)
{
	(void)state;
	enum { COUNT = 50 };
	desk_broker(10000);
	add_producer("");
	const char *body = signal_with("1950.0", ",\"volume\":0.1");
	for (int i = 0; i < COUNT; i++)
		requests[i] = signal_request(body, f.sim.wall_us + i);
	send_all(COUNT);
	assert_int_equal(answered(COUNT, 201), 1);
	assert_int_equal(answered(COUNT, 409), COUNT - 1);
	one_signal_is_there();
	assert_int_equal(desk_count("SELECT COUNT(*) FROM replays"), COUNT);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'signal.refuse'"), COUNT - 1);
	chain_is_sound(-1);
}

/* Twenty polls at once: one of them gets the order. */
static void twenty_polls_at_once_lease_once(void **state)
{
	(void)state;
	enum { COUNT = 20 };
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	for (int i = 0; i < COUNT; i++)
		requests[i] = device_request("/api/v1/client/poll", NULL, i);
	send_all(COUNT);
	assert_int_equal(answered(COUNT, 200), COUNT);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.lease'"), 1);
	assert_int_equal(desk_count("SELECT fence FROM deliveries"), 1);
}

/* Acknowledged by many connections at once, as after a reconnect: one execution, one position, one row of each. */
static void acknowledgements_at_once_are_one(void **state)
{
	(void)state;
	enum { COUNT = 20 };
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	const char *body = arena_printf(&f.arena,
									"{\"approval_id\":\"%s\",\"status\":\"placed\",\"broker_ticket\":\"501\","
									"\"fill_price\":1950.2}",
									f.approval_id);
	for (int i = 0; i < COUNT; i++)
		requests[i] = device_request(ACK, body, i);
	send_all(COUNT);
	assert_int_equal(answered(COUNT, 201), 1);
	assert_int_equal(answered(COUNT, 200), COUNT - 1);
	static const char *const once[] = {"SELECT COUNT(*) FROM executions", "SELECT COUNT(*) FROM positions",
									   "SELECT COUNT(*) FROM audit WHERE action = 'execution.ack'",
									   "SELECT COUNT(*) FROM audit WHERE action = 'position.open'",
									   "SELECT COUNT(*) FROM outbox WHERE event = 'position.opened'"};
	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		assert_int_equal(desk_count(once[i]), 1);
	chain_is_sound(-1);
}

/* --- a day at the desk, from a seed --- */

enum { STEPS = 90, BOOK = 16 };

struct held {
	char ticket[24];
	long long magic;
	bool buy;
	double price;
};

struct broker {
	struct rng rng;
	double bid, balance;
	int ticket, seq;
	struct held book[BOOK];
	int held;
	const char *deals; /* since the last snapshot */
};

static double profit_of(const struct broker *b, const struct held *h)
{
	return (h->buy ? 1 : -1) * (b->bid - h->price) * 10; /* 0.1 lots of 100 ounces */
}

static void close_one(struct broker *b, const char *reason)
{
	if (b->held == 0)
		return;
	struct held h = b->book[--b->held];
	double profit = profit_of(b, &h);
	b->balance += profit;
	b->deals = arena_printf(&f.arena,
							"%s%s{\"ticket\":\"%d\",\"position_ticket\":\"%s\",\"symbol\":\"XAUUSD\",\"side\":\"%s\","
							"\"entry\":\"out\",\"volume\":0.1,\"price\":%.2f,\"profit\":%.2f,\"reason\":\"%s\"}",
							b->deals, b->deals[0] != '\0' ? "," : "", ++b->ticket, h.ticket, h.buy ? "sell" : "buy",
							b->bid, profit, reason);
}

static void take_snapshot(struct broker *b)
{
	const char *positions = "", *at = stamp_of(f.sim.wall_us);
	double floating = 0;
	for (int i = 0; i < b->held; i++) {
		const struct held *h = &b->book[i];
		floating += profit_of(b, h);
		positions = arena_printf(&f.arena,
								 "%s%s{\"ticket\":\"%s\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":0.1,"
								 "\"open_price\":%.2f,\"stop_loss\":1900,\"profit\":%.2f,\"magic\":%lld}",
								 positions, i > 0 ? "," : "", h->ticket, h->price, profit_of(b, h), h->magic);
	}
	const char *body = arena_printf(
		&f.arena,
		"{\"seq\":%d,\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\","
		"\"currency\":\"USD\",\"leverage\":100,\"balance\":%.2f,\"equity\":%.2f,\"margin\":0,\"free_margin\":%.2f},"
		"\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":%.2f,\"ask\":%.2f,\"time\":\"%s\"}],\"positions\":[%s],\"deals\":[%"
		"s]}",
		++b->seq, at, b->balance, b->balance + floating, b->balance + floating, b->bid, b->bid + .2, at, positions,
		b->deals);
	b->deals = "";
	if (device_ask((struct device_send){.target = SNAPSHOT, .body = body}) != 201)
		fail_msg("%s", f.ask.answer);
}

static void send_signal(struct broker *b)
{
	char price[16], body[256];
	f.who = OWNER;
	snprintf(price, sizeof price, "%.2f", b->bid);
	const char *at = stamp_of(f.sim.wall_us);
	const char *signal = arena_printf(&f.arena,
									  "{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":%s,\"stop_loss\":%.2f,"
									  "\"volume\":0.1,\"time\":\"%s\"}",
									  price, b->bid - 20, at);
	if (post((struct send){.body = signal}) != 201 || strcmp(text("result.status"), "pending") != 0)
		return;
	const char *id = arena_dup(&f.arena, text("result.id"));
	bool yes = rng_below(&b->rng, 4) > 0;
	f.who = ANN;
	snprintf(body, sizeof body,
			 "{\"signal_id\":\"%s\",\"decision\":\"%s\",\"reason\":\"as seen\",\"consent_version\":1}", id,
			 yes ? "approved" : "rejected");
	if (ask("POST", "/api/v1/approvals", body, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	f.who = OWNER;
}

/* Some answers are lost: then the broker has the order and nobody was told. */
static void work_orders(struct broker *b)
{
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	uint32_t count = member("result.orders")->count;
	const char *answer = arena_dupn(&f.arena, f.ask.answer, f.ask.answer_size);
	const struct json *json;
	assert_true(json_parse(&f.arena, answer, strlen(answer), &json_body_limits, &json, NULL));
	const struct json *orders = json_get(json_get(json, "result"), "orders");
	for (uint32_t i = 0; i < count && b->held < BOOK; i++) {
		struct held *h = &b->book[b->held++];
		*h = (struct held){
			.magic = (long long)json_number(json_get(&orders->items[i], "magic")), .buy = true, .price = b->bid + .2};
		snprintf(h->ticket, sizeof h->ticket, "%d", ++b->ticket);
		if (rng_below(&b->rng, 4) == 0)
			continue;
		const char *body = arena_printf(
			&f.arena, "{\"approval_id\":\"%s\",\"status\":\"placed\",\"broker_ticket\":\"%s\",\"fill_price\":%.2f}",
			json_text(&orders->items[i], "approval_id"), h->ticket, h->price);
		device_ask((struct device_send){.target = ACK, .body = body});
	}
}

static void take_head(const struct db_rows *row, void *self)
{
	snprintf(self, 65, "%s", db_text(row, 0));
}

static void play_day(uint64_t seed, char head[65], int64_t *rows)
{
	struct broker b = {.bid = 1950, .balance = 10000, .ticket = 500, .deals = ""};
	struct err err;
	bool found = false;
	desk_set_up(NULL);
	desk_nonce = 0;
	rng_init(&b.rng, seed);
	add_producer("");
	add_device("desk");
	for (int step = 0; step < STEPS; step++) {
		env_sim_advance(&f.sim, (20 + (int64_t)rng_below(&b.rng, 30)) * S);
		b.bid += (double)((int64_t)rng_below(&b.rng, 201) - 100) / 100;
		if (rng_below(&b.rng, 3) == 0)
			close_one(&b, rng_below(&b.rng, 2) == 0 ? "tp" : "client");
		take_snapshot(&b);
		if (rng_below(&b.rng, 3) == 0)
			send_signal(&b);
		work_orders(&b);
		desk_pass(0);
	}
	struct db *db = store_read(f.store);
	assert_true(db_one(db, &err, &found, take_head, head, "SELECT hash FROM audit ORDER BY seq DESC LIMIT 1") && found);
	store_read_end(f.store, db);
	*rows = desk_count("SELECT COUNT(*) FROM audit");
	/* nothing is held twice, and nothing is held that nobody knows of */
	assert_int_equal(desk_count("SELECT COUNT(*) - COUNT(DISTINCT signal_id) FROM positions"), 0);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM positions WHERE status IN ('opening', 'open')"), b.held);
	assert_true(desk_count("SELECT COUNT(*) FROM positions WHERE status = 'closed'") > 3);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM reconciliation_events WHERE kind = 'manual_trade'"), 0);
	chain_is_sound(-1);
	desk_tear_down(NULL);
}

/* The chain holds ids, times and figures of everything: one head is one day. */
static void a_day_from_a_seed_has_one_chain_head(void **state)
{
	(void)state;
	char first[65], again[65], other[65];
	int64_t rows, rows_again, rows_other;
	play_day(42, first, &rows);
	play_day(42, again, &rows_again);
	play_day(43, other, &rows_other);
	assert_true(rows > 100);
	assert_int_equal(rows, rows_again);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(two_hundred_identical_requests_are_one_signal),
		TEST(the_same_signal_signed_anew_is_one),
		TEST(twenty_polls_at_once_lease_once),
		TEST(acknowledgements_at_once_are_one),
		cmocka_unit_test(a_day_from_a_seed_has_one_chain_head),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
