#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/project_state.h"

enum { DOORS = PROJECT_BY_VERDICT + 1 };

/* Every door, every pair: what is not said here is refused. */
static void test_every_move(void **state)
{
	(void)state;
	int moves = 0, stays = 0;
	for (int door = 0; door < DOORS; door++)
		for (int from = 0; from < PROJECT_STATUSES; from++)
			for (int to = 0; to < PROJECT_STATUSES; to++) {
				enum project_move move =
					project_move((enum project_door)door, (enum project_status)from, (enum project_status)to);
				moves += move == PROJECT_MOVES;
				stays += move == PROJECT_STAYS;
				if (move == PROJECT_MOVES)
					assert_true(to > from); /* never backward */
			}
	assert_int_equal(moves, 4);
	assert_int_equal(stays, 2);
	assert_int_equal(project_move(PROJECT_BY_EDIT, PROJECT_DRAFT, PROJECT_ESTIMATING), PROJECT_MOVES);
	assert_int_equal(project_move(PROJECT_BY_EDIT, PROJECT_DRAFT, PROJECT_DRAFT), PROJECT_STAYS);
	assert_int_equal(project_move(PROJECT_BY_EDIT, PROJECT_ESTIMATING, PROJECT_ESTIMATING), PROJECT_STAYS);
	assert_int_equal(project_move(PROJECT_BY_DISPATCH, PROJECT_ESTIMATING, PROJECT_SUBMITTED), PROJECT_MOVES);
	assert_int_equal(project_move(PROJECT_BY_VERDICT, PROJECT_SUBMITTED, PROJECT_ACCEPTED), PROJECT_MOVES);
	assert_int_equal(project_move(PROJECT_BY_VERDICT, PROJECT_SUBMITTED, PROJECT_REJECTED), PROJECT_MOVES);
	assert_int_equal(project_move(PROJECT_BY_EDIT, PROJECT_ESTIMATING, PROJECT_SUBMITTED), PROJECT_MOVE_REFUSED);
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
