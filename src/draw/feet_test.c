#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "draw/feet.h"

static void check_format(double length_ft, const char *expected)
{
	char text[FEET_TEXT_MAX];
	assert_string_equal(feet_format(text, length_ft), expected);
}

static void lengths_in_feet_and_inches(void **state)
{
	(void)state;
	check_format(0, "0\u2032-0\u2033");
	check_format(12, "12\u2032-0\u2033");
	check_format(12.5, "12\u2032-6\u2033");
	check_format(6.44, "6\u2032-5 1/4\u2033");
	check_format(8.688, "8\u2032-8 1/4\u2033");
	check_format(1.0 / 12 / 16, "0\u2032-0 1/16\u2033");
	check_format(11.999, "12\u2032-0\u2033");
	check_format(-1.5, "\u22121\u2032-6\u2033");
	check_format(-0.0001, "0\u2032-0\u2033");
	check_format(NAN, "\u2013");
	check_format(INFINITY, "\u2013");
	check_format(1e300, "\u2013");
}

/* The printed length is never further than half a sixteenth from the true one. */
static void lengths_are_nearest(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		double ft = i * 0.00317;
		char text[FEET_TEXT_MAX];
		feet_format(text, ft);
		int feet = 0, inches = 0, top = 0, bottom = 1;
		int got = sscanf(text, "%d\u2032-%d %d/%d", &feet, &inches, &top, &bottom);
		assert_true(got == 2 || got == 4);
		assert_true(inches < 12 && (got == 2 || (top % 2 == 1 && bottom <= 16)));
		double printed = feet + (inches + (got == 4 ? (double)top / bottom : 0)) / 12;
		assert_true(fabs(printed - ft) <= 0.5 / 16 / 12 + 1e-9);
	}
}

/* [sign section 6: the largest standard scale that fits] */
static void largest_scale_that_fits(void **state)
{
	(void)state;
	assert_string_equal(feet_scale(1, 1, 7, 8)->name, "1-1/2 in");
	assert_string_equal(feet_scale(12, 28, 5, 8)->name, "1/4 in");
	assert_string_equal(feet_scale(12, 32, 5, 8)->name, "1/4 in");
	assert_string_equal(feet_scale(12, 32.1, 5, 8)->name, "3/16 in");
	assert_string_equal(feet_scale(50, 1, 5, 8)->name, "3/32 in");
	assert_string_equal(feet_scale(80, 128, 5, 8)->name, "1/16 in");
	assert_null(feet_scale(80.1, 128, 5, 8));
	assert_null(feet_scale(500, 500, 5, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_in_feet_and_inches),
		cmocka_unit_test(lengths_are_nearest),
		cmocka_unit_test(largest_scale_that_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
