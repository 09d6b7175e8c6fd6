/*
 * Numbers that look random and follow from a seed: xoshiro256** of Blackman and Vigna (2018), seeded by splitmix64.
 *
 * For simulations, sampling, jitter and tests: the same seed gives the same numbers on every machine and in every
 * release, so results made with it can be sealed and replayed.  Never for secrets; those come from env_random().
 * Thread: one at a time.  Cost: about 1 ns a number.
 */
#ifndef CS_CORE_RNG_H
#define CS_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state[4]; /* not all zero */
};

/* Every seed is fine, 0 too. */
void rng_init(struct rng *rng, uint64_t seed);

/* 64 uniform bits. */
uint64_t rng_next(struct rng *rng);

/* Uniform in 0 .. bound-1 without bias; bound > 0 (must). */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* Uniform in [0, 1), a multiple of 2^-53. */
double rng_unit(struct rng *rng);

/* `size` bytes, little-endian from successive numbers; the last number's remaining bytes are dropped. */
void rng_bytes(struct rng *rng, void *bytes, size_t size);

#endif
