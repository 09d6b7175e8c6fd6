#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/rng.h"
#include "flow/domain/agent.h"
#include "flow/domain/memory.h"
#include "flow/domain/vector.h"

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

static void cosines_by_hand_and_against_the_plain_way(void **state)
{
	const float x[] = {1, 0, 0}, y[] = {0, 2, 0}, z[] = {-1, 0, 0}, zero[] = {0, 0, 0};
	struct rng rng;
	(void)state;
	assert_true(vector_cosine(x, 1, x, 1, 3) == 1);
	assert_true(vector_cosine(x, 1, y, 2, 3) == 0);
	assert_true(vector_cosine(x, 1, z, 1, 3) == 0); /* opposite: clamped */
	assert_true(vector_cosine(x, 1, zero, 0, 3) == 0);
	rng_init(&rng, 7);
	for (size_t n = 1; n <= 200; n++) {
		float a[200], b[200];
		double c[200], d[200];
		for (size_t i = 0; i < n; i++) {
			c[i] = (double)(a[i] = (float)rng_unit(&rng));
			d[i] = (double)(b[i] = (float)rng_unit(&rng));
		}
		assert_true(near(vector_cosine(a, vector_norm(a, n), b, vector_norm(b, n), n), cosine(c, d, n)));
	}
	const float *const both[] = {x, y};
	float mean[3];
	vector_mean(both, 2, 3, mean);
	assert_true(near(vector_norm(mean, 3), 1) && near((double)mean[1] / (double)mean[0], 2));
}

static void texts_are_folded_and_compared_by_words(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 20);
	assert_string_equal(memory_fold(&arena, "  a \t\n b  "), "a b");
	assert_string_equal(memory_fold(&arena, " \n "), "");
	/* REF: Unicode Standard, property White_Space */
	assert_string_equal(memory_fold(&arena, "\xc2\xa0"
											"a\xe2\x80\x83\xe3\x80\x80"
											"b\xc2\x85"),
						"a b");
	assert_string_equal(memory_fold(&arena, "x"), "x");
	assert_true(memory_jaccard(&arena, "the red car", "The car, red!") == 1);
	assert_true(memory_jaccard(&arena, "a b c", "b c d") == .5);
	assert_true(memory_jaccard(&arena, "", "") == 0);
	const char *const texts[] = {"The gate opens at six. Birds sang.", "The gate opens at six. It rained a little bit.",
								 "At six the gate opens. Nobody came by."};
	const char *summary = memory_summary(&arena, texts, 3);
	assert_string_equal(summary, "The gate opens at six.");
	const char *const often[] = {"Six. The gate opens then.", "Six. Birds sang.", "Six. It rained all the day long."};
	assert_string_equal(memory_summary(&arena, often, 3), "Six."); /* once, however often it stands there */
	const char *const one[] = {"only this"};
	assert_string_equal(memory_summary(&arena, one, 1), "only this");
	arena_fini(&arena);
}

static bool same_ten(void *self, size_t a, size_t b)
{
	(void)self;
	return a / 11 == b / 11;
}

static bool same_pair(void *self, size_t a, size_t b)
{
	const size_t *of = self;
	return of[a] == of[b];
}

/* Sizes 2, 3, 10 and 11 [flow.md 14]. */
static void clusters_have_three_to_ten(void **state)
{
	size_t cluster[11], sizes[3] = {0};
	size_t of[] = {1, 1, 2, 2, 2};
	(void)state;
	assert_int_equal(memory_clusters(5, same_pair, of, cluster), 1);
	assert_int_equal(cluster[0], 0);
	assert_int_equal(cluster[1], 0);
	assert_int_equal(cluster[4], 1);
	assert_int_equal(memory_clusters(10, same_ten, NULL, cluster), 1);
	assert_int_equal(memory_clusters(11, same_ten, NULL, cluster), 1);
	for (size_t i = 0; i < 11; i++)
		sizes[cluster[i]]++;
	assert_int_equal(sizes[1], 10);
	assert_int_equal(sizes[0], 1);
}

static void tiers_lead_where_they_should(void **state)
{
	(void)state;
	assert_int_equal(memory_next_tier(MEMORY_L1, 1), MEMORY_TIERS);
	assert_int_equal(memory_next_tier(MEMORY_L2, .7), MEMORY_L3);
	assert_int_equal(memory_next_tier(MEMORY_L2, .69), MEMORY_L4);
	assert_int_equal(memory_next_tier(MEMORY_L3, 1), MEMORY_L4);
	assert_int_equal(memory_next_tier(MEMORY_L4, 1), MEMORY_TIERS);
	assert_int_equal(memory_capacity(MEMORY_L1), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cosines_by_hand_and_against_the_plain_way),
		cmocka_unit_test(texts_are_folded_and_compared_by_words),
		cmocka_unit_test(clusters_have_three_to_ten),
		cmocka_unit_test(tiers_lead_where_they_should),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
