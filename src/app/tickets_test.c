#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/tickets.h"
#include "core/env.h"
#include "core/err.h"

static struct env_sim sim;
static struct tickets *tickets;
static const struct principal amy = {.kind = PRINCIPAL_PERSON, .user_id = "amy"};

static int open_all(void **state)
{
	(void)state;
	env_sim_init(&sim, 1, 1);
	env_sim_advance(&sim, 1);
	tickets = tickets_new(&sim.env);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	tickets_free(tickets);
	env_sim_fini(&sim);
	return 0;
}

/* [P-8.11] */
static void test_single_use(void **state)
{
	char text[SECRET_TEXT], other[SECRET_TEXT];
	struct principal who;
	struct err err;
	(void)state;
	assert_true(ticket_make(tickets, &amy, text, &err));
	assert_true(ticket_make(tickets, &amy, other, &err));
	assert_string_not_equal(text, other);
	assert_false(ticket_use(tickets, "cst_", &who, &err));
	assert_int_equal(err.kind, ERR_TOKEN_INVALID);
	assert_true(ticket_use(tickets, text, &who, &err));
	assert_string_equal(who.user_id, "amy");
	assert_false(ticket_use(tickets, text, &who, &err));
	assert_true(ticket_use(tickets, other, &who, &err));
}

static void test_thirty_seconds(void **state)
{
	char text[SECRET_TEXT], late[SECRET_TEXT];
	struct principal who;
	struct err err;
	(void)state;
	assert_true(ticket_make(tickets, &amy, text, &err));
	assert_true(ticket_make(tickets, &amy, late, &err));
	env_sim_advance(&sim, TICKET_S * INT64_C(1000000) - 1);
	assert_true(ticket_use(tickets, text, &who, &err));
	env_sim_advance(&sim, 1);
	assert_false(ticket_use(tickets, late, &who, &err));
}

static void test_room(void **state)
{
	char text[SECRET_TEXT];
	struct err err;
	struct principal one = amy;
	(void)state;
	for (int i = 0; i < TICKETS_MAX; i++) {
		snprintf(one.user_id, sizeof one.user_id, "user %d", i / TICKETS_OF_ONE);
		assert_true(ticket_make(tickets, &one, text, &err));
	}
	assert_false(ticket_make(tickets, &amy, text, &err));
	assert_int_equal(err.kind, ERR_OVERLOADED);
	env_sim_advance(&sim, TICKET_S * INT64_C(1000000));
	assert_true(ticket_make(tickets, &amy, text, &err));
}

/* Who asks for more than anybody needs voids their own. */
static void test_one_user(void **state)
{
	char first[SECRET_TEXT], second[SECRET_TEXT], last[SECRET_TEXT], other[SECRET_TEXT];
	const struct principal ben = {.kind = PRINCIPAL_PERSON, .user_id = "ben"};
	struct principal who;
	struct err err;
	(void)state;
	assert_true(ticket_make(tickets, &ben, other, &err));
	assert_true(ticket_make(tickets, &amy, first, &err));
	env_sim_advance(&sim, 1);
	assert_true(ticket_make(tickets, &amy, second, &err));
	for (int i = 2; i <= TICKETS_OF_ONE; i++) {
		env_sim_advance(&sim, 1);
		assert_true(ticket_make(tickets, &amy, last, &err));
	}
	assert_false(ticket_use(tickets, first, &who, &err));
	assert_true(ticket_use(tickets, second, &who, &err));
	assert_true(ticket_use(tickets, last, &who, &err));
	assert_true(ticket_use(tickets, other, &who, &err));
	assert_string_equal(who.user_id, "ben");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_single_use, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_thirty_seconds, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_room, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_one_user, open_all, close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
