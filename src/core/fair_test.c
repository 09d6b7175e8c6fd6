#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "core/fair.h"

struct one {
	struct fair_item item; /* first */
	char tenant;
	int number;
};

static struct fair_item *put(struct fair *fair, struct one *one, char tenant, int number, int priority, int64_t now_s)
{
	const char name[] = {tenant, '\0'};
	*one = (struct one){.tenant = tenant, .number = number};
	fair_put(fair, fair_tenant(fair, name), priority, now_s * 1000000, &one->item);
	return &one->item;
}

static struct one *take(struct fair *fair, int64_t now_s)
{
	struct fair_tenant *tenant;
	return (struct one *)(void *)fair_take(fair, now_s * 1000000, &tenant);
}

/* Fairness [flow.md 14]: a noisy tenant delays nobody.  Ten thousand before it, and it is second. */
static void test_noisy_tenant(void **state)
{
	enum { NOISY = 10000 };
	struct one *noisy = calloc(NOISY, sizeof *noisy), quiet;
	struct fair fair;
	(void)state;
	fair_init(&fair);
	for (int i = 0; i < NOISY; i++)
		put(&fair, &noisy[i], 'a', i, FAIR_USUAL, 0);
	assert_int_equal(take(&fair, 0)->tenant, 'a');
	put(&fair, &quiet, 'b', 0, 0, 0); /* however low its own priority */
	struct one *first = take(&fair, 0), *second = take(&fair, 0);
	assert_true(first->tenant == 'b' || second->tenant == 'b');
	for (int i = 0; i < NOISY - 2; i++)
		assert_int_equal(take(&fair, 0)->tenant, 'a');
	assert_null(take(&fair, 0));
	fair_fini(&fair);
	free(noisy);
}

/* What costs more than its share is waited out: both have had the same when both are served. */
static void test_costs(void **state)
{
	enum { EACH = 400 };
	struct one items[2 * EACH];
	int64_t had[2] = {0, 0};
	struct fair fair;
	struct fair_tenant *tenant;
	(void)state;
	fair_init(&fair);
	for (int i = 0; i < EACH; i++) {
		put(&fair, &items[2 * i], 'a', i, FAIR_USUAL, 0);
		put(&fair, &items[2 * i + 1], 'b', i, FAIR_USUAL, 0);
	}
	for (int i = 0; i < EACH; i++) {
		const struct one *one = (struct one *)(void *)fair_take(&fair, 0, &tenant);
		int cost = one->tenant == 'a' ? 256 : 64;
		fair_charge(tenant, cost - 1);
		had[one->tenant - 'a'] += cost;
	}
	assert_true(llabs(had[0] - had[1]) <= 512);
	fair_fini(&fair);
}

/* Within a tenant by priority, then by age; 30 s of waiting are worth one. */
static void test_priorities(void **state)
{
	struct one items[5];
	struct fair fair;
	(void)state;
	fair_init(&fair);
	put(&fair, &items[0], 'a', 0, 5, 0);
	put(&fair, &items[1], 'a', 1, 9, 0);
	put(&fair, &items[2], 'a', 2, 5, 0);
	put(&fair, &items[3], 'a', 3, 0, 0);
	assert_int_equal(take(&fair, 1)->number, 1);
	assert_int_equal(take(&fair, 1)->number, 0);
	put(&fair, &items[4], 'a', 4, 7, 179); /* the others have risen to 10 and 5 */
	assert_int_equal(take(&fair, 179)->number, 2);
	assert_int_equal(take(&fair, 179)->number, 4);
	assert_int_equal(take(&fair, 179)->number, 3);
	assert_null(take(&fair, 179));
	fair_fini(&fair);
}

/* Who gives up waiting is not called, whether first, last or the only one of a tenant. */
static void test_leaving(void **state)
{
	struct one items[5];
	struct fair fair;
	(void)state;
	fair_init(&fair);
	struct fair_tenant *a = fair_tenant(&fair, "a"), *b = fair_tenant(&fair, "b");
	for (int i = 0; i < 4; i++)
		put(&fair, &items[i], 'a', i, FAIR_USUAL, 0);
	assert_false(fair_others(&fair, a));
	assert_true(fair_others(&fair, b));
	put(&fair, &items[4], 'b', 4, FAIR_USUAL, 0);
	assert_true(fair_others(&fair, a));
	fair_leave(&fair, b, &items[4].item);
	assert_false(fair_others(&fair, a));
	fair_leave(&fair, a, &items[0].item);
	fair_leave(&fair, a, &items[3].item);
	put(&fair, &items[0], 'a', 0, FAIR_USUAL, 0);
	assert_int_equal(take(&fair, 0)->number, 1);
	assert_int_equal(take(&fair, 0)->number, 2);
	assert_int_equal(take(&fair, 0)->number, 0);
	assert_null(take(&fair, 0));
	assert_false(fair_others(&fair, b));
	put(&fair, &items[0], 'a', 0, FAIR_USUAL, 0);
	fair_leave(&fair, a, &items[0].item);
	assert_null(take(&fair, 0));
	fair_fini(&fair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_noisy_tenant), cmocka_unit_test(test_costs),
									   cmocka_unit_test(test_priorities), cmocka_unit_test(test_leaving)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
