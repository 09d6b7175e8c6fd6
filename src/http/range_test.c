#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/range.h"

/* RFC 9110 14.1.2, with its own examples of 10,000 bytes */
static void test_ranges(void **state)
{
	static const struct {
		const char *header;
		int64_t size;
		enum range range;
		int64_t from, count;
	} rows[] = {
		{NULL, 10, RANGE_WHOLE, 0, 0},
		{"bytes=0-499", 10000, RANGE_PART, 0, 500},
		{"bytes=500-999", 10000, RANGE_PART, 500, 500},
		{"bytes=-500", 10000, RANGE_PART, 9500, 500},
		{"bytes=9500-", 10000, RANGE_PART, 9500, 500},
		{"Bytes=0-0", 10000, RANGE_PART, 0, 1},
		{"bytes=-1", 10000, RANGE_PART, 9999, 1},
		{"bytes=9999-20000", 10000, RANGE_PART, 9999, 1},
		{"bytes=0-99999999999999999999999", 10, RANGE_PART, 0, 10},
		{"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 10},
		{"bytes=10-", 10, RANGE_BEYOND, 0, 0},
		{"bytes=99999999999999999999999-", 10, RANGE_BEYOND, 0, 0},
		{"bytes=-0", 10, RANGE_BEYOND, 0, 0},
		{"bytes=0-", 0, RANGE_BEYOND, 0, 0},
		{"bytes=-5", 0, RANGE_BEYOND, 0, 0},
		{"bytes=0-0,-1", 10000, RANGE_WHOLE, 0, 0},
		{"bytes=5-4", 10, RANGE_WHOLE, 0, 0},
		{"bytes=-", 10, RANGE_WHOLE, 0, 0},
		{"bytes=a-b", 10, RANGE_WHOLE, 0, 0},
		{"bytes=1-2x", 10, RANGE_WHOLE, 0, 0},
		{"bytes=+1-2", 10, RANGE_WHOLE, 0, 0},
		{"bytes", 10, RANGE_WHOLE, 0, 0},
		{"items=0-1", 10, RANGE_WHOLE, 0, 0},
		{"", 10, RANGE_WHOLE, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t from = 0, count = 0;
		assert_int_equal(range_of(rows[i].header, rows[i].size, &from, &count), rows[i].range);
		assert_int_equal(from, rows[i].from);
		assert_int_equal(count, rows[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
