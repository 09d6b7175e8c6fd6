#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "core/env.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/trade_api.h"
#include "trade/waiting.h"

/* Polls that wait for an order [trade.md 4.3]. */

#define S STAMP_US_PER_S
#define POLL "/api/v1/client/poll"

static int poll(const char *query)
{
	char target[128];
	snprintf(target, sizeof target, POLL "%s", query);
	return device_ask((struct device_send){.target = target});
}

/* Somebody approves while the terminal waits. */
static void *approve(void *self)
{
	struct loopback l = {.status = 0};
	char body[128];
	usleep(30000);
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", f.signal_id);
	*(int *)self = desk_ask_as(ANN, "POST", "/api/v1/approvals", body, &l);
	loopback_fini(&l);
	return NULL;
}

static void a_poll_waits_for_an_order(void **state)
{
	(void)state;
	pthread_t thread;
	int approved = 0;
	desk_broker(10000);
	add_device("desk");
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", ",\"volume\":0.1")}), 201);
	snprintf(f.signal_id, sizeof f.signal_id, "%s", text("result.id"));
	assert_int_equal(pthread_create(&thread, NULL, approve, &approved), 0);
	assert_int_equal(poll("?wait=5"), 200); /* the clock stands still: nothing but the order ends it */
	pthread_join(thread, NULL);
	assert_int_equal(approved, 201);
	assert_true(number("result.count") == 1 && number("result.next_poll_seconds") == 1);
	assert_string_equal(text("result.orders.0.signal_id"), f.signal_id);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM nonces"), 1);
	assert_int_equal(poll("?wait=5"), 200); /* leased, and not acknowledged: busy terminals do not wait */
	assert_true(number("result.count") == 0);
	poll("?wait=6");
	must_answer(422, "invalid");
}

static void *stop(void *self)
{
	(void)self;
	usleep(30000);
	trade_api_stop(f.api);
	return NULL;
}

static void a_server_that_stops_lets_them_go(void **state)
{
	(void)state;
	pthread_t thread;
	desk_broker(10000);
	add_device("desk");
	assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
	assert_int_equal(poll("?wait=5"), 200);
	pthread_join(thread, NULL);
	assert_true(number("result.count") == 0 && number("result.next_poll_seconds") == 10);
	assert_int_equal(poll("?wait=5"), 200);
	assert_true(number("result.next_poll_seconds") == 20); /* the first one was counted once */
}

static _Atomic int64_t other_clock_us;

static int64_t read_clock(void *self)
{
	(void)self;
	return atomic_load(&other_clock_us);
}

struct counted {
	struct parked parked; /* first */
	_Atomic int count;
};

static void count_it(struct parked *parked)
{
	atomic_fetch_add(&((struct counted *)parked)->count, 1);
}

static void wait_until_gone(struct counted *c)
{
	while (atomic_load(&c->count) == 0)
		usleep(1000);
}

static void each_goes_on_once_when_its_time_is_up(void **state)
{
	(void)state;
	const struct env env = {.wall_us = read_clock, .mono_us = read_clock};
	struct waiting *waiting = waiting_new(f.store, &env);
	struct counted first = {{.trading_account_id = DESK_ACCOUNT, .until_us = S, .go_on = count_it}, 0};
	struct counted second = {{.trading_account_id = DESK_ACCOUNT, .until_us = 2 * S, .go_on = count_it}, 0};
	atomic_store(&other_clock_us, 0);
	assert_true(waiting_park(waiting, &first.parked) && waiting_park(waiting, &second.parked));
	waiting_wake(waiting); /* a commit that is none of theirs */
	atomic_store(&other_clock_us, S);
	wait_until_gone(&first);
	assert_int_equal(atomic_load(&second.count), 0);
	waiting_stop(waiting);
	assert_int_equal(atomic_load(&first.count), 1);
	assert_int_equal(atomic_load(&second.count), 1);
	assert_false(waiting_park(waiting, &first.parked));
	waiting_free(waiting);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_poll_waits_for_an_order),
		TEST(a_server_that_stops_lets_them_go),
		TEST(each_goes_on_once_when_its_time_is_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
