#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "trade/domain/signal.h"

/* [trade.md 2.3] Every move of the table, and every other one refused. */
static void each_move_is_in_the_table_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} moves[] = {
		{"blocked", "pending"},  {"pending", "approved"},  {"pending", "rejected"},  {"pending", "expired"},
		{"blocked", "expired"},  {"pending", "cancelled"}, {"blocked", "cancelled"}, {"approved", "cancelled"},
		{"approved", "expired"}, {"approved", "placed"},   {"approved", "failed"},   {"placed", "closed"},
	};
	size_t allowed = 0;
	for (int from = 0; from < SIGNAL_STATUSES; from++)
		for (int to = 0; to < SIGNAL_STATUSES; to++) {
			bool listed = false;
			for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
				listed |= strcmp(moves[i].from, signal_status_names[from]) == 0 &&
						  strcmp(moves[i].to, signal_status_names[to]) == 0;
			assert_int_equal(signal_may_move((enum signal_status)from, (enum signal_status)to), listed);
			allowed += listed;
		}
	assert_int_equal(allowed, sizeof moves / sizeof *moves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_move_is_in_the_table_or_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
