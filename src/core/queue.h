/*
 * A bounded queue of pointers between threads, first in first out.
 *
 * It never grows: when it is full, queue_put says so at once and the caller answers 503 or waits by its own rule.
 * Any number of producers and consumers.  Closing it lets the consumers empty it and then tells them to go.
 * The queue does not own what the pointers point at.  Cost: a mutex each way, about 50 ns uncontended.
 */
#ifndef CS_CORE_QUEUE_H
#define CS_CORE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	void **items; /* a ring of `room` */
	size_t room, first, count;
	bool closed;
};

enum { QUEUE_FOREVER = -1 };

enum queue_put { QUEUE_TAKEN, QUEUE_FULL, QUEUE_CLOSED };

/* A queue for at most `room` > 0 (must) items.  Memory: room pointers, taken now; without them the process ends. */
void queue_init(struct queue *queue, size_t room);

/* The queue must be empty of waiting threads; items still inside are the caller's to have taken out. */
void queue_fini(struct queue *queue);

/* Hand over one item, not NULL (must).  Never waits. */
enum queue_put queue_put(struct queue *queue, void *item);

/*
 * The oldest item, waiting up to `wait_us` microseconds for one (0: do not wait; QUEUE_FOREVER).  NULL when none came
 * or when the queue is closed and empty; queue_done() tells these apart.
 */
void *queue_take(struct queue *queue, int64_t wait_us);

/* Up to `most` items at once, oldest first, into `items`; waits as above for the first only.  Returns how many. */
size_t queue_take_many(struct queue *queue, void **items, size_t most, int64_t wait_us);

/* No more items are accepted; everyone who waits wakes up. */
void queue_close(struct queue *queue);

/* Closed and empty: a consumer may end. */
bool queue_done(struct queue *queue);

/* How many are waiting now; for gauges. */
size_t queue_count(struct queue *queue);

#endif
