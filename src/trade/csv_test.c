#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "core/buf.h"
#include "trade/csv.h"

/* [trade.md 9.5] Cells that a spreadsheet would run are text; numbers are numbers. */
static void cells_are_never_run(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	struct csv csv = {.out = &buf};
	static const char *const texts[] = {"=1+1", "+1", "-1", "@A1", "a=b", "a,b", "say \"x\"", "\t=1", "", NULL};
	for (size_t i = 0; texts[i] != NULL; i++)
		csv_text(&csv, texts[i]);
	csv_text(&csv, NULL);
	csv_number(&csv, -12.5);
	csv_number(&csv, NAN);
	csv_time(&csv, INT64_C(1736348400000000));
	csv_end(&csv);
	csv_text(&csv, "next");
	csv_end(&csv);
	assert_string_equal(buf_text(&buf),
						"\"'=1+1\",\"'+1\",\"'-1\",\"'@A1\",a=b,\"a,b\",\"say \"\"x\"\"\",\"'\t=1\",,,-12.5,,"
						"2025-01-08T15:00:00.000000Z\r\nnext\r\n");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cells_are_never_run)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
