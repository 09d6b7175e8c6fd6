#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/queue.h"

static void first_in_first_out_and_bounded(void **state)
{
	(void)state;
	struct queue queue;
	int items[5];
	queue_init(&queue, 3);
	assert_null(queue_take(&queue, 0));
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(queue_put(&queue, &items[i]), QUEUE_TAKEN);
		assert_int_equal(queue_put(&queue, &items[3]), QUEUE_FULL);
		assert_int_equal(queue_count(&queue), 3);
		assert_ptr_equal(queue_take(&queue, 0), &items[0]);
		assert_int_equal(queue_put(&queue, &items[4]), QUEUE_TAKEN);
		void *taken[8];
		assert_int_equal(queue_take_many(&queue, taken, 2, 0), 2);
		assert_ptr_equal(taken[0], &items[1]);
		assert_ptr_equal(taken[1], &items[2]);
		assert_ptr_equal(queue_take(&queue, QUEUE_FOREVER), &items[4]);
	}
	queue_fini(&queue);
}

static void closing_lets_consumers_empty_it(void **state)
{
	(void)state;
	struct queue queue;
	int item;
	queue_init(&queue, 2);
	assert_int_equal(queue_put(&queue, &item), QUEUE_TAKEN);
	queue_close(&queue);
	assert_int_equal(queue_put(&queue, &item), QUEUE_CLOSED);
	assert_false(queue_done(&queue));
	assert_ptr_equal(queue_take(&queue, QUEUE_FOREVER), &item);
	assert_true(queue_done(&queue));
	assert_null(queue_take(&queue, QUEUE_FOREVER));
	queue_fini(&queue);
}

static void waiting_ends_without_an_item(void **state)
{
	(void)state;
	struct queue queue;
	queue_init(&queue, 1);
	assert_null(queue_take(&queue, 2000));
	assert_false(queue_done(&queue));
	queue_fini(&queue);
}

enum { PRODUCERS = 3, CONSUMERS = 3, EACH = 4000 };

struct traffic {
	struct queue queue;
	int numbers[PRODUCERS * EACH];
	_Atomic int next, seen[PRODUCERS * EACH];
};

static void *produce(void *argument)
{
	struct traffic *traffic = argument;
	for (int i = 0; i < EACH; i++) {
		void *item = &traffic->numbers[atomic_fetch_add(&traffic->next, 1)];
		while (queue_put(&traffic->queue, item) == QUEUE_FULL)
			sched_yield();
	}
	return NULL;
}

static void *consume(void *argument)
{
	struct traffic *traffic = argument;
	void *items[16];
	size_t count;
	while ((count = queue_take_many(&traffic->queue, items, 16, QUEUE_FOREVER)) > 0) {
		for (size_t i = 0; i < count; i++)
			atomic_fetch_add(&traffic->seen[(int *)items[i] - traffic->numbers], 1);
	}
	return NULL;
}

static void every_item_arrives_once(void **state)
{
	(void)state;
	static struct traffic traffic;
	queue_init(&traffic.queue, 64);
	pthread_t threads[PRODUCERS + CONSUMERS];
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < PRODUCERS ? produce : consume, &traffic), 0);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	queue_close(&traffic.queue);
	for (int i = PRODUCERS; i < PRODUCERS + CONSUMERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < PRODUCERS * EACH; i++)
		assert_int_equal(atomic_load(&traffic.seen[i]), 1);
	queue_fini(&traffic.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_in_first_out_and_bounded),
		cmocka_unit_test(closing_lets_consumers_empty_it),
		cmocka_unit_test(waiting_ends_without_an_item),
		cmocka_unit_test(every_item_arrives_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
