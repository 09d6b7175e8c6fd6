#include "http/rate.h"

#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/map.h"
#include "core/must.h"
#include "http/exchange.h"

enum { WAYS = 8, SETS = 12500, LOCKS = 64, CLASSES_MAX = 16, LEAST_CAPACITY = 30, MINUTE_S = 60 };

#define MINUTE_US 60e6

struct bucket {
	uint64_t key; /* of class and caller; 0: free */
	double tokens, at_us;
	double full_us; /* when it will be full: whoever is full soonest is missed least */
};

struct rates {
	struct rate_class classes[CLASSES_MAX];
	_Atomic uint64_t refused[CLASSES_MAX]; /* by class */
	size_t count;
	_Atomic bool enabled;
	uint64_t seed[2];
	pthread_mutex_t locks[LOCKS];
	struct bucket (*sets)[WAYS];
};

struct rates *rates_new(const struct rate_class *classes, size_t count, const struct env *env)
{
	struct rates *rates = calloc(1, sizeof *rates);
	must(rates != NULL && count <= CLASSES_MAX);
	rates->count = count;
	rates->enabled = true;
	for (size_t i = 0; i < count; i++)
		rates->classes[i] = classes[i];
	rates->sets = calloc(SETS, sizeof *rates->sets);
	must(rates->sets != NULL);
	for (int i = 0; i < LOCKS; i++)
		must(pthread_mutex_init(&rates->locks[i], NULL) == 0);
	env_random(env, rates->seed, sizeof rates->seed);
	return rates;
}

void rates_free(struct rates *rates)
{
	if (rates == NULL)
		return;
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&rates->locks[i]);
	free(rates->sets);
	free(rates);
}

void rates_change(struct rates *rates, const struct rate_class *classes, size_t count, bool enabled)
{
	must(count == rates->count);
	for (size_t i = 0; i < count; i++) {
		must(strcmp(classes[i].name, rates->classes[i].name) == 0);
		rates->classes[i].per_minute = classes[i].per_minute;
		rates->classes[i].burst = classes[i].burst;
	}
	rates->enabled = enabled;
}

const struct rate_class *rates_class(const struct rates *rates, const char *name)
{
	for (size_t i = 0; rates->enabled && i < rates->count; i++)
		if (strcmp(rates->classes[i].name, name) == 0)
			return &rates->classes[i];
	return NULL;
}

static double capacity_of(const struct rate_class *class)
{
	if (class->burst > 0)
		return (double)class->burst;
	double tenth = floor((double)class->per_minute / 10);
	return tenth > LEAST_CAPACITY ? tenth : LEAST_CAPACITY;
}

static uint64_t key_of(const struct rates *rates, const struct rate_class *class, const char *key)
{
	char text[192];
	int size = snprintf(text, sizeof text, "%.30s:%.150s", class->name, key);
	uint64_t hash = map_hash(rates->seed, text, (size_t)size);
	return hash != 0 ? hash : 1;
}

static void refill(struct bucket *bucket, const struct rate_class *class, double now_us)
{
	double gained = (now_us - bucket->at_us) * (double)class->per_minute / MINUTE_US;
	if (gained <= 0)
		return;
	bucket->tokens = fmin(capacity_of(class), bucket->tokens + gained);
	bucket->at_us = now_us;
}

/* The caller's bucket; a new one is full. */
static struct bucket *find(struct bucket set[WAYS], uint64_t key, double capacity, double now_us)
{
	struct bucket *place = &set[0];
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (place->key != 0 && (set[i].key == 0 || set[i].full_us < place->full_us))
			place = &set[i];
	}
	*place = (struct bucket){.key = key, .tokens = capacity, .at_us = now_us};
	return place;
}

static void describe(const struct bucket *bucket, const struct rate_class *class, bool taken, struct rate_state *state)
{
	double per_s = (double)class->per_minute / MINUTE_S, capacity = capacity_of(class);
	double wait_s = taken ? 0 : fmax(1, ceil((1 - bucket->tokens) / per_s));
	*state = (struct rate_state){
		.capacity = (int64_t)capacity,
		.remaining = (int64_t)bucket->tokens,
		.full_s = (int64_t)ceil((capacity - bucket->tokens) / per_s),
		.retry_s = (int64_t)wait_s,
	};
}

bool rates_take(struct rates *rates, const struct rate_class *class, const char *key, int64_t now_us,
				struct rate_state *state)
{
	uint64_t hash = key_of(rates, class, key);
	size_t set = hash % SETS;
	pthread_mutex_t *lock = &rates->locks[set % LOCKS];
	pthread_mutex_lock(lock);
	struct bucket *bucket = find(rates->sets[set], hash, capacity_of(class), (double)now_us);
	refill(bucket, class, (double)now_us);
	bool taken = bucket->tokens >= 1;
	if (taken)
		bucket->tokens -= 1;
	bucket->full_us = bucket->at_us + (capacity_of(class) - bucket->tokens) * MINUTE_US / (double)class->per_minute;
	describe(bucket, class, taken, state);
	pthread_mutex_unlock(lock);
	if (!taken)
		atomic_fetch_add_explicit(&rates->refused[class - rates->classes], 1, memory_order_relaxed);
	return taken;
}

bool rates_refused(const struct rates *rates, size_t i, const char **name, uint64_t *count)
{
	if (i >= rates->count)
		return false;
	*name = rates->classes[i].name;
	*count = atomic_load_explicit(&rates->refused[i], memory_order_relaxed);
	return true;
}

void rate_headers(struct exchange *x, const struct rate_class *class, const struct rate_state *state, int64_t wall_us)
{
	exchange_setf(x, "RateLimit-Policy", "\"%s\";q=%lld;w=%d", class->name, (long long)class->per_minute, MINUTE_S);
	exchange_setf(x, "RateLimit", "\"%s\";r=%lld;t=%lld", class->name, (long long)state->remaining,
				  (long long)state->full_s);
	exchange_setf(x, "X-RateLimit-Limit", "%lld", (long long)state->capacity);
	exchange_setf(x, "X-RateLimit-Remaining", "%lld", (long long)state->remaining);
	exchange_setf(x, "X-RateLimit-Reset", "%lld", (long long)(wall_us / 1000000 + state->full_s));
	if (state->retry_s > 0)
		exchange_setf(x, "Retry-After", "%lld", (long long)state->retry_s);
}

void rate_address_key(const char *address, char key[RATE_ADDRESS_TEXT])
{
	struct in6_addr in6;
	snprintf(key, RATE_ADDRESS_TEXT, "%s", address);
	if (inet_pton(AF_INET6, address, &in6) != 1 || IN6_IS_ADDR_V4MAPPED(&in6))
		return;
	memset(in6.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &in6, key, RATE_ADDRESS_TEXT);
}
