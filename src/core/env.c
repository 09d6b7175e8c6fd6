#include "core/env.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "core/must.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;
	must(clock_gettime(clock, &now) == 0);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static int64_t real_wall_us(void *self)
{
	(void)self;
	return clock_us(CLOCK_REALTIME);
}

/* Not CLOCK_BOOTTIME: a laptop that slept has not used up the deadlines of what it was doing. */
static int64_t real_mono_us(void *self)
{
	(void)self;
	return clock_us(CLOCK_MONOTONIC);
}

static void real_random(void *self, void *bytes, size_t size)
{
	(void)self;
	unsigned char *at = bytes;
	while (size > 0) {
		/* Large requests may come back short, and a signal may interrupt them. */
		ssize_t got = getrandom(at, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		must(got > 0);
		at += got;
		size -= (size_t)got;
	}
}

const struct env *env_real(void)
{
	static const struct env real = {.wall_us = real_wall_us, .mono_us = real_mono_us, .random = real_random};
	return &real;
}

static int64_t sim_read(struct env_sim *sim, const int64_t *clock)
{
	pthread_mutex_lock(&sim->lock);
	int64_t us = *clock;
	pthread_mutex_unlock(&sim->lock);
	return us;
}

static int64_t sim_wall_us(void *self)
{
	struct env_sim *sim = self;
	return sim_read(sim, &sim->wall_us);
}

static int64_t sim_mono_us(void *self)
{
	struct env_sim *sim = self;
	return sim_read(sim, &sim->mono_us);
}

static void sim_random(void *self, void *bytes, size_t size)
{
	struct env_sim *sim = self;
	pthread_mutex_lock(&sim->lock);
	rng_bytes(&sim->rng, bytes, size);
	pthread_mutex_unlock(&sim->lock);
}

void env_sim_init(struct env_sim *sim, uint64_t seed, int64_t wall_us)
{
	*sim = (struct env_sim){
		.env = {.self = sim, .wall_us = sim_wall_us, .mono_us = sim_mono_us, .random = sim_random},
		.wall_us = wall_us,
	};
	must(pthread_mutex_init(&sim->lock, NULL) == 0);
	rng_init(&sim->rng, seed);
}

void env_sim_fini(struct env_sim *sim)
{
	must(pthread_mutex_destroy(&sim->lock) == 0);
}

void env_sim_advance(struct env_sim *sim, int64_t us)
{
	must(us >= 0);
	pthread_mutex_lock(&sim->lock);
	sim->wall_us += us;
	sim->mono_us += us;
	pthread_mutex_unlock(&sim->lock);
}

void env_sim_set_wall(struct env_sim *sim, int64_t wall_us)
{
	pthread_mutex_lock(&sim->lock);
	sim->wall_us = wall_us;
	pthread_mutex_unlock(&sim->lock);
}
