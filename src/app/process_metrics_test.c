#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/process_metrics.h"
#include "core/buf.h"
#include "http/metrics.h"

/* REF: proc(5), /proc/pid/stat: 14 utime, 15 stime, 22 starttime, 23 vsize, 24 rss */
static void a_name_may_hold_anything(void **state)
{
	(void)state;
	struct process_figures f;
	const double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
	assert_true(process_parse("77 (a) S 1 (x)) S 1 2 3 0 -1 4194304 100 0 0 0 250 150 7 8 20 0 9 0 1200 4096000 25 "
							  "18446744073709551615 1 1 0\n",
							  1000, &f));
	assert_true(fabs(f.cpu_s - 400 / ticks) < 1e-9);
	assert_true(fabs(f.start_unix_s - (1000 + 1200 / ticks)) < 1e-6);
	assert_true(f.virtual_bytes == 4096000);
	assert_true(f.resident_bytes == 25 * page);
}

static void what_is_no_such_line_is_refused(void **state)
{
	(void)state;
	struct process_figures f = {.cpu_s = 5};
	assert_false(process_parse("", 0, &f));
	assert_false(process_parse("77 (a) S 1 2 3", 0, &f));
	assert_true(f.cpu_s == 5);
}

static void its_own(void **state)
{
	(void)state;
	struct process_figures before, after;
	process_figures(&before);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	process_figures(&after);
	close(fd);
	assert_true(after.open_fds == before.open_fds + 1);
	assert_true(after.max_fds >= after.open_fds && after.cpu_s >= before.cpu_s);
	assert_true(after.resident_bytes > 0 && after.virtual_bytes >= after.resident_bytes);
	assert_true(after.start_unix_s > 1.5e9 && after.start_unix_s <= (double)time(NULL) + 1);
}

static void under_the_names_that_all_give(void **state)
{
	(void)state;
	struct metrics *metrics = metrics_new();
	struct buf page;
	buf_init(&page, 0);
	process_metrics_add(metrics);
	metrics_render(metrics, &page);
	static const char *const names[] = {
		"process_cpu_seconds_total", "process_start_time_seconds",    "process_open_fds",
		"process_max_fds",           "process_resident_memory_bytes", "process_virtual_memory_bytes"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char type[80] = "\n# TYPE ";
		strcat(type, names[i]);
		assert_non_null(strstr(buf_text(&page), type));
	}
	assert_null(strstr(buf_text(&page), "countersign_"));
	buf_fini(&page);
	metrics_free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_hold_anything),
		cmocka_unit_test(what_is_no_such_line_is_refused),
		cmocka_unit_test(its_own),
		cmocka_unit_test(under_the_names_that_all_give),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
