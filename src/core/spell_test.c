#include "core/spell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(spell_distance("serve", "serve"), 0);
	assert_int_equal(spell_distance("srve", "serve"), 1);
	assert_int_equal(spell_distance("serve", ""), 5);
	assert_int_equal(spell_distance("", "serve"), 5);
	assert_int_equal(spell_distance("desing", "design"), 1); /* two letters exchanged are one slip */
	assert_int_equal(spell_distance("kitten", "sitting"), 3);
	char longest[SPELL_MAX + 2] = {0};
	memset(longest, 'a', SPELL_MAX + 1);
	assert_int_equal(spell_distance(longest, "a"), SPELL_MAX + 1);
	longest[SPELL_MAX] = '\0';
	assert_int_equal(spell_distance(longest, "a"), SPELL_MAX - 1);
}

static void test_meant(void **state)
{
	(void)state;
	struct spell spell;
	spell_init(&spell, "verfy");
	assert_null(spell_meant(&spell));
	spell_offer(&spell, "serve");
	spell_offer(&spell, "verify");
	assert_string_equal(spell_meant(&spell), "verify");
	spell_init(&spell, "bananas");
	spell_offer(&spell, "verify");
	assert_null(spell_meant(&spell));
	assert_string_equal(spell.nearest, "verify");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_meant),
	};
	return cmocka_run_group_tests_name("spell", tests, NULL, NULL);
}
