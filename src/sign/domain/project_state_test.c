#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/project_state.h"

enum { DOORS = PROJECT_BY_VERDICT + 1 };

/*
 * Every door, every pair [sign.md 5]: a row a state that is, a column the state asked for: draft, estimating,
 * submitted, accepted, rejected.  M moves, = stays, - is refused.
 */
static const char *const moves[DOORS][PROJECT_STATUSES] = {
	[PROJECT_BY_EDIT] = {"=M---", "-=---", "-----", "-----", "-----"},
	[PROJECT_BY_DISPATCH] = {"-----", "--M--", "-----", "-----", "-----"},
	[PROJECT_BY_VERDICT] = {"-----", "-----", "---MM", "-----", "-----"},
};

static void test_every_move(void **state)
{
	(void)state;
	for (int door = 0; door < DOORS; door++)
		for (int from = 0; from < PROJECT_STATUSES; from++)
			for (int to = 0; to < PROJECT_STATUSES; to++) {
				char want = moves[door][from][to];
				enum project_move move =
					project_move((enum project_door)door, (enum project_status)from, (enum project_status)to);
				assert_int_equal(move, want == 'M'   ? PROJECT_MOVES
									   : want == '=' ? PROJECT_STAYS
													 : PROJECT_MOVE_REFUSED);
				assert_true(move != PROJECT_MOVES || to > from); /* never backward */
			}
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PROJECT_STATUSES; i++)
		assert_int_equal(project_status_named(project_status_names[i]), i);
	assert_int_equal(project_status_named("Draft"), -1);
	assert_false(project_read_only(PROJECT_DRAFT) || project_read_only(PROJECT_ESTIMATING));
	assert_true(project_read_only(PROJECT_SUBMITTED) && project_read_only(PROJECT_REJECTED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_move), cmocka_unit_test(test_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
