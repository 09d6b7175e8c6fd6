#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/env.h"
#include "core/err.h"
#include "crypt/key.h"
#include "crypt/ring.h"

static struct key *make(void)
{
	return key_new(KEY_ED25519, env_real());
}

/* [P-4.4] the new key signs at once, the old verifies for a while */
static void test_rotation(void **state)
{
	(void)state;
	struct key *first = make(), *second = make(), *third = make();
	struct key_ring *ring = ring_new(first);
	struct err err;
	assert_ptr_equal(ring_current(ring), first);
	assert_ptr_equal(ring_find(ring, key_kid(first), INT64_MAX - 1), first);
	assert_null(ring_find(ring, key_kid(second), 0));
	assert_true(ring_rotate(ring, second, 100, &err));
	assert_ptr_equal(ring_current(ring), second);
	assert_ptr_equal(ring_find(ring, key_kid(first), 99), first);
	assert_null(ring_find(ring, key_kid(first), 100));
	assert_ptr_equal(ring_find(ring, key_kid(second), 100), second);
	assert_true(ring_rotate(ring, third, INT64_MAX, &err)); /* its predecessor stays for ever */
	assert_ptr_equal(ring_find(ring, key_kid(second), INT64_MAX - 1), second);
	assert_ptr_equal(ring_at(ring, 0, 99), third);
	assert_ptr_equal(ring_at(ring, 1, 99), second);
	assert_ptr_equal(ring_at(ring, 2, 99), first);
	assert_null(ring_at(ring, 3, 99));
	assert_null(ring_at(ring, 2, 100));
	ring_free(ring);
}

static void test_retired_never_signs(void **state)
{
	(void)state;
	struct key *current = make(), *old = make(), *past = make();
	struct key_ring *ring = ring_new(current);
	assert_true(ring_retired(ring, old, 50, NULL));
	assert_true(ring_retired(ring, past, 10, NULL));
	assert_ptr_equal(ring_current(ring), current);
	assert_ptr_equal(ring_find(ring, key_kid(old), 20), old);
	assert_null(ring_find(ring, key_kid(past), 20));
	assert_ptr_equal(ring_at(ring, 1, 20), old);
	assert_null(ring_at(ring, 2, 20));
	ring_free(ring);
}

static void test_full(void **state)
{
	(void)state;
	struct key_ring *ring = ring_new(make());
	struct err err;
	for (int i = 1; i < RING_KEYS_MAX; i++)
		assert_true(ring_retired(ring, make(), 1, &err));
	struct key *one_more = make();
	const struct key *current = ring_current(ring);
	assert_false(ring_rotate(ring, one_more, 1, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_ptr_equal(ring_current(ring), current);
	key_free(one_more);
	ring_free(ring);
	ring_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rotation), cmocka_unit_test(test_retired_never_signs),
									   cmocka_unit_test(test_full)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
