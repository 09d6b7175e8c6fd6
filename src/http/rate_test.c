#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/env.h"
#include "core/rng.h"
#include "http/rate.h"

static const struct rate_class classes[] = {{"write", 3000, false}, {"auth", 30, true}, {"odd", 7, false}};
enum { S = 1000000 };

static struct rates *new_rates(void)
{
	return rates_new(classes, sizeof classes / sizeof *classes, env_real());
}

/* [P-8.6] a tenth of a minute's requests at once, the next is refused */
static void a_burst_is_a_tenth_of_a_minute(void **state)
{
	(void)state;
	struct rates *rates = new_rates();
	struct rate_state at;
	for (int i = 1; i <= 300; i++) {
		assert_true(rates_take(rates, rates_class(rates, "write"), "ada", 5 * S, &at));
		assert_int_equal(at.capacity, 300);
		assert_int_equal(at.remaining, 300 - i);
		assert_int_equal(at.full_s, (i + 49) / 50);
		assert_int_equal(at.retry_s, 0);
	}
	assert_false(rates_take(rates, rates_class(rates, "write"), "ada", 5 * S, &at));
	const char *name;
	uint64_t refused;
	assert_true(rates_refused(rates, 0, &name, &refused)); /* [P-11.2] rate_limited_total{class} */
	assert_string_equal(name, "write");
	assert_int_equal(refused, 1);
	assert_true(rates_refused(rates, 1, &name, &refused));
	assert_int_equal(refused, 0);
	assert_false(rates_refused(rates, 3, &name, &refused));
	assert_int_equal(at.retry_s, 1);
	assert_int_equal(at.remaining, 0);
	assert_true(rates_take(rates, rates_class(rates, "write"), "bob", 5 * S, &at)); /* another's bucket */
	assert_true(rates_take(rates, rates_class(rates, "odd"), "ada", 5 * S, &at));   /* another class */
	rates_free(rates);
}

/* [P-3.1] SIGHUP changes the numbers; a bucket keeps what is in it, up to its new size */
static void numbers_change_while_serving(void **state)
{
	(void)state;
	struct rates *rates = new_rates();
	struct rate_state at;
	const struct rate_class other[] = {{"write", 600, false}, {"auth", 60, true}, {"odd", 7, false}};
	const struct rate_class *class = rates_class(rates, "write");
	assert_true(rates_take(rates, class, "ada", S, &at));
	assert_int_equal(at.remaining, 299);
	rates_change(rates, other, sizeof other / sizeof *other, true);
	assert_ptr_equal(rates_class(rates, "write"), class);
	assert_true(rates_take(rates, class, "ada", 2 * S, &at));
	assert_int_equal(at.capacity, 60);
	assert_int_equal(at.remaining, 59);
	rates_change(rates, classes, sizeof classes / sizeof *classes, true);
	assert_true(rates_take(rates, class, "ada", 2 * S, &at));
	assert_int_equal(at.remaining, 58); /* what was not earned is not given */
	rates_change(rates, classes, sizeof classes / sizeof *classes, false);
	assert_null(rates_class(rates, "write"));
	rates_free(rates);
}

static void at_least_thirty_fit(void **state)
{
	(void)state;
	struct rates *rates = new_rates();
	struct rate_state at;
	for (int i = 0; i < 30; i++)
		assert_true(rates_take(rates, rates_class(rates, "auth"), "10.0.0.1", S, &at));
	assert_false(rates_take(rates, rates_class(rates, "auth"), "10.0.0.1", S, &at));
	assert_int_equal(at.retry_s, 2); /* 30 a minute: one in two seconds */
	assert_false(rates_take(rates, rates_class(rates, "auth"), "10.0.0.1", 3 * S - 1, &at));
	assert_int_equal(at.retry_s, 1);
	assert_true(rates_take(rates, rates_class(rates, "auth"), "10.0.0.1", 3 * S, &at));
	rates_free(rates);
}

/* Asked every microsecond-odd moment, the fractions add up: nobody starves, nobody gets more than the rate. */
static void fractions_are_not_lost(void **state)
{
	(void)state;
	struct rates *rates = new_rates();
	struct rate_state at;
	struct rng rng;
	rng_init(&rng, 7);
	int64_t now = S, taken = 0;
	while (now < 3600 * (int64_t)S) {
		taken += rates_take(rates, rates_class(rates, "odd"), "slow", now, &at);
		now += 1 + (int64_t)(rng_next(&rng) % 30000);
	}
	int64_t most = 30 + 7 * 60, least = most - 1;
	assert_true(taken <= most && taken >= least);
	rates_free(rates);
}

static void a_full_set_forgets_the_fullest(void **state)
{
	(void)state;
	struct rates *rates = new_rates();
	struct rate_state at;
	for (int i = 0; i < 30; i++) /* empty this one */
		rates_take(rates, rates_class(rates, "auth"), "attacker", S, &at);
	for (int i = 0; i < 200000; i++) {
		char key[32];
		snprintf(key, sizeof key, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
		assert_true(rates_take(rates, rates_class(rates, "auth"), key, S, &at));
	}
	assert_false(rates_take(rates, rates_class(rates, "auth"), "attacker", S, &at));
	rates_free(rates);
}

static void addresses_of_one_subscriber_are_one(void **state)
{
	(void)state;
	char a[RATE_ADDRESS_TEXT], b[RATE_ADDRESS_TEXT];
	rate_address_key("2001:db8:1:2:aaaa::1", a);
	rate_address_key("2001:db8:1:2:bbbb::2", b);
	assert_string_equal(a, b);
	rate_address_key("2001:db8:1:3::1", b);
	assert_string_not_equal(a, b);
	rate_address_key("192.0.2.7", a);
	assert_string_equal(a, "192.0.2.7");
	rate_address_key("::ffff:192.0.2.7", a);
	rate_address_key("::ffff:192.0.2.8", b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_a_tenth_of_a_minute), cmocka_unit_test(at_least_thirty_fit),
		cmocka_unit_test(numbers_change_while_serving),   cmocka_unit_test(fractions_are_not_lost),
		cmocka_unit_test(a_full_set_forgets_the_fullest), cmocka_unit_test(addresses_of_one_subscriber_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
