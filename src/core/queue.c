#include "core/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/must.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000, NS_PER_S = 1000000000 };

void queue_init(struct queue *queue, size_t room)
{
	must(room > 0);
	*queue = (struct queue){.items = calloc(room, sizeof *queue->items), .room = room};
	must(queue->items != NULL);
	must(pthread_mutex_init(&queue->lock, NULL) == 0);
	/* Waiting is measured on the clock that does not step. */
	pthread_condattr_t attributes;
	must(pthread_condattr_init(&attributes) == 0);
	must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	must(pthread_cond_init(&queue->filled, &attributes) == 0);
	pthread_condattr_destroy(&attributes);
}

void queue_fini(struct queue *queue)
{
	must(pthread_cond_destroy(&queue->filled) == 0);
	must(pthread_mutex_destroy(&queue->lock) == 0);
	free(queue->items);
	queue->items = NULL;
}

enum queue_put queue_put(struct queue *queue, void *item)
{
	must(item != NULL);
	enum queue_put result = QUEUE_TAKEN;
	pthread_mutex_lock(&queue->lock);
	if (queue->closed)
		result = QUEUE_CLOSED;
	else if (queue->count == queue->room)
		result = QUEUE_FULL;
	else {
		queue->items[(queue->first + queue->count++) % queue->room] = item;
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->lock);
	return result;
}

static struct timespec moment_after(int64_t wait_us)
{
	struct timespec moment;
	must(clock_gettime(CLOCK_MONOTONIC, &moment) == 0);
	moment.tv_sec += (time_t)(wait_us / US_PER_S);
	moment.tv_nsec += (long)(wait_us % US_PER_S) * NS_PER_US;
	if (moment.tv_nsec >= NS_PER_S) {
		moment.tv_nsec -= NS_PER_S;
		moment.tv_sec++;
	}
	return moment;
}

/* Wait, under the lock, until there is an item, the queue is closed or the time is up. */
static void wait_filled(struct queue *queue, int64_t wait_us)
{
	if (wait_us < 0) {
		while (queue->count == 0 && !queue->closed)
			pthread_cond_wait(&queue->filled, &queue->lock);
		return;
	}
	if (wait_us == 0 || queue->count > 0)
		return;
	struct timespec until = moment_after(wait_us);
	while (queue->count == 0 && !queue->closed) {
		if (pthread_cond_timedwait(&queue->filled, &queue->lock, &until) == ETIMEDOUT)
			return;
	}
}

size_t queue_take_many(struct queue *queue, void **items, size_t most, int64_t wait_us)
{
	pthread_mutex_lock(&queue->lock);
	wait_filled(queue, wait_us);
	size_t taken = 0;
	while (taken < most && queue->count > 0) {
		items[taken++] = queue->items[queue->first];
		queue->first = (queue->first + 1) % queue->room;
		queue->count--;
	}
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

void *queue_take(struct queue *queue, int64_t wait_us)
{
	void *item = NULL;
	queue_take_many(queue, &item, 1, wait_us);
	return item;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_done(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool done = queue->closed && queue->count == 0;
	pthread_mutex_unlock(&queue->lock);
	return done;
}

size_t queue_count(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->lock);
	return count;
}
