#include "core/rng.h"

#include "core/must.h"

static uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* REF: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 (splitmix64) */
static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
	/* splitmix64 is a permutation of its counter, so four successive outputs are never all zero. */
	for (int i = 0; i < 4; i++)
		rng->state[i] = splitmix(&seed);
}

/* REF: Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2018 (xoshiro256**) */
uint64_t rng_next(struct rng *rng)
{
	uint64_t *s = rng->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	must(bound > 0);
	/* The 2^64 mod bound smallest numbers would come up once too often: draw again. */
	uint64_t surplus = -bound % bound;
	uint64_t number;
	do
		number = rng_next(rng);
	while (number < surplus);
	return number % bound;
}

double rng_unit(struct rng *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

void rng_bytes(struct rng *rng, void *bytes, size_t size)
{
	unsigned char *at = bytes;
	while (size > 0) {
		uint64_t number = rng_next(rng);
		for (int i = 0; i < 8 && size > 0; i++, size--, number >>= 8)
			*at++ = (unsigned char)number;
	}
}
