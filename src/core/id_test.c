#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/id.h"

enum { MS = 1000, THREADS = 4, EACH = 5000 };

static void text_carries_version_and_time(void **state)
{
	(void)state;
	struct env_sim sim;
	struct id_maker maker;
	char text[ID_TEXT];
	/* REF: RFC 9562 section 5.7; RFC 9562 appendix A.6: the moment 017f22e279b0 */
	env_sim_init(&sim, 1, INT64_C(0x017f22e279b0) * MS);
	id_maker_init(&maker, &sim.env);
	id_make(&maker, text);
	assert_memory_equal(text, "017f22e2-79b0-7", 15);
	assert_true(id_valid(text));
	assert_int_equal(id_ms(text), 0x017f22e279b0);
	id_maker_fini(&maker);
	env_sim_fini(&sim);
}

/* [P-12.4] UUIDv7 stays monotonic */
static void order_holds_when_the_clock_goes_back(void **state)
{
	(void)state;
	struct env_sim sim;
	struct id_maker maker;
	char last[ID_TEXT] = "", text[ID_TEXT];
	env_sim_init(&sim, 9, INT64_C(1700000000000000));
	id_maker_init(&maker, &sim.env);
	for (int i = 0; i < 20000; i++) {
		if (i == 5000)
			env_sim_set_wall(&sim, INT64_C(1600000000000000));
		if (i % 7 == 0)
			env_sim_advance(&sim, 400);
		if (i == 15000)
			env_sim_set_wall(&sim, INT64_C(1800000000000000));
		id_make(&maker, text);
		assert_true(strcmp(last, text) < 0);
		memcpy(last, text, sizeof last);
	}
	assert_true(id_ms(last) >= INT64_C(1800000000000));
	id_maker_fini(&maker);
	env_sim_fini(&sim);
}

/* REF: RFC 9562 section 6.2, method 1: the counter's end moves the time ahead instead of repeating or stepping back */
static void order_holds_when_the_counter_runs_over(void **state)
{
	(void)state;
	struct env_sim sim;
	struct id_maker maker;
	char last[ID_TEXT], text[ID_TEXT];
	env_sim_init(&sim, 9, INT64_C(1700000000000000));
	id_maker_init(&maker, &sim.env);
	id_make(&maker, last);
	maker.counter = (1 << 24) - 3;
	for (int i = 0; i < 5; i++) {
		id_make(&maker, text);
		assert_true(i == 0 || strcmp(last, text) < 0);
		memcpy(last, text, sizeof last);
	}
	assert_int_equal(id_ms(text), INT64_C(1700000000001));
	id_maker_fini(&maker);
	env_sim_fini(&sim);
}

struct batch {
	struct id_maker *maker;
	char texts[EACH][ID_TEXT];
};

static void *make_batch(void *argument)
{
	struct batch *batch = argument;
	for (int i = 0; i < EACH; i++)
		id_make(batch->maker, batch->texts[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void threads_never_share_an_id(void **state)
{
	(void)state;
	struct id_maker maker;
	id_maker_init(&maker, env_real());
	struct batch *batches = calloc(THREADS, sizeof *batches);
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		batches[i].maker = &maker;
		assert_int_equal(pthread_create(&threads[i], NULL, make_batch, &batches[i]), 0);
	}
	char(*all)[ID_TEXT] = calloc(THREADS * EACH, ID_TEXT);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		memcpy(all[i * EACH], batches[i].texts, sizeof batches[i].texts);
	}
	qsort(all, THREADS * EACH, ID_TEXT, compare);
	for (int i = 1; i < THREADS * EACH; i++)
		assert_string_not_equal(all[i - 1], all[i]);
	free(all);
	free(batches);
	id_maker_fini(&maker);
}

/* [P-8.12] an ill-formed id names nothing */
static void only_lower_case_version_seven_is_valid(void **state)
{
	(void)state;
	assert_true(id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
	static const char *const refused[] = {
		"",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
		"017f22e279b07cc398c4dc0c0c07398f0000",
		"017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_false(id_valid(refused[i]));
	assert_false(id_valid(NULL));
	assert_false(id_valid_n("017f22e2-79b0-7cc3-98c4-dc0c0c07398\0", ID_LENGTH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_carries_version_and_time),
		cmocka_unit_test(order_holds_when_the_clock_goes_back),
		cmocka_unit_test(order_holds_when_the_counter_runs_over),
		cmocka_unit_test(threads_never_share_an_id),
		cmocka_unit_test(only_lower_case_version_seven_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
