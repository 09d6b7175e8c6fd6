#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/list.h"

struct item {
	int number;
	struct list_link link;
};

static void assert_numbers(const struct list *list, const int *expected, size_t count)
{
	size_t i = 0;
	list_each(link, list)
	{
		assert_true(i < count);
		assert_int_equal(list_item(link, struct item, link)->number, expected[i++]);
	}
	assert_int_equal(i, count);
}

static void order_and_both_ends(void **state)
{
	(void)state;
	struct list list;
	struct item items[4] = {{0}, {1}, {2}, {3}};
	list_init(&list);
	assert_null(list_first(&list));
	assert_null(list_pop(&list));
	list_push(&list, &items[1].link);
	list_push(&list, &items[2].link);
	list_push_first(&list, &items[0].link);
	list_insert_after(&items[2].link, &items[3].link);
	assert_numbers(&list, (const int[]){0, 1, 2, 3}, 4);
	assert_ptr_equal(list_last(&list), &items[3].link);
	assert_ptr_equal(list_pop(&list), &items[0].link);
	assert_false(list_linked(&items[0].link));
	assert_numbers(&list, (const int[]){1, 2, 3}, 3);
}

static void removal_while_visiting(void **state)
{
	(void)state;
	struct list list;
	struct item items[5] = {{0}, {1}, {2}, {3}, {4}};
	list_init(&list);
	for (int i = 0; i < 5; i++)
		list_push(&list, &items[i].link);
	list_each(link, &list)
	{
		if (list_item(link, struct item, link)->number % 2 == 0)
			list_remove(link);
	}
	assert_numbers(&list, (const int[]){1, 3}, 2);
	list_remove(&items[0].link); /* in none: nothing happens */
	assert_numbers(&list, (const int[]){1, 3}, 2);
}

static void splice_moves_all_in_order(void **state)
{
	(void)state;
	struct list a, b;
	struct item items[4] = {{0}, {1}, {2}, {3}};
	list_init(&a);
	list_init(&b);
	list_splice(&a, &b);
	assert_true(list_empty(&a));
	list_push(&a, &items[0].link);
	list_push(&b, &items[1].link);
	list_push(&b, &items[2].link);
	list_splice(&a, &b);
	list_push(&a, &items[3].link);
	assert_numbers(&a, (const int[]){0, 1, 2, 3}, 4);
	assert_true(list_empty(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_both_ends),
		cmocka_unit_test(removal_while_visiting),
		cmocka_unit_test(splice_moves_all_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
