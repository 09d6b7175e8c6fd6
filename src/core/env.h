/*
 * The world outside, as far as it is not files or sockets: two clocks and a source of random bytes.
 *
 * Whoever needs the time or randomness takes a `const struct env *`, never the libc.  So a whole server runs from a
 * seed under simulated time, and a failure found there comes back with the same seed.
 *
 * The wall clock tells the time of day and can step; the monotonic clock only measures distances and never goes back.
 * Random bytes of env_real() are fit for keys and tokens; those of a simulation are not (core/rng.h).
 * Threads: any number may share one env, both kinds.
 */
#ifndef CS_CORE_ENV_H
#define CS_CORE_ENV_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rng.h"

struct env {
	void *self; /* handed to each function */
	int64_t (*wall_us)(void *self);
	int64_t (*mono_us)(void *self);
	void (*random)(void *self, void *bytes, size_t size);
};

/* Microseconds since 1970-01-01T00:00:00Z.  Cost: about 30 ns. */
static inline int64_t env_wall_us(const struct env *env)
{
	return env->wall_us(env->self);
}

/* Microseconds since some fixed moment; for deadlines and durations.  Cost: about 30 ns. */
static inline int64_t env_mono_us(const struct env *env)
{
	return env->mono_us(env->self);
}

/* Fill `bytes` with `size` random bytes.  Cannot fail: a system without randomness cannot go on (must). */
static inline void env_random(const struct env *env, void *bytes, size_t size)
{
	env->random(env->self, bytes, size);
}

/* The machine's own clocks and the kernel's generator.  Lives for ever. */
const struct env *env_real(void);

/* Time that stands still until it is moved, and random bytes that follow from a seed. */
struct env_sim {
	struct env env; /* hand this one down; it points at the rest, so the struct must not be copied or moved */
	pthread_mutex_t lock;
	struct rng rng;
	int64_t wall_us, mono_us;
};

/* Starts at wall time `wall_us` and monotonic time 0.  Equal seeds give equal bytes, in the order of the calls. */
void env_sim_init(struct env_sim *sim, uint64_t seed, int64_t wall_us);
void env_sim_fini(struct env_sim *sim);

/* Let `us` >= 0 (must) microseconds pass on both clocks. */
void env_sim_advance(struct env_sim *sim, int64_t us);

/* Step the wall clock alone, forward or back, as an operator or NTP would. */
void env_sim_set_wall(struct env_sim *sim, int64_t wall_us);

#endif
